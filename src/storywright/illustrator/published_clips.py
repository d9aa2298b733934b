"""Clips by published checkpoints: Stable Diffusion 1.5 or XL with an AnimateDiff adapter, as diffusers runs them."""

from typing import Any

import diffusers
import torch
from diffusers.utils import logging as diffusers_logging
from PIL import Image

from storywright.critic.encoder import quiet
from storywright.errors import BadInput
from storywright.illustrator import limits
from storywright.illustrator.motion import Animator
from storywright.illustrator.published import Published, embedded, place

_KINDS = {
    "StableDiffusionPipeline": "AnimateDiffPipeline",
    "StableDiffusionXLPipeline": "AnimateDiffSDXLPipeline",
}
_PARTS = ("vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "unet")
_STEPS = 25  # the adapters were taught on the whole schedule; the few steps of a still picture tear a clip


class PublishedAnimator(Animator):
    """An opened checkpoint with the temporal layers that were made for its kind."""

    def __init__(self, illustrator: Published, adapter: Any) -> None:
        kind = _KINDS.get(type(illustrator.pipeline).__name__)
        if kind is None:
            raise BadInput(
                f"{illustrator.name} is a {type(illustrator.pipeline).__name__}, for which there are no temporal "
                f"layers: clips are drawn by our illustrator, or by a {' or a '.join(_KINDS)}."
            )
        self._illustrator = illustrator
        self.most_frames = adapter.config.motion_max_seq_length
        before = illustrator.pipeline
        parts = {name: part for name in _PARTS if (part := getattr(before, name, None)) is not None}
        scheduler = diffusers.DDIMScheduler.from_config(
            before.scheduler.config,
            beta_schedule="linear",
            clip_sample=False,
            timestep_spacing="linspace",
            steps_offset=1,
        )
        made = getattr(diffusers, kind)
        with quiet(diffusers_logging):
            self.pipeline = made(**parts, motion_adapter=adapter.to(before.unet.dtype), scheduler=scheduler)
        self.pipeline.set_progress_bar_config(disable=True)
        place(self.pipeline, illustrator.device)

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
        """A clip of so many frames, in a style of these words or in one that was learnt."""
        if not 2 <= frames <= self.most_frames:
            raise BadInput(f"A clip has 2 to {self.most_frames} frames, got {frames}.")
        illustrator: Any = self._illustrator
        size = size or illustrator.drawing.native_size
        guidance = illustrator.drawing.guidance if guidance is None else guidance
        steps = steps or _STEPS
        limits.refuse([prompt], size, steps=steps, guidance=guidance, seeds=[seed], negative=negative)
        area, (width, height) = illustrator.area_for(size), illustrator.computed(size)
        said = illustrator.in_style(prompt, style)
        with quiet(diffusers_logging), torch.inference_mode(), illustrator.styled(self.pipeline, style, style_strength):
            found = self.pipeline(
                **embedded(self.pipeline, said, negative, guided=guidance > 1),
                num_frames=frames,
                width=width,
                height=height,
                num_inference_steps=steps,
                guidance_scale=guidance,
                generator=torch.Generator().manual_seed(seed),
            )
        cropped = [frame.crop((0, 0, *area)) for frame in found.frames[0]]
        return [f if f.size == size else f.resize(size, Image.Resampling.LANCZOS) for f in cropped]
