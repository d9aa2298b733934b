"""Measure the whole bundle on the test set: what is drawn, what is written, and how stories are judged.

Test items, seeds and settings are the same for every bundle, and the score of each item is kept, so that champion and
challenger can be compared item by item. Times stand in the report alone: they differ from run to run.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from storywright import files
from storywright.corpus.reading import Panels
from storywright.critic import story_score
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.illustrator.model import Illustrator
from storywright.illustrator.motion import Animator
from storywright.steps import command
from storywright.steps.contract import made_by, makes
from storywright.steps.evaluation import drawing, report, writing
from storywright.steps.evaluation.scores import Bootstrap, Interval, Scores
from storywright.writer import brokenlooks, judging, material
from storywright.writer.cases import cases
from storywright.writer.decoding import Decoding
from storywright.writer.judging import Judged
from storywright.writer.model import Writer, opened

_FEW = 50  # items, below which an interval is wide enough to be worth a word


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """How much of the test set is looked at."""

    drawn_stories: int
    """Test stories of which panels are drawn."""
    panels_each: int
    """How many of the first panels of each."""
    clips: int
    """How many of the drawn panels are also drawn as clips; 0 for none."""
    frames: int
    """Frames of a clip."""
    real_pictures: int
    """Real pictures, of the training split, that drawn ones are measured against."""
    captions: int
    """Test panels whose caption is foretold."""
    judged_stories: int
    """Test stories that are scored beside flawed copies of them."""
    confidence: float
    """Of the intervals."""
    resamples: int
    """How often the items are resampled for an interval."""
    seed: int
    threads: int

    def __post_init__(self) -> None:
        for name in ("drawn_stories", "panels_each", "captions", "judged_stories", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.clips < 0 or self.frames < 2:
            raise ValueError(f"clips must not be negative and frames at least 2, got {self.clips} and {self.frames}")
        if self.drawn_stories * self.panels_each < 2 or self.real_pictures < 2:
            raise ValueError("at least two panels must be drawn, and measured against at least two real pictures")
        if not 0.5 <= self.confidence < 1:
            raise ValueError(f"confidence must be at least 0.5 and below 1, got {self.confidence:g}")
        if self.resamples < 100:
            raise ValueError(f"resamples must be at least 100, got {self.resamples}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """The test set, and the five parts of the bundle."""

    corpus: Path = made_by("preprocess")
    critic: Path = made_by("train_critic")
    illustrator: Path = made_by("train_illustrator")
    motion: Path = made_by("train_motion")
    writer: Path = made_by("train_writer")
    settings: Path = made_by("tune")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The report with the scores of the items, and the figures."""

    report: Path = makes("report")
    metrics: Path = makes("metrics.json")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Draw, write, judge; then tell."""
    torch.set_num_threads(config.threads)
    test, settings = Panels(inputs.corpus, "test"), read_settings(inputs.settings)
    critic, scores = Critic.open(inputs.critic), Scores()
    bootstrap = Bootstrap(config.confidence, config.resamples, config.seed)

    how: dict[str, Any] = {
        name: settings["drawing"][name] for name in ("steps", "guidance") if name in settings["drawing"]
    }
    drawn = drawing.draw(
        test,
        critic,
        Illustrator.open(inputs.illustrator),
        stories=config.drawn_stories,
        panels_each=config.panels_each,
        settings=how,
        seed=config.seed,
    )
    real = drawing.known(Panels(inputs.corpus, "train", size=test.size), critic, config.real_pictures)
    scores.traits |= {item: {"style": style} for item, style in zip(drawn.items, drawn.styles, strict=True)}
    figures = drawing.measure(drawn, real, scores, bootstrap)
    if config.clips:
        animator = Animator.open(inputs.illustrator, inputs.motion)
        figures |= drawing.animate(
            animator, critic, drawn, scores, clips=config.clips, frames=config.frames, settings=how
        )

    writer = Writer.open(inputs.writer, inputs.critic, decoding=Decoding(**settings["writing"]))
    held_out = cases(test, config.captions, writer.languages)
    if not held_out:
        raise BadInput(f"{inputs.corpus}/test has no story in {' or '.join(writer.languages)}: collect some.")
    written = writing.write(writer, held_out, config.seed)
    scores.traits |= {case.name: {"style": case.style, "language": case.language} for case in held_out}
    figures |= writing.measure(written, scores, bootstrap)

    found, scale, bias = _judged(config, inputs, test, critic, outputs.report / ".work")
    figures |= writing.judge(found, scale, bias, scores, bootstrap)
    outputs.report.mkdir(parents=True, exist_ok=True)
    scores.save(outputs.report, test.digest)
    logits, whole = found.everything()
    facts = report.Facts(
        title="How good the models are",
        figures=figures,
        scores=scores,
        drawn=drawn,
        written=written,
        reliability=story_score.reliability(story_score.probabilities(logits, scale, bias), whole),
        models={role: files.digest(getattr(inputs, role)) for role in ("critic", "illustrator", "motion", "writer")},
        settings=settings,
        card=_card(inputs.corpus),
        notes=_notes(config, drawn.items, held_out),
    )
    report.write(facts, outputs.report)
    files.write_json(outputs.metrics, _flat(figures, scores))


def read_settings(file: Path) -> dict[str, dict[str, Any]]:
    """The settings that were tuned, by kind."""
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
        return {kind: dict(settings[kind]) for kind in ("drawing", "writing")}
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{file} does not hold settings for drawing and writing: run the step tune again.") from error


def _judged(config: Config, inputs: Inputs, test: Panels, critic: Critic, work: Path) -> tuple[Judged, float, float]:
    """Test stories and flawed copies, scored; and what turns the scores into probabilities."""
    network, tokenizer = opened(inputs.writer)
    shape, eye = network.config, critic if network.config.picture_encoder == "critic" else None
    stories = material.stories_in(test, shape)[: config.judged_stories]
    pictures = material.small_pictures(test, shape, work / "pictures.npy", eye)
    broken = brokenlooks.drawn(test, stories, shape, work / "broken.npy", config.seed, eye)
    ready = material.Material(test, shape, tokenizer, pictures, broken, stories)
    found = judging.judged(network.eval(), ready, config.judged_stories)
    shutil.rmtree(work)
    return found, shape.score_scale, shape.score_bias


def _flat(figures: dict[str, Interval | float], scores: Scores) -> dict[str, float]:
    flat: dict[str, float] = {}
    for name, figure in figures.items():
        if isinstance(figure, Interval):
            flat |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
        else:
            flat[name] = figure
    flat |= {f"num_{name}": len(scores.by_metric[name]) for name in ("clip_score", "cider_d")}
    return {name: round(float(value), 6) for name, value in flat.items() if np.isfinite(value)}


def _card(corpus: Path) -> str:
    card = corpus / "CARD.md"
    return card.read_text(encoding="utf-8") if card.is_file() else ""


def _notes(config: Config, drawn: list[str], held_out: list[Any]) -> list[str]:
    notes = [
        f"Intervals of {config.confidence:.0%} by resampling the items {config.resamples:,} times: they say what "
        "other items would give, and nothing about training again.",
        "Every figure of drawn panels is the critic's, who may be content with what no person would recognise: "
        "believe the panels below before the figures.",
    ]
    for what, count in (("panels were drawn", len(drawn)), ("captions were foretold", len(held_out))):
        if count < _FEW:
            notes.append(f"Only {count} {what}: small differences mean nothing.")
    return notes


if __name__ == "__main__":
    command.main("evaluate")
