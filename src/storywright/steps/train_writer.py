"""Train the writer: from the panels so far, pictures and words, to the words of the next one.

A writer with an eye of its own first learns to look, from pictures alone; then what it sees in each picture is kept,
and it learns to tell; at last it learns to judge stories, which changes nothing of how it tells. What the story score's
probabilities need is fitted on the validation stories. Knows nothing about where the stories come from: drawn ones and
real ones go the same way.
"""

import dataclasses
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
from storywright.steps.tuning.space import Real, Space, with_best
from storywright.training import loop
from storywright.writer import brokenlooks, judging, losses, material, model, training, weighing
from storywright.writer.augmentation import Augmentation
from storywright.writer.config import WriterConfig
from storywright.writer.looking import Describing, Lesson, Looking
from storywright.writer.material import BrokenLooks, Material
from storywright.writer.network import WriterModel

RESUMES = True
PROCESSES = True
READS = ("starter/writer",)

STARTER = Path(storywright.__file__).parent / "starter" / "writer"
_MARKS = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
_MOST_TAGS, _MOST_PHASES, _MOST_DESCRIPTIONS = 128, 16, 384
_DESCRIBING_RATE = 1e-2


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
    eye: Lesson
    """How its own eye is taught beforehand; a writer that starts from nothing needs that."""
    judge: weighing.Lesson
    """How its judge of stories is taught afterwards."""
    steps: int
    """Optimizer steps of learning to tell."""
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
    augmentation: Augmentation
    """What is hidden or changed so that stories are not learnt by heart."""
    weights: losses.Weights
    """How much each part of the loss counts."""
    seed: int
    threads: int

    def __post_init__(self) -> None:
        if self.start == "scratch" and self.picture_encoder == "cnn" and self.fusion != "none" and not self.eye.steps:
            raise ValueError("eye.steps must be more than 0: an eye that starts from nothing has to learn to look")


SPACE = Space(
    metric="loss",
    seen_with="bleu_4",
    values={
        "learning_rate": Real(1e-5, 3e-3, log=True),
        "weights.alignment": Real(0.0, 0.5),
        "augmentation.picture_dropout": Real(0.0, 0.3),
        "augmentation.brief_dropout": Real(0.0, 0.8),
    },
    held={"judge.steps": 0, "eye.describing": 0},
)
"""What of it is worth tuning."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What the writer learns from, and what may look at pictures for it."""

    corpus: Path = made_by("preprocess")
    critic: Path = made_by("train_critic")
    before: Path | None = may_come_from("fetch_champion", "writer")
    """A writer to go on from, in place of what `start` names."""
    tuned: Path | None = may_come_from("choose_values")
    """Values that tuning found best, in place of those of the Config."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The writer, how its training went, and how good it is."""

    writer: Path = makes("writer")
    curves: Path = makes("curves.csv")
    metrics: Path = makes("metrics.json")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Train, calibrate, save."""
    config = with_best("train_writer", config, inputs.tuned)
    torch.set_num_threads(config.threads)
    train, validation = (Panels(inputs.corpus, split) for split in ("train", "validation"))
    network, tokenizer = _begun(config, inputs, train)
    met = material.names_in(material.texts_of(train).caption)
    network.config.names = sorted({*(network.config.names or []), *met})
    if not material.stories_in(train, network.config):
        raise BadInput(f"{inputs.corpus}/train has no story of two panels or more: the writer learns from stories.")
    work = outputs.writer / ".training"
    work.mkdir(parents=True, exist_ok=True)
    school = _School(config, inputs, network, tokenizer, work)
    splits = {"train": train, "validation": validation}
    looked = school.look(splits)
    ready = {name: school.material(panels, name) for name, panels in splits.items()}
    task = training.Captions(
        network,
        tokenizer,
        ready["train"],
        ready["validation"],
        weights=config.weights,
        augmentation=config.augmentation,
        samples=config.validation_stories,
        journal=work / "samples.json",
    )
    result = loop.train(task, _loop_config(config), work / "checkpoints")
    described = school.describe(splits)
    ready = {name: school.described(stories, name) for name, stories in ready.items()}
    weighed = _taught_to_judge(config, network, ready, work)
    if not loop.leads():
        return
    found = judging.judged(network, ready["validation"], config.validation_stories)
    error = judging.calibrate(network, found)
    figures = {} if np.isnan(error) else {"story_calibration_error": error}
    samples = training.samples_in(work / "samples.json", result.curve, result.final)
    shutil.rmtree(work)
    model.save(network, tokenizer, outputs.writer)
    files.write_text(outputs.writer / "samples.txt", samples)
    others = {"eye": looked, "descriptions": described, "judge": weighed}
    loop.write_curves(outputs.curves, result, **{name: each for name, each in others.items() if each})
    sizes = {"num_parameters": sum(p.numel() for p in network.parameters()), "num_stories": len(ready["train"])}
    files.write_json(
        outputs.metrics,
        {k: round(v, 6) for k, v in (result.final | (weighed.final if weighed else {}) | figures | sizes).items()},
    )


def _taught_to_judge(
    config: Config, network: WriterModel, ready: dict[str, Material], work: Path
) -> loop.Result | None:
    if not config.judge.steps:
        return None
    task = weighing.Weighing(network, ready["train"], ready["validation"], config.judge, config.validation_stories)
    values = dataclasses.replace(
        _loop_config(config),
        steps=config.judge.steps,
        batch=config.judge.batch,
        learning_rate=config.judge.learning_rate,
        warmup=min(50, config.judge.steps),
    )
    return loop.train(task, values, work / "judge")


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
        descriptions=material.descriptions_in(texts, _MOST_DESCRIPTIONS),
    )
    return WriterModel(shape), tokenizer


def _critic_width(config: Config, inputs: Inputs) -> int:
    if config.picture_encoder != "critic":
        return 1
    return int(Critic.open(inputs.critic).of_words(["picture"]).shape[1])


class _School:
    """What a writer of this configuration is shown, kept in the working folder."""

    def __init__(
        self, config: Config, inputs: Inputs, network: WriterModel, tokenizer: PreTrainedTokenizerFast, work: Path
    ) -> None:
        self._config, self._network, self._tokenizer, self._work = config, network, tokenizer, work
        self._own_eye = network.config.picture_encoder == "cnn"
        self._critic = None if self._own_eye else Critic.open(inputs.critic)

    def look(self, splits: dict[str, Panels]) -> loop.Result | None:
        """Teach the writer's own eye, if it has one and it is to be taught; from then on it learns no more."""
        lesson, result = self._config.eye, None
        if self._own_eye and lesson.steps:
            train, validation = ((panels, self._pictures(panels, name)) for name, panels in splits.items())
            samples = 4 * self._config.validation_stories
            task = Looking(self._network, self._tokenizer, lesson, train, validation, samples)
            result = loop.train(task, self._lesson(lesson.steps), self._work / "eye")
        if self._own_eye:
            self._network.picture.look.requires_grad_(False)
        return result

    def describe(self, splits: dict[str, Panels]) -> loop.Result | None:
        """Teach which words and pairs of words describe what the eye sees; the judge compares pictures by them."""
        lesson, network = self._config.eye, self._network
        if not lesson.describing or not network.config.descriptions or network.config.fusion == "none":
            return None
        train, validation = ((panels, self._seen(panels, name)) for name, panels in splits.items())
        task = Describing(network, train, validation, 4 * self._config.validation_stories)
        values = dataclasses.replace(self._lesson(lesson.describing), learning_rate=_DESCRIBING_RATE)
        result = loop.train(task, values, self._work / "descriptions")
        network.requires_grad_(True)
        network.picture.look.requires_grad_(not self._own_eye)
        return result

    def material(self, panels: Panels, name: str) -> Material:
        """The stories of a split, and of each a picture that breaks it, as the writer sees them."""
        shape, stories = self._network.config, material.stories_in(panels, self._network.config)
        broken = brokenlooks.drawn(
            panels, stories, shape, self._work / f"{name}-broken.npy", self._config.seed, self._critic
        )
        if self._own_eye:
            kept = self._kept(broken.pictures, f"{name}-broken-seen", f"{panels.digest} broken")
            broken = BrokenLooks(broken.place, kept)
        return Material(panels, shape, self._tokenizer, self._seen(panels, name), broken, stories)

    def described(self, stories: Material, name: str) -> Material:
        """The same stories, their pictures seen as what describes them: all that the judge asks for."""
        if self._network.config.fusion == "none":
            return stories
        pictures, broken = (
            material.shown_in(
                self._network, array, self._work / f"{name}-{part}.npy", f"{stories.panels_digest} {part}"
            )
            for part, array in (("shown", stories.pictures), ("broken-shown", stories.broken.pictures))
        )
        return stories.seen_as(pictures, BrokenLooks(stories.broken.place, broken))

    def _pictures(self, panels: Panels, name: str) -> np.ndarray:
        return material.small_pictures(panels, self._network.config, self._work / f"{name}.npy", self._critic)

    def _seen(self, panels: Panels, name: str) -> np.ndarray:
        pictures = self._pictures(panels, name)
        return self._kept(pictures, f"{name}-seen", panels.digest) if self._own_eye else pictures

    def _kept(self, pictures: np.ndarray, name: str, digest: str) -> np.ndarray:
        if not len(pictures):
            return pictures
        return material.looked_at(self._network, pictures, self._work / f"{name}.npy", digest)

    def _lesson(self, steps: int) -> loop.Config:
        """How the eye learns, in either of its lessons."""
        lesson = self._config.eye
        return loop.Config(
            steps=steps,
            batch=lesson.batch,
            learning_rate=lesson.learning_rate,
            warmup=min(50, steps),
            schedule="level",
            fall=0.3,
            ema=min(self._config.ema, 0.99),
            precision=self._config.precision,
            checkpoint_every=max(self._config.checkpoint_every, 200),
            seed=self._config.seed,
            threads=self._config.threads,
        )


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
