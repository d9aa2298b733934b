"""Writes a caption piece by piece, looking back at the panels and the brief, and copying names from them.

Knows nothing about how the next piece is chosen: it gives what each could be.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from storywright.writer.attention import Attention, SelfAttending, Transform, linear, normed
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

    def known(self, mask: Tensor) -> "Memory":
        """Of a single story, the places where the mask is True."""  # (m)
        assert len(self.vectors) == 1
        return Memory(self.vectors[:, mask], self.panel[:, mask], self.pieces[:, mask], self.region[:, mask])


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

    def begun(self, memory: Memory, mask: Tensor | None = None) -> "Begun":
        """Made ready to write captions piece by piece; without a mask all of the memory may be looked at."""
        # mask (b, n, m) or (b, 1, m)
        return Begun(
            [layer.attention.ready(memory.vectors) for layer in self._layers()], mask, [None for _ in self.layers]
        )

    def after(self, embedded: Tensor, context: Tensor, begun: "Begun") -> Tensor:
        """The hidden state of one more piece of each caption, given those that came before."""
        # embedded (b, n, d), context (b, n or 1, d) -> (b, n, d)
        x = embedded + self.place[begun.length] + context
        for number, layer in enumerate(self._layers()):
            x, begun.own[number] = layer.after(x, begun.memory[number], begun.mask, begun.own[number])
        return normed(self.norm, x)

    def _layers(self) -> "list[_Layer]":
        return [layer for layer in self.layers if isinstance(layer, _Layer)]

    def looks(self, embedded: Tensor, context: Tensor, memory: Memory, mask: Tensor) -> Tensor:
        """How much each piece looked back at each place of the memory, in the last layer."""  # -> (b, n, t, m)
        b, n, t, _ = embedded.shape
        x, seen = (embedded + self.place[:t] + context.unsqueeze(2)).flatten(0, 1), _each_piece(mask, t)
        for layer in self.layers[:-1]:
            x = layer(x, memory.vectors, seen, b)
        last = self._layers()[-1]
        queries = last.norm(last.own(x, causal=True)).reshape(b, n * t, -1)
        return last.attention.shares(queries, memory.vectors, seen).unflatten(1, (n, t))


@dataclass(slots=True)
class Begun:
    """Captions half written: what each layer keeps so that no piece is read twice."""

    memory: list[tuple[Tensor, Tensor]]
    """By layer, keys and values of the memory, which the captions of a story share."""
    mask: Tensor | None
    own: list[tuple[Tensor, Tensor] | None]
    """By layer, keys and values of the pieces so far, a row for each caption."""

    @property
    def length(self) -> int:
        """How many pieces were read."""
        return 0 if self.own[0] is None else self.own[0][0].shape[2]

    def keep(self, rows: Tensor) -> None:
        """Go on with these captions of a single story, some perhaps twice."""
        self.own = [None if pair is None else (pair[0][rows], pair[1][rows]) for pair in self.own]


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

    def after(
        self,
        x: Tensor,
        memory: tuple[Tensor, Tensor],
        mask: Tensor | None,
        own: tuple[Tensor, Tensor] | None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        one, own = self.own.after(x.flatten(0, 1).unsqueeze(1), own)
        x = one.view(x.shape)
        return self.transform.one(x + self.attention.answer_one(normed(self.norm, x), *memory, mask)), own


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

    def of_ready(self, hidden: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """The same for single pieces, with the keys of the places that can be copied from made ready."""
        # hidden (k, d), key (c, d) -> logit (k), shares (k, c)
        shares = (linear(self.query, hidden) @ key.T / hidden.shape[-1] ** 0.5).softmax(-1)
        return linear(self.writes, hidden).squeeze(-1) + (0.0 if len(key) else 1e4), shares


def log_chance_of(targets: Tensor, logits: Tensor, writes: Tensor, shares: Tensor, pieces: Tensor) -> Tensor:
    """The logarithm of the chance of each target, written or copied."""
    # targets (k), logits (k, v), writes (k), shares (k, m), pieces (k, m) -> (k)
    written = -nn.functional.cross_entropy(logits, targets, reduction="none")
    copied = (shares * (pieces == targets.unsqueeze(-1))).sum(-1)
    return torch.logaddexp(
        nn.functional.logsigmoid(writes) + written, nn.functional.logsigmoid(-writes) + copied.clamp(min=1e-9).log()
    )


def log_chances(logits: Tensor, writes: Tensor, shares: Tensor, pieces: Tensor) -> Tensor:
    """The logarithm of the chance of every piece of the vocabulary to be next."""
    # logits (b, v), writes (b), shares (b, m), pieces (b, m) -> (b, v)
    copied = torch.zeros_like(logits).scatter_add_(1, pieces.clamp(min=0), shares)
    chances = logits.softmax(-1) * writes.sigmoid().unsqueeze(1) + copied * (-writes).sigmoid().unsqueeze(1)
    return chances.clamp(min=1e-12).log()
