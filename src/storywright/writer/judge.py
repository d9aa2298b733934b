"""Judges whether panels are one story in its order, by looking for what each panel says and shows in the others.

What belongs to a story comes again: a name, a yellow jacket, a kitchen. So the judge is told which words and pairs of
words describe each picture, and asks of each panel what it says and shows that is found nowhere else, and what the
others show and it does not, above all those that speak of the same people and things. Knows nothing about what is told
next, nor how pictures are read.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from storywright.writer.config import WriterConfig
from storywright.writer.fusion import mean_of


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
        self.pad_id = config.pad_id
        self.words = Sayings(config.vocab_size, width)
        self.pictures = Showings(width, num_descriptions(config)) if config.fusion != "none" else None
        self.join = nn.Sequential(nn.GELU(), nn.Linear((3 if self.pictures else 2) * width, width))
        self.when = nn.Parameter(torch.randn(config.max_panels, width) * 0.02)
        self.tags = nn.Linear(width, tags)
        self.tag_embedding = nn.Linear(tags, width, bias=False)
        self.reader = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.panel = nn.Linear(2 * width, 1)
        self.judge = nn.Sequential(nn.Linear(4 * width + 1, width), nn.GELU(), nn.Linear(width, 1))

    def forward(self, pieces: Tensor, shown: Tensor | None, seen: Tensor, there: Tensor) -> Judgement:
        """Stories by the pieces of their captions, and how surely each description is one of each picture."""
        # pieces (b, n, t), shown (b, n, k), seen and there (b, n)
        vectors, said = self.words(pieces, (pieces != self.pad_id) & there.unsqueeze(-1))
        found = [vectors]
        if self.pictures is not None:
            assert shown is not None, "a writer that looks at pictures judges by them"
            found.append(self.pictures(shown, seen & there, said))
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


class Sayings(nn.Module):
    """What each panel says, and what of it is said in no other panel."""

    def __init__(self, vocabulary: int, width: int) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.said, self.alone = nn.Embedding(vocabulary, width), nn.Embedding(vocabulary, width)

    def forward(self, pieces: Tensor, is_word: Tensor) -> tuple[Tensor, Tensor]:
        """The panels' vectors, and which pieces each of them says."""  # -> (b, n, 2d), (b, n, v)
        said = said_in(pieces, is_word, self.vocabulary)
        alone = is_word & ~said_elsewhere(said).gather(2, pieces)
        length = is_word.sum(-1, keepdim=True).clamp(min=1) ** 0.5
        vectors = [
            (embedding(pieces) * counted.unsqueeze(-1)).sum(2) / length
            for embedding, counted in ((self.said, is_word), (self.alone, alone))
        ]
        return torch.cat(vectors, -1), said


class Showings(nn.Module):
    """What describes each picture, beside what describes the others of its story."""

    def __init__(self, width: int, descriptions: int) -> None:
        super().__init__()
        self.compare = nn.Linear(7 * descriptions, width)

    def forward(self, shown: Tensor, seen: Tensor, said: Tensor) -> Tensor:
        """The panels' vectors."""  # (b, n, k), (b, n), (b, n, v) -> (b, n, d)
        here = shown * seen.unsqueeze(-1)
        other = seen.unsqueeze(1) & ~torch.eye(seen.shape[1], dtype=torch.bool, device=seen.device)
        most = (here.unsqueeze(1) * other.unsqueeze(-1)).amax(2)
        usual, akin = (_shares(weight, other) @ here for weight in (other.to(here.dtype), _likeness(said, other)))
        compared = [here, here * (1 - most), usual, (1 - here) * usual, akin, here * (1 - akin), (1 - here) * akin]
        vectors: Tensor = self.compare(torch.cat(compared, -1))
        return vectors * seen.unsqueeze(-1)


def num_descriptions(config: WriterConfig) -> int:
    """How many descriptions there are, and one where there is none."""
    return max(len(config.descriptions or []), 1)


def said_in(pieces: Tensor, is_word: Tensor, vocabulary: int) -> Tensor:
    """Which pieces each panel says."""  # (b, n, t), (b, n, t) -> (b, n, v)
    said = torch.zeros(*pieces.shape[:2], vocabulary, dtype=torch.bool, device=pieces.device)
    story, panel, _ = is_word.nonzero(as_tuple=True)
    said[story, panel, pieces[is_word]] = True
    return said


def said_elsewhere(said: Tensor) -> Tensor:
    """Which pieces some other panel says."""  # (b, n, v) -> (b, n, v)
    return said.sum(1, keepdim=True) - said.int() > 0


def _likeness(said: Tensor, other: Tensor) -> Tensor:
    """How much each two panels say alike; what all panels say counts little, a name that few share much."""
    weight = said / said.sum(1, keepdim=True).clamp(min=1)
    alike = weight @ said.to(weight.dtype).transpose(1, 2)
    return alike.square() * other


def _shares(weight: Tensor, other: Tensor) -> Tensor:
    """Weights of the others that add up to one, where there are others."""
    weight = weight + 1e-6 * other
    return weight / weight.sum(-1, keepdim=True).clamp(min=1e-9)
