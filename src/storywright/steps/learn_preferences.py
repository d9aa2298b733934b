"""Teach illustrator and writer what users like: Diffusion-DPO on low-rank weights, and DPO, with the pairs they made.

What was asked for lately is mixed in: the illustrator draws each of those prompts several times, and the fitted
preference model says which picture people would rather have, and which least. Where no preference model was fitted,
both models go on as they came. What was learned, from whom, and what was left out is told in changes.md. Knows nothing
of whether the result is better: that is for the evaluation and the gates.
"""

import json
import shutil
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
from storywright.critic.preference import Preference
from storywright.illustrator import model as illustrators
from storywright.illustrator import preference as drawing
from storywright.illustrator.model import Illustrator
from storywright.illustrator.preference import PicturePair
from storywright.progress import track
from storywright.steps import command
from storywright.steps.collect_feedback import PAIRS_FILE
from storywright.steps.contract import made_by, makes
from storywright.steps.fit_preference import picture_of
from storywright.training import loop
from storywright.writer import model as writers
from storywright.writer import preference as writing
from storywright.writer.preference import CaptionPair, Passage

RESUMES = True

_SIDES = ("chosen", "rejected")
_HELD_OUT = 8
"""One pair of so many is not learned from, and measured on."""
_LEAST_ODDS = 0.6
"""Of two pictures of which people would rather have the one with a chance below this, nothing is to be learned."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """How far, and how long, preferences lead."""

    illustrator: drawing.Taste
    illustrator_training: loop.Config
    writer: writing.Taste
    writer_training: loop.Config
    num_drawn: int
    """How many prompts that were asked for lately are drawn; 0 for none."""
    draws: int
    """How many pictures of each of those are drawn and compared; of more, the best and the worst are further apart."""
    steps: int
    """Denoising steps of those."""
    max_pairs: int
    """The most pairs that either model learns from; those that weigh most."""
    seed: int

    def __post_init__(self) -> None:
        if self.num_drawn < 0 or self.draws < 2 or self.steps < 1 or self.max_pairs < 2:
            raise ValueError("num_drawn must not be negative, steps at least 1, draws and max_pairs at least 2")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What people said, what was found in it, and who is taught."""

    preferences: Path = made_by("collect_feedback")
    prompts: Path = made_by("collect_feedback")
    preference: Path = made_by("fit_preference")
    critic: Path = made_by("train_critic")
    taught_illustrator: Path = made_by("train_illustrator", "illustrator")
    taught_writer: Path = made_by("train_writer", "writer")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The two models, how their training went, and what changed and why."""

    illustrator: Path = makes("illustrator")
    writer: Path = makes("writer")
    curves: Path = makes("curves.csv")
    changes: Path = makes("changes.md")
    metrics: Path = makes("metrics.json")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Gather the pairs, teach the one and the other, tell what came of it."""
    torch.set_num_threads(config.illustrator_training.threads)
    about = json.loads((inputs.preference / preference.ABOUT).read_text(encoding="utf-8"))
    rows = [row for row in _rows(inputs.preferences) if row["user"] not in about["left_out"]] if about["fitted"] else []
    work, results = outputs.illustrator / ".training", {}
    illustrator = Illustrator.open(inputs.taught_illustrator)
    pairs, drawn = [], []
    if about["fitted"]:
        liked = Preference.open(inputs.preference, Critic.open(inputs.critic))
        pairs, drawn = picture_pairs(rows, config.max_pairs, liked), _drawn(config, inputs, liked)
    parts = None
    if len(pairs) + len(drawn) > _HELD_OUT:
        parts = illustrators.opened(inputs.taught_illustrator)
        lesson = drawing.Preferring(illustrator, *_divided([*pairs, *drawn]), config.illustrator, config.seed)
        results["illustrator"] = loop.train(lesson, config.illustrator_training, work / "illustrator")
        parts["unet"] = lesson.added_to(parts["unet"], work / "learnt")
    network, tokenizer = writers.opened(inputs.taught_writer)
    told = caption_pairs(rows, config.max_pairs, tuple(network.config.languages or ()))
    if len(told) > _HELD_OUT:
        task = writing.Preferring(network, tokenizer, *_divided(told), config.writer)
        results["writer"] = loop.train(task, config.writer_training, work / "writer")
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(inputs.taught_illustrator, outputs.illustrator, dirs_exist_ok=True)
    if parts is not None:
        illustrators.save(parts, illustrator.drawing, outputs.illustrator)
    shutil.copytree(inputs.taught_writer, outputs.writer, dirs_exist_ok=True)
    if "writer" in results:
        writers.save(network, tokenizer, outputs.writer)
    loop.write_curves(outputs.curves, **results)
    figures = {f"{name}_{figure}": value for name, one in results.items() for figure, value in one.final.items()}
    counts = {"num_picture_pairs": len(pairs), "num_drawn_pairs": len(drawn), "num_caption_pairs": len(told)}
    files.write_json(outputs.metrics, counts | {name: round(value, 6) for name, value in figures.items()})
    files.write_text(outputs.changes, _told(about, rows, counts, figures))


def picture_pairs(rows: list[dict[str, Any]], most: int, liked: Preference) -> list[PicturePair]:
    """Of choices and ratings, those with two pictures of the same words, one of which people would rather have.

    Where the words differed, so did what was to be drawn. And what somebody preferred as a whole need not be the better
    picture: only where the preference model, which learned from all of it, agrees by the pictures alone, they teach.
    """
    found = []
    alike = [row for row in rows if row["kind"] != "edit" and row["chosen_prompt"] == row["rejected_prompt"]]
    for row in _weightiest(alike, most):
        chosen, rejected = picture_of(row["chosen_picture"]), picture_of(row["rejected_picture"])
        if chosen and rejected and row["chosen_prompt"] and _odds(liked, chosen, rejected) >= _LEAST_ODDS:
            prompt = row["chosen_prompt"]
            found.append(PicturePair(chosen, prompt, rejected, prompt, weight=row["weight"]))
    return _evened(found)


def caption_pairs(rows: list[dict[str, Any]], most: int, languages: tuple[str, ...]) -> list[CaptionPair]:
    """Of choices and edits, those whose words differ; stars for a panel are about its picture as much."""
    found = []
    for row in _weightiest([row for row in rows if row["kind"] != "rating"], most):
        if row["chosen_caption"] != row["rejected_caption"] and row["language"] in languages:
            chosen, rejected = (Passage(row[f"{side}_before"], row[f"{side}_caption"]) for side in _SIDES)
            brief = " ".join(_words_of(json.loads(row["brief"])))
            found.append(CaptionPair(chosen, rejected, brief, row["language"], row["weight"]))
    return _evened(found)


def compared_drawings(
    illustrator: Illustrator, wanted: list[str], liked: Preference, *, draws: int, steps: int, seed: int
) -> list[PicturePair]:
    """The best and the worst of several pictures of each prompt, where the preference model is sure enough of them."""
    found = []
    for number, prompt in enumerate(track(wanted, "Drawing what was asked for lately")):
        seeds = [seed + draws * number + draw for draw in range(draws)]
        pictures = illustrator.draw([prompt] * draws, steps=steps, seeds=seeds)
        appeals = liked.appeal(pictures, [""] * draws)
        best, worst = pictures[int(np.argmax(appeals))], pictures[int(np.argmin(appeals))]
        if (odds := _odds(liked, best, worst)) >= _LEAST_ODDS:
            found.append(PicturePair(best, prompt, worst, prompt, weight=2 * odds - 1))
    return _evened(found)


def _odds(liked: Preference, one: Image.Image, other: Image.Image) -> float:
    """The chance that people would rather have the one picture."""
    appeals = liked.appeal([one, other], ["", ""])
    return float(1 / (1 + np.exp(appeals[1] - appeals[0])))


def _drawn(config: Config, inputs: Inputs, liked: Preference) -> list[PicturePair]:
    """Drawn once; a run that goes on takes them from where it left off by drawing the same again."""
    illustrator = Illustrator.open(inputs.taught_illustrator, quick=True)
    lines = inputs.prompts.read_text(encoding="utf-8").splitlines()
    wanted = [str(json.loads(line)["prompt"]) for line in lines[: config.num_drawn]]
    how = {"draws": config.draws, "steps": config.steps, "seed": config.seed}
    return compared_drawings(illustrator, wanted, liked, **how)


def _rows(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / PAIRS_FILE).to_pylist()
    return rows


def _weightiest(rows: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (-row["weight"], row["pair_id"]))[:most]


def _evened(pairs: list[Any]) -> list[Any]:
    """Weights whose mean is 1, so that a step is as long whatever the pairs weigh."""
    mean = float(np.mean([pair.weight for pair in pairs])) if pairs else 1.0
    return [type(pair)(**(_fields(pair) | {"weight": pair.weight / mean})) for pair in pairs]


def _fields(pair: Any) -> dict[str, Any]:
    return {name: getattr(pair, name) for name in pair.__dataclass_fields__}


def _divided(pairs: list[Any]) -> tuple[list[Any], list[Any]]:
    """What is learned from, and what is measured on."""
    return [p for n, p in enumerate(pairs) if n % _HELD_OUT], pairs[::_HELD_OUT]


def _words_of(brief: Any) -> list[str]:
    if isinstance(brief, dict):
        return [word for value in brief.values() for word in _words_of(value)]
    if isinstance(brief, list):
        return [word for value in brief for word in _words_of(value)]
    return [brief] if isinstance(brief, str) else []


def _told(about: dict[str, Any], rows: list[dict[str, Any]], counts: dict[str, int], figures: dict[str, float]) -> str:
    """What changed and why, for who reads the version's papers."""
    users = len({row["user"] for row in rows})
    lines = ["# What was learned from users", ""]
    if not rows:
        lines.append("Nothing: illustrator and writer went on as they came.")
    else:
        lines += [
            f"- {len(rows)} pairs of {users} users were learned from; on users whom it had not seen, the preference "
            f"model agrees with {about['held_out_accuracy']:.0%} of what they preferred.",
            f"- The illustrator was shown {counts['num_picture_pairs']} pairs of theirs, and "
            f"{counts['num_drawn_pairs']} of its own drawings of what was asked for lately.",
            f"- The writer was shown {counts['num_caption_pairs']} pairs of captions.",
        ]
        lines += [
            f"- {name.replace('_', ' ')} on held-out pairs: {value:.3f}" for name, value in sorted(figures.items())
        ]
    lines += [f"- Left out: user {user}, {why}." for user, why in about["left_out"].items()]
    lines += [f"- {note[:1].upper()}{note[1:]}." for note in about["notes"]]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    command.main("learn_preferences")
