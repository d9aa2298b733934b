"""Where a film's scenes begin, and which frame shows each one best.

Looks at a small copy of ten frames a second. A cut is a frame that differs from the one before it far more than frames
around it do, or the first one after darkness. A dissolve shows in the colours: they change fast, are steady again, and
are not those that the scene began with; a long pan ends up with other colours too. A flash is no cut, and what is too
short to be a scene is part of the one that follows. Knows nothing about files: it is
given small pictures with their times, and gives back what it was handed along with them.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import cv2
import numpy as np

LOOKS_A_SECOND = 10.0
LOOK_PX = (64, 36)
"""Width and height of the copies that are compared."""

_AROUND_SECONDS = 0.45
_LOOKS_AHEAD = 3
_CUT_PIXELS, _CUT_COLOURS, _CUT_RATIO = 0.05, 0.12, 2.5
_SAME_COLOURS, _SAME_PIXELS = 0.12, 0.03
_STIR_SECONDS, _STIR, _STEADY = 0.5, 0.15, 0.1
_STIRRED_COLOURS, _STIRRED_PIXELS, _DRIFTED_COLOURS = 0.2, 0.08, 0.45
_SETTLES_SECONDS, _FADES_IN_SECONDS = 0.25, 1.5
_BLANK_SHARE, _BLANK_SPREAD = 0.97, 0.012
_BINS = 8

Frame = TypeVar("Frame")


@dataclass(frozen=True, slots=True)
class Look(Generic[Frame]):
    """A frame as it is compared."""

    seconds: float
    small: np.ndarray
    """(36, 64, 3) float32 from 0 to 1."""
    colours: np.ndarray
    """How often each colour is there; sums to 1."""
    sharp: float
    blank: bool
    frame: Frame


@dataclass(frozen=True, slots=True)
class Scene(Generic[Frame]):
    """A scene, from its first second to its last, and the frame that shows it."""

    begins: float
    ends: float
    frame: Frame


def look(seconds: float, picture: np.ndarray, frame: Frame) -> Look[Frame]:
    """A frame's look; `picture` is a copy of it, 64x36 in RGB."""
    small = picture.astype(np.float32) / 255
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    most = np.bincount(grey.ravel(), minlength=256).max() / grey.size
    return Look(
        seconds,
        small,
        _colours(picture),
        float(cv2.Laplacian(grey, cv2.CV_32F).var()),
        bool(most > _BLANK_SHARE or grey.std() / 255 < _BLANK_SPREAD),
        frame,
    )


class Cutter(Generic[Frame]):
    """Parts a film into scenes as it goes by."""

    def __init__(self, least_seconds: float) -> None:
        self._least = least_seconds
        self._near: deque[tuple[Look[Frame], float]] = deque()
        self._ahead: deque[tuple[Look[Frame], float]] = deque()
        self._newest: Look[Frame] | None = None
        self._scene: _Open[Frame] | None = None
        self._before: _Open[Frame] | None = None

    def add(self, newest: Look[Frame]) -> Iterator[Scene[Frame]]:
        """Look at one more frame; gives the scenes that are over for certain."""
        change = _pixels(newest, self._newest) if self._newest else 0.0
        self._newest = newest
        self._ahead.append((newest, change))
        if len(self._ahead) > _LOOKS_AHEAD:
            yield from self._pass()

    def end(self) -> Iterator[Scene[Frame]]:
        """Say that the film is over; gives what is left of it."""
        while self._ahead:
            yield from self._pass()
        last = self._scene
        if last and self._before and last.seconds < self._least:
            self._before.ends, last = last.ends, None
        yield from _scenes(self._before, last)
        self._before = self._scene = None

    def _pass(self) -> Iterator[Scene[Frame]]:
        here, change = self._ahead.popleft()
        scene = self._scene
        if scene is None:
            self._scene = _Open(here)
        elif self._is_cut(here, change):
            yield from self._cut(here, here.seconds)
        elif (began := scene.other_since(here)) is not None:
            yield from self._cut(here, began)
        else:
            scene.add(here, change)
        self._near.append((here, change))
        while self._near[0][0].seconds < here.seconds - _AROUND_SECONDS:
            self._near.popleft()

    def _is_cut(self, here: Look[Frame], change: float) -> bool:
        assert self._scene is not None
        if self._scene.newest.blank and not here.blank:
            return True
        if change < _CUT_PIXELS or _apart(here, self._scene.newest) < _CUT_COLOURS:
            return False
        around = [
            other for look, other in (*self._near, *self._ahead) if abs(look.seconds - here.seconds) <= _AROUND_SECONDS
        ]
        return not around or change > _CUT_RATIO * sum(around) / len(around)

    def _cut(self, here: Look[Frame], began: float) -> Iterator[Scene[Frame]]:
        """End the scene at `began`; `here` is the first look that is the next one for certain."""
        scene, before = self._scene, self._before
        assert scene is not None
        scene.ends = began
        if scene.seconds >= self._least:
            yield from _scenes(before)
            self._before, self._scene = scene, _Open(here, began)
        elif before and _same(here, before.newest):
            # It was a flash: what went before goes on.
            before.add(here, 1.0)
            self._before, self._scene = None, before
        else:
            scene.turn_to(here)


class _Open(Generic[Frame]):
    """A scene that goes on."""

    def __init__(self, first: Look[Frame], begins: float | None = None) -> None:
        self.begins = self.ends = first.seconds if begins is None else begins
        self._best: tuple[float, Look[Frame]] | None = None
        self.turn_to(first)

    @property
    def seconds(self) -> float:
        """How long it has been so far."""
        return self.ends - self.begins

    def turn_to(self, first: Look[Frame]) -> None:
        """Go on with another picture."""
        self.newest = self._first = first
        self._turned, self._settled = first.seconds, False
        self._lately = deque([first])
        self._stirred, self._stirred_at = 0.0, first.seconds
        self.ends = max(self.ends, first.seconds)
        self._last: tuple[float, Look[Frame]] = (0.0, first)

    def add(self, here: Look[Frame], change: float) -> None:
        """Take one more look at it."""
        if not self._settled and self._settles(here):
            self._first, self._settled = here, True
            self._lately = deque([here])
        self._lately.append(here)
        while self._lately[0].seconds < here.seconds - _STIR_SECONDS:
            self._lately.popleft()
        if (stir := _apart(here, self._lately[0])) > self._stirred:
            self._stirred, self._stirred_at = stir, here.seconds
        self._offer(here, change)
        self.newest, self.ends = here, here.seconds

    def _settles(self, here: Look[Frame]) -> bool:
        """Whether it shows by now what it is about: a scene may fade in."""
        took = here.seconds - self._turned
        return took >= _SETTLES_SECONDS and (_apart(here, self._lately[0]) < _STEADY or took >= _FADES_IN_SECONDS)

    def other_since(self, here: Look[Frame]) -> float | None:
        """When what is seen has become another picture than the scene began with; None while it has not."""
        apart, stir = _apart(here, self._first), _apart(here, self._lately[0])
        if not self._settled or stir > _STEADY or here.seconds - self._stirred_at < _STIR_SECONDS / 2:
            return None
        if apart > _DRIFTED_COLOURS:
            return here.seconds
        stirred = self._stirred > max(_STIR, 2 * stir)
        if stirred and apart > _STIRRED_COLOURS and _pixels(here, self._first) > _STIRRED_PIXELS:
            return self._stirred_at
        return None

    def shown_by(self) -> Frame | None:
        """The frame that shows it best; None when all of it is blank."""
        best = self._best or self._last
        return None if best[1].blank else best[1].frame

    def _offer(self, here: Look[Frame], change: float) -> None:
        """Sharp, at rest, settled, and like what the scene began with: a frame inside a dissolve is none of it."""
        worth = here.sharp / (1 + 50 * change)
        if here.blank:
            return
        if self._last[1].blank or worth > self._last[0]:
            self._last = worth, here
        if (
            self._settled
            and _apart(here, self._first) < _STIRRED_COLOURS
            and (self._best is None or worth > self._best[0])
        ):
            self._best = worth, here


def _scenes(*scenes: "_Open[Frame] | None") -> Iterator[Scene[Frame]]:
    for scene in scenes:
        if scene and (frame := scene.shown_by()) is not None:
            yield Scene(scene.begins, scene.ends, frame)


def _pixels(one: Look[Frame], other: Look[Frame]) -> float:
    return float(np.abs(one.small - other.small).mean())


def _apart(one: Look[Frame], other: Look[Frame]) -> float:
    """How different the colours are: 0 for the same, 1 for none in common."""
    return float(np.abs(one.colours - other.colours).sum() / 2)


def _same(one: Look[Frame], other: Look[Frame]) -> bool:
    return _apart(one, other) < _SAME_COLOURS and _pixels(one, other) < _SAME_PIXELS


def _colours(picture: np.ndarray) -> np.ndarray:
    """A histogram whose bins run into their neighbours, so that noise at the edge of a bin is no change."""
    binned = (picture.reshape(-1, 3) // (256 // _BINS)).astype(np.int64)
    places = (binned[:, 0] * _BINS + binned[:, 1]) * _BINS + binned[:, 2]
    counts: np.ndarray = np.bincount(places, minlength=_BINS**3).reshape(_BINS, _BINS, _BINS).astype(np.float32)
    for axis in range(3):
        wide = np.pad(counts, [(1, 1) if one == axis else (0, 0) for one in range(3)], mode="edge")
        parts = [wide.take(range(shift, shift + _BINS), axis) for shift in range(3)]
        counts = parts[0] / 4 + parts[1] / 2 + parts[2] / 4
    return (counts / counts.sum()).ravel()
