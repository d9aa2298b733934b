"""Train the illustrator: the decoder from latents to pictures, what enlarges these, and the denoiser that words lead.

The critic's text tower is its text encoder and stays as it is. Latents and the prompts' states are encoded once, in the
staged folder. Knows nothing about where the corpus comes from.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from storywright import files
from storywright.critic import encoder
from storywright.errors import BadInput
from storywright.illustrator import autoencoder, denoiser, draft, enlarger, model, reference, sheets
from storywright.illustrator.prompts import states_of
from storywright.steps import command
from storywright.steps.contract import made_by, makes, may_come_from
from storywright.steps.illustration.material import Chosen, Encoded, Parts, encoded_once, looks_seen, scenes_of, shown
from storywright.steps.tuning.space import Choice, Real, Space, with_best
from storywright.toonworld.attributes import sight
from storywright.toonworld.scene import STYLES
from storywright.toonworld.words import scene_from_json
from storywright.training import loop

RESUMES = True
PROCESSES = True
READS = ("starter/illustrator",)

STARTER = model.STARTER
_MOST_FITTED = 1_000
_MOST_SHOWN = 12
_LEARNT = ("unet", "vae", "text_encoder", "enlarger", "reader", "draft")


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What illustrator is made, and how it is taught."""

    start: Literal["starter", "scratch"]
    """starter goes on from the weights that are shipped, with their own text encoder; scratch from nothing, with the
    critic's."""
    size: tuple[int, int]
    """Width and height of the pictures that it draws best, in pixels; the decoder learns from these alone."""
    other_sizes: tuple[tuple[int, int], ...]
    """Further sizes it learns to draw, of about the same area. A picture is learnt from in the size whose aspect is
    nearest to its own, scaled to cover it and cropped."""
    autoencoder: autoencoder.Shape
    denoiser: denoiser.Shape
    decoder_training: loop.Config
    """How the decoder is taught, on crops."""
    denoiser_training: loop.Config
    """How the denoiser is taught, on whole pictures."""
    enlarger: enlarger.Shape
    """The network that makes pictures larger than they were computed."""
    enlarger_training: loop.Config
    """How it is taught, on crops of pictures whose scene is known, drawn large."""
    enlarger_pictures: int
    """How many pictures are drawn large for that; 0 to leave the enlarger as it is, or to have none."""
    crop: int
    """Side of the decoder's crops, in pixels."""
    most_pictures: int
    """How many pictures are encoded and learnt from, spread evenly over the corpus; 0 for all."""
    noise_shift: float
    """How many times as large the odds of noise against picture are when the denoiser learns and draws: with more, more
    is learnt of what words decide, and less of fine lines."""
    reader: reference.Shape
    """The network that reads somebody's looks from a picture."""
    reader_training: loop.Config
    """How it is taught, on pictures of one person whose scene is known."""
    reader_pictures: int
    """How many of those; 0 to leave the reader as it is, or to have none."""
    reference_share: float
    """The share of pictures of people that the denoiser learns to draw with looks left to a reference picture."""
    draft: draft.Shape
    """The network that makes the rough from which a drawing begins."""
    draft_training: loop.Config
    """How it is taught, on the latents that the denoiser learns from."""
    hidden: float
    """How much of the rough is hidden by noise when a drawing begins; 1 to do without a rough."""
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
        for name, size in (("size", self.size), *(("other_sizes", other) for other in self.other_sizes)):
            if min(size) < 16:
                raise ValueError(f"{name} must be at least 16 pixels each way, got {size}")
        if self.figure_weight < 0:
            raise ValueError(f"figure_weight must not be negative, got {self.figure_weight}")
        if self.noise_shift <= 0:
            raise ValueError(f"noise_shift must be above 0, got {self.noise_shift}")
        if not 0 <= self.reference_share < 1:
            raise ValueError(f"reference_share lies between 0 and 1, got {self.reference_share}")
        if not 0 < self.hidden <= 1:
            raise ValueError(f"hidden is above 0 and at most 1, got {self.hidden}")
        if not 0 < self.drop_words < 1:
            raise ValueError(f"drop_words lies between 0 and 1, got {self.drop_words}")


SPACE = Space(
    metric="loss",
    seen_with="own_beats_other",
    values={
        "denoiser_training.learning_rate": Real(1e-5, 3e-3, log=True),
        "denoiser_training.optimizer": Choice(("adamw", "muon")),
        "drop_words": Real(0.02, 0.3),
    },
    held={"decoder_training.steps": 1, "enlarger_pictures": 0, "reader_pictures": 0, "hidden": 1.0},
)
"""What of it is worth tuning; figure_weight and noise_shift are not among it, as they change what the loss counts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """Pictures with their prompts, and what reads prompts."""

    corpus: Path = made_by("preprocess")
    critic: Path = made_by("train_critic")
    before: Path | None = may_come_from("fetch_champion", "illustrator")
    """A pipeline to go on from, in place of what `start` names."""
    tuned: Path | None = may_come_from("choose_values")
    """Values that tuning found best, in place of those of the Config."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The pipeline, how its training went, and how good it is."""

    illustrator: Path = makes("illustrator")
    curves: Path = makes("curves.csv")
    metrics: Path = makes("metrics.json")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Train the networks and save the pipeline."""
    config = with_best("train_illustrator", config, inputs.tuned)
    torch.set_num_threads(config.denoiser_training.threads)
    sizes = [config.size, *config.other_sizes]
    train = shown(inputs.corpus, "train", sizes, config.most_pictures)
    held_out = shown(inputs.corpus, "validation", sizes, config.num_validation)
    work = outputs.illustrator / ".training"
    parts = begun(config, inputs, train.whole)
    results: dict[str, loop.Result | None] = {
        "decoder": train_decoder(config, parts, train.whole, held_out.whole, work),
        "enlarger": train_enlarger(config, parts, train.whole, work),
        "reader": train_reader(config, parts, train.whole, work),
    }
    learnt_from = encoded_once(
        parts, train, held_out, work, reference_share=config.reference_share, figures=config.figure_weight > 0
    )
    denoised, before = train_denoiser(config, parts, learnt_from, work, _words(held_out.whole, _MOST_SHOWN))
    results["draft"] = train_draft(config, parts, learnt_from, work)
    if not loop.leads():
        return
    shutil.rmtree(work)
    model.save(parts, _drawing(config), outputs.illustrator)
    taught = {name: result for name, result in results.items() if result}
    loop.write_curves(outputs.curves, **taught, denoiser=denoised)
    figures = {f"{name}_{figure}": value for name, one in taught.items() for figure, value in one.final.items()}
    figures |= {
        "loss_before": before["loss"],
        **denoised.final,
        "num_parameters": sum(p.numel() for name in _LEARNT if parts.get(name) for p in parts[name].parameters()),
        "num_pictures": len(train.whole),
    }
    files.write_json(outputs.metrics, {name: round(value, 6) for name, value in figures.items()})


def _words(rows: Chosen, most: int) -> list[str]:
    """Prompts of some rows, spread evenly."""
    shown = np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(int)
    found = rows.rows(shown, ["prompt", "caption"])
    return [words or caption for words, caption in zip(found["prompt"], found["caption"], strict=True)]


def _drawing(config: Config) -> model.Drawing:
    return model.Drawing(
        native_size=config.size,
        steps=config.steps,
        guidance=config.guidance,
        hidden=config.hidden,
        styles=tuple(STYLES),
    )


def begun(config: Config, inputs: Inputs, train: encoder.Rows) -> Parts:
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
        "reader": None,
        "draft": None,
        "enlarger": enlarger.new(config.enlarger, config.enlarger_training.seed) if config.enlarger_pictures else None,
    }


def train_decoder(config: Config, parts: Parts, train: encoder.Rows, held_out: encoder.Rows, work: Path) -> loop.Result:
    """Teach the decoder to draw what latents say."""
    task = autoencoder.Reconstruction(
        parts["vae"], train, held_out, work, crop=config.crop, num_held_out=config.num_validation
    )
    return loop.train(task, config.decoder_training, work / "decoder")


def train_enlarger(config: Config, parts: Parts, train: encoder.Rows, work: Path) -> loop.Result | None:
    """Teach what enlarges pictures, beside drawings of the same scenes made large; None where none is wanted."""
    scenes = [scene for scene in scenes_of(train) if scene]
    if not config.enlarger_pictures or len(scenes) < 2:
        return None
    chosen = np.linspace(0, len(scenes) - 1, min(config.enlarger_pictures, len(scenes))).astype(int)
    parts["enlarger"] = parts["enlarger"] or enlarger.new(config.enlarger, config.enlarger_training.seed)
    pairs = enlarger.cached_pairs(parts["vae"], [scene_from_json(scenes[row]) for row in chosen], config.size, work)
    num_held_out = min(config.num_validation, max(1, len(chosen) // 8))
    task = enlarger.Closeness(
        parts["enlarger"], *pairs, num_held_out=num_held_out, crop=config.crop // 2, digest=train.digest
    )
    return loop.train(task, config.enlarger_training, work / "enlarger")


def train_reader(config: Config, parts: Parts, train: Chosen, work: Path) -> loop.Result | None:
    """Teach what reads looks from pictures; None where there is nothing to do."""
    scenes = {row: scene_from_json(text) for row, text in enumerate(scenes_of(train)) if text}
    rows = [row for row, scene in scenes.items() if len(sight(scene).people) == 1][: config.reader_pictures]
    if not config.reader_pictures or len(rows) < 2 or not reference.is_known_to(parts["tokenizer"]):
        return None
    said = [looks_seen(scenes[row]) for row in rows]
    known = {words: number for number, words in enumerate(dict.fromkeys(said))}
    width = parts["text_encoder"].config.hidden_size
    parts["reader"] = parts["reader"] or reference.new(config.reader, width, config.size, config.reader_training.seed)
    task = reference.Reading(
        parts["reader"],
        train.rows(rows, ["picture"])["picture"],
        np.array([known[words] for words in said]),
        reference.states_of_looks(parts["text_encoder"], parts["tokenizer"], list(known)).clone(),
        num_held_out=min(config.num_validation, max(1, len(rows) // 8)),
        digest=train.digest,
    )
    return loop.train(task, config.reader_training, work / "reader")


def train_denoiser(
    config: Config, parts: Parts, learnt_from: Encoded, work: Path, drawn_meanwhile: Sequence[str] = ()
) -> tuple[loop.Result, loop.Row]:
    """Teach the denoiser; also returns what it measured before. Sheets show the prompts that are drawn meanwhile."""
    task = denoiser.Flow(
        parts["unet"],
        learnt_from.train,
        states_of(parts["text_encoder"], parts["tokenizer"], [""], num_windows=1).clone(),
        held_out=learnt_from.held_out,
        digest=learnt_from.digest,
        drop_words=config.drop_words,
        num_held_out=config.num_validation,
        figure_weight=config.figure_weight,
        noise_shift=config.noise_shift,
    )
    before = task.validate(parts["unet"])
    parts["scheduler"] = model.new_scheduler(config.noise_shift)
    if drawn_meanwhile:
        task.sheet = sheets.drawn_by(parts, _drawing(config), drawn_meanwhile)
    return loop.train(task, config.denoiser_training, work / "denoiser"), before


def train_draft(config: Config, parts: Parts, learnt_from: Encoded, work: Path) -> loop.Result | None:
    """Teach what makes roughs; None where drawings begin with noise alone."""
    if config.hidden >= 1:
        return None
    if parts.get("draft") is None:
        parts["draft"] = draft.new(
            config.draft,
            words_width=parts["text_encoder"].config.hidden_size,
            channels=parts["unet"].config.in_channels,
            stagings=learnt_from.stagings,
            seed=config.draft_training.seed,
        )
    known = parts["draft"].stagings
    task = draft.Drafting(
        parts["draft"],
        learnt_from.train,
        [draft.stagings_of(seeds, known) for seeds in learnt_from.train_seeds],
        held_out=learnt_from.held_out,
        held_out_stagings=[draft.stagings_of(seeds, known) for seeds in learnt_from.held_out_seeds],
        digest=learnt_from.digest,
        num_held_out=config.num_validation,
        figure_weight=config.figure_weight,
    )
    return loop.train(task, config.draft_training, work / "draft")


if __name__ == "__main__":
    command.main("train_illustrator")
