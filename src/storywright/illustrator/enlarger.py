"""Makes a drawn picture four times as wide and high, with lines that stay lines.

The latents hold a small picture; this network knows what drawings look like close up, because the drawn world can be
drawn at any size. It is a part of an illustrator's folder that diffusers does not read, and a folder without one has
its pictures enlarged by interpolation. Knows nothing about words or noise.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from storywright import files
from storywright.critic.encoder import weights_digest
from storywright.illustrator import autoencoder, sealed
from storywright.toonworld.drawing import draw
from storywright.toonworld.scene import Scene
from storywright.toonworld.words import scene_to_json
from storywright.training import loop
from storywright.training.cache import encoded

SCALE = 4
"""How many times as wide and high a picture comes back."""
_CONFIG, _WEIGHTS = "config.json", "model.safetensors"
_NUM_COLOURS = 3
_AT_ONCE = 8
_OFF = 0.25
"""How far latents are off that a denoiser gives, at most: learnt from, so that what it misses is not made sharper."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """How large the network is."""

    channels: int = 48
    blocks: int = 6


class Enlarger(nn.Module):
    """Pixels (n, 3, height, width) in -1..1 to (n, 3, 4 height, 4 width)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.first = nn.Conv2d(_NUM_COLOURS, shape.channels, 3, padding=1)
        self.blocks = nn.ModuleList(_Block(shape.channels) for _ in range(shape.blocks))
        self.last = nn.Conv2d(shape.channels, _NUM_COLOURS * SCALE**2, 3, padding=1)
        for parameter in self.last.parameters():
            nn.init.zeros_(parameter)

    def forward(self, pixels: Tensor) -> Tensor:
        """What interpolation gives, and what drawings have besides."""
        seen = self.first(pixels)
        for block in self.blocks:
            seen = block(seen)
        plain = F.interpolate(pixels, scale_factor=SCALE, mode="bilinear")
        return plain + F.pixel_shuffle(self.last(seen), SCALE)

    def four_times(self, pictures: Sequence[Image.Image]) -> list[Image.Image]:
        """Each picture, four times as wide and high."""
        sizes = [(picture.width * SCALE, picture.height * SCALE) for picture in pictures]
        return [self.enlarged(np.asarray(one.convert("RGB")), size) for one, size in zip(pictures, sizes, strict=True)]

    @torch.inference_mode()
    def enlarged(self, picture: np.ndarray, size: tuple[int, int]) -> Image.Image:
        """A picture, uint8 (height, width, 3), at `size`, a width and a height."""
        weight = self.first.weight
        pixels = torch.tensor(picture, device=weight.device).permute(2, 0, 1)[None].float() / 127.5 - 1
        made = self(pixels.to(weight.dtype))[0].float().clamp(-1, 1)
        large = ((made + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
        image = Image.fromarray(large)
        return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(channels, channels, 3, padding=1)
        self.two = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.two.weight)

    def forward(self, seen: Tensor) -> Tensor:
        return seen + self.two(F.gelu(self.one(seen)))


class Closeness:
    """The training: small pictures, as latents give them, beside the same drawings made large."""

    name = "enlarger"

    def __init__(
        self, model: nn.Module, small: np.ndarray, large: np.ndarray, *, num_held_out: int, crop: int, digest: str
    ) -> None:
        """`small` is (n, height, width, 3), `large` four times as wide and high; the last `num_held_out` are not learnt
        from.
        """
        self.model, self.examples = model, len(small) - num_held_out
        self._small, self._large, self._crop = small, large, crop
        self.digest = files.digest_of([digest, len(small), num_held_out, crop, weights_digest(model)])

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """Pairs as uint8; whole pictures, for a crop is the same wherever it is made."""
        ordered = np.sort(rows)
        return {
            "small": torch.from_numpy(self._small[ordered]),
            "large": torch.from_numpy(self._large[ordered]),
        }

    def loss(self, model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        """How far pixels and edges of the crops are off."""
        small, large = batch["small"], batch["large"]
        height, width = (min(self._crop, side) for side in small.shape[1:3])
        tops, lefts = (
            torch.randint(0, side - crop + 1, (len(small),), generator=generator, device=generator.device).tolist()
            for side, crop in zip(small.shape[1:3], (height, width), strict=True)
        )
        pairs = [
            (s[y : y + height, x : x + width], w[y * SCALE : (y + height) * SCALE, x * SCALE : (x + width) * SCALE])
            for s, w, y, x in zip(small, large, tops, lefts, strict=True)
        ]
        given, wanted = (_pixels(torch.stack(part)) for part in zip(*pairs, strict=True))
        return autoencoder.distance(model(given).float(), wanted)

    @torch.no_grad()
    def validate(self, model: nn.Module) -> loop.Row:
        """Of whole held-out pictures: the loss, and the signal-to-noise ratio in decibels beside interpolation's."""
        losses, ratios, plain = [], [], []
        for first in range(self.examples, len(self._small), _AT_ONCE):
            given, wanted = (
                _pixels(torch.from_numpy(part[first : first + _AT_ONCE].copy())) for part in (self._small, self._large)
            )
            made = model(given).float().clamp(-1, 1)
            losses.append(autoencoder.distance(made, wanted) * len(given))
            ratios.append(_ratio(made, wanted))
            plain.append(_ratio(F.interpolate(given, scale_factor=SCALE, mode="bicubic").clamp(-1, 1), wanted))
        count = len(self._small) - self.examples
        return {
            "loss": float(sum(losses)) / count,
            "psnr": float(torch.cat(ratios).mean()),
            "psnr_interpolated": float(torch.cat(plain).mean()),
        }


def cached_pairs(
    coder: Any, scenes: Sequence[Scene], size: tuple[int, int], folder: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Scenes as the decoder gives them at this size, from latents a little off, and drawn large; made once."""
    width, height = size
    digest = files.digest_of([weights_digest(coder), [scene_to_json(scene) for scene in scenes], size])

    def small(indices: np.ndarray) -> np.ndarray:
        latents = autoencoder.latents_of(coder, np.stack([draw(scenes[index], size) for index in indices])).cpu()
        chance = [torch.Generator().manual_seed(int(index)) for index in indices]
        off = torch.stack(
            [_OFF * torch.rand(1, generator=g) * torch.randn(latents.shape[1:], generator=g) for g in chance]
        )
        return autoencoder.to_pictures(autoencoder.decoded(coder, latents + off), size)

    def large(indices: np.ndarray) -> np.ndarray:
        return np.stack([draw(scenes[index], (width * SCALE, height * SCALE)) for index in indices])

    shapes = {"small": (height, width, 3), "large": (height * SCALE, width * SCALE, 3)}
    made = [
        encoded(
            folder / f"{name}.npy", make, count=len(scenes), shape=shapes[name], dtype=np.uint8, digest=digest,
            doing=f"drawing {name} pictures for the enlarger",
        )
        for name, make in (("small", small), ("large", large))
    ]  # fmt: skip
    return made[0], made[1]


def new(shape: Shape, seed: int) -> Enlarger:
    """A network that interpolates, and has learnt nothing."""
    torch.manual_seed(seed)
    return Enlarger(shape)


def save(model: Enlarger, folder: Path) -> None:
    """Save in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    files.write_json(folder / _CONFIG, asdict(model.shape))
    save_file({name: value.half().contiguous() for name, value in model.state_dict().items()}, folder / _WEIGHTS)


def opened(folder: Path) -> Enlarger:
    """The network of a folder, in single precision."""
    model = Enlarger(Shape(**sealed.read_json(folder / _CONFIG)))
    model.load_state_dict({name: value.float() for name, value in load_file(folder / _WEIGHTS).items()})
    return model.eval()


def _pixels(pictures: Tensor) -> Any:
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1


def _ratio(made: Tensor, wanted: Tensor) -> Tensor:
    return -10 * ((made - wanted) / 2).square().mean((1, 2, 3)).clamp(min=1e-10).log10()
