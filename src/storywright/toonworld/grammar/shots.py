"""Film grammar: which shot and angle follow which.

The first panel establishes; after it sizes vary; two shots of the same people in the same place differ by at least two
steps of size or by the angle, so that no cut jumps; a close shot looks at one person, an insert at one thing. Knows
nothing about plots.
"""

from dataclasses import dataclass
from random import Random

SIZES = (
    "extreme close-up", "close-up", "medium close-up", "medium", "medium full", "full", "long", "extreme long",
    "establishing",
)  # fmt: skip
"""From the tightest to the widest; an insert stands apart."""

_OF_CLASS = {
    "wide": ("establishing", "extreme long", "long"),
    "full": ("long", "full", "medium full"),
    "near": ("medium full",),
    "alone": ("medium", "medium", "medium full"),
    "close": ("medium close-up", "close-up", "extreme close-up"),
    "insert": ("insert",),
}
_ANGLES = {
    "wide": ("eye level", "high", "low", "bird's eye", "dutch"),
    "full": ("eye level", "high", "low", "bird's eye", "worm's eye", "dutch"),
    "alone": ("eye level", "high", "low", "bird's eye", "worm's eye", "dutch"),
    "near": ("eye level", "high", "low", "bird's eye", "worm's eye", "dutch"),
    "close": ("eye level", "high", "low", "bird's eye", "worm's eye", "dutch"),
    "insert": ("eye level", "high", "bird's eye", "low", "dutch", "worm's eye"),
}
_EYE_LEVEL_WEIGHT = 2


@dataclass(frozen=True, slots=True)
class Shot:
    """How a panel is framed, and what is in the frame."""

    size: str
    angle: str
    setting: str
    subject: frozenset[str]


def shot(random: Random, kind: str, setting: str, subject: frozenset[str], before: Shot | None) -> Shot:
    """A shot of this class that cuts well from the one before."""
    sizes = list(_OF_CLASS[kind])
    if before and kind != "insert":
        sizes = [size for size in sizes if not jumps(size, setting, subject, before)] or sizes
    size = random.choice(sizes)
    angles = list(_ANGLES[kind])
    if len(subject) > 1 and kind in ("full", "near"):
        angles += ["over the shoulder"] * 2
    if before and (jumps(size, setting, subject, before) or random.random() < 0.5):
        angles = [angle for angle in angles if angle != before.angle]
    weights = [_EYE_LEVEL_WEIGHT if angle == "eye level" else 1 for angle in angles]
    return Shot(size, random.choices(angles, weights)[0], setting, subject)


def jumps(size: str, setting: str, subject: frozenset[str], before: Shot) -> bool:
    """Whether the cut shows nearly the same again: the same people in the same place at nearly the same size."""
    if setting != before.setting or subject != before.subject:
        return False
    if "insert" in (size, before.size):
        return size == before.size
    return abs(SIZES.index(size) - SIZES.index(before.size)) < 2
