"""Train the critic: a dual encoder that brings pictures and the words for them together.

Its text tower is also what the illustrator reads prompts with. Knows nothing about where the corpus comes from.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

import storywright
from storywright import files
from storywright.corpus.reading import Panels
from storywright.critic import encoder
from storywright.errors import BadInput
from storywright.steps import command
from storywright.steps.contract import made_by, makes, may_come_from
from storywright.steps.tuning.space import Real, Space, with_best
from storywright.training import loop

RESUMES = True
PROCESSES = True
READS = ("starter/critic",)

STARTER = Path(storywright.__file__).parent / "starter" / "critic"
_MOST_TOKENIZED = 50_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What encoder is made, and how it is taught."""

    start: Literal["starter", "scratch"]
    """starter goes on from the weights that are shipped, and keeps their shape and tokenizer; scratch from nothing."""
    shape: encoder.Shape
    """How large it is, when it starts from nothing."""
    training: loop.Config
    """How long, how fast and how safely it is taught; the seed and the threads are here too."""
    caption_share: float
    """How often a picture is paired with what the story tells in place of what is seen."""
    next_token: float
    """How much predicting the next token of a prompt counts beside the contrast."""
    num_validation: int
    """Held-out pictures that a validation looks at; retrieval is among so many."""

    def __post_init__(self) -> None:
        if not 0 <= self.caption_share <= 1:
            raise ValueError(f"caption_share lies between 0 and 1, got {self.caption_share}")
        if self.num_validation < 2:
            raise ValueError(f"num_validation must be at least 2, got {self.num_validation}")


SPACE = Space(
    metric="loss",
    values={
        "training.learning_rate": Real(1e-5, 2e-3, log=True),
        "training.weight_decay": Real(1e-3, 0.2, log=True),
        "caption_share": Real(0.0, 0.3),
        "next_token": Real(0.0, 1.0),
    },
)
"""What of it is worth tuning."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """Pictures with their prompts and captions."""

    corpus: Path = made_by("preprocess")
    before: Path | None = may_come_from("fetch_champion", "critic")
    """An encoder to go on from, in place of what `start` names."""
    tuned: Path | None = may_come_from("choose_values")
    """Values that tuning found best, in place of those of the Config."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The encoder, how its training went, and how good it is."""

    critic: Path = makes("critic")
    curves: Path = makes("curves.csv")
    metrics: Path = makes("metrics.json")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Train and save."""
    config = with_best("train_critic", config, inputs.tuned)
    torch.set_num_threads(config.training.threads)
    train, validation = (Panels(inputs.corpus, split) for split in ("train", "validation"))
    if len(train) < 2 or len(validation) < 2:
        raise BadInput(f"{inputs.corpus} has too few panels: the critic tells two apart, so each split needs two.")
    model, tokenizer = begun(config, train, inputs.before)
    work = outputs.critic / ".training"
    task = encoder.Pairs(
        model,
        tokenizer,
        train,
        validation,
        work,
        caption_share=config.caption_share,
        next_token=config.next_token,
        num_held_out=config.num_validation,
    )
    before = task.validate(model)
    result = loop.train(task, config.training, work / "checkpoints")
    if not loop.leads():
        return
    shutil.rmtree(work)
    encoder.save(model, tokenizer, outputs.critic)
    loop.write_curves(outputs.curves, result)
    figures = {f"{name}_before": value for name, value in before.items() if name != "retrieval_of"} | result.final
    sizes = {"num_parameters": model.num_parameters(), "num_pictures": len(train)}
    files.write_json(outputs.metrics, {name: round(value, 6) for name, value in (figures | sizes).items()})


def begun(config: Config, train: encoder.Rows, before: Path | None = None) -> tuple[Any, Any]:
    """The encoder before it is taught, and its tokenizer."""
    if before:
        return encoder.opened(before)
    if config.start == "starter":
        if not STARTER.is_dir():
            raise BadInput(f"There are no starter weights at {STARTER}: set start to scratch.")
        return encoder.opened(STARTER)
    rows = np.linspace(0, len(train) - 1, min(_MOST_TOKENIZED, len(train))).astype(int)
    seen = train.rows(rows, ["prompt", "caption"])
    texts = [text for pair in zip(seen["prompt"], seen["caption"], strict=True) for text in pair if text]
    tokenizer = encoder.new_tokenizer(texts, config.shape.vocabulary, config.shape.window)
    return encoder.new_model(config.shape, tokenizer, config.training.seed), tokenizer


if __name__ == "__main__":
    command.main("train_critic")
