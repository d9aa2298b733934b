"""Clips: temporal layers that add nothing until they are taught, learn, and open in AnimateDiffPipeline."""

from pathlib import Path

import numpy as np
import pytest
import torch

from storywright.errors import BadInput
from storywright.illustrator import model, motion
from storywright.training import loop

from . import conftest as tiny


@pytest.fixture(scope="module")
def trained(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float, float]:
    """Temporal layers that were taught that a clip stands still, saved; and their loss before and after."""
    work = tmp_path_factory.mktemp("motion")
    unet = model.opened(folder)["unet"]
    adapter = motion.new(unet, motion.Shape(heads=2, most_frames=8), seed=0)
    joined = motion.joined(unet, adapter)
    chance = np.random.default_rng(0)
    still = np.repeat(chance.normal(size=(12, 1, 4, 5, 8)), 4, axis=1).astype(np.float16)
    states = np.zeros((12, 16, 32), np.float16)
    task = motion.Clips(joined, still, states, torch.zeros(1, 16, 32), num_held_out=4, digest="still")
    before = task.validate(joined)["loss"]
    frozen = {name: p.clone() for name, p in joined.named_parameters() if "motion_modules" not in name}
    config = loop.Config(steps=80, batch=4, learning_rate=5e-3, warmup=5, ema=0.9, threads=1)
    after = loop.train(task, config, work / "run").final["loss"]
    assert all(torch.equal(frozen[name], p) for name, p in joined.named_parameters() if name in frozen)
    motion.save(joined, adapter, work / "saved")
    return work / "saved", before, after


def test_the_loss_falls_while_the_illustrator_stays_as_it_is(trained: tuple[Path, float, float]) -> None:
    _, before, after = trained
    assert after < before * 0.95


def test_untaught_layers_leave_each_frame_a_picture_of_its_own(folder: Path) -> None:
    unet = model.opened(folder)["unet"].eval()
    joined = motion.joined(unet, motion.new(unet, motion.Shape(heads=2), seed=0)).eval()
    noise, states = torch.randn(1, 4, 3, 5, 8), torch.randn(1, 16, 32)
    with torch.no_grad():
        clip = joined(noise, 500, states.repeat(3, 1, 1), return_dict=False)[0]
        frame = unet(noise[:, :, 1], 500, states, return_dict=False)[0]
    torch.testing.assert_close(clip[:, :, 1], frame, rtol=1e-4, atol=1e-5)


def test_a_clip_has_the_frames_asked_for_and_is_the_same_for_the_same_seed(
    folder: Path, trained: tuple[Path, float, float]
) -> None:
    animator = motion.Animator.open(folder, trained[0])
    first, again, other = (animator.draw("a woman walks", frames=4, seed=seed) for seed in (1, 1, 2))
    assert [picture.size for picture in first] == [(64, 36)] * 4
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("frames", [1, 9])
def test_more_frames_than_the_layers_know_are_refused(
    folder: Path, trained: tuple[Path, float, float], frames: int
) -> None:
    with pytest.raises(BadInput, match="2 to 8 frames"):
        motion.Animator.open(folder, trained[0]).draw("a woman", frames=frames)


def test_animate_diff_opens_illustrator_and_layers(folder: Path, trained: tuple[Path, float, float]) -> None:
    from diffusers import AnimateDiffPipeline, MotionAdapter

    adapter = MotionAdapter.from_pretrained(trained[0])
    pipeline = AnimateDiffPipeline.from_pretrained(folder, motion_adapter=adapter)
    pipeline.set_progress_bar_config(disable=True)
    clip = pipeline("a woman walks", num_frames=4, width=64, height=40, num_inference_steps=2).frames[0]
    assert len(clip) == 4 and clip[0].size == (64, 40)


def test_layers_for_another_illustrator_are_refused(folder: Path, tmp_path: Path) -> None:
    wide = tiny.denoiser.new(
        tiny.denoiser.Shape(channels=(16, 32, 32), reads_words=(False, True, True), layers=(1, 1, 1), norm_groups=8),
        latent_channels=4,
        words_width=32,
        sample_size=8,
        seed=0,
    )
    adapter = motion.new(wide, motion.Shape(heads=2), seed=0)
    motion.save(motion.joined(wide, adapter), adapter, tmp_path / "other")
    with pytest.raises(BadInput, match="does not fit"):
        motion.Animator.open(folder, tmp_path / "other")
