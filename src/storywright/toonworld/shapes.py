"""The shapes everything is drawn from: closed outlines with a paint, and bundles of them.

Knows nothing about what they show or where they stand. A paint is one of those that a palette has a colour for, or a
colour written `#rrggbb`; with a `!` before it the colour shines by itself.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from storywright.toonworld.palette import PAINTS, rgb

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One closed outline; equal to itself alone, so that what is made of shapes can be remembered by them."""

    points: np.ndarray
    """(n, 2) in the plane of a figure, x to the right and y up, in metres; or (n, 3) in the world, z away from us."""
    paint: str
    shade: float = 1.0
    """Under one is the paint in shadow, over one is the paint in light."""
    line: float = 1.0
    """Weight of the contour in the styles that draw one; nought for none."""
    smooth: bool = True
    """Whether the points stand for a curve, which a large picture shows as one, or for corners."""


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """Shapes that belong together, laid out flat for fast arithmetic; back to front."""

    points: np.ndarray  # (2 or 3, points) float32: by coordinate, several times as fast to compute with as by point
    counts: np.ndarray  # (shapes,) points of each outline
    colours: np.ndarray  # (3, colours): those that are written out
    paints: np.ndarray  # (shapes,) index of each shape's paint among a palette's, and behind them these colours
    shining: np.ndarray  # (shapes,) whether it shines by itself
    shades: np.ndarray  # (shapes,)
    lines: np.ndarray  # (shapes,)
    smooth: np.ndarray  # (shapes,)
    bounds: tuple[float, float, float, float]
    """Left, bottom, right, top."""


def bundle(shapes: Iterable[Shape]) -> Bundle:
    """Lay shapes out flat."""
    shapes = list(shapes)
    known = dict(_PAINTS)
    paints = [known.setdefault(s.paint, len(known)) for s in shapes]
    written = [rgb(paint.lstrip("!")) for paint in list(known)[len(PAINTS) :]]
    points = np.concatenate([s.points for s in shapes]).T.astype(np.float32, order="C")
    low, high = points.min(axis=1).tolist(), points.max(axis=1).tolist()
    return Bundle(
        points=points,
        counts=np.array([len(s.points) for s in shapes]),
        colours=np.array(written, np.float32).reshape(-1, 3).T,
        paints=np.array(paints),
        shining=np.array([s.paint.startswith("!") for s in shapes]),
        shades=np.array([s.shade for s in shapes], np.float32),
        lines=np.array([s.line for s in shapes], np.float32),
        smooth=np.array([s.smooth for s in shapes]),
        bounds=(low[0], low[1], high[0], high[1]),
    )


_PAINTS = {name: number for number, name in enumerate(PAINTS)}


def polygon(points: Sequence[Sequence[float]], paint: str, shade: float = 1.0, line: float = 1.0) -> Shape:
    """Straight edges between these points, of the plane or of the world."""
    return Shape(np.array(points, np.float32), paint, shade, line, smooth=False)


def blob(
    points: Sequence[Point], paint: str, shade: float = 1.0, line: float = 1.0, steps: int = 5, mirror: bool = False
) -> Shape:
    """A smooth closed curve through these points; `mirror` adds their reflections about x = 0."""
    array = np.array(points, np.float32)
    if mirror:
        other = array[::-1] * np.array((-1, 1), np.float32)
        keep = np.abs(other[:, 0]) > 1e-6
        array = np.concatenate([array, other[keep]])
    return Shape(_around(len(array), steps) @ array, paint, shade, line)


def ellipse(
    x: float, y: float, rx: float, ry: float, paint: str, shade: float = 1.0, line: float = 1.0, turn: float = 0.0
) -> Shape:
    """An ellipse around (x, y), turned by so many degrees."""
    size = max(rx, ry)
    points = _circle(10 if size < 0.03 else 14 if size < 0.12 else 22) * np.array((rx, ry), np.float32)
    if turn:
        c, n = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        points = points @ np.array(((c, n), (-n, c)), np.float32)
    return Shape(points + np.array((x, y), np.float32), paint, shade, line)


def box(
    x0: float, y0: float, x1: float, y1: float, paint: str, shade: float = 1.0, line: float = 1.0, round_by: float = 0.0
) -> Shape:
    """An upright rectangle, its corners rounded by a radius."""
    if not round_by:
        return polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], paint, shade, line)
    r = min(round_by, (x1 - x0) / 2, (y1 - y0) / 2)
    quarter = _circle(12)
    corners = [(x1 - r, y1 - r), (x0 + r, y1 - r), (x0 + r, y0 + r), (x1 - r, y0 + r)]
    arcs = [quarter[[(3 * k + j) % 12 for j in range(4)]] * r + corner for k, corner in enumerate(corners)]
    return Shape(np.concatenate(arcs).astype(np.float32), paint, shade, line)


def limb(
    joints: Sequence[Point],
    widths: Sequence[float],
    paint: str,
    shade: float = 1.0,
    line: float = 1.0,
    ends: bool = True,
) -> Shape:
    """A tapered tube that bends smoothly through its joints; widths are half-widths at the joints."""
    place, slope = _through(len(joints))
    # As complex numbers, x + iy: a turn by a right angle is then a factor of i, and a point is one number.
    corners = np.array([complex(x, y) for x, y in joints], np.complex64)
    half = place @ np.array(widths, np.float32)
    path, along = place @ corners, slope @ corners
    along /= np.abs(along) + np.float32(1e-9)
    out = along * half * np.complex64(1j)
    count = len(path)
    outline = np.empty(2 * count + (4 if ends else 0), np.complex64)
    outline[:count] = path + out
    if ends:
        tip, tail = path[-1] + along[-1] * half[-1] * 0.9, path[0] - along[0] * half[0] * 0.9
        side, hind = out[-1] * 0.5, out[0] * 0.5
        outline[count], outline[count + 1] = tip + side, tip - side
        outline[-2], outline[-1] = tail - hind, tail + hind
    back = count + 2 if ends else count
    outline[back : back + count] = (path - out)[::-1]
    return Shape(outline.view(np.float32).reshape(-1, 2), paint, shade, line)


def stroke(points: Sequence[Point], width: float, paint: str, shade: float = 1.0, line: float = 0.0) -> Shape:
    """A drawn line that swells in the middle and thins out at its ends."""
    count = len(points)
    widths = [width * (0.35 if k in (0, count - 1) else 0.5) for k in range(count)]
    return limb(points, widths, paint, shade, line)


def moved(
    shapes: Iterable[Shape], x: float = 0.0, y: float = 0.0, scale: float = 1.0, turn: float = 0.0, flip: bool = False
) -> list[Shape]:
    """The shapes mirrored, turned by degrees about the origin, scaled and then moved."""
    c, n = (math.cos(math.radians(turn)) * scale, math.sin(math.radians(turn)) * scale) if turn else (scale, 0.0)
    side = -1.0 if flip else 1.0
    matrix = np.array(((c * side, n * side), (-n, c)), np.float32)
    return _placed(shapes, matrix, (x, y))


def in_world(shapes: Iterable[Shape], z: float, x: float = 0.0, y: float = 0.0) -> list[Shape]:
    """Flat shapes put upright into the world at a depth."""
    return _placed(shapes, np.eye(2, 3, dtype=np.float32), (x, y, z))


def on_ground(shapes: Iterable[Shape], y: float = 0.0) -> list[Shape]:
    """Flat shapes laid down: their y becomes depth."""
    return _placed(shapes, np.array([[1, 0, 0], [0, 0, 1]], np.float32), (0.0, y, 0.0))


def _placed(shapes: Iterable[Shape], matrix: np.ndarray, at: tuple[float, ...]) -> list[Shape]:
    """The shapes with all their points taken through one matrix and moved."""
    shapes = list(shapes)
    if not shapes:
        return shapes
    points = np.concatenate([s.points for s in shapes]) @ matrix + np.array(at, np.float32)
    placed, start = [], 0
    for s in shapes:
        end = start + len(s.points)
        placed.append(Shape(points[start:end], s.paint, s.shade, s.line, s.smooth))
        start = end
    return placed


def block(
    x0: float, x1: float, y0: float, y1: float, z0: float, z1: float, paint: str, top: str = "", line: float = 1.0
) -> list[Shape]:
    """A box in the world: its top, the side that we see, and its front."""
    shapes = []
    side = x0 if x0 > 0 else x1 if x1 < 0 else None
    if side is not None:
        shapes.append(polygon([(side, y0, z0), (side, y0, z1), (side, y1, z1), (side, y1, z0)], paint, 0.72, line))
    lid = [(x0, y1, z0), (x1, y1, z0), (x1, y1, z1), (x0, y1, z1)]
    shapes.append(polygon(lid, top or paint, 1.0 if top else 1.18, line))
    shapes.append(polygon([(x0, y0, z0), (x1, y0, z0), (x1, y1, z0), (x0, y1, z0)], paint, 1.0, line))
    return shapes


@lru_cache(maxsize=64)
def _circle(count: int) -> np.ndarray:
    angle = np.arange(count) * (2 * math.pi / count)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def _weights(steps: int) -> np.ndarray:
    """Catmull-Rom weights of four neighbours at each step along a segment."""
    t = np.arange(steps) / steps
    return np.stack(
        [
            -0.5 * t + t**2 - 0.5 * t**3,
            1 - 2.5 * t**2 + 1.5 * t**3,
            0.5 * t + 2 * t**2 - 1.5 * t**3,
            -0.5 * t**2 + 0.5 * t**3,
        ],
        axis=1,
    )  # (steps, 4)


@lru_cache(maxsize=256)
def _around(count: int, steps: int) -> np.ndarray:
    """Matrix that takes the corners of a closed curve to its points."""
    matrix = np.zeros((count * steps, count))
    for k in range(count):
        for j in range(4):
            matrix[k * steps : (k + 1) * steps, (k + j - 1) % count] += _weights(steps)[:, j]
    return matrix.astype(np.float32)


@lru_cache(maxsize=64)
def _through(count: int, steps: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Matrices that take the joints of an open curve to its points, and to the direction at each."""
    matrix = np.zeros(((count - 1) * steps + 1, count))
    ends = {-1: ((0, 2.0), (1, -1.0)), count: ((count - 1, 2.0), (count - 2, -1.0))}
    for k in range(count - 1):
        for j in range(4):
            for joint, share in ends.get(k + j - 1, ((k + j - 1, 1.0),)):
                matrix[k * steps : (k + 1) * steps, joint] += share * _weights(steps)[:, j]
    matrix[-1, -1] = 1.0
    slope = np.gradient(matrix, axis=0)
    assert isinstance(slope, np.ndarray)
    return matrix.astype(np.float32), slope.astype(np.float32)
