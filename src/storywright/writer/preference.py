"""Teaching the writer what users like, by pairs of captions: DPO.

Of two captions, each after the panels told before it, the preferred one is to become likelier than it was, and the
other less likely, beside a frozen copy of the writer; a share of the loss is that preferred captions are likely at all,
since an edit's words are often not what the writer would have said. Knows nothing of who preferred what.
"""

import copy
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedTokenizerFast

from storywright import files
from storywright.critic.encoder import weights_digest
from storywright.training import loop
from storywright.writer import material
from storywright.writer.decoder import log_chance_of
from storywright.writer.network import Stories, WriterModel


@dataclass(frozen=True, kw_only=True, slots=True)
class Taste:
    """How far users' preferences may lead the writer."""

    beta: float = 0.1
    """How dear it is to move away from the frozen copy: the smaller, the further."""
    anchor: float = 0.2
    """How much the likelihood of preferred captions counts beside preferring them."""

    def __post_init__(self) -> None:
        if self.beta <= 0 or self.anchor < 0:
            raise ValueError(f"beta must be positive and anchor not negative, got {self.beta:g} and {self.anchor:g}")


@dataclass(frozen=True, slots=True)
class Passage:
    """A caption and what was told before it."""

    before: Sequence[str]
    caption: str


@dataclass(frozen=True, slots=True)
class CaptionPair:
    """Two captions for one place in a story."""

    chosen: Passage
    rejected: Passage
    brief: str
    language: str
    weight: float = 1.0


class Preferring:
    """The training: pairs as pieces; how likely the frozen copy finds them is asked anew at each step."""

    name = "writer's taste"

    def __init__(
        self,
        model: WriterModel,
        tokenizer: PreTrainedTokenizerFast,
        pairs: Sequence[CaptionPair],
        held_out: Sequence[CaptionPair],
        taste: Taste,
    ) -> None:
        self.model: nn.Module = model
        self._before = copy.deepcopy(model).requires_grad_(False).eval()
        self._config, self._tokenizer, self._taste = model.config, tokenizer, taste
        self._pairs, self._held_out = list(pairs), list(held_out)
        width = model.config.critic_width if model.config.picture_encoder == "critic" else model.config.width
        self._seen = (len(model.picture.place), width)
        self.examples = len(pairs)
        self.digest = files.digest_of(
            [
                dataclasses.asdict(taste),
                weights_digest(model),
                [dataclasses.asdict(pair) for pair in [*pairs, *held_out]],
            ]
        )

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """Both sides of these pairs as stories, and their weights."""
        return self._ready([self._pairs[row] for row in rows])

    def loss(self, model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        """How little the preferred captions are preferred, and how unlikely they are."""
        margin, chosen = self._margin(model, batch)
        return (batch["weight"] * (-F.logsigmoid(margin) - self._taste.anchor * chosen)).mean()

    @torch.no_grad()
    def validate(self, model: nn.Module) -> loop.Row:
        """On held-out pairs: the loss, and how often the model came to agree."""
        if not self._held_out:
            return {}
        batch = self._ready(self._held_out)
        margin, _ = self._margin(model, batch)
        agrees = (margin > 0).float() + 0.5 * (margin == 0).float()
        weight = batch["weight"]
        return {
            "loss": float((-F.logsigmoid(margin) * weight).sum() / weight.sum()),
            "agreement": float((agrees * weight).sum() / weight.sum()),
        }

    def _margin(self, model: nn.Module, batch: loop.Batch) -> tuple[Tensor, Tensor]:
        """The logarithm of the odds for the preferred caption of each pair, and its mean log chance of a piece."""
        now, before, count = {}, {}, {}
        for side in ("chosen", "rejected"):
            stories = _stories(batch, side)
            now[side], count[side] = last_log_chance(model, stories)
            with torch.no_grad():
                before[side], _ = last_log_chance(self._before.to(stories.words.device), stories)
        gain = (now["chosen"] - before["chosen"]) - (now["rejected"] - before["rejected"])
        return self._taste.beta * gain, now["chosen"] / count["chosen"]

    def _ready(self, pairs: Sequence[CaptionPair]) -> dict[str, Tensor]:
        languages = self._config.languages or []
        briefs = [material.pieces_of_brief(self._tokenizer, pair.brief, self._config) for pair in pairs]
        rows = {
            "weight": torch.tensor([pair.weight for pair in pairs], dtype=torch.float32),
            "language": torch.tensor([languages.index(pair.language) for pair in pairs]),
            "brief": torch.from_numpy(material.padded(briefs, self._config.pad_id)),
        }
        for side in ("chosen", "rejected"):
            words, there = self._words([getattr(pair, side) for pair in pairs])
            rows |= {f"{side} words": words, f"{side} there": there}
        # No picture is seen: what the writer's eye would make of one is spared.
        rows["blank"] = torch.zeros(len(pairs), *self._seen)
        return rows

    def _words(self, passages: Sequence[Passage]) -> tuple[Tensor, Tensor]:
        """The panels before and the caption itself, the last one; shorter stories are filled up behind."""
        limit, pad = self._config.max_tokens, self._config.pad_id
        told = [[*passage.before, passage.caption][-self._config.max_panels :] for passage in passages]
        most = max(map(len, told))
        rows = [captions + [""] * (most - len(captions)) for captions in told]
        pieces = [
            self._tokenizer(caption)["input_ids"][:limit] if caption else []
            for captions in rows
            for caption in captions
        ]
        words = torch.from_numpy(material.padded(pieces, pad)).view(len(passages), most, -1)
        there = torch.tensor([[at < len(captions) for at in range(most)] for captions in told])
        return words, there


def last_log_chance(model: nn.Module, stories: Stories) -> tuple[Tensor, Tensor]:
    """For each story the log chance of its last panel's caption after the panels before, and its number of pieces."""
    writer: Any = model
    read = writer(stories)
    inputs, targets = stories.words[..., :-1], stories.words[..., 1:]
    last = F.one_hot(stories.there.sum(1) - 1, stories.there.shape[1]).bool()
    counted = writer.is_word(targets) & last.unsqueeze(-1)
    hidden, writes, shares = writer.foretell(read, inputs)
    logits, pieces = writer.logits(hidden[counted]), read.memory.pieces[:, None, None].expand_as(shares)[counted]
    chances = log_chance_of(targets[counted], logits, writes[counted], shares[counted], pieces)
    story = torch.arange(len(targets), device=targets.device).view(-1, 1, 1).expand_as(targets)[counted]
    sums = chances.new_zeros(len(targets)).index_add(0, story, chances)
    return sums, counted.sum((1, 2)).clamp(min=1)


def _stories(batch: loop.Batch, side: str) -> Stories:
    words, there = batch[f"{side} words"], batch[f"{side} there"]
    blank = batch["blank"]
    pictures = blank.unsqueeze(1).expand(-1, words.shape[1], *blank.shape[1:])
    return Stories(words, pictures, torch.zeros_like(there), there, batch["brief"], batch["language"])
