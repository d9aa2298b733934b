"""Sheets of an illustrator in training: they show what it draws, and the training goes on to the same bits."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from storywright.illustrator import denoiser, model, sheets
from storywright.training import loop, watching

from . import conftest as tiny


class Watcher:
    def __init__(self) -> None:
        self.sheets: list[Image.Image] = []

    def figures(self, step: int, values: Mapping[str, float]) -> None:
        pass

    def sheet(self, step: int, name: str, picture: Image.Image) -> None:
        self.sheets.append(picture)


def test_pictures_lie_in_rows_of_four() -> None:
    pictures = [Image.new("RGB", (10, 6), (number, 0, 0)) for number in range(6)]
    made = sheets.sheet(pictures)
    assert made.size == (4 * 14 - 4, 2 * 10 - 4)
    assert [made.getpixel((place % 4 * 14, place // 4 * 10))[0] for place in range(6)] == list(range(6))


def test_a_watched_training_shows_what_it_draws_and_ends_with_the_same_bits(tmp_path: Path) -> None:
    def trained(watcher: Watcher | None) -> torch.nn.Module:
        parts = tiny.tiny_parts()
        chance = np.random.default_rng(0)
        latents = chance.normal(size=(12, 4, 5, 8)).astype(np.float16)
        material = denoiser.Material(latents, np.zeros((12, 16, 32), np.float16))
        nothing = torch.zeros(1, 16, 32)
        task = denoiser.Flow(parts["unet"], [material], nothing, held_out=[material], digest="a", num_held_out=2)
        drawing = model.Drawing(native_size=(64, 36), steps=2)
        task.sheet = sheets.drawn_by(parts, drawing, tiny.PROMPTS)  # type: ignore[attr-defined]
        config = loop.Config(steps=6, batch=4, warmup=1, threads=1, sheet_every=3, log_every=3)
        if watcher is None:
            loop.train(task, config, tmp_path / "alone")
        else:
            with watching.watched_by(watcher):
                loop.train(task, config, tmp_path / "watched")
        return parts["unet"]  # type: ignore[no-any-return]

    watcher = Watcher()
    watched, alone = trained(watcher), trained(None)
    assert [picture.size for picture in watcher.sheets] == [(2 * 68 - 4, 36)] * 2
    assert not np.array_equal(*map(np.asarray, watcher.sheets))
    assert all(torch.equal(a, b) for a, b in zip(watched.parameters(), alone.parameters(), strict=True))
