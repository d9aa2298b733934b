"""Measure how far what the deployed models make lies from what they learned from.

The reference is a sample of the corpus's validation panels. What is made now is the newest panels in the studio's
database; as long as there are too few of those, the deployed models draw and caption validation panels that are not in
the reference. The report goes into the drift folder, and its numbers also into the studio's home, where the server
shows them to Prometheus. Knows nothing of what is done about drift.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from storywright import files, registry
from storywright.corpus.reading import Panels
from storywright.errors import BadInput
from storywright.progress import track
from storywright.settings import Settings
from storywright.steps import command
from storywright.steps.contract import made_by, makes
from storywright.studio.models import Models
from storywright.watch import boards, database, drift, trial
from storywright.watch.drift import MEASURES, Drift, Sample
from storywright.writer.model import Told

_AT_ONCE = 8  # pictures in one batch

DRIFT = "watch/drift.json"
"""Where the newest numbers lie in the studio's home."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What is compared, and when it counts as drift."""

    num_reference: int
    """Validation panels in the reference."""
    num_current: int
    """Newest panels that are compared with it."""
    min_current: int
    """With fewer panels in the database the deployed models draw for the comparison."""
    num_drawn: int
    """How many they draw then; a panel takes about a third of a second on two cores."""
    steps: int
    """Denoising steps of those."""
    limits: dict[str, float]
    """For each column the distance above which it has drifted."""
    seed: int
    """Chooses the reference and the panels that are drawn."""
    threads: int
    """CPU threads."""

    def __post_init__(self) -> None:
        if self.limits.keys() != MEASURES.keys():
            raise ValueError(f"limits needs exactly {', '.join(MEASURES)}, got {', '.join(self.limits) or 'none'}")
        if min(self.num_reference, self.num_current, self.num_drawn) < 2:
            raise ValueError("num_reference, num_current and num_drawn must be at least 2")
        if min(self.min_current, self.steps, self.threads) < 1:
            raise ValueError("min_current, steps and threads must be at least 1")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What the models learned from, and which of them are deployed."""

    corpus: Path = made_by("preprocess")
    deployment: Path = made_by("deploy")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """drift.html and drift.json, and their numbers."""

    drift: Path = makes("drift")
    metrics: Path = makes("metrics.json")


def outside(config: Config) -> dict[str, str | list[str]]:
    """The boards that are compared, and what this machine shows Prometheus."""
    at = Settings.from_environment()
    here = at.home / DRIFT
    newest = boards.recent(database.engine(at.database_url), config.num_current)
    return {"boards": [made.id for made in newest], "here": files.digest(here) if here.is_file() else ""}


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Sample, profile, compare, write."""
    import torch

    torch.set_num_threads(config.threads)
    at = Settings.from_environment()
    models = _deployed(inputs.deployment, at)
    panels = Panels(inputs.corpus, "validation")
    reference_rows, other_rows = _split(len(panels), config)
    made = _from_boards(at, config.num_current)
    from_boards = len(made.captions) >= config.min_current
    current = made if from_boards else _drawn(models, panels, other_rows, config)
    measured, snapshot = drift.measure(
        drift.profile(_from_corpus(panels, reference_rows), models.critic),
        drift.profile(current, models.critic),
        config.limits,
    )
    drift.write_report(snapshot, outputs.drift / "drift.html")
    document = asdict(measured) | {"drifted": measured.drifted, "from_boards": from_boards}
    files.write_json(outputs.drift / "drift.json", document)
    files.write_json(outputs.metrics, _metrics(measured, from_boards))
    files.write_json(at.home / DRIFT, document)


def _deployed(deployment: Path, at: Settings) -> Models:
    version = str(json.loads(deployment.read_text(encoding="utf-8"))["version"])
    return trial.opened(registry.fetch(version, at), version)[1]


def _split(num_rows: int, config: Config) -> tuple[list[int], list[int]]:
    """Rows of the reference, and rows that are not in it."""
    if num_rows < 4:
        raise BadInput(f"The corpus has {num_rows} validation panels, too few to compare with: draw more stories.")
    order = np.random.default_rng(config.seed).permutation(num_rows)
    cut = min(config.num_reference, num_rows - min(config.num_drawn, num_rows // 2))
    return sorted(order[:cut].tolist()), sorted(order[cut : cut + config.num_drawn].tolist())


def _from_corpus(panels: Panels, rows: list[int]) -> Sample:
    found = panels.rows(rows, ["caption", "language", "picture"])
    return Sample(
        captions=list(found["caption"]),
        languages=list(found["language"]),
        pictures=[Image.fromarray(picture) for picture in found["picture"]],
    )


def _from_boards(at: Settings, limit: int) -> Sample:
    """The newest panels that people asked for."""
    captions: list[str] = []
    languages: list[str] = []
    pictures: list[Image.Image] = []
    for made in boards.recent(database.engine(at.database_url), limit):
        try:
            board = boards.read(made, at.home)
        except BadInput:  # its folder was deleted by hand
            continue
        for panel in board.panels:
            path = at.home / made.folder / panel.picture
            if panel.picture and path.is_file() and len(captions) < limit:
                captions.append(panel.action)
                languages.append(board.language)
                pictures.append(Image.open(path).convert("RGB"))
    return Sample(captions=captions, languages=languages, pictures=pictures)


def _drawn(models: Models, panels: Panels, rows: list[int], config: Config) -> Sample:
    """What the deployed models make of validation panels: a picture of the prompt, and the caption after it."""
    found = panels.rows(rows, ["prompt", "caption", "language"])
    pictures: list[Image.Image] = []
    for start in track(range(0, len(rows), _AT_ONCE), "Drawing panels to compare"):
        prompts, seeds = (
            found["prompt"][start : start + _AT_ONCE],
            [config.seed + row for row in rows[start:]][:_AT_ONCE],
        )
        pictures += models.illustrator.draw(list(prompts), steps=config.steps, seeds=seeds)
    captions = []
    asked = zip(rows, pictures, found["caption"], found["language"], strict=True)
    for row, picture, caption, language in track(list(asked), "Captioning them"):
        told = [Told(picture, caption)]
        proposals = models.writer.propose(told, brief=caption, language=language, count=1, seed=config.seed + row)
        captions.append(proposals[0].caption)
    return Sample(captions=captions, languages=list(found["language"]), pictures=pictures)


def _metrics(measured: Drift, from_boards: bool) -> dict[str, float]:
    scores = {f"drift_{column}": round(score, 6) for column, score in measured.scores.items()}
    return scores | {
        "num_drifted": len(measured.drifted),
        "num_reference": measured.num_reference,
        "num_current": measured.num_current,
        "from_boards": int(from_boards),
    }


if __name__ == "__main__":
    command.main("monitor")
