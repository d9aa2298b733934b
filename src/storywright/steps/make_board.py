"""Make the candidate boards of one brief with the models that are deployed.

The batch pipeline runs this once for each brief, several at a time. Knows nothing about the other briefs.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from storywright import board, files
from storywright.export import html
from storywright.settings import Settings
from storywright.steps import command
from storywright.steps.contract import makes
from storywright.studio.director import Director
from storywright.watch.deployed import deployed_models, deployed_version


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """One brief, and how much is drawn for it."""

    brief: dict[str, Any]
    """The brief's fields; only `title` and `product: {name: …}` are required."""
    candidates: int
    """How many boards, each following another idea."""
    draws: int
    """Pictures for each panel, of which the critic keeps one."""
    threads: int
    """CPU threads."""

    def __post_init__(self) -> None:
        board.parse(board.Brief, self.brief, "the brief")
        for name in ("candidates", "draws", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """None: the models are those that are deployed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The boards and how good they are."""

    boards: Path = makes("boards")
    metrics: Path = makes("metrics.json")


def outside(config: Config) -> str:
    """Another champion makes other boards."""
    return deployed_version(Settings.from_environment())


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Draw the candidates, one folder each, and a page that shows them side by side."""
    import torch

    torch.set_num_threads(config.threads)
    models, drawing = deployed_models(Settings.from_environment())
    brief = board.parse(board.Brief, config.brief, "the brief")
    director = Director(models, replace(drawing, draws=config.draws))
    made = director.boards(brief, config.candidates)
    saved = [(one.board, one.save(outputs.boards / f"{number + 1}").parent) for number, one in enumerate(made)]
    html.compare(saved, outputs.boards / "index.html")
    files.write_json(outputs.metrics, _mean_scores([one.board for one in made]))


def _mean_scores(boards: list[board.Storyboard]) -> dict[str, float]:
    names = [score.name for score in boards[0].scores]
    means = {
        name: sum(score.value for one in boards for score in one.scores if score.name == name) / len(boards)
        for name in names
    }
    return means | {"num_boards": len(boards), "num_panels": sum(len(one.panels) for one in boards)}


if __name__ == "__main__":
    command.main("make_board")
