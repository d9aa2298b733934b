"""The camera: from what a shot has to show to where each point of the world lies in the picture.

A picture is measured in heights: v runs from 0 at the top to 1 at the bottom, u from 0 to the aspect at the right.
"""

import math
from dataclasses import dataclass

import numpy as np

from storywright.toonworld.scene import INDOORS, Scene
from storywright.toonworld.shapes import Point
from storywright.toonworld.staging import Box, Stage

Row = tuple[float, float, float, float]
Lens = tuple[Row, Row, Row]
"""World to camera, by rows: across, up, ahead."""

NEAR = 0.12
"""Metres in front of the lens where things begin to be seen."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A camera set up for one scene and one aspect."""

    matrix: np.ndarray
    """(3, 4): world to (u, v, 1) times depth."""
    lean: float
    """Radians by which upright figures lean back to face a camera that looks down."""
    distance: float
    """Metres from the lens to the people."""
    scale: float
    """Picture heights per metre where the people are."""
    aspect: float

    def around(self, b: Box) -> tuple[Point, Point]:
        """Low and high corner in the picture of a box on the plane where people stand."""
        return _projected(self.matrix.tolist(), self.lean, b)

    def span_at(self, depth: float) -> tuple[float, float]:
        """Where the sides of the picture are, in metres, at a depth behind the people."""
        plane = self.matrix[:, [0, 1, 3]].astype(float)
        plane[:, 2] += self.matrix[:, 2] * depth
        left, right = (np.linalg.solve(plane, (u, 0.6, 1.0)) for u in (0.0, self.aspect))
        return float(left[0] / left[2]), float(right[0] / right[2])


@dataclass(frozen=True, slots=True)
class _Angle:
    pitch: float
    """Degrees; negative looks down."""
    field: float
    """Degrees of the lens, from top to bottom."""
    lean: float
    """Share of the pitch by which figures lean."""
    roll: float = 0.0


_ANGLES = {
    "eye level": _Angle(0, 36, 0),
    "high": _Angle(-28, 50, 0.3),
    "low": _Angle(16, 54, 0.2),
    "bird's eye": _Angle(-64, 58, 0.42),
    "worm's eye": _Angle(32, 64, 0.3),
    "over the shoulder": _Angle(-4, 36, 0),
    "dutch": _Angle(2, 42, 0, 14),
}
_SPAN = {
    "extreme close-up": (0.06, 0.96), "close-up": (0.05, 0.97), "medium close-up": (0.07, 1.0), "medium": (0.08, 1.0),
    "medium full": (0.07, 1.0), "full": (0.08, 0.93), "long": (0.33, 0.9), "extreme long": (0.6, 0.84),
    "establishing": (0.5, 0.89), "insert": (0.13, 0.87),
}  # fmt: skip
"""Where what a shot shows begins and ends in the height of the picture."""
_INDOOR_SPAN = {"long": (0.3, 0.9), "extreme long": (0.53, 0.86), "establishing": (0.42, 0.9)}


def view(scene: Scene, on: Stage, aspect: float, shift: tuple[float, float, float] = (0.0, 0.0, 1.0)) -> View:
    """Set the camera up; `shift` pans and tilts by parts of the picture's height, and zooms by a factor."""
    must, everything = _subject(scene, on)
    indoors = scene.setting in INDOORS
    top, bottom = _INDOOR_SPAN.get(scene.shot, _SPAN[scene.shot]) if indoors else _SPAN[scene.shot]
    angle = _ANGLES[scene.angle]
    wide = scene.shot in ("extreme long", "establishing", "long")
    field = max(angle.field, 50 if indoors else 42) if wide else angle.field
    tall = (must[3] - must[1]) / (bottom - top)
    need = max(tall, (must[2] - must[0]) / (aspect * 0.94))
    distance = max(need / (2 * math.tan(math.radians(field / 2))), 0.55)
    pitch = math.radians(angle.pitch)
    aim_y = must[3] - (must[3] - must[1]) * 0.4
    x, y, z = (must[0] + must[2]) / 2, aim_y - distance * math.sin(pitch), -distance * math.cos(pitch)
    if wide and angle.pitch == 0:
        y = 2.1 if scene.shot == "establishing" else 1.5
    y = max(y, 0.14)
    lens = _lens((x, y, z), pitch, math.radians(angle.roll))
    lean = pitch * angle.lean
    fit = _fitted(lens, lean, scene, must, everything, aspect, top, bottom)
    pan, tilt, zoom = shift
    scale, du, dv = fit
    scale, du, dv = scale * zoom, (du - aspect / 2) * zoom + aspect / 2 - pan, (dv - 0.5) * zoom + 0.5 - tilt
    across, up, ahead = lens
    u = [scale * a + du * c for a, c in zip(across, ahead, strict=True)]
    v = [dv * c - scale * b for b, c in zip(up, ahead, strict=True)]
    depth = ahead[0] * x + ahead[1] * aim_y + ahead[3]
    return View(np.array((u, v, ahead), np.float32), lean, depth, scale / depth, aspect)


def _lens(at: tuple[float, float, float], pitch: float, roll: float) -> Lens:
    """World to camera: x right, y up, z ahead."""
    c, s, a, b = math.cos(pitch), math.sin(pitch), math.cos(roll), math.sin(roll)
    turn = ((a, b * c, -b * s), (-b, a * c, -a * s), (0.0, s, c))
    (x, y, z) = at
    across, up, ahead = ((p, q, r, -(p * x + q * y + r * z)) for p, q, r in turn)
    return across, up, ahead


def _subject(scene: Scene, on: Stage) -> tuple[Box, Box]:
    """What has to fill the span of the shot, and what should be in the picture if there is room."""
    row = on.row()
    if scene.shot == "insert" and 0 in on.prop_boxes:
        b = on.prop_boxes[0]
        margin = max(0.0, 0.26 - (b[3] - b[1])) / 2
        return (b[0], b[1] - margin, b[2], b[3] + margin), b
    if not on.actors:
        return _nobody(scene, row), row
    focus = on.actors[min(scene.focus, len(on.actors) - 1)]
    who, x = focus.who, focus.x
    hx, hy, r = who.head_at[0] + x, who.head_at[1], who.head_size
    crown = hy + 1.42 * r
    if scene.shot == "extreme close-up":
        return (hx - 0.85 * r, hy - 0.92 * r, hx + 0.85 * r, hy + 0.52 * r), row
    if scene.shot == "close-up":
        return (hx - 1.1 * r, hy - 1.32 * r, hx + 1.1 * r, crown), row
    if scene.shot in ("medium close-up", "insert"):
        return (hx - 1.5 * r, hy - 2.75 * r, hx + 1.5 * r, crown), row
    left, _, right, high = focus.box
    high = max(crown, min(high, crown + 0.55))
    if scene.shot == "medium":
        return (hx - 0.36, min(who.hips_y + 0.02, hy - 3 * r), hx + 0.36, max(crown, min(high, crown + 0.12))), (
            left,
            0,
            right,
            high,
        )
    if scene.shot == "medium full":
        knees = min(who.knees_y - 0.06, who.hips_y - 0.3)
        return (min(left, hx - 0.35), max(knees, 0.0), max(right, hx + 0.35), high), row
    top = max(a.who.head_at[1] + 1.42 * a.who.head_size for a in on.actors)
    if scene.shot in ("full",):
        return (row[0], 0.0, row[2], max(top, row[3] if row[3] < top + 1 else top)), row
    return (row[0], 0.0, row[2], max(top, 1.6)), row


def _nobody(scene: Scene, row: Box) -> Box:
    """The things alone; a wide shot keeps the room that a person would have."""
    if scene.shot in ("long", "extreme long", "establishing", "full"):
        return row[0], 0.0, row[2], max(row[3], 1.6)
    margin = {"medium full": 0.45, "medium": 0.3, "medium close-up": 0.16, "close-up": 0.06}.get(scene.shot, 0.0)
    tall = row[3] - row[1]
    if scene.shot == "extreme close-up":
        return (
            row[0] + (row[2] - row[0]) * 0.3,
            row[1] + tall * 0.35,
            row[2] - (row[2] - row[0]) * 0.3,
            row[3] - tall * 0.05,
        )
    return row[0], row[1] - margin * tall, row[2], row[3] + margin * tall


def _fitted(
    lens: Lens, lean: float, scene: Scene, must: Box, everything: Box, aspect: float, top: float, bottom: float
) -> tuple[float, float, float]:
    """Scale and shift that put the subject into its span, and as much of the rest as fits into the picture."""
    low, high = _projected(lens, lean, must)
    tall, wide = max(high[1] - low[1], 1e-3), max(high[0] - low[0], 1e-3)
    room = aspect * (0.52 if scene.words_room else 0.92)
    scale = min((bottom - top) / tall, room / wide)
    all_low, all_high = _projected(lens, lean, (everything[0], must[1], everything[2], must[3]))
    half = aspect / 2 / scale
    centre = (all_low[0] + all_high[0]) / 2
    if scene.shot in ("extreme close-up", "close-up", "insert"):
        centre = (low[0] + high[0]) / 2
    margin = 0.03 * half
    centre = min(max(centre, high[0] - half + margin), low[0] + half - margin)
    u = aspect * _across(scene)
    spare = max(0.0, (2 * half - (high[0] - low[0])) / 2 * scale - 0.03)
    u = aspect / 2 + min(max(u - aspect / 2, -spare), spare)
    v = (top + bottom) / 2
    if (bottom - top) / tall > scale + 1e-6 and scene.shot in ("close-up", "extreme close-up", "insert"):
        v = 0.5
    middle = (low[1] + high[1]) / 2
    if scale < (bottom - top) / tall - 1e-6 and scene.shot not in ("close-up", "extreme close-up", "insert"):
        return scale, u - scale * centre, bottom + scale * low[1]
    return scale, u - scale * centre, v + scale * middle


def _projected(lens: Lens, lean: float, b: Box) -> tuple[Point, Point]:
    """Low and high corner of a box as the lens sees it."""
    (xx, xy, xz, xw), (yx, yy, yz, yw), (zx, zy, zz, zw) = lens
    seen = []
    for x in (b[0], b[2]):
        for height in (b[1], b[3]):
            y, z = height * math.cos(lean), -height * math.sin(lean)
            depth = max(zx * x + zy * y + zz * z + zw, NEAR)
            seen.append(((xx * x + xy * y + xz * z + xw) / depth, (yx * x + yy * y + yz * z + yw) / depth))
    us, vs = [u for u, _ in seen], [v for _, v in seen]
    return (min(us), min(vs)), (max(us), max(vs))


def _across(scene: Scene) -> float:
    """Where in the width of the picture the subject stands: a third for a wide view, with room to look into."""
    if scene.words_room:
        return 0.29
    if scene.angle == "over the shoulder":
        return 0.4 if shoulder_right(scene) else 0.6
    if scene.shot == "establishing":
        return 0.36 if scene.seed % 2 else 0.64
    if scene.shot == "insert" or not scene.people:
        return 0.5
    facing = scene.people[min(scene.focus, len(scene.people) - 1)].facing
    lead = {"left": 0.07, "right": -0.07}.get(facing, 0.06 if scene.seed % 2 else -0.06)
    return 0.5 + lead * (0.5 if scene.shot == "extreme close-up" else 1.0)


def shoulder_right(scene: Scene) -> bool:
    """Whether the one whose shoulder we look over is at the right."""
    return bool(scene.people) and scene.people[min(scene.focus, len(scene.people) - 1)].facing == "right"
