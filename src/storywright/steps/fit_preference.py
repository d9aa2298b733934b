"""Fit what users like: a preference model on the pairs that their choices, ratings and edits made.

How good it is is measured on people whom the fit did not see. Whoever prefers the opposite of what all others prefer,
too often for chance, is left out, unless that were many: then tastes are divided, nobody is left out, and it says so.
With too few pairs no model is fitted. Knows nothing of how words were collected or what is done with the model.
"""

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from PIL import Image

from storywright import files
from storywright.critic import preference
from storywright.critic.encoder import Critic
from storywright.critic.preference import Compared
from storywright.steps import command
from storywright.steps.collect_feedback import PAIRS_FILE
from storywright.steps.contract import made_by, makes

_MOST_AGAINST = 1 / 3
"""A larger share of people than this who prefer the opposite is no noise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """How a taste is found."""

    ridge: float
    """How small the weights are held; the more, the plainer the taste."""
    min_pairs: int
    """With fewer pairs there is no taste to find."""
    parts: int
    """Into how many parts people are divided to measure a fit on those that it did not see."""
    against: float
    """Somebody whose agreement with the others is less likely than this by chance prefers the opposite."""
    threads: int

    def __post_init__(self) -> None:
        if self.ridge <= 0 or not 0 < self.against < 0.5:
            raise ValueError(f"ridge must be positive and against in (0, 0.5), got {self.ridge:g} and {self.against:g}")
        if self.min_pairs < 1 or self.parts < 2 or self.threads < 1:
            raise ValueError("min_pairs and threads must be at least 1, and parts at least 2")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """The pairs, and whose eyes look at them."""

    preferences: Path = made_by("collect_feedback")
    critic: Path = made_by("train_critic")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The model, and how far it is to be trusted."""

    preference: Path = makes("preference")
    """Weights and preference.json; without weights where there were too few pairs."""
    metrics: Path = makes("metrics.json")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Look at the pairs, leave out who is against all others, fit, measure."""
    torch.set_num_threads(config.threads)
    rows = pq.read_table(inputs.preferences / PAIRS_FILE).to_pylist()
    critic = Critic.open(inputs.critic)
    about: dict[str, Any] = {"critic": critic.digest, "fitted": False, "left_out": {}, "notes": []}
    if len(rows) < config.min_pairs:
        about["notes"].append(f"{len(rows)} pairs are fewer than {config.min_pairs}: no taste was fitted")
        files.write_json(outputs.preference / preference.ABOUT, about)
        files.write_json(outputs.metrics, {"fitted": 0, "num_pairs": len(rows), "num_left_out": 0})
        return
    pairs = compared(rows, critic)
    about["left_out"], notes = against_all(pairs, config)
    about["notes"] += notes
    kept = preference.chosen(pairs, ~np.isin(pairs.users, list(about["left_out"])))
    fitted = preference.fit(kept, ridge=config.ridge)
    held_out = preference.accuracy(
        preference.held_out_margins(kept, ridge=config.ridge, parts=config.parts), kept.weights
    )
    figures = {
        "fitted": 1,
        "num_pairs": len(kept.weights),
        "num_users": len(set(kept.users.tolist())),
        "num_left_out": len(about["left_out"]),
        "accuracy": preference.accuracy(fitted.margins(kept, with_places=True), kept.weights),
        "held_out_accuracy": held_out,
        "place_bias": fitted.place,
    }
    figures = {name: round(value, 6) for name, value in figures.items()}
    preference.save(fitted, outputs.preference, about | {"fitted": True} | figures)
    files.write_json(outputs.metrics, figures)


def compared(rows: list[dict[str, Any]], critic: Critic) -> Compared:
    """The pairs as numbers."""
    sides = []
    for side in ("chosen", "rejected"):
        pictures = [picture_of(row[f"{side}_picture"]) for row in rows]
        sides.append(preference.features(critic, pictures, [row[f"{side}_caption"] for row in rows]))
    return Compared(
        sides[0] - sides[1],
        np.array([row["chosen_place"] - row["rejected_place"] for row in rows], np.float64),
        np.array([row["weight"] for row in rows], np.float64),
        np.array([row["user"] for row in rows]),
    )


def picture_of(content: bytes) -> Image.Image | None:
    """The picture of a pair; None where it was lost."""
    return Image.open(io.BytesIO(content)).convert("RGB") if content else None


def against_all(pairs: Compared, config: Config) -> tuple[dict[str, str], list[str]]:
    """Who prefers the opposite of what the others prefer, with the reason; and what is to be said of that."""
    users = sorted(set(pairs.users.tolist()))
    if len(users) < 3:
        return {}, []
    margins = preference.held_out_margins(pairs, ridge=config.ridge, parts=len(users))
    found = {}
    for user in users:
        own = pairs.users == user
        heard = float(pairs.weights[own].sum())  # judgements, each of which may be about many panels
        agreed = float(((margins[own] > 0) * pairs.weights[own]).sum())
        if _at_most(round(agreed), round(heard)) < config.against:
            found[user] = f"against all others: agrees with them in {agreed:.0f} of {heard:.0f} judgements"
    if len(found) > _MOST_AGAINST * len(users):
        note = f"tastes are divided: {len(found)} of {len(users)} users prefer the opposite of the others; all count"
        return {}, [note]
    return found, []


def _at_most(agreed: int, heard: int) -> float:
    """The chance of so few agreements or fewer when each is a coin's."""
    ways = sum(math.comb(heard, number) for number in range(agreed + 1))
    return ways / 2**heard


if __name__ == "__main__":
    command.main("fit_preference")
