"""The step that measures drift, on a small corpus and real boards."""

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from storywright import registry
from storywright.board import Brief, Panel, Product, Storyboard
from storywright.corpus import shards
from storywright.corpus.schema import PANELS
from storywright.errors import BadInput
from storywright.settings import Settings
from storywright.steps import contract, monitor
from storywright.steps.command import read_params
from storywright.studio.models import Models
from storywright.watch import boards, database, feedback, probe, reports
from storywright.watch.boards import Made
from storywright.watch.feedback import Feedback
from storywright.writer.model import Proposal

VALUES = read_params(Path(__file__).parents[2] / "params.yaml", "demo")["monitor"] | {
    "num_reference": 60, "num_current": 24, "min_current": 10, "num_drawn": 30, "steps": 1, "threads": 1,
}  # fmt: skip
WORDS = ["Mia runs.", "The bottle stands on the table.", "Rain falls on the street, and nobody is there."]


class Crew:
    """Draws and writes like the corpus, and sees the mean colours."""

    def __init__(self, brighter: int = 0) -> None:
        self.brighter = brighter

    def draw(self, prompts: list[str], *, seeds: Sequence[int], **_: Any) -> list[Image.Image]:
        return [picture(prompt, self.brighter) for prompt in prompts]

    def propose(self, *_: Any, seed: int, **__: Any) -> list[Proposal]:
        return [Proposal(caption=WORDS[seed % 3], score=0.5, tags=[], phase="", why="")]

    def fit(self, words: Sequence[str], pictures: Sequence[Image.Image]) -> np.ndarray:
        return np.array([len(one) / 100 for one in words], np.float32)

    def of_pictures(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        seen = np.array([np.asarray(one.resize((2, 2))).reshape(-1) for one in pictures], np.float32) - 127.5
        return seen / np.linalg.norm(seen, axis=1, keepdims=True)


def picture(words: str, brighter: int = 0) -> Image.Image:
    random = np.random.default_rng(int.from_bytes(hashlib.sha256(words.encode()).digest()[:4]))
    pixels = random.integers(20, 180, size=(4, 6, 3)) + np.array([30, 0, -20]) + brighter
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).resize((24, 16), Image.Resampling.NEAREST)


def png(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def inputs(own_environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A corpus of ninety validation panels, and a deployment whose models are small stand-ins."""
    rows = []
    for number in range(90):
        row: dict[str, Any] = {field.name: "" for field in PANELS}
        row |= {"story_id": f"story-{number // 3}", "panel": number % 3, "panels": 3, "tags": [], "style": "ink"}
        row |= {
            "prompt": f"prompt {number}",
            "caption": WORDS[number % 3],
            "language": "ru" if number % 4 == 0 else "en",
        }
        row["picture"] = {"bytes": png(picture(f"prompt {number}")), "path": ""}
        rows.append(row)
    corpus = tmp_path / "corpus"
    (corpus / "validation").mkdir(parents=True)
    with shards.Writer(corpus / "validation" / "panels-00000.parquet", PANELS) as writer:
        writer.write(pa.Table.from_pylist(rows, schema=PANELS))
    (tmp_path / "deployment.json").write_text('{"version": "3"}')
    monkeypatch.setattr(registry, "fetch", lambda *_: tmp_path)
    deployed(monkeypatch, Crew())
    return {"corpus": corpus, "deployment": tmp_path / "deployment.json"}


def deployed(monkeypatch: pytest.MonkeyPatch, crew: Crew) -> None:
    models = Models(critic=crew, illustrator=crew, writer=crew)  # type: ignore[arg-type]
    monkeypatch.setattr(monitor.trial, "opened", lambda *_: (None, models))


def measured(inputs: dict[str, Path], out: Path, **values: object) -> tuple[dict, dict[str, float]]:
    outputs = {"drift": out / "drift", "metrics": out / "metrics.json"}
    contract.call("monitor", VALUES | values, inputs, outputs)
    return json.loads((out / "drift" / "drift.json").read_text()), json.loads((out / "metrics.json").read_text())


def keep_boards(count: int, action: str, *, begin: int = 0, title: str = "A brief", kind: str = "bottle") -> None:
    at = Settings.from_environment()
    engine = database.engine(at.database_url)
    brief = Brief(title=title, product=Product(name="Aqua Spark", kind=kind))
    for number in range(begin, begin + count):
        folder = at.home / "boards" / f"b{number}"
        (folder / "panels").mkdir(parents=True)
        picture(f"board {number}").save(folder / "panels" / "01.png")
        panel = Panel(id="p01", action=action, picture="panels/01.png", prompt=action)
        Storyboard(id=f"b{number}", title="A board", brief=brief, panels=[panel]).save(folder)
        made = Made(
            id=f"b{number}", asked=f"b{number}", brief=brief, folder=f"boards/b{number}", version="3", made_ms=number
        )
        boards.note(engine, [made])


def test_before_anybody_asked_for_boards_the_deployed_models_draw_and_nothing_has_drifted(
    inputs: dict[str, Path], tmp_path: Path
) -> None:
    found, metrics = measured(inputs, tmp_path / "a")
    assert found["drifted"] == []
    assert (metrics["from_boards"], metrics["num_current"], metrics["num_reference"]) == (0, 30, 60)
    shown = json.loads((Settings.from_environment().home / "watch" / "drift.json").read_text())
    assert shown == found


def test_models_that_draw_too_bright_have_drifted(
    inputs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed(monkeypatch, Crew(brighter=60))
    found, metrics = measured(inputs, tmp_path / "a")
    assert "brightness" in found["drifted"]
    assert metrics["num_drifted"] == len(found["drifted"])


def test_the_newest_boards_are_compared_once_there_are_enough(inputs: dict[str, Path], tmp_path: Path) -> None:
    keep_boards(12, "Somebody talks and talks and talks, for longer than any caption that the models learned from.")
    found, metrics = measured(inputs, tmp_path / "a")
    assert metrics["from_boards"] == 1
    assert metrics["num_current"] == 12
    assert "caption_length" in found["drifted"]


def test_briefs_scores_and_feedback_are_compared_with_those_before(inputs: dict[str, Path], tmp_path: Path) -> None:
    keep_boards(30, "Mia runs.", kind="bottle")
    keep_boards(12, "Mia runs along the river and laughs at the rain.", begin=30, kind="car")
    engine = database.engine(Settings.from_environment().database_url)
    for number in range(42):
        said = {"kind": "rating", "value": "5" if number < 30 else "1", "made_ms": number}
        feedback.record(engine, Feedback(key=str(number), board=f"b{number}", **said))
    found, metrics = measured(inputs, tmp_path / "a")
    assert {"fit", "brief_genre", "said_stars"} <= set(found["drifted"])
    assert not {"brief_length", "brief_language", "said_kind"} & set(found["drifted"])
    assert found["rows"]["briefs"] == {"reference": 32, "current": 10}
    assert metrics["num_measured"] == len(found["scores"])
    pages = {path.name for path in (tmp_path / "a" / "drift").glob("*.html")}
    assert pages == {"panels.html", "scores.html", "briefs.html", "feedback.html"}
    [kept] = reports.kept(Settings.from_environment().home)
    assert kept.drifted == found["drifted"]


def test_boards_of_the_probe_are_nobodys_wish(inputs: dict[str, Path], tmp_path: Path) -> None:
    keep_boards(30, "A probe.", title=probe.TITLE)
    found, metrics = measured(inputs, tmp_path / "a")
    assert metrics["from_boards"] == 0
    assert found["rows"]["briefs"] == {"reference": 0, "current": 0}


def test_the_same_boards_give_the_same_bytes_and_a_new_board_is_noticed(
    inputs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "ab":
        measured(inputs, tmp_path / name)
    for file in ("drift/panels.html", "drift/drift.json", "metrics.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    capsys.readouterr()
    measured(inputs, tmp_path / "b")
    assert "up to date" in capsys.readouterr().err
    keep_boards(1, "A dog runs.")
    measured(inputs, tmp_path / "b")
    assert "up to date" not in capsys.readouterr().err


def test_limits_that_leave_a_column_out_are_refused_by_name() -> None:
    with pytest.raises(BadInput, match="limits needs exactly caption_length, language, brightness, picture, fit"):
        contract.config_of("monitor", VALUES | {"limits": {"brightness": 0.5}})
