"""The illustrator: from words to a panel.

The folder is a diffusers StableDiffusionPipeline, so a published one takes the place of ours, and ours opens with
`DiffusionPipeline.from_pretrained(DIR)`. Beside what diffusers reads lies `drawing.json` with what this model was made
for: its native size, its styles, and the steps and guidance that suit it.

A picture depends on its own prompt, size, steps, guidance and seed alone, and not on what is drawn beside it: on a CPU
each is computed by itself.
"""

import copy
import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import diffusers
import numpy as np
import torch
from diffusers.utils import logging as diffusers_logging
from PIL import Image
from safetensors import SafetensorError
from transformers import CLIPTextModel, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from storywright import files
from storywright.critic.encoder import halved, quiet
from storywright.errors import BadInput
from storywright.illustrator import autoencoder, sealed
from storywright.illustrator.prompts import num_windows, refuse_unreadable, states_of
from storywright.illustrator.sample import noise, sample
from storywright.toonworld.words import english

STARTER = Path(__file__).parent.parent / "starter" / "illustrator"
"""The embedded illustrator, shipped with the package."""
DRAWING = "drawing.json"
MOST_PIXELS = 4096 * 4096
_MOST_IN_A_FILE = "14MB"  # so that git and package indexes take it
_NEEDS = (
    "model_index.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
    "tokenizer/tokenizer_config.json",
    "scheduler/scheduler_config.json",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """What a model was made for."""

    native_size: tuple[int, int] = (192, 108)
    """Width and height it was trained at; larger pictures are drawn at this area and enlarged."""
    steps: int = 8
    guidance: float = 3.0
    styles: tuple[str, ...] = ()
    """The styles it knows by name; empty for a model that takes any words for one."""


class Illustrator:
    """An opened model."""

    def __init__(self, parts: dict[str, Any], drawing: Drawing, device: str) -> None:
        self.unet, self._vae = parts["unet"].to(device).eval(), parts["vae"].to(device).eval()
        self._text_encoder, self._tokenizer = parts["text_encoder"].to(device).eval(), parts["tokenizer"]
        self.scheduler, self.device = parts["scheduler"], torch.device(device)
        self.drawing = drawing

    @classmethod
    def open(cls, folder: Path, device: str = "cpu") -> Self:
        """Open a pipeline folder; refuses one that is incomplete, altered, pickled or of another kind."""
        folder = Path(folder)
        parts = opened(folder)
        return cls(parts, _drawing_of(folder, parts), device)

    def draw(
        self,
        prompts: Sequence[str],
        *,
        size: tuple[int, int] | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        seeds: Sequence[int],
        style: str | None = None,
        negative: str = "",
    ) -> list[Image.Image]:
        """A picture for each prompt. `size` is width and height; what is not given is what suits the model."""
        size = size or self.drawing.native_size
        steps, guidance = steps or self.drawing.steps, self.drawing.guidance if guidance is None else guidance
        self._refuse(prompts, size, steps, seeds)
        styled = [self.in_style(prompt, style) for prompt in prompts]
        area = self.area_for(size)
        drawn = []
        for part, part_seeds in _parts(styled, seeds, 1 if self.device.type == "cpu" else 8):
            states, against = self.states(part, negative)
            start = noise(part_seeds, self.latent_shape(area), self.device)
            scheduler = copy.deepcopy(self.scheduler)
            latents = sample(self.unet, scheduler, states, against, start, steps=steps, guidance=guidance)
            drawn += self.pictures(latents, area, size)
        return drawn

    def in_style(self, prompt: str, style: str | None) -> str:
        """The prompt with the style's words, unless it has them; refuses a style that the model does not know."""
        if style is None:
            return prompt
        known = self.drawing.styles
        if known and style not in known:
            raise BadInput(f"There is no style {style!r}: choose {', '.join(known[:-1])} or {known[-1]}.")
        named = english.STYLE[style][0] if style in english.STYLE else style
        return prompt if named in prompt else f"{named}, {prompt}"

    def states(self, prompts: list[str], negative: str) -> tuple[torch.Tensor, torch.Tensor]:
        """What the denoiser reads for these prompts, and for the words to lead away from."""
        window = self._text_encoder.config.max_position_embeddings
        both = [*prompts, negative]
        count = num_windows(self._tokenizer, both, window)
        states = states_of(self._text_encoder, self._tokenizer, both, num_windows=count)
        return states[:-1], states[-1:].expand(len(prompts), -1, -1)

    def area_for(self, size: tuple[int, int]) -> tuple[int, int]:
        """The size that is computed: as asked for, or of the native area when that is much smaller."""
        width, height = self.drawing.native_size
        scale = math.sqrt(width * height / (size[0] * size[1]))
        if scale > 0.8:
            return size
        return max(16, round(size[0] * scale)), max(16, round(size[1] * scale))

    def latent_shape(self, area: tuple[int, int]) -> tuple[int, int, int]:
        """Channels, height and width of the latents of a picture."""
        width, height = (-(-side // autoencoder.FACTOR) for side in area)
        return self.unet.config.in_channels, height, width

    @torch.inference_mode()
    def pictures(self, latents: torch.Tensor, area: tuple[int, int], size: tuple[int, int]) -> list[Image.Image]:
        """Latents as pictures that are cropped to the area and enlarged to the size."""
        pixels = self._vae.decode(latents / self._vae.config.scaling_factor, return_dict=False)[0]
        return [_enlarged(picture, size) for picture in autoencoder.to_pictures(pixels, area)]

    def _refuse(self, prompts: Sequence[str], size: tuple[int, int], steps: int, seeds: Sequence[int]) -> None:
        if len(prompts) != len(seeds):
            raise ValueError(f"{len(prompts)} prompts need as many seeds, got {len(seeds)}")
        for prompt in prompts:
            refuse_unreadable(prompt)
        if min(size) < 16 or size[0] * size[1] > MOST_PIXELS or not 0.2 <= size[0] / size[1] <= 5:
            raise BadInput(
                f"A picture of {size[0]}x{size[1]} cannot be drawn: each side has at least 16 pixels, both together at "
                f"most {MOST_PIXELS:,}, and the longer is at most five times the shorter."
            )
        if not 1 <= steps <= 200:
            raise BadInput(f"A picture is drawn in 1 to 200 steps, got {steps}.")


def opened(folder: Path) -> dict[str, Any]:
    """The parts of a pipeline folder, in single precision."""
    sealed.check(folder, "illustrator", _NEEDS)
    index = sealed.read_json(folder / "model_index.json")
    if index.get("_class_name") != "StableDiffusionPipeline":
        raise BadInput(f"{folder} holds a {index.get('_class_name')}: an illustrator is a StableDiffusionPipeline.")
    try:
        with quiet(diffusers_logging, transformers_logging):
            return _read(folder, index)
    except (OSError, ValueError, RuntimeError, KeyError, AttributeError, SafetensorError) as error:
        raise BadInput(f"{folder} cannot be opened as an illustrator ({error}): fetch or train it again.") from error


def save(parts: dict[str, Any], drawing: Drawing, folder: Path) -> None:
    """Save as a StableDiffusionPipeline folder, half precision on the disk and single when opened, and seal it."""
    with quiet(diffusers_logging, transformers_logging):
        _write(parts, folder)
    files.write_json(folder / DRAWING, dataclasses.asdict(drawing))
    sealed.seal(folder)


def _write(parts: dict[str, Any], folder: Path) -> None:
    encoder = parts["text_encoder"]
    pipeline: Any = diffusers.StableDiffusionPipeline(
        vae=copy.deepcopy(parts["vae"]).half(),
        text_encoder=encoder,
        tokenizer=parts["tokenizer"],
        unet=copy.deepcopy(parts["unet"]).half(),
        scheduler=parts["scheduler"],
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True, max_shard_size=_MOST_IN_A_FILE)
    halved(encoder, folder / "text_encoder")


def new_scheduler() -> Any:
    """The sampler of our models: a second-order solver along the straight paths of flow matching."""
    return diffusers.UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=1.0)


def _read(folder: Path, index: dict[str, Any]) -> dict[str, Any]:
    single: dict[str, Any] = {"torch_dtype": torch.float32, "use_safetensors": True, "local_files_only": True}
    kinds = {name: getattr(diffusers, index[name][1]) for name in ("unet", "vae", "scheduler")}
    return {
        "unet": kinds["unet"].from_pretrained(folder / "unet", **single),
        "vae": kinds["vae"].from_pretrained(folder / "vae", **single),
        "scheduler": kinds["scheduler"].from_pretrained(folder / "scheduler", local_files_only=True),
        "text_encoder": CLIPTextModel.from_pretrained(
            folder / "text_encoder", dtype=torch.float32, use_safetensors=True, local_files_only=True
        ),
        "tokenizer": CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True),
    }


def _drawing_of(folder: Path, parts: dict[str, Any]) -> Drawing:
    if not (folder / DRAWING).is_file():
        side = int(parts["unet"].config.sample_size) * autoencoder.FACTOR
        return Drawing(native_size=(side, side), steps=20, guidance=7.5)
    values = sealed.read_json(folder / DRAWING)
    try:
        width, height = values.pop("native_size")
        return Drawing(native_size=(width, height), styles=tuple(values.pop("styles")), **values)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{folder / DRAWING} does not say how to draw ({error}): fetch or train it again.") from error


def _parts(prompts: list[str], seeds: Sequence[int], size: int) -> Iterator[tuple[list[str], list[int]]]:
    for first in range(0, len(prompts), size):
        yield prompts[first : first + size], list(seeds[first : first + size])


def _enlarged(picture: np.ndarray, size: tuple[int, int]) -> Image.Image:
    image = Image.fromarray(picture)
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)
