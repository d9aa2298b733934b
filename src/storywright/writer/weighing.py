"""Teaches a writer's judge: whole stories against flawed copies of them, read as the writer has learnt to read.

The rest of the writer learns no more by then, so that judging takes nothing away from telling, and a step costs little.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn

from storywright import files
from storywright.critic.encoder import weights_digest
from storywright.writer import flaws
from storywright.writer.judging import judged
from storywright.writer.material import Material, truth_of, without_brief
from storywright.writer.network import WriterModel


@dataclass(frozen=True, kw_only=True, slots=True)
class Lesson:
    """How long the judge is taught."""

    steps: int
    """Optimizer steps; 0 leaves the judge as it is."""
    batch: int = 16
    """Stories a step, each with a flawed copy."""
    learning_rate: float = 2e-3

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise ValueError(f"steps must not be negative, got {self.steps}")


class Weighing:
    """The task: which story is whole, and which panels come from elsewhere.

    The material is best seen as what describes its pictures (`material.shown_in`), which is not learnt here.
    """

    name = "writer's judge"

    def __init__(
        self, writer: WriterModel, train: Material, validation: Material, lesson: Lesson, samples: int
    ) -> None:
        for name, parameter in writer.named_parameters():
            parameter.requires_grad_(name.startswith("story_score."))
        self.model: nn.Module = _Judge(writer)
        self._writer, self._train, self._validation, self._samples = writer, train, validation, samples
        self.examples = len(train)
        self.digest = files.digest_of(
            [train.panels_digest, validation.panels_digest, weights_digest(writer), asdict(lesson)]
        )

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """Whole stories, and for each a picture that breaks it."""
        return self._train.batch(rows)

    def loss(self, model: nn.Module, batch: Mapping[str, Tensor], generator: torch.Generator) -> Tensor:
        """How badly they are told apart."""
        loss: Tensor = model(batch, generator)
        return loss

    def validate(self, model: nn.Module) -> dict[str, float]:
        """How well each kind of flaw is found in held-out stories."""
        found = judged(self._writer, self._validation, self._samples).auc()
        return {f"auc_{kind.replace(' ', '_')}": value for kind, value in found.items()}


class _Judge(nn.Module):
    def __init__(self, writer: WriterModel) -> None:
        super().__init__()
        self.writer = writer

    def forward(self, batch: Mapping[str, Tensor], generator: torch.Generator) -> Tensor:
        stories = without_brief(batch, self.writer.config.pad_id)
        return flaws.loss_of(self.writer, stories, truth_of(batch), generator)
