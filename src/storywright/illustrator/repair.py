"""Repairs: a region of a picture is drawn anew, and everything else stays as it was, to the byte.

While the region is drawn the latents around it are those of the picture, in every step, so that what is drawn goes on
from them. It is looked at several times, each time from what came of the time before: a first look still draws what
the words alone suggest, and joins badly. Knows nothing about words or networks.
"""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from storywright.illustrator import autoencoder
from storywright.illustrator.autoencoder import FACTOR

LOOKS = 3
"""How often a region is drawn."""
HIDDEN_AGAIN = 0.6
"""How much noise hides what came of the look before; with less nothing changes, with more nothing stays."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Latents that stay."""

    latents: Tensor
    """(1, channels, height, width)."""
    where: Tensor
    """True where they stay: (1, 1, height, width)."""

    def missed(self, others: Tensor) -> float:
        """By how much other latents are not what stays."""
        return float(((others - self.latents) * self.where).square().sum())


def kept_outside(coder: torch.nn.Module, picture: Image.Image, region: np.ndarray, area: tuple[int, int]) -> Kept:
    """What stays of a picture outside a region, bool (height, width), when so large an area is computed.

    A latent stands for a block of pixels, and stays only when all of them do.
    """
    whole, hole = brought_to(picture, region, area, _computed(area))
    latents = autoencoder.latents_of(coder, np.array(whole)[None])
    drawn = F.max_pool2d(torch.from_numpy(np.array(hole, np.float32))[None, None], FACTOR) > 0
    return Kept(latents, ~drawn.to(latents.device))


def brought_to(
    picture: Image.Image, region: np.ndarray, area: tuple[int, int], computed: tuple[int, int]
) -> tuple[Image.Image, Image.Image]:
    """A picture and the mask of a region, of the size that is computed; its area is of that, beyond it edges repeat."""
    small = np.asarray(picture if picture.size == area else picture.resize(area, Image.Resampling.LANCZOS))
    share = np.asarray(Image.fromarray(region).convert("L").resize(area, Image.Resampling.BOX))
    beyond = (0, computed[1] - area[1]), (0, computed[0] - area[0])
    hole = np.where(np.pad(share, beyond, mode="edge") > 0, np.uint8(255), np.uint8(0))
    return Image.fromarray(np.pad(small, (*beyond, (0, 0)), mode="edge")), Image.fromarray(hole)


def put_back(picture: Image.Image, made: Image.Image, region: np.ndarray) -> Image.Image:
    """The picture with what was made in the region."""
    return Image.fromarray(np.where(region[..., None], np.asarray(made), np.asarray(picture)))


def _computed(area: tuple[int, int]) -> tuple[int, int]:
    width, height = (-(-side // FACTOR) * FACTOR for side in area)
    return width, height
