"""Pictures as latents, an eighth of their width and height, and back.

The encoder is not trained: it is the best linear code of the corpus's blocks of eight by eight pixels (their principal
components), written into the weights of diffusers' AutoencoderTiny. So the latents are settled before any training, the
decoder can be trained beside the denoiser or made better after it, and only the decoder has to know what drawings look
like. A component keeps the root of its deviation: coarse ones stay larger than fine ones, which the denoiser
then learns first. Knows nothing about words.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderTiny
from diffusers.models.unets.unet_2d_blocks import AutoencoderTinyBlock
from torch import Tensor, nn
from torch.nn import functional as F

from storywright import files
from storywright.critic.encoder import Rows, weights_digest
from storywright.training import loop
from storywright.training.cache import encoded

FACTOR = 8
"""Pixels a latent stands for, each way."""
_AT_ONCE = 16
_CODE_CHANNELS = 48  # four by four pixels of three colours: what two foldings hold without loss
_MOST_BLOCKS = 200_000
_SCALE = 4.0  # AutoencoderTiny's decoder squashes beyond 3; the largest latents reach 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """How large the autoencoder is."""

    latent_channels: int = 16
    decoder_channels: int = 48
    decoder_blocks: tuple[int, ...] = (4, 3, 1, 0)
    """Blocks of three layers from the latents' size up to the pictures'."""


def new(shape: Shape, pictures: np.ndarray, seed: int) -> Any:
    """An autoencoder whose encoder is fitted to these pictures, and whose decoder has learnt nothing."""
    torch.manual_seed(seed)
    model: Any = AutoencoderTiny(
        latent_channels=shape.latent_channels,
        encoder_block_out_channels=(_CODE_CHANNELS,) * 4,
        num_encoder_blocks=(0, 0, 0, 0),
        decoder_block_out_channels=(shape.decoder_channels,) * 4,
        num_decoder_blocks=shape.decoder_blocks,
        scaling_factor=_SCALE,
    )
    _fit_encoder(model, pictures)
    _prepare_decoder(model)
    return model


def to_pixels(pictures: np.ndarray | Tensor) -> Tensor:
    """uint8 (n, height, width, 3) to (n, 3, height, width) in -1..1, edges repeated up to a multiple of eight."""
    pixels = torch.as_tensor(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
    height, width = pixels.shape[-2:]
    return F.pad(pixels, (0, -width % FACTOR, 0, -height % FACTOR), mode="replicate")


def to_pictures(pixels: Tensor, size: tuple[int, int]) -> np.ndarray:
    """Pixels in -1..1 to uint8 (n, height, width, 3), cropped to `size`, a width and a height."""
    width, height = size
    levels = ((pixels[..., :height, :width].float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return levels.permute(0, 2, 3, 1).cpu().numpy()


@torch.inference_mode()
def latents_of(model: Any, pictures: np.ndarray) -> Tensor:
    """Pictures as latents, float32 (n, channels, height / 8, width / 8)."""
    computes_in = next(model.parameters())
    parts = [pictures[first : first + _AT_ONCE] for first in range(0, len(pictures), _AT_ONCE)]
    return torch.cat([model.encode(to_pixels(part).to(computes_in)).latents.float() for part in parts]) * _SCALE


@torch.inference_mode()
def decoded(model: Any, latents: Tensor) -> Tensor:
    """Latents as pixels, about -1..1."""
    return model.decode(latents / _SCALE, return_dict=False)[0]


def cached_latents(model: Any, rows: Rows, file: Path, *, size: tuple[int, int]) -> np.ndarray:
    """The latents of all rows, half precision, made once for these rows and this autoencoder."""
    width, height = size
    shape = (model.config.latent_channels, -(-height // FACTOR), -(-width // FACTOR))

    def encode(indices: np.ndarray) -> np.ndarray:
        return latents_of(model, rows.rows(indices, ["picture"])["picture"]).cpu().numpy().astype(np.float16)

    return encoded(
        file,
        encode,
        count=len(rows),
        shape=shape,
        dtype=np.float16,
        digest=files.digest_of([rows.digest, weights_digest(model.encoder)]),
        doing="turning pictures into latents",
    )


class Reconstruction:
    """The training of the decoder: crops come back as they were."""

    name = "picture decoder"

    def __init__(
        self,
        model: Any,
        train: Rows,
        held_out: Rows,
        cache: Path,
        *,
        crop: int,
        num_held_out: int,
        noise: float = 0.1,
    ) -> None:
        self.model, self.examples = model, len(train)
        model.encoder.requires_grad_(False)
        self._crop, self._noise = crop, noise
        first = train.rows([0], ["picture"])["picture"]
        self._pictures = encoded(
            cache / "pictures.npy",
            lambda indices: train.rows(indices, ["picture"])["picture"],
            count=len(train),
            shape=first.shape[1:],
            dtype=np.uint8,
            digest=train.digest,
            doing="unpacking pictures",
        )
        shown = np.linspace(0, len(held_out) - 1, min(num_held_out, len(held_out))).astype(int)
        self._held_out = held_out.rows(shown, ["picture"])["picture"]
        self.digest = files.digest_of([train.digest, held_out.digest, crop, noise, weights_digest(model)])

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """The pictures as uint8."""
        order = np.argsort(rows, kind="stable")
        pictures = np.empty((len(rows), *self._pictures.shape[1:]), np.uint8)
        pictures[order] = self._pictures[rows[order]]
        return {"pictures": torch.from_numpy(pictures)}

    def loss(self, model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        """How far the crops' pixels and edges are off, after a little noise on the latents."""
        pixels = self._cropped(to_pixels(batch["pictures"]), generator)
        with torch.no_grad():
            latents = self.model.encode(pixels).latents.float() * _SCALE
        device = latents.device
        strength = self._noise * torch.rand(len(latents), 1, 1, 1, generator=generator, device=device)
        noisy = latents + strength * torch.randn(latents.shape, generator=generator, device=device)
        coder: Any = getattr(model, "module", model)
        made = coder.decode(noisy / _SCALE).sample.float()
        return distance(made, pixels)

    @torch.no_grad()
    def validate(self, model: nn.Module) -> loop.Row:
        """The peak signal-to-noise ratio of whole held-out pictures, in decibels, and their loss."""
        coder: Any = model
        ratios, losses = [], []
        for first in range(0, len(self._held_out), _AT_ONCE):
            pixels = to_pixels(self._held_out[first : first + _AT_ONCE]).to(coder.device)
            made = coder.decode(coder.encode(pixels).latents).sample.clamp(-1, 1)
            squares = ((made - pixels) / 2).square().mean((1, 2, 3)).clamp(min=1e-10)
            ratios.append(-10 * squares.log10())
            losses.append(distance(made, pixels) * len(pixels))
        return {"loss": float(sum(losses)) / len(self._held_out), "psnr": float(torch.cat(ratios).mean())}

    def _cropped(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        height, width = (min(self._crop, side) for side in pixels.shape[-2:])
        count = len(pixels)
        tops, lefts = (
            torch.randint(0, side - crop + 1, (count,), generator=generator, device=generator.device).tolist()
            for side, crop in zip(pixels.shape[-2:], (height, width), strict=True)
        )
        return torch.stack([p[:, y : y + height, x : x + width] for p, y, x in zip(pixels, tops, lefts, strict=True)])


def distance(made: Tensor, pixels: Tensor) -> Tensor:
    """How far pixels and edges are off."""
    off = made - pixels
    across, down = off[..., 1:] - off[..., :-1], off[..., 1:, :] - off[..., :-1, :]
    return off.abs().mean() + 0.5 * off.square().mean() + 0.5 * (across.abs().mean() + down.abs().mean())


@torch.no_grad()
def _fit_encoder(model: Any, pictures: np.ndarray) -> None:
    mean, components = _principal_blocks(pictures, model.config.latent_channels)
    layers: list[Any] = [layer for layer in model.encoder.layers if isinstance(layer, nn.Conv2d)]
    first, *folding, last = layers
    for layer in layers:
        nn.init.zeros_(layer.weight)
    for colour in range(3):
        first.weight[colour, colour, 1, 1] = 1.0
    nn.init.zeros_(first.bias)
    # A folding puts the two by two places of a channel side by side: 3 colours, 12, 48 channels, and then the code.
    for layer, channels in zip(folding[:2], (3, 12), strict=True):
        for channel in range(channels):
            for place in range(4):
                layer.weight[channel * 4 + place, channel, 1 + place // 2, 1 + place % 2] = 1.0
    parts = components.reshape(-1, _CODE_CHANNELS, 2, 2)  # (code, channel, down, across)
    folding[2].weight[: len(parts), :, 1:, 1:] = parts
    for index in range(len(parts)):
        last.weight[index, index, 1, 1] = 1.0
    last.bias.copy_(-components @ mean)


def _principal_blocks(pictures: np.ndarray, count: int) -> tuple[Tensor, Tensor]:
    """The mean block and the scaled components: (192,) and (count, 192), in the order in which the encoder folds."""
    pixels = (to_pixels(pictures) + 1) / 2
    folded = F.pixel_unshuffle(F.pixel_unshuffle(F.pixel_unshuffle(pixels, 2), 2), 2)
    blocks = folded.permute(0, 2, 3, 1).reshape(-1, folded.shape[1]).double()
    blocks = blocks[:: max(1, len(blocks) // _MOST_BLOCKS)]
    mean = blocks.mean(0)
    values, vectors = torch.linalg.eigh((blocks - mean).T @ (blocks - mean) / len(blocks))
    deviations = values.flip(0)[:count].clamp(min=1e-8).sqrt()
    kept = vectors.flip(1)[:, :count].T
    kept = kept * kept.sum(1, keepdim=True).sign()  # the sign of a component is arbitrary: brighter is more
    sizes = deviations.sqrt()
    sizes = sizes / sizes.square().mean().sqrt()
    return mean.float(), (kept * (sizes / deviations / _SCALE)[:, None]).float()


@torch.no_grad()
def _prepare_decoder(model: Any) -> None:
    """Begin as a chain that passes everything on: blocks add nothing yet, and enlarging copies."""
    blocks: list[Any] = [m for m in model.decoder.modules() if isinstance(m, AutoencoderTinyBlock)]
    for block in blocks:
        for layer in (block.conv[0], block.conv[2]):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        for layer in (block.conv[0], block.conv[2], block.conv[4]):
            nn.init.zeros_(layer.bias)
        nn.init.zeros_(block.conv[4].weight)
    for layer in model.decoder.layers:
        if isinstance(layer, nn.Conv2d):
            if layer.in_channels == layer.out_channels:
                nn.init.dirac_(layer.weight)
                layer.weight.add_(0.02 * torch.randn_like(layer.weight))
            else:
                nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
    model.decoder.layers[0].weight.mul_(_SCALE)
