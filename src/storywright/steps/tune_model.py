"""Try values for a model's training, out of the space that the training declares, until a budget is spent.

Everything that was tried stands in one study, in a database that several of these may share; one that was stopped goes
on where it was. `choose_values` says what came out. Knows nothing of what a training does.
"""

import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storywright import files
from storywright.errors import BadInput
from storywright.steps import command
from storywright.steps.contract import makes, may_come_from
from storywright.steps.tuning import telling, trial, work
from storywright.steps.tuning.studies import Place

STORAGE = "STORYWRIGHT_TUNING_URL"
"""The variable that names the storage where the values do not: a URL with a password belongs into a secret."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Which training is tuned, where the study is kept, and how much is tried."""

    model: str
    """critic, illustrator, motion or writer."""
    training: dict[str, Any]
    """The values of its training, of which those in its SPACE are varied."""
    storage: str
    """SQLAlchemy URL of the database with the study, sqlite:/// or postgresql+psycopg://; empty: what
    STORYWRIGHT_TUNING_URL says."""
    study: str
    """The name of the study in it; empty: that of the model."""
    trials: int
    """How many trials the study is to have; 0 for any number."""
    minutes: float
    """Minutes after which nothing more is tried; 0 for any time."""
    workers: int
    """How many processes try values at once."""
    worker: str
    """A name for this one, where several machines work on the study, so that they do not try the same."""
    seed: int

    def __post_init__(self) -> None:
        trial.step_of(self.model)
        if self.workers < 1:
            raise ValueError(f"workers must be at least 1, got {self.workers}")
        work.Budget(trials=self.trials, minutes=self.minutes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What the training reads; each model needs some of these."""

    corpus: Path | None = may_come_from("preprocess")
    critic: Path | None = may_come_from("train_critic")
    illustrator: Path | None = may_come_from("train_illustrator")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """What was reached; the study itself is in its database."""

    metrics: Path = makes("metrics.json")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Work on the study."""
    step = trial.step_of(config.model)
    if not config.training:
        raise BadInput(f"Tuning the {config.model} varies the values of {step}: give them as `training`.")
    given = {name: getattr(inputs, name) for name in ("corpus", "critic", "illustrator")}
    attempt = trial.Attempt(
        step=step,
        values=config.training,
        inputs={name: str(path) for name, path in given.items() if path and name in trial.inputs_of(step)},
        folder=outputs.metrics.parent / "trials",
    )
    study = work.tune(
        attempt,
        place_of(config.storage, config.study or config.model),
        work.Budget(trials=config.trials, minutes=config.minutes),
        workers=config.workers,
        seed=config.seed + zlib.crc32(config.worker.encode()),
    )
    files.write_json(outputs.metrics, telling.figures(study, step))


def place_of(storage: str, study: str) -> Place:
    """Where a study is kept; refuses to guess."""
    url = storage or os.environ.get(STORAGE, "")
    if not url:
        raise BadInput(
            f"Tuning needs a storage: set `storage`, or {STORAGE}, to a URL such as sqlite:///factory/tuning.db."
        )
    return Place(url=url, name=study)


if __name__ == "__main__":
    command.main("tune_model")
