"""Writers that come at the same time share one commit, so that many durable writes cost one flush of the disk.

Whoever waits here is told when the commit that holds their item has returned, and not before. While one commit is
under way the next ones gather. Knows nothing of what is written.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from storywright.errors import BadInput

_LOG = logging.getLogger("storywright.watch")

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Overfull(BadInput):
    """More waits to be written than the disk can take."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting(Generic[Item, Answer]):
    item: Item
    answer: "Future[Answer] | asyncio.Future[Answer]"
    loop: asyncio.AbstractEventLoop | None
    """Where the answer is awaited; None for a thread that waits."""


class SharedCommits(Generic[Item, Answer]):
    """One thread that writes what gathered since its last commit."""

    def __init__(
        self,
        name: str,
        write: Callable[[Sequence[Item]], Sequence[Answer | Exception]],
        *,
        most_together: int = 1_000,
        most_waiting: int = 20_000,
    ) -> None:
        """`write` commits all items and gives the answer to each; when it raises, none of them was written."""
        self._name, self._write, self._most_together, self._most_waiting = name, write, most_together, most_waiting
        self._waiting: deque[_Waiting[Item, Answer]] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def num_waiting(self) -> int:
        """How many items wait to be written."""
        return len(self._waiting)

    def wait(self, item: Item) -> Answer:
        """Write it, in a thread that may block; returns when it is on the disk."""
        answer: Future[Answer] = Future()
        self._put(_Waiting(item, answer, None))
        return answer.result()

    async def written(self, item: Item) -> Answer:
        """Write it; returns when it is on the disk."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._put(_Waiting(item, answer, loop))
        return await answer

    async def all_written(self, items: Sequence[Item]) -> list[Answer | BaseException]:
        """Write several; each has its answer, or what was wrong with it."""
        loop = asyncio.get_running_loop()
        answers: list[asyncio.Future[Answer]] = [loop.create_future() for _ in items]
        self._put(*(_Waiting(item, answer, loop) for item, answer in zip(items, answers, strict=True)))
        return await asyncio.gather(*answers, return_exceptions=True)

    def close(self) -> None:
        """Write what waits, and take no more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread:
            self._thread.join()

    def _put(self, *waiting: _Waiting[Item, Answer]) -> None:
        with self._changed:
            if self._closed:
                raise Overfull("The server is ending: send this again in a few seconds.")
            if len(self._waiting) + len(waiting) > self._most_waiting:
                raise Overfull(f"{len(self._waiting):,} items wait to be written: send this again in a second.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._waiting.extend(waiting)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if not self._waiting:
                    return
                count = min(len(self._waiting), self._most_together)
                together = [self._waiting.popleft() for _ in range(count)]
            _tell(together, self._answers([one.item for one in together]))

    def _answers(self, items: Sequence[Item]) -> Sequence[Answer | Exception]:
        try:
            return self._write(items)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told, and the next ones written
            if len(items) == 1:
                _LOG.exception("Writing %s failed", self._name)
                return [error]
        # One item that cannot be written must not keep the others from being written.
        return [answer for item in items for answer in self._answers([item])]


def _tell(together: Sequence[_Waiting[Item, Answer]], answers: Sequence[Answer | Exception]) -> None:
    """Give each its answer; a loop is woken once for all that wait in it."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting[Item, Answer], Answer | Exception]]] = {}
    for waiting, answer in zip(together, answers, strict=True):
        if waiting.loop is None:
            _settle(waiting, answer)
        else:
            loops.setdefault(waiting.loop, []).append((waiting, answer))
    for loop, theirs in loops.items():
        try:
            loop.call_soon_threadsafe(_settle_all, theirs)
        except RuntimeError:  # the loop is closed: nobody waits there any more
            _LOG.warning("%d answers came after the server had ended", len(theirs))


def _settle_all(theirs: "Sequence[tuple[_Waiting[Item, Answer], Answer | Exception]]") -> None:
    for waiting, answer in theirs:
        _settle(waiting, answer)


def _settle(waiting: "_Waiting[Item, Answer]", answer: "Answer | Exception") -> None:
    if waiting.answer.done():  # whoever waited has gone
        return
    if isinstance(answer, Exception):
        waiting.answer.set_exception(answer)
    else:
        waiting.answer.set_result(answer)
