"""What making one thing costs: seconds, processor seconds, and the memory that it takes beside what is there already.

Figures differ from run to run and from machine to machine; side by side they are worth something only when measured in
turns. Knows nothing about what is made.
"""

import contextlib
import ctypes
import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(slots=True)
class Meter:
    """Measures one thing after the other."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    memory_mib: list[float] = field(default_factory=list)

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """What is made in the block is one thing."""
        before = _begin_memory()
        wall, spent = time.perf_counter(), time.process_time()
        yield
        self.seconds.append(time.perf_counter() - wall)
        self.cpu_seconds.append(time.process_time() - spent)
        self.memory_mib.append(max(0.0, _most_memory() - before))

    def figures(self, what: str) -> dict[str, float]:
        """The usual time, and the most memory."""
        if not self.seconds:
            return {}
        return {
            f"seconds_per_{what}": round(float(np.median(self.seconds)), 4),
            f"cpu_seconds_per_{what}": round(float(np.median(self.cpu_seconds)), 4),
            f"memory_mib_per_{what}": round(max(self.memory_mib), 1),
        }


def _begin_memory() -> float:
    """What is held now, in MiB; from here on the most is noted anew."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        return float(torch.cuda.memory_allocated()) / 2**20
    _give_back_freed()
    with contextlib.suppress(OSError):  # a container may forbid it: then the most since the start is all there is
        _RESET.write_text("5")
    return _status("VmRSS")


def _give_back_freed() -> None:
    """Return what is freed and still held to the system: taken again, it would not be seen."""
    gc.collect()
    with contextlib.suppress(AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)


def _most_memory() -> float:
    if torch.cuda.is_available():
        return float(torch.cuda.max_memory_allocated()) / 2**20
    return _status("VmHWM")


def _status(name: str) -> float:
    """A figure that Linux keeps of this process, in MiB; 0 elsewhere."""
    with contextlib.suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
    return 0.0
