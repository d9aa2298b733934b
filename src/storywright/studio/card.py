"""The quality card of a board: what each measure means, and which panel is weakest by it.

Knows nothing about models: what they saw comes as vectors, and what was measured of a panel stands in its scores.
"""

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from storywright.board import Panel, Score, Storyboard
from storywright.critic import alignment as aligning
from storywright.studio.endframe import COMPOSED, END_FRAME
from storywright.writer.proposals import Ordered

FIT, LOOKS = "fit", "looks"
"""The scores of a panel: how well its picture fits its words, and how surely its looks are read."""
ALIGNMENT, SEQUENCE, CONSISTENCY, CONTINUITY = "alignment", "sequence", "consistency", "continuity"
STORY, COVERAGE, DIVERSITY = "story", "coverage", "diversity"
BETWEEN_PANELS = (SEQUENCE, CONTINUITY, STORY, DIVERSITY)
"""What no panel says about itself: it is measured on the pictures of a board."""
_ORDER = (ALIGNMENT, SEQUENCE, CONSISTENCY, CONTINUITY, STORY, COVERAGE, DIVERSITY)

Seen = tuple[Sequence[Panel], np.ndarray]
"""Panels and, as the critic sees them, their pictures."""


def in_order(scores: Iterable[Score | None]) -> list[Score]:
    """A card as it is read; what is not known is left out."""
    known = [score for score in scores if score is not None]
    return sorted(known, key=lambda one: _ORDER.index(one.name) if one.name in _ORDER else len(_ORDER))


def story_of(board: Storyboard) -> list[Panel]:
    """Its panels without the end frame, which is the client's and the same in all candidates."""
    return [panel for panel in board.panels if panel.provenance.settings.get(COMPOSED) != END_FRAME]


def told_by_panels(board: Storyboard) -> list[Score | None]:
    """What the panels say about themselves, summed up."""
    return [alignment(board.panels), consistency(board.panels), covered(board)]


def outdated(before: Storyboard, after: Storyboard) -> set[str]:
    """The measures between panels that say nothing about the board any more after a revision."""

    def differ(told: Callable[[Panel], str]) -> bool:
        return [told(panel) for panel in story_of(before)] != [told(panel) for panel in story_of(after)]

    pictures, actions = differ(lambda panel: panel.picture), differ(lambda panel: panel.action)
    found = {CONTINUITY, SEQUENCE, STORY, DIVERSITY} if pictures else set()
    found |= {SEQUENCE} if differ(lambda panel: panel.prompt) else set()
    return found | ({STORY, DIVERSITY} if actions else set())


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
    return Score(name=ALIGNMENT, value=_mean(found), reason=reason)


def consistency(panels: Sequence[Panel]) -> Score | None:
    """How well people and product keep their looks, and where they do least; None where nobody's looks are known."""
    found = _of(panels, LOOKS)
    if not found:
        return None
    weakest, score = min(found, key=lambda one: one[1].value)
    reason = "share of hair, clothes and product colours that the critic reads right, mean over panels"
    misread = score.reason.partition("; ")[2]
    told = f"{reason}; weakest is {weakest.id}{f': {misread}' if misread else ''}" if score.value < 1 else reason
    return Score(name=CONSISTENCY, value=_mean(found), reason=told)


def continuity(seen: np.ndarray, panels: Sequence[Panel]) -> Score:
    """How near each picture is to the one before; a board that jumps from world to world scores low."""
    if len(seen) < 2:
        return Score(name=CONTINUITY, value=1.0, reason="a single panel")
    near = np.sum(seen[1:] * seen[:-1], axis=1)
    worst = int(np.argmin(near))
    left, right = panels[worst].id, panels[worst + 1].id
    reason = f"likeness of neighbouring pictures; the largest jump is from {left} to {right}"
    return Score(name=CONTINUITY, value=round(float(near.mean()), 4), reason=reason)


def sequence(words: np.ndarray, seen: np.ndarray, panels: Sequence[Panel]) -> Score:
    """How surely the critic leads each panel's words back to its own picture, and whether they come in one order."""
    _, plan = aligning.transport(words, seen)
    own = np.diag(plan) * len(panels)
    weakest = int(np.argmin(own))
    elsewhere = np.where(np.arange(len(panels)) == weakest, -1.0, plan[weakest])
    in_step = aligning.follow(words, seen).in_step
    order = "all of them in step" if in_step == 1 else f"{in_step:.0%} of them in step"
    reason = (
        f"share of what is told that leads to its own picture, {order}; weakest is {panels[weakest].id}, "
        f"which may be taken for {panels[int(np.argmax(elsewhere))].id}"
    )
    return Score(name=SEQUENCE, value=_share(float(own.mean())), reason=reason)


def story(order: Ordered, panels: Sequence[Panel]) -> Score:
    """How much of a story the panels are in their order, and which belongs least."""
    weakest = panels[int(np.argmax(order.strange))]
    reason = (
        "share of other orders of these panels that the judge finds less of a story; "
        f"weakest is {weakest.id}: {weakest.action}"
    )
    return Score(name=STORY, value=round(order.better, 4), reason=reason)


def covered(board: Storyboard) -> Score:
    """Whether every mandatory, or every event of a chapter, is met in a panel."""
    missing = [wish for wish, panels in board.coverage.items() if not panels]
    count = len(board.coverage)
    share = 1 - len(missing) / count if count else 1.0
    if board.brief is None and count:
        reason = f"{count - len(missing)} of {count} events are shown; coverage.md names the others"
    else:
        reason = f"not met: {', '.join(missing)}" if missing else "every mandatory is met in a named panel"
    return Score(name=COVERAGE, value=round(share, 4), reason=reason)


def diversity(own: Seen, others: Sequence[Seen]) -> Score:
    """How much a candidate differs from the one that is nearest to it, in pictures and in words."""
    panels, seen = own
    likeness = [seen @ vectors.T for _, vectors in others]
    pictures = 1 - max(float(one.max(axis=1).mean()) for one in likeness)
    words = 1 - max(_shared(_words(panels), _words(told)) for told, _ in others)
    nearest = panels[int(np.argmax(np.max([one.max(axis=1) for one in likeness], axis=0)))]
    reason = (
        f"one minus the likeness to the nearest other candidate: pictures {pictures:.2f}, words {words:.2f}; "
        f"most like another's is {nearest.id}"
    )
    return Score(name=DIVERSITY, value=_share((pictures + words) / 2), reason=reason)


def _of(panels: Sequence[Panel], name: str) -> list[tuple[Panel, Score]]:
    return [(panel, score) for panel in panels for score in panel.scores if score.name == name]


def _mean(found: Sequence[tuple[Panel, Score]]) -> float:
    return round(float(np.mean([score.value for _, score in found])), 4)


def _share(value: float) -> float:
    return round(min(max(value, 0.0), 1.0), 4)


def _words(panels: Sequence[Panel]) -> frozenset[str]:
    return frozenset(re.findall(r"\w{3,}", " ".join(panel.action for panel in panels).lower()))


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0
