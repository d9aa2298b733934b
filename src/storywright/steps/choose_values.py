"""Say what tuning a model's training came to: the best values as a file that the training reads, and how they came.

Knows nothing of how values are tried; it reads the study.
"""

from dataclasses import dataclass
from pathlib import Path

from storywright import files
from storywright.errors import BadInput
from storywright.steps import command, contract
from storywright.steps.contract import makes
from storywright.steps.tune_model import place_of
from storywright.steps.tuning import space as spaces
from storywright.steps.tuning import studies, telling, trial


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Which study is told of."""

    model: str
    """critic, illustrator, motion or writer."""
    storage: str
    """SQLAlchemy URL of the database with the study; empty: what STORYWRIGHT_TUNING_URL says."""
    study: str
    """The name of the study in it; empty: that of the model."""

    def __post_init__(self) -> None:
        trial.step_of(self.model)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """None: it reads the study."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The best values, and everything that was tried."""

    tuned: Path = makes("tuned.json")
    """What a training reads as its input of this name."""
    history: Path = makes("history")
    metrics: Path = makes("metrics.json")


def outside(config: Config) -> str:
    """Further trials are another result; what cannot be read is told when it is needed."""
    try:
        return studies.state_of(studies.found(place_of(config.storage, config.study or config.model)))
    except BadInput:
        return ""


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Choose, and tell."""
    step = trial.step_of(config.model)
    study = studies.found(place_of(config.storage, config.study or config.model))
    space = spaces.of(contract.load(step))
    telling.write_best(study, step, space, outputs.tuned)
    telling.write_history(study, step, space, outputs.history)
    files.write_json(outputs.metrics, telling.figures(study, step))


if __name__ == "__main__":
    command.main("choose_values")
