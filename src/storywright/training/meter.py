"""What a training costs: pictures a second, memory, utilisation, and the share of time that is lost beside the steps.

Model FLOP utilisation is what the model's products need, counted once, as a share of what this machine reaches in a
plain product of two large matrices of the same precision. None of it decides anything, so runs stay exact.
"""

import contextlib
import resource
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

_SIDE = {"cpu": 1024, "cuda": 8192}
_DTYPES = {"no": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Meter:
    """Counts from its making on; a `row` says what happened since the last."""

    def __init__(self, device: torch.device, precision: str, batch: int) -> None:
        self._device, self._precision, self._batch = device, precision, batch
        self.lost: dict[str, float] = {"loading": 0.0, "checkpoints": 0.0, "logging": 0.0}
        """Seconds that steps waited for something else, since the making."""
        self._flops, self._peak = 0.0, 0.0
        self._began = self._row_began = time.monotonic()
        self._row_cpu, self._row_lost = _cpu_seconds(), dict(self.lost)

    @contextlib.contextmanager
    def losing(self, what: str) -> Iterator[None]:
        """Time in this block is not spent on steps."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.lost[what] += time.monotonic() - began

    def share_lost(self) -> dict[str, float]:
        """What was lost so far, as a share of all time."""
        whole = max(time.monotonic() - self._began, 1e-9)
        return {what: seconds / whole for what, seconds in self.lost.items()}

    def count(self, step: Callable[[], Any]) -> None:
        """Count the products of one step and learn what the machine reaches; both take a moment."""
        with FlopCounterMode(display=False) as counter:
            step()
        self._flops = float(counter.get_total_flops())
        self._peak = reached(self._device, _DTYPES[self._precision])
        self._began = self._row_began = time.monotonic()
        self._row_cpu = _cpu_seconds()

    def row(self, steps: int) -> dict[str, float]:
        """Figures of the steps since the last row."""
        now, cpu = time.monotonic(), _cpu_seconds()
        took = max(now - self._row_began, 1e-9)
        found = {
            "samples_per_second": steps * self._batch / took,
            "memory_mb": _memory_mb(self._device),
            "cpu_utilisation": (cpu - self._row_cpu) / took / torch.get_num_threads(),
        }
        found |= {f"lost_{what}": (self.lost[what] - before) / took for what, before in self._row_lost.items()}
        if self._peak:
            found["model_flop_utilisation"] = self._flops * steps / took / self._peak
        if (gpu := _gpu_utilisation(self._device)) is not None:
            found["gpu_utilisation"] = gpu
        self._row_began, self._row_cpu, self._row_lost = now, cpu, dict(self.lost)
        return found


def reached(device: torch.device, dtype: torch.dtype) -> float:
    """Floating-point operations a second in a product of two large matrices, the best of three."""
    side = _SIDE.get(device.type, 4096)
    one = torch.ones(side, side, device=device, dtype=dtype)
    best = 0.0
    for _ in range(3):
        _settle(device)
        began = time.monotonic()
        one @ one
        _settle(device)
        best = max(best, 2 * side**3 / (time.monotonic() - began))
    return best


def _settle(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _cpu_seconds() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def _memory_mb(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _gpu_utilisation(device: torch.device) -> float | None:
    """The share of the last moment in which the GPU worked; None where the driver does not say."""
    if device.type != "cuda":
        return None
    try:
        return torch.cuda.utilization(device) / 100
    except (ModuleNotFoundError, RuntimeError):  # nvidia-ml-py is not installed, or the driver is too old
        return None
