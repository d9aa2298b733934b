"""Learning a style from a folder of pictures: low-rank weights beside those of a denoiser that stays as it is.

    learnt = learn("dusk", Path("pictures"), Illustrator.open(STARTER), Config(steps=200))

Works for our illustrator and for published ones, on flow matching, noise and velocity alike. A run that was stopped
goes on. Knows nothing about how a style is put on again.
"""

import copy
import csv
import dataclasses
import inspect
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers.training_utils import cast_training_params, compute_snr
from diffusers.utils import logging as diffusers_logging
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from PIL import Image, ImageOps
from torch import Tensor, nn

from storywright import files
from storywright.critic.encoder import quiet
from storywright.errors import BadInput
from storywright.illustrator import autoencoder, published, styles
from storywright.illustrator.denoiser import TIMESTEPS
from storywright.illustrator.model import Illustrator
from storywright.illustrator.prompts import num_windows, states_of
from storywright.progress import track
from storywright.training import loop

_log = logging.getLogger(__name__)

_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"}
_ATTENTION = ["to_q", "to_k", "to_v", "to_out.0"]
EVERYWHERE = [*_ATTENTION, "conv1", "conv2", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2"]
_SNR_GAMMA = 5.0  # Min-SNR: nearly clean pictures do not outweigh the others


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """How a style is learnt."""

    steps: int = 200
    """Optimizer steps."""
    batch: int = 4
    rank: int = 16
    """How much a style can hold; its file grows with it."""
    learning_rate: float = 0.0
    """0 for what suits the illustrator."""
    words: str = ""
    """What is put before every prompt in the style, also while it is learnt."""
    strength: float = 1.0
    """How strongly it is put on unless a caller says otherwise."""
    mirrored: bool = True
    """Learn from each picture's mirror image as well."""
    drop_words: float = 0.1
    """How often a picture is shown without words, so that guidance leads within the style."""
    seed: int = 0
    threads: int = 2

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "rank", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.drop_words < 1:
            raise ValueError(f"drop_words lies from 0 to below 1, got {self.drop_words}")


@dataclass(frozen=True, slots=True)
class Captioned:
    """A picture to learn from, with its words where there are some."""

    path: Path
    picture: Image.Image
    words: str


def learn(
    name: str, pictures: Path, illustrator: Illustrator, config: Config, *, called: str = "", place: Path | None = None
) -> styles.Style:
    """Learn a style from the pictures of a folder and keep it under this name; `called` is the illustrator's name."""
    place = place or styles.home()
    styles.refuse_name(name, illustrator.drawing.styles)
    shown = read(pictures)
    before = torch.get_num_threads()
    torch.set_num_threads(config.threads)
    try:
        task = Look(illustrator, shown, config)
        work = place / ".learning" / name
        loss_before = task.validate(task.model)["loss"]
        result = loop.train(task, _training(config, task), work)
    finally:
        torch.set_num_threads(before)
    about = styles.Style(
        name=name,
        words=config.words,
        illustrator=called or "ours",
        shape=styles.shape_of(task.model),
        strength=config.strength,
        rank=config.rank,
        steps=config.steps,
        num_pictures=len(shown),
        loss_before=round(loss_before, 5),
        loss_after=round(result.final["loss"], 5),
        pictures=files.digest_of([files.digest(each.path) for each in shown]),
    )
    part = place / ".learning" / f"{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    task.save(part)
    made = styles.finish(about, part, place)
    shutil.rmtree(work)
    return made


def read(folder: Path) -> list[Captioned]:
    """The pictures of a folder, with captions from `metadata.csv` or a `.txt` beside each; damaged ones are named."""
    if not folder.is_dir():
        raise BadInput(f"There is no folder {folder}: name one with pictures to learn the style from.")
    told, found = _told(folder), []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES and not p.name.startswith(".")):
        try:
            with Image.open(path) as opened:
                picture = ImageOps.exif_transpose(opened).convert("RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            _log.warning("%s is left out: it is no picture that can be read (%s).", path, error)
            continue
        if min(picture.size) < 16:
            _log.warning("%s is left out: it has %dx%d pixels, and 16 each way are needed.", path, *picture.size)
            continue
        beside = path.with_suffix(".txt")
        words = told.get(path.relative_to(folder).as_posix(), "")
        if not words and beside.is_file():
            words = " ".join(beside.read_text(encoding="utf-8", errors="replace").split())
        found.append(Captioned(path, picture, words))
    if not found:
        raise BadInput(f"{folder} holds no picture that can be read: put PNG, JPEG or WebP files there.")
    return found


class Look:
    """The training of a style: what the pictures look like, on latents and states that are made once."""

    name = "style"

    def __init__(self, illustrator: Illustrator, shown: list[Captioned], config: Config) -> None:
        self._mind = mind_of(illustrator)
        words = [", ".join(filter(None, (config.words, each.words))) for each in shown]
        size = illustrator.drawing.native_size
        pictures = [ImageOps.fit(each.picture, size, Image.Resampling.LANCZOS) for each in shown]
        if config.mirrored:
            pictures, words = [*pictures, *map(ImageOps.mirror, pictures)], words * 2
        self._latents = torch.cat([self._mind.latents_of(one) for one in track(pictures, "reading pictures")])
        self._states = self._mind.states_of([*words, ""])
        self._drop_words = config.drop_words
        self.examples = len(pictures)
        self.model = self._mind.student(config.rank, config.seed)
        self.digest = files.digest_of(
            [dataclasses.asdict(config) | {"steps": 0}, words, float(self._latents.double().sum()), self.examples]
        )

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """Latents and what the denoiser reads beside them; the last row of each state is that of no words."""
        read = {name: values[rows] for name, values in self._states.items()}
        none = {f"no {name}": values[-1:].expand(len(rows), *values.shape[1:]) for name, values in self._states.items()}
        return {"latents": self._latents[rows], **read, **none}

    def loss(self, model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        """How far the denoiser is off on the pictures."""
        latents = batch["latents"]
        device = latents.device
        noise = torch.randn(latents.shape, generator=generator, device=device)
        level = torch.randn(len(latents), generator=generator, device=device).sigmoid()
        dropped = torch.rand(len(latents), generator=generator, device=device) < self._drop_words
        states = {name: _where(dropped, batch[f"no {name}"], batch[name]) for name in self._states}
        return self._mind.missed(model, latents, noise, level, states).mean()

    @torch.no_grad()
    def validate(self, model: nn.Module) -> loop.Row:
        """The loss on the pictures themselves, at noises and levels that stay the same."""
        generator, device = torch.Generator().manual_seed(0), next(model.parameters()).device
        losses = []
        for row in range(self.examples):
            latents = self._latents[row : row + 1]
            noise, level = torch.randn(latents.shape, generator=generator), torch.rand(1, generator=generator)
            states = {name: values[row : row + 1].to(device) for name, values in self._states.items()}
            off = self._mind.missed(model, latents.to(device), noise.to(device), level.to(device), states)
            losses.append(float(off))
        return {"loss": float(np.mean(losses))}

    def save(self, folder: Path) -> None:
        """Save the weights in the layout of diffusers."""
        save_learnt(self._mind, self.model, folder)


class Mind:
    """What training low-rank weights needs of an illustrator; here ours."""

    targets = EVERYWHERE
    rate = 1e-3
    pipeline_class: Any = diffusers.StableDiffusionPipeline

    def __init__(self, illustrator: Any) -> None:
        self._illustrator = illustrator

    def student(self, rank: int, seed: int) -> Any:
        """The denoiser with low-rank weights that add nothing yet; only these are trained."""
        torch.manual_seed(seed)
        model = self._denoiser()
        model.requires_grad_(False)
        wanted = [name for name in self.targets if any(module.endswith(name) for module, _ in model.named_modules())]
        model.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=wanted))
        cast_training_params(model, dtype=torch.float32)
        return model

    def latents_of(self, picture: Image.Image) -> Tensor:
        """A picture's latents, float32 on the CPU: (1, channels, height, width)."""
        return autoencoder.latents_of(self._illustrator.autoencoder, np.asarray(picture)[None]).cpu().clone()

    def states_of(self, words: list[str]) -> dict[str, Tensor]:
        """What the denoiser reads for each of these words, by the name of its argument."""
        encoder, tokenizer = self._illustrator.text_encoder, self._illustrator.tokenizer
        count = num_windows(tokenizer, words, encoder.config.max_position_embeddings)
        return {"encoder_hidden_states": states_of(encoder, tokenizer, words, num_windows=count).cpu().clone()}

    def missed(
        self, model: nn.Module, latents: Tensor, noise: Tensor, level: Tensor, states: Mapping[str, Tensor]
    ) -> Tensor:
        """The mean square by which the denoiser misses each picture; `level` runs from 0, clean, to 1, noise."""
        share = level.view(-1, 1, 1, 1)
        found = model(
            (1 - share) * latents + share * noise, level * TIMESTEPS, **self._given(states), return_dict=False
        )
        return (found[0].float() - (noise - latents)).square().mean((1, 2, 3))

    def _denoiser(self) -> Any:
        return copy.deepcopy(self._illustrator.unet)

    def _given(self, states: Mapping[str, Tensor]) -> dict[str, Any]:
        return dict(states)


class _PublishedMind(Mind):
    """The same of a published checkpoint: flow, noise or velocity, as its scheduler says."""

    targets = _ATTENTION
    rate = 1e-4

    def __init__(self, illustrator: published.Published) -> None:
        super().__init__(illustrator)
        self._pipeline = illustrator.pipeline
        self.pipeline_class = type(self._pipeline)
        if not hasattr(self.pipeline_class, "save_lora_weights"):
            raise BadInput(
                f"A {self.pipeline_class.__name__} takes no learnt styles: learn it for another illustrator."
            )
        config = self._pipeline.scheduler.config
        self._flows = "FlowMatch" in type(self._pipeline.scheduler).__name__ or bool(config.get("use_flow_sigmas"))
        self._shift = float(config.get("shift") or config.get("flow_shift") or 1.0)
        self._noising: Any = None if self._flows else diffusers.DDPMScheduler.from_config(config)

    @torch.inference_mode()
    def latents_of(self, picture: Image.Image) -> Tensor:
        """A picture's latents."""
        vae = self._pipeline.vae
        device, dtype = self._pipeline._execution_device, vae.dtype
        vae.to(device, torch.float32)  # half precision overflows in the encoder of XL
        width, height = (side - side % published.multiple_of(self._pipeline) for side in picture.size)
        pixels = torch.from_numpy(np.asarray(picture.crop((0, 0, width, height)))).permute(2, 0, 1)[None]
        latents = vae.encode((pixels.float() / 127.5 - 1).to(device)).latent_dist.mode()
        vae.to(dtype=dtype)
        shift = getattr(vae.config, "shift_factor", None) or 0.0
        return ((latents - shift) * vae.config.scaling_factor).cpu().clone()

    def states_of(self, words: list[str]) -> dict[str, Tensor]:
        """What the denoiser reads for each of these words."""
        count = max(len(published.pieces(self._pipeline, each)) for each in words)
        found = [published.embedded(self._pipeline, each, "", guided=False, windows=count) for each in words]
        names = {"prompt_embeds": "encoder_hidden_states", "pooled_prompt_embeds": "pooled"}
        if "prompt_embeds" not in found[0]:
            raise BadInput(
                f"A {self.pipeline_class.__name__} takes no learnt styles: learn it for another illustrator."
            )
        return {new: torch.cat([f[old] for f in found]).cpu().clone() for old, new in names.items() if old in found[0]}

    def missed(
        self, model: nn.Module, latents: Tensor, noise: Tensor, level: Tensor, states: Mapping[str, Tensor]
    ) -> Tensor:
        """The mean square by which the denoiser misses each picture."""
        given = self._given(states, latents)
        if self._flows:
            level = self._shift * level / (1 + (self._shift - 1) * level)
            share = level.view(-1, 1, 1, 1)
            noisy, target = (1 - share) * latents + share * noise, noise - latents
            return _off(model(noisy, timestep=level * TIMESTEPS, **given, return_dict=False)[0], target)
        last = self._noising.config.num_train_timesteps - 1
        times = (level * last).round().long()
        noisy = self._noising.add_noise(latents, noise, times)
        velocity = self._noising.config.prediction_type == "v_prediction"
        target = self._noising.get_velocity(latents, noise, times) if velocity else noise
        ratio = compute_snr(self._noising, times)
        weight = ratio.clamp(max=_SNR_GAMMA) / (ratio + 1 if velocity else ratio)
        return weight * _off(model(noisy, timestep=times, **given, return_dict=False)[0], target)

    def _denoiser(self) -> Any:
        pipeline = self._pipeline
        pipeline.remove_all_hooks()
        pipeline.to("cpu")
        denoiser = self._illustrator.denoiser
        if self._illustrator.device.type != "cpu":
            denoiser.enable_gradient_checkpointing()
        return denoiser

    def _given(self, states: Mapping[str, Tensor], latents: Tensor | None = None) -> dict[str, Any]:
        given: dict[str, Any] = {"encoder_hidden_states": states["encoder_hidden_states"]}
        if "pooled" not in states or latents is None:
            return given
        if getattr(self._pipeline, "transformer", None) is not None:
            return given | {"pooled_projections": states["pooled"]}
        height, width = (side * self._pipeline.vae_scale_factor for side in latents.shape[2:])
        ids = torch.tensor([[height, width, 0, 0, height, width]], device=latents.device).expand(len(latents), -1)
        return given | {"added_cond_kwargs": {"text_embeds": states["pooled"], "time_ids": ids}}


def save_learnt(mind: Mind, model: Any, folder: Path) -> None:
    """Save low-rank weights in the layout of diffusers."""
    learnt = {name: p.half() for name, p in get_peft_model_state_dict(model).items()}
    kind = mind.pipeline_class
    taken = inspect.signature(kind.save_lora_weights).parameters
    part = "unet_lora_layers" if "unet_lora_layers" in taken else "transformer_lora_layers"
    with quiet(diffusers_logging):
        kind.save_lora_weights(folder, **{part: learnt}, safe_serialization=True)


def mind_of(illustrator: Illustrator) -> Mind:
    """What is trained of this illustrator."""
    return _PublishedMind(illustrator) if isinstance(illustrator, published.Published) else Mind(illustrator)


def _training(config: Config, task: Look) -> loop.Config:
    gpu = torch.cuda.is_available()
    return loop.Config(
        steps=config.steps,
        batch=min(config.batch, task.examples),
        learning_rate=config.learning_rate or task._mind.rate,
        warmup=min(20, config.steps // 5),
        schedule="level",
        weight_decay=0.0,
        ema=0.0,
        precision="bf16" if gpu and torch.cuda.is_bf16_supported() else "fp16" if gpu else "no",
        seed=config.seed,
        threads=config.threads,
        checkpoint_every=100,
        keep=1,
    )


def _told(folder: Path) -> dict[str, str]:
    """The captions of `metadata.csv`, by file name."""
    listing = folder / "metadata.csv"
    if not listing.is_file():
        return {}
    rows = list(csv.DictReader(listing.read_text(encoding="utf-8-sig", errors="replace").splitlines()))
    if rows and not {"file_name"} <= set(rows[0]):
        raise BadInput(f"{listing} has no column file_name: name each picture there, and its words under caption.")
    found = {}
    for row in rows:
        words = next((row[name] for name in ("caption", "text", "prompt") if row.get(name)), "")
        found[(row["file_name"] or "").strip()] = " ".join(words.split())
    for name in sorted(found):
        if not (folder / name).is_file():
            _log.warning("%s names %s, which is not there.", listing, name)
    return found


def _where(chosen: Tensor, one: Tensor, other: Tensor) -> Tensor:
    return torch.where(chosen.view(-1, *[1] * (one.ndim - 1)), one, other)


def _off(found: Tensor, target: Tensor) -> Tensor:
    return (found.float() - target.float()).square().mean((1, 2, 3))
