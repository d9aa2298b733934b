"""Published checkpoints in place of our illustrator: any text-to-image pipeline of diffusers, by folder or Hub name.

Each draws with the settings it was made for: its native area, steps, guidance, scheduler, and the sides it can have. A
prompt beyond the window of its text encoders is read in windows that are joined. Only safetensors are opened and
nothing is unpickled; files from the Hub are held against the digests that the Hub names them by. On a GPU everything is
in half precision, and what does not fit stays in main memory until its turn, so that eight gigabytes suffice.
"""

import contextlib
import hashlib
import inspect
import json
import logging
import math
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import diffusers
import torch
import transformers
from diffusers.utils import logging as diffusers_logging
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from PIL import Image
from transformers.utils import logging as transformers_logging

from storywright import files
from storywright.critic.encoder import quiet
from storywright.errors import BadInput, needs_extra
from storywright.illustrator import given, limits, sealed, styles
from storywright.illustrator.model import Drawing, Illustrator
from storywright.illustrator.repair import brought_to, put_back
from storywright.training.memory import is_out_of_memory, release

_log = logging.getLogger(__name__)

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_WINDOWED = {
    "StableDiffusionInpaintPipeline",
    "StableDiffusionXLInpaintPipeline",
    "StableDiffusion3InpaintPipeline",
    "StableDiffusionPipeline",
    "StableDiffusionXLPipeline",
    "StableDiffusion3Pipeline",
    "LatentConsistencyModelPipeline",
    "AnimateDiffPipeline",
    "AnimateDiffSDXLPipeline",
}
"""Pipelines that take a prompt of several windows as embeddings."""
_SLOW_SCHEDULERS = {"PNDMScheduler", "DDIMScheduler", "EulerDiscreteScheduler", "DDPMScheduler", "LMSDiscreteScheduler"}
_WORKING_BYTES = 2 << 30  # what drawing one picture of a million pixels takes beside the weights, in half precision
_OPENS_BADLY = (OSError, ValueError, RuntimeError, KeyError, AttributeError, ImportError, TypeError)

Placement = Literal["whole", "parts", "layers"]
"""How the weights lie on a GPU: all of them, each part in its turn, or each layer in its turn."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A picture that a pipeline is asked for."""

    words: str
    seed: int
    size: tuple[int, int]
    steps: int
    guidance: float
    negative: str
    within: Mapping[str, Any] = field(default_factory=dict)
    """The picture and the mask of a repair, as the pipeline calls them."""


class Published(Illustrator):
    """An opened checkpoint behind the interface of our illustrator."""

    def __init__(self, pipeline: Any, name: str, device: str) -> None:
        self.pipeline, self.name, self.device = pipeline, name, torch.device(device)
        self.drawing = _settings(pipeline, name)
        self.scheduler, self.enlarger = pipeline.scheduler, None
        self._one_at_a_time = threading.Lock()
        self.at_once = 1
        self._placement = place(pipeline, self.device)

    @classmethod
    def open(cls, folder: Path | str, device: str = "cpu", *, quick: bool = False) -> "Published":
        """Open a pipeline by its folder or its name on the Hub, in the precision that suits it, `quick` or not."""
        place = located(str(folder), half=_is_gpu(device))
        return cls(opened(place, device), str(folder), device)

    @property
    def reads_looks(self) -> bool:
        """Whether it can take somebody's looks from a reference picture."""
        return False

    @property
    def rebuilds(self) -> bool:
        """Whether its pictures are turned into latents and back here."""
        return False

    @property
    def unet(self) -> Any:
        """What turns noise into latents, which with some is a transformer."""
        return self.denoiser

    @property
    def denoiser(self) -> Any:
        """What turns noise into latents."""
        return getattr(self.pipeline, "unet", None) or self.pipeline.transformer

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
        """A picture for each prompt. `size` is width and height; what is not given is what suits the model."""
        size = size or self.drawing.native_size
        steps, guidance = steps or self.drawing.steps, self.drawing.guidance if guidance is None else guidance
        limits.refuse(prompts, size, steps=steps, guidance=guidance, seeds=seeds, negative=negative)
        self._refuse_references([words for words, shown in zip(prompts, references, strict=False) if shown])
        self._refuse_unguided(negative, guidance)
        said = [self.in_style(prompt, style) for prompt in prompts]
        asked = [_Asked(*one, size, steps, guidance, negative) for one in zip(said, seeds, strict=True)]
        with self._one_at_a_time, self.styled(self.pipeline, style, style_strength):
            return [self._fitted(self.pipeline, each) for each in asked]

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
        """The picture with what is white in the mask drawn anew; every other pixel stays as it was, to the byte."""
        before = given.picture(picture, "The picture")
        region, size = given.mask(mask, before.size), before.size
        steps, guidance = steps or self.drawing.steps, self.drawing.guidance if guidance is None else guidance
        limits.refuse([prompt], size, steps=steps, guidance=guidance, seeds=[seed], negative=negative)
        self._refuse_unguided(negative, guidance)
        self._refuse_references([prompt] if reference else [])
        repairing, area = self._repairing(), self.area_for(size)
        whole, hole = brought_to(before, region, area, self.computed(size))
        within = {"image": whole, "mask_image": hole, "strength": 1.0}
        asked = _Asked(self.in_style(prompt, style), seed, size, steps, guidance, negative, within)
        with self._one_at_a_time, self.styled(repairing, style, style_strength):
            made = self._fitted(repairing, asked)
        return put_back(before, made, region)

    def _repairing(self) -> Any:
        """The pipeline that draws within a mask with this checkpoint's weights."""
        try:
            with quiet(diffusers_logging):
                made = diffusers.AutoPipelineForInpainting.from_pipe(self.pipeline)
        except ValueError as error:
            raise BadInput(
                f"{self.name} is a {type(self.pipeline).__name__}, which draws whole pictures and repairs none: repair "
                "with the embedded illustrator, or name a Stable Diffusion checkpoint."
            ) from error
        made.set_progress_bar_config(disable=True)
        return made

    def area_for(self, size: tuple[int, int]) -> tuple[int, int]:
        """The size that is computed before it is cropped: near the area that the model was trained at."""
        width, height = self.drawing.native_size
        scale = math.sqrt(width * height / (size[0] * size[1]))
        if 0.8 <= scale <= 1.25:
            return size
        return max(16, round(size[0] * scale)), max(16, round(size[1] * scale))

    def computed(self, size: tuple[int, int]) -> tuple[int, int]:
        """The size that the model draws for a picture of this size, in sides that it can have."""
        multiple = multiple_of(self.pipeline)
        width, height = (-(-side // multiple) * multiple for side in self.area_for(size))
        return width, height

    def _fitted(self, pipeline: Any, asked: "_Asked") -> Image.Image:
        """A picture, with less of the model on the GPU where its memory does not suffice."""
        while True:
            try:
                return self._drawn_by(pipeline, asked)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                release()
                if self._placement == "layers" or not _is_gpu(self.device):
                    raise BadInput(
                        f"There is not enough memory to draw {asked.size[0]}x{asked.size[1]} with {self.name}: ask for "
                        "a smaller size, or name a smaller illustrator."
                    ) from error
            self._placement = "parts" if self._placement == "whole" else "layers"
            _log.warning("%s does not fit the GPU's memory: it draws more slowly, by %s.", self.name, self._placement)
            put(self.pipeline, self.device, self._placement)

    def _drawn_by(self, pipeline: Any, asked: "_Asked") -> Image.Image:
        area, (width, height) = self.area_for(asked.size), self.computed(asked.size)
        guided = self._is_guided(asked.guidance)
        with quiet(diffusers_logging, transformers_logging):
            found = pipeline(
                **embedded(pipeline, asked.words, asked.negative, guided=guided),
                **asked.within,
                width=width,
                height=height,
                num_inference_steps=asked.steps,
                guidance_scale=asked.guidance,
                generator=torch.Generator().manual_seed(asked.seed),
            )
        if any(getattr(found, "nsfw_content_detected", None) or ()):
            words = asked.words[:60]
            raise BadInput(f"{self.name}'s own safety check withheld the picture of {words!r}: word it otherwise.")
        picture: Image.Image = found.images[0].crop((0, 0, *area))
        return picture if picture.size == asked.size else picture.resize(asked.size, Image.Resampling.LANCZOS)

    def _refuse_references(self, prompts: Sequence[str]) -> None:
        if prompts:
            raise BadInput(f"{self.name} cannot take somebody's looks from a picture: describe them in words.")

    def _refuse_unguided(self, negative: str, guidance: float) -> None:
        if negative and not self._is_guided(guidance):
            raise BadInput(
                f"{self.name} draws without guidance ({guidance:g}), so it cannot be led away from {negative!r}: "
                "leave the negative words out, or draw with a guidance above 1."
            )

    def _is_guided(self, guidance: float) -> bool:
        return guidance > 1 and not getattr(self.denoiser.config, "time_cond_proj_dim", None)

    @contextlib.contextmanager
    def styled(self, pipeline: Any, style: str | None, strength: float | None = None) -> Iterator[None]:
        """A pipeline of this checkpoint with a learnt style on, if the style is one."""
        learnt = styles.find(style)
        if learnt is None:
            yield
            return
        learnt.refuse_other(self.denoiser)
        with needs_extra("styles", "Putting a style on a published illustrator"):
            import peft  # noqa: F401  diffusers says less about its absence
        pipeline.load_lora_weights(learnt.folder, weight_name=styles.WEIGHTS, adapter_name="style")
        pipeline.set_adapters(["style"], [learnt.strength if strength is None else strength])
        try:
            yield
        finally:
            pipeline.unload_lora_weights()


def located(name: str, *, half: bool = False) -> Path:
    """The folder of a pipeline: itself, or what the Hub's cache or the Hub has under that name."""
    if Path(name).is_dir():
        return Path(name)
    if not _HUB_NAME.fullmatch(name):
        raise BadInput(f"There is no illustrator at {name}: give a pipeline's folder, or its name on the Hub.")
    for variant in ("fp16", None) if half else (None,):
        try:
            with quiet(diffusers_logging):
                found = diffusers.DiffusionPipeline.download(name, use_safetensors=True, variant=variant)
        except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError, ValueError) as error:
            reason: Exception = error
            continue
        folder = Path(found)
        refuse_altered_download(folder)
        return folder
    raise BadInput(
        f"{name} is neither a folder here nor a pipeline that the Hub gives out ({_first_line(reason)}): "
        "check the name and the network, or download it and give its folder."
    ) from reason


def opened(folder: Path, device: str = "cpu") -> Any:
    """The pipeline in a folder, in half precision for a GPU and in single for a CPU."""
    index = checked(folder)
    dtype = torch.float16 if _is_gpu(device) else torch.float32
    try:
        with quiet(diffusers_logging, transformers_logging):
            parts: dict[str, Any] = {name: None for name, kind in index.items() if kind == [None, None]}
            parts |= {name: _part(folder / name, *kind, dtype) for name, kind in _models(index).items()}
            pipeline = diffusers.DiffusionPipeline.from_pretrained(
                folder, torch_dtype=dtype, use_safetensors=True, local_files_only=True, **parts
            )
            _refuse_unfitting(folder, pipeline)
    except BadInput:
        raise
    except _OPENS_BADLY as error:
        raise BadInput(
            f"{folder} cannot be opened as an illustrator ({_first_line(error)}): fetch it again."
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def checked(folder: Path) -> dict[str, Any]:
    """The index of a pipeline folder that has everything it names; refuses one that is incomplete or pickled."""
    if not (folder / "model_index.json").is_file():
        raise BadInput(f"{folder} is not a pipeline of diffusers: model_index.json is missing; fetch it again.")
    index = sealed.read_json(folder / "model_index.json")
    _refuse_other_kinds(folder, index)
    for name, kind in index.items():
        if _is_part(kind) and not (folder / name).is_dir():
            raise BadInput(f"{folder} is not a whole pipeline: its {name} is missing; fetch it again.")
    for name, kind in index.items():
        if _is_part(kind) and ((folder / name / "config.json").is_file() or name in _models(index)):
            _refuse_unsafe(folder / name)
    if (folder / sealed.SEAL).is_file():
        sealed.refuse_altered(folder, "pipeline")
    return index


def refuse_altered_download(folder: Path) -> None:
    """Refuse a folder of the Hub's cache with a file that is not what the Hub calls it: each lies under its digest."""
    for path in sorted(folder.rglob("*")):
        blob = path.resolve()
        if not path.is_file() or blob.parent.name != "blobs":
            continue
        if len(blob.name) == 64:
            found = files.digest(blob)
        else:  # a small file, which git names by its own digest
            content = blob.read_bytes()
            found = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        if found != blob.name:
            raise BadInput(f"{path} is not the file that the Hub gave out: delete {blob} and fetch it again.")


def embedded(pipeline: Any, words: str, negative: str, *, guided: bool, windows: int = 1) -> dict[str, Any]:
    """What a pipeline is called with for these words; those beyond one window are joined, `windows` at least."""
    if type(pipeline).__name__ not in _WINDOWED:
        return _as_words(pipeline, words, negative if guided else "")
    own, against = pieces(pipeline, words), pieces(pipeline, negative)
    count = max(len(own), len(against), windows)
    found = [
        _encoded(pipeline, own[i] if i < len(own) else "", against[i] if i < len(against) else "", guided)
        for i in range(count)
    ]
    names = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
    joined: dict[str, Any] = {}
    for index, name in enumerate(names):
        parts = [each[index] for each in found if index < len(each)]
        if parts and parts[0] is not None:
            joined[name] = parts[0] if "pooled" in name else torch.cat(parts, dim=1)
    return joined


def pieces(pipeline: Any, words: str) -> list[str]:
    """The words in pieces that fit the window of every tokenizer; cut between words, and at least one piece."""
    named = (getattr(pipeline, name, None) for name in ("tokenizer", "tokenizer_2", "tokenizer_3"))
    tokenizers: list[Any] = [each for each in named if each is not None]

    def fits(text: str) -> bool:
        return all(
            len(tokenizer(text, verbose=False)["input_ids"]) <= min(tokenizer.model_max_length, 256)
            for tokenizer in tokenizers
        )

    made, piece = [], ""
    for word in _words(words, fits):
        longer = f"{piece} {word}".strip()
        if piece and not fits(longer):
            made.append(piece)
            longer = word
        piece = longer
    return [*made, piece]


def placement(free_bytes: int, parts: Mapping[str, int]) -> Placement:
    """How weights of these sizes lie on a GPU with so much free."""
    room = free_bytes - _WORKING_BYTES
    if sum(parts.values()) <= room:
        return "whole"
    return "parts" if max(parts.values()) <= room else "layers"


def place(pipeline: Any, device: torch.device) -> Placement:
    """Put a pipeline where it is to draw, as much of it at once as fits."""
    how: Placement = "whole"
    if _is_gpu(device):
        if hasattr(pipeline.vae, "enable_slicing"):
            pipeline.vae.enable_slicing()
        how = placement(torch.cuda.mem_get_info(device)[0], sizes(pipeline))
    put(pipeline, device, how)
    return how


def put(pipeline: Any, device: torch.device, how: Placement) -> None:
    """Put a pipeline on a device in this way."""
    pipeline.remove_all_hooks()
    if how == "whole":
        pipeline.to(device)
        return
    if hasattr(pipeline.vae, "enable_tiling"):
        pipeline.vae.enable_tiling()
    if how == "parts":
        pipeline.enable_model_cpu_offload(device=device)
    else:
        pipeline.enable_sequential_cpu_offload(device=device)


def sizes(pipeline: Any) -> dict[str, int]:
    """The bytes of each part's weights."""
    return {
        name: sum(p.numel() * p.element_size() for p in part.parameters())
        for name, part in pipeline.components.items()
        if isinstance(part, torch.nn.Module)
    }


def multiple_of(pipeline: Any) -> int:
    """What both sides of a picture have to be a multiple of."""
    patch = int(getattr(getattr(pipeline, "transformer", None), "config", {}).get("patch_size", 1) or 1)
    return math.lcm(int(getattr(pipeline, "vae_scale_factor", 8)) * patch, 8)  # diffusers wants eighths in any case


@dataclass(frozen=True, slots=True)
class _Manner:
    steps: int
    guidance: float


_MANNERS = {
    "StableDiffusionPipeline": _Manner(25, 7.5),
    "StableDiffusionXLPipeline": _Manner(25, 6.0),
    "StableDiffusion3Pipeline": _Manner(28, 7.0),
    "LatentConsistencyModelPipeline": _Manner(4, 8.0),
}


def _settings(pipeline: Any, name: str) -> Drawing:
    """The settings that suit a checkpoint; a slow scheduler gives way to one that needs half the steps."""
    kind, scheduler = type(pipeline).__name__, pipeline.scheduler
    call = inspect.signature(type(pipeline).__call__).parameters
    usual = _Manner(int(call["num_inference_steps"].default or 28), float(call["guidance_scale"].default or 1.0))
    manner = _MANNERS.get(kind, usual)
    if kind != "LatentConsistencyModelPipeline" and _is_distilled(scheduler, name):
        manner = _Manner(4, 1.0)
    elif type(scheduler).__name__ in _SLOW_SCHEDULERS and kind in _MANNERS:
        pipeline.scheduler = diffusers.DPMSolverMultistepScheduler.from_config(scheduler.config)
    side = _native_side(pipeline)
    return Drawing(native_size=(side, side), steps=manner.steps, guidance=manner.guidance)


def _is_distilled(scheduler: Any, name: str) -> bool:
    """Whether a checkpoint was made to draw in a few steps without guidance, as the Turbo ones are."""
    trailing = scheduler.config.get("timestep_spacing") == "trailing"
    few = type(scheduler).__name__ == "EulerAncestralDiscreteScheduler" and trailing
    few = few or type(scheduler).__name__ == "LCMScheduler"
    return few or bool(re.search(r"turbo|lightning|schnell", Path(name).name, re.IGNORECASE))


def _native_side(pipeline: Any) -> int:
    model = getattr(pipeline, "unet", None) or pipeline.transformer
    side = getattr(pipeline, "default_sample_size", None) or model.config.get("sample_size")
    side = side if isinstance(side, int) else max(side or (64,))
    return side * int(getattr(pipeline, "vae_scale_factor", 8))


def _as_words(pipeline: Any, words: str, negative: str) -> dict[str, Any]:
    windows = [t.model_max_length for name, t in pipeline.components.items() if "tokenizer" in name and t is not None]
    longest = max((length for length in windows if length < 1_000_000), default=0)
    taken = inspect.signature(type(pipeline).__call__).parameters
    if "max_sequence_length" in taken and (limit := taken["max_sequence_length"].default):
        longest = min(longest, limit)
    for tokenizer in (t for name, t in pipeline.components.items() if "tokenizer" in name and t is not None):
        if tokenizer.model_max_length >= longest and len(tokenizer(words, verbose=False)["input_ids"]) > longest:
            raise BadInput(
                f"A {type(pipeline).__name__} reads {longest} tokens, and the prompt {words[:40]!r}… has more: "
                "shorten it."
            )
    if negative and "negative_prompt" not in taken:
        raise BadInput(f"A {type(pipeline).__name__} takes no negative words: leave them out.")
    return {"prompt": words, **({"negative_prompt": negative} if negative else {})}


def _encoded(pipeline: Any, words: str, negative: str, guided: bool) -> tuple[Any, ...]:
    taken = inspect.signature(pipeline.encode_prompt).parameters
    given: dict[str, Any] = {name: None for name in ("prompt_2", "prompt_3") if name in taken}
    with torch.inference_mode():
        found: tuple[Any, ...] = pipeline.encode_prompt(
            **given,
            prompt=words,
            device=pipeline._execution_device,
            num_images_per_prompt=1,
            do_classifier_free_guidance=guided,
            negative_prompt=(negative or None) if guided else None,
        )
    return found


def _words(text: str, fits: Any) -> list[str]:
    """The words of a text; one that no window can hold comes in halves."""
    waiting, found = list(reversed(text.split())), []
    while waiting:
        word = waiting.pop()
        if fits(word) or len(word) == 1:
            found.append(word)
        else:
            half = len(word) // 2
            waiting += [word[half:], word[:half]]
    return found


def _refuse_other_kinds(folder: Path, index: Mapping[str, Any]) -> None:
    name = index.get("_class_name")
    kind = getattr(diffusers, name, None) if isinstance(name, str) else None
    if not (inspect.isclass(kind) and issubclass(kind, diffusers.DiffusionPipeline)):
        raise BadInput(f"{folder} holds a {name}, which is no pipeline of diffusers {diffusers.__version__}.")
    taken = set(inspect.signature(kind.__call__).parameters)
    if not {"prompt", "width", "height", "generator", "guidance_scale"} <= taken or {"image", "mask_image"} & taken:
        raise BadInput(f"{folder} holds a {name}, which does not make pictures from words: name one that does.")
    for part, made_of in index.items():
        if _is_part(made_of) and made_of[0] not in ("diffusers", "transformers") and not _is_of_diffusers(made_of[0]):
            raise BadInput(
                f"{folder} wants to run code of its own for its {part} ({made_of[0]}.{made_of[1]}): "
                "only the classes of diffusers and transformers are opened."
            )


def _refuse_unsafe(part: Path) -> None:
    """Refuse a part whose weights are pickled, cut short or not all there."""
    weights = sorted(part.glob("*.safetensors"))
    if not weights:
        if pickled := [path for path in sorted(part.iterdir()) if path.suffix in _PICKLED]:
            raise BadInput(
                f"{pickled[0]} is pickled and could run any program when it is opened: use weights in safetensors."
            )
        raise BadInput(f"{part} has no weights: fetch it again, with its .safetensors files.")
    for listing in part.glob("*.safetensors.index*.json"):
        named = set(sealed.read_json(listing).get("weight_map", {}).values())
        if lacking := sorted(name for name in named if not files.inside(part, name).is_file()):
            raise BadInput(f"{part} is not whole: {lacking[0]} is missing; fetch it again.")
    for path in weights:
        if not _is_whole(path):
            raise BadInput(f"{path} was cut short: fetch it again.")


def _is_whole(path: Path) -> bool:
    """Whether a safetensors file is as long as its own header says."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= size - 8:
            return False
        try:
            header = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            return False
    return bool(size == 8 + length + max(ends, default=0))


def _part(folder: Path, library: str, kind: str, dtype: torch.dtype) -> Any:
    """A model of a pipeline, all of whose weights came from its files."""
    made = getattr(diffusers if library == "diffusers" else transformers, kind)
    given: dict[str, Any] = {"use_safetensors": True, "local_files_only": True, "output_loading_info": True}
    given["torch_dtype" if library == "diffusers" else "dtype"] = dtype
    if not any(".fp16." not in path.name for path in folder.glob("*.safetensors")):
        given["variant"] = "fp16"
    model, info = made.from_pretrained(folder, **given)
    if missing := sorted(info["missing_keys"]):
        raise BadInput(
            f"{folder} holds weights of another architecture than its config.json says: {missing[0]} and "
            f"{len(missing) - 1} others are not among them; fetch it again."
        )
    return model


def _refuse_unfitting(folder: Path, pipeline: Any) -> None:
    """Refuse parts that were not made for each other."""
    unet, vae = getattr(pipeline, "unet", None), getattr(pipeline, "vae", None)
    if unet is None or vae is None:
        return
    reads = sum(
        encoder.config.hidden_size
        for name in ("text_encoder", "text_encoder_2")
        if (encoder := getattr(pipeline, name, None)) is not None
    )
    if unet.config.cross_attention_dim != reads:
        raise BadInput(
            f"{folder}: its unet reads words of width {unet.config.cross_attention_dim}, and its text encoders write "
            f"{reads}; they are of different models: fetch it again."
        )
    if unet.config.in_channels != vae.config.latent_channels:
        raise BadInput(
            f"{folder}: its unet has {unet.config.in_channels} channels and its vae {vae.config.latent_channels}; "
            "they are of different models: fetch it again."
        )


def _models(index: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The parts with weights, by name: library and class."""
    found = {}
    for name, kind in index.items():
        if not _is_part(kind) or kind[0] not in ("diffusers", "transformers"):
            continue
        made = getattr(diffusers if kind[0] == "diffusers" else transformers, kind[1], None)
        if inspect.isclass(made) and issubclass(made, torch.nn.Module):
            found[name] = (kind[0], kind[1])
    return found


def _is_part(kind: Any) -> bool:
    return isinstance(kind, list) and len(kind) == 2 and all(isinstance(each, str) for each in kind)


def _is_of_diffusers(library: str) -> bool:
    return hasattr(diffusers.pipelines, library)


def _is_gpu(device: str | torch.device) -> bool:
    return torch.device(device).type != "cpu"


def _first_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
