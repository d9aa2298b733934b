"""Teaches a writer: the task that the training loop runs, and what is measured on the way.

Knows nothing about steps or where a writer is kept.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from storywright import files
from storywright.critic import metrics
from storywright.critic.encoder import weights_digest
from storywright.critic.metrics.ptb import ptb_tokens
from storywright.writer import losses
from storywright.writer.augmentation import Augmentation, augmented
from storywright.writer.decoder import log_chances
from storywright.writer.material import Material, without_brief
from storywright.writer.network import Read, Stories, WriterModel

_SAMPLES = 8


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
        journal: Path | None = None,
    ) -> None:
        self.model: nn.Module = _Lesson(model, weights, augmentation)
        self._journal = journal
        self._writer, self._tokenizer = model, tokenizer
        self._train, self._validation, self._samples = train, validation, samples
        self.examples = len(train)
        self.digest = files.digest_of(
            [
                train.panels_digest,
                validation.panels_digest,
                model.config.to_dict(),
                weights_digest(model.picture),
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
        """Loss and BLEU-4 on held-out stories."""
        numbers = np.arange(min(len(self._validation), self._samples))
        if not len(numbers):
            return {}
        loss = 0.0
        all_told: list[str] = []
        all_foretold: list[str] = []
        for some in np.array_split(numbers, max(1, len(numbers) // 32)):
            stories = without_brief(self._validation.batch(some), self._writer.config.pad_id)
            read = self._writer(stories)
            loss += float(losses.caption_loss(self._writer, stories, read)) * len(some)
            told, foretold = foretold_captions(self._writer, self._tokenizer, stories, read)
            all_told, all_foretold = all_told + told, all_foretold + foretold
        hyps, refs = [ptb_tokens(text) for text in all_foretold], [[ptb_tokens(text)] for text in all_told]
        loss /= len(numbers)
        if self._journal:
            _note(self._journal, loss, list(zip(all_told, all_foretold, strict=True))[:_SAMPLES])
        return {"loss": loss} | ({"bleu_4": metrics.bleu(hyps, refs)[3].value} if hyps else {})


def samples_in(journal: Path, curve: Sequence[Mapping[str, float]], final: Mapping[str, float]) -> str:
    """What was foretold at each validation of a run, for people to read: the first first."""
    noted = _noted(journal)
    lines = []
    validated = [(f"step {row['step']:.0f}", row["validation_loss"]) for row in curve if "validation_loss" in row]
    for when, loss in [*validated, ("at the end", final.get("loss", float("nan")))]:
        lines += [f"{when}: loss {loss:.4f}"] if repr(loss) in noted else []
        for told, foretold in noted.get(repr(loss), ()):
            lines += [f"  told      {told}", f"  foretold  {foretold}", ""]
    return "\n".join(lines) or "There are no validation stories.\n"


def _note(journal: Path, loss: float, samples: list[tuple[str, str]]) -> None:
    """Keep samples by the loss of their validation, which is the same when a run that was ended makes it again."""
    files.write_json(journal, _noted(journal) | {repr(loss): samples})


def _noted(journal: Path) -> dict[str, list[tuple[str, str]]]:
    if not journal.is_file():
        return {}
    noted: dict[str, list[tuple[str, str]]] = json.loads(journal.read_text(encoding="utf-8"))
    return noted


class _Lesson(nn.Module):
    """The writer and its loss as one module, which is what is spread over several machines."""

    def __init__(self, writer: WriterModel, weights: losses.Weights, augmentation: Augmentation) -> None:
        super().__init__()
        self.writer, self._weights, self._augmentation = writer, weights, augmentation

    def forward(self, batch: Mapping[str, Tensor], generator: torch.Generator) -> Tensor:
        stories, truth = augmented(batch, self._augmentation, self.writer.config.pad_id, generator)
        parts = losses.loss_of(self.writer, stories, truth, self._weights, generator)
        return torch.stack(list(parts.values())).sum()


@torch.no_grad()
def foretold_captions(
    model: WriterModel, tokenizer: PreTrainedTokenizerFast, stories: Stories, read: Read
) -> tuple[list[str], list[str]]:
    """What each panel but the first tells, and what the writer foretells from the panels before it, greedily."""
    config, (b, n, _) = model.config, stories.words.shape
    device = stories.words.device
    mask = model.view(read.memory, torch.arange(n, device=device))
    begun, context = model.decoder.begun(read.memory, mask), read.context[:, :n]
    pieces = read.memory.pieces[:, None].expand(-1, n, -1).flatten(0, 1)
    written = [torch.full((b, n), config.begin_id, device=device)]
    ended = ~stories.there
    for _ in range(config.max_tokens - 1):
        hidden = model.decoder.after(model.pieces(written[-1]), context, begun).unsqueeze(2)
        writes, shares = model.copying(hidden, read.memory, mask)
        chances = log_chances(model.logits(hidden).flatten(0, 2), writes.flatten(), shares.flatten(0, 2), pieces)
        chances[:, [config.pad_id, config.unknown_id, config.begin_id]] = -torch.inf
        following = chances.argmax(-1).view(b, n).masked_fill(ended, config.pad_id)
        written.append(following)
        ended = ended | (following == config.end_id)
        if bool(ended.all()):
            break
    inputs = torch.stack(written, -1)
    later = stories.there.clone()
    later[:, 0] = False
    told, foretold = stories.words[later].tolist(), inputs[later].tolist()
    return tokenizer.batch_decode(told, skip_special_tokens=True), tokenizer.batch_decode(
        foretold, skip_special_tokens=True
    )
