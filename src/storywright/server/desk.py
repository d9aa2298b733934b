"""The drawing desk: one order is drawn at a time, and only so many may wait.

Boards take the desk panel by panel. Whoever waits for a single picture goes before all boards; among boards the users
take turns, and one user's boards are drawn in the order they were asked for. Knows nothing of models.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from storywright.server.metrics import Metrics
from storywright.server.problems import Busy

_USERS_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class _Turn:
    batch: bool
    user: str
    begun: int


class Desk:
    """Where drawing happens."""

    def __init__(self, metrics: Metrics, places: int = 16) -> None:
        self._metrics, self._places = metrics, places
        self._free, self._drawing, self._queue = threading.Condition(), False, list[_Turn]()
        self._last: dict[str, int] = {}
        self._turns = 0
        self._count, self._waiting = threading.Lock(), 0

    @contextmanager
    def place(self, kind: str) -> Iterator[None]:
        """A place in the queue for the time of the block; Busy when all are taken."""
        with self._count:
            if self._waiting >= self._places:
                self._metrics.rejected.labels(kind).inc()
                raise Busy(f"{self._waiting} orders are waiting to be drawn: try again in a few seconds.", 5)
            self._waiting += 1
        try:
            yield
        finally:
            with self._count:
                self._waiting -= 1

    @property
    def num_waiting(self) -> int:
        """How many places are taken."""
        return self._waiting

    @contextmanager
    def turn(self, kind: str, *, user: str = "", begun: int = 0) -> Iterator[None]:
        """The pen, for the time of the block; `begun` orders the boards of one user."""
        mine = _Turn(kind == "board", user, begun)
        with self._free:
            self._queue.append(mine)
            while self._drawing or self._next() is not mine:
                self._free.wait()
            self._queue.remove(mine)
            self._drawing = True
            self._note_turn(user)
        started = time.perf_counter()
        try:
            yield
            self._metrics.drawing_seconds.labels(kind).observe(time.perf_counter() - started)
        finally:
            with self._free:
                self._drawing = False
                self._free.notify_all()

    def _next(self) -> _Turn:
        """Single pictures first; then whoever had the pen longest ago; min keeps the order of arrival."""
        return min(self._queue, key=lambda turn: (turn.batch, self._last.get(turn.user, 0), turn.begun))

    def _note_turn(self, user: str) -> None:
        self._turns += 1
        if len(self._last) >= _USERS_REMEMBERED:
            self._last.clear()
        self._last[user] = self._turns
