"""Decide whether it is time to train again: the world has drifted away, or users have said enough to learn from.

Knows nothing of how drift is measured or feedback is collected; it reads their numbers.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from storywright import files
from storywright.steps import command
from storywright.steps.contract import made_by, makes


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """When it is time; one reason is enough."""

    num_drifted: int
    """Columns that have drifted; 0: always."""
    num_pairs: int
    """Preference pairs that users' choices, ratings and edits make; 0: always."""

    def __post_init__(self) -> None:
        if min(self.num_drifted, self.num_pairs) < 0:
            raise ValueError("num_drifted and num_pairs must not be negative")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """The numbers of monitoring and of the feedback."""

    drift: Path = made_by("monitor", "metrics")
    feedback: Path = made_by("collect_feedback", "metrics")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The verdict with its reasons, and as a number."""

    verdict: Path = makes("verdict.json")
    """`retrain`, and the reasons in words."""
    metrics: Path = makes("metrics.json")
    """`retrain`: 1 or 0."""


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Compare the numbers with their limits."""
    drifted = _number(inputs.drift, "num_drifted")
    pairs = _number(inputs.feedback, "num_pairs")
    reasons = []
    if drifted >= config.num_drifted:
        reasons.append(f"{drifted} columns have drifted, and {config.num_drifted} are enough")
    if pairs >= config.num_pairs:
        reasons.append(f"users' feedback makes {pairs} pairs, and {config.num_pairs} are enough")
    files.write_json(outputs.verdict, {"retrain": bool(reasons), "reasons": reasons})
    files.write_json(outputs.metrics, {"retrain": int(bool(reasons)), "num_drifted": drifted, "num_pairs": pairs})


def _number(metrics: Path, name: str) -> int:
    return int(json.loads(metrics.read_text(encoding="utf-8"))[name])


if __name__ == "__main__":
    command.main("decide_retraining")
