"""Distillation: a student that draws in two steps comes nearer to its teacher's pictures, and is put on when asked."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from storywright.illustrator import distil, model
from storywright.illustrator.model import Illustrator
from storywright.training import loop

from . import conftest as tiny

TRAINING = loop.Config(
    steps=150, batch=16, learning_rate=2e-3, warmup=5, ema=0.9, threads=1, checkpoint_every=30, schedule="constant"
)
PROMPTS = [f"{words}, {more}" for words in tiny.PROMPTS for more in ("day", "night", "morning", "park", "rain", "snow")]


def config(**values: object) -> distil.Config:
    usual = {"steps": 2, "teacher_steps": 8, "guidance": 4.0, "rank": 8, "training": TRAINING}
    return distil.Config(**(usual | values))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An illustrator whose paths are bent, so that few steps miss: one that heeds noise level and words strongly."""
    parts = tiny.tiny_parts()
    torch.manual_seed(5)
    for name, weights in parts["unet"].named_parameters():
        if "time_embedding" in name or "to_" in name or name.startswith("conv_out"):
            torch.nn.init.normal_(weights, std=0.25)
    folder = tmp_path_factory.mktemp("teacher") / "illustrator"
    model.save(parts, model.Drawing(native_size=(64, 36), steps=8, guidance=4.0, styles=("flat", "ink")), folder)
    return folder


@pytest.fixture(scope="module")
def taught(teacher: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float]]:
    out = tmp_path_factory.mktemp("taught") / "illustrator"
    return out, distil.distil(teacher, out, config(), PROMPTS * 8)


def test_the_student_is_nearer_to_its_teacher_than_the_teacher_in_as_few_steps(
    taught: tuple[Path, dict[str, float]],
) -> None:
    _, found = taught
    assert found["loss"] < 0.9 * found["teacher_in_as_many_steps"]


def test_the_folder_stays_a_whole_sealed_illustrator_with_small_weights_for_few_steps(
    taught: tuple[Path, dict[str, float]], teacher: Path
) -> None:
    out, _ = taught
    assert not (out / ".training").exists()
    assert (out / "few" / "2" / "pytorch_lora_weights.safetensors").stat().st_size < 500_000
    assert (out / "few-2-curve.csv").read_text().startswith("step,")
    words = "a woman in the park"
    before, after = (Illustrator.open(each).draw([words], seeds=[1], steps=8)[0] for each in (teacher, out))
    assert np.array_equal(np.asarray(before), np.asarray(after)), "other numbers of steps are drawn as before"


def test_pictures_in_so_many_steps_come_from_the_student(taught: tuple[Path, dict[str, float]], teacher: Path) -> None:
    words = PROMPTS[:1]
    plainly, taught_to = (Illustrator.open(each).draw(words, seeds=[0], steps=2)[0] for each in (teacher, taught[0]))
    assert not np.array_equal(np.asarray(plainly), np.asarray(taught_to))
    led = Illustrator.open(taught[0]).draw(words, seeds=[0], steps=2, guidance=4.0)[0]
    plain = Illustrator.open(teacher).draw(words, seeds=[0], steps=2, guidance=4.0)[0]
    assert np.array_equal(np.asarray(led), np.asarray(plain)), "who asks for a guidance gets the teacher"


def test_the_whole_network_can_be_taught_too_and_draws_in_so_many_steps_by_itself(
    teacher: Path, tmp_path: Path
) -> None:
    short = loop.Config(steps=6, batch=4, learning_rate=1e-3, warmup=1, ema=0.0, threads=1)
    distil.distil(teacher, tmp_path / "out", config(rank=0, training=short), PROMPTS[:4])
    opened = Illustrator.open(tmp_path / "out")
    assert (opened.drawing.steps, opened.drawing.guidance) == (2, 1.0)
    assert opened.scheduler.config.solver_order == 1
    assert opened.draw(["a dog"], seeds=[1])[0].size == (64, 36)


def test_the_teachers_way_is_kept_where_the_students_steps_begin(teacher: Path, tmp_path: Path) -> None:
    illustrator = Illustrator.open(teacher)
    found, states = distil._drawn(illustrator, PROMPTS[:3], 7, config(), tmp_path / "train")
    assert found.shape[:2] == (3, 3) and len(states) == 3
    scheduler = model.first_order(2)
    scheduler.set_timesteps(2)
    fine = model.new_scheduler()
    fine.set_timesteps(8)
    assert torch.allclose(scheduler.sigmas, fine.sigmas[::4], atol=1e-5)
    start = distil.noise([7_000_000], found.shape[2:], illustrator.device)
    assert np.allclose(found[0, 0], start[0], atol=1e-2)


def test_a_straight_step_of_the_sampler_is_the_step_that_was_taught() -> None:
    scheduler = model.first_order(4)
    scheduler.set_timesteps(4)
    torch.manual_seed(0)
    latents = torch.randn(1, 4, 5, 8)
    for index, time in enumerate(scheduler.timesteps):
        direction = torch.randn(1, 4, 5, 8)
        far = scheduler.sigmas[index + 1] - scheduler.sigmas[index]
        wanted = latents + far * direction
        latents = scheduler.step(direction, time, latents, return_dict=False)[0]
        torch.testing.assert_close(latents, wanted, rtol=1e-3, atol=1e-3)


def test_a_killed_distillation_does_not_draw_again(
    teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(loop, "train", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt))
        distil.distil(teacher, out, config(), PROMPTS[:4])
    shutil.copytree(out, tmp_path / "again")
    drawn: list[int] = []
    monkeypatch.setattr(distil, "sample", lambda *given, **named: drawn.append(1))
    illustrator = Illustrator.open(teacher)
    distil._drawn(illustrator, PROMPTS[:4], distil.SEED, config(), tmp_path / "again" / ".training" / "train")
    assert not drawn


@pytest.mark.parametrize("values", [{"teacher_steps": 7}, {"teacher_steps": 2}, {"own": 1.5}, {"prompts": 0}])
def test_values_that_make_no_sense_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        config(**values)
