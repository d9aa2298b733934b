"""What else a writer knows of a story: its tags and phase, the next picture, and whether it holds together."""

import torch
from torch import Tensor, nn

from storywright.writer.config import WriterConfig
from storywright.writer.fusion import mean_of


class StoryScore(nn.Module):
    """One number for a whole story: how sure it is that the panels belong together, in this order."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        width, tags = config.width, max(len(config.tags or []), 1)
        self.when = nn.Parameter(torch.randn(config.max_panels, width) * 0.02)
        self.tags = nn.Linear(width, tags)
        self.tag_embedding = nn.Linear(tags, width, bias=False)
        self.reader = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.judge = nn.Sequential(nn.Linear(4 * width, width), nn.GELU(), nn.Linear(width, 1))

    def forward(self, panels: Tensor, mask: Tensor) -> Tensor:
        """A logit for each story."""  # (b, n, d), (b, n) -> (b)
        x = panels + self.when[: panels.shape[1]] + self.tag_embedding(self.tags(panels).sigmoid())
        lengths = mask.sum(1).clamp(min=1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        read, _ = nn.utils.rnn.pad_packed_sequence(self.reader(packed)[0], batch_first=True, total_length=x.shape[1])
        # The mean says how the story is, the largest how its worst place is.
        worst = read.masked_fill(~mask.unsqueeze(-1), torch.finfo(read.dtype).min).amax(1)
        return self.judge(torch.cat([mean_of(read, mask), worst], -1)).squeeze(-1)


class Foresight(nn.Module):
    """From what is known so far: tags, phase and picture of the panel that comes next."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        self.tags = nn.Linear(config.width, max(len(config.tags or []), 1))
        self.phase = nn.Linear(config.width, max(len(config.phases or []), 1))
        self.picture = nn.Linear(config.width, config.width)
