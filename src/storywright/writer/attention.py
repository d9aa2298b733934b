"""Attention of several heads, and the layer that transforms each vector by itself. Knows nothing about stories."""

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
        key, value = (self._split(x) for x in self.key_value(keys).chunk(2, dim=-1))
        dropout = self.dropout if self.training else 0.0
        seen = None if mask is None else mask.unsqueeze(1)
        found = F.scaled_dot_product_attention(self._split(self.query(queries)), key, value, seen, dropout, causal)
        return self.out(found.transpose(1, 2).flatten(2))

    def shares(self, queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """How much each query looks at each key, as the mean of the heads."""  # -> (b, q, k)
        key = self._split(self.key_value(keys).chunk(2, dim=-1)[0])
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
