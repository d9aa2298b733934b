"""The illustrator: from words to a panel.

The folder is a diffusers StableDiffusionPipeline, so a published one takes the place of ours, and ours opens with
`DiffusionPipeline.from_pretrained(DIR)`. Beside what diffusers reads lies `drawing.json` with what this model was made
for: its native size, its styles, and the steps and guidance that suit it.

A picture depends on its own prompt, size, steps, guidance and seed alone, and not on what is drawn beside it: on a CPU
to the bit, on a GPU but for the last bits of what is computed.
"""

import copy
import dataclasses
import math
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from storywright.illustrator import autoencoder, draft, enlarger, given, limits, reference, sealed, styles
from storywright.illustrator.apart import made_independent
from storywright.illustrator.prompts import num_windows, states_of
from storywright.illustrator.repair import HIDDEN_AGAIN, LOOKS, Kept, kept_outside, put_back
from storywright.illustrator.sample import noise, sample
from storywright.toonworld.words import english
from storywright.toonworld.words.prompts import SOMEBODY
from storywright.training.memory import in_parts

STARTER = Path(__file__).parent.parent / "starter" / "illustrator"
"""The embedded illustrator, shipped with the package."""
DRAWING = "drawing.json"
_DRAFT = "draft"
_READER = "reader"
_ENLARGER = "enlarger"
"""Folders within of what makes roughs, reads looks off pictures and enlarges pictures; not all models have them."""
FEW = "few"
"""The folder within of weights that draw in few steps: a folder for each number of steps."""
_MOST_WORN = 4
_NOISES_APART = 1_000_003
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
    hidden: float = 1.0
    """How much of a rough is hidden by noise when drawing begins from it; 1: it begins with noise alone."""
    styles: tuple[str, ...] = ()
    """The styles it knows by name; empty for a model that takes any words for one."""


@dataclass(frozen=True, slots=True)
class _Manner:
    """How pictures are drawn."""

    size: tuple[int, int]
    steps: int
    guidance: float
    style: str | None
    style_strength: float | None
    negative: str
    taught: bool
    """Whether by what was taught to draw in so few steps."""

    def refuse(self, prompts: Sequence[str], seeds: Sequence[int]) -> None:
        """Refuse what no picture can be drawn of."""
        how: dict[str, Any] = {"steps": self.steps, "guidance": self.guidance, "negative": self.negative}
        limits.refuse(prompts, self.size, seeds=seeds, **how)


class Illustrator:
    """An opened model."""

    def __init__(self, parts: dict[str, Any], drawing: Drawing, device: str) -> None:
        self.unet, self.autoencoder = parts["unet"].to(device).eval(), parts["vae"].to(device).eval()
        self.text_encoder, self.tokenizer = parts["text_encoder"].to(device).eval(), parts["tokenizer"]
        self._draft = parts["draft"].to(device).eval() if parts.get("draft") else None
        self._reader = parts["reader"].to(device).eval() if parts.get("reader") else None
        self.enlarger = parts["enlarger"].to(device).eval() if parts.get("enlarger") else None
        self.scheduler, self.device = parts["scheduler"], torch.device(device)
        self.drawing = drawing
        self.at_once = 8  # pictures that are computed together
        if self.device.type == "cpu":
            made_independent(self.unet)
        self.few: dict[int, Path] = {}
        self._worn: OrderedDict[tuple[str, float, int], Any] = OrderedDict()

    @classmethod
    def open(cls, folder: Path | str, device: str = "cpu", *, quick: bool = False) -> "Illustrator":
        """Open a pipeline by its folder, or a published one also by its name on the Hub.

        A `quick` one computes in half precision where the processor has instructions for that: its pictures differ by a
        shade. Refuses one that is incomplete, altered, pickled or of another kind.
        """
        _refuse_absent(device)
        place = Path(folder)
        if not (place / DRAWING).is_file():
            from storywright.illustrator.published import Published

            return Published.open(folder, device)
        parts = opened(place)
        if quick and device == "cpu" and _halves_quickly():
            for name in ("unet", "vae", "enlarger"):
                parts[name] = parts[name].bfloat16() if parts.get(name) else None
        made = cls(parts, _drawing_of(place, parts), device)
        made.few = {int(each.name): each for each in (place / FEW).glob("[0-9]*") if each.name.isdigit()}
        return made

    def draw(
        self,
        prompts: Sequence[str],
        *,
        size: tuple[int, int] | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        seeds: Sequence[int],
        style: str | None = None,
        style_strength: float | None = None,
        negative: str = "",
        references: Sequence[Image.Image | None] = (),
    ) -> list[Image.Image]:
        """A picture for each prompt. `size` is width and height; what is not given is what suits the model.

        `style` is one that the model knows or that was learnt; `style_strength` says how strongly the latter is put on.
        A reference shows the first one whom a prompt calls "a person", and who then has the looks of that picture.
        """
        manner = self._manner(size, steps, guidance, style, style_strength, negative)
        manner.refuse(prompts, seeds)
        wanted = list(zip(prompts, seeds, references or [None] * len(prompts), strict=True))
        return self._drawn(wanted, manner)

    def repair(
        self,
        picture: given.Given,
        mask: given.Given,
        prompt: str,
        *,
        steps: int | None = None,
        guidance: float | None = None,
        seed: int = 0,
        style: str | None = None,
        style_strength: float | None = None,
        negative: str = "",
        reference: given.Given | None = None,
    ) -> Image.Image:
        """The picture with what is white in the mask drawn anew; every other pixel stays as it was, to the byte.

        The prompt says what the whole picture shows. The mask is as large as the picture.
        """
        before = given.picture(picture, "The picture")
        region = given.mask(mask, before.size)
        manner = self._manner(before.size, steps, guidance, style, style_strength, negative)
        manner.refuse([prompt], [seed])
        looks = None if reference is None else given.picture(reference, "The reference")
        area = self.area_for(before.size)
        kept = kept_outside(self.autoencoder, before, region, area)
        (made,) = self._drawn([(prompt, seed, looks)], manner, kept)
        return put_back(before, made, region)

    def _drawn(
        self, wanted: Sequence[tuple[str, int, Image.Image | None]], manner: "_Manner", kept: Kept | None = None
    ) -> list[Image.Image]:
        """A picture for each prompt, seed and reference."""
        self._refuse_references([prompt for prompt, _, shown in wanted if shown is not None])
        area, few = self.area_for(manner.size), manner.steps if manner.taught else 0
        unet = self.unet_in(manner.style, manner.style_strength, few)

        def drawn(part: Sequence[tuple[str, int, Image.Image | None]]) -> list[Image.Image]:
            words = [self.in_style(prompt, manner.style) for prompt, *_ in part]
            seeds, references = [one[1] for one in part], [one[2] for one in part]
            states, against = self.states(words, manner.negative, references)
            rough = None if few else self.rough(states, seeds, area, kept)
            for look in range(LOOKS if kept and not few else 1):
                start = noise([seed + look * _NOISES_APART for seed in seeds], self.latent_shape(area), self.device)
                scheduler = first_order(few, self.noise_shift) if few else copy.deepcopy(self.scheduler)
                how: dict[str, Any] = {"steps": manner.steps, "guidance": manner.guidance, "rough": rough, "kept": kept}
                latents = sample(unet, scheduler, states, against, start, **how)
                rough = (latents, HIDDEN_AGAIN)
            return self.pictures(latents, area, manner.size)

        remedy = f"draw at a smaller size than {manner.size[0]}x{manner.size[1]}"
        return in_parts(wanted, self.at_once, drawn, remedy)

    def _manner(
        self,
        size: tuple[int, int] | None,
        steps: int | None,
        guidance: float | None,
        style: str | None,
        style_strength: float | None,
        negative: str,
    ) -> "_Manner":
        steps = steps or self.drawing.steps
        # What was taught to draw in few steps is led towards the words by itself, and towards these alone.
        taught = steps in self.few and guidance is None and not negative
        guidance = 1.0 if taught else self.drawing.guidance if guidance is None else guidance
        return _Manner(size or self.drawing.native_size, steps, guidance, style, style_strength, negative, taught)

    @property
    def reads_looks(self) -> bool:
        """Whether it can take somebody's looks from a reference picture."""
        return self._reader is not None

    @property
    def noise_shift(self) -> float:
        """How many times as large the odds of noise against picture are half way."""
        return float(self.scheduler.config.get("flow_shift") or 1.0)

    def rough(
        self, states: torch.Tensor, seeds: Sequence[int], area: tuple[int, int], kept: Kept | None = None
    ) -> tuple[torch.Tensor, float] | None:
        """What drawing begins from, and how much of it is hidden; None for a model that begins with noise alone.

        A rough is staged as its seed says; beside what is `kept` as that is.
        """
        if self._draft is None or self.drawing.hidden >= 1:
            return None
        shape, drafted = self.latent_shape(area), self._draft.drafted
        if kept is not None:
            stagings = [drafted(states, [number] * len(seeds), shape) for number in range(len(self._draft.stagings))]
            return min(stagings, key=kept.missed), self.drawing.hidden
        # One by one, so that a picture does not depend on those that are drawn beside it.
        roughs = [drafted(one[None], [seed], shape) for one, seed in zip(states, seeds, strict=True)]
        return torch.cat(roughs), self.drawing.hidden

    def computed(self, size: tuple[int, int]) -> tuple[int, int]:
        """The size that is drawn for a picture of this size, before it is cropped and enlarged."""
        _, height, width = self.latent_shape(self.area_for(size))
        return width * autoencoder.FACTOR, height * autoencoder.FACTOR

    def unet_in(self, style: str | None, strength: float | None = None, few: int = 0) -> Any:
        """What turns noise into latents in this style, and in so `few` steps; those that were used last are kept."""
        learnt = None if style in self.drawing.styles else styles.find(style)
        if learnt is None and not few:
            return self.unet
        strength = learnt.strength if learnt and strength is None else strength or 0.0
        key = (learnt.digest if learnt else "", strength, few)
        worn = self._worn.pop(key, None)
        if worn is None:
            worn = styles.put_on(self.unet, self.few[few]) if few else self.unet
            if learnt:
                learnt.refuse_other(self.unet)
                worn = styles.put_on(worn, learnt.folder, strength)
        self._worn[key] = worn
        while len(self._worn) > _MOST_WORN:
            self._worn.popitem(last=False)
        return worn

    def in_style(self, prompt: str, style: str | None) -> str:
        """The prompt with the style's words, unless it has them; refuses a style that the model does not know."""
        if style is None:
            return prompt
        known = self.drawing.styles
        if style not in known and (learnt := styles.find(style)):
            return prompt if learnt.words in prompt else f"{learnt.words}, {prompt}"
        if known and style not in known:
            raise BadInput(
                f"There is no style {style!r}: choose {', '.join(known[:-1])} or {known[-1]}; {styles.told()}."
            )
        named = english.STYLE[style][0] if style in english.STYLE else style
        return prompt if named in prompt else f"{named}, {prompt}"

    def states(
        self, prompts: list[str], negative: str, references: Sequence[Image.Image | None] = ()
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What the denoiser reads for these prompts and references, and for the words to lead away from."""
        window = self.text_encoder.config.max_position_embeddings
        both = [*prompts, negative]
        shown = {number: picture for number, picture in enumerate(references) if picture is not None}
        # With words that run on to where the looks stand, they stand at the end of a window of their own.
        room = window - (reference.NUM_TOKENS if shown else 0)
        full = any(num_windows(self.tokenizer, [prompts[number]], room) > 1 for number in shown)
        count = num_windows(self.tokenizer, both, window) + full
        states = states_of(self.text_encoder, self.tokenizer, both, num_windows=count).clone()
        if shown:
            assert self._reader is not None, "refused before"
            rows = list(shown)
            states[rows] = reference.put_in(states[rows], self._reader.read(list(shown.values())))
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
        scaled = (latents / self.autoencoder.config.scaling_factor).to(self.autoencoder.dtype)
        alone = scaled.split(1 if self.device.type == "cpu" else len(scaled))  # see `apart`
        pixels = torch.cat([self.autoencoder.decode(part, return_dict=False)[0] for part in alone]).float()
        return [self._enlarged(picture, size) for picture in autoencoder.to_pictures(pixels, area)]

    @property
    def rebuilds(self) -> bool:
        """Whether `rebuilt` is there."""
        return True

    @torch.inference_mode()
    def rebuilt(self, pictures: np.ndarray) -> np.ndarray:
        """Pictures turned into latents and back, uint8 (n, height, width, 3): the best that it could draw."""
        height, width = pictures.shape[1:3]
        latents = autoencoder.latents_of(self.autoencoder, pictures).to(self.autoencoder.dtype)
        return autoencoder.to_pictures(autoencoder.decoded(self.autoencoder, latents), (width, height))

    def _enlarged(self, picture: np.ndarray, size: tuple[int, int]) -> Image.Image:
        if self.enlarger is not None and size[0] > picture.shape[1]:
            return self.enlarger.enlarged(picture, size)
        image = Image.fromarray(picture)
        return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)

    def _refuse_references(self, prompts: Sequence[str]) -> None:
        """`prompts` are those that come with a reference."""
        if prompts and not self.reads_looks:
            raise BadInput(
                "This illustrator cannot take somebody's looks from a picture, since it has no reader: describe them "
                "in words, or train one with reader_pictures and reference_share above 0 and name its folder."
            )
        for prompt in prompts:
            if not re.search(rf"\b{SOMEBODY}\b", prompt, re.IGNORECASE):
                raise BadInput(
                    f"The reference shows whom a prompt calls {SOMEBODY!r}, and {prompt[:60]!r} calls nobody so: say "
                    f"where they are, as in '{SOMEBODY}, waving, park'."
                )


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


def _refuse_absent(device: str) -> None:
    try:
        wanted = torch.device(device)
    except RuntimeError as error:
        raise BadInput(f"There is no device {device!r}: name cpu, cuda or mps.") from error
    there = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if wanted.type == "cpu":
        return
    if there is None or wanted.type != there.type or (wanted.index or 0) >= torch.accelerator.device_count():
        told = f"{torch.accelerator.device_count()} of {there.type}" if there else "the processor alone"
        raise BadInput(f"PyTorch cannot draw on {device} here, since it finds {told}: leave the device out.")


def _halves_quickly() -> bool:
    known = torch.cpu.get_capabilities()
    return bool(known.get("avx512_bf16") or known.get("amx_bf16"))


def first_order(steps: int, noise_shift: float = 1.0) -> Any:
    """The sampler of what was taught to draw in so many steps: straight ones."""
    return diffusers.UniPCMultistepScheduler(
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        flow_shift=noise_shift,
        solver_order=1,
        disable_corrector=list(range(steps)),
    )


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
    if parts.get("enlarger"):
        enlarger.save(parts["enlarger"], folder / _ENLARGER)
    if parts.get("draft"):
        draft.save(parts["draft"], folder / _DRAFT)
    if parts.get("reader"):
        reference.save(parts["reader"], folder / _READER)
    halved(encoder, folder / "text_encoder")


def new_scheduler(noise_shift: float = 1.0) -> Any:
    """The sampler of our models: a second-order solver along the straight paths of flow matching.

    `noise_shift` is how many times as large the odds of noise against picture are half way.
    """
    return diffusers.UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=noise_shift
    )


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
        "draft": draft.opened(folder / _DRAFT) if (folder / _DRAFT).is_dir() else None,
        "reader": reference.opened(folder / _READER) if (folder / _READER).is_dir() else None,
        "enlarger": enlarger.opened(folder / _ENLARGER) if (folder / _ENLARGER).is_dir() else None,
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
