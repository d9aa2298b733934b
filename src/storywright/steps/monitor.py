"""Measure how far what is asked for, drawn and said now lies from what it is compared with.

Drawn panels are compared with a sample of the corpus's validation panels: the newest in the studio's database, and as
long as there are too few of those, what the deployed models draw and caption of validation panels that are not in the
reference. The critic's scores of the newest panels, the newest briefs and the newest feedback are compared with those
before them, once there are enough. The reports go into the drift folder, and into the studio's home for people to read;
the numbers also where the server shows them to Prometheus. Knows nothing of what is done about drift.
"""

import datetime
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from sqlalchemy import Engine

from storywright import files, registry
from storywright.board import Brief
from storywright.corpus.reading import Panels
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.progress import track
from storywright.settings import Settings
from storywright.steps import command
from storywright.steps.contract import made_by, makes
from storywright.studio.models import Models
from storywright.watch import boards, database, drift, feedback, probe, reports, trial
from storywright.watch.drift import COLUMNS, Compared, Drift, Sample
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
    """Newest panels that are compared with it; of briefs, words of feedback and scores so many, and as many as are in
    the reference before them."""
    min_current: int
    """With fewer panels in the database the deployed models draw for the comparison; with fewer of anything else on
    either side nothing is said about it."""
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
        if self.limits.keys() != set(COLUMNS):
            raise ValueError(f"limits needs exactly {', '.join(COLUMNS)}, got {', '.join(self.limits) or 'none'}")
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
    """A page for each comparison, drift.json, and their numbers."""

    drift: Path = makes("drift")
    metrics: Path = makes("metrics.json")


def outside(config: Config) -> dict[str, str | list[str]]:
    """The boards and words that are compared, and what this machine shows Prometheus."""
    at = Settings.from_environment()
    engine = database.engine(at.database_url)
    here = at.home / DRIFT
    newest = boards.recent(engine, config.num_current + config.num_reference)
    return {
        "boards": [made.id for made in newest],
        "feedback": files.digest_of([one.key for one in _newest_words(engine, config)]),
        "here": files.digest(here) if here.is_file() else "",
    }


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Sample, compare, write."""
    import torch

    torch.set_num_threads(config.threads)
    at = Settings.from_environment()
    models = _deployed(inputs.deployment, at)
    made = _from_boards(at, config.num_current + config.num_reference)
    from_boards = len(made) >= config.min_current
    panels = _of_panels(config, inputs.corpus, models, made[: config.num_current] if from_boards else [])
    compared = [panels, *_with_those_before(config, database.engine(at.database_url), made, models.critic)]
    measured = _merged(
        drift.measure(compared[:1], config.limits, min_rows=2),
        drift.measure(compared[1:], config.limits, config.min_current),
    )
    for one in track(compared, "Writing the reports"):
        snapshot = drift.report(one, config.limits, 2 if one is panels else config.min_current)
        if snapshot:
            drift.write_report(snapshot, outputs.drift / f"{one.what}.html")
    document = asdict(measured) | {"drifted": measured.drifted, "from_boards": from_boards}
    files.write_json(outputs.drift / "drift.json", document)
    files.write_json(outputs.metrics, _metrics(measured, from_boards))
    reports.keep(outputs.drift, at.home, datetime.datetime.now(datetime.UTC))
    files.write_json(at.home / DRIFT, document)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A panel of somebody's board."""

    caption: str
    prompt: str
    language: str
    picture: Image.Image


def _of_panels(config: Config, corpus: Path, models: Models, made: list[_Drawn]) -> Compared:
    """Drawn panels beside those of the corpus."""
    panels = Panels(corpus, "validation")
    reference_rows, other_rows = _split(len(panels), config)
    current = _sample(made) if made else _drawn(models, panels, other_rows, config)
    return Compared(
        what="panels",
        reference=drift.profile(_from_corpus(panels, reference_rows), models.critic),
        current=drift.profile(current, models.critic),
    )


def _with_those_before(config: Config, engine: Engine, made: list[_Drawn], critic: Critic) -> Iterator[Compared]:
    """Scores, briefs and feedback: the newest quarter beside what came before it."""
    shown = [one for one in made if one.prompt]
    fits = critic.fit([one.prompt for one in shown], [one.picture for one in shown]).tolist() if shown else []
    scores, briefs = drift.of_scores(fits), drift.of_briefs(_newest_briefs(engine, config))
    words = drift.of_feedback(_newest_words(engine, config))
    for what, table in (("scores", scores), ("briefs", briefs), ("feedback", words)):
        count = max(config.min_current, len(table) // 4)
        found = Compared(what=what, current=table[:count], reference=table[count:])
        yield drift.with_known_genres(found) if what == "briefs" else found


def _newest_briefs(engine: Engine, config: Config) -> list[Brief]:
    """One for each request, the newest first; the probe's are nobody's wish."""
    limit = config.num_current + config.num_reference
    found: dict[str, Brief] = {}
    for made in boards.recent(engine, 4 * limit):
        if made.brief.title != probe.TITLE:
            found.setdefault(made.asked, made.brief)
    return list(found.values())[:limit]


def _newest_words(engine: Engine, config: Config) -> list[feedback.Feedback]:
    """The newest first."""
    return list(deque(feedback.read(engine), maxlen=config.num_current + config.num_reference))[::-1]


def _merged(one: Drift, other: Drift) -> Drift:
    return Drift(scores=one.scores | other.scores, limits=one.limits | other.limits, rows=one.rows | other.rows)


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


def _from_boards(at: Settings, limit: int) -> list[_Drawn]:
    """The newest panels that people asked for, the newest first."""
    found: list[_Drawn] = []
    for made in boards.recent(database.engine(at.database_url), limit):
        if made.brief.title == probe.TITLE:
            continue
        try:
            board = boards.read(made, at.home)
        except BadInput:  # its folder was deleted by hand
            continue
        for panel in board.panels:
            path = at.home / made.folder / panel.picture
            if panel.picture and path.is_file() and len(found) < limit:
                with Image.open(path) as picture:
                    found.append(_Drawn(panel.action, panel.prompt, board.language, picture.convert("RGB")))
    return found


def _sample(made: list[_Drawn]) -> Sample:
    return Sample(
        captions=[one.caption for one in made],
        languages=[one.language for one in made],
        pictures=[one.picture for one in made],
    )


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
        "num_measured": len(measured.scores),
        "num_reference": measured.rows["panels"]["reference"],
        "num_current": measured.rows["panels"]["current"],
        "from_boards": int(from_boards),
    }


if __name__ == "__main__":
    command.main("monitor")
