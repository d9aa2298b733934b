"""Teaching the illustrator what users like, by pairs of pictures: Diffusion-DPO on low-rank weights.

Of two noisy pictures the denoiser is to come closer to the preferred one than it did before, and less close to the
other, both with the same noise. It stays near what it was: the loss counts only how far it moves from a frozen copy,
and a share of it is that preferred pictures are drawn as well as ever. Knows nothing of who preferred what.
"""

import copy
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor, nn
from torch.nn import functional as F

from storywright import files
from storywright.illustrator import styles
from storywright.illustrator.lora import mind_of, save_learnt
from storywright.illustrator.model import Illustrator
from storywright.progress import track
from storywright.training import loop


@dataclass(frozen=True, kw_only=True, slots=True)
class Taste:
    """How far users' preferences may lead the illustrator."""

    rank: int = 8
    """How much can be learned; the weights beside the denoiser's own grow with it."""
    beta: float = 400.0
    """How dear it is to move away from the frozen copy: the smaller, the further."""
    anchor: float = 0.5
    """How much drawing the preferred pictures as well as ever counts beside preferring them."""

    def __post_init__(self) -> None:
        if self.rank < 1 or self.beta <= 0 or self.anchor < 0:
            raise ValueError(
                f"rank must be at least 1, beta positive and anchor not negative, got {self.rank}, {self.beta:g} and "
                f"{self.anchor:g}"
            )


@dataclass(frozen=True, slots=True)
class PicturePair:
    """Two pictures with the words they were drawn from."""

    chosen: Image.Image
    chosen_prompt: str
    rejected: Image.Image
    rejected_prompt: str
    weight: float = 1.0


class Preferring:
    """The training: pairs as latents and states that are made once."""

    name = "illustrator's taste"

    def __init__(
        self, illustrator: Illustrator, pairs: Sequence[PicturePair], held_out: Sequence[PicturePair], taste: Taste,
        seed: int,
    ) -> None:  # fmt: skip
        self._mind, self._taste = mind_of(illustrator), taste
        self._size = illustrator.drawing.native_size
        self._held_out = self._ready(held_out) if held_out else None
        self._rows = self._ready(pairs)
        self.examples = len(pairs)
        self.model = self._mind.student(taste.rank, seed)
        self._before = copy.deepcopy(illustrator.unet).requires_grad_(False).eval()
        sums = [float(self._rows[name].double().sum()) for name in sorted(self._rows)]
        self.digest = files.digest_of([dataclasses.asdict(taste), seed, len(pairs), len(held_out), sums])

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """Both sides of these pairs, and their weights."""
        return {name: values[rows] for name, values in self._rows.items()}

    def loss(self, model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        """How little the preferred pictures are preferred, and how badly they are drawn."""
        device = batch["weight"].device
        noise = torch.randn(batch["chosen"].shape, generator=generator, device=device)
        level = torch.randn(len(noise), generator=generator, device=device).sigmoid()
        margin, missed = self._margin(model, batch, noise, level)
        return (batch["weight"] * (self._taste.anchor * missed - F.logsigmoid(margin))).mean()

    @torch.no_grad()
    def validate(self, model: nn.Module) -> loop.Row:
        """On held-out pairs, at noises and levels that stay the same: the loss, and how often the model agrees."""
        if self._held_out is None:
            return {}
        generator, device = torch.Generator().manual_seed(0), next(model.parameters()).device
        batch = {name: values.to(device) for name, values in self._held_out.items()}
        margins = []
        for level in np.linspace(0.1, 0.9, 5):
            noise = torch.randn(batch["chosen"].shape, generator=generator).to(device)
            levels = torch.full((len(noise),), float(level), device=device)
            margins.append(self._margin(model, batch, noise, levels)[0])
        margin, weight = torch.stack(margins).mean(0), batch["weight"]
        agrees = (margin > 0).float() + 0.5 * (margin == 0).float()
        return {
            "loss": float((-F.logsigmoid(margin) * weight).sum() / weight.sum()),
            "agreement": float((agrees * weight).sum() / weight.sum()),
        }

    def added_to(self, unet: Any, work: Path) -> Any:
        """A copy of a denoiser of the same shape with what was learned in its weights; `work` is a folder for that."""
        save_learnt(self._mind, self.model, work)
        return styles.put_on(unet, work)

    def _margin(self, model: nn.Module, batch: loop.Batch, noise: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
        """The logarithm of the odds for the preferred picture of each pair, and how far that one is missed."""
        gains, missed = [], noise.new_zeros(len(noise))
        for side in ("chosen", "rejected"):
            states = {name.removeprefix(f"{side} "): v for name, v in batch.items() if name.startswith(f"{side} ")}
            now = self._mind.missed(model, batch[side], noise, level, states)
            with torch.no_grad():
                before = self._mind.missed(self._before.to(noise.device), batch[side], noise, level, states)
            gains.append(before - now)
            missed = now if side == "chosen" else missed
        return self._taste.beta * (gains[0] - gains[1]), missed

    def _ready(self, pairs: Sequence[PicturePair]) -> dict[str, Tensor]:
        rows: dict[str, Tensor] = {"weight": torch.tensor([pair.weight for pair in pairs])}
        prompts = [pair.chosen_prompt for pair in pairs] + [pair.rejected_prompt for pair in pairs]
        states = self._mind.states_of(prompts)
        for number, side in enumerate(("chosen", "rejected")):
            pictures = [getattr(pair, side) for pair in pairs]
            rows[side] = torch.cat([self._latents(one) for one in track(pictures, f"reading {side} pictures")])
            first = number * len(pairs)
            rows |= {f"{side} {name}": values[first : first + len(pairs)] for name, values in states.items()}
        return rows

    def _latents(self, picture: Image.Image) -> Any:
        return self._mind.latents_of(ImageOps.fit(picture.convert("RGB"), self._size, Image.Resampling.LANCZOS))
