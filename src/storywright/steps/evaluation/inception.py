"""The Fréchet distance that others report (FID): on the last features of the Inception network of 2015.

Its weights are not shipped. They are read from the file that pytorch-fid publishes (pt_inception-2015-12-05…), or the
same tensors as safetensors; nothing in the file is run. With few pictures the distance is large whatever is drawn.
"""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from storywright.critic import metrics
from storywright.errors import BadInput

_SIDE = 299
_AT_ONCE = 16


def distances(weights: Path, drawn: list[Image.Image], same: np.ndarray, known: np.ndarray) -> dict[str, Any]:
    """Of drawn pictures to known ones, and of as many real ones, uint8 (n, height, width, 3)."""
    network = opened(weights)
    known_features = features(network, known)
    made = np.stack([np.asarray(picture.convert("RGB")) for picture in drawn])
    return {
        "frechet_inception": metrics.frechet_distance(features(network, made), known_features),
        "frechet_inception_real": metrics.frechet_distance(features(network, same), known_features),
    }


def opened(weights: Path) -> "Inception":
    """The network with these weights; refuses a file of another kind."""
    try:
        if weights.suffix == ".safetensors":
            tensors = load_file(weights)
        else:
            tensors = torch.load(weights, map_location="cpu", weights_only=True)
        network = Inception()
        # What classifies is not needed, nor how many batches the statistics were taken from.
        given = {name: t for name, t in tensors.items() if not name.startswith(("fc.", "AuxLogits."))}
        needed = {name for name in network.state_dict() if not name.endswith("num_batches_tracked")}
        if missing := sorted(needed - given.keys()):
            raise BadInput(
                f"{weights} is no Inception network of FID: it lacks {missing[0]} and {len(missing) - 1} more."
            )
        network.load_state_dict(given, strict=False)
    except BadInput:
        raise
    except (
        OSError,
        EOFError,
        pickle.UnpicklingError,
        SafetensorError,
        RuntimeError,
        AttributeError,
        ValueError,
    ) as error:
        reason = " ".join(str(error).split())[:200]
        raise BadInput(
            f"{weights} cannot be read as Inception's weights ({reason}): give pytorch-fid's file."
        ) from error
    return network.eval()


def features(network: "Inception", pictures: np.ndarray) -> np.ndarray:
    """(n, 2048) of uint8 (n, height, width, 3)."""
    found = []
    with torch.inference_mode():
        for first in range(0, len(pictures), _AT_ONCE):
            some = torch.from_numpy(np.ascontiguousarray(pictures[first : first + _AT_ONCE]))
            found.append(network(some.permute(0, 3, 1, 2).float() / 127.5 - 1))
    made: np.ndarray = torch.cat(found).numpy()
    return made


class Inception(nn.Module):
    """Pictures (n, 3, height, width) in -1..1 to (n, 2048); names and padding are those of FID's weights."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = _Conv(3, 32, 3, stride=2)
        self.Conv2d_2a_3x3 = _Conv(32, 32, 3)
        self.Conv2d_2b_3x3 = _Conv(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1 = _Conv(64, 80, 1)
        self.Conv2d_4a_3x3 = _Conv(80, 192, 3)
        self.Mixed_5b, self.Mixed_5c, self.Mixed_5d = _A(192, 32), _A(256, 64), _A(288, 64)
        self.Mixed_6a = _B(288)
        self.Mixed_6b, self.Mixed_6c, self.Mixed_6d, self.Mixed_6e = (_C(wide) for wide in (128, 160, 160, 192))
        self.Mixed_7a = _D(768)
        self.Mixed_7b, self.Mixed_7c = _E(1280, "mean"), _E(2048, "most")

    def forward(self, x: Tensor) -> Tensor:
        """From pictures to features."""
        x = F.interpolate(x, (_SIDE, _SIDE), mode="bilinear", align_corners=False)
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = F.max_pool2d(x, 3, 2)
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x))
        x = F.max_pool2d(x, 3, 2)
        x = self.Mixed_6a(self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x))))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(x))))
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        return x.mean((2, 3))


class _Conv(nn.Module):
    def __init__(self, before: int, after: int, kernel: Any, **how: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, kernel, bias=False, **how)
        self.bn = nn.BatchNorm2d(after, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


def _row(before: int, after: int, length: int) -> _Conv:
    return _Conv(before, after, (1, length), padding=(0, length // 2))


def _column(before: int, after: int, length: int) -> _Conv:
    return _Conv(before, after, (length, 1), padding=(length // 2, 0))


def _mean_around(x: Tensor) -> Tensor:
    # The network of 2015 does not count what lies outside the picture.
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


class _A(nn.Module):
    def __init__(self, before: int, pooled: int) -> None:
        super().__init__()
        self.branch1x1 = _Conv(before, 64, 1)
        self.branch5x5_1, self.branch5x5_2 = _Conv(before, 48, 1), _Conv(48, 64, 5, padding=2)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = _Conv(before, 64, 1), _Conv(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = _Conv(96, 96, 3, padding=1)
        self.branch_pool = _Conv(before, pooled, 1)

    def forward(self, x: Tensor) -> Tensor:
        twice = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        parts = [self.branch1x1(x), self.branch5x5_2(self.branch5x5_1(x)), twice, self.branch_pool(_mean_around(x))]
        return torch.cat(parts, 1)


class _B(nn.Module):
    def __init__(self, before: int) -> None:
        super().__init__()
        self.branch3x3 = _Conv(before, 384, 3, stride=2)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = _Conv(before, 64, 1), _Conv(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = _Conv(96, 96, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        twice = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), twice, F.max_pool2d(x, 3, 2)], 1)


class _C(nn.Module):
    def __init__(self, wide: int, before: int = 768) -> None:
        super().__init__()
        self.branch1x1 = _Conv(before, 192, 1)
        self.branch7x7_1, self.branch7x7_2, self.branch7x7_3 = (
            _Conv(before, wide, 1), _row(wide, wide, 7), _column(wide, 192, 7),
        )  # fmt: skip
        self.branch7x7dbl_1, self.branch7x7dbl_2 = _Conv(before, wide, 1), _column(wide, wide, 7)
        self.branch7x7dbl_3, self.branch7x7dbl_4 = _row(wide, wide, 7), _column(wide, wide, 7)
        self.branch7x7dbl_5 = _row(wide, 192, 7)
        self.branch_pool = _Conv(before, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        once = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        twice = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        twice = self.branch7x7dbl_5(self.branch7x7dbl_4(twice))
        return torch.cat([self.branch1x1(x), once, twice, self.branch_pool(_mean_around(x))], 1)


class _D(nn.Module):
    def __init__(self, before: int) -> None:
        super().__init__()
        self.branch3x3_1, self.branch3x3_2 = _Conv(before, 192, 1), _Conv(192, 320, 3, stride=2)
        self.branch7x7x3_1, self.branch7x7x3_2 = _Conv(before, 192, 1), _row(192, 192, 7)
        self.branch7x7x3_3, self.branch7x7x3_4 = _column(192, 192, 7), _Conv(192, 192, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        around = self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x))))
        return torch.cat([self.branch3x3_2(self.branch3x3_1(x)), around, F.max_pool2d(x, 3, 2)], 1)


class _E(nn.Module):
    def __init__(self, before: int, pooling: str) -> None:
        super().__init__()
        self._pooling = pooling
        self.branch1x1 = _Conv(before, 320, 1)
        self.branch3x3_1 = _Conv(before, 384, 1)
        self.branch3x3_2a, self.branch3x3_2b = _row(384, 384, 3), _column(384, 384, 3)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = _Conv(before, 448, 1), _Conv(448, 384, 3, padding=1)
        self.branch3x3dbl_3a, self.branch3x3dbl_3b = _row(384, 384, 3), _column(384, 384, 3)
        self.branch_pool = _Conv(before, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        once, twice = self.branch3x3_1(x), self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        # The last block of the network of 2015 takes the most around, where all others take the mean.
        around = _mean_around(x) if self._pooling == "mean" else F.max_pool2d(x, 3, 1, 1)
        parts = [self.branch3x3_2a(once), self.branch3x3_2b(once)]
        parts += [self.branch3x3dbl_3a(twice), self.branch3x3dbl_3b(twice)]
        return torch.cat([self.branch1x1(x), *parts, self.branch_pool(around)], 1)
