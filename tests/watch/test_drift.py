"""Drift between tables, measured by Evidently's functions and shown by its reports."""

import datetime
import importlib.util
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from storywright.board import Brief, Product
from storywright.errors import BadInput
from storywright.steps.command import read_params
from storywright.watch import drift, reports
from storywright.watch.drift import Compared, Sample
from storywright.watch.feedback import Feedback

ROOT = Path(__file__).parents[2]
LIMITS = read_params(ROOT / "params.yaml", "demo")["monitor"]["limits"]
WORDS = ["Mia runs in the park.", "The bottle stands on the table, and the light is warm.", "She smiles.", "Rain."]
NOUNS = ["bottle", "morning", "train", "friend", "window", "garden", "kitchen", "river", "music", "winter", "market"]
RUSSIAN = ["бутылка", "утро", "поезд", "друг", "окно", "сад", "кухня", "река", "музыка", "зима", "рынок"]


class Eye:
    """Sees the mean colour of each quarter."""

    def of_pictures(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        seen = (
            np.array([np.asarray(one.resize((2, 2), Image.Resampling.BOX)).reshape(-1) for one in pictures], np.float32)
            - 127.5
        )
        return seen / np.linalg.norm(seen, axis=1, keepdims=True)


def panels(seed: int, count: int, *, brighter: int = 0, longer: str = "", russian: float = 0.3):
    random = np.random.default_rng(seed)
    pixels = random.integers(30, 200, size=(count, 6, 8, 3)) + np.array([25, 0, -25])
    sample = Sample(
        captions=[str(random.choice(WORDS)) + longer for _ in range(count)],
        languages=[str(random.choice(["ru", "en"], p=[russian, 1 - russian])) for _ in range(count)],
        pictures=[Image.fromarray(np.clip(one + brighter, 0, 255).astype(np.uint8)) for one in pixels],
    )
    return drift.profile(sample, Eye())  # type: ignore[arg-type]


def scores(seed: int, count: int, *, worse: float = 0.0):
    return drift.of_scores(list(np.random.default_rng(seed).normal(0.3 - worse, 0.05, count)))


def briefs(
    seed: int, count: int, *, russian: float = 0.2, cars: float = 0.1, wordier: int = 0, words: list[str] = NOUNS
):
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        said = RUSSIAN if random.random() < russian else words
        kind = "car" if random.random() < cars else str(random.choice(["bottle", "phone", "Shoe "]))
        text = " ".join(random.choice(said, random.integers(8, 16) + wordier))
        product = Product(name="Aqua", kind=kind, description=text)
        made.append(Brief(title="A brief", product=product, language="ru" if said is RUSSIAN else "en"))
    return drift.of_briefs(made)


def words(seed: int, count: int, *, stars: tuple[int, int] = (2, 6), edits: float = 0.3):
    random = np.random.default_rng(seed)
    made = []
    for number in range(count):
        kind = str(random.choice(["edit", "rating", "choice"], p=[edits, 0.8 - edits, 0.2]))
        value = {"edit": "word " * int(random.integers(2, 12)), "rating": str(random.integers(*stars)), "choice": ""}
        panel = "p01" if kind == "edit" else ""
        made.append(Feedback(key=str(number), board="b", panel=panel, kind=kind, value=value[kind], made_ms=1))  # type: ignore[arg-type]
    return drift.of_feedback(made)


MAKERS = {"panels": panels, "scores": scores, "briefs": briefs, "feedback": words}


def compared(what: str, *, seed: int = 1, count: int = 200, **change: object) -> Compared:
    found = Compared(what=what, reference=MAKERS[what](0, 400), current=MAKERS[what](seed, count, **change))
    return drift.with_known_genres(found) if what == "briefs" else found


@pytest.mark.parametrize("what", sorted(MAKERS))
def test_tables_of_the_same_world_have_not_drifted(what: str) -> None:
    for seed in (1, 2, 3):
        found = drift.measure([compared(what, seed=seed)], LIMITS, 48)
        assert list(found.scores) == list(drift.MEASURES[what])
        assert found.drifted == []


@pytest.mark.parametrize(
    ("what", "change", "columns"),
    [
        ("panels", {"longer": " And then a very long sentence follows that nobody used before."}, {"caption_length"}),
        ("panels", {"brighter": 60}, {"brightness", "picture"}),
        ("panels", {"russian": 0.9}, {"language"}),
        ("scores", {"worse": 0.06}, {"fit"}),
        ("briefs", {"russian": 0.9}, {"brief_language", "brief_length", "brief_words"}),
        ("briefs", {"cars": 0.8}, {"brief_genre"}),
        ("briefs", {"wordier": 12}, {"brief_length"}),
        ("briefs", {"words": ["engine", "highway", "torque", "diesel", "wheels", "driver"]}, {"brief_words"}),
        ("feedback", {"stars": (1, 3)}, {"said_stars"}),
        ("feedback", {"edits": 0.75}, {"said_kind"}),
    ],
)
def test_what_changed_is_found_in_its_columns(what: str, change: dict[str, object], columns: set[str]) -> None:
    found = drift.measure([compared(what, **change)], LIMITS, 8)
    assert set(found.drifted) == columns, found.scores


@pytest.mark.parametrize("what", sorted(MAKERS))
def test_the_report_shows_the_numbers_that_are_measured_and_is_the_same_each_time(what: str, tmp_path: Path) -> None:
    one = compared(what, count=120)
    for name in ("one.html", "two.html"):
        snapshot = drift.report(one, LIMITS, 40)
        assert snapshot is not None
        drift.write_report(snapshot, tmp_path / name)
    shown = [metric["value"] for metric in snapshot.dict()["metrics"] if "ValueDrift" in str(metric)]
    found = drift.measure([one], LIMITS, 40).scores
    wanted = [score for column, score in found.items() if drift.MEASURES[what][column] != "cosine"]
    assert [float(value) for value in shown] == pytest.approx(wanted, abs=1e-9)
    text = (tmp_path / "one.html").read_text()
    assert text == (tmp_path / "two.html").read_text()
    assert all(column in text for column in one.columns(40))


def test_rows_that_are_all_alike_are_measured_and_shown() -> None:
    alike = drift.of_briefs([Brief(title="One", product=Product(name="Aqua"))] * 100)
    one = Compared(what="briefs", reference=alike, current=alike[:50])
    assert drift.measure([one], LIMITS, 48).drifted == []
    assert drift.report(one, LIMITS, 48) is not None


def test_a_column_with_too_few_rows_is_not_measured() -> None:
    assert set(drift.measure([compared("feedback", count=60, edits=0.05)], LIMITS, 20).scores) == {
        "said_kind",
        "said_stars",
    }
    few = compared("briefs", count=10)
    assert drift.measure([few], LIMITS, 48).scores == {}
    assert drift.report(few, LIMITS, 48) is None


def test_a_kind_of_product_that_was_named_once_is_no_drift() -> None:
    one = compared("briefs")
    strange = one.current.assign(brief_genre=[f"thing {n}" if n % 10 == 0 else g for n, g in
                                              enumerate(one.current["brief_genre"])])  # fmt: skip
    found = drift.with_known_genres(Compared(what="briefs", reference=one.reference, current=strange))
    assert set(found.current["brief_genre"]) == {"bottle", "phone", "shoe", "car", "other"}
    assert "brief_genre" not in drift.measure([found], LIMITS, 48).drifted


def test_alarms_without_drift_are_rare_and_the_stated_effects_are_found() -> None:
    """The benchmark in a shorter form: the comparisons that need no pictures."""
    spec = importlib.util.spec_from_file_location("bench_drift", ROOT / "benchmarks" / "bench_drift.py")
    assert spec and spec.loader
    bench = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = bench  # its dataclasses look themselves up
    spec.loader.exec_module(bench)
    worlds = {"briefs": bench.briefs(700), "feedback": bench.words_said(700)}
    assert bench.false_alarms(worlds, 20)["any"] <= bench.BAR_FALSE
    for what, world in worlds.items():
        for effect in bench.effects()[what]:
            assert bench.alarms(world, what, effect, 20) >= bench.BAR_FOUND, effect.says


def test_the_newest_reports_are_kept_and_their_pages_found(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    (made / "panels.html").write_text("<p>panels</p>")
    (made / "drift.json").write_text(json.dumps({"scores": {"fit": 0.7}, "limits": {"fit": 0.6}, "drifted": ["fit"]}))
    for day in range(1, 16):
        reports.keep(made, tmp_path / "home", datetime.datetime(2026, 11, day, tzinfo=datetime.UTC))
    found = reports.kept(tmp_path / "home")
    assert [one.name for one in found] == [f"202611{day:02d}T000000Z" for day in range(15, 3, -1)]
    assert (found[0].drifted, found[0].pages) == (["fit"], ["panels.html"])
    assert reports.page(tmp_path / "home", found[0].name, "panels.html").read_text() == "<p>panels</p>"
    (tmp_path / "home/watch/reports" / found[1].name / "drift.json").write_text("{")
    assert found[1].name not in [one.name for one in reports.kept(tmp_path / "home")]


@pytest.mark.parametrize(
    ("name", "file"),
    [("20261101T000000Z", "panels.html"), ("..", "drift.json"), ("20261115T000000Z", "../../drift.json")],
)
def test_a_page_that_is_not_there_or_lies_elsewhere_is_refused(tmp_path: Path, name: str, file: str) -> None:
    (tmp_path / "watch/reports/20261115T000000Z").mkdir(parents=True)
    (tmp_path / "watch/drift.json").write_text("{}")
    with pytest.raises(BadInput, match=re.escape("drift")):
        reports.page(tmp_path, name, file)
