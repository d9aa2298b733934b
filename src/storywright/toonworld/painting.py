"""Painting: from shapes in the world to filled outlines on a canvas.

What is piled up from back to front is projected through a view at once, culled, given its contours and filled. Knows
the styles, and nothing about what the shapes show.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import cv2
import numpy as np

from storywright.board import Style
from storywright.toonworld import camera, styles
from storywright.toonworld.palette import NO_PAINTS, PAINTS, Palette, Rgb, shaded
from storywright.toonworld.shapes import Bundle

cv2.setNumThreads(1)
"""A drawing is too small to share; many processes each draw their own."""

WORLD, UPRIGHT, PICTURE = 0, 1, 2
"""How points are given: in the world; in the plane of an upright figure; in the picture itself."""

_BITS = 4
"""Fractional bits of the coordinates that are filled."""
_LIMIT = np.float32(2.0e6)
_LARGE = 400
"""Height of a canvas from which the points of a curve are far enough apart to be seen."""
_PARTS = 4
"""Into how many pieces each side of a curve's outline is cut then."""
_CORNER = 0.26
"""The cosine of the turn from which a curve has a corner: 75 degrees."""


class _Layer(NamedTuple):
    points: np.ndarray
    bundle: Bundle
    palette: Palette
    light: Rgb
    kind: int
    how: int
    at: tuple[float, float, float]
    flip: bool


@dataclass(frozen=True, slots=True)
class Air:
    """What is between the lens and a shape."""

    haze: Rgb
    half_way: float
    """Metres behind the people at which half of a colour has faded into the haze."""
    hides_the_sky: bool


class Pile:
    """Bundles in the order in which they are painted, each with its colours and its light."""

    def __init__(self) -> None:
        self._layers: list[_Layer] = []

    def add_world(
        self, laid: Bundle, light: Rgb, palette: Palette = NO_PAINTS, kind: int = 0, points: np.ndarray | None = None
    ) -> None:
        """Shapes that are where they are, or have these other points."""
        points = laid.points if points is None else points
        self._layers.append(_Layer(points, laid, palette, light, kind, WORLD, _HERE, False))

    def add_upright(
        self, laid: Bundle, at: tuple[float, float, float], light: Rgb, palette: Palette, kind: int, flip: bool
    ) -> None:
        """A flat figure with its feet at this place of the world, or its mirror image."""
        self._layers.append(_Layer(laid.points, laid, palette, light, kind, UPRIGHT, at, flip))

    def add_to_picture(self, laid: Bundle, light: Rgb) -> None:
        """Shapes in parts of the picture's height, in front of everything."""
        self._layers.append(_Layer(laid.points, laid, NO_PAINTS, light, 0, PICTURE, _HERE, False))

    def outlines(self, seen: camera.View, style: Style, air: Air, height: int) -> "Outlines":
        """Everything that is seen, ready to fill on a canvas of this height."""
        points = self._projected(seen)
        counts = np.concatenate([layer.bundle.counts for layer in self._layers])
        ends = counts.cumsum()
        starts = ends - counts
        depth = points[2]
        flat = points[:2] / np.maximum(depth, camera.NEAR)
        low, high = np.minimum.reduceat(flat, starts, axis=1), np.maximum.reduceat(flat, starts, axis=1)
        visible, cut = _visible(points, starts, ends, low, high, seen.aspect, height)
        order = visible.nonzero()[0]
        line, kinds, fills, contours, nearness = self._colours(order, depth[starts[order]], seen, style, air)
        pen = styles.LINES[style]
        width = styles.chosen(kinds > 0, pen.subject, pen.scenery) * np.float32(0.001) * nearness * line
        width = np.minimum(width, (high - low).min(axis=0)[order] * np.float32(0.16) + np.float32(0.0006))
        width = _drawable(width, height)
        width[np.searchsorted(order, list(cut))] = 0.0
        flat = flat.take(visible.repeat(counts).nonzero()[0], axis=1)
        counts = counts[order]
        if height >= _LARGE:
            smooth = np.concatenate([layer.bundle.smooth for layer in self._layers])[order]
            flat, counts = _rounded(flat, counts, smooth)
        if pen.wobble:
            flat = _strayed(flat, pen.wobble * 0.001)
        inner = _split(_fixed(flat, height), counts)
        for k, kept in cut.items():
            inner[int(np.searchsorted(order, k))] = _fixed(kept, height)
        return Outlines(
            outer=_widened(flat, counts, width, pen.heavy, height),
            inner=inner,
            lines=list(zip(*contours.tolist(), strict=True)),
            fills=list(zip(*fills.tolist(), strict=True)),
            kinds=kinds.tolist(),
            first=int(np.searchsorted(order, len(self._layers[0].bundle.counts))),
        )

    def _projected(self, seen: camera.View) -> np.ndarray:
        """All points as (u, v, 1) times their depth: (3, points)."""
        matrix = seen.matrix
        rise = matrix[:, 1] * np.float32(np.cos(seen.lean)) - matrix[:, 2] * np.float32(np.sin(seen.lean))
        upright = np.stack([matrix[:, 0], rise], axis=1)
        parts = []
        for how, group in groupby(self._layers, key=lambda layer: layer.how):
            layers = list(group)
            points = layers[0].points if len(layers) == 1 else np.concatenate([one.points for one in layers], axis=1)
            if how == WORLD:
                parts.append(matrix[:, :3] @ points + matrix[:, 3:])
            elif how == UPRIGHT:
                at = np.array([layer.at for layer in layers], np.float32).T
                feet = upright @ at[:2] + matrix[:, 2:3] * at[2:] + matrix[:, 3:]
                sizes = [layer.points.shape[1] for layer in layers]
                if any(layer.flip for layer in layers):
                    sides = np.array([-1 if layer.flip else 1 for layer in layers], np.float32)
                    points = np.stack([points[0] * sides.repeat(sizes), points[1]])
                parts.append(upright @ points + feet.repeat(sizes, axis=1))
            else:
                away = np.float32(seen.distance)
                parts.append(np.vstack([points * away, np.full((1, points.shape[1]), away)]))
        return np.concatenate(parts, axis=1)

    def _colours(
        self, order: np.ndarray, depth: np.ndarray, seen: camera.View, style: Style, air: Air
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Weight of the line, kind, fill, contour and nearness of each outline that is seen."""
        laid = [layer.bundle for layer in self._layers]
        sizes = [len(one.counts) for one in laid]
        tables = [part for layer in self._layers for part in (layer.palette, layer.bundle.colours)]
        first = np.array([0] + [len(PAINTS) + one.colours.shape[1] for one in laid[:-1]]).cumsum()
        paint = (np.concatenate([one.paints for one in laid]) + first.repeat(sizes)).take(order)
        shades = np.concatenate([one.shades for one in laid]).take(order)
        lines = np.concatenate([one.lines for one in laid]).take(order)
        shining = np.concatenate([one.shining for one in laid]).take(order)
        layer = np.arange(len(laid)).repeat(sizes).take(order)
        kinds = np.array([one.kind for one in self._layers]).take(layer)
        light = np.array([one.light for one in self._layers], np.float32).T.take(layer, axis=1)
        colours = shaded(np.concatenate(tables, axis=1).take(paint, axis=1), shades)
        colours *= np.where(shining, np.float32(1), light)
        away = np.maximum(depth - np.float32(seen.distance), 0)
        fade = np.minimum(1 - np.exp2(away * np.float32(-1 / air.half_way)), np.float32(0.9))
        if not air.hides_the_sky:
            fade = np.where(shining & (depth > 100), np.float32(0), fade)
        colours += (np.array(air.haze, np.float32)[:, None] - colours) * fade
        fills, contours = styles.coloured(style, colours, kinds > 0)
        metre = np.float32(seen.scale * seen.distance / 0.6) / np.maximum(depth, np.float32(camera.NEAR))
        nearness = np.minimum(np.maximum(np.sqrt(metre), np.float32(0.5)), np.float32(1.6))
        return lines, kinds, fills, contours, nearness


@dataclass(frozen=True, slots=True)
class Outlines:
    """What is seen, from back to front, in fixed point on the canvas."""

    outer: list[np.ndarray | None]
    """Grown by the line; None where there is none."""
    inner: list[np.ndarray]
    lines: list[tuple[float, ...]]
    fills: list[tuple[float, ...]]
    kinds: list[int]
    first: int
    """How many of them belong to the first bundle of the pile."""

    def paint(self, canvas: np.ndarray, after_first: Callable[[np.ndarray], None] | None = None) -> None:
        """Fill the outlines; `after_first` is done to the canvas when the first bundle is on it."""
        if after_first is None:
            self._fill(canvas, slice(None))
            return
        self._fill(canvas, slice(self.first))
        after_first(canvas)
        self._fill(canvas, slice(self.first, None))

    def mark(self, canvas: np.ndarray) -> None:
        """Fill the outlines with their kinds."""
        for inner, kind in zip(self.inner, self.kinds, strict=True):
            cv2.fillPoly(canvas, [inner], kind, 8, _BITS)

    def _fill(self, canvas: np.ndarray, part: slice) -> None:
        fill = cv2.fillPoly
        outlines = zip(self.outer[part], self.inner[part], self.lines[part], self.fills[part], strict=True)
        for outer, inner, line, colour in outlines:
            if outer is not None:
                fill(canvas, [outer], line, 8, _BITS)
            fill(canvas, [inner], colour, 8, _BITS)


_HERE = (0.0, 0.0, 0.0)


def _visible(
    points: np.ndarray, starts: np.ndarray, ends: np.ndarray, low: np.ndarray, high: np.ndarray, aspect: float,
    height: int,
) -> tuple[np.ndarray, dict[int, np.ndarray]]:  # fmt: skip
    """Whether each outline is in the picture and large enough to be seen; and what is left of those behind the lens."""
    visible = (high[0] > 0) & (low[0] < aspect) & (high[1] > 0) & (low[1] < 1)
    visible &= (high - low).max(axis=0) > 2.4 / height
    behind = (np.minimum.reduceat(points[2], starts) < camera.NEAR).nonzero()[0].tolist()
    cut = {}
    for k in behind:
        kept = list(_before_lens(points[:, starts[k] : ends[k]].T.tolist()))
        us, vs = [u for u, _ in kept], [v for _, v in kept]
        visible[k] = bool(kept) and max(us) > 0 and min(us) < aspect and max(vs) > 0 and min(vs) < 1
        if visible[k]:
            cut[k] = np.array((us, vs), np.float32)
    return visible, cut


def _before_lens(outline: list[list[float]]) -> Iterator[tuple[float, float]]:
    """Where in the picture the part of an outline before the lens lies; only ground, walls and ceiling are cut."""
    ax, ay, az = outline[-1]
    for bx, by, bz in outline:
        if (az >= camera.NEAR) != (bz >= camera.NEAR):
            t = (camera.NEAR - az) / (bz - az)
            yield (ax + (bx - ax) * t) / camera.NEAR, (ay + (by - ay) * t) / camera.NEAR
        if bz >= camera.NEAR:
            yield bx / bz, by / bz
        ax, ay, az = bx, by, bz


def _split(points: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
    """The points of each outline."""
    ends = counts.cumsum()
    spans = zip((ends - counts).tolist(), ends.tolist(), strict=True)
    return [points[start:end] for start, end in spans]


def _rounded(flat: np.ndarray, counts: np.ndarray, smooth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outlines with more points where they stand for a curve: on Hermite curves that keep to the corners."""
    following, previous = _neighbours(counts)
    after = flat.take(following, axis=1) - flat
    before = after.take(previous, axis=1)
    far, near = (np.sqrt((side * side).sum(axis=0)) + np.float32(1e-9) for side in (after, before))
    along = after + before
    along *= np.minimum(far, near) / (np.sqrt((along * along).sum(axis=0)) + np.float32(1e-9))
    along *= (after * before).sum(axis=0) > np.float32(_CORNER) * far * near
    parts = np.where(smooth, _PARTS, 1)
    pieces = parts.repeat(counts)
    start = np.arange(flat.shape[1]).repeat(pieces)
    end = following.take(start)
    t = ((np.arange(len(start)) - (pieces.cumsum() - pieces).repeat(pieces)) / pieces.repeat(pieces)).astype(np.float32)
    u = 1 - t
    a, b = flat.take(start, axis=1), flat.take(end, axis=1)
    bends = along.take(start, axis=1) * (t * u * u) - along.take(end, axis=1) * (t * t * u)
    return a * (u * u * (1 + 2 * t)) + b * (t * t * (3 - 2 * t)) + bends, counts * parts


def _neighbours(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place of the point after each, and of the one before it, around its outline."""
    ends = counts.cumsum()
    starts = ends - counts
    place = np.arange(ends[-1])
    following, previous = place + 1, place - 1
    following[ends - 1], previous[starts] = starts, ends - 1
    return following, previous


def _drawable(width: np.ndarray, height: int) -> np.ndarray:
    """No line thinner than the canvas can hold: it would break into dashes."""
    pixels = width * np.float32(height)
    return np.where(pixels < 0.4, np.float32(0), np.maximum(pixels, np.float32(1.25))) * np.float32(1 / height)


def _strayed(flat: np.ndarray, by: float) -> np.ndarray:
    """A hand is not a ruler: points stray together with their neighbours."""
    waves = np.sin(_WAVES @ flat + _PHASES)
    return flat + (waves[:2] + waves[2:]) * np.float32(by * 0.6)


_WAVES = np.array(((13, 5), (-6, 11), (-7, 17), (19, 3)), np.float32)
_PHASES = np.array(((0,), (2,), (1,), (0,)), np.float32)
"""Two waves across and two down, in turn."""


def _widened(
    flat: np.ndarray, counts: np.ndarray, width: np.ndarray, heavy: float, height: int
) -> list[np.ndarray | None]:
    """Each outline grown by its line, more on the side away from the light and nowhere less than can be seen."""
    lined = width > 0
    if not lined.any():
        return [None] * len(counts)
    flat = flat.take(lined.repeat(counts).nonzero()[0], axis=1)
    counts, width = counts[lined], width[lined]
    following, previous = _neighbours(counts)
    after = flat.take(following, axis=1)
    along = after - flat.take(previous, axis=1)
    area = np.add.reduceat(flat[0] * after[1] - flat[1] * after[0], counts.cumsum() - counts)
    side = np.where(area >= 0, np.float32(1), np.float32(-1)).repeat(counts)
    side /= np.sqrt(along[0] * along[0] + along[1] * along[1]) + np.float32(1e-9)
    normal = along[::-1] * side * _OUTWARD
    grow = width.repeat(counts)
    if heavy:
        grow *= 1 + np.float32(heavy * 0.45) * normal[0] + np.float32(heavy * 0.8) * normal[1]
    grown = _split(_fixed(flat + normal * np.maximum(grow, np.float32(1.1 / height)), height), counts)
    pieces = iter(grown)
    return [next(pieces) if has else None for has in lined.tolist()]


_OUTWARD = np.array(((1,), (-1,)), np.float32)


def _fixed(flat: np.ndarray, height: int) -> np.ndarray:
    """Points, (2, points), as they are filled: (points, 2) in whole parts of a pixel."""
    fixed = flat * np.float32(height * (1 << _BITS))
    np.minimum(np.maximum(fixed, -_LIMIT, out=fixed), _LIMIT, out=fixed)
    return fixed.T.astype(np.int32, order="C")
