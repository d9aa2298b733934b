"""Panels as moving clips: drawn once, kept beside the pictures, and shown in the film."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from storywright.board import Panel, Storyboard
from storywright.errors import BadInput
from storywright.export import mp4
from storywright.illustrator import model, motion
from storywright.studio import moving
from storywright.studio.endframe import COMPOSED

HOW = moving.Moving(frames=2, steps=1)


@pytest.fixture(scope="module")
def animator() -> motion.Animator:
    return motion.Animator.open(model.STARTER, motion.STARTER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "panels").mkdir()
    Image.new("RGB", (192, 108), "white").save(tmp_path / "panels" / "1.png")
    return tmp_path


def board() -> Storyboard:
    panels = [
        Panel(id=f"p0{number}", action="Mia waves.", prompt="ink drawing, a woman, waving", seed=number, seconds=0.4,
              picture="panels/1.png")
        for number in (1, 2)
    ]  # fmt: skip
    panels[1].provenance.settings[COMPOSED] = "end frame"
    return Storyboard(id="b", title="B", panels=panels)


def test_a_clip_is_drawn_once_and_again_only_when_its_panel_has_changed(animator, folder):
    made = board()
    clips = moving.draw(made, folder, made.panels[:1], animator, "embedded", HOW)
    first = (clips / "p01.mp4").stat().st_mtime_ns
    moving.draw(made, folder, made.panels[:1], animator, "embedded", HOW)
    assert (clips / "p01.mp4").stat().st_mtime_ns == first
    made.panels[0].seed = 9
    moving.draw(made, folder, made.panels[:1], animator, "embedded", HOW)
    assert (clips / "p01.mp4").stat().st_mtime_ns > first


def test_the_film_shows_the_clip_in_place_of_the_picture_for_as_long_as_the_panel(animator, folder):
    made = board()
    clips = moving.draw(made, folder, moving.wanted(made, ["all"]), animator, "embedded", HOW)
    with av.open(str(mp4.write(made, folder, folder / "film.mp4", height=108, clips=clips))) as film:
        frames = [frame.to_ndarray(format="gray") for frame in film.decode(video=0)]
    assert len(frames) == 20
    assert all(frame.std() > 5 for frame in frames[:10])  # drawn, where the picture is white
    assert all(frame.std() < 5 for frame in frames[10:])
    assert np.abs(frames[0].astype(int) - frames[9]).mean() > 0.5


def test_the_end_frame_stands_still():
    made = board()
    assert [panel.id for panel in moving.wanted(made, ["all"])] == ["p01"]
    with pytest.raises(BadInput, match=r"p02 is composed .* stands still"):
        moving.wanted(made, ["2"])
    with pytest.raises(BadInput, match="no panel '7'"):
        moving.wanted(made, ["7"])
