"""The quality card of a board: what each measure means, and which panel is weakest by it.

Knows nothing about models: what they saw comes as vectors, and what was measured of a panel stands in its scores.
"""

import re
from collections.abc import Sequence

import numpy as np

from storywright.board import Panel, Score, Storyboard

FIT, LOOKS = "fit", "looks"
"""The scores of a panel: how well its picture fits its words, and how surely its looks are read."""


def fit(value: float) -> Score:
    """What a panel says about its picture."""
    return Score(name=FIT, value=round(value, 4), reason="cosine of the picture and its words")


def looks(value: float, misread: str) -> Score:
    """What a panel says about its people and its product; `misread` names what is read as something else."""
    reason = "share of hair, clothes and product colours that the critic reads right"
    return Score(name=LOOKS, value=round(value, 4), reason=f"{reason}; {misread}" if misread else reason)


def alignment(panels: Sequence[Panel]) -> Score | None:
    """How well the pictures fit their words, and which does least."""
    found = _of(panels, FIT)
    if not found:
        return None
    weakest = min(found, key=lambda one: one[1].value)[0]
    reason = f"cosine of picture and words, mean over panels; weakest is {weakest.id}: {weakest.action}"
    return Score(name="alignment", value=_mean(found), reason=reason)


def consistency(panels: Sequence[Panel]) -> Score | None:
    """How well people and product keep their looks, and where they do least; None where nobody's looks are known."""
    found = _of(panels, LOOKS)
    if not found:
        return None
    weakest, score = min(found, key=lambda one: one[1].value)
    reason = "share of hair, clothes and product colours that the critic reads right, mean over panels"
    misread = score.reason.partition("; ")[2]
    told = f"{reason}; weakest is {weakest.id}{f': {misread}' if misread else ''}" if score.value < 1 else reason
    return Score(name="consistency", value=_mean(found), reason=told)


def continuity(seen: np.ndarray, panels: Sequence[Panel]) -> Score:
    """How near each picture is to the one before; a board that jumps from world to world scores low."""
    if len(seen) < 2:
        return Score(name="continuity", value=1.0, reason="a single panel")
    near = np.sum(seen[1:] * seen[:-1], axis=1)
    worst = int(np.argmin(near))
    left, right = panels[worst].id, panels[worst + 1].id
    reason = f"likeness of neighbouring pictures; the largest jump is from {left} to {right}"
    return Score(name="continuity", value=round(float(near.mean()), 4), reason=reason)


def covered(board: Storyboard) -> Score:
    """Whether every mandatory is met in a panel."""
    missing = [wish for wish, panels in board.coverage.items() if not panels]
    share = 1 - len(missing) / len(board.coverage) if board.coverage else 1.0
    reason = f"not met: {', '.join(missing)}" if missing else "every mandatory is met in a named panel"
    return Score(name="coverage", value=round(share, 4), reason=reason)


def diversity(own: Storyboard, seen: np.ndarray, others: Sequence[tuple[Storyboard, np.ndarray]]) -> Score:
    """How much a candidate differs from the one that is nearest to it, in pictures and in words."""
    likeness = [seen @ other.T for _, other in others]
    pictures = 1 - max(float(one.max(axis=1).mean()) for one in likeness)
    words = 1 - max(_shared(_words(own), _words(other)) for other, _ in others)
    nearest = own.panels[int(np.argmax(np.max([one.max(axis=1) for one in likeness], axis=0)))]
    reason = (
        f"one minus the likeness to the nearest other candidate: pictures {pictures:.2f}, words {words:.2f}; "
        f"most like another's is {nearest.id}"
    )
    return Score(name="diversity", value=round((pictures + words) / 2, 4), reason=reason)


def _of(panels: Sequence[Panel], name: str) -> list[tuple[Panel, Score]]:
    return [(panel, score) for panel in panels for score in panel.scores if score.name == name]


def _mean(found: Sequence[tuple[Panel, Score]]) -> float:
    return round(float(np.mean([score.value for _, score in found])), 4)


def _words(board: Storyboard) -> frozenset[str]:
    """What its panels say, without the end frame, which is the client's and the same in all."""
    told = board.panels[:-1] or board.panels
    return frozenset(re.findall(r"\w{3,}", " ".join(panel.action for panel in told).lower()))


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0
