"""Train the illustrator: the decoder from latents to pictures, what enlarges these, and the denoiser that words lead.

The critic's text tower is its text encoder and stays as it is. Latents and the prompts' states are encoded once, in the
staged folder. Knows nothing about where the corpus comes from.
"""

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Literal

import numpy as np
import torch

from storywright import files
from storywright.corpus.reading import Panels
from storywright.critic import encoder
from storywright.errors import BadInput
from storywright.illustrator import autoencoder, denoiser, enlarger, model, reference
from storywright.illustrator.prompts import states_of
from storywright.steps import command
from storywright.steps.contract import made_by, makes, may_come_from
from storywright.toonworld.attributes import looks_of, sight
from storywright.toonworld.drawing import masks
from storywright.toonworld.scene import STYLES, Scene
from storywright.toonworld.words import MAX_TOKENS, num_tokens, prompt, scene_from_json
from storywright.training import loop
from storywright.training.cache import encoded

RESUMES = True
PROCESSES = True
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
    """Some rows of a split."""

    def __init__(self, panels: Panels, rows: np.ndarray) -> None:
        self._panels, self._rows = panels, rows
        self.digest = files.digest_of([panels.digest, panels.size, rows.tolist()])

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, indices: Any, columns: Any) -> dict[str, Any]:
        """The named columns of these rows."""
        return self._panels.rows(self._rows[np.asarray(indices)], columns)


@dataclass(frozen=True, slots=True)
class Shown:
    """What is learnt from: the same rows once all in the native size, and once each in the size that fits it."""

    whole: Chosen
    by_size: dict[tuple[int, int], Chosen]


def shown(corpus: Path, split: str, config: Config, most: int) -> Shown:
    """At most so many rows of a split, 0 for all, spread evenly over it."""
    sizes = [config.size, *config.other_sizes]
    opened = {size: Panels(corpus, split, size=size) for size in sizes}
    panels = opened[config.size]
    if not len(panels):
        raise BadInput(
            f"{corpus} has no panels to {'validate' if split == 'validation' else split} on: make a larger one."
        )
    rows = np.linspace(0, len(panels) - 1, min(most or len(panels), len(panels))).astype(int)
    aspects = np.log([width / height for width, height in sizes])
    own = np.log(panels.sizes[rows, 0] / panels.sizes[rows, 1])
    nearest = np.abs(own[:, None] - aspects).argmin(1)
    by_size = {size: Chosen(opened[size], rows[nearest == number]) for number, size in enumerate(sizes)}
    return Shown(Chosen(panels, rows), {size: chosen for size, chosen in by_size.items() if len(chosen)})


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Train the networks and save the pipeline."""
    torch.set_num_threads(config.denoiser_training.threads)
    train = shown(inputs.corpus, "train", config, config.most_pictures)
    held_out = shown(inputs.corpus, "validation", config, config.num_validation)
    work = outputs.illustrator / ".training"
    parts = begun(config, inputs, train.whole)
    results = {"decoder": train_decoder(config, parts, train.whole, held_out.whole, work)}
    if enlarged := train_enlarger(config, parts, train.whole, work):
        results["enlarger"] = enlarged
    if reading := train_reader(config, parts, train.whole, work):
        results["reader"] = reading
    results["denoiser"], before = train_denoiser(config, parts, train, held_out, work)
    if not loop.leads():
        return
    shutil.rmtree(work)
    styles = tuple(STYLES)
    drawing = model.Drawing(native_size=config.size, steps=config.steps, guidance=config.guidance, styles=styles)
    model.save(parts, drawing, outputs.illustrator)
    loop.write_curves(outputs.curves, **results)
    learnt = ("unet", "vae", "text_encoder", "enlarger", "reader")
    figures = {
        "decoder_loss": results["decoder"].final["loss"],
        "decoder_psnr": results["decoder"].final["psnr"],
        **{
            f"{name}_{figure}": value
            for name, result in (("enlarger", enlarged), ("reader", reading))
            if result
            for figure, value in result.final.items()
        },
        "loss_before": before["loss"],
        **results["denoiser"].final,
        "num_parameters": sum(p.numel() for name in learnt if parts.get(name) for p in parts[name].parameters()),
        "num_pictures": len(train.whole),
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
        "reader": None,
        "enlarger": enlarger.new(config.enlarger, config.enlarger_training.seed) if config.enlarger_pictures else None,
    }


def train_decoder(
    config: Config, parts: dict[str, Any], train: encoder.Rows, held_out: encoder.Rows, work: Path
) -> loop.Result:
    """Teach the decoder to draw what latents say."""
    task = autoencoder.Reconstruction(
        parts["vae"], train, held_out, work, crop=config.crop, num_held_out=config.num_validation
    )
    return loop.train(task, config.decoder_training, work / "decoder")


def train_enlarger(config: Config, parts: dict[str, Any], train: encoder.Rows, work: Path) -> loop.Result | None:
    """Teach what enlarges pictures, beside drawings of the same scenes made large; None where none is wanted."""
    scenes = [scene for scene in _scenes(train) if scene]
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


def train_reader(config: Config, parts: dict[str, Any], train: Chosen, work: Path) -> loop.Result | None:
    """Teach what reads looks from pictures; None where there is nothing to do."""
    scenes = {row: scene_from_json(text) for row, text in enumerate(_scenes(train)) if text}
    rows = [row for row, scene in scenes.items() if len(sight(scene).people) == 1][: config.reader_pictures]
    if not config.reader_pictures or len(rows) < 2 or not reference.is_known_to(parts["tokenizer"]):
        return None
    said = [_looks_seen(scenes[row]) for row in rows]
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
    config: Config, parts: dict[str, Any], train: Shown, held_out: Shown, work: Path
) -> tuple[loop.Result, loop.Row]:
    """Teach the denoiser; also returns what it measured before."""
    nothing = states_of(parts["text_encoder"], parts["tokenizer"], [""], num_windows=1).clone()
    rows = [chosen.digest for one in (train, held_out) for chosen in one.by_size.values()]
    task = denoiser.Flow(
        parts["unet"],
        [_material(config, parts, rows, size, work / "train") for size, rows in train.by_size.items()],
        nothing,
        held_out=[_material(config, parts, rows, size, work / "validation") for size, rows in held_out.by_size.items()],
        digest=files.digest_of([*rows, dataclasses.asdict(config.autoencoder)]),
        drop_words=config.drop_words,
        num_held_out=config.num_validation,
        figure_weight=config.figure_weight,
        noise_shift=config.noise_shift,
    )
    before = task.validate(parts["unet"])
    parts["scheduler"] = model.new_scheduler(config.noise_shift)
    return loop.train(task, config.denoiser_training, work / "denoiser"), before


def _material(
    config: Config, parts: dict[str, Any], rows: encoder.Rows, size: tuple[int, int], work: Path
) -> denoiser.Material:
    place = work / "x".join(map(str, size))
    seen = rows.rows(range(len(rows)), ["prompt", "caption"])
    prompts = [words or caption for words, caption in zip(seen["prompt"], seen["caption"], strict=True)]
    known = reference.is_known_to(parts["tokenizer"])
    looks = _leave_looks(prompts, _scenes(rows), config) if known else {}
    return denoiser.Material(
        autoencoder.cached_latents(parts["vae"], rows, place / "latents.npy", size=size),
        denoiser.cached_states(parts["text_encoder"], parts["tokenizer"], prompts, place / "states.npy", looks=looks),
        _figures(rows, size, place / "figures.npy") if config.figure_weight else None,
    )


def _leave_looks(prompts: list[str], scenes: list[str], config: Config) -> dict[int, str]:
    """Take the first person's looks out of some of the prompts, and say what a reference picture would show instead."""
    taken = {}
    for number, text in enumerate(scenes):
        chance = Random(f"reference {number}")
        if not text or chance.random() >= config.reference_share:
            continue
        scene = scene_from_json(text)
        words = prompt(scene, by_reference=(0,))
        if 0 in sight(scene).people and num_tokens(words) + reference.NUM_TOKENS <= MAX_TOKENS:
            prompts[number] = words
            taken[number] = reference.partly(reference.looks(scene.people[0]), chance)
    return taken


def _looks_seen(scene: Scene) -> str:
    (index,) = sight(scene).people
    person = scene.people[index]
    return reference.looks(person, list(looks_of(person, sight(scene).parts)))


def _scenes(rows: encoder.Rows) -> list[str]:
    found: list[str] = rows.rows(range(len(rows)), ["scene"])["scene"]
    return found


def _figures(rows: encoder.Rows, size: tuple[int, int], file: Path) -> np.ndarray:
    """Where people and things are, for pictures whose scene is known; nowhere for the others."""
    width, height = size
    scenes = _scenes(rows)

    def seen(text: str) -> np.ndarray:
        return masks(scene_from_json(text), size) if text else np.zeros((height, width), np.uint8)

    return encoded(
        file,
        lambda indices: denoiser.covered(np.stack([seen(scenes[index]) for index in indices])),
        count=len(rows),
        shape=(-(-height // autoencoder.FACTOR), -(-width // autoencoder.FACTOR)),
        dtype=np.float16,
        digest=files.digest_of([rows.digest, size]),
        doing="looking for people and things",
    )


if __name__ == "__main__":
    command.main("train_illustrator")
