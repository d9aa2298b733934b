"""The judge's network: a small convolutional one that asks its last map about everything, each subject on its own.

Saved as safetensors with a config beside it. Knows nothing about who drew a picture.
"""

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from storywright import files
from storywright.errors import BadInput
from storywright.illustrator import sealed
from storywright.judge.labels import QUESTIONS

STARTER = Path(__file__).parent.parent / "starter" / "judge"
"""The embedded judge, shipped with the package."""
SIZE = (192, 108)
"""Width and height that pictures are brought to."""
_CONFIG, _WEIGHTS = "config.json", "model.safetensors"
_AT_ONCE = 64
_FIRST_STRIDE = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """How large the network is."""

    channels: tuple[int, ...] = (48, 96, 160, 224)
    """Of each level; the first is a quarter of the picture's width and height, each other half of the one before."""
    heads: int = 4


class Network(nn.Module):
    """Pictures (n, 3, height, width) in -1..1 to the logits of each question."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        width = shape.channels[-1]
        first = shape.channels[0]
        levels: list[nn.Module] = [nn.Conv2d(3, first, 6, _FIRST_STRIDE, 1), nn.BatchNorm2d(first), _Block(first)]
        for before, after in itertools.pairwise(shape.channels):
            levels += [_layer(before, after, stride=2), _Block(after)]
        self.levels = nn.Sequential(*levels)
        subjects = dict.fromkeys(_subject(question) for question in QUESTIONS)
        self._subjects = {subject: index for index, subject in enumerate(subjects)}
        rows, columns = (-(-side // (_FIRST_STRIDE * 2 ** (len(shape.channels) - 1))) for side in reversed(SIZE))
        self.places = nn.Parameter(torch.randn(rows * columns, width) * 0.02)
        self.asked = nn.Parameter(torch.randn(len(subjects), width) * 0.02)
        self.look = nn.MultiheadAttention(width, shape.heads, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.answers = nn.ModuleList(nn.Linear(2 * width, len(known)) for known in QUESTIONS.values())

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """For each question (n, answers)."""
        seen = self.levels(pixels).flatten(2).transpose(1, 2) + self.places
        asked = self.asked.expand(len(pixels), -1, -1)
        found = self.norm(asked + self.look(asked, seen, seen, need_weights=False)[0])
        whole = seen.mean(1)
        by_question = (found[:, self._subjects[_subject(question)]] for question in QUESTIONS)
        return [answer(torch.cat([one, whole], 1)) for answer, one in zip(self.answers, by_question, strict=True)]


class Judge:
    """An opened network."""

    def __init__(self, network: Network) -> None:
        self._network = network.eval()

    @classmethod
    def open(cls, folder: Path = STARTER) -> Self:
        """Open a judge's folder; refuses one that is incomplete, altered or of other questions."""
        sealed.check(folder, "judge", (_CONFIG, _WEIGHTS))
        config = sealed.read_json(folder / _CONFIG)
        if config.get("questions") != {question: list(known) for question, known in QUESTIONS.items()}:
            raise BadInput(f"{folder} is a judge of other questions than this version asks: train it again.")
        network = Network(Shape(channels=tuple(config["channels"]), heads=config["heads"]))
        try:
            network.load_state_dict({name: t.float() for name, t in load_file(folder / _WEIGHTS).items()})
        except (RuntimeError, OSError, SafetensorError) as error:
            raise BadInput(f"{folder} cannot be opened as a judge ({error}): train it again.") from error
        return cls(network)

    @torch.inference_mode()
    def read(self, pictures: np.ndarray | Sequence[Image.Image]) -> np.ndarray:
        """The likeliest answer to each question, int64 (pictures, questions)."""
        found = []
        for first in range(0, len(pictures), _AT_ONCE):
            logits = self._network(pixels_of(pictures[first : first + _AT_ONCE]))
            found.append(torch.stack([one.argmax(1) for one in logits], 1).numpy())
        return np.concatenate(found) if found else np.zeros((0, len(QUESTIONS)), np.int64)


def save(network: Network, folder: Path) -> None:
    """Save in half precision, and seal the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    questions = {question: list(known) for question, known in QUESTIONS.items()}
    files.write_json(folder / _CONFIG, {**asdict(network.shape), "questions": questions})
    save_file({name: t.detach().half().contiguous() for name, t in network.state_dict().items()}, folder / _WEIGHTS)
    sealed.seal(folder)


def pixels_of(pictures: np.ndarray | Tensor | Sequence[Image.Image]) -> Tensor:
    """Pictures of any size as pixels in -1..1 at the judge's size."""
    if isinstance(pictures, np.ndarray | Tensor):
        pixels = torch.as_tensor(np.array(pictures)).permute(0, 3, 1, 2).float()
        if pixels.shape[-2:] != SIZE[::-1]:
            pixels = F.interpolate(pixels, SIZE[::-1], mode="bilinear", antialias=True)
    else:
        at_size = (np.asarray(picture.convert("RGB").resize(SIZE, Image.Resampling.BOX)) for picture in pictures)
        pixels = torch.from_numpy(np.stack(list(at_size))).permute(0, 3, 1, 2).float()
    return pixels / 127.5 - 1


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = _layer(channels, channels), _layer(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(self.first(x))


def _layer(before: int, after: int, stride: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)
    )


def _subject(question: str) -> str:
    """Whom or what a question is about, such as person_1; the picture as a whole where it is about nobody."""
    return question.split(".", maxsplit=1)[0] if "." in question else "picture"
