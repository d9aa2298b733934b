"""The queue of what is to be drawn: who is next, and what is drawn together with it.

Whoever waits for a single picture goes before all boards; among those of a kind users take turns, and one user's
boards are drawn in the order they were asked for. With the first of them everything alike is taken along, as far as it
fits. Nobody waits for company who has been alone lately: a batch is waited for only while the last one of its kind was
larger, and never longer than a small share of what drawing takes.
"""

import threading
import time
from collections.abc import Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from storywright.server.drawing.work import Asker, Picture, Question
from storywright.server.problems import Late, NotReady

LONGEST_WINDOW_SECONDS = 0.02
LONGEST_BATCH_SECONDS = 1.0
_SHARE_OF_DRAWING = 0.1
_REMEMBERED = 1_000


@dataclass(slots=True, eq=False)
class Order:
    """Something that waits to be done."""

    work: Picture | Question
    asker: Asker
    deadline: float | None = None
    """By the monotonic clock; what was not begun by then is not done."""
    future: Future[Any] = field(default_factory=Future)
    arrived: float = field(default_factory=time.monotonic)
    number: int = 0
    crashes: int = 0
    """Processes that ended while they did this; after the first it is done alone."""

    @property
    def bucket(self) -> Hashable:
        """What orders have in common that are done together."""
        alone = self.crashes or isinstance(self.work, Question)
        return id(self) if alone else (self.asker.kind == "board", self.work.bucket)  # type: ignore[union-attr]


@dataclass(frozen=True, slots=True)
class _Last:
    """The last batch of a bucket."""

    count: int
    seconds: float


class Waiting:
    """The orders that wait, for any number of threads."""

    def __init__(self, together: int = 8) -> None:
        self.together = together
        self._orders: list[Order] = []
        self._changed = threading.Condition()
        self._closed, self._number, self._turns = False, 0, 0
        self._turn_of: dict[str, int] = {}
        self._last: dict[Hashable, _Last] = {}

    def __len__(self) -> int:
        return len(self._orders)

    def put(self, *orders: Order, again: bool = False) -> None:
        """Let orders wait, or wait again; what comes at once is seen at once."""
        with self._changed:
            if self._closed and not again:
                raise NotReady("The server is being stopped: try again in a few seconds.", 5)
            for order in orders:
                self._number += 1
                order.number = order.number or self._number
            self._orders += orders
            self._changed.notify_all()

    def take(self, seconds: float) -> list[Order]:
        """What is to be done next, together; empty when nothing came for so long, or when it is closed."""
        begun = time.monotonic()
        until = begun + seconds
        with self._changed:
            while True:
                self._drop()
                now = time.monotonic()
                if not self._orders:
                    if self._closed or now >= until:
                        return []
                    self._changed.wait(until - now)
                    continue
                found = self._next()
                ready = self._ready_at(found, begun)
                if self._closed or ready <= now:
                    return self._taken(found)
                self._changed.wait(ready - now)

    def done(self, orders: list[Order], seconds: float) -> None:
        """Note how long a batch took."""
        with self._changed:
            if len(self._last) >= _REMEMBERED:
                self._last.clear()
            if isinstance(orders[0].work, Picture):
                self._last[orders[0].bucket] = _Last(len(orders), seconds)

    def close(self) -> None:
        """Take what waits without waiting for more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether it was closed and nothing waits any more."""
        return self._closed and not self._orders

    def fail(self, error: Exception) -> None:
        """Tell everybody who waits that it will not be done."""
        with self._changed:
            orders, self._orders = self._orders, []
        for order in orders:
            if order.future.running() or order.future.set_running_or_notify_cancel():
                order.future.set_exception(error)

    def _drop(self) -> None:
        """Forget whom nobody waits for, and those who waited too long."""
        now = time.monotonic()
        for order in [one for one in self._orders if one.deadline is not None and one.deadline <= now]:
            if not order.future.cancelled():
                self._orders.remove(order)
                if order.future.running() or order.future.set_running_or_notify_cancel():
                    order.future.set_exception(Late("There was too much to draw before this: try again.", 5))
        self._orders = [one for one in self._orders if not one.future.cancelled()]

    def _next(self) -> list[Order]:
        ranked = sorted(self._orders, key=self._rank)
        bucket = ranked[0].bucket
        return [one for one in ranked if one.bucket == bucket][: self._most(bucket)]

    def _most(self, bucket: Hashable) -> int:
        """As many as are drawn in a moment, so that nobody waits long for others; two are always worth it."""
        last = self._last.get(bucket)
        if last is None or last.seconds <= 0:
            return self.together
        return max(2, min(self.together, int(LONGEST_BATCH_SECONDS * last.count / last.seconds)))

    def _rank(self, order: Order) -> tuple[bool, int, int, int]:
        asker = order.asker
        return asker.kind == "board", self._turn_of.get(asker.user, 0), asker.begun, order.number

    def _ready_at(self, found: list[Order], free: float) -> float:
        """When these are begun though fewer came than the last time."""
        last = self._last.get(found[0].bucket)
        if last is None or len(found) >= min(last.count, self._most(found[0].bucket)):
            return 0.0
        return max(free, found[0].arrived) + min(LONGEST_WINDOW_SECONDS, _SHARE_OF_DRAWING * last.seconds)

    def _taken(self, found: list[Order]) -> list[Order]:
        self._orders = [one for one in self._orders if one not in found]
        self._turns += 1
        if len(self._turn_of) >= _REMEMBERED:
            self._turn_of.clear()
        self._turn_of |= {one.asker.user: self._turns for one in found}
        # One whose client has gone in this very moment is not drawn.
        return [one for one in found if one.future.running() or one.future.set_running_or_notify_cancel()]
