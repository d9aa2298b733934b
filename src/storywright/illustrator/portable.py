"""The illustrator without PyTorch: three ONNX networks with weights of eight bits, run by onnxruntime.

    Portable.open(Path("small")).draw(["ink drawing, a woman in the park"], seeds=[7])

For small devices: numpy, Pillow, tokenizers and onnxruntime are all that is loaded. The same words and seed give the
picture that PyTorch draws, but for what eight bits lose. Knows nothing about how the networks are made (`onnx_export`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image
from tokenizers import Tokenizer

from storywright.errors import BadInput
from storywright.illustrator import limits, sealed
from storywright.toonworld.words import english

NETWORKS = ("text_encoder", "unet", "decoder")
ABOUT = "portable.json"
_NEEDS = (ABOUT, "tokenizer.json", *(f"{name}.onnx" for name in NETWORKS))
_TIMESTEPS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """What the networks were made for."""

    native_size: tuple[int, int]
    steps: int
    guidance: float
    styles: tuple[str, ...]
    channels: int
    """Of the latents."""
    factor: int
    """Pixels a latent stands for, each way."""
    window: int
    """Tokens that are read at once."""
    start: int
    end: int
    """The marks around a text."""
    noise_shift: float = 1.0
    """How many times as large the odds of noise against picture are half way."""
    few: bool = False
    """Whether the network was taught to draw in its number of steps, without guidance."""


class Portable:
    """An opened model."""

    def __init__(self, sessions: dict[str, Any], tokenizer: Tokenizer, about: About) -> None:
        self._sessions, self._tokenizer, self.drawing = sessions, tokenizer, about

    @classmethod
    def open(cls, folder: Path, threads: int = 0) -> "Portable":
        """Open a folder; refuses one that is incomplete or altered. `threads` 0 takes all cores."""
        folder = Path(folder)
        sealed.check(folder, "portable illustrator", _NEEDS)
        values = sealed.read_json(folder / ABOUT)
        try:
            size, styles = tuple(values.pop("native_size")), tuple(values.pop("styles"))
            about = About(native_size=size, styles=styles, **values)
            sealed.read_json(folder / "tokenizer.json")
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            sessions = {name: _session(folder / f"{name}.onnx", threads) for name in NETWORKS}
        except (KeyError, TypeError, ValueError, RuntimeError, *_FAILS) as error:
            raise BadInput(
                f"{folder} cannot be opened as a portable illustrator ({error}): export it again."
            ) from error
        return cls(sessions, tokenizer, about)

    def draw(
        self,
        prompts: Sequence[str],
        *,
        size: tuple[int, int] | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        seeds: Sequence[int],
        style: str | None = None,
        negative: str = "",
    ) -> list[Image.Image]:
        """A picture for each prompt. `size` is width and height; what is not given is what suits the model."""
        about = self.drawing
        size, steps = size or about.native_size, steps or about.steps
        guidance = about.guidance if guidance is None else guidance
        limits.refuse(prompts, size, steps=steps, guidance=guidance, seeds=seeds, negative=negative)
        if about.few and (steps != about.steps or guidance != 1.0 or negative):
            raise BadInput(
                f"This model was taught to draw in {about.steps} steps without guidance or negative words: leave these "
                "out, or export one without --steps."
            )
        pairs = zip(prompts, seeds, strict=True)
        return [
            self._drawn(self._in_style(words, style), seed, size, steps, guidance, negative) for words, seed in pairs
        ]

    def _drawn(
        self, words: str, seed: int, size: tuple[int, int], steps: int, guidance: float, negative: str
    ) -> Image.Image:
        about, area = self.drawing, self.area_for(size)
        width, height = (-(-side // about.factor) for side in area)
        own, against = self._states([words, negative] if guidance != 1.0 else [words])
        latents = noise(seed, (about.channels, height, width))[None]
        solver = Solver(steps, about.noise_shift, first_order=about.few)
        for index in range(steps):
            time = solver.times[index : index + 1].astype(np.float32)
            found = self._unet(latents, time, own)
            if against is not None:
                without = self._unet(latents, time, against)
                found = without + np.float32(guidance) * (found - without)
            latents = solver.step(index, latents, found)
        pixels = self._sessions["decoder"].run(None, {"latents": latents})[0][0]
        levels = ((pixels[:, : area[1], : area[0]] + 1) * 127.5).round().clip(0, 255).astype(np.uint8)
        picture = Image.fromarray(np.ascontiguousarray(levels.transpose(1, 2, 0)))
        return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)

    def _unet(self, latents: np.ndarray, time: np.ndarray, states: np.ndarray) -> np.ndarray:
        found: np.ndarray = self._sessions["unet"].run(None, {"latents": latents, "time": time, "states": states})[0]
        return found

    def _in_style(self, prompt: str, style: str | None) -> str:
        if style is None:
            return prompt
        if self.drawing.styles and style not in self.drawing.styles:
            raise BadInput(f"There is no style {style!r}: choose {', '.join(self.drawing.styles)}.")
        named = english.STYLE[style][0] if style in english.STYLE else style
        return prompt if named in prompt else f"{named}, {prompt}"

    def _states(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray | None]:
        """What the denoiser reads for each text; all have as many windows as the longest."""
        pieces = [self._windows(text) for text in texts]
        count = max(map(len, pieces))
        found = []
        for own in pieces:
            rows = [*own, *[[]] * (count - len(own))]
            ids = np.full((count, self.drawing.window), self.drawing.end, np.int64)
            for row, tokens in zip(ids, rows, strict=True):
                row[0] = self.drawing.start
                row[1 : 1 + len(tokens)] = tokens
            states = self._sessions["text_encoder"].run(None, {"ids": ids})[0]
            found.append(states.reshape(1, count * self.drawing.window, -1))
        return found[0], found[1] if len(found) > 1 else None

    def _windows(self, text: str) -> list[list[int]]:
        """The text's tokens in pieces that fit the window; cut at commas where that is possible."""
        tokens = self._tokenizer.encode(text, add_special_tokens=False).ids
        comma, room, pieces = self._tokenizer.token_to_id(",</w>"), self.drawing.window - 2, []
        while len(tokens) > room:
            cut = next((i + 1 for i in range(room - 1, room // 2, -1) if tokens[i] == comma), room)
            pieces.append(tokens[:cut])
            tokens = tokens[cut:]
        return [*pieces, tokens]

    def computed(self, size: tuple[int, int]) -> tuple[int, int]:
        """The size that is drawn for a picture of this size, before it is cropped and enlarged."""
        width, height = (-(-side // self.drawing.factor) * self.drawing.factor for side in self.area_for(size))
        return width, height

    def area_for(self, size: tuple[int, int]) -> tuple[int, int]:
        """The size as asked for, or of the native area when that is much smaller."""
        width, height = self.drawing.native_size
        scale = math.sqrt(width * height / (size[0] * size[1]))
        return size if scale > 0.8 else (max(16, round(size[0] * scale)), max(16, round(size[1] * scale)))


class Solver:
    """UniPC of second order along the straight paths of flow matching, as diffusers' scheduler takes its steps."""

    def __init__(self, steps: int, noise_shift: float = 1.0, *, first_order: bool = False) -> None:
        levels = np.linspace(1, 1 / _TIMESTEPS, steps + 1)[:-1]
        levels = noise_shift * levels / (1 + (noise_shift - 1) * levels)
        levels[0] -= 1e-6  # of pure noise there is no logarithm
        self.times = (levels * _TIMESTEPS).astype(np.int64)
        """What the network is told before each step."""
        self.sigmas = np.append(levels, 0.0).astype(np.float32)
        """How much of noise there is before each step, and none at the end."""
        with np.errstate(divide="ignore"):
            self._lambdas = np.log((1 - self.sigmas).astype(float)) - np.log(self.sigmas.astype(float))
        self._steps, self._first_order = steps, first_order
        self._clean: list[np.ndarray] = []  # what the network took for the picture at the latest steps
        self._before: np.ndarray | None = None
        self._order = 1

    def step(self, index: int, latents: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """The latents after a step in which the network found this direction from picture to noise."""
        clean = latents - self.sigmas[index] * direction
        if self._before is not None and not self._first_order:
            latents = self._corrected(index, clean)
        self._clean = [*self._clean[-1:], clean]
        self._order = 1 if self._first_order else min(2, self._steps - index, index + 1)
        self._before = latents
        return self._predicted(index, latents).astype(np.float32)

    def _predicted(self, index: int, latents: np.ndarray) -> np.ndarray:
        now, after = self.sigmas[index], self.sigmas[index + 1]
        if after == 0:
            return self._clean[-1]
        far = self._lambdas[index + 1] - self._lambdas[index]
        grown = np.expm1(-far)
        found = after / now * latents - (1 - after) * grown * self._clean[-1]
        if self._order == 2:
            ratio = (self._lambdas[index - 1] - self._lambdas[index]) / far
            found = found - (1 - after) * grown * 0.5 * (self._clean[-2] - self._clean[-1]) / ratio
        return found

    def _corrected(self, index: int, clean: np.ndarray) -> np.ndarray:
        """The latents of this step, better known now that the network has seen them."""
        assert self._before is not None
        before, now = self.sigmas[index - 1], self.sigmas[index]
        far = self._lambdas[index] - self._lambdas[index - 1]
        grown, last = np.expm1(-far), self._clean[-1]
        found = now / before * self._before - (1 - now) * grown * last
        if self._order == 1:
            return found - (1 - now) * grown * 0.5 * (clean - last)
        ratio = (self._lambdas[index - 2] - self._lambdas[index - 1]) / far
        first = grown / -far - 1
        wanted = np.array([first, (first / -far - 0.5) * 2]) / grown
        shares = np.linalg.solve(np.array([[1.0, 1.0], [ratio, 1.0]]), wanted)
        moved = shares[0] * (self._clean[-2] - last) / ratio + shares[1] * (clean - last)
        return found - (1 - now) * grown * moved


def noise(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """The normal numbers that `torch.randn` gives for this seed, float32; for sixteen of them or more."""
    count = math.prod(shape)
    source = np.random.RandomState(seed & 0xFFFFFFFF)

    def uniform(count: int) -> np.ndarray:
        bits = source.randint(0, 1 << 32, size=count, dtype=np.uint32)
        return (bits & 0xFFFFFF).astype(np.float32) / np.float32(1 << 24)

    values = uniform(count)
    whole = count - count % 16
    made = np.empty_like(values)
    made[:whole] = _normal(values[:whole])
    if count % 16:
        made[-16:] = _normal(uniform(16))
    return made.reshape(shape)


def _normal(values: np.ndarray) -> np.ndarray:
    """Box and Muller's transform in groups of sixteen: eight radii, eight angles."""
    groups = values.reshape(-1, 2, 8)
    radius = np.sqrt(-2 * np.log1p(-groups[:, 0]))
    angle = np.float32(2 * math.pi) * groups[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).astype(np.float32).ravel()


_FAILS = (
    onnxruntime.capi.onnxruntime_pybind11_state.Fail,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidGraph,
)


def _session(path: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Weights of eight bits become single precision when they are loaded: products of these are the faster ones here.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
