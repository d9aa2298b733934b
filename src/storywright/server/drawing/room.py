"""A drawing room: the benches of one crew, and the orders that they take from one queue.

Each bench has a thread that gives it the next orders and hands out the answers. A bench whose process ends is opened
again, and what it was doing is done again: alone, so that an order that ends processes ends no other one's work, and
twice at most. Whoever asks gets a future; to cancel it is enough to leave the queue.
"""

import functools
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from storywright.errors import BadInput
from storywright.server.desk import Desk
from storywright.server.drawing.process import Gone
from storywright.server.drawing.waiting import Order, Waiting
from storywright.server.drawing.work import Asker, Opened, Picture, Question
from storywright.server.problems import Late, NotReady

_LOG = logging.getLogger("storywright.server")
_LOOK_SECONDS = 1.0
_IDLE_LOOKS = 60
_MOST_CRASHES = 2
_LONGEST_PAUSE_SECONDS = 10.0


class Host(Protocol):
    """Where a bench stands: in this process or in one of its own."""

    @property
    def alive(self) -> bool:
        """Whether models are open and can be asked."""

    def open(self, folder: Path | None, version: str) -> Opened:
        """Open these models."""

    def draw(self, pictures: Sequence[Picture]) -> list[Image.Image]:
        """Draw pictures of one bucket together."""

    def answer(self, question: Question) -> Any:
        """Ask another model."""

    def close(self) -> None:
        """Let go of the models."""


class Room:
    """The benches of one crew."""

    def __init__(self, desk: Desk, hosts: Sequence[Host]) -> None:
        self._desk, self._hosts = desk, list(hosts)
        self._waiting = Waiting()
        self._threads: list[threading.Thread] = []
        self._bundle: tuple[Path | None, str] = (None, "")
        self._failures = 0
        self._rests = False

    def open(self, folder: Path | None, version: str) -> Opened:
        """Open the models on every bench, and begin."""
        self._bundle = (folder, version)
        try:
            with ThreadPoolExecutor(len(self._hosts)) as pool:
                opened, *_ = pool.map(lambda host: host.open(folder, version), self._hosts)
        except (Gone, RuntimeError) as error:
            self.close()
            raise BadInput(f"{f'Version {version}' if version else 'The models'} cannot be opened: {error}") from error
        except BadInput:
            self.close()
            raise
        self._waiting.together = opened.together
        for host in self._hosts:
            self._threads.append(threading.Thread(target=self._draw_on, args=(host,), name="drawing", daemon=True))
            self._threads[-1].start()
        return opened

    def order(self, *works: Picture | Question, asker: Asker, seconds: float | None = None) -> list[Future[Any]]:
        """Have things done; what was not begun after so many seconds is not done."""
        deadline = None if seconds is None else time.monotonic() + seconds
        orders = [Order(work, asker, deadline) for work in works]
        for order in orders:
            order.future.add_done_callback(functools.partial(self._turned_away, asker.kind))
        self._waiting.put(*orders)
        return [order.future for order in orders]

    def ask(self, question: Question, asker: Asker) -> Any:
        """Ask another model and wait for its answer."""
        [answer] = self.order(question, asker=asker, seconds=asker.patience)
        return answer.result()

    @property
    def ready(self) -> bool:
        """Whether any bench can draw."""
        return any(host.alive for host in self._hosts)

    def rest(self) -> None:
        """Keep no models open any longer than somebody has something to draw; they are opened again for that."""
        self._rests = True

    def close(self, seconds: float = 30.0) -> None:
        """Do what waits, and end."""
        self._waiting.close()
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._waiting.fail(NotReady("The server was stopped: try again in a few seconds.", 5))
        for host in self._hosts:
            host.close()

    def _draw_on(self, host: Host) -> None:
        idle = 0
        while not self._waiting.closed:
            orders = self._waiting.take(_LOOK_SECONDS)
            idle = 0 if orders else idle + 1
            if self._rests and idle > _IDLE_LOOKS:
                host.close()
            elif not host.alive and not self._opened_again(host, orders):
                continue
            self._do(host, orders)

    def _turned_away(self, kind: str, future: Future[Any]) -> None:
        """Count what was not begun in time."""
        if not future.cancelled() and isinstance(future.exception(), Late):
            self._desk.metrics.rejected.labels(kind, "late").inc()

    def _do(self, host: Host, orders: list[Order]) -> None:
        if not orders:
            return
        started, waited = time.perf_counter(), time.monotonic() - min(order.arrived for order in orders)
        self._desk.metrics.stage_seconds.labels("waiting").observe(waited)
        try:
            answers = _answers(host, orders)
        except Gone as error:
            self._crashed(orders, error)
            host.close()
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            if len(orders) == 1:
                orders[0].future.set_exception(error)
                return
            for order in orders:  # one that cannot be drawn spoils none of the others
                self._do(host, [order])
        else:
            seconds = time.perf_counter() - started
            self._waiting.done(orders, seconds)
            self._desk.note(orders[0].asker.kind, [one.work for one in orders], seconds)
            for order, answer in zip(orders, answers, strict=True):
                order.future.set_result(answer)

    def _crashed(self, orders: list[Order], error: Gone) -> None:
        _LOG.error("%s It is started again.", error)
        self._desk.metrics.drawing_restarts.inc()
        for order in orders:
            order.crashes += 1
            if order.crashes >= _MOST_CRASHES:
                order.future.set_exception(RuntimeError(f"Twice the drawing process ended while it drew this: {error}"))
            else:
                self._waiting.put(order, again=True)

    def _opened_again(self, host: Host, orders: list[Order]) -> bool:
        try:
            host.open(*self._bundle)
        except (BadInput, Gone, RuntimeError) as error:
            _LOG.error("The drawing process could not be started again: %s", error)
            host.close()
            for order in orders:
                self._waiting.put(order, again=True)
            if not self.ready:
                self._waiting.fail(NotReady("The drawing process could not be started again: try again later.", 10))
            time.sleep(min(2.0**self._failures, _LONGEST_PAUSE_SECONDS))
            self._failures += 1
            return False
        self._failures = 0
        return True


def _answers(host: Host, orders: list[Order]) -> list[Any]:
    pictures = [order.work for order in orders if isinstance(order.work, Picture)]
    if pictures:
        return list(host.draw(pictures))
    return [host.answer(order.work) for order in orders if isinstance(order.work, Question)]
