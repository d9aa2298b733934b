"""The rough: what a prompt says is where, as latents without fine lines, in a single look.

A denoiser that begins with nothing but noise has to find the layout through it, and learns that slowly. Here every
place asks the words what is there, and the answer is learnt straight from pictures. A drawing then begins from the
rough, most of it still hidden by noise, and the denoiser does what it does well. diffusers does not read this part: a
pipeline that is opened there begins with noise. Knows nothing about pixels or sampling.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from storywright import files
from storywright.critic.encoder import weights_digest
from storywright.illustrator import sealed
from storywright.illustrator.denoiser import Material, spread
from storywright.training import loop

STAGINGS = 12
"""How many ways the drawn world has to stage what words leave open: a scene's seed, divided by this, leaves one."""
_CONFIG, _WEIGHTS = "config.json", "model.safetensors"
_PATCH = 2
_WAVES = 8
_AT_ONCE = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """How large the network is."""

    width: int = 256
    layers: int = 6
    heads: int = 4


class Draft(nn.Module):
    """The states of prompts and the numbers of stagings to latents, (n, channels, height, width)."""

    def __init__(self, shape: Shape, *, words_width: int, channels: int, stagings: Sequence[int]) -> None:
        """`stagings` are those that it has learnt; it is asked for one by its place among them."""
        super().__init__()
        self.shape, self.words_width, self.channels, self.stagings = shape, words_width, channels, tuple(stagings)
        width = shape.width
        self.words = nn.Linear(words_width, width)
        self.words_norm = nn.LayerNorm(width)
        self.staging = nn.Parameter(torch.randn(len(self.stagings), width) * 0.02)
        self.place = nn.Sequential(nn.Linear(2 + 4 * _WAVES, width), nn.GELU(), nn.Linear(width, width))
        self.layers = nn.ModuleList(_Layer(width, shape.heads) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, channels * _PATCH**2)
        self.usual = nn.Parameter(torch.zeros(channels))
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, states: Tensor, staging: Tensor, height: int, width: int) -> Tensor:
        """The latents of this height and width."""
        rows, columns = -(-height // _PATCH), -(-width // _PATCH)
        chosen = self.staging[staging][:, None]
        known = torch.cat([self.words_norm(self.words(states)), chosen], 1)
        seen = self.place(_places(rows, columns).to(states.device)) + chosen
        for layer in self.layers:
            seen = layer(seen, known)
        found = self.out(self.norm(seen)).reshape(len(states), rows, columns, self.channels, _PATCH, _PATCH)
        laid = found.permute(0, 3, 1, 4, 2, 5).reshape(len(states), self.channels, rows * _PATCH, columns * _PATCH)
        latents: Tensor = laid[:, :, :height, :width] + self.usual[:, None, None]
        return latents

    @torch.inference_mode()
    def drafted(self, states: Tensor, seeds: Sequence[int], shape: tuple[int, int, int]) -> Tensor:
        """The roughs of prompts; a seed chooses the staging."""
        staging = torch.tensor([seed % len(self.stagings) for seed in seeds], device=states.device)
        rough: Tensor = self(states, staging, *shape[1:]).float()
        return rough


class _Layer(nn.Module):
    """Each place looks at the others and at the words."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.around = nn.MultiheadAttention(width, heads, batch_first=True)
        self.at_words = nn.MultiheadAttention(width, heads, batch_first=True)
        self.wide, self.back = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, seen: Tensor, known: Tensor) -> Tensor:
        own = self.norms[0](seen)
        seen = seen + self.around(own, own, own, need_weights=False)[0]
        seen = seen + self.at_words(self.norms[1](seen), known, known, need_weights=False)[0]
        return seen + self.back(F.gelu(self.wide(self.norms[2](seen))))


class Drafting:
    """The training of a draft, on the latents, states and figures that a denoiser learns from."""

    name = "draft"

    def __init__(
        self,
        model: Draft,
        materials: Sequence[Material],
        stagings: Sequence[np.ndarray],
        *,
        held_out: Sequence[Material],
        held_out_stagings: Sequence[np.ndarray],
        digest: str,
        num_held_out: int = 256,
        figure_weight: float = 0.0,
    ) -> None:
        """`stagings` are places among the model's own, an array for each material."""
        self.model: nn.Module = model
        self.examples = sum(len(one.latents) for one in materials)
        self._materials, self._stagings, self._figure_weight = materials, stagings, figure_weight
        self._ends = np.cumsum([len(one.latents) for one in materials])
        shown = [spread(len(one.latents), num_held_out) for one in held_out]
        self._held_out = [
            (one.latents[rows], one.states[rows], staging[rows])
            for one, staging, rows in zip(held_out, held_out_stagings, shown, strict=True)
        ]
        with torch.no_grad():
            if not model.usual.any():
                model.usual.copy_(torch.from_numpy(materials[0].latents[:2_000].mean((0, 2, 3), np.float32)))
        self.digest = files.digest_of([digest, num_held_out, figure_weight, weights_digest(model)])

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """Of each size, under its number: latents, states, stagings and figures."""
        ordered = np.sort(rows)
        read: dict[str, Tensor] = {}
        for number, (one, end) in enumerate(zip(self._materials, self._ends, strict=True)):
            begin = end - len(one.latents)
            within = ordered[(ordered >= begin) & (ordered < end)] - begin
            if not len(within):
                continue
            arrays = {"latents": one.latents, "states": one.states}
            if one.figures is not None and self._figure_weight:
                arrays["figures"] = one.figures
            for name, array in arrays.items():
                read[f"{name} {number}"] = torch.from_numpy(array[within].astype(np.float32))
            read[f"staging {number}"] = torch.from_numpy(self._stagings[number][within])
        return read

    def loss(self, model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        """The squares by which latents are missed, every picture weighing the same."""
        sums, count = [], 0
        for number in range(len(self._materials)):
            if f"latents {number}" not in batch:
                continue
            latents = batch[f"latents {number}"]
            found = model(batch[f"states {number}"], batch[f"staging {number}"], *latents.shape[-2:])
            off = (found.float() - latents).square().mean(1)
            if f"figures {number}" in batch:
                weight = 1 + self._figure_weight * batch[f"figures {number}"]
                off = off * weight / weight.mean()
            sums.append(off.mean() * len(latents))
            count += len(latents)
        return torch.stack(sums).sum() / count

    @torch.no_grad()
    def validate(self, model: nn.Module) -> loop.Row:
        """The loss on held-out pictures, and which share of how pictures differ is not known from the words."""
        device = next(model.parameters()).device
        missed, varied, count = 0.0, 0.0, 0
        for latents, states, staging in self._held_out:
            right = torch.from_numpy(latents.astype(np.float32))
            for first in range(0, len(right), _AT_ONCE):
                part = slice(first, first + _AT_ONCE)
                given = torch.from_numpy(states[part].astype(np.float32)).to(device)
                chosen = torch.from_numpy(staging[part]).to(device)
                found = model(given, chosen, *right.shape[-2:]).float().cpu()
                missed += float((found - right[part]).square().mean((1, 2, 3)).sum())
            varied += float((right - right.mean((0, 2, 3), keepdim=True)).square().mean((1, 2, 3)).sum())
            count += len(right)
        return {"loss": missed / count, "unknown": missed / max(varied, 1e-9)}


def stagings_of(seeds: Sequence[int], known: Sequence[int]) -> np.ndarray:
    """The places of scenes' stagings among those that are known; another takes the first's."""
    return np.array([known.index(seed % STAGINGS) if seed % STAGINGS in known else 0 for seed in seeds], np.int64)


def new(shape: Shape, *, words_width: int, channels: int, stagings: Sequence[int], seed: int) -> Draft:
    """A network that has learnt nothing."""
    torch.manual_seed(seed)
    return Draft(shape, words_width=words_width, channels=channels, stagings=stagings)


def save(model: Draft, folder: Path) -> None:
    """Save in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    made: dict[str, Any] = asdict(model.shape)
    made |= {"words_width": model.words_width, "channels": model.channels, "stagings": model.stagings}
    files.write_json(folder / _CONFIG, made)
    save_file({name: value.half().contiguous() for name, value in model.state_dict().items()}, folder / _WEIGHTS)


def opened(folder: Path) -> Draft:
    """The network of a folder, in single precision."""
    config = sealed.read_json(folder / _CONFIG)
    own = {name: config.pop(name) for name in ("words_width", "channels", "stagings")}
    model = Draft(Shape(**config), **own)
    model.load_state_dict({name: value.float() for name, value in load_file(folder / _WEIGHTS).items()})
    return model.eval()


def _places(rows: int, columns: int) -> Tensor:
    """Where each patch lies, from -1 to 1 both ways, and the waves of that: (rows * columns, numbers)."""
    down, across = ((torch.arange(count) + 0.5) / count * 2 - 1 for count in (rows, columns))
    y, x = torch.meshgrid(down, across, indexing="ij")
    places = torch.stack([x, y], -1).reshape(-1, 2)
    waves = (places[:, :, None] * (2.0 ** torch.arange(_WAVES) * math.pi / 2)).reshape(len(places), -1)
    return torch.cat([places, waves.sin(), waves.cos()], 1)
