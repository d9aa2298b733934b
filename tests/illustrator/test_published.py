"""Published checkpoints in place of ours: what they draw, the settings they get, and what is refused by name."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from huggingface_hub import constants
from PIL import Image

from storywright.cli.illustrator import image, video
from storywright.errors import BadInput
from storywright.illustrator import published, styles
from storywright.illustrator.model import Illustrator
from storywright.illustrator.motion import Animator
from storywright.illustrator.published import Published

from . import published as made

WORDS = "a woman in the park"
KINDS = ("sd", "turbo", "lcm", "xl", "sd3")


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("published")
    return {kind: made.saved(kind, place / kind) for kind in KINDS}


@pytest.fixture(scope="session")
def opened(folders: dict[str, Path]) -> dict[str, Illustrator]:
    return {kind: Illustrator.open(folder) for kind, folder in folders.items()}


@pytest.fixture
def copied(folders: dict[str, Path], tmp_path: Path) -> Path:
    return shutil.copytree(folders["sd"], tmp_path / "copy")


def same(a: Image.Image, b: Image.Image) -> bool:
    return np.array_equal(np.asarray(a), np.asarray(b))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_draws_the_same_for_the_same_seed_and_otherwise_for_others(
    opened: dict[str, Illustrator], kind: str
) -> None:
    model = opened[kind]
    assert isinstance(model, Published)
    first, other, again = (
        model.draw([words], seeds=[seed], steps=2)[0]
        for words, seed in ((WORDS, 1), ("a dog at night in the kitchen", 1), (WORDS, 1))
    )
    assert first.size == model.drawing.native_size
    assert same(first, again) and not same(first, other)
    assert not same(first, model.draw([WORDS], seeds=[2], steps=2)[0])


def test_each_kind_gets_the_settings_that_it_was_made_for(opened: dict[str, Illustrator]) -> None:
    found = {
        kind: (each.drawing.native_size, each.drawing.steps, each.drawing.guidance) for kind, each in opened.items()
    }
    assert found == {
        "sd": ((64, 64), 25, 7.5),
        "turbo": ((64, 64), 4, 1.0),
        "lcm": ((64, 64), 4, 1.0),
        "xl": ((64, 64), 25, 6.0),
        "sd3": ((32, 32), 28, 7.0),
    }
    schedulers = {kind: type(each.scheduler).__name__ for kind, each in opened.items()}
    assert schedulers["sd"] == schedulers["xl"] == "DPMSolverMultistepScheduler"
    assert schedulers["turbo"] == "EulerAncestralDiscreteScheduler" and schedulers["lcm"] == "LCMScheduler"
    assert schedulers["sd3"] == "FlowMatchEulerDiscreteScheduler"


@pytest.mark.parametrize("kind", ["sd", "xl", "sd3"])
def test_words_beyond_the_window_still_change_the_picture(opened: dict[str, Illustrator], kind: str) -> None:
    begins = ", ".join(["a woman with a red shirt"] * 6)
    ends = [opened[kind].draw([f"{begins}, {end}"], seeds=[1], steps=2)[0] for end in ("park", "kitchen")]
    assert not same(*ends)


@pytest.mark.parametrize("kind", ["sd", "xl", "sd3"])
def test_a_prompt_within_the_window_is_drawn_as_the_pipeline_itself_draws_it(
    opened: dict[str, Illustrator], kind: str
) -> None:
    model = opened[kind]
    assert isinstance(model, Published)
    for negative in ("", "night"):
        theirs = model.pipeline(
            prompt=WORDS, negative_prompt=negative or None, num_inference_steps=2, guidance_scale=5.0,
            width=64, height=64, generator=torch.Generator().manual_seed(3),
        ).images[0]  # fmt: skip
        ours = model.draw([WORDS], seeds=[3], steps=2, guidance=5.0, size=(64, 64), negative=negative)[0]
        if kind != "sd3":  # whose native area is smaller here, so that it is drawn there and enlarged
            assert np.abs(np.asarray(theirs).astype(int) - np.asarray(ours).astype(int)).max() <= 1


def test_every_piece_of_a_long_text_fits_the_window_and_nothing_is_lost(opened: dict[str, Illustrator]) -> None:
    model = opened["sd"]
    assert isinstance(model, Published)
    text = " ".join(["woman park"] * 20 + ["z" * 60])
    pieces = published.pieces(model.pipeline, text)
    tokenizer = model.pipeline.tokenizer
    assert all(len(tokenizer(piece)["input_ids"]) <= tokenizer.model_max_length for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


def test_negative_words_lead_away_where_there_is_guidance_and_are_refused_where_there_is_none(
    opened: dict[str, Illustrator],
) -> None:
    plain, led = (opened["sd"].draw([WORDS], seeds=[1], steps=2, negative=words)[0] for words in ("", "night"))
    assert not same(plain, led)
    for kind in ("turbo", "lcm"):
        with pytest.raises(BadInput, match=r"without guidance.*'night'"):
            opened[kind].draw([WORDS], seeds=[1], negative="night")


@pytest.mark.parametrize(("kind", "size"), [("sd", (61, 67)), ("sd3", (30, 34)), ("sd", (128, 72)), ("xl", (37, 90))])
def test_any_size_is_drawn_in_sides_that_the_model_can_have_and_fitted(
    opened: dict[str, Illustrator], kind: str, size: tuple[int, int]
) -> None:
    model = opened[kind]
    assert isinstance(model, Published)
    assert model.draw([WORDS], seeds=[1], steps=1, size=size)[0].size == size
    multiple = published.multiple_of(model.pipeline)
    width, height = model.computed(size)
    assert width % multiple == height % multiple == 0
    assert abs(width / height - size[0] / size[1]) < 0.15 * size[0] / size[1]


def test_any_words_may_name_a_style(opened: dict[str, Illustrator]) -> None:
    assert opened["sd"].in_style(WORDS, "charcoal") == f"charcoal, {WORDS}"


@pytest.mark.parametrize("prompt", ["", "word " * 300_000])
def test_an_empty_or_endless_prompt_is_refused(opened: dict[str, Illustrator], prompt: str) -> None:
    with pytest.raises(BadInput, match="prompt"):
        opened["sd"].draw([prompt], seeds=[1])


@pytest.mark.parametrize(
    "name",
    ["model_index.json", "unet/diffusion_pytorch_model.safetensors", "tokenizer", "scheduler", "vae/config.json"],
)
def test_an_incomplete_folder_is_refused_by_the_name_of_what_is_missing(copied: Path, name: str) -> None:
    missing = copied / name
    shutil.rmtree(missing) if missing.is_dir() else missing.unlink()
    with pytest.raises(BadInput, match=Path(name).parts[0]):
        Illustrator.open(copied)


def test_weights_that_were_cut_short_are_refused_by_name(copied: Path) -> None:
    weights = copied / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(BadInput, match=r"vae.diffusion_pytorch_model.safetensors was cut short"):
        Illustrator.open(copied)


def test_a_shard_that_is_missing_is_named(copied: Path) -> None:
    listing = {"weight_map": {"conv_in.weight": "diffusion_pytorch_model-00002-of-00002.safetensors"}}
    (copied / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(listing))
    with pytest.raises(BadInput, match="00002-of-00002"):
        Illustrator.open(copied)


def test_a_sealed_folder_with_an_altered_file_is_refused(copied: Path) -> None:
    from storywright.illustrator import sealed

    sealed.seal(copied)
    config = copied / "scheduler" / "scheduler_config.json"
    config.write_text(config.read_text() + " ")
    with pytest.raises(BadInput, match=r"scheduler_config.json is not the file that was sealed"):
        Illustrator.open(copied)


def test_pickled_weights_are_never_read(copied: Path) -> None:
    weights = copied / "unet" / "diffusion_pytorch_model.safetensors"
    (copied / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    Illustrator.open(copied)  # the safetensors beside it are what is read
    weights.unlink()
    with pytest.raises(BadInput, match="pickled"):
        Illustrator.open(copied)


def test_weights_of_another_architecture_are_refused(copied: Path, folders: dict[str, Path]) -> None:
    shutil.copy(folders["sd3"] / "vae" / "diffusion_pytorch_model.safetensors", copied / "vae")
    with pytest.raises(BadInput, match=r"another architecture.*quant_conv"):
        Illustrator.open(copied)


def test_parts_of_different_models_are_refused(copied: Path, folders: dict[str, Path]) -> None:
    shutil.rmtree(copied / "unet")
    shutil.copytree(folders["xl"] / "unet", copied / "unet")
    with pytest.raises(BadInput, match="width 64, and its text encoders write 32"):
        Illustrator.open(copied)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"_class_name": "PaintByMagicPipeline"}, "PaintByMagicPipeline"),
        ({"_class_name": "StableDiffusionInpaintPipeline"}, "does not make pictures from words"),
        ({"_class_name": "AutoencoderKL"}, "no pipeline"),
        ({"unet": ["my_own_code", "Unet"]}, "run code of its own"),
    ],
)
def test_a_folder_of_another_kind_or_with_code_of_its_own_is_refused(copied: Path, change: dict, said: str) -> None:
    index = json.loads((copied / "model_index.json").read_text())
    (copied / "model_index.json").write_text(json.dumps(index | change))
    with pytest.raises(BadInput, match=said):
        Illustrator.open(copied)


def in_the_hubs_cache(folder: Path, cache: Path, name: str) -> Path:
    """Lay a pipeline where the Hub's client keeps what it has fetched; returns the folder with the files."""
    place = cache / f"models--{name.replace('/', '--')}"
    commit = "0" * 40
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(commit)
    (place / "blobs").mkdir()
    for path in (p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        large = path.suffix == ".safetensors"
        digest = (
            hashlib.sha256(content).hexdigest()
            if large
            else hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        )
        (place / "blobs" / digest).write_bytes(content)
        link = place / "snapshots" / commit / path.relative_to(folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(place / "blobs" / digest)
    return place / "snapshots" / commit


@pytest.fixture
def cache(folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("diffusers.pipelines.pipeline_utils.HF_HUB_CACHE", str(tmp_path), raising=False)
    return in_the_hubs_cache(folders["sd"], tmp_path, "someone/tiny-diffusion")


def test_a_name_of_the_hub_opens_from_its_cache(cache: Path) -> None:
    assert published.located("someone/tiny-diffusion") == cache
    assert Illustrator.open("someone/tiny-diffusion").drawing.steps == 25


@pytest.mark.parametrize("name", ["unet/diffusion_pytorch_model.safetensors", "unet/config.json"])
def test_a_download_that_was_altered_is_refused(cache: Path, name: str) -> None:
    blob = (cache / name).resolve()
    blob.write_bytes(blob.read_bytes()[:-1] + b"\n\n")
    with pytest.raises(BadInput, match=r"not the file that the Hub gave out"):
        published.located("someone/tiny-diffusion")


def test_a_name_that_is_neither_here_nor_on_the_hub_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="neither a folder here nor"):
        Illustrator.open("no-one/nothing-like-this")
    with pytest.raises(BadInput, match="There is no illustrator at"):
        Illustrator.open(tmp_path / "nothing")


def test_what_does_not_fit_the_gpu_waits_in_main_memory() -> None:
    gigabyte = 1 << 30
    one_five = {"unet": int(1.7 * gigabyte), "vae": gigabyte // 6, "text_encoder": gigabyte // 4}
    xl = {"unet": int(4.8 * gigabyte), "vae": gigabyte // 6, "text_encoder_2": int(1.3 * gigabyte)}
    three = {"transformer": 4 * gigabyte, "text_encoder_3": 9 * gigabyte}
    free = int(7.5 * gigabyte)
    assert [published.placement(free, parts) for parts in (one_five, xl, three)] == ["whole", "parts", "layers"]


def test_the_weights_of_each_part_are_counted(opened: dict[str, Illustrator]) -> None:
    model = opened["xl"]
    assert isinstance(model, Published)
    found = published.sizes(model.pipeline)
    assert set(found) == {"unet", "vae", "text_encoder", "text_encoder_2"}
    assert found["unet"] == sum(p.numel() * 4 for p in model.pipeline.unet.parameters())


def test_too_little_memory_is_said_with_what_to_change(
    opened: dict[str, Illustrator], monkeypatch: pytest.MonkeyPatch
) -> None:
    def scarce(*given: object, **named: object) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    model = opened["sd"]
    assert isinstance(model, Published)
    monkeypatch.setattr(type(model.pipeline), "__call__", scarce)
    with pytest.raises(BadInput, match=r"not enough memory to draw 64x64.*smaller size"):
        model.draw([WORDS], seeds=[1])


def test_an_animatediff_adapter_moves_a_published_checkpoint(folders: dict[str, Path], tmp_path: Path) -> None:
    animator = Animator.open(folders["sd"], made.adapter(tmp_path / "adapter"))
    clip, again = (animator.draw("a woman, walking", frames=4, steps=2, size=(60, 64), seed=1) for _ in range(2))
    assert [frame.size for frame in clip] == [(60, 64)] * 4
    assert all(same(a, b) for a, b in zip(clip, again, strict=True))
    with pytest.raises(BadInput, match="2 to 8 frames"):
        animator.draw("a woman", frames=9)


def test_layers_for_another_kind_of_checkpoint_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="StableDiffusion3Pipeline"):
        Animator.open(folders["sd3"], made.adapter(tmp_path / "adapter"))


def test_image_and_video_draw_with_the_illustrator_that_is_named(folders: dict[str, Path], tmp_path: Path) -> None:
    words = ["a dog", "--size", "61x67", "--steps", "2", "--out", str(tmp_path), "--illustrator", str(folders["sd"])]
    done = CliRunner().invoke(image, words, catch_exceptions=False)
    assert done.exit_code == 0 and "Drawn at 64x72" in done.output, done.output
    assert Image.open(tmp_path / "01.png").size == (61, 67)
    layers = str(made.adapter(tmp_path / "adapter"))
    words = ["a dog", "--frames", "3", "--steps", "2", "--out", str(tmp_path / "a.gif"), "--motion", layers]
    done = CliRunner().invoke(video, [*words, "--illustrator", str(folders["sd"])], catch_exceptions=False)
    assert done.exit_code == 0, done.output


def test_a_style_that_no_one_learnt_is_told_from_a_learnt_one(opened: dict[str, Illustrator]) -> None:
    assert styles.find("charcoal") is None
    assert same(
        opened["sd"].draw([WORDS], seeds=[1], steps=1, style="charcoal")[0],
        opened["sd"].draw([f"charcoal, {WORDS}"], seeds=[1], steps=1)[0],
    )
