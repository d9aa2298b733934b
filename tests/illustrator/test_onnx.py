"""The illustrator as ONNX: the same pictures without PyTorch, small weights, and refusals by name."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from storywright.cli.illustrator import image
from storywright.cli.models import models
from storywright.errors import BadInput
from storywright.illustrator import model, portable
from storywright.illustrator.model import Illustrator
from storywright.illustrator.portable import Portable

pytest.importorskip("onnx")
from storywright.illustrator import onnx_export

WORDS = "a woman in the park"


def off(a: Image.Image, b: Image.Image) -> np.ndarray:
    return np.abs(np.asarray(a).astype(int) - np.asarray(b).astype(int))


@pytest.fixture(scope="module")
def exported(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    place = tmp_path_factory.mktemp("onnx")
    opened = Illustrator.open(folder)
    return {bits: onnx_export.export(opened, place / str(bits), bits=bits) for bits in (32, 8)}


@pytest.mark.parametrize("steps", [1, 2, 3, 6])
def test_without_pytorch_the_same_picture_is_drawn(
    illustrator: Illustrator, exported: dict[int, Path], steps: int
) -> None:
    theirs = illustrator.draw([WORDS], seeds=[7], steps=steps, style="ink", negative="night")[0]
    ours = Portable.open(exported[32]).draw([WORDS], seeds=[7], steps=steps, style="ink", negative="night")[0]
    assert off(theirs, ours).max() <= 2


@pytest.mark.parametrize("size", [(64, 36), (61, 35), (36, 64), (48, 48), (640, 360)])
def test_other_sizes_are_drawn_as_pytorch_draws_them(
    illustrator: Illustrator, exported: dict[int, Path], size: tuple[int, int]
) -> None:
    theirs = illustrator.draw([WORDS], seeds=[3], size=size)[0]
    ours = Portable.open(exported[32]).draw([WORDS], seeds=[3], size=size)[0]
    assert ours.size == size and off(theirs, ours).max() <= 3


def test_a_prompt_of_several_windows_is_read_to_its_end(illustrator: Illustrator, exported: dict[int, Path]) -> None:
    words = ", ".join(["a woman with a red shirt"] * 8) + ", kitchen"
    theirs = illustrator.draw([words], seeds=[3], negative="night")[0]
    ours = Portable.open(exported[32]).draw([words], seeds=[3], negative="night")[0]
    assert off(theirs, ours).max() <= 2


def test_weights_of_eight_bits_are_smaller_and_draw_nearly_the_same(
    illustrator: Illustrator, exported: dict[int, Path]
) -> None:
    sizes = {bits: (folder / "unet.onnx").stat().st_size for bits, folder in exported.items()}
    assert sizes[8] < 0.6 * sizes[32]
    theirs = illustrator.draw([WORDS], seeds=[7])[0]
    ours = Portable.open(exported[8]).draw([WORDS], seeds=[7])[0]
    assert 0 < off(theirs, ours).mean() < 6


def test_the_noise_is_the_one_that_pytorch_gives() -> None:
    for seed, shape in ((0, (4, 4)), (7, (16, 14, 24)), (2**32 - 1, (3, 5, 7)), (2**33 + 5, (17,))):
        theirs = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).numpy()
        np.testing.assert_allclose(portable.noise(seed, shape), theirs, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("steps", [1, 2, 5, 8])
@pytest.mark.parametrize("shift", [1.0, 2.5])
@pytest.mark.parametrize("straight", [False, True])
def test_the_solver_takes_the_steps_of_the_scheduler(steps: int, straight: bool, shift: float) -> None:
    scheduler = model.first_order(steps, shift) if straight else model.new_scheduler(shift)
    scheduler.set_timesteps(steps)
    solver = portable.Solver(steps, shift, first_order=straight)
    np.testing.assert_allclose(solver.sigmas, scheduler.sigmas, atol=1e-6)
    chance = np.random.default_rng(0)
    mine = theirs = chance.normal(size=(1, 4, 5, 8)).astype(np.float32)
    for index, time in enumerate(scheduler.timesteps):
        assert int(time) == solver.times[index]
        direction = np.tanh(mine) + chance.normal(size=mine.shape).astype(np.float32)
        mine = solver.step(index, mine, direction)
        given = torch.from_numpy(direction), time, torch.from_numpy(np.asarray(theirs))
        theirs = scheduler.step(*given, return_dict=False)[0].numpy()
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-3)


def test_drawing_loads_neither_pytorch_nor_diffusers(exported: dict[int, Path]) -> None:
    program = (
        "import sys; from pathlib import Path; from storywright.illustrator.portable import Portable; "
        f"Portable.open(Path({str(exported[8])!r})).draw(['a dog'], seeds=[1]); "
        "print(sorted({'torch', 'diffusers', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_commands_export_and_draw(folder: Path, tmp_path: Path) -> None:
    words = ["export", str(tmp_path / "small"), "--onnx", "--illustrator", str(folder)]
    done = CliRunner().invoke(models, words, catch_exceptions=False)
    assert done.exit_code == 0 and "MB" in done.output
    words = [WORDS, "--out", str(tmp_path), "--illustrator", str(tmp_path / "small"), "--size", "60x30"]
    done = CliRunner().invoke(image, words, catch_exceptions=False)
    assert done.exit_code == 0 and "Drawn at 64x32" in done.output
    assert Image.open(tmp_path / "01.png").size == (60, 30)


@pytest.mark.parametrize("name", ["unet.onnx", "tokenizer.json", "portable.json"])
def test_an_incomplete_or_altered_folder_is_refused_by_name(
    exported: dict[int, Path], tmp_path: Path, name: str
) -> None:
    copy = shutil.copytree(exported[8], tmp_path / "copy")
    (copy / name).write_bytes((copy / name).read_bytes()[:-20])
    with pytest.raises(BadInput, match=rf"{name} is not the file that was sealed"):
        Portable.open(copy)
    (copy / "SHA256SUMS").unlink()
    with pytest.raises(BadInput, match=r"export it again|cannot be read"):
        Portable.open(copy)
    (copy / name).unlink()
    with pytest.raises(BadInput, match=f"{name} is missing"):
        Portable.open(copy)


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"style": "oil"}, "flat, ink"), ({"size": (8, 8)}, "8x8"), ({"steps": 500}, "500"), ({"seeds": []}, "seeds")],
)
def test_what_cannot_be_drawn_is_refused(exported: dict[int, Path], asked: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Portable.open(exported[8]).draw([WORDS], **({"seeds": [1]} | asked))


@pytest.mark.parametrize("prompt", ["", " \n", "word " * 300_000])
def test_an_empty_or_endless_prompt_is_refused(exported: dict[int, Path], prompt: str) -> None:
    with pytest.raises(BadInput, match="prompt"):
        Portable.open(exported[8]).draw([prompt], seeds=[1])


def test_a_folder_with_something_else_in_it_is_not_overwritten(illustrator: Illustrator, tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(BadInput, match="holds something else"):
        onnx_export.export(illustrator, tmp_path)
    with pytest.raises(BadInput, match="4 steps"):
        onnx_export.export(illustrator, tmp_path / "new", steps=4)
