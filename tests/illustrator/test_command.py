"""The commands `storywright image` and `storywright video`."""

from pathlib import Path

import av
import pytest
from click.testing import CliRunner
from PIL import Image, ImageSequence

from storywright.cli.illustrator import image, video
from storywright.errors import BadInput
from storywright.illustrator import model, motion


@pytest.fixture(scope="module")
def layers(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("layers") / "motion"
    unet = model.opened(folder)["unet"]
    adapter = motion.new(unet, motion.Shape(heads=2, most_frames=8), seed=0)
    motion.save(motion.joined(unet, adapter), adapter, made)
    return made


def test_image_draws_each_prompt_as_often_as_asked_with_seeds_that_differ(folder: Path, tmp_path: Path) -> None:
    words = ["a dog", "a cat", "--count", "2", "--size", "60x40", "--out", str(tmp_path), "--model", str(folder)]
    done = CliRunner().invoke(image, words, catch_exceptions=False)
    assert done.exit_code == 0 and "4 pictures" in done.output
    pictures = [Image.open(path) for path in sorted(tmp_path.glob("*.png"))]
    assert [picture.size for picture in pictures] == [(60, 40)] * 4
    assert len({picture.tobytes() for picture in pictures}) == 4


def test_both_refuse_a_place_that_is_a_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for command, out in ((image, "file"), (image, "file/within"), (video, "file/clip.gif")):
        words = ["a dog", "--out", str(tmp_path / out), "--model", str(folder)]
        with pytest.raises(BadInput, match="file is a file: name another one"):
            CliRunner().invoke(command, words, catch_exceptions=False)


def test_image_refuses_a_size_that_is_none(folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(image, ["a dog", "--size", "wide", "--model", str(folder), "--out", str(tmp_path)])
    assert done.exit_code == 2 and "192x108" in done.output


@pytest.mark.parametrize("name", ["clip.webp", "clip.gif", "clip.mp4"])
def test_video_writes_a_clip_as_long_as_it_was_asked_for(folder: Path, layers: Path, tmp_path: Path, name: str) -> None:
    words = ["a woman, walking", "--frames", "4", "--seconds", "1.5", "--out", str(tmp_path / name)]
    done = CliRunner().invoke(video, [*words, "--model", str(folder), "--motion", str(layers)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    if name.endswith(".mp4"):
        with av.open(str(tmp_path / name)) as film:
            frames = list(film.decode(video=0))
            assert len(frames) == 36 and float(film.duration) / av.time_base == pytest.approx(1.5)
    else:
        with Image.open(tmp_path / name) as moving:
            times = [frame.copy().info["duration"] for frame in ImageSequence.Iterator(moving)]
        assert sum(times) == pytest.approx(1500, abs=20 * len(times) // 2)


def test_video_refuses_a_file_that_cannot_move(folder: Path, layers: Path, tmp_path: Path) -> None:
    words = ["a woman", "--out", str(tmp_path / "clip.jpg"), "--model", str(folder), "--motion", str(layers)]
    with pytest.raises(BadInput, match=r"\.webp"):
        CliRunner().invoke(video, words, catch_exceptions=False)
