"""The end frame: what stands in it, that everything fits, and what is said about a file that is missing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from storywright.board import Brief
from storywright.errors import BadInput
from storywright.studio import endframe

DRAWN = Image.new("RGB", (192, 108), (120, 160, 120))


def brief(**more: Any) -> Brief:
    usual = {
        "title": "Run",
        "product": {"name": "Aqua Spark"},
        "proposition": "the first sip",
        "call_to_action": "Sip.",
    }
    return Brief.model_validate(usual | more)


def words_of(frame: Image.Image) -> np.ndarray:
    """Where there is ink on the paper side."""
    paper = np.asarray(frame.convert("L"))[:, round(frame.width * 0.58) + 4 :]
    return paper < 190


def test_the_picture_is_on_one_side_and_the_words_are_on_the_other() -> None:
    frame = endframe.composed(DRAWN, brief(), endframe.Assets())
    assert frame.size == (1024, 576)
    assert frame.getpixel((100, 300)) == (120, 160, 120)
    assert words_of(frame).any()
    fewer = endframe.composed(DRAWN, brief(call_to_action=""), endframe.Assets())
    assert words_of(fewer).sum() < words_of(frame).sum()


def test_an_upright_frame_has_the_words_below() -> None:
    frame = endframe.composed(DRAWN, brief(format={"aspect": "9:16"}), endframe.Assets())
    assert frame.size == (576, 1024)
    assert frame.getpixel((570, 200)) == (120, 160, 120)
    assert (np.asarray(frame.convert("L"))[620:] < 190).any()


def test_the_clients_own_logo_and_product_picture_are_in_it(tmp_path: Path) -> None:
    Image.new("RGB", (80, 40), (255, 0, 255)).save(tmp_path / "logo.png")
    Image.new("RGB", (50, 90), (0, 0, 255)).save(tmp_path / "pack.png")
    given = brief(
        assets=[
            {"name": "logo", "kind": "logo", "file": "logo.png"},
            {"name": "pack", "kind": "product", "file": "pack.png"},
        ]
    )
    frame = np.asarray(endframe.composed(DRAWN, given, endframe.opened(given, tmp_path)))
    left, right = frame[:, :590], frame[:, 600:]
    assert (left == (0, 0, 255)).all(-1).mean() > 0.1
    assert (right == (255, 0, 255)).all(-1).mean() > 0.02


def test_long_words_are_set_smaller_and_never_run_into_each_other_or_off_the_frame() -> None:
    long = brief(
        proposition="a very long thing to say " * 6, call_to_action="Do it now, and then again. " * 3,
        mandatories={"legal": "Terms apply. " * 30},
    )  # fmt: skip
    ink = words_of(endframe.composed(DRAWN, long, endframe.Assets()))
    assert not ink[:8].any() and not ink[-8:].any() and not ink[:, -8:].any()
    rows = ink.any(1)
    gaps = np.flatnonzero(~rows[np.flatnonzero(rows)[0] : np.flatnonzero(rows)[-1]])
    assert len(gaps) > 10  # lines stay apart


def test_a_missing_or_broken_file_is_named_with_its_field(tmp_path: Path) -> None:
    given = brief(assets=[{"name": "logo", "kind": "logo", "file": "logo.png"}])
    with pytest.raises(BadInput, match=r"assets\.0\.file.*logo\.png does not exist"):
        endframe.opened(given, tmp_path)
    (tmp_path / "logo.png").write_text("no picture")
    with pytest.raises(BadInput, match=r"assets\.0\.file.*no picture that can be read"):
        endframe.opened(given, tmp_path)
    outside = brief(assets=[{"name": "logo", "kind": "logo", "file": "../../etc/passwd"}])
    with pytest.raises(BadInput):
        endframe.opened(outside, tmp_path)
