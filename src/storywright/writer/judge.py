"""Judges whether panels are one story in its order, by looking for what each panel shows and says in the others.

What belongs to a story comes again: a name, a shirt, a place. A panel from elsewhere has words and things that are
found nowhere else; where somebody suddenly looks different, the looks of the others are missed and new ones are there.
Knows nothing about what is told next.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from storywright.writer.config import WriterConfig
from storywright.writer.fusion import mean_of

_ABSENT = -1.0  # the cosine of what is not there


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is thought of some stories."""

    story: Tensor
    """(b): a logit, high where the panels belong together in this order."""
    panels: Tensor
    """(b, n): a logit, high where a panel does not belong to its place."""
    tags: Tensor
    """(b, n, tags): logits of what each panel is about."""


class StoryScore(nn.Module):
    """Compares the panels of a story with one another, then reads what was found in their order."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        width, tags = config.width, max(len(config.tags or []), 1)
        self.pad_id, self.vocabulary = config.pad_id, config.vocab_size
        self.words = Weighing(width, _WAYS_SAID)
        self.regions = Comparing(width, config.heads) if config.fusion != "none" else None
        self.join = nn.Linear((4 if self.regions else 2) * width, width)
        self.when = nn.Parameter(torch.randn(config.max_panels, width) * 0.02)
        self.tags = nn.Linear(width, tags)
        self.tag_embedding = nn.Linear(tags, width, bias=False)
        self.reader = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.panel = nn.Linear(2 * width, 1)
        self.judge = nn.Sequential(nn.Linear(4 * width + 1, width), nn.GELU(), nn.Linear(width, 1))

    def forward(self, words: Tensor, pieces: Tensor, regions: Tensor, seen: Tensor, there: Tensor) -> Judgement:
        """Stories by their words and the regions of their pictures, before the two have met."""
        # words (b, n, t, d) and their pieces (b, n, t), regions (b, n, r, d), seen and there (b, n)
        is_word = (pieces != self.pad_id) & there.unsqueeze(-1)
        found = [self.words(words, said_again(pieces, is_word, self.vocabulary).to(words.dtype), is_word)]
        if self.regions is not None:
            found.append(self.regions(regions, (seen & there).unsqueeze(-1).expand(regions.shape[:3])))
        panels = self.join(torch.cat(found, -1))
        tags = self.tags(panels)
        read = self._read(panels + self.when[: panels.shape[1]] + self.tag_embedding(tags.sigmoid()), there)
        strange = self.panel(read).squeeze(-1)
        # The mean says how the story is, the largest how its worst place is.
        lowest = torch.finfo(read.dtype).min
        worst = read.masked_fill(~there.unsqueeze(-1), lowest).amax(1)
        strangest = strange.masked_fill(~there, lowest).amax(1, keepdim=True)
        story = self.judge(torch.cat([mean_of(read, there), worst, strangest], -1)).squeeze(-1)
        return Judgement(story, strange, tags)

    def _read(self, panels: Tensor, there: Tensor) -> Tensor:
        lengths = there.sum(1).clamp(min=1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(panels, lengths, batch_first=True, enforce_sorted=False)
        read, _ = nn.utils.rnn.pad_packed_sequence(
            self.reader(packed)[0], batch_first=True, total_length=panels.shape[1]
        )
        return read


class Weighing(nn.Module):
    """What each vector of a panel is worth, with what is known of where it comes again."""

    def __init__(self, width: int, known: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.weigh = nn.Sequential(nn.Linear(width + known, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, vectors: Tensor, known: Tensor, mask: Tensor) -> Tensor:
        """The mean and the largest over each panel."""
        # (b, n, t, d), (b, n, t, known), (b, n, t) -> (b, n, 2d)
        found = self.weigh(torch.cat([self.norm(vectors), known], -1))
        inside = mask.unsqueeze(-1)
        mean = (found * inside).sum(2) / inside.sum(2).clamp(min=1)
        largest = found.masked_fill(~inside, torch.finfo(found.dtype).min).amax(2) * inside.any(2)
        return torch.cat([mean, largest], -1)


class Comparing(nn.Module):
    """How well each region of a panel is found again in each other panel of its story."""

    def __init__(self, width: int, aspects: int) -> None:
        super().__init__()
        self.aspects = aspects
        self.norm, self.aspect = nn.LayerNorm(width), nn.Linear(width, width)
        self.weighing = Weighing(width, 3 * aspects)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """What was found of each panel."""  # (b, n, t, d), (b, n, t) -> (b, n, 2d)
        found: Tensor = self.weighing(vectors, self._again(self.norm(vectors), mask), mask)
        return found

    def _again(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """For each vector and aspect the best cosine in each other panel: their mean, the best and the worst."""
        n, t = mask.shape[1:]
        aspects = self.aspect(vectors).unflatten(-1, (self.aspects, -1)).flatten(1, 2).transpose(1, 2)
        aspects = nn.functional.normalize(aspects, dim=-1)  # (b, aspects, n * t, d / aspects)
        cosines = (aspects @ aspects.transpose(-1, -2)).unflatten(-1, (n, t))
        best = cosines.masked_fill(~mask[:, None, None], _ABSENT).amax(-1)  # (b, aspects, n * t, n)
        best = best.permute(0, 2, 3, 1).unflatten(1, (n, t))  # (b, n, t, n, aspects)
        others = mask.any(-1).unsqueeze(1) & ~torch.eye(n, dtype=torch.bool, device=mask.device)
        others = others[:, :, None, :, None]
        mean = (best * others).sum(3) / others.sum(3).clamp(min=1)
        least = torch.where(others.any(3), best.masked_fill(~others, -_ABSENT).amin(3), _ABSENT)
        return torch.cat([mean, best.masked_fill(~others, _ABSENT).amax(3), least], -1)


_WAYS_SAID = 3


def said_again(pieces: Tensor, is_word: Tensor, vocabulary: int) -> Tensor:
    """For each piece: in what share of the other panels it is said, whether in any, and whether in a neighbour."""
    # (b, n, t), (b, n, t) -> (b, n, t, 3)
    b, n, t = pieces.shape
    said = torch.zeros(b, n, vocabulary, dtype=torch.bool, device=pieces.device)
    story, panel, _ = is_word.nonzero(as_tuple=True)
    said[story, panel, pieces[is_word]] = True
    again = said.gather(2, pieces.reshape(b, 1, n * t).expand(-1, n, -1)).view(b, n, n, t).permute(0, 2, 3, 1)
    distance = torch.arange(n, device=pieces.device)
    distance = (distance[:, None] - distance).abs()
    there = is_word.any(-1)
    others = (there.unsqueeze(1) & (distance > 0))[:, :, None]  # (b, n, 1, n)
    again = again & others
    share = again.sum(-1) / others.sum(-1).clamp(min=1)
    return torch.stack([share, again.any(-1).float(), (again & (distance == 1)[None, :, None]).any(-1).float()], -1)
