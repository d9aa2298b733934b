"""Attention of several heads, and the layer that transforms each vector by itself. Knows nothing about stories."""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Attention(nn.Module):
    """Queries look at keys; where `mask` is False they do not."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.query, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)

    def forward(self, queries: Tensor, keys: Tensor, mask: Tensor | None = None, causal: bool = False) -> Tensor:
        """Each query's answer."""  # (b, q, d), (b, k, d), mask (b or 1, q or 1, k) -> (b, q, d)
        return self.answer(queries, *self.ready(keys), mask, causal)

    def ready(self, keys: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values, which can be kept for later queries."""  # (b, k, d) -> twice (b, heads, k, d / heads)
        key, value = (self._split(x) for x in self.key_value(keys).chunk(2, dim=-1))
        return key, value

    def answer(
        self, queries: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, causal: bool = False
    ) -> Tensor:
        """Each query's answer from keys and values that were made ready."""
        dropout = self.dropout if self.training else 0.0
        seen = None if mask is None else mask.unsqueeze(1)
        found = F.scaled_dot_product_attention(self._split(self.query(queries)), key, value, seen, dropout, causal)
        return self.out(found.transpose(1, 2).flatten(2))

    def answer_one(self, queries: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        """`answer` without dropout, for a query or two, where calling a module costs as much as its product."""
        seen = None if mask is None else mask.unsqueeze(1)
        found = F.scaled_dot_product_attention(self._split(linear(self.query, queries)), key, value, seen)
        return linear(self.out, found.transpose(1, 2).flatten(2))

    def ready_one(self, keys: Tensor) -> tuple[Tensor, Tensor]:
        """`ready` for a key or two."""
        key, value = (self._split(x) for x in linear(self.key_value, keys).chunk(2, dim=-1))
        return key, value

    def shares(self, queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """How much each query looks at each key, as the mean of the heads."""  # -> (b, q, k)
        key, _ = self.ready(keys)
        alike = self._split(self.query(queries)) @ key.transpose(-1, -2) / key.shape[-1] ** 0.5
        return alike.masked_fill(~mask.unsqueeze(1), float("-inf")).softmax(-1).mean(1)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Transform(nn.Module):
    """Two linear layers, added to what came in."""

    def __init__(self, width: int, dropout: float, times: int = 4) -> None:
        super().__init__()
        inner = times * width
        self.inner = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, inner), nn.GELU(), nn.Linear(inner, width), nn.Dropout(dropout)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Each vector by itself."""
        return x + self.inner(x)

    def one(self, x: Tensor) -> Tensor:
        """The same without dropout, for a vector or two."""
        norm, widen, narrow = cast(nn.LayerNorm, self.inner[0]), *(cast(nn.Linear, self.inner[at]) for at in (1, 3))
        return x + linear(narrow, F.gelu(linear(widen, normed(norm, x))))


class SelfAttending(nn.Module):
    """A transformer's layer: look at one another, then transform."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(width), Attention(width, heads, dropout)
        self.dropout, self.transform = nn.Dropout(dropout), Transform(width, dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None, causal: bool = False) -> Tensor:
        """Each vector with what it took from the others."""
        normed = self.norm(x)
        return self.transform(x + self.dropout(self.attention(normed, normed, mask, causal)))

    def after(self, x: Tensor, before: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """One more vector of each row, which looks at itself and at those before it; and what is kept for the next."""
        clean = normed(self.norm, x)  # (b, 1, d)
        key, value = self.attention.ready_one(clean)
        if before is not None:
            key, value = torch.cat([before[0], key], 2), torch.cat([before[1], value], 2)
        return self.transform.one(x + self.attention.answer_one(clean, key, value)), (key, value)


def linear(layer: nn.Linear, x: Tensor) -> Tensor:
    """What the layer makes of it, without the cost of calling a module."""
    return F.linear(x, layer.weight, layer.bias)


def normed(norm: nn.LayerNorm, x: Tensor) -> Tensor:
    """Likewise."""
    return torch.layer_norm(x, norm.normalized_shape, norm.weight, norm.bias, norm.eps)
