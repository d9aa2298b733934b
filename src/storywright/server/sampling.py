"""Scores what two crews draw by one critic, and lets the new one draw in the shadow what the old one was asked for.

It does that in a thread of its own and in nobody's way: as a user whose turn comes after those who wait, a few pictures
at a time, and what is too much is left out. Knows nothing of what the scores lead to.
"""

import logging
import queue
import random
import threading
from collections.abc import Sequence

from PIL import Image

from storywright.errors import BadInput
from storywright.server.drawing.work import Asker, Picture, Question
from storywright.server.figures import WATCH, Figures, WatchedRoom

_LOG = logging.getLogger("storywright.server")
_ASKER = Asker(kind="board", user=WATCH)
_MOST_SHADOWS = 4
_PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.2


class Sampling:
    """Watches over one rollout."""

    def __init__(self, judge: WatchedRoom, new: WatchedRoom) -> None:
        """`judge` is the room of the crew before, whose critic scores both."""
        self._judge, self._new = judge, new
        self._share = 0.0
        self._random = random.Random(judge.figures.num_pictures)
        self._wanted: queue.Queue[Picture] = queue.Queue(maxsize=_MOST_SHADOWS)
        self._under_way = threading.Semaphore(_MOST_SHADOWS)
        self._stopped = threading.Event()
        for figures in (judge.figures, new.figures):
            figures.forget_scores()
        self._thread = threading.Thread(target=self._go_on, name="sampling", daemon=True)
        self._thread.start()

    def shadow(self, share: float) -> None:
        """Draw this share of the old crew's pictures a second time."""
        self._share = share
        self._judge.on_drawn = self._drawn if share else _nothing

    def stop(self) -> None:
        """Watch no longer."""
        self._judge.on_drawn = _nothing
        self._stopped.set()

    def _drawn(self, work: Picture) -> None:
        if self._random.random() < self._share:
            try:
                self._wanted.put_nowait(work)
            except queue.Full:
                return

    def _go_on(self) -> None:
        while not self._stopped.wait(_LOOK_SECONDS):
            try:
                self._draw_again()
                self._score((self._judge.figures, self._new.figures))
            except Exception:  # noqa: BLE001 - a look that fails must not end the looking
                if not self._stopped.is_set():
                    _LOG.exception("Scoring pictures for a rollout failed")

    def _draw_again(self) -> None:
        while not self._wanted.empty() and self._under_way.acquire(blocking=False):
            work = self._wanted.get_nowait()
            try:
                [future] = self._new.order(work, asker=_ASKER, seconds=_PATIENCE_SECONDS)
            except BadInput:  # the room was closed
                self._under_way.release()
                return
            future.add_done_callback(lambda _: self._under_way.release())

    def _score(self, all_figures: Sequence[Figures]) -> None:
        for figures in all_figures:
            figures.score(self._fit)

    def _fit(self, work: Picture, picture: Image.Image) -> float:
        [fit] = self._judge.ask(Question("critic", "fit", ([work.prompt], [picture])), _ASKER)
        return float(fit)


def _nothing(_: Picture) -> None:
    """Nobody is drawn for in the shadow."""
