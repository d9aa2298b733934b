"""The illustrator: what it draws, what it opens, and what it refuses by name."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from storywright.errors import BadInput
from storywright.illustrator import model
from storywright.illustrator.model import Illustrator

WORDS = "a woman in the park"


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture).astype(int)


def same(a: Image.Image, b: Image.Image) -> bool:
    return np.array_equal(np.asarray(a), np.asarray(b))


def test_the_same_words_and_seed_give_the_same_bytes_and_another_seed_another_picture(illustrator: Illustrator) -> None:
    first, again, other = (illustrator.draw([WORDS], seeds=[seed])[0] for seed in (7, 7, 8))
    assert first.size == (64, 36)
    assert same(first, again) and not same(first, other)


def test_a_picture_is_the_same_alone_and_in_a_batch(illustrator: Illustrator) -> None:
    together = illustrator.draw([WORDS, "a dog", WORDS], seeds=[1, 2, 3])
    alone = [illustrator.draw([words], seeds=[seed])[0] for words, seed in ((WORDS, 1), ("a dog", 2), (WORDS, 3))]
    assert all(same(a, b) for a, b in zip(together, alone, strict=True))


def test_in_half_precision_pictures_differ_by_a_shade_and_not_by_their_neighbours(
    folder: Path, illustrator: Illustrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "_halves_quickly", lambda: True)
    quick, prompts, seeds = Illustrator.open(folder, quick=True), [WORDS, "a dog", WORDS], [1, 2, 3]
    together = quick.draw(prompts, seeds=seeds)
    assert all(same(a, quick.draw([p], seeds=[s])[0]) for a, p, s in zip(together, prompts, seeds, strict=True))
    exactly = illustrator.draw(prompts, seeds=seeds)
    off = max(np.abs(pixels(a) - pixels(b)).mean() for a, b in zip(together, exactly, strict=True))
    assert 0 < off < 3


def test_words_style_negative_words_and_guidance_each_change_the_picture(illustrator: Illustrator) -> None:
    plain = illustrator.draw([WORDS], seeds=[1])[0]
    changed = [
        illustrator.draw(["a dog at night"], seeds=[1])[0],
        illustrator.draw([WORDS], seeds=[1], style="ink")[0],
        illustrator.draw([WORDS], seeds=[1], negative="night")[0],
        illustrator.draw([WORDS], seeds=[1], guidance=1.0)[0],
        illustrator.draw([WORDS], seeds=[1], steps=3)[0],
    ]
    assert not any(same(plain, other) for other in changed)


def test_a_style_that_the_words_already_name_is_not_said_twice(illustrator: Illustrator) -> None:
    named = illustrator.draw([f"ink drawing, {WORDS}"], seeds=[1], style="ink")[0]
    assert same(named, illustrator.draw([WORDS], seeds=[1], style="ink")[0])


@pytest.mark.parametrize("size", [(61, 35), (64, 40), (36, 64), (50, 50)])
def test_a_size_that_is_no_multiple_of_eight_is_cropped_to_what_was_asked_for(
    illustrator: Illustrator, size: tuple[int, int]
) -> None:
    picture = illustrator.draw([WORDS], size=size, seeds=[1])[0]
    assert picture.size == size
    whole = illustrator.draw([WORDS], size=(-(-size[0] // 8) * 8, -(-size[1] // 8) * 8), seeds=[1])[0]
    assert same(picture, whole.crop((0, 0, *size)))


def test_a_large_picture_is_drawn_at_the_native_area_and_enlarged(illustrator: Illustrator) -> None:
    large = illustrator.draw([WORDS], size=(640, 360), seeds=[1])[0]
    native = illustrator.draw([WORDS], seeds=[1])[0]
    assert large.size == (640, 360)
    assert np.abs(pixels(large.resize((64, 36), Image.Resampling.BOX)) - pixels(native)).mean() < 6


def test_words_beyond_the_window_still_change_the_picture(illustrator: Illustrator) -> None:
    begins = ", ".join(["a woman with a red shirt"] * 8)
    ends = [illustrator.draw([f"{begins}, {end}"], seeds=[1])[0] for end in ("park", "kitchen")]
    assert not same(*ends)


def test_a_plain_diffusion_pipeline_opens_the_folder_in_single_precision_and_draws_the_same(
    folder: Path, illustrator: Illustrator
) -> None:
    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    assert {p.dtype for name in ("unet", "vae", "text_encoder") for p in getattr(pipeline, name).parameters()} == {
        torch.float32
    }
    noise = torch.randn((4, 5, 8), generator=torch.Generator().manual_seed(3))[None]
    theirs = pipeline(WORDS, width=64, height=40, num_inference_steps=2, guidance_scale=2.0, latents=noise).images[0]
    ours = illustrator.draw([WORDS], size=(64, 40), seeds=[3])[0]
    assert np.abs(pixels(theirs) - pixels(ours)).max() <= 1


@pytest.mark.parametrize(
    "name", ["unet/diffusion_pytorch_model.safetensors", "tokenizer/tokenizer_config.json", "model_index.json"]
)
def test_an_incomplete_folder_is_refused_by_the_name_of_what_is_missing(
    folder: Path, tmp_path: Path, name: str
) -> None:
    broken = shutil.copytree(folder, tmp_path / "copy")
    (broken / name).unlink()
    with pytest.raises(BadInput, match=Path(name).name):
        Illustrator.open(broken)


def test_an_altered_file_is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(folder, tmp_path / "copy")
    weights = broken / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-2] + b"\1\2")
    with pytest.raises(BadInput, match=r"vae.diffusion_pytorch_model.safetensors is not the file that was sealed"):
        Illustrator.open(broken)


def test_a_damaged_file_in_a_folder_without_a_seal_is_refused(folder: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(folder, tmp_path / "copy")
    (broken / "SHA256SUMS").unlink()
    weights = broken / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(BadInput, match="cannot be opened"):
        Illustrator.open(broken)


def test_pickled_weights_are_refused_and_not_read(folder: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(folder, tmp_path / "copy")
    (broken / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"whatever")
    with pytest.raises(BadInput, match="pickled"):
        Illustrator.open(broken)


def test_a_pipeline_of_another_kind_is_refused_by_its_kind(folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folder, tmp_path / "copy")
    (other / "SHA256SUMS").unlink()
    index = other / "model_index.json"
    index.write_text(index.read_text().replace('"StableDiffusionPipeline"', '"FluxPipeline"'))
    with pytest.raises(BadInput, match="FluxPipeline"):
        Illustrator.open(other)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no illustrator at"):
        Illustrator.open(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"style": "oil"}, "choose flat or ink"),
        ({"size": (8, 8)}, "8x8"),
        ({"size": (40_000, 40_000)}, "40000x40000"),
        ({"size": (2000, 100)}, "five times"),
        ({"steps": 500}, "500"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_what_can(illustrator: Illustrator, asked: dict, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        illustrator.draw([WORDS], seeds=[1], **asked)


@pytest.mark.parametrize("prompt", ["", "  \n", "word " * 300_000])
def test_an_empty_or_endless_prompt_is_refused(illustrator: Illustrator, prompt: str) -> None:
    with pytest.raises(BadInput, match="prompt"):
        illustrator.draw([prompt], seeds=[1])
