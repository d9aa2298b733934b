"""Teaches a writer: the task that the training loop runs, and what is measured on the way.

Knows nothing about steps or where a writer is kept.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from storywright import files
from storywright.critic import metrics
from storywright.critic.metrics.ptb import ptb_tokens
from storywright.writer import losses
from storywright.writer.decoder import log_chances
from storywright.writer.judging import judged
from storywright.writer.material import Material, truth_of, without_brief
from storywright.writer.network import Read, Stories, WriterModel


@dataclass(frozen=True, kw_only=True, slots=True)
class Augmentation:
    """What is done to stories so that the writer does not learn them by heart."""

    picture_dropout: float = 0.1
    """Share of panels whose picture is hidden."""
    brief_dropout: float = 0.4
    """Share of stories that come without a brief."""
    brief_words: float = 0.4
    """Share of the telling words that a brief has when there is one."""
    picture_jitter: float = 0.1
    """How much brightness and contrast change."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not 0 <= value < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, got {value:g}")


class Captions:
    """The task: every panel of a story foretold from those before it."""

    name = "writer"

    def __init__(
        self,
        model: WriterModel,
        tokenizer: PreTrainedTokenizerFast,
        train: Material,
        validation: Material,
        *,
        weights: losses.Weights,
        augmentation: Augmentation,
        samples: int,
    ) -> None:
        self.model: nn.Module = _Lesson(model, weights, augmentation)
        self._writer, self._tokenizer = model, tokenizer
        self._train, self._validation, self._samples = train, validation, samples
        self.examples = len(train)
        self.digest = files.digest_of(
            [
                train.panels_digest,
                validation.panels_digest,
                model.config.to_dict(),
                asdict(weights),
                asdict(augmentation),
            ]
        )

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """Whole stories."""
        return self._train.batch(rows)

    def loss(self, model: nn.Module, batch: Mapping[str, Tensor], generator: torch.Generator) -> Tensor:
        """The sum of all parts."""
        loss: Tensor = model(batch, generator)
        return loss

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Loss, BLEU-4 and how well flawed stories are found, on held-out stories."""
        numbers = np.arange(min(len(self._validation), self._samples))
        if not len(numbers):
            return {}
        loss = 0.0
        hyps: list[list[str]] = []
        refs: list[list[list[str]]] = []
        for some in np.array_split(numbers, max(1, len(numbers) // 32)):
            stories = without_brief(self._validation.batch(some), self._writer.config.pad_id)
            read = self._writer(stories)
            loss += float(losses.caption_loss(self._writer, stories, read)) * len(some)
            told, foretold = foretold_captions(self._writer, self._tokenizer, stories, read)
            hyps += [ptb_tokens(text) for text in foretold]
            refs += [[ptb_tokens(text)] for text in told]
        found = judged(self._writer, self._validation, self._samples).auc()
        row = {"loss": loss / len(numbers)} | ({"bleu_4": metrics.bleu(hyps, refs)[3].value} if hyps else {})
        return row | {f"auc_{kind.replace(' ', '_')}": value for kind, value in found.items()}


class _Lesson(nn.Module):
    """The writer and its loss as one module, which is what is spread over several machines."""

    def __init__(self, writer: WriterModel, weights: losses.Weights, augmentation: Augmentation) -> None:
        super().__init__()
        self.writer, self._weights, self._augmentation = writer, weights, augmentation

    def forward(self, batch: Mapping[str, Tensor], generator: torch.Generator) -> Tensor:
        stories = augmented(batch, self._augmentation, self.writer.config.pad_id, generator)
        parts = losses.loss_of(self.writer, stories, truth_of(batch), self._weights, generator)
        return torch.stack(list(parts.values())).sum()


def augmented(
    batch: Mapping[str, Tensor], augmentation: Augmentation, pad_id: int, generator: torch.Generator
) -> Stories:
    """The stories of a batch with parts of them hidden or changed."""

    def chance(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=generator.device)

    b, n = batch["there"].shape
    seen = batch["seen"] & (chance(b, n) >= augmentation.picture_dropout)
    keep = chance(b, int(batch["brief_word"].max()) + 1) < augmentation.brief_words
    keep &= chance(b, 1) >= augmentation.brief_dropout
    brief = batch["brief"].masked_fill(~keep.gather(1, batch["brief_word"]), pad_id)
    pictures = batch["pictures"]
    if pictures.dtype == torch.uint8 and augmentation.picture_jitter:
        # One change for all pictures of a story, as if the same hand had drawn it in another light.
        brighter, steeper = ((chance(b, 1, 1, 1, 1) * 2 - 1) * augmentation.picture_jitter for _ in range(2))
        changed = (pictures.float() - 128) * (1 + steeper) + 128 * (1 + brighter)
        pictures = changed.clamp(0, 255).to(torch.uint8)
    return Stories(batch["words"], pictures, seen, batch["there"], brief, batch["language"])


@torch.no_grad()
def foretold_captions(
    model: WriterModel, tokenizer: PreTrainedTokenizerFast, stories: Stories, read: Read
) -> tuple[list[str], list[str]]:
    """What each panel but the first tells, and what the writer foretells from the panels before it, greedily."""
    config, (b, n, _) = model.config, stories.words.shape
    inputs = torch.full((b, n, 1), config.begin_id, device=stories.words.device)
    ended = ~stories.there
    for _ in range(config.max_tokens - 1):
        mask = model.view(read.memory, torch.arange(n, device=inputs.device))
        hidden = model.decoder(model.pieces(inputs), read.context[:, :n], read.memory, mask)[:, :, -1:]
        writes, shares = model.copying(hidden, read.memory, mask)
        pieces = read.memory.pieces[:, None].expand(-1, n, -1).flatten(0, 1)
        chances = log_chances(
            model.logits(hidden).flatten(0, 2), writes.flatten(), shares.flatten(0, 2), pieces
        ).unflatten(0, (b, n))
        chances[..., [config.pad_id, config.unknown_id, config.begin_id]] = -torch.inf
        following = chances.argmax(-1).masked_fill(ended, config.pad_id)
        inputs = torch.cat([inputs, following.unsqueeze(-1)], -1)
        ended = ended | (following == config.end_id)
        if bool(ended.all()):
            break
    later = stories.there.clone()
    later[:, 0] = False
    told, foretold = stories.words[later].tolist(), inputs[later].tolist()
    return tokenizer.batch_decode(told, skip_special_tokens=True), tokenizer.batch_decode(
        foretold, skip_special_tokens=True
    )
