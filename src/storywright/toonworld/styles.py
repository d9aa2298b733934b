"""The four styles: what becomes of a colour, how a contour is drawn, and how the paper shows.

Textures are low in frequency and laid out in parts of the picture, so that they are the same at every size.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from storywright.board import Style

PAPER: dict[str, tuple[int, int, int]] = {
    "flat": (255, 255, 255), "pencil": (247, 243, 234), "ink": (250, 248, 242), "watercolour": (251, 248, 240),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """How a style draws contours."""

    subject: float
    """Width around people and props, in thousandths of the picture's height."""
    scenery: float
    heavy: float
    """How much heavier a line is on the side away from the light."""
    wobble: float
    """How far a line strays, in thousandths of the height."""


LINES: dict[str, Line] = {
    "flat": Line(3.2, 0.0, 0.0, 0.0),
    "pencil": Line(7.5, 4.5, 0.35, 2.6),
    "ink": Line(9.5, 5.2, 0.8, 2.0),
    "watercolour": Line(4.0, 2.6, 0.5, 5.0),
}


def coloured(style: Style, colours: np.ndarray, subject: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fill and contour of each shape: (3, shapes) each; `subject` says which are people and props."""
    if style == "flat":
        return colours, colours * np.float32(0.62)
    light = _BRIGHTNESS @ colours
    if style == "pencil":
        drained = light + (colours - light) * chosen(subject, 0.8, 0.24)
        fill = _PAPERS["pencil"] * (1 - (1 - drained / 255) * chosen(subject, 0.84, 0.62))
        return fill, chosen(subject, 58, 84) + fill * chosen(subject, 0.06, 0.12)
    if style == "ink":
        return _inked(colours, light, subject)
    wash = chosen(subject, 0.93, 0.78)
    soft = light + (colours - light) * chosen(subject, 1.12, 0.95)
    fill = np.clip(_PAPERS["watercolour"] * (1 - wash) + soft * wash, 0, 255)
    return fill, fill * np.float32(0.66)


def _inked(colours: np.ndarray, light: np.ndarray, subject: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """People and props get a clear wash; the place gets four greys with a breath of its colour."""
    paper = _PAPERS["ink"]
    tone = _TONES[np.searchsorted(_TONE_EDGES, light, side="right")]
    place = np.clip(tone + (colours - light) * 0.26, 0, 255) * paper / 255
    wash = np.clip(light + (colours - light) * 1.05, 0, 255) * 0.86 + paper * 0.14
    wash = wash * chosen(light < 62, 0.62, 1.0)
    fill = np.where(subject, wash, place)
    dark = (fill.mean(axis=0) < 60) & subject
    return fill, np.where(dark, np.float32(8), _INK)


def chosen(own: np.ndarray, subject: float, scenery: float) -> np.ndarray:
    """One number for people and props, another for the place."""
    return np.where(own, np.float32(subject), np.float32(scenery))


_BRIGHTNESS = np.array([0.3, 0.59, 0.11], np.float32)
_PAPERS = {style: np.array(paper, np.float32)[:, None] for style, paper in PAPER.items()}
_TONES = np.array([30, 92, 166, 217, 249], np.float32)
_TONE_EDGES = np.array([44, 90, 138, 188], np.float32)
_INK = np.array([[22], [20], [24]], np.float32)


def finished(style: Style, picture: np.ndarray) -> np.ndarray:
    """The picture on its paper."""
    if style == "pencil":
        return _pencilled(picture)
    if style == "watercolour":
        return _washed(picture)
    return picture


def _pencilled(picture: np.ndarray) -> np.ndarray:
    """Hatching where it is dark, and an edge of bare paper."""
    height, width = picture.shape[:2]
    reach = max(3, round(height * 0.046) | 1)
    tone = cv2.blur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (reach, reach))
    hatch = _hatching(height, width)
    dark = cv2.subtract(np.full_like(tone, 150), tone)
    stroke = cv2.multiply(dark, hatch, scale=1 / 255)
    lines = cv2.merge([stroke, stroke, stroke])
    lit = cv2.addWeighted(picture, 1.0, lines, 0.36, 0)
    return _on_paper(lit, "pencil", 0.022, 0.9)


def _washed(picture: np.ndarray) -> np.ndarray:
    """Edges that wander and gather pigment, colour that pools, and paper around it."""
    height, width = picture.shape[:2]
    whole, parts = _wander(height, width)
    picture = cv2.remap(picture, whole, parts, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    reach = max(3, round(height * 0.035) | 1)
    around = cv2.blur(picture, (reach, reach))
    rim = cv2.subtract(around, picture)
    halo = cv2.subtract(picture, around)
    picture = cv2.addWeighted(picture, 1.0, rim, -0.42, 0)
    picture = cv2.addWeighted(picture, 1.0, halo, 0.3, 0)
    thin = cv2.multiply(cv2.bitwise_not(picture), _pools(height, width), scale=1 / 255)
    picture = cv2.addWeighted(picture, 1.0, thin, 0.55, 0)
    return _on_paper(picture, "watercolour", 0.035, 1.0)


def _on_paper(picture: np.ndarray, style: str, margin: float, strength: float) -> np.ndarray:
    inside, outside = _margin(*picture.shape[:2], style, margin, strength)
    return cv2.add(cv2.multiply(picture, inside, scale=1 / 255), outside)


@lru_cache(maxsize=32)
def _margin(height: int, width: int, style: str, margin: float, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """How much of the picture is seen, of 255, and what is seen of the paper: bare along an uneven edge."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = (x + 0.5) / height, (y + 0.5) / height
    aspect = width / height
    edge = np.minimum(np.minimum(x, aspect - x), np.minimum(y, 1 - y))
    stray = 0.008 * np.sin(9 * x + 4) * np.sin(7 * y + 1) + 0.005 * np.sin(23 * x + 11 * y)
    inside = np.clip((edge + stray * (margin / 0.035) - margin * 0.55) / (margin * 0.5), 0, 1) * strength + (
        1 - strength
    )
    cover = np.repeat((255 * inside).round().astype(np.uint8)[:, :, None], 3, axis=2)
    return cover, ((1 - cover / 255) * PAPER[style]).round().astype(np.uint8)


@lru_cache(maxsize=32)
def _hatching(height: int, width: int) -> np.ndarray:
    """Slanting strokes, bright where the paper shows between them."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    bend = 0.012 * np.sin(6 * x + 3 * y)
    strokes = 0.5 + 0.5 * np.sin((x * 0.8 + y + bend) * 2 * np.pi * 15)
    patch = 0.55 + 0.45 * np.sin(5.1 * x + 1) * np.sin(6.3 * y + 2)
    return (255 * np.clip(strokes * patch, 0, 1)).astype(np.uint8)


@lru_cache(maxsize=32)
def _pools(height: int, width: int) -> np.ndarray:
    """Where pigment is thin, so that paper shines through."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    field = (
        np.sin(4.3 * x + 2.1 * y + 1)
        + np.sin(-3.1 * x + 5.7 * y + 2)
        + 0.7 * np.sin(9.1 * x + 6.3 * y)
        + 0.5 * np.sin(-11 * x + 13 * y + 4)
    )
    field = np.clip(0.5 + field / 5, 0, 1)
    return np.repeat((150 * field).astype(np.uint8)[:, :, None], 3, axis=2)


@lru_cache(maxsize=32)
def _wander(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """From where each pixel is taken, in whole pixels and 32nds of one, as it is looked up in the end."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = x / height, y / height
    dx = 0.0055 * np.sin(21 * v + 3 * u) + 0.0035 * np.sin(37 * u - 17 * v + 1)
    dy = 0.0055 * np.sin(19 * u + 2 * v + 2) + 0.0035 * np.sin(31 * v + 23 * u)
    across, down = (x + dx * height).astype(np.float32), (y + dy * height).astype(np.float32)
    whole, parts = cv2.convertMaps(across, down, cv2.CV_16SC2)
    return whole, parts
