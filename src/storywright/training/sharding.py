"""Weights, gradients and moments cut over processes (FSDP), for models that one accelerator cannot hold.

The model itself stays whole on the CPU and takes the weights back when the training ends; a copy is cut and trained.
Checkpoints hold whole tensors, so that a run goes on with another number of processes. Knows nothing about training.
"""

import copy
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor


def is_distributed() -> bool:
    """Whether several processes train together."""
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


def sharded(model: nn.Module, device: torch.device) -> nn.Module:
    """A copy of the model whose weights are cut over all processes, block by block."""
    mesh = init_device_mesh(device.type, (distributed.get_world_size(),))
    made = copy.deepcopy(model).to(device)
    # Cut again after each forward pass, the outermost too: weights are exchanged for averages between two passes.
    for block in _blocks(made):
        fully_shard(block, mesh=mesh, reshard_after_forward=True)
    fully_shard(made, mesh=mesh, reshard_after_forward=True)
    return made


def whole(tensor: Tensor) -> Tensor:
    """The whole of a tensor; every process has to ask for it where it is cut."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def whole_of(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The whole of each tensor."""
    return {name: whole(tensor) for name, tensor in tensors.items()}


def like(tensor: Tensor, cut: Tensor) -> Tensor:
    """A whole tensor cut as another one is."""
    if not isinstance(cut, DTensor) or isinstance(tensor, DTensor) or tensor.shape != cut.shape:
        return tensor
    return distribute_tensor(tensor.to(cut.device), cut.device_mesh, cut.placements)


def _blocks(module: nn.Module) -> Iterator[nn.Module]:
    """The outermost members of module lists: what a model calls one after another."""
    for child in module.children():
        if isinstance(child, nn.ModuleList):
            yield from (block for block in child if any(True for _ in block.parameters()))
        else:
            yield from _blocks(child)
