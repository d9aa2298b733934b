"""One run of the comparison: a configuration, taught from one seed, and what it then writes of held-out stories.

A run that is finished is not made again; one that was ended goes on from its last checkpoint.
"""

import bisect
import functools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from storywright import files
from storywright.critic import metrics
from storywright.critic.metrics.ptb import ptb_tokens
from storywright.errors import BadInput
from storywright.progress import track
from storywright.training import loop
from storywright.writer import losses, training
from storywright.writer.ablation.hardstories import HardStories
from storywright.writer.ablation.plan import Plan, Variant
from storywright.writer.config import WriterConfig
from storywright.writer.material import Material, without_brief
from storywright.writer.network import Stories, WriterModel

TOLERANCE = 0.05
"""How far the number of parameters may lie from the plan's."""
_AT_ONCE = 24
_TELLS = ("pieces", "language", "text", "picture", "fusion", "sequence", "decoder", "copying", "bias", "panel_place")
"""The parts that a caption comes from; the others are heads that are not taught here."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found."""

    variant: str
    seed: int
    parameters: int
    width: int
    scores: dict[str, float]
    """bleu_1 … bleu_4, cider_d, rouge_l, loss."""
    items: dict[str, list[float]]
    """CIDEr-D and ROUGE-L of every caption, in the same order in all runs."""
    captions: list[str]
    curve: list[dict[str, float]]


def all_of(
    plan: Plan, waiting: Sequence[tuple[Variant, int]], stories: HardStories, folder: Path, most: int | None = None
) -> list[Outcome]:
    """Every run that was made before, and at most so many of the others."""
    outcomes: list[Outcome] = []
    new = 0
    for variant, seed in track(waiting, "comparing writers"):
        file = _file(plan, variant, seed, stories, folder)
        if file.is_file() or most is None or new < most:
            new += not file.is_file()
            outcomes.append(run(plan, variant, seed, stories, folder))
    return outcomes


def run(plan: Plan, variant: Variant, seed: int, stories: HardStories, folder: Path) -> Outcome:
    """Teach and measure, or read what was found before."""
    file = _file(plan, variant, seed, stories, folder)
    if file.is_file():
        return Outcome(**json.loads(file.read_text(encoding="utf-8")))
    torch.manual_seed(seed)
    network = WriterModel(shape_of(plan, variant, stories))
    ready = {split: stories.material(split, network.config, variant.picture_encoder) for split in ("train", "test")}
    weights = losses.Weights(smoothing=0.0, alignment=variant.alignment, seen_words=0.0, foresight=0.0)
    task = _Telling(variant, network, stories, ready, weights, plan.validation_stories)
    result = loop.train(task, _values(plan, seed), folder / "unfinished" / file.stem)
    outcome = _measured(plan, variant, seed, stories, network, ready["test"], result)
    files.write_json(file, asdict(outcome))
    return outcome


def _file(plan: Plan, variant: Variant, seed: int, stories: HardStories, folder: Path) -> Path:
    """Where a run's outcome is kept: named by everything that decides it."""
    decides = {name: value for name, value in asdict(plan).items() if name not in ("groups", "seeds")}
    key = files.digest_of([asdict(variant), decides, stories.digest(variant.picture_encoder)])
    return folder / f"{''.join(c if c.isalnum() else '-' for c in variant.name.lower())}-{seed}-{key[:8]}.json"


def shape_of(plan: Plan, variant: Variant, stories: HardStories) -> WriterConfig:
    """The configuration in the width at which it has as many parameters as the plan asks for, as nearly as it can."""
    regions, numbers = stories.pictures("train", variant.picture_encoder).shape[1:]

    def of_width(width: int) -> WriterConfig:
        return WriterConfig(
            vocab_size=len(stories.tokenizer),
            pad_id=stories.tokenizer.pad_token_id,
            unknown_id=stories.tokenizer.unk_token_id,
            begin_id=stories.tokenizer.cls_token_id,
            end_id=stories.tokenizer.sep_token_id,
            width=width,
            heads=2,
            text_encoder=variant.text_encoder,
            picture_encoder="critic",
            critic_regions=int(regions),
            critic_width=int(numbers),
            fusion=variant.fusion,
            rounds=variant.rounds,
            remembers_regions=variant.remembers_regions,
            sequence=variant.sequence,
            dropout=0.0,
            max_panels=8,
            max_tokens=48,
        )

    @functools.cache
    def size(width: int) -> int:
        with torch.device("meta"):
            return num_parameters(WriterModel(of_width(width)))

    widths = range(48, 257, 4)
    above = min(bisect.bisect_left(widths, plan.parameters, key=size), len(widths) - 1)
    best = min(widths[max(above - 1, 0) : above + 1], key=lambda width: abs(size(width) - plan.parameters))
    if abs(size(best) - plan.parameters) > TOLERANCE * plan.parameters:
        raise BadInput(
            f"{variant.name} cannot have about {plan.parameters:,} parameters: at width {best} it has {size(best):,}."
        )
    return of_width(best)


def num_parameters(network: WriterModel) -> int:
    """How many parameters take part in writing a caption."""
    return sum(p.numel() for name, p in network.named_parameters() if name.split(".")[0] in _TELLS)


class _Telling(training.Captions):
    """The writer's lesson with its caption's loss alone as what is validated."""

    def __init__(
        self,
        variant: Variant,
        network: WriterModel,
        stories: HardStories,
        ready: dict[str, Material],
        weights: losses.Weights,
        samples: int,
    ) -> None:
        super().__init__(
            network,
            stories.tokenizer,
            ready["train"],
            ready["test"],
            weights=weights,
            augmentation=variant.augmentation,
            samples=samples,
        )

    def validate(self, model: Any) -> dict[str, float]:
        """How likely the held-out captions are: quick, so that it can be asked often."""
        numbers = np.arange(min(self._samples, len(self._validation)))
        return {"loss": _loss(self._writer, self._validation, numbers)}


def _loss(network: WriterModel, stories: Material, numbers: np.ndarray) -> float:
    total = 0.0
    with torch.no_grad():
        for some in np.array_split(numbers, max(1, len(numbers) // _AT_ONCE)):
            shown = without_brief(stories.batch(some), network.config.pad_id)
            total += float(losses.caption_loss(network, shown, network(shown))) * len(some)
    return total / len(numbers)


def _values(plan: Plan, seed: int) -> loop.Config:
    return loop.Config(
        steps=plan.steps,
        batch=plan.batch,
        learning_rate=plan.learning_rate,
        warmup=min(30, plan.steps),
        schedule="level",
        fall=0.4,
        ema=0.98,
        seed=seed,
        threads=plan.threads,
        validate_every=plan.validate_every,
        checkpoint_every=max(50, plan.validate_every),
        log_every=10,
        keep=1,
    )


def _measured(
    plan: Plan,
    variant: Variant,
    seed: int,
    stories: HardStories,
    network: WriterModel,
    test: Material,
    result: loop.Result,
) -> Outcome:
    captions = _captions(network, stories, test)
    rows = [row for one in test.stories for row in one[1:]]
    hyps = [ptb_tokens(caption) for caption in captions]
    refs = [[ptb_tokens(text) for text in stories.told["test"].references(row)] for row in rows]
    bleu, cider, rouge = metrics.bleu(hyps, refs), metrics.cider_d(hyps, refs), metrics.rouge_l(hyps, refs)
    scores = {f"bleu_{n + 1}": one.value for n, one in enumerate(bleu)}
    scores |= {"cider_d": cider.value, "rouge_l": rouge.value}
    scores["loss"] = _loss(network, test, np.arange(len(test)))
    return Outcome(
        variant.name,
        seed,
        num_parameters(network),
        network.config.width,
        {name: round(float(value), 6) for name, value in scores.items()},
        {"cider_d": [round(float(x), 5) for x in cider.items], "rouge_l": [round(float(x), 5) for x in rouge.items]},
        captions,
        result.curve,
    )


@torch.no_grad()
def _captions(network: WriterModel, stories: HardStories, test: Material) -> list[str]:
    """What is foretold of every panel but the first of each story, greedily."""
    found: list[str] = []
    numbers = np.arange(len(test))
    for some in np.array_split(numbers, max(1, len(numbers) // _AT_ONCE)):
        shown: Stories = without_brief(test.batch(some), network.config.pad_id)
        found += training.foretold_captions(network, stories.tokenizer, shown, network(shown))[1]
    return found
