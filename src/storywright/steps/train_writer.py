"""Train the writer: from the panels so far, pictures and words, to the words of the next one.

Also fits what the story score's probabilities need, on the validation stories. Knows nothing about where the stories
come from: drawn ones and real ones go the same way.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

import storywright
from storywright import files
from storywright.corpus.reading import Panels
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.steps import command
from storywright.steps.contract import made_by, makes, may_come_from
from storywright.training import loop
from storywright.writer import brokenlooks, judging, losses, material, model, training
from storywright.writer.config import WriterConfig
from storywright.writer.material import Material
from storywright.writer.network import WriterModel

RESUMES = True
READS = ("starter/writer",)

STARTER = Path(storywright.__file__).parent / "starter" / "writer"
_MARKS = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
_MOST_TAGS, _MOST_PHASES = 128, 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What writer is made, and how it is taught."""

    start: Literal["starter", "scratch"]
    """starter goes on from the weights that are shipped, and keeps their shape and tokenizer; scratch from nothing."""
    text_encoder: Literal["lstm", "gru", "transformer"]
    """What reads a caption."""
    picture_encoder: Literal["cnn", "critic"]
    """What looks at a picture: a network of its own, or the critic."""
    fusion: Literal["none", "concat", "cross_attention", "cmar"]
    """How words and picture meet."""
    sequence: Literal["lstm", "gru", "transformer"]
    """What reads the panels one after another."""
    width: int
    """Numbers in every vector inside."""
    rounds: int
    """How often words and regions look at each other in cmar."""
    decoder_layers: int
    dropout: float
    max_panels: int
    """How many of the latest panels it looks at."""
    steps: int
    """Optimizer steps."""
    batch: int
    """Stories a step."""
    learning_rate: float
    warmup: int
    schedule: Literal["cosine", "level", "constant"]
    """How the learning rate goes on after it has risen."""
    ema: float
    """Decay of the averaged weights, which are what is kept."""
    precision: Literal["no", "bf16", "fp16"]
    validate_every: int
    """Steps between validations."""
    validation_stories: int
    """How many stories a validation looks at."""
    checkpoint_every: int
    """Steps between checkpoints."""
    augmentation: training.Augmentation
    """What is hidden or changed so that stories are not learnt by heart."""
    weights: losses.Weights
    """How much each part of the loss counts."""
    seed: int
    threads: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What the writer learns from, and what may look at pictures for it."""

    corpus: Path = made_by("preprocess")
    critic: Path = made_by("train_critic")
    before: Path | None = may_come_from("fetch_champion", "writer")
    """A writer to go on from, in place of what `start` names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The writer, how its training went, and how good it is."""

    writer: Path = makes("writer")
    curves: Path = makes("curves.csv")
    metrics: Path = makes("metrics.json")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Train, calibrate, save."""
    torch.set_num_threads(config.threads)
    train, validation = (Panels(inputs.corpus, split) for split in ("train", "validation"))
    network, tokenizer = _begun(config, inputs, train)
    if not material.stories_in(train, network.config):
        raise BadInput(f"{inputs.corpus}/train has no story of two panels or more: the writer learns from stories.")
    critic = Critic.open(inputs.critic) if network.config.picture_encoder == "critic" else None
    work = outputs.writer / ".training"
    work.mkdir(parents=True, exist_ok=True)
    ready = {
        name: _material(panels, network.config, tokenizer, work, name, critic, config.seed)
        for name, panels in (("train", train), ("validation", validation))
    }
    task = training.Captions(
        network,
        tokenizer,
        ready["train"],
        ready["validation"],
        weights=config.weights,
        augmentation=config.augmentation,
        samples=config.validation_stories,
    )
    result = loop.train(task, _loop_config(config), work / "checkpoints")
    found = judging.judged(network, ready["validation"], config.validation_stories)
    error = judging.calibrate(network, found)
    figures = {} if np.isnan(error) else {"story_calibration_error": error}
    samples = _samples(network, tokenizer, ready["validation"])
    shutil.rmtree(work)
    model.save(network, tokenizer, outputs.writer)
    files.write_text(outputs.writer / "samples.txt", samples)
    loop.write_curves(outputs.curves, result)
    sizes = {"num_parameters": sum(p.numel() for p in network.parameters()), "num_stories": len(ready["train"])}
    files.write_json(outputs.metrics, {k: round(v, 6) for k, v in (result.final | figures | sizes).items()})


def _begun(config: Config, inputs: Inputs, train: Panels) -> tuple[WriterModel, PreTrainedTokenizerFast]:
    """The writer before it is taught, and its tokenizer."""
    if inputs.before:
        return model.opened(inputs.before)
    if config.start == "starter":
        return model.opened(STARTER)
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(inputs.corpus / "tokenizer.json"), **_MARKS)
    texts = material.texts_of(train)
    torch.manual_seed(config.seed)
    shape = WriterConfig(
        vocab_size=len(tokenizer),
        pad_id=tokenizer.pad_token_id,
        unknown_id=tokenizer.unk_token_id,
        begin_id=tokenizer.cls_token_id,
        end_id=tokenizer.sep_token_id,
        width=config.width,
        text_encoder=config.text_encoder,
        picture_encoder=config.picture_encoder,
        critic_width=_critic_width(config, inputs),
        fusion=config.fusion,
        rounds=config.rounds,
        sequence=config.sequence,
        decoder_layers=config.decoder_layers,
        dropout=config.dropout,
        max_panels=config.max_panels,
        languages=material.frequent(texts.language, 8),
        tags=material.frequent([tag for tags in texts.tags for tag in tags or []], _MOST_TAGS),
        phases=material.frequent(texts.phase, _MOST_PHASES),
    )
    return WriterModel(shape), tokenizer


def _critic_width(config: Config, inputs: Inputs) -> int:
    if config.picture_encoder != "critic":
        return 1
    return int(Critic.open(inputs.critic).of_words(["picture"]).shape[1])


def _material(
    panels: Panels,
    shape: WriterConfig,
    tokenizer: PreTrainedTokenizerFast,
    work: Path,
    name: str,
    critic: Critic | None,
    seed: int,
) -> Material:
    pictures = material.small_pictures(panels, shape, work / f"{name}.npy", critic)
    stories = material.stories_in(panels, shape)
    broken = brokenlooks.drawn(panels, stories, shape, work / f"{name}-broken.npy", seed, critic)
    return Material(panels, shape, tokenizer, pictures, broken)


def _samples(network: WriterModel, tokenizer: PreTrainedTokenizerFast, stories: Material, most: int = 8) -> str:
    """What was told in a few held-out stories, and what the writer foretold, for people to read."""
    numbers = np.arange(min(most, len(stories)))
    if not len(numbers):
        return "There are no validation stories.\n"
    read_from = material.without_brief(stories.batch(numbers), network.config.pad_id)
    with torch.no_grad():
        told, foretold = training.foretold_captions(network, tokenizer, read_from, network(read_from))
    return "\n".join(f"told      {a}\nforetold  {b}\n" for a, b in zip(told, foretold, strict=True))


def _loop_config(config: Config) -> loop.Config:
    return loop.Config(
        steps=config.steps,
        batch=config.batch,
        learning_rate=config.learning_rate,
        warmup=config.warmup,
        schedule=config.schedule,
        ema=config.ema,
        precision=config.precision,
        validate_every=config.validate_every,
        checkpoint_every=config.checkpoint_every,
        seed=config.seed,
        threads=config.threads,
    )


if __name__ == "__main__":
    command.main("train_writer")
