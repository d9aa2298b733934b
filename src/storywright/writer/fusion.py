"""How the words and the picture of one panel meet.

Each kind gives the vectors that the decoder looks back at, one vector for the whole panel, and how much each word
looked at each region. Knows nothing about other panels.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from storywright.writer.attention import Transform
from storywright.writer.config import WriterConfig


@dataclass(frozen=True, slots=True)
class Fused:
    """Panels whose words and picture have met."""

    words: Tensor
    """(n, t, d)"""
    regions: Tensor | None
    """(n, r, d); None where the decoder does not see the picture by regions."""
    panel: Tensor
    """(n, d)"""
    looks: Tensor | None
    """(n, t, r): where each word looked; rows add up to one."""


def fusion_of(config: WriterConfig) -> nn.Module:
    """The kind that the configuration names."""
    kinds: dict[str, type[nn.Module]] = {
        "none": WordsOnly,
        "concat": Concatenated,
        "cross_attention": CrossAttending,
        "cmar": Refining,
    }
    return kinds[config.fusion](config)


class WordsOnly(nn.Module):
    """The picture is not looked at."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        self.pool = nn.Linear(config.width, config.width)

    def forward(self, words: Tensor, mask: Tensor, regions: Tensor) -> Fused:
        """The words as they are."""
        return Fused(words, None, self.pool(mean_of(words, mask)), None)


class Concatenated(nn.Module):
    """The picture's mean vector is put beside each word."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        self.join = nn.Linear(2 * config.width, config.width)
        self.pool = nn.Linear(2 * config.width, config.width)

    def forward(self, words: Tensor, mask: Tensor, regions: Tensor) -> Fused:
        """Each word with the whole picture."""
        picture = regions.mean(1)
        joined = self.join(torch.cat([words, picture[:, None].expand_as(words)], -1))
        return Fused(joined, None, self.pool(torch.cat([mean_of(words, mask), picture], -1)), None)


class CrossAttending(nn.Module):
    """Each word looks at the regions once."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        self.affinity, self.take = _Affinity(config), _Taking(config)
        self.pool = nn.Linear(2 * config.width, config.width)

    def forward(self, words: Tensor, mask: Tensor, regions: Tensor) -> Fused:
        """Words that have looked."""
        looks = self.affinity(words, regions).softmax(-1)
        met = self.take(words, regions, looks)
        return Fused(met, None, self.pool(torch.cat([mean_of(met, mask), regions.mean(1)], -1)), looks)


class Refining(nn.Module):
    """Cross-modal attention refinement: words look at regions and regions at words, over several rounds.

    What a round found alike is added to what the next one finds, so that each round's alignment sharpens the next.
    """

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        self.rounds = nn.ModuleList(_Round(config) for _ in range(config.rounds))
        self.carry = nn.Parameter(torch.zeros(config.rounds - 1))
        self.pool = nn.Linear(2 * config.width, config.width)
        self.remembers = config.remembers_regions

    def forward(self, words: Tensor, mask: Tensor, regions: Tensor) -> Fused:
        """Words and regions that have looked at each other."""
        found, looks = words.new_zeros(()), None
        for number, one in enumerate(self.rounds):
            carried = found * self.carry[number - 1].exp() if number else found
            words, regions, found, looks = one(words, mask, regions, carried)
        panel = self.pool(torch.cat([mean_of(words, mask), regions.mean(1)], -1))
        return Fused(words, regions if self.remembers else None, panel, looks)


class _Round(nn.Module):
    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        self.affinity, self.words, self.regions = _Affinity(config), _Taking(config), _Taking(config)

    def forward(
        self, words: Tensor, mask: Tensor, regions: Tensor, carried: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        found = self.affinity(words, regions) + carried
        looks = found.softmax(-1)
        back = found.transpose(1, 2).masked_fill(~mask[:, None, :], torch.finfo(found.dtype).min).softmax(-1)
        return self.words(words, regions, looks), self.regions(regions, words, back), found, looks


class _Affinity(nn.Module):
    """How alike each word is to each region."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        self.norm, self.other_norm = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        self.query, self.key = nn.Linear(config.width, config.width), nn.Linear(config.width, config.width)

    def forward(self, words: Tensor, regions: Tensor) -> Tensor:
        query, key = self.query(self.norm(words)), self.key(self.other_norm(regions))
        return query @ key.transpose(1, 2) / query.shape[-1] ** 0.5  # (n, t, d), (n, r, d) -> (n, t, r)


class _Taking(nn.Module):
    """The ones take from the others, each as much as it looks there and as a gate lets through."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        width = config.width
        self.norm, self.value = nn.LayerNorm(width), nn.Linear(width, width)
        self.gate = nn.Linear(2 * width, width)
        self.dropout, self.transform = nn.Dropout(config.dropout), Transform(width, config.dropout, times=2)

    def forward(self, ones: Tensor, others: Tensor, looks: Tensor) -> Tensor:
        taken = looks @ self.value(self.norm(others))
        gate = self.gate(torch.cat([ones, taken], -1)).sigmoid()
        transformed: Tensor = self.transform(ones + self.dropout(gate * taken))
        return transformed


class Alignment(nn.Module):
    """Words and regions in one space, where a caption is nearer to its own picture than to others: needs no labels."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        self.words, self.regions = nn.Linear(config.width, config.width), nn.Linear(config.width, config.width)
        self.scale = nn.Parameter(torch.tensor(2.3))

    def forward(self, words: Tensor, mask: Tensor, regions: Tensor) -> Tensor:
        """The loss over all pairs of captions and pictures of the batch."""  # (n, t, d), (n, t), (n, r, d)
        ones = nn.functional.normalize(self.words(words), dim=-1)
        others = nn.functional.normalize(self.regions(regions), dim=-1)
        # Each word counts by the region it finds best, so that a small thing is not lost in a large picture.
        alike = torch.einsum("itd,jrd->ijtr", ones, others).amax(-1)
        alike = (alike * mask[:, None]).sum(-1) / mask.sum(-1)[:, None].clamp(min=1)
        logits = alike * self.scale.exp()
        own = torch.arange(len(words), device=words.device)
        return (nn.functional.cross_entropy(logits, own) + nn.functional.cross_entropy(logits.T, own)) / 2


def mean_of(vectors: Tensor, mask: Tensor) -> Tensor:
    """The mean of those that are there."""  # (n, t, d), (n, t) -> (n, d)
    weight = mask.unsqueeze(-1).to(vectors.dtype)
    return (vectors * weight).sum(1) / weight.sum(1).clamp(min=1)
