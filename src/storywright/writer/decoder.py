"""Writes a caption piece by piece, looking back at the panels and the brief, and copying names from them.

Knows nothing about how the next piece is chosen: it gives what each could be.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from storywright.writer.attention import Attention, SelfAttending, Transform
from storywright.writer.config import WriterConfig


@dataclass(frozen=True, slots=True)
class Memory:
    """What the decoder may look back at: the brief, and each panel's words and regions."""

    vectors: Tensor
    """(b, m, d)"""
    panel: Tensor
    """(b, m): which panel each belongs to; -1 is the brief, and NOWHERE is padding."""
    pieces: Tensor
    """(b, m): the piece that can be copied from there; -1 where there is none."""
    region: Tensor
    """(b, m): which region of the picture it is; -1 for words."""


NOWHERE = 10_000


class Decoder(nn.Module):
    """Transformer layers that look at the caption so far, then at the memory."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.randn(config.max_tokens, config.width) * 0.02)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.decoder_layers))
        self.norm = nn.LayerNorm(config.width)

    def forward(self, embedded: Tensor, context: Tensor, memory: Memory, mask: Tensor) -> Tensor:
        """Captions of several panels of the same story at once, each with its own view of the memory."""
        # embedded (b, n, t, d), context (b, n, d), mask (b, n, m) -> (b, n, t, d)
        b, n, t, _ = embedded.shape
        x = (embedded + self.place[:t] + context.unsqueeze(2)).flatten(0, 1)
        for layer in self.layers:
            x = layer(x, memory.vectors, _each_piece(mask, t), b)
        return self.norm(x).unflatten(0, (b, n))

    def looks(self, embedded: Tensor, context: Tensor, memory: Memory, mask: Tensor) -> Tensor:
        """How much each piece looked back at each place of the memory, in the last layer."""  # -> (b, n, t, m)
        b, n, t, _ = embedded.shape
        x, seen = (embedded + self.place[:t] + context.unsqueeze(2)).flatten(0, 1), _each_piece(mask, t)
        for layer in self.layers[:-1]:
            x = layer(x, memory.vectors, seen, b)
        last = self.layers[-1]
        assert isinstance(last, _Layer)
        queries = last.norm(last.own(x, causal=True)).reshape(b, n * t, -1)
        return last.attention.shares(queries, memory.vectors, seen).unflatten(1, (n, t))


def _each_piece(mask: Tensor, pieces: int) -> Tensor:
    return mask.unsqueeze(2).expand(-1, -1, pieces, -1).flatten(1, 2)  # (b, n, m) -> (b, n * t, m)


class _Layer(nn.Module):
    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        width, heads, dropout = config.width, config.heads, config.dropout
        self.own = SelfAttending(width, heads, dropout)
        self.norm, self.attention = nn.LayerNorm(width), Attention(width, heads, dropout)
        self.dropout, self.transform = nn.Dropout(dropout), Transform(width, dropout)

    def forward(self, x: Tensor, memory: Tensor, seen: Tensor, stories: int) -> Tensor:
        x = self.own(x, causal=True)
        # All captions of a story look at one memory: their pieces stand in one row for that.
        queries = self.norm(x).reshape(stories, -1, x.shape[-1])
        return self.transform(x + self.dropout(self.attention(queries, memory, seen)).reshape(x.shape))


class Copying(nn.Module):
    """Chooses between writing a piece of the vocabulary and copying one from the memory."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        self.query, self.key = nn.Linear(config.width, config.width), nn.Linear(config.width, config.width)
        self.writes = nn.Linear(config.width, 1)

    def forward(self, hidden: Tensor, memory: Memory, mask: Tensor) -> tuple[Tensor, Tensor]:
        """How sure it is to write rather than copy, and from where it would copy."""
        # hidden (b, n, t, d), mask (b, n, m) -> logit (b, n, t), shares (b, n, t, m)
        scores = torch.einsum("bntd,bmd->bntm", self.query(hidden), self.key(memory.vectors)) / hidden.shape[-1] ** 0.5
        able = (mask & (memory.pieces >= 0).unsqueeze(1)).unsqueeze(2)
        scores = scores.masked_fill(~able, torch.finfo(scores.dtype).min)
        shares = scores.softmax(-1) * able
        # With nothing to copy, it writes.
        certain = torch.where(able.any(-1), 0.0, 1e4).to(scores.dtype)
        return self.writes(hidden).squeeze(-1) + certain, shares


def log_chance_of(targets: Tensor, logits: Tensor, writes: Tensor, shares: Tensor, pieces: Tensor) -> Tensor:
    """The logarithm of the chance of each target, written or copied."""
    # targets (b, n, t), logits (b, n, t, v), writes (b, n, t), shares (b, n, t, m), pieces (b, m) -> (b, n, t)
    written = logits.gather(-1, targets.unsqueeze(-1)).squeeze(-1) - logits.logsumexp(-1)
    copied = (shares * (pieces[:, None, None] == targets.unsqueeze(-1))).sum(-1)
    return torch.logaddexp(
        nn.functional.logsigmoid(writes) + written, nn.functional.logsigmoid(-writes) + copied.clamp(min=1e-9).log()
    )


def log_chances(logits: Tensor, writes: Tensor, shares: Tensor, pieces: Tensor) -> Tensor:
    """The logarithm of the chance of every piece of the vocabulary to be next."""
    # logits (b, v), writes (b), shares (b, m), pieces (b, m) -> (b, v)
    copied = torch.zeros_like(logits).scatter_add_(1, pieces.clamp(min=0), shares)
    chances = logits.softmax(-1) * writes.sigmoid().unsqueeze(1) + copied * (-writes).sigmoid().unsqueeze(1)
    return chances.clamp(min=1e-12).log()
