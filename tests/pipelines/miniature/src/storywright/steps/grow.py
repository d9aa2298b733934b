"""Write a few numbers, and fail in the ways that steps fail when asked to."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from storywright.progress import track
from storywright.steps import command
from storywright.steps.contract import makes


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What to write."""

    count: int
    """How many numbers."""
    seed: int
    """The first of them."""
    ends: Literal["well", "failed", "killed"]
    """How it ends."""
    seconds: float
    """How long it takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """Nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """A file for each number."""

    lines: Path = makes("lines")
    metrics: Path = makes("metrics.json")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Write them."""
    outputs.lines.mkdir()
    for index in track(range(config.count), "Growing"):
        (outputs.lines / f"{index}.txt").write_text(str(config.seed + index))
        time.sleep(config.seconds / config.count)
    if config.ends == "failed":
        raise RuntimeError("the spade broke")
    if config.ends == "killed":
        os.kill(os.getpid(), 9)
    outputs.metrics.write_text(f'{{"lines": {config.count}}}')


if __name__ == "__main__":
    command.main("grow")
