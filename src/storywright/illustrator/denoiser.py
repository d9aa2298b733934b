"""The network that turns noise into latents of a picture, and how it is trained: latent flow matching.

A noisy latent is (1 - s) of the picture and s of noise; the network is asked for noise minus picture. Words reach it as
the states of a frozen text tower, so pictures and words are both encoded once, before the training. Knows nothing about
pixels or sampling.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from PIL import Image
from torch import Tensor, nn

from storywright import files
from storywright.critic.encoder import weights_digest
from storywright.illustrator import reference
from storywright.illustrator.autoencoder import FACTOR
from storywright.illustrator.prompts import states_of
from storywright.training import loop
from storywright.training.cache import encoded

TIMESTEPS = 1000
"""What the scheduler calls pure noise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """How large the network is."""

    channels: tuple[int, ...] = (64, 128, 192)
    """From the latents' size down, each half as wide and high."""
    reads_words: tuple[bool, ...] = (False, True, False)
    """The levels that look at the words and at the whole picture; the innermost always does."""
    layers: tuple[int, ...] = (1, 2, 2)
    heads: int = 4
    norm_groups: int = 16


def new(shape: Shape, *, latent_channels: int, words_width: int, sample_size: int, seed: int) -> Any:
    """A network that has learnt nothing."""
    torch.manual_seed(seed)
    down = tuple("CrossAttnDownBlock2D" if reads else "DownBlock2D" for reads in shape.reads_words)
    up = tuple("CrossAttnUpBlock2D" if reads else "UpBlock2D" for reads in reversed(shape.reads_words))
    model: Any = UNet2DConditionModel(
        sample_size=sample_size,
        in_channels=latent_channels,
        out_channels=latent_channels,
        down_block_types=down,
        up_block_types=up,
        block_out_channels=shape.channels,
        layers_per_block=shape.layers,
        attention_head_dim=shape.heads,
        norm_num_groups=shape.norm_groups,
        cross_attention_dim=words_width,
    )
    nn.init.zeros_(model.conv_out.weight)
    nn.init.zeros_(model.conv_out.bias)
    return model


def cached_states(
    text_encoder: Any, tokenizer: Any, prompts: Sequence[str], file: Path, *, looks: Mapping[int, str] | None = None
) -> np.ndarray:
    """The text tower's states for one window of each prompt, half precision, made once.

    `looks` are of those whose prompts leave them to a reference picture, by the prompt's number.
    """
    config, by_reference = text_encoder.config, looks or {}

    def encode(indices: np.ndarray) -> np.ndarray:
        states = states_of(text_encoder, tokenizer, [prompts[i] for i in indices], num_windows=1)
        if left := [at for at, i in enumerate(indices.tolist()) if i in by_reference]:
            said = [by_reference[int(indices[at])] for at in left]
            states[left] = reference.put_in(states[left], reference.states_of_looks(text_encoder, tokenizer, said))
        return states.cpu().numpy().astype(np.float16)

    return encoded(
        file,
        encode,
        count=len(prompts),
        shape=(config.max_position_embeddings, config.hidden_size),
        dtype=np.float16,
        digest=files.digest_of([list(prompts), sorted(by_reference.items()), weights_digest(text_encoder)]),
        doing="reading prompts",
    )


@dataclass(frozen=True, slots=True)
class Material:
    """What is learnt from pictures of one size."""

    latents: np.ndarray
    """(pictures, channels, height, width)."""
    states: np.ndarray
    """(pictures, tokens, width)."""
    figures: np.ndarray | None = None
    """How much of each latent people and things cover, 0 to 1: (pictures, height, width)."""


class Flow:
    """The training of a denoiser on cached latents and states, of several sizes at once."""

    name = "illustrator"

    def __init__(
        self,
        model: Any,
        materials: Sequence[Material],
        nothing: Tensor,
        *,
        held_out: Sequence[Material],
        digest: str,
        drop_words: float = 0.1,
        num_held_out: int = 256,
        figure_weight: float = 0.0,
        noise_shift: float = 1.0,
    ) -> None:
        """`nothing` is read in place of dropped words. Where a figure is, a miss weighs `1 + figure_weight`.

        `noise_shift` is how many times as large the odds of noise against picture are in the middle: what words decide
        is decided while little is seen, and with 1 that is seldom learnt from.
        """
        self.model, self.examples = model, sum(len(one.latents) for one in materials)
        self._materials, self._nothing = materials, nothing
        self._ends = np.cumsum([len(one.latents) for one in materials])
        self._drop_words, self._figure_weight, self._noise_shift = drop_words, figure_weight, noise_shift
        shown = [(one, spread(len(one.latents), num_held_out)) for one in held_out]
        self._held_out = [Material(one.latents[rows], one.states[rows]) for one, rows in shown]
        values = [digest, drop_words, num_held_out, figure_weight, noise_shift, weights_digest(model)]
        self.digest = files.digest_of(values)
        self.sheet: Callable[[nn.Module], Image.Image] | None = None
        # Plain products are a third faster than fused attention for so few tokens on a CPU.
        if not torch.cuda.is_available():
            model.set_attn_processor(AttnProcessor())

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """Latents, states and figures of each size, under its number; read in the order in which they lie."""
        ordered = np.sort(rows)
        read: dict[str, Tensor] = {}
        for number, (one, end) in enumerate(zip(self._materials, self._ends, strict=True)):
            begin = end - len(one.latents)
            within = ordered[(ordered >= begin) & (ordered < end)] - begin
            if not len(within):
                continue
            arrays = {"latents": one.latents, "states": one.states}
            if one.figures is not None and self._figure_weight:
                arrays["figures"] = one.figures
            for name, array in arrays.items():
                read[f"{name} {number}"] = torch.from_numpy(array[within].astype(np.float32))
        return read

    def loss(self, model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        """The mean square by which the direction from picture to noise is missed, every picture weighing the same."""
        sums, count = [], 0
        for number in range(len(self._materials)):
            if f"latents {number}" in batch:
                latents, states = batch[f"latents {number}"], batch[f"states {number}"]
                off = self._missed(model, latents, states, batch.get(f"figures {number}"), generator)
                sums.append(off * len(latents))
                count += len(latents)
        return torch.stack(sums).sum() / count

    def _missed(
        self, model: nn.Module, latents: Tensor, states: Tensor, figures: Tensor | None, generator: torch.Generator
    ) -> Tensor:
        device = latents.device
        noise = torch.randn(latents.shape, generator=generator, device=device)
        # Logit-normal about the level at which the layout and the looks are settled.
        odds = torch.randn(len(latents), generator=generator, device=device) + math.log(self._noise_shift)
        level = odds.sigmoid()
        dropped = torch.rand(len(latents), 1, 1, generator=generator, device=device) < self._drop_words
        states = torch.where(dropped, self._nothing.to(device), states)
        off = misses(model, latents, states, noise, level).mean(1)  # (batch, height, width)
        if figures is None:
            return off.mean()
        weight = 1 + self._figure_weight * figures
        return (off * weight).mean() / weight.mean()

    @torch.no_grad()
    def validate(self, model: nn.Module) -> loop.Row:
        """The loss on held-out pictures, and how often their own words serve better than another's."""
        generator = torch.Generator().manual_seed(0)
        own, other = [], []
        for one in self._held_out:
            latents, states = (torch.from_numpy(array.astype(np.float32)) for array in (one.latents, one.states))
            noise = torch.randn(latents.shape, generator=generator)
            level = torch.linspace(0.3, 0.95, len(latents))
            own.append(self._in_parts(model, latents, states, noise, level))
            other.append(self._in_parts(model, latents, states.roll(1, 0), noise, level))
        missed_own, missed_other = torch.cat(own), torch.cat(other)
        better = (missed_own < missed_other).float().mean()
        return {"loss": float(missed_own.mean()), "own_beats_other": float(better)}

    def _in_parts(self, model: nn.Module, *tensors: Tensor) -> Tensor:
        device = next(model.parameters()).device
        parts = zip(*(t.split(32) for t in tensors), strict=True)
        return torch.cat([missed(model, *(p.to(device) for p in part)).cpu() for part in parts])


def spread(count: int, most: int) -> np.ndarray:
    """At most so many rows, spread evenly."""
    return np.linspace(0, count - 1, min(most, count)).astype(int)


def missed(model: nn.Module, latents: Tensor, states: Tensor, noise: Tensor, level: Tensor) -> Tensor:
    """The square by which the network misses, a number for each picture."""
    return misses(model, latents, states, noise, level).mean((1, 2, 3))


def misses(model: nn.Module, latents: Tensor, states: Tensor, noise: Tensor, level: Tensor) -> Tensor:
    """The squares by which the network misses the way from picture to noise, in the latents' shape."""
    share = level.view(-1, 1, 1, 1)
    noisy = (1 - share) * latents + share * noise
    direction = model(noisy, level * TIMESTEPS, states, return_dict=False)[0]
    return (direction.float() - (noise - latents)).square()


def covered(masks: np.ndarray) -> np.ndarray:
    """How much of each latent people and things cover, float16, from masks of whole pictures, (n, height, width)."""
    height, width = masks.shape[1:]
    seen = np.pad(masks > 0, ((0, 0), (0, -height % FACTOR), (0, -width % FACTOR)))
    return seen.reshape(len(masks), -(-height // FACTOR), FACTOR, -(-width // FACTOR), FACTOR).mean((2, 4), np.float16)
