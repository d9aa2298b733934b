"""Words to a moving clip: temporal layers between those of a denoiser that stays as it is.

They are saved as diffusers' MotionAdapter, so `AnimateDiffPipeline` opens them with our illustrator, and a published
adapter opens here with the checkpoint it is for. Untrained they add nothing: each frame is a picture of its own.
"""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import MotionAdapter, UNetMotionModel
from diffusers.models.attention_processor import AttnProcessor
from diffusers.utils import logging as diffusers_logging
from PIL import Image
from safetensors import SafetensorError
from torch import Tensor, nn

from storywright import files
from storywright.critic.encoder import quiet, weights_digest
from storywright.errors import BadInput
from storywright.illustrator import limits, sealed
from storywright.illustrator.denoiser import TIMESTEPS
from storywright.illustrator.model import Illustrator
from storywright.illustrator.sample import noise
from storywright.training import loop

STARTER = Path(__file__).parent.parent / "starter" / "motion"
"""The embedded temporal layers, shipped with the package."""
_SHARED = 0.9
_NEEDS = ("config.json", "diffusion_pytorch_model.safetensors")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """How large the temporal layers are; their widths are the denoiser's."""

    heads: int = 4
    most_frames: int = 16
    """The longest clip they can be asked for at once."""


class Animator:
    """An opened illustrator with temporal layers."""

    def __init__(self, illustrator: Illustrator, adapter: Any) -> None:
        self._illustrator, self._adapter = illustrator, adapter
        self._unet = self._moving(illustrator.unet)
        self.most_frames: int = adapter.config.motion_max_seq_length

    @classmethod
    def open(cls, illustrator: Path | str, motion: Path, device: str = "cpu", *, quick: bool = False) -> "Animator":
        """Open both folders; refuses temporal layers that are made for another illustrator."""
        opened_illustrator = Illustrator.open(illustrator, device, quick=quick)
        made: Any = cls
        if type(opened_illustrator) is not Illustrator:
            from storywright.illustrator.published_clips import PublishedAnimator

            made = PublishedAnimator
        try:
            animator: Animator = made(opened_illustrator, opened(motion))
            return animator
        except (ValueError, RuntimeError) as error:
            if isinstance(error, BadInput):
                raise
            raise BadInput(f"{motion} does not fit the illustrator {illustrator} ({error}): train it anew.") from error

    def in_style(self, prompt: str, style: str | None) -> str:
        """The prompt with the style's words, as the illustrator puts them."""
        return self._illustrator.in_style(prompt, style)

    def draw(
        self,
        prompt: str,
        *,
        frames: int = 8,
        size: tuple[int, int] | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        seed: int = 0,
        style: str | None = None,
        style_strength: float | None = None,
        negative: str = "",
    ) -> list[Image.Image]:
        """A clip of so many frames, in a style that the illustrator knows or that was learnt."""
        if not 2 <= frames <= self.most_frames:
            raise BadInput(f"A clip has 2 to {self.most_frames} frames, got {frames}.")
        illustrator, drawing = self._illustrator, self._illustrator.drawing
        size, steps = size or drawing.native_size, steps or drawing.steps
        guidance = drawing.guidance if guidance is None else guidance
        limits.refuse([prompt], size, steps=steps, guidance=guidance, seeds=[seed], negative=negative)
        states, against = illustrator.states([self.in_style(prompt, style)], negative)
        styled, unet = illustrator.unet_in(style, style_strength), self._unet
        if styled is not illustrator.unet:
            unet = self._moving(styled)
        area = illustrator.area_for(size)
        shape = illustrator.latent_shape(area)
        both = noise([seed], (frames + 1, *shape), illustrator.device)
        start = mixed(both[:, :1], both[:, 1:], torch.tensor(_SHARED)).transpose(1, 2)
        latents = self._sampled(unet, states, against, start, steps, guidance)
        found = latents[0].transpose(0, 1)
        return [p for part in found.split(1) for p in illustrator.pictures(part, area, size)]

    def _moving(self, unet: Any) -> Any:
        made = joined(unet, self._adapter).to(self._illustrator.device).eval()
        return made.bfloat16() if unet.dtype == torch.bfloat16 else made

    @torch.inference_mode()
    def _sampled(
        self, unet: Any, states: Tensor, against: Tensor, start: Tensor, steps: int, guidance: float
    ) -> Tensor:
        scheduler, latents, frames = copy.deepcopy(self._illustrator.scheduler), start, start.shape[2]
        scheduler.set_timesteps(steps, device=start.device)
        words = torch.cat([against, states]).repeat_interleave(frames, 0).to(unet.dtype)
        for time in scheduler.timesteps:
            scaled = scheduler.scale_model_input(latents, time).to(unet.dtype)
            without, with_words = unet(torch.cat([scaled, scaled]), time, words, return_dict=False)[0].float().chunk(2)
            found = without + guidance * (with_words - without)
            latents = scheduler.step(found, time, latents, return_dict=False)[0]
        return latents


def new(unet: Any, shape: Shape, seed: int) -> Any:
    """Temporal layers for this denoiser that add nothing yet."""
    torch.manual_seed(seed)
    adapter: Any = MotionAdapter(
        block_out_channels=tuple(unet.config.block_out_channels),
        motion_layers_per_block=unet.config.layers_per_block,
        motion_num_attention_heads=shape.heads,
        motion_norm_num_groups=unet.config.norm_num_groups,
        motion_max_seq_length=shape.most_frames,
        use_motion_mid_block=True,
    )
    for name, module in adapter.named_modules():
        if name.endswith("proj_out"):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)
    return adapter


def joined(unet: Any, adapter: Any) -> Any:
    """The denoiser with the temporal layers; only these are trained."""
    model: Any = UNetMotionModel.from_unet2d(unet, adapter)
    model.freeze_unet2d_params()
    return model


def opened(folder: Path) -> Any:
    """The temporal layers of a folder, in single precision."""
    folder = Path(folder)
    sealed.check(folder, "motion adapter", _NEEDS)
    single: dict[str, Any] = {"torch_dtype": torch.float32, "use_safetensors": True, "local_files_only": True}
    try:
        with quiet(diffusers_logging):
            return MotionAdapter.from_pretrained(folder, **single)
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise BadInput(f"{folder} cannot be opened as a motion adapter ({error}): fetch or train it again.") from error


def take(model: Any, adapter: Any) -> None:
    """Bring the temporal layers of a joined model into an adapter."""
    adapter.load_state_dict({name: value for name, value in model.state_dict().items() if "motion_modules" in name})


def save(model: Any, adapter: Any, folder: Path) -> None:
    """Save the temporal layers of a joined model, half precision on the disk, and seal them."""
    take(model, adapter)
    copy.deepcopy(adapter).half().save_pretrained(folder, max_shard_size="14MB")
    sealed.seal(folder)


class Clips:
    """The training of temporal layers: flow matching on the latents of whole clips."""

    name = "motion"

    def __init__(
        self,
        model: Any,
        latents: np.ndarray,
        states: np.ndarray,
        nothing: Tensor,
        *,
        num_held_out: int,
        digest: str,
        drop_words: float = 0.1,
    ) -> None:
        self.model, self.examples = model, len(latents) - num_held_out
        self.sheet: Callable[[nn.Module], Image.Image] | None = None
        self._latents, self._states, self._nothing = latents, states, nothing
        self._drop_words = drop_words
        self._held_out = np.arange(self.examples, len(latents))
        self.digest = files.digest_of([digest, num_held_out, drop_words, weights_digest(model)])
        if not torch.cuda.is_available():
            model.set_attn_processor(AttnProcessor())

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """Latents (clips, frames, channels, height, width) and states."""
        ordered = np.sort(rows)
        return {
            "latents": torch.from_numpy(self._latents[ordered].astype(np.float32)),
            "states": torch.from_numpy(self._states[ordered].astype(np.float32)),
        }

    def loss(self, model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        """The mean square by which the direction from clip to noise is missed."""
        latents, device = batch["latents"], batch["latents"].device
        # Clips are drawn from noise that their frames mostly share, and AnimateDiffPipeline draws from noise of each
        # frame's own: both are seen, and all between them.
        shared = torch.rand(len(latents), 1, 1, 1, 1, generator=generator, device=device)
        one, own = (
            torch.randn(shape, generator=generator, device=device)
            for shape in ((len(latents), 1, *latents.shape[2:]), latents.shape)
        )
        start = mixed(one, own, shared)
        level = torch.randn(len(latents), generator=generator, device=device).sigmoid()
        dropped = torch.rand(len(latents), 1, 1, generator=generator, device=device) < self._drop_words
        states = torch.where(dropped, self._nothing.to(device), batch["states"])
        return _missed(model, latents, states, start, level)

    @torch.no_grad()
    def validate(self, model: nn.Module) -> loop.Row:
        """The loss on held-out clips."""
        if not len(self._held_out):
            return {}
        generator, losses = torch.Generator().manual_seed(0), []
        device = next(model.parameters()).device
        for index in self._held_out:
            held = self.batch(np.array([index]))
            start = torch.randn(held["latents"].shape, generator=generator)
            level = torch.rand(1, generator=generator)
            given = (held["latents"], held["states"], start, level)
            losses.append(_missed(model, *(t.to(device) for t in given)).item())
        return {"loss": math.fsum(losses) / len(losses)}


def mixed(one: Tensor, own: Tensor, shared: Tensor) -> Tensor:
    """Noise of which a share is the same in all frames: (clips, 1, …) and (clips, frames, …) to the latter."""
    return shared.sqrt() * one + (1 - shared).sqrt() * own


def _missed(model: nn.Module, latents: Tensor, states: Tensor, start: Tensor, level: Tensor) -> Tensor:
    share = level.view(-1, 1, 1, 1, 1)
    noisy = ((1 - share) * latents + share * start).transpose(1, 2)
    words = states.repeat_interleave(latents.shape[1], 0)
    direction = model(noisy, level * TIMESTEPS, words, return_dict=False)[0].transpose(1, 2)
    return (direction.float() - (start - latents)).square().mean()
