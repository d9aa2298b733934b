"""Reads captions: one vector for each piece, with what stands around it. Knows nothing about pictures or stories."""

import torch
from torch import Tensor, nn

from storywright.writer.attention import SelfAttending
from storywright.writer.config import WriterConfig


class TextEncoder(nn.Module):
    """An LSTM or GRU in both directions, or a transformer."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        width = config.width
        self.recurrent = config.text_encoder != "transformer"
        if self.recurrent:
            kind = nn.LSTM if config.text_encoder == "lstm" else nn.GRU
            self.reader = kind(width, width // 2, config.text_layers, batch_first=True, bidirectional=True)
        else:
            self.place = nn.Parameter(torch.randn(max(config.max_tokens, config.max_brief), width) * 0.02)
            self.layers = nn.ModuleList(
                SelfAttending(width, config.heads, config.dropout) for _ in range(config.text_layers)
            )
        self.norm = nn.LayerNorm(width)

    def forward(self, embedded: Tensor, mask: Tensor) -> Tensor:
        """Texts whose pieces are embedded; False in `mask` stands after a text's end."""  # (n, t, d), (n, t)
        if self.recurrent:
            return self.norm(embedded + self._read(embedded, mask))
        x = embedded + self.place[: embedded.shape[1]]
        for layer in self.layers:
            # A text without pieces would have nothing to look at: it may look at its padding.
            x = layer(x, (mask | ~mask.any(1, keepdim=True)).unsqueeze(1))
        return self.norm(x)

    def _read(self, embedded: Tensor, mask: Tensor) -> Tensor:
        # Packed, so that reading backwards begins at the text's last piece and not in its padding.
        lengths = mask.sum(1).clamp(min=1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        read, _ = nn.utils.rnn.pad_packed_sequence(
            self.reader(packed)[0], batch_first=True, total_length=embedded.shape[1]
        )
        return read
