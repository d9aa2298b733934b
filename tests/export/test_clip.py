"""Clips: what lies between the drawn frames, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from storywright.errors import BadInput
from storywright.export import clip


def dot(x: int) -> Image.Image:
    """A soft dot on a striped floor, its middle at x."""
    across, down = np.meshgrid(np.arange(96), np.arange(54))
    floor = 200 + 20 * np.sin(down / 3)
    shade = np.exp(-((across - x) ** 2 + (down - 27) ** 2) / 60)
    return Image.fromarray(np.repeat((floor * (1 - shade))[..., None], 3, 2).astype(np.uint8))


def middle(frame: np.ndarray) -> float:
    dark = np.clip(150.0 - frame[..., 0], 0, None)
    return float((dark.sum(0) * np.arange(96)).sum() / dark.sum())


def test_a_thing_that_moves_is_half_way_between_two_frames_and_not_in_both_places() -> None:
    frames = list(clip.stretched([dot(40), dot(52)], 5))
    places = [middle(frame) for frame in frames]
    assert places == pytest.approx([40, 43, 46, 49, 52], abs=1.0)
    assert int((frames[2][27, :, 0] < 60).sum()) <= int((frames[0][27, :, 0] < 60).sum()) + 2


def test_the_first_and_the_last_frame_are_the_drawn_ones() -> None:
    drawn = [dot(30), dot(40), dot(50)]
    frames = list(clip.stretched(drawn, 9))
    for number, frame in ((0, 0), (4, 1), (8, 2)):
        assert np.array_equal(frames[number], np.asarray(drawn[frame]))


def test_another_ending_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"\.mp4"):
        clip.write([dot(30), dot(40)], 1.0, tmp_path / "clip.avi")
    assert not list(tmp_path.iterdir())
