"""The studio, pictures and clips from Python, as the README shows them."""

from pathlib import Path

import pytest
from PIL import Image

import storywright
from storywright import BadInput, Studio, TextToImageModel, TextToVideoModel


def test_two_lines_make_a_picture(tmp_path: Path) -> None:
    model = TextToImageModel()
    made = model.generate("a woman with a red bottle in the park", style="ink", size=(96, 54), seed=3, steps=2)
    with Image.open(made.save(tmp_path / "x.png")) as picture:
        assert picture.size == (96, 54)
    with pytest.raises(BadInput, match="choose flat, pencil, ink or watercolour"):
        model.generate("a woman", style="cubist", size=(96, 54), steps=2)
    with pytest.raises(BadInput, match=r"\.png"):
        made.save(tmp_path / "x.txt")


def test_two_lines_make_a_clip(tmp_path: Path) -> None:
    model = TextToVideoModel()
    how = {"frames": 2, "size": (96, 54), "steps": 1}
    made = model.generate("a man waves in the street", duration_seconds=1, style="flat", **how)
    assert made.save(tmp_path / "x.mp4").stat().st_size > 0
    with pytest.raises(BadInput, match="to 60 seconds"):
        model.generate("a man waves", duration_seconds=0, **how)


def test_a_board_is_made_revised_and_exported(tmp_path: Path) -> None:
    studio = Studio()
    brief = {"title": "Run", "product": {"name": "Aqua", "kind": "bottle"}, "format": {"panels": 2, "seconds": 6}}
    (one,) = studio.boards(brief, candidates=1)
    folder = one.save(tmp_path / "1").parent
    second = (folder / one.board.panels[1].picture).read_bytes()
    board = studio.revise(folder, action="redraw", panel="1", words="Mia sits in the kitchen.", draws=1)
    assert board.panels[0].setting == "kitchen"
    assert (folder / board.panels[0].picture).is_file()
    assert (folder / board.panels[1].picture).read_bytes() == second
    (listed,) = studio.export(folder, ["csv"], tmp_path)
    assert "Mia sits in the kitchen." in listed.read_text(encoding="utf-8-sig")


def test_importing_the_package_opens_no_model() -> None:
    assert set(storywright.__all__) <= set(dir(storywright))
    with pytest.raises(AttributeError, match="Sculptor"):
        _ = storywright.Sculptor
