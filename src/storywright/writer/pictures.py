"""Looks at pictures: one vector for each region. Knows nothing about words or stories."""

import torch
from torch import Tensor, nn

from storywright.writer.config import WriterConfig

_STAGES = (16, 32, 64, 96)


class PictureEncoder(nn.Module):
    """Regions of a picture, from its pixels or from what the critic's image tower makes of it."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        width = config.width
        if config.picture_encoder == "cnn":
            inner = [_stage(a, b) for a, b in zip((3, *_STAGES), _STAGES, strict=False)]
            self.look: nn.Module = nn.Sequential(*inner, _Residual(_STAGES[-1]), nn.Conv2d(_STAGES[-1], width, 1))
            self.rows, self.columns = _halved(config.picture_height), _halved(config.picture_width)
        else:
            self.look = nn.Linear(config.critic_width, width)
            self.rows, self.columns = 1, config.critic_regions
        regions = self.rows * self.columns
        self.place = nn.Parameter(torch.randn(regions, width) * 0.02)
        self.unseen = nn.Parameter(torch.randn(regions, width) * 0.02)
        self.norm = nn.LayerNorm(width)

    def forward(self, pictures: Tensor, seen: Tensor) -> Tensor:
        """Pictures, or what was seen of them; False in `seen` says there is none."""
        # uint8 (n, h, w, 3), or as floats what `looked` (n, r, d) or the critic (n, r, c) made of them -> (n, r, d)
        if pictures.dtype == torch.uint8:
            regions = self.looked(pictures)
        elif isinstance(self.look, nn.Linear):
            regions = self.look(pictures.to(self.place.dtype))
        else:
            regions = pictures.to(self.place.dtype)
        return torch.where(seen[:, None, None], self.norm(regions + self.place), self.unseen)

    def looked(self, pictures: Tensor) -> Tensor:
        """What the network of its own makes of pictures, before it is known where in the picture a region is."""
        pixels = pictures.permute(0, 3, 1, 2).to(self.place.dtype) / 127.5 - 1
        return self.look(pixels.contiguous()).flatten(2).transpose(1, 2)


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.GroupNorm(8, channels), nn.GELU(), nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


def _stage(ins: int, outs: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(ins, outs, 3, stride=2, padding=1), nn.GroupNorm(8, outs), nn.GELU())


def _halved(pixels: int) -> int:
    for _ in _STAGES:
        pixels = (pixels + 1) // 2
    return pixels
