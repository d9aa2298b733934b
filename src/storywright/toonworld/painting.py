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
from storywright.toonworld.palette import Palette, Rgb, pots, shaded
from storywright.toonworld.shapes import Bundle

cv2.setNumThreads(1)
"""A drawing is too small to share; many processes each draw their own."""

WORLD, UPRIGHT, PICTURE = 0, 1, 2
"""How points are given: in the world; in the plane of an upright figure; in the picture itself."""

_BITS = 4
"""Fractional bits of the coordinates that are filled."""
_LIMIT = np.float32(2.0e6)


class _Layer(NamedTuple):
    points: np.ndarray
    bundle: Bundle
    palette: Palette
    light: Rgb
    kind: int
    how: int
    at: tuple[float, float, float]


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
        self, laid: Bundle, light: Rgb, palette: Palette = (), kind: int = 0, points: np.ndarray | None = None
    ) -> None:
        """Shapes that are where they are, or have these other points."""
        self._layers.append(_Layer(laid.points if points is None else points, laid, palette, light, kind, WORLD, _HERE))

    def add_upright(
        self, laid: Bundle, at: tuple[float, float, float], light: Rgb, palette: Palette, kind: int,
        points: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        """A flat figure with its feet at this place of the world."""
        self._layers.append(_Layer(laid.points if points is None else points, laid, palette, light, kind, UPRIGHT, at))

    def add_to_picture(self, laid: Bundle, light: Rgb) -> None:
        """Shapes in parts of the picture's height, in front of everything."""
        self._layers.append(_Layer(laid.points, laid, (), light, 0, PICTURE, _HERE))

    def outlines(self, seen: camera.View, style: Style, air: Air, height: int) -> "Outlines":
        """Everything that is seen, ready to fill on a canvas of this height."""
        points = self._projected(seen)
        counts = np.concatenate([layer.bundle.counts for layer in self._layers])
        ends = np.cumsum(counts)
        starts = ends - counts
        depth = points[:, 2]
        flat = points[:, :2] / np.maximum(depth, camera.NEAR)[:, None]
        low, high = np.minimum.reduceat(flat, starts), np.maximum.reduceat(flat, starts)
        order, cut = _visible(points, starts, ends, low, high, seen.aspect, height)
        line, kinds, fills, contours, nearness = self._colours(order, depth[starts[order]], seen, style, air)
        pen = styles.LINES[style]
        width = np.where(kinds > 0, pen.subject, pen.scenery) * np.float32(0.001) * nearness * line
        width = np.minimum(width, (high - low)[order].min(axis=1) * 0.16 + 0.0006)
        width = _drawable(width, height)
        width[np.searchsorted(order, list(cut))] = 0.0
        seen_counts = counts[order]
        flat = flat[_chosen(order, counts)]
        if pen.wobble:
            flat = _strayed(flat, pen.wobble * 0.001)
        inner, outer = _fixed(flat, height), _widened(flat, seen_counts, width, pen.heavy, height)
        spans = list(zip(order.tolist(), *_spans(seen_counts), strict=True))
        return Outlines(
            outer=outer,
            inner=[_fixed(cut[k], height) if k in cut else inner[a:b] for k, a, b in spans],
            lines=contours.tolist(),
            fills=fills.tolist(),
            kinds=kinds.tolist(),
            first=int((order < len(self._layers[0].bundle.counts)).sum()),
        )

    def _projected(self, seen: camera.View) -> np.ndarray:
        """All points as (u, v, 1) times their depth."""
        matrix = seen.matrix
        rise = matrix[:, 1] * np.float32(np.cos(seen.lean)) - matrix[:, 2] * np.float32(np.sin(seen.lean))
        upright = np.stack([matrix[:, 0], rise])
        parts = []
        for how, group in groupby(self._layers, key=lambda layer: layer.how):
            layers = list(group)
            points = layers[0].points if len(layers) == 1 else np.concatenate([layer.points for layer in layers])
            if how == WORLD:
                parts.append(points @ matrix[:, :3].T + matrix[:, 3])
            elif how == UPRIGHT:
                at = np.array([layer.at for layer in layers], np.float32)
                feet = at[:, :1] * upright[0] + at[:, 1:2] * upright[1] + at[:, 2:] * matrix[:, 2] + matrix[:, 3]
                parts.append(points @ upright + np.repeat(feet, [len(layer.points) for layer in layers], axis=0))
            else:
                away = np.float32(seen.distance)
                parts.append(np.column_stack([points * away, np.full(len(points), away)]))
        return np.concatenate(parts)

    def _colours(
        self, order: np.ndarray, depth: np.ndarray, seen: camera.View, style: Style, air: Air
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Weight of the line, kind, fill, contour and nearness of each outline that is seen."""
        laid = [layer.bundle for layer in self._layers]
        mixed = [pots(layer.bundle.names, layer.palette) for layer in self._layers]
        base = np.cumsum([0] + [len(table) for table, _ in mixed[:-1]])
        paint = np.concatenate([b.paints + k for b, k in zip(laid, base.tolist(), strict=True)])[order]
        shining = np.concatenate([glows for _, glows in mixed])[paint]
        layer_of = np.repeat(np.arange(len(laid)), [len(b.counts) for b in laid])[order]
        shades = np.concatenate([b.shades for b in laid])[order]
        colours = shaded(np.concatenate([table for table, _ in mixed])[paint], shades)
        light = np.array([layer.light for layer in self._layers], np.float32)[layer_of]
        colours = np.where(shining[:, None], colours, colours * light)
        fade = np.minimum(1 - np.exp2(np.maximum(depth - seen.distance, 0) / -air.half_way), 0.9)
        if not air.hides_the_sky:
            fade = np.where(shining & (depth > 100), 0, fade)
        colours += (np.array(air.haze, np.float32) - colours) * fade[:, None].astype(np.float32)
        kinds = np.array([layer.kind for layer in self._layers])[layer_of]
        fills, contours = styles.coloured(style, colours, kinds > 0)
        metre = seen.scale * seen.distance / np.maximum(depth, camera.NEAR)
        nearness = np.minimum(np.maximum(np.sqrt(metre / 0.6), 0.5), 1.6)
        lines = np.concatenate([b.lines for b in laid])[order]
        return lines, kinds, np.clip(fills, 0, 255), np.clip(contours, 0, 255), nearness


@dataclass(frozen=True, slots=True)
class Outlines:
    """What is seen, from back to front, in fixed point on the canvas."""

    outer: list[np.ndarray | None]
    """Grown by the line; None where there is none."""
    inner: list[np.ndarray]
    lines: list[list[float]]
    fills: list[list[float]]
    kinds: list[int]
    first: int
    """How many of them belong to the first bundle of the pile."""

    def paint(self, canvas: np.ndarray, after_first: Callable[[np.ndarray], None] | None = None) -> None:
        """Fill the outlines; `after_first` is done to the canvas when the first bundle is on it."""
        fill = cv2.fillPoly
        for k, (outer, inner, line, colour) in enumerate(
            zip(self.outer, self.inner, self.lines, self.fills, strict=True)
        ):
            if k == self.first and after_first:
                after_first(canvas)
            if outer is not None:
                fill(canvas, [outer], line, 8, _BITS)
            fill(canvas, [inner], colour, 8, _BITS)
        if self.first == len(self.inner) and after_first:
            after_first(canvas)

    def mark(self, canvas: np.ndarray) -> None:
        """Fill the outlines with their kinds."""
        for inner, kind in zip(self.inner, self.kinds, strict=True):
            cv2.fillPoly(canvas, [inner], kind, 8, _BITS)


_HERE = (0.0, 0.0, 0.0)


def _visible(
    points: np.ndarray, starts: np.ndarray, ends: np.ndarray, low: np.ndarray, high: np.ndarray, aspect: float,
    height: int,
) -> tuple[np.ndarray, dict[int, np.ndarray]]:  # fmt: skip
    """Which outlines are in the picture and large enough to be seen; and what is left of those behind the lens."""
    visible = (high[:, 0] > 0) & (low[:, 0] < aspect) & (high[:, 1] > 0) & (low[:, 1] < 1)
    visible &= (high - low).max(axis=1) * height > 2.4
    behind = np.flatnonzero(np.minimum.reduceat(points[:, 2], starts) < camera.NEAR).tolist()
    cut = {}
    for k in behind:
        kept = list(_before_lens(points[starts[k] : ends[k]].tolist()))
        us, vs = [u for u, _ in kept], [v for _, v in kept]
        visible[k] = bool(kept) and max(us) > 0 and min(us) < aspect and max(vs) > 0 and min(vs) < 1
        if visible[k]:
            cut[k] = np.array(kept, np.float32)
    return np.flatnonzero(visible), cut


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


def _chosen(order: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Which points belong to the chosen outlines."""
    chosen = np.zeros(len(counts), bool)
    chosen[order] = True
    return np.repeat(chosen, counts)


def _spans(counts: np.ndarray) -> tuple[list[int], list[int]]:
    ends = np.cumsum(counts)
    return (ends - counts).tolist(), ends.tolist()


def _drawable(width: np.ndarray, height: int) -> np.ndarray:
    """No line thinner than the canvas can hold: it would break into dashes."""
    pixels = width * height
    return np.where(pixels < 0.4, 0.0, np.maximum(pixels, 1.25)) / height


def _strayed(flat: np.ndarray, by: float) -> np.ndarray:
    """A hand is not a ruler: points stray together with their neighbours."""
    u, v = flat[:, 0], flat[:, 1]
    du = np.sin(13 * u + 5 * v) + np.sin(-7 * u + 17 * v + 1)
    dv = np.sin(11 * v - 6 * u + 2) + np.sin(19 * u + 3 * v)
    return flat + np.stack([du, dv], axis=1) * np.float32(by * 0.6)


def _widened(
    flat: np.ndarray, counts: np.ndarray, width: np.ndarray, heavy: float, height: int
) -> list[np.ndarray | None]:
    """Each outline grown by its line, more on the side away from the light and nowhere less than can be seen."""
    lined = width > 0
    if not lined.any():
        return [None] * len(counts)
    flat, counts, width = flat[np.repeat(lined, counts)], counts[lined], width[lined].astype(np.float32)
    ends = np.cumsum(counts)
    starts = ends - counts
    after, before = np.empty_like(flat), np.empty_like(flat)
    after[:-1], after[ends - 1] = flat[1:], flat[starts]
    before[1:], before[starts] = flat[:-1], flat[ends - 1]
    along = after - before
    length = np.sqrt(along[:, 0] ** 2 + along[:, 1] ** 2) + np.float32(1e-9)
    area = np.add.reduceat(flat[:, 0] * after[:, 1] - flat[:, 1] * after[:, 0], starts)
    side = np.repeat(np.where(area >= 0, np.float32(1), np.float32(-1)), counts) / length
    nx, ny = along[:, 1] * side, -along[:, 0] * side
    grow = np.repeat(width, counts) * (1 + np.float32(heavy) * (0.45 * nx + 0.8 * ny))
    grow = np.maximum(grow, np.float32(1.1 / height))
    grown = _fixed(flat + np.stack([nx * grow, ny * grow], axis=1), height)
    pieces = iter(zip(starts.tolist(), ends.tolist(), strict=True))
    return [grown[slice(*next(pieces))] if has else None for has in lined.tolist()]


def _fixed(flat: np.ndarray, height: int) -> np.ndarray:
    fixed = flat * np.float32(height * (1 << _BITS))
    return np.maximum(np.minimum(fixed, _LIMIT), -_LIMIT).astype(np.int32)
