"""Teaches a writer's own eye before it learns to tell: which words describe a picture, and where in it.

Pictures alone are quickly learnt from, many at a step; afterwards what the eye makes of each picture is kept, and
learning to tell does not look at pixels again. Knows nothing about stories.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from storywright import files
from storywright.corpus.reading import Panels
from storywright.critic.encoder import weights_digest
from storywright.writer.augmentation import jittered
from storywright.writer.losses import seen_words
from storywright.writer.material import described_as, described_by, padded, texts_of
from storywright.writer.network import WriterModel


@dataclass(frozen=True, kw_only=True, slots=True)
class Lesson:
    """How long and on what the eye is taught."""

    steps: int
    """Optimizer steps; 0 leaves the eye as it is."""
    batch: int = 96
    """Pictures a step."""
    learning_rate: float = 2e-3
    jitter: float = 0.1
    """How much brightness and contrast change."""
    describing: int = 0
    """Steps after that in which it learns which words, and pairs of words, describe a picture, for the judge."""

    def __post_init__(self) -> None:
        for name in ("steps", "describing"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if not 0 <= self.jitter < 1:
            raise ValueError(f"jitter must be at least 0 and below 1, got {self.jitter:g}")


class Looking:
    """The task: the words of each picture's prompt are read from its regions."""

    name = "writer's eye"

    def __init__(
        self,
        writer: WriterModel,
        tokenizer: PreTrainedTokenizerFast,
        lesson: Lesson,
        train: tuple[Panels, np.ndarray],
        validation: tuple[Panels, np.ndarray],
        samples: int,
    ) -> None:
        self.model: nn.Module = _Eye(writer, lesson.jitter)
        self._pad_id, self._samples = writer.config.pad_id, samples
        self._pictures, self._held_out = train[1], validation[1]
        self._described, self._held_out_described = (
            described_by(texts_of(panels), tokenizer) for panels, _ in (train, validation)
        )
        self.examples = len(self._pictures)
        self.digest = files.digest_of([train[0].digest, validation[0].digest, writer.config.to_dict(), asdict(lesson)])

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """Pictures and the pieces of the words that describe them."""
        return self._batch(self._pictures, self._described, rows)

    def loss(self, model: nn.Module, batch: Mapping[str, Tensor], generator: torch.Generator) -> Tensor:
        """How badly the words are read."""
        loss: Tensor = model(batch["pictures"], batch["described"], generator)
        return loss

    def validate(self, model: nn.Module) -> dict[str, float]:
        """The loss on held-out pictures, always with the same words against one another."""
        rows = np.unique(np.linspace(0, len(self._held_out) - 1, min(self._samples, len(self._held_out))).astype(int))
        if not len(rows):
            return {}
        batch = self._batch(self._held_out, self._held_out_described, rows)
        return {"loss": float(model(batch["pictures"], batch["described"], None))}

    def _batch(self, pictures: np.ndarray, described: list[list[int]], rows: np.ndarray) -> dict[str, Tensor]:
        words = padded([described[row] for row in rows.tolist()], self._pad_id)
        return {"pictures": torch.from_numpy(np.asarray(pictures[rows])), "described": torch.from_numpy(words)}


class Describing:
    """The task: which descriptions are those of each picture, by what an eye that learns no more has made of it."""

    name = "writer's reading of pictures"

    def __init__(
        self,
        writer: WriterModel,
        train: tuple[Panels, np.ndarray],
        validation: tuple[Panels, np.ndarray],
        samples: int,
    ) -> None:
        for name, parameter in writer.named_parameters():
            parameter.requires_grad_(name.startswith("describes."))
        self.model: nn.Module = _Describer(writer)
        self._pictures, self._held_out, self._samples = train[1], validation[1], samples
        known = {one: number for number, one in enumerate(writer.config.descriptions or [])}
        self._known = len(known)
        self._described, self._held_out_described = (
            [
                [known[one] for one in described_as(prompt) if one in known]
                for prompt in panels.rows(range(len(panels)), ("prompt",))["prompt"]
            ]
            for panels, _ in (train, validation)
        )
        self.examples = len(self._pictures)
        self.digest = files.digest_of([train[0].digest, validation[0].digest, list(known), weights_digest(writer)])

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """What was seen of pictures, and their descriptions."""
        return self._batch(self._pictures, self._described, rows)

    def loss(self, model: nn.Module, batch: Mapping[str, Tensor], generator: torch.Generator) -> Tensor:
        """How badly the descriptions are read."""
        loss: Tensor = model(batch["pictures"], batch["described"])
        return loss

    def validate(self, model: nn.Module) -> dict[str, float]:
        """The loss on held-out pictures."""
        rows = np.unique(np.linspace(0, len(self._held_out) - 1, min(self._samples, len(self._held_out))).astype(int))
        if not len(rows):
            return {}
        batch = self._batch(self._held_out, self._held_out_described, rows)
        return {"loss": float(model(batch["pictures"], batch["described"]))}

    def _batch(self, pictures: np.ndarray, described: list[list[int]], rows: np.ndarray) -> dict[str, Tensor]:
        marked = np.zeros((len(rows), self._known), np.float32)
        for at, row in enumerate(rows.tolist()):
            marked[at, described[row]] = 1
        return {"pictures": torch.from_numpy(np.asarray(pictures[rows])), "described": torch.from_numpy(marked)}


class _Describer(nn.Module):
    def __init__(self, writer: WriterModel) -> None:
        super().__init__()
        self.writer = writer

    def forward(self, pictures: Tensor, described: Tensor) -> Tensor:
        with torch.no_grad():
            regions = self.writer.picture(pictures, torch.ones(len(pictures), dtype=torch.bool, device=pictures.device))
        logits = self.writer.described(regions)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, described, reduction="sum")
        return loss / described.sum().clamp(min=1)


class _Eye(nn.Module):
    """The parts of a writer that look."""

    def __init__(self, writer: WriterModel, jitter: float) -> None:
        super().__init__()
        self.picture, self.seen_words = writer.picture, writer.seen_words
        self._pad_id, self._jitter = writer.config.pad_id, jitter

    def forward(self, pictures: Tensor, described: Tensor, generator: torch.Generator | None) -> Tensor:
        if generator is not None and self._jitter:
            pictures = jittered(pictures, self._jitter, generator)
        regions = self.picture(pictures, torch.ones(len(pictures), dtype=torch.bool, device=pictures.device))
        return seen_words(regions, described, self.seen_words.weight, self.seen_words.bias, self._pad_id)
