"""What a crew does, noted as it does it: how often it fails, how long it draws, how well its pictures fit their words.

Only the latest of each is kept, so that the figures are those of now. Pictures are kept unscored, a few of them, and
are scored when there is somebody to compare with. What a client got wrong or gave up does not count. Knows nothing of
what is good enough.
"""

import functools
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from PIL import Image

from storywright.errors import BadInput
from storywright.server.desk import Desk
from storywright.server.drawing.room import Host, Room
from storywright.server.drawing.work import Asker, Kind, Picture, Question

_LATEST = 500
_PICTURES = 48
"""Enough to tell two crews apart by how well their pictures fit."""
WATCH = "storywright-watch"
"""The user in whose name pictures are scored and drawn a second time; they do not count."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The figures at a moment."""

    outcomes: np.ndarray
    """1 for each of the latest works that failed, 0 for the others."""
    seconds: np.ndarray
    """Of drawing, for a million pixels, of each of the latest batches."""
    fits: np.ndarray
    """How well pictures fit their words, by the critic of the crew that they are compared with."""


class Figures:
    """The figures of one crew; several threads note and read them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes: deque[bool] = deque(maxlen=_LATEST)
        self._seconds: deque[float] = deque(maxlen=_LATEST)
        self._fits: deque[float] = deque(maxlen=_LATEST)
        self._unscored: deque[tuple[Picture, Image.Image]] = deque(maxlen=_PICTURES)
        self.num_pictures = 0
        """Pictures that were drawn or failed since the crew was opened."""
        self.num_given = 0
        """Pictures that users got, of those."""

    def done(self, work: Picture | Question, failed: bool = False) -> None:
        """Note how a work ended."""
        with self._lock:
            self._outcomes.append(failed)
            self.num_pictures += isinstance(work, Picture)

    def give(self) -> None:
        """Note that a user got a picture."""
        with self._lock:
            self.num_given += 1

    def took(self, seconds_per_megapixel: float) -> None:
        """Note how long drawing took."""
        with self._lock:
            self._seconds.append(seconds_per_megapixel)

    def show(self, work: Picture, picture: Image.Image) -> None:
        """Keep a picture that may be scored."""
        with self._lock:
            self._unscored.append((work, picture))

    def score(self, fit: Callable[[Picture, Image.Image], float], most: int = 8) -> None:
        """Score a few of the pictures that were kept."""
        for _ in range(most):
            with self._lock:
                if not self._unscored:
                    return
                work, picture = self._unscored.popleft()
            value = fit(work, picture)
            with self._lock:
                self._fits.append(value)

    def forget_scores(self) -> None:
        """Another critic scores from now on."""
        with self._lock:
            self._fits.clear()

    def seen(self) -> Seen:
        """The figures as they are now."""
        with self._lock:
            return Seen(np.array(self._outcomes, float), np.array(self._seconds), np.array(self._fits))


class WatchedRoom(Room):
    """A drawing room that notes its crew's figures."""

    def __init__(self, desk: Desk, hosts: Sequence[Host], figures: Figures) -> None:
        super().__init__(cast(Desk, _TimedDesk(desk, figures)), hosts)
        self.figures = figures
        self.on_drawn: Callable[[Picture], None] = lambda work: None
        """To be told of each picture that was drawn for somebody."""

    def order(self, *works: Picture | Question, asker: Asker, seconds: float | None = None) -> list[Future[Any]]:
        """Have things done, and note how it went."""
        futures = super().order(*works, asker=asker, seconds=seconds)
        for work, future in zip(works, futures, strict=True):
            future.add_done_callback(functools.partial(self._ended, work, asker))
        return futures

    def _ended(self, work: Picture | Question, asker: Asker, future: Future[Any]) -> None:
        if future.cancelled() or (asker.user == WATCH and isinstance(work, Question)):
            return
        error = future.exception()
        if error is not None:
            if not isinstance(error, BadInput):  # those are for whoever asked, or say that it was too much
                self.figures.done(work, failed=True)
            return
        self.figures.done(work)
        if isinstance(work, Picture):
            self.figures.show(work, future.result())
            if asker.user != WATCH:
                self.figures.give()
                self.on_drawn(work)


class _TimedDesk:
    """The desk, and beside it how long this crew's pictures took."""

    def __init__(self, desk: Desk, figures: Figures) -> None:
        self._desk, self._figures, self.metrics = desk, figures, desk.metrics

    def note(self, kind: Kind, works: Sequence[Picture | Question], seconds: float) -> None:
        self._desk.note(kind, works, seconds)
        pixels = sum(one.size[0] * one.size[1] for one in works if isinstance(one, Picture))
        if pixels:
            self._figures.took(seconds * 1e6 / pixels)
