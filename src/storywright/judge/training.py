"""Teaches the judge on drawings, each a little spoilt: blurred, noisy, shifted in colour, so that a picture that was
not drawn is read by what is in it.

    python -m storywright.judge.training FOLDER [--pictures N] [--steps N]

Knows nothing about illustrators.
"""

import argparse
import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from storywright import files
from storywright.judge import network
from storywright.judge.labels import NONE, answers
from storywright.toonworld.drawing import draw
from storywright.toonworld.grammar import portrait
from storywright.training import loop
from storywright.training.cache import encoded

SEED, HELD_OUT_SEED = 101, 102
_NUM_HELD_OUT = 512


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What the judge learns from, and for how long."""

    pictures: int = 40_000
    """Drawings, made once; 40,000 take about five minutes on a core and 2.5 GB on the disk."""
    training: loop.Config = loop.Config(  # noqa: RUF009  frozen
        steps=4_000, batch=64, optimizer="muon", learning_rate=1e-3, warmup=50, schedule="level", fall=0.4, ema=0.995,
        precision="bf16", threads=1, validate_every=500, log_every=50,
    )  # fmt: skip
    shape: network.Shape = network.Shape()  # noqa: RUF009  frozen


class Reading:
    """The task: every question about a drawing that it raises."""

    name = "judge"

    def __init__(self, model: nn.Module, pictures: np.ndarray, right: np.ndarray, held_out: tuple, digest: str) -> None:  # type: ignore[type-arg]
        self.model, self.examples, self.digest = model, len(pictures), digest
        self._pictures, self._right = pictures, right
        self._held_out = network.pixels_of(held_out[0]), torch.from_numpy(held_out[1])

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """Pictures and right answers."""
        ordered = np.sort(rows)
        return {"pictures": torch.from_numpy(self._pictures[ordered]), "right": torch.from_numpy(self._right[ordered])}

    def loss(self, model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        """Cross-entropy, each question weighing the same however rarely it is raised."""
        logits = model(spoilt(network.pixels_of(batch["pictures"]), generator))
        return torch.stack([_missed(one, batch["right"][:, k]) for k, one in enumerate(logits)]).mean()

    @torch.no_grad()
    def validate(self, model: nn.Module) -> loop.Row:
        """The loss and the share of right answers on held-out drawings."""
        pixels, right = self._held_out
        logits = [torch.cat(parts).float() for parts in zip(*(model(part) for part in pixels.split(64)), strict=True)]
        losses = [_missed(one, right[:, k]) for k, one in enumerate(logits)]
        found = torch.stack([one.argmax(1) for one in logits], 1)
        return {
            "loss": float(torch.stack(losses).mean()),
            "right": float((found == right)[right != NONE].float().mean()),
        }


def train(config: Config, folder: Path) -> loop.Result:
    """Draw, train and save; goes on where a killed run was."""
    work = folder / ".training"
    torch.manual_seed(config.training.seed)
    pictures, right = drawings(config.pictures, SEED, work / "pictures.npy")
    held_out = drawings(_NUM_HELD_OUT, HELD_OUT_SEED, work / "held-out.npy")
    model = network.Network(config.shape)
    task = Reading(model, pictures, right, held_out, files.digest_of([config.pictures, SEED]))
    result = loop.train(task, config.training, work / "run")
    shutil.rmtree(work)
    network.save(model, folder)
    loop.write_curves(folder / "curves.csv", result)
    return result


def drawings(count: int, seed: int, file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Drawings and the right answers about them; drawn once."""

    def drawn(rows: np.ndarray) -> np.ndarray:
        return np.stack([draw(portrait(seed, int(row))[0], network.SIZE) for row in rows])

    shape = (network.SIZE[1], network.SIZE[0], 3)
    pictures = encoded(
        file, drawn, count=count, shape=shape, dtype=np.uint8, digest=f"portraits {seed}", doing="drawing for the judge"
    )
    return pictures, answers([portrait(seed, row)[0] for row in range(count)])


def spoilt(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """The pictures of a batch as something that is not a drawing might show them."""

    def chance(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=pixels.device)

    count, _, height, width = pixels.shape
    small = F.interpolate(pixels, scale_factor=0.5, mode="bilinear", antialias=True)
    soft = F.interpolate(small, (height, width), mode="bilinear")
    share = (chance(count, 1, 1, 1) * 1.4 - 0.4).clamp(min=0)
    pixels = torch.lerp(pixels, soft, share)
    noise = torch.randn(pixels.shape, generator=generator, device=pixels.device)
    tint = (chance(count, 3, 1, 1) - 0.5) * 0.08
    return pixels * (1 + (chance(count, 1, 1, 1) - 0.5) * 0.15) + tint + noise * 0.08 * chance(count, 1, 1, 1)


def _missed(logits: Tensor, right: Tensor) -> Tensor:
    raised = right != NONE
    if not raised.any():
        return logits.float().sum() * 0.0
    return F.cross_entropy(logits.float()[raised], right[raised], label_smoothing=0.05)


def _main() -> None:
    usual = Config()
    parser = argparse.ArgumentParser(description="Teach the judge.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=usual.pictures)
    parser.add_argument("--steps", type=int, default=usual.training.steps)
    said = parser.parse_args()
    training = dataclasses.replace(usual.training, steps=said.steps)
    train(Config(pictures=said.pictures, training=training), said.folder)


if __name__ == "__main__":
    _main()
