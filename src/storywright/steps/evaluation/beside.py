"""Champion and challenger side by side: the same items, made in turns, and scored by one critic.

The critic is the champion's: a challenger does not bring its own judge. What users prefer is guessed by a preference
model where there is one. Knows nothing about who is promoted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from storywright.corpus.reading import Panels
from storywright.critic.encoder import Critic
from storywright.critic.preference import WEIGHTS, Preference
from storywright.steps.evaluation import drawing, writing
from storywright.steps.evaluation.costs import Meter
from storywright.steps.evaluation.drawing import Items
from storywright.steps.evaluation.scores import Bootstrap, Interval, Scores
from storywright.steps.evaluation.writing import Written


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """What one bundle made of the test items."""

    models: Mapping[str, str]
    """Digest by role."""
    pictures: list[Image.Image]
    drawing: Meter
    written: Written

    @property
    def costs(self) -> dict[str, float]:
        """What a panel and a caption cost."""
        return self.drawing.figures("panel") | self.written.meter.figures("caption")


@dataclass(frozen=True, kw_only=True, slots=True)
class Beside:
    """Both, and how they differ."""

    challenger: Side
    champion: Side
    critic: str
    """The digest of the critic that scored both."""
    scores: Mapping[str, Scores]
    """By `challenger` and `champion`."""
    differences: Mapping[str, Interval]
    """Challenger less champion, by metric."""

    def document(self) -> dict[str, Any]:
        """As `compared.json` holds it."""
        sides = {
            name: {"models": dict(side.models), "scores": self.scores[name].by_metric}
            for name, side in (("challenger", self.challenger), ("champion", self.champion))
        }
        return {"critic": self.critic, **sides}

    def most_changed(self, metric: str, count: int) -> tuple[list[str], list[str]]:
        """The items that lost most, and those that won most."""
        ours, theirs = (self.scores[name].by_metric.get(metric, {}) for name in ("challenger", "champion"))
        common = sorted(ours.keys() & theirs.keys(), key=lambda item: ours[item] - theirs[item])
        return common[:count], common[::-1][:count]


def compare(
    items: Items, panels: Panels, challenger: Side, champion: Side, critic: Critic, *, real: int, bootstrap: Bootstrap
) -> Beside:
    """Score what both made, by the champion's critic."""
    known, scores = drawing.known(panels, critic, real), {"challenger": Scores(), "champion": Scores()}
    for name, side in (("challenger", challenger), ("champion", champion)):
        drawing.compared(drawing.seen(items, side.pictures, critic), known, scores[name])
        writing.compared(side.written, scores[name])
    return Beside(
        challenger=challenger,
        champion=champion,
        critic=champion.models["critic"],
        scores=scores,
        differences=_differences(scores["challenger"], scores["champion"], bootstrap),
    )


def preference_win_rate(
    folder: Path, critic: Critic, items: Items, beside: Beside, scores: Scores, bootstrap: Bootstrap
) -> dict[str, Interval | float]:
    """How often the challenger's panel is the one that users would prefer; nothing where too little was said to fit.

    Each panel's appeal is kept on both sides, so that a gate can weigh it item by item.
    """
    if not (folder / WEIGHTS).is_file():
        return {}
    taste = Preference.open(folder, critic)
    ours, theirs = (taste.appeal(side.pictures, items.prompts) for side in (beside.challenger, beside.champion))
    won = np.where(ours == theirs, 0.5, (ours > theirs).astype(float))
    scores.add("preference_win_rate", items.names, won)
    scores.add("appeal", items.names, ours)
    for name, appeals in (("challenger", ours), ("champion", theirs)):
        beside.scores[name].add("appeal", items.names, appeals)
    return {"preference_win_rate": bootstrap.mean("preference_win_rate", won)}


def _differences(ours: Scores, theirs: Scores, bootstrap: Bootstrap) -> dict[str, Interval]:
    found = {}
    for metric in ours.by_metric:
        items = [item for item in ours.by_metric[metric] if item in theirs.by_metric.get(metric, {})]
        if len(items) > 1:
            gain = np.array([ours.by_metric[metric][item] - theirs.by_metric[metric][item] for item in items])
            found[metric] = bootstrap.mean(f"{metric} beside", gain)
    return found
