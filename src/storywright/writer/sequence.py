"""Reads the panels one after another: after each, what the story is so far. Knows nothing about words or pictures."""

import torch
from torch import Tensor, nn

from storywright.writer.attention import SelfAttending
from storywright.writer.config import WriterConfig


class SequenceModel(nn.Module):
    """An LSTM or GRU, or a transformer that only looks back."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        width, layers = config.width, config.sequence_layers
        self.place = nn.Parameter(torch.randn(config.max_panels, width) * 0.02)
        self.start = nn.Parameter(torch.randn(width) * 0.02)
        self.recurrent = config.sequence != "transformer"
        if self.recurrent:
            kind = nn.LSTM if config.sequence == "lstm" else nn.GRU
            self.reader = kind(width, width, layers, batch_first=True)
        else:
            self.layers = nn.ModuleList(SelfAttending(width, config.heads, config.dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, panels: Tensor, condition: Tensor) -> Tensor:
        """What is known before each panel, and after the last one; `condition` is known from the start."""
        # (b, n, d), (b, d) -> (b, n + 1, d)
        begin = (self.start + condition).unsqueeze(1)
        x = torch.cat([begin, panels + self.place[: panels.shape[1]]], 1)
        if self.recurrent:
            return self.norm(x + self.reader(x)[0])
        for layer in self.layers:
            x = layer(x, causal=True)
        return self.norm(x)
