"""Muon: momentum whose every direction counts alike, for weights that are matrices.

A step of a matrix is its momentum made orthogonal (a few Newton–Schulz turns, after Keller Jordan's Muon), at the size
that a step of AdamW would have, so learning rates carry over. What is no matrix, or too small for directions to matter,
is AdamW's. Processes that train together share the work: each turns its part of the matrices. Knows nothing about
models.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, distributed, nn

_SMALLEST_SIDE = 32
_TURNS = 5
_POLYNOMIAL = (3.4445, -4.7750, 2.0315)  # lifts small singular values fastest; they end between 0.7 and 1.2
_LIKE_ADAM = 0.2  # the usual size of an entry in AdamW's step
_FEW_BITS = torch.bfloat16


class Muon(torch.optim.Optimizer):
    """Steps for matrices; a convolution is one with a row for each channel it makes."""

    def __init__(
        self, matrices: Iterable[nn.Parameter], lr: float, *, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Make a step along each matrix's turned momentum."""
        for group in self.param_groups:
            moved = [p for p in group["params"] if p.grad is not None]
            turned = self._turned([self._direction(p, group["momentum"]) for p in moved])
            for parameter, way in zip(moved, turned, strict=True):
                size = _LIKE_ADAM * max(_as_matrix(parameter).shape) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(way.view_as(parameter), alpha=-group["lr"] * size)

    def _direction(self, parameter: nn.Parameter, momentum: float) -> Tensor:
        gradient = parameter.grad
        assert gradient is not None
        kept: Tensor = self.state[parameter].setdefault("momentum", torch.zeros_like(parameter))
        kept.mul_(momentum).add_(gradient)
        return _as_matrix(gradient + momentum * kept)

    def _turned(self, directions: list[Tensor]) -> list[Tensor]:
        """Each direction made orthogonal; with several processes each does the ones that fall to it."""
        if not (distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1):
            return [orthogonal(direction).float() for direction in directions]
        rank, count = distributed.get_rank(), distributed.get_world_size()
        parts = [
            (orthogonal(direction) if index % count == rank else direction.new_zeros(direction.shape, dtype=_FEW_BITS))
            for index, direction in enumerate(directions)
        ]
        every = torch.cat([part.flatten() for part in parts])
        distributed.all_reduce(every)  # the others' are zeros here: the sum is exact
        found = every.float().split([part.numel() for part in parts])
        return [way.view_as(direction) for way, direction in zip(found, directions, strict=True)]


def split(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The trained parameters of a model: those that are matrices in the sense of Muon, and the others."""
    looked_up = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    trained = [p for p in model.parameters() if p.requires_grad]
    matrices = [p for p in trained if p.ndim >= 2 and min(_as_matrix(p).shape) >= _SMALLEST_SIDE]
    matrices = [p for p in matrices if id(p) not in looked_up]
    chosen = {id(p) for p in matrices}
    return matrices, [p for p in trained if id(p) not in chosen]


def orthogonal(matrix: Tensor) -> Tensor:
    """The nearest matrix whose singular values are all about one, in 16 bits."""
    first, second, third = _POLYNOMIAL
    upright = matrix.shape[0] > matrix.shape[1]
    turned = (matrix.T if upright else matrix).to(_FEW_BITS)
    turned = turned / (turned.norm() + 1e-7)
    for _ in range(_TURNS):
        square = turned @ turned.T
        turned = first * turned + (second * square + third * square @ square) @ turned
    return turned.T if upright else turned


def _as_matrix(tensor: Tensor) -> Tensor:
    return tensor.reshape(tensor.shape[0], -1)
