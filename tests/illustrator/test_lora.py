"""Styles that are learnt from pictures: for ours and for published checkpoints, listed, put on, removed and refused."""

import copy
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from storywright.cli.illustrator import image
from storywright.cli.style import style
from storywright.errors import BadInput
from storywright.illustrator import autoencoder, lora, styles
from storywright.illustrator.model import Illustrator
from storywright.illustrator.sample import noise, sample

from . import published as made

WORDS = "ink drawing, a woman in the park"
QUICK = lora.Config(steps=40, batch=4, rank=4, learning_rate=2e-2, threads=1)


def same(a: Image.Image, b: Image.Image) -> bool:
    return np.array_equal(np.asarray(a), np.asarray(b))


def red(folder: Path, count: int = 4) -> Path:
    """Pictures of nothing but red, with captions."""
    folder.mkdir()
    for number in range(count):
        Image.new("RGB", (64, 36), (230 - number, 20, 20)).save(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text(WORDS)
    return folder


@pytest.fixture(scope="module")
def learnt(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> styles.Style:
    place = tmp_path_factory.mktemp("styles")
    return lora.learn("red", red(place / "pictures"), Illustrator.open(folder), QUICK, place=place / "styles")


@pytest.fixture
def home(learnt: styles.Style) -> Path:
    """This machine's styles, one among them."""
    place = styles.home()
    shutil.copytree(learnt.folder, place / learnt.name)
    return place


def test_a_style_is_a_small_sealed_folder_whose_loss_fell(learnt: styles.Style) -> None:
    assert learnt.loss_after < 0.9 * learnt.loss_before
    assert learnt.num_pictures == 4 and learnt.illustrator == "ours"
    assert {p.name for p in learnt.folder.iterdir()} == {"README.md", "SHA256SUMS", "style.json", styles.WEIGHTS}
    assert "fell from" in (learnt.folder / "README.md").read_text()
    assert not list(learnt.folder.parent.glob(".learning/red*"))


def test_what_is_drawn_in_the_style_is_nearer_to_what_it_was_learnt_from(folder: Path, home: Path) -> None:
    """In latents, since the decoder of this illustrator has learnt nothing."""
    illustrator = Illustrator.open(folder)
    target = autoencoder.latents_of(illustrator.autoencoder, np.full((1, 36, 64, 3), (230, 20, 20), np.uint8))
    words, against = illustrator.states([WORDS] * 4, "")
    start = noise([1, 2, 3, 4], illustrator.latent_shape((64, 36)), illustrator.device)
    off = []
    for style_name in (None, "red"):
        unet = illustrator.unet_in(style_name)
        found = sample(unet, copy.deepcopy(illustrator.scheduler), words, against, start, steps=4, guidance=1.0)
        off.append(float((found - target).square().mean()))
    assert off[1] < 0.95 * off[0]


def test_strength_goes_from_not_at_all_to_fully(folder: Path, home: Path) -> None:
    illustrator = Illustrator.open(folder)
    plain = illustrator.draw([WORDS], seeds=[1])[0]
    none, half, full = (
        illustrator.draw([WORDS], seeds=[1], style="red", style_strength=strength)[0] for strength in (0.0, 0.5, 1.0)
    )
    assert np.abs(np.asarray(plain).astype(int) - np.asarray(none).astype(int)).max() <= 1
    assert not same(half, full) and not same(plain, half)
    assert same(full, illustrator.draw([WORDS], seeds=[1], style="red")[0])
    assert same(plain, illustrator.draw([WORDS], seeds=[1])[0]), "drawing in a style leaves the illustrator as it was"


def test_plain_diffusers_opens_the_style(folder: Path, learnt: styles.Style) -> None:
    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained(folder)
    pipeline.load_lora_weights(learnt.folder, weight_name=styles.WEIGHTS, adapter_name="red")
    assert pipeline.get_list_adapters() == {"unet": ["red"]}


def test_the_same_pictures_and_seed_give_the_same_weights(folder: Path, learnt: styles.Style, tmp_path: Path) -> None:
    again = lora.learn("red", red(tmp_path / "p"), Illustrator.open(folder), QUICK, place=tmp_path / "s")
    assert again.digest == learnt.digest and again.pictures == learnt.pictures


@pytest.mark.parametrize("kind", ["sd", "xl", "sd3"])
def test_published_checkpoints_learn_styles_too(kind: str, tmp_path: Path) -> None:
    model = Illustrator.open(made.saved(kind, tmp_path / "model"))
    config = lora.Config(steps=12, batch=2, rank=4, learning_rate=3e-2, threads=1, words="in red")
    found = lora.learn("red", red(tmp_path / "pictures", 2), model, config, called=kind)
    assert found.loss_after < found.loss_before
    fresh = Illustrator.open(tmp_path / "model")
    plain = fresh.draw([WORDS], seeds=[1], steps=2)[0]
    styled = fresh.draw([WORDS], seeds=[1], steps=2, style="red")[0]
    assert not same(plain, styled)
    assert same(plain, fresh.draw([WORDS], seeds=[1], steps=2)[0]), "the style comes off again"
    assert fresh.in_style(WORDS, "red") == f"in red, {WORDS}"


def test_a_style_of_another_illustrator_is_refused_with_its_name(home: Path, tmp_path: Path) -> None:
    other = Illustrator.open(made.saved("xl", tmp_path / "model"))
    with pytest.raises(BadInput, match=r"learnt for the illustrator ours"):
        other.draw([WORDS], seeds=[1], steps=1, style="red")


def test_an_unknown_style_lists_those_that_are_known(folder: Path, home: Path) -> None:
    with pytest.raises(BadInput, match=r"no style 'oil'.*flat or ink.*red"):
        Illustrator.open(folder).draw([WORDS], seeds=[1], style="oil")


def test_one_picture_is_enough(folder: Path, tmp_path: Path) -> None:
    config = lora.Config(steps=4, batch=8, rank=2, threads=1, mirrored=False)
    found = lora.learn("one", red(tmp_path / "p", 1), Illustrator.open(folder), config, place=tmp_path / "s")
    assert found.num_pictures == 1


def test_damaged_and_tiny_pictures_are_named_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = red(tmp_path / "p", 2)
    (folder / "torn.png").write_bytes((folder / "0.png").read_bytes()[:40])
    (folder / "words.jpg").write_text("no picture")
    Image.new("RGB", (4, 4)).save(folder / "tiny.png")
    assert [each.path.name for each in lora.read(folder)] == ["0.png", "1.png"]
    assert all(name in caplog.text for name in ("torn.png", "words.jpg", "tiny.png"))


def test_captions_come_from_a_table_or_from_a_text_beside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = red(tmp_path / "p", 3)
    (folder / "metadata.csv").write_text("file_name,caption\n0.png,a red door\ngone.png,nothing\n")
    (folder / "2.txt").unlink()
    assert [each.words for each in lora.read(folder)] == ["a red door", WORDS, ""]
    assert "gone.png" in caplog.text
    (folder / "metadata.csv").write_text("picture,caption\n0.png,a red door\n")
    with pytest.raises(BadInput, match="no column file_name"):
        lora.read(folder)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no folder"):
        lora.read(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="no picture that can be read"):
        lora.read(tmp_path)


@pytest.mark.parametrize("name", ["", "Ink", "../up", "a b", "ink", "x" * 41])
def test_a_name_that_cannot_be_a_styles_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="name"):
        lora.learn(name, red(tmp_path / "p", 1), Illustrator.open(folder), QUICK, place=tmp_path / "s")


@pytest.mark.parametrize("name", ["style.json", styles.WEIGHTS])
def test_a_style_that_is_incomplete_or_altered_is_refused(home: Path, name: str) -> None:
    file = home / "red" / name
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(BadInput, match="sealed"):
        styles.find("red")
    if name == styles.WEIGHTS:
        file.unlink()
        with pytest.raises(BadInput, match="missing"):
            styles.find("red")


@pytest.mark.parametrize("values", [{"steps": 0}, {"rank": 0}, {"drop_words": 1.0}])
def test_values_that_make_no_sense_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        lora.Config(**values)  # type: ignore[arg-type]


def test_the_command_learns_lists_draws_and_removes(folder: Path, tmp_path: Path) -> None:
    def run(*words: str) -> str:
        done = CliRunner().invoke(style, list(words), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    assert "No style was learnt yet" in run("list")
    pictures = str(red(tmp_path / "p", 2))
    assert "from 2 pictures" in run(
        "learn", "glow", pictures, "--steps", "3", "--rank", "2", "--illustrator", str(folder)
    )
    assert "glow" in run("list") and str(folder) in run("list")
    words = [WORDS, "--style", "glow", "--strength", "0.5", "--out", str(tmp_path), "--model", str(folder)]
    assert CliRunner().invoke(image, words, catch_exceptions=False).exit_code == 0
    assert "Removed glow" in run("remove", "glow")
    with pytest.raises(BadInput, match="no learnt style 'glow'"):
        CliRunner().invoke(style, ["remove", "glow"], catch_exceptions=False)
