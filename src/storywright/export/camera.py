"""What the camera does during a panel: where it looks at each moment, and the arrows that say so on paper.

Film and paper both come from here, so that they agree. A board names a move and no direction; these are the
directions: a pan, a truck and a tracking shot go to the right, a tilt goes up, a dolly goes in. Knows nothing about
pictures: places are in parts of the panel's width and height, from the top left.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from storywright.board import Move

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class View:
    """The part of the picture that is seen."""

    x: float
    """Its middle, from the left."""
    y: float
    """Its middle, from the top."""
    scale: float
    """Its size, in parts of the whole."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        half = self.scale / 2
        return self.x - half, self.y - half, self.x + half, self.y + half


@dataclass(frozen=True, slots=True)
class _Path:
    """From one view to another."""

    start: View
    end: View
    ease: Callable[[float], float]
    bob: float = 0.0
    """How far it goes up and down, as somebody does who walks along."""


def view(move: Move, t: float, seconds: float = 2.5) -> View:
    """What is seen at `t`, from 0 at the first frame of the panel to 1 at its last."""
    path = _PATHS[move]
    part = path.ease(t)
    steps = path.bob * math.sin(2 * math.pi * 1.6 * seconds * t)
    return View(
        path.start.x + (path.end.x - path.start.x) * part,
        path.start.y + (path.end.y - path.start.y) * part + steps,
        path.start.scale * (path.end.scale / path.start.scale) ** part,
    )


def closest(move: Move) -> float:
    """The smallest part of the picture that the move ever shows."""
    return min(_PATHS[move].start.scale, _PATHS[move].end.scale)


@dataclass(frozen=True, slots=True)
class Mark:
    """Something drawn on a panel: a closed shape, or an open line."""

    points: tuple[Point, ...]
    closed: bool


def marks(move: Move, aspect: float) -> list[Mark]:
    """The signs of a move as they are drawn on a panel of this width to height."""
    return _MARKS[move](aspect)


def _gently(t: float) -> float:
    """Starts and ends at rest."""
    return t * t * t * (t * (6 * t - 15) + 10)


def _steadily(t: float, ramp: float = 0.18) -> float:
    """One speed, with a short start and stop."""
    total = 1 - ramp
    if t < ramp:
        return t * t / (2 * ramp) / total
    if t > 1 - ramp:
        return 1 - (1 - t) ** 2 / (2 * ramp) / total
    return (t - ramp / 2) / total


_THICK = 0.026
"""Half the shaft of an arrow, in parts of the panel's shorter side."""
_WHOLE = View(0.5, 0.5, 1.0)
_PATHS: dict[Move, _Path] = {
    "static": _Path(_WHOLE, _WHOLE, _gently),
    "pan": _Path(View(0.41, 0.5, 0.82), View(0.59, 0.5, 0.82), _gently),
    "tilt": _Path(View(0.5, 0.59, 0.82), View(0.5, 0.41, 0.82), _gently),
    "zoom in": _Path(_WHOLE, View(0.5, 0.49, 0.74), _gently),
    "zoom out": _Path(View(0.5, 0.49, 0.74), _WHOLE, _gently),
    "dolly": _Path(_WHOLE, View(0.5, 0.53, 0.8), _steadily),
    "truck": _Path(View(0.4, 0.5, 0.8), View(0.6, 0.5, 0.8), _steadily),
    "tracking": _Path(View(0.43, 0.5, 0.85), View(0.57, 0.5, 0.85), _steadily, bob=0.004),
}


def _pan(aspect: float) -> list[Mark]:
    """A bowed arrow: the camera turns where it stands."""
    return [_bowed((0.22, 0.88), (0.78, 0.88), aspect)]


def _tilt(aspect: float) -> list[Mark]:
    lying = _bowed((0.2, 0.93), (0.8, 0.93), 1 / aspect)
    return [Mark(tuple((y, 1 - x) for x, y in lying.points), lying.closed)]


def _zoom_in(aspect: float) -> list[Mark]:
    """The frame that it ends on, and arrows from the corners to it."""
    return _frame_and_arrows(view("zoom in", 1.0), inwards=True, aspect=aspect)


def _zoom_out(aspect: float) -> list[Mark]:
    return _frame_and_arrows(view("zoom out", 0.0), inwards=False, aspect=aspect)


def _dolly(aspect: float) -> list[Mark]:
    """A broad arrow that lies on the ground and points into the picture."""
    sides = ((0.115, 0.97), (0.062, 0.845), (0.115, 0.858), (0.0, 0.745))
    wide = 1.0 if aspect >= 1 else 1 / aspect
    right = [(0.5 + x * min(wide, 1.6), y) for x, y in sides]
    return [Mark((*right, *((1 - x, y) for x, y in reversed(right[:-1]))), closed=True)]


def _truck(aspect: float) -> list[Mark]:
    """A straight arrow over rails: the camera itself goes along."""
    rails = [Mark(((0.22, y), (0.78, y)), closed=False) for y in (0.955, 0.975)]
    return [*rails, _straight((0.22, 0.89), (0.78, 0.89), _THICK * _short_side(aspect), aspect)]


def _tracking(aspect: float) -> list[Mark]:
    """An arrow behind dashes: the camera goes along with somebody."""
    half = _THICK * _short_side(aspect)
    dashes = [_block(0.2 + 0.1 * k, 0.26 + 0.1 * k, 0.9, half * 0.7) for k in range(3)]
    return [*dashes, _straight((0.5, 0.9), (0.8, 0.9), half, aspect)]


_MARKS: dict[Move, Callable[[float], list[Mark]]] = {
    "static": lambda _aspect: [],
    "pan": _pan,
    "tilt": _tilt,
    "zoom in": _zoom_in,
    "zoom out": _zoom_out,
    "dolly": _dolly,
    "truck": _truck,
    "tracking": _tracking,
}


def _short_side(aspect: float) -> float:
    """The shorter side in parts of the height."""
    return min(1.0, aspect)


def _block(left: float, right: float, y: float, half: float) -> Mark:
    return Mark(((left, y - half), (right, y - half), (right, y + half), (left, y + half)), closed=True)


def _straight(start: Point, tip: Point, half: float, aspect: float) -> Mark:
    """A block arrow; `half` is half its shaft, in parts of the height."""
    length = math.hypot((tip[0] - start[0]) * aspect, tip[1] - start[1])
    along = ((tip[0] - start[0]) * aspect / length, (tip[1] - start[1]) / length)
    across = (-along[1], along[0])
    neck = length - 2.6 * half

    def at(far: float, side: float) -> Point:
        return (
            start[0] + (along[0] * far + across[0] * side) / aspect,
            start[1] + along[1] * far + across[1] * side,
        )

    shape = (
        (0.0, -half),
        (neck, -half),
        (neck, -2.2 * half),
        (length, 0.0),
        (neck, 2.2 * half),
        (neck, half),
        (0.0, half),
    )
    return Mark(tuple(at(far, side) for far, side in shape), closed=True)


def _bowed(start: Point, tip: Point, aspect: float) -> Mark:
    """A block arrow along an arc that sags in the middle."""
    half = _THICK * _short_side(aspect)
    bow = 2.4 * half
    neck = 1 - 2.6 * half / ((tip[0] - start[0]) * aspect)
    steps = [neck * k / 12 for k in range(13)]

    def at(part: float, side: float) -> Point:
        slope = -4 * bow * (2 * part - 1) / ((tip[0] - start[0]) * aspect)
        tilt = math.atan(slope)
        x = start[0] + (tip[0] - start[0]) * part - math.sin(tilt) * side / aspect
        return x, start[1] - bow + 4 * bow * part * (1 - part) + math.cos(tilt) * side

    upper = [at(part, -half) for part in steps]
    lower = [at(part, half) for part in reversed(steps)]
    head = [at(neck, -2.2 * half), at(1.0, 0.0), at(neck, 2.2 * half)]
    return Mark((*upper, *head, *lower), closed=True)


def _frame_and_arrows(inner: View, inwards: bool, aspect: float) -> list[Mark]:
    left, top, right, bottom = inner.box
    frame = Mark(((left, top), (right, top), (right, bottom), (left, bottom), (left, top)), closed=False)
    half = 0.55 * _THICK * _short_side(aspect)
    arrows = []
    for corner, far in zip(
        ((left, top), (right, top), (right, bottom), (left, bottom)), ((0, 0), (1, 0), (1, 1), (0, 1)), strict=True
    ):
        near_edge = (far[0] + (corner[0] - far[0]) * 0.18, far[1] + (corner[1] - far[1]) * 0.18)
        near_frame = (far[0] + (corner[0] - far[0]) * 0.88, far[1] + (corner[1] - far[1]) * 0.88)
        arrows.append(_straight(*((near_edge, near_frame) if inwards else (near_frame, near_edge)), half, aspect))
    return [frame, *arrows]
