"""Train the illustrator: first the decoder from latents to pictures, then the denoiser from words to latents.

The critic's text tower is its text encoder and stays as it is. Latents and the prompts' states are encoded once, in the
staged folder. Knows nothing about where the corpus comes from.
"""

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from storywright import files
from storywright.corpus.reading import Panels
from storywright.critic import encoder
from storywright.errors import BadInput
from storywright.illustrator import autoencoder, denoiser, model
from storywright.illustrator.prompts import states_of
from storywright.steps import command
from storywright.steps.contract import made_by, makes, may_come_from
from storywright.toonworld.drawing import masks
from storywright.toonworld.scene import STYLES
from storywright.toonworld.words import scene_from_json
from storywright.training import loop
from storywright.training.cache import encoded

RESUMES = True
READS = ("starter/illustrator",)

STARTER = model.STARTER
_MOST_FITTED = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What illustrator is made, and how it is taught."""

    start: Literal["starter", "scratch"]
    """starter goes on from the weights that are shipped, with their own text encoder; scratch from nothing, with the
    critic's."""
    size: tuple[int, int]
    """Width and height of the pictures it learns from, in pixels; others are scaled to cover it and cropped."""
    autoencoder: autoencoder.Shape
    denoiser: denoiser.Shape
    decoder_training: loop.Config
    """How the decoder is taught, on crops."""
    denoiser_training: loop.Config
    """How the denoiser is taught, on whole pictures."""
    crop: int
    """Side of the decoder's crops, in pixels."""
    most_pictures: int
    """How many pictures are encoded and learnt from, spread evenly over the corpus; 0 for all."""
    drop_words: float
    """How often the denoiser is shown no words, which is what guidance leads away from."""
    figure_weight: float
    """How much more a miss weighs where people and things are; 0 for as much as anywhere. Only for drawn pictures."""
    num_validation: int
    """Held-out pictures that a validation looks at."""
    steps: int
    """How many steps a picture is drawn in, unless a caller says otherwise."""
    guidance: float
    """How far a picture is led towards its words, unless a caller says otherwise."""

    def __post_init__(self) -> None:
        if min(self.size) < 16:
            raise ValueError(f"size must be at least 16 pixels each way, got {self.size}")
        if self.figure_weight < 0:
            raise ValueError(f"figure_weight must not be negative, got {self.figure_weight}")
        if not 0 < self.drop_words < 1:
            raise ValueError(f"drop_words lies between 0 and 1, got {self.drop_words}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """Pictures with their prompts, and what reads prompts."""

    corpus: Path = made_by("preprocess")
    critic: Path = made_by("train_critic")
    before: Path | None = may_come_from("fetch_champion", "illustrator")
    """A pipeline to go on from, in place of what `start` names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The pipeline, how its training went, and how good it is."""

    illustrator: Path = makes("illustrator")
    curves: Path = makes("curves.csv")
    metrics: Path = makes("metrics.json")


class Chosen:
    """Some rows of a split, spread evenly over it."""

    def __init__(self, panels: encoder.Rows, most: int) -> None:
        self._panels = panels
        self._rows = np.linspace(0, len(panels) - 1, min(most or len(panels), len(panels))).astype(int)
        self.digest = files.digest_of([panels.digest, len(self._rows)])

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, indices: Any, columns: Any) -> dict[str, Any]:
        """The named columns of these rows."""
        return self._panels.rows(self._rows[np.asarray(indices)], columns)


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Train both networks and save the pipeline."""
    torch.set_num_threads(config.denoiser_training.threads)
    train, validation = (Panels(inputs.corpus, split, size=config.size) for split in ("train", "validation"))
    if not len(train) or not len(validation):
        raise BadInput(f"{inputs.corpus} has no panels to train or to validate on: make a larger one.")
    shown, held_out = Chosen(train, config.most_pictures), Chosen(validation, config.num_validation)
    work = outputs.illustrator / ".training"
    parts = begun(config, inputs, shown)
    drawn = train_decoder(config, parts, shown, held_out, work)
    led, before = train_denoiser(config, parts, shown, held_out, work)
    shutil.rmtree(work)
    styles = tuple(STYLES)
    drawing = model.Drawing(native_size=config.size, steps=config.steps, guidance=config.guidance, styles=styles)
    model.save(parts, drawing, outputs.illustrator)
    loop.write_curves(outputs.curves, decoder=drawn, denoiser=led)
    figures = {
        "decoder_loss": drawn.final["loss"],
        "decoder_psnr": drawn.final["psnr"],
        "loss_before": before["loss"],
        **led.final,
        "num_parameters": sum(p.numel() for name in ("unet", "vae", "text_encoder") for p in parts[name].parameters()),
        "num_pictures": len(shown),
    }
    files.write_json(outputs.metrics, {name: round(value, 6) for name, value in figures.items()})


def begun(config: Config, inputs: Inputs, train: encoder.Rows) -> dict[str, Any]:
    """The pipeline's parts before they are taught."""
    if inputs.before:
        return model.opened(inputs.before)
    if config.start == "starter":
        if not STARTER.is_dir():
            raise BadInput(f"There are no starter weights at {STARTER}: set start to scratch.")
        return model.opened(STARTER)
    clip, tokenizer = encoder.opened(inputs.critic)
    some = np.linspace(0, len(train) - 1, min(_MOST_FITTED, len(train))).astype(int)
    coder = autoencoder.new(config.autoencoder, train.rows(some, ["picture"])["picture"], config.decoder_training.seed)
    unet = denoiser.new(
        config.denoiser,
        latent_channels=config.autoencoder.latent_channels,
        words_width=clip.config.text_config.hidden_size,
        sample_size=max(config.size) // autoencoder.FACTOR,
        seed=config.denoiser_training.seed,
    )
    text_encoder = clip.text_model
    return {
        "vae": coder,
        "unet": unet,
        "text_encoder": text_encoder,
        "tokenizer": tokenizer,
        "scheduler": model.new_scheduler(),
    }


def train_decoder(
    config: Config, parts: dict[str, Any], train: encoder.Rows, held_out: encoder.Rows, work: Path
) -> loop.Result:
    """Teach the decoder to draw what latents say."""
    task = autoencoder.Reconstruction(
        parts["vae"], train, held_out, work, crop=config.crop, num_held_out=config.num_validation
    )
    return loop.train(task, config.decoder_training, work / "decoder")


def train_denoiser(
    config: Config, parts: dict[str, Any], train: encoder.Rows, held_out: encoder.Rows, work: Path
) -> tuple[loop.Result, loop.Row]:
    """Teach the denoiser; also returns what it measured before."""
    cached = {}
    for name, rows in (("train", train), ("validation", held_out)):
        seen = rows.rows(range(len(rows)), ["prompt", "caption"])
        prompts = [prompt or caption for prompt, caption in zip(seen["prompt"], seen["caption"], strict=True)]
        latents = autoencoder.cached_latents(parts["vae"], rows, work / f"latents-{name}.npy", size=config.size)
        states = denoiser.cached_states(parts["text_encoder"], parts["tokenizer"], prompts, work / f"states-{name}.npy")
        cached[name] = (latents, states)
    nothing = states_of(parts["text_encoder"], parts["tokenizer"], [""], num_windows=1).clone()
    figures = _figures(train, config, work / "figures-train.npy") if config.figure_weight else None
    digest = files.digest_of([train.digest, held_out.digest, dataclasses.asdict(config.autoencoder)])
    task = denoiser.Flow(
        parts["unet"],
        *cached["train"],
        nothing,
        held_out=cached["validation"],
        digest=digest,
        drop_words=config.drop_words,
        num_held_out=config.num_validation,
        figures=figures,
        figure_weight=config.figure_weight,
    )
    before = task.validate(parts["unet"])
    return loop.train(task, config.denoiser_training, work / "denoiser"), before


def _figures(rows: encoder.Rows, config: Config, file: Path) -> np.ndarray:
    """Where people and things are, for pictures whose scene is known; nowhere for the others."""
    width, height = config.size
    scenes = rows.rows(range(len(rows)), ["scene"])["scene"]

    def seen(text: str) -> np.ndarray:
        return masks(scene_from_json(text), config.size) if text else np.zeros((height, width), np.uint8)

    return encoded(
        file,
        lambda indices: denoiser.covered(np.stack([seen(scenes[index]) for index in indices])),
        count=len(rows),
        shape=(-(-height // autoencoder.FACTOR), -(-width // autoencoder.FACTOR)),
        dtype=np.float16,
        digest=files.digest_of([rows.digest, config.size]),
        doing="looking for people and things",
    )


if __name__ == "__main__":
    command.main("train_illustrator")
