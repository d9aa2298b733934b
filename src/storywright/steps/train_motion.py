"""Train the temporal layers that make the illustrator's pictures move, on clips of the drawn world.

The illustrator stays as it is. Clips are drawn and encoded once, in the staged folder.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Literal

import numpy as np
import torch

from storywright import files
from storywright.critic.encoder import weights_digest
from storywright.errors import BadInput
from storywright.illustrator import autoencoder, denoiser, model, motion, sheets
from storywright.illustrator.prompts import states_of
from storywright.steps import command
from storywright.steps.contract import made_by, makes, may_come_from
from storywright.steps.tuning.space import Choice, Real, Space, with_best
from storywright.toonworld import motion as moving
from storywright.toonworld.grammar import portrait
from storywright.toonworld.scene import Scene
from storywright.training import loop
from storywright.training.cache import encoded

RESUMES = True
PROCESSES = True
READS = ("starter/motion",)

STARTER = motion.STARTER
_CLIPS_SHOWN = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What temporal layers are made, and how they are taught."""

    start: Literal["starter", "scratch"]
    """starter goes on from the layers that are shipped, which fit the illustrator that is shipped and those made from
    it; scratch from nothing."""
    shape: motion.Shape
    training: loop.Config
    """How long, how fast and how safely they are taught, on whole clips."""
    clips: int
    """How many clips are drawn to learn from."""
    validation_clips: int
    """How many more are drawn to validate on."""
    frames: int
    """Frames of a clip."""
    seed: int
    """Chooses what the clips show."""

    def __post_init__(self) -> None:
        if not 2 <= self.frames <= self.shape.most_frames:
            raise ValueError(f"frames must lie between 2 and most_frames ({self.shape.most_frames}), got {self.frames}")
        if self.clips < 1 or self.validation_clips < 1:
            raise ValueError(
                f"clips and validation_clips must be at least 1, got {self.clips}, {self.validation_clips}"
            )


SPACE = Space(
    metric="loss",
    values={
        "training.learning_rate": Real(1e-5, 2e-3, log=True),
        "training.batch": Choice((1, 2, 4, 8)),
        "training.weight_decay": Real(1e-3, 0.1, log=True),
    },
)
"""What of it is worth tuning."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """The illustrator whose pictures are to move."""

    illustrator: Path = made_by("train_illustrator")
    before: Path | None = may_come_from("fetch_champion", "motion")
    """Layers to go on from, in place of what `start` names."""
    tuned: Path | None = may_come_from("choose_values")
    """Values that tuning found best, in place of those of the Config."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The temporal layers, how their training went, and how good they are."""

    motion: Path = makes("motion")
    curves: Path = makes("curves.csv")
    metrics: Path = makes("metrics.json")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Draw clips, train on them, save."""
    config = with_best("train_motion", config, inputs.tuned)
    torch.set_num_threads(config.training.threads)
    parts, drawing = model.opened(inputs.illustrator), model.Illustrator.open(inputs.illustrator).drawing
    work = outputs.motion / ".training"
    adapter = begun(config, parts["unet"], inputs.before)
    joined = motion.joined(parts["unet"], adapter)
    task = _task(config, parts, joined, drawing.native_size, work)
    told_meanwhile = [told(config.seed, config.clips + number)[2] for number in range(_CLIPS_SHOWN)]
    task.sheet = sheets.moved_by(parts, drawing, adapter, told_meanwhile, config.frames)
    before = task.validate(joined)
    result = loop.train(task, config.training, work / "checkpoints")
    if not loop.leads():
        return
    shutil.rmtree(work)
    motion.save(joined, adapter, outputs.motion)
    loop.write_curves(outputs.curves, result)
    figures = {"loss_before": before["loss"], **result.final, "num_clips": config.clips}
    figures["num_parameters"] = sum(p.numel() for p in adapter.parameters())
    files.write_json(outputs.metrics, {name: round(value, 6) for name, value in figures.items()})


def begun(config: Config, unet: Any, before: Path | None = None) -> Any:
    """The temporal layers before they are taught."""
    if config.start == "scratch" and not before:
        return motion.new(unet, config.shape, config.training.seed)
    start = before or STARTER
    if not start.is_dir():
        raise BadInput(f"There are no starter weights at {start}: set start to scratch.")
    adapter = motion.opened(start)
    if tuple(adapter.config.block_out_channels) != tuple(unet.config.block_out_channels):
        raise BadInput(f"The temporal layers in {start} do not fit this illustrator: set start to scratch.")
    return adapter


def told(seed: int, number: int) -> tuple[Scene, str, str]:
    """The scene of one clip, how it moves, and its words; the same whoever asks."""
    scene, words = portrait(seed, number)
    movement = Random(f"clip {seed} {number}").choice(moving.possible(scene))
    return scene, movement, f"{words}, {movement}"


def _task(config: Config, parts: dict[str, Any], joined: Any, size: tuple[int, int], work: Path) -> motion.Clips:
    count = config.clips + config.validation_clips
    coder = parts["vae"]
    width, height = (-(-side // autoencoder.FACTOR) for side in size)

    def encode(rows: np.ndarray) -> np.ndarray:
        scenes = (told(config.seed, int(row))[:2] for row in rows)
        clips = (moving.frames(scene, movement, size, config.frames) for scene, movement in scenes)
        return np.stack([autoencoder.latents_of(coder, clip).cpu().numpy() for clip in clips])

    digest = files.digest_of([config.seed, count, config.frames, size])
    latents = encoded(
        work / "latents.npy",
        encode,
        count=count,
        shape=(config.frames, coder.config.latent_channels, height, width),
        dtype=np.float16,
        digest=files.digest_of([digest, weights_digest(coder.encoder)]),
        doing="drawing clips",
        at_once=1,
    )
    prompts = [told(config.seed, number)[2] for number in range(count)]
    reads = (parts["text_encoder"], parts["tokenizer"])
    states = denoiser.cached_states(*reads, prompts, work / "states.npy")
    nothing = states_of(*reads, [""], num_windows=1).clone()
    return motion.Clips(joined, latents, states, nothing, num_held_out=config.validation_clips, digest=digest)


if __name__ == "__main__":
    command.main("train_motion")
