"""A tiny pipeline of the real kinds, made once: it has learnt nothing, but it opens, draws and trains."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from storywright.critic import encoder
from storywright.illustrator import autoencoder, denoiser, model

PROMPTS = ["ink drawing, a woman, red shirt, park", "flat colour drawing, a man, blue jacket, kitchen, night"]


def pictures(count: int, width: int = 64, height: int = 36) -> np.ndarray:
    """Pictures with a plain background and a bar, so that there is something to learn."""
    chance = np.random.default_rng(0)
    made = np.empty((count, height, width, 3), np.uint8)
    made[:] = chance.integers(120, 255, (count, 1, 1, 3))
    for picture in made:
        left = chance.integers(0, width - 12)
        picture[8:30, left : left + 12] = chance.integers(0, 255, 3)
    return made


def tiny_parts() -> dict[str, Any]:
    """Parts of a pipeline, small enough for a test."""
    tokenizer = encoder.new_tokenizer(PROMPTS, vocabulary=700, window=16)
    shape = encoder.Shape(width=32, text_layers=1, picture_layers=1, picture_size=28, window=16)
    clip = encoder.new_model(shape, tokenizer, seed=0)
    unet = denoiser.new(
        denoiser.Shape(channels=(16, 32), reads_words=(False, True), layers=(1, 1), heads=2, norm_groups=8),
        latent_channels=4,
        words_width=32,
        sample_size=8,
        seed=0,
    )
    torch.manual_seed(1)
    torch.nn.init.normal_(unet.conv_out.weight, std=0.05)
    coder = autoencoder.Shape(latent_channels=4, decoder_channels=8, decoder_blocks=(1, 0, 0, 0))
    return {
        "vae": autoencoder.new(coder, pictures(20), seed=0),
        "unet": unet,
        "text_encoder": clip.text_model,
        "tokenizer": tokenizer,
        "scheduler": model.new_scheduler(),
    }


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tiny") / "illustrator"
    drawing = model.Drawing(native_size=(64, 36), steps=2, guidance=2.0, styles=("flat", "ink"))
    model.save(tiny_parts(), drawing, made)
    return made


@pytest.fixture(scope="session")
def illustrator(folder: Path) -> model.Illustrator:
    return model.Illustrator.open(folder)
