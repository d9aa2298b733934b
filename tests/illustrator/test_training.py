"""The illustrator's trainings: the decoder learns to draw what latents say, the denoiser what words say."""

from pathlib import Path

import numpy as np
import pytest
import torch

from storywright.illustrator import autoencoder, denoiser
from storywright.illustrator.prompts import states_of
from storywright.training import loop

from . import conftest as tiny


class Drawn:
    """A corpus split in memory: the prompt names the bar's colour."""

    def __init__(self, count: int) -> None:
        self.digest = f"drawn {count}"
        self._pictures = np.full((count, 40, 64, 3), 230, np.uint8)
        colours = {"red": (220, 30, 30), "blue": (30, 30, 220)}
        self._prompts = []
        for index, picture in enumerate(self._pictures):
            colour = ("red", "blue")[index % 2]
            picture[8:32, 16:48] = colours[colour]
            self._prompts.append(f"a woman, {colour} shirt")

    def __len__(self) -> int:
        return len(self._pictures)

    def rows(self, indices: np.ndarray, columns: list[str]) -> dict:
        chosen = [int(i) for i in indices]
        found = {"picture": self._pictures[chosen], "prompt": [self._prompts[i] for i in chosen]}
        return {name: found[name] for name in columns}


def test_latents_keep_more_of_a_picture_than_its_mean_and_are_spread_as_noise_is(tmp_path: Path) -> None:
    pictures = tiny.pictures(60)
    model = autoencoder.new(autoencoder.Shape(latent_channels=8), pictures, seed=0)
    latents = autoencoder.latents_of(model, pictures)
    assert latents.shape == (60, 8, 5, 8)
    assert float(latents.square().mean()) == pytest.approx(1.0, abs=0.15)
    spread = latents.std((0, 2, 3))
    assert bool((spread[:-1] >= spread[1:] - 0.05).all()), "coarse components stay larger than fine ones"


def test_the_encoder_is_the_best_linear_code_of_the_blocks() -> None:
    pictures = tiny.pictures(60)
    model = autoencoder.new(autoencoder.Shape(latent_channels=8), pictures, seed=0)
    latents = autoencoder.latents_of(model, pictures).permute(0, 2, 3, 1).reshape(-1, 8).double()
    pixels = autoencoder.to_pixels(pictures)
    blocks = torch.nn.functional.pixel_unshuffle(pixels, 8).permute(0, 2, 3, 1).reshape(len(latents), -1).double()
    blocks = blocks - blocks.mean(0)
    back = torch.linalg.lstsq(latents - latents.mean(0), blocks).solution
    lost = (blocks - (latents - latents.mean(0)) @ back).square().sum()
    least = torch.linalg.eigvalsh(blocks.T @ blocks)[:-8].sum()
    assert float(lost) == pytest.approx(float(least), rel=1e-3)


def test_the_decoder_learns_to_give_pictures_back(tmp_path: Path) -> None:
    rows = Drawn(16)
    model = autoencoder.new(
        autoencoder.Shape(latent_channels=4, decoder_channels=16, decoder_blocks=(1, 0, 0, 0)),
        rows.rows(np.arange(16), ["picture"])["picture"],
        seed=0,
    )
    task = autoencoder.Reconstruction(model, rows, rows, tmp_path, crop=32, num_held_out=4)
    before = task.validate(model)
    encoder_before = [p.clone() for p in model.encoder.parameters()]
    config = loop.Config(steps=120, batch=4, learning_rate=3e-3, warmup=5, ema=0.9, threads=1)
    after = loop.train(task, config, tmp_path / "run").final
    assert after["loss"] < before["loss"] / 2 and after["psnr"] > before["psnr"] + 3
    assert all(torch.equal(a, b) for a, b in zip(encoder_before, model.encoder.parameters(), strict=True))


def test_the_denoiser_learns_that_its_own_words_serve_better_than_anothers(tmp_path: Path) -> None:
    parts, rows = tiny.tiny_parts(), Drawn(16)
    latents = autoencoder.cached_latents(parts["vae"], rows, tmp_path / "latents.npy", size=(64, 40))
    prompts = rows.rows(np.arange(16), ["prompt"])["prompt"]
    reads = (parts["text_encoder"], parts["tokenizer"])
    states = denoiser.cached_states(*reads, prompts, tmp_path / "states.npy")
    nothing = states_of(*reads, [""], num_windows=1).clone()
    known = [denoiser.Material(latents, states)]
    task = denoiser.Flow(parts["unet"], known, nothing, held_out=known, digest=rows.digest, num_held_out=16)
    before = task.validate(parts["unet"])["loss"]
    config = loop.Config(steps=300, batch=8, learning_rate=3e-3, warmup=5, ema=0.9, threads=1)
    after = loop.train(task, config, tmp_path / "run").final
    assert after["loss"] < before * 0.7
    assert after["own_beats_other"] >= 0.75


def test_latents_are_made_anew_only_when_the_encoder_changes(tmp_path: Path) -> None:
    rows, file = Drawn(6), tmp_path / "latents.npy"
    models = [autoencoder.new(autoencoder.Shape(latent_channels=k), tiny.pictures(20), seed=0) for k in (4, 4, 5)]
    torch.nn.init.ones_(models[1].decoder.layers[0].weight)
    shapes, times = [], []
    for model in models:
        shapes.append(autoencoder.cached_latents(model, rows, file, size=(64, 40)).shape)
        times.append(file.stat().st_mtime_ns)
    assert times[0] == times[1] < times[2] and shapes[2][1] == 5


def test_where_people_and_things_are_a_miss_weighs_more() -> None:
    parts = tiny.tiny_parts()
    chance = np.random.default_rng(0)
    latents = chance.normal(size=(4, 4, 5, 8)).astype(np.float16)
    states = chance.normal(size=(4, 16, 32)).astype(np.float16)
    left = np.zeros((4, 5, 8), np.float16)
    left[:, :, :4] = 1

    def loss(figures: np.ndarray | None, weight: float) -> float:
        known = [denoiser.Material(latents, states, figures)]
        task = denoiser.Flow(
            parts["unet"], known, torch.zeros(1, 16, 32), held_out=known, digest="a", figure_weight=weight
        )
        batch = task.batch(np.arange(4))
        return task.loss(parts["unet"], batch, torch.Generator().manual_seed(0)).item()

    whole, on_left, on_right = loss(None, 0), loss(left, 1e6), loss(1 - left, 1e6)
    assert whole == pytest.approx((on_left + on_right) / 2, rel=1e-3)
    assert loss(left, 2.0) == pytest.approx((3 * on_left + on_right) / 4, rel=1e-3)


def test_pictures_of_several_sizes_are_learnt_from_together_each_weighing_the_same() -> None:
    parts = tiny.tiny_parts()
    chance = np.random.default_rng(0)
    states = chance.normal(size=(4, 16, 32)).astype(np.float16)
    wide, tall = (
        denoiser.Material(chance.normal(size=(4, 4, *size)).astype(np.float16), states) for size in ((5, 8), (8, 5))
    )

    def loss(materials: list[denoiser.Material], rows: list[int]) -> float:
        task = denoiser.Flow(parts["unet"], materials, torch.zeros(1, 16, 32), held_out=materials, digest="a")
        batch = task.batch(np.array(rows))
        return task.loss(parts["unet"], batch, torch.Generator().manual_seed(0)).item()

    one_wide, wide_first = loss([wide], [1]), loss([wide, tall], [1])
    assert wide_first == one_wide
    mixed = loss([wide, tall], [6, 1, 4, 5])
    assert min(one_wide, 1.0) * 0.2 < mixed < 5.0 and mixed != one_wide


def test_a_latent_is_covered_by_the_part_of_it_that_is_a_figure() -> None:
    mask = np.zeros((1, 12, 16), np.uint8)
    mask[0, :4, :8] = 1  # a person on the upper half of the first latent
    mask[0, 8:, 8:] = 2  # a thing on what the picture has of the last
    assert denoiser.covered(mask).tolist() == [[[0.5, 0.0], [0.0, 0.5]]]
