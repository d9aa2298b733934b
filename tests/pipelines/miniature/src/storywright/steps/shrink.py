"""Add the numbers up."""

from dataclasses import dataclass
from pathlib import Path

from storywright.errors import BadInput
from storywright.steps import command
from storywright.steps.contract import made_by, makes, may_come_from


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """How to add."""

    factor: int
    """What the sum is multiplied by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """The numbers."""

    lines: Path = made_by("grow")
    grown: Path = made_by("grow", "metrics")
    before: Path | None = may_come_from("shrink", "total")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """Their sum."""

    total: Path = makes("total.txt")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Add."""
    assert inputs.grown.exists()
    outputs.total.write_text("half-made")
    if config.factor == 0:
        raise BadInput("Nothing can be made of nothing: give a factor.")
    outputs.total.write_text(str(config.factor * sum(int(path.read_text()) for path in inputs.lines.iterdir())))


if __name__ == "__main__":
    command.main("shrink")
