"""`storywright judge`: figures that mean what they say, runs that go on, and pages that keep what else is on them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from storywright.cli.judge import judge
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.illustrator import model
from storywright.illustrator.model import Illustrator
from storywright.judge import closeness, measuring
from storywright.judge.report import Report
from storywright.toonworld.drawing import draw

PROMPTS = [f"a woman with {number} dogs" for number in range(6)]


def same(one: list[Image.Image], other: list[Image.Image]) -> bool:
    return [picture.tobytes() for picture in one] == [picture.tobytes() for picture in other]


def test_a_run_that_was_ended_goes_on_and_draws_what_it_would_have_drawn(folder: Path, tmp_path: Path) -> None:
    whole = measuring.pictures_of(Illustrator.open(folder), PROMPTS, tmp_path / "whole", steps=1, guidance=None)
    ended = Illustrator.open(folder)
    ended.at_once, draws, draw_some = 2, list[list[int]](), ended.draw

    def counted(words: list[str], *, seeds: list[int], **how: Any) -> list[Image.Image]:
        if len(draws) == 2:
            raise KeyboardInterrupt
        draws.append(list(seeds))
        return draw_some(words, seeds=seeds, **how)

    ended.draw = counted  # type: ignore[assignment,method-assign]
    with pytest.raises(KeyboardInterrupt):
        measuring.pictures_of(ended, PROMPTS, tmp_path / "work", steps=1, guidance=None)
    draws.clear()
    gone_on = measuring.pictures_of(ended, PROMPTS, tmp_path / "work", steps=1, guidance=None)
    assert draws == [[4, 5]] and same(gone_on, whole)


@pytest.fixture(scope="module")
def critic() -> Critic:
    return Critic.open(model.STARTER.parent / "critic")


def test_drawings_are_no_distance_from_themselves_and_grey_pictures_are_far(
    illustrator: Illustrator, critic: Critic
) -> None:
    held = measuring.held_out(24)
    size = illustrator.drawing.native_size
    drawn = [Image.fromarray(draw(scene, size)) for scene, _ in held]
    own = closeness.measured(critic, illustrator, held, drawn)
    assert own.frechet == pytest.approx(0, abs=1e-4) and own.clip_share == pytest.approx(1)
    grey = closeness.measured(critic, illustrator, held, [Image.new("RGB", size, "grey")] * 24)
    assert grey.frechet > grey.frechet_other > 0.05
    assert grey.clip_share < 0.7
    assert grey.frechet_rebuilt == own.frechet_rebuilt


def test_what_the_shipped_autoencoder_makes_of_a_drawing_is_that_drawing_nearly() -> None:
    scene, _ = measuring.held_out(1)[0]
    drawn = draw(scene, (192, 108))[None]
    again = Illustrator.open(model.STARTER).rebuilt(drawn)
    off = again.astype(float) - drawn
    assert again.shape == drawn.shape and 0 < np.square(off).mean() < 255**2 / 10 ** (24 / 10)


@pytest.fixture
def found() -> Report:
    near = closeness.Closeness(0.2, 0.05, 0.4, 1.8, 2.0)
    return Report([measuring.Measure("pose", 0.5, 0.25, 40)], 0.5, near, 40, "storywright judge --count 40")


def test_figures_take_the_place_of_older_ones_and_the_rest_of_the_page_stays(found: Report, tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("# A card\n\nWords.\n\n## Figures\n\nold figures\n\n## Known failures\n\n- hands\n")
    found.write_into(page, "unused")
    once = page.read_text()
    assert once.startswith("# A card\n\nWords.\n\n## Figures\n\n`storywright judge --count 40`\n")
    assert "| pose | 0.50 | 0.80 | 0.50 | 0.25 | 40 |" in once and "old figures" not in once
    assert once.endswith("\n\n## Known failures\n\n- hands\n")
    found.write_into(page, "unused")
    assert page.read_text() == once


def test_an_illustrator_whose_autoencoder_is_not_known_has_no_figure_for_it(found: Report) -> None:
    near = closeness.Closeness(0.2, None, 0.4, 1.8, 2.0)
    report = Report(found.measures, 0.5, near, 40, "storywright judge")
    assert "autoencoder makes of those drawings: not measured" in report.as_text()
    assert report.as_json()["frechet_rebuilt"] is None


def test_the_command_prints_json_writes_pages_and_leaves_nothing_behind(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORYWRIGHT_HOME", str(tmp_path / "home"))
    page = tmp_path / "pages" / "judge.md"
    told = ["--model", str(folder), "--count", "8", "--steps", "1", "--write", str(page), "--json"]
    done = CliRunner().invoke(judge, told, catch_exceptions=False)
    values = json.loads(done.stdout)
    assert values["count"] == 8 and 0 < values["frechet_rebuilt"] < values["frechet"]
    assert values["clip_share"] == pytest.approx(values["clip_score"] / values["clip_score_drawn"])
    assert f"storywright judge --model {folder} --count 8 --steps 1 --write {page}" in page.read_text()
    assert not list((tmp_path / "home" / "judging").iterdir())


def test_the_command_refuses_a_page_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"end it in \.md"):
        CliRunner().invoke(judge, ["--write", str(tmp_path / "page.txt")], catch_exceptions=False)
