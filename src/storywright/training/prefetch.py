"""The batches of the next steps, read while this one is computed.

What is in a step's batch is a function of the step alone, so reading ahead changes no bit. Knows nothing about what is
read.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

Parts = list[Mapping[str, Tensor]]


class Prefetch:
    """Reads `ahead` steps beyond the one that is asked for, up to the last; 0 reads each when it is asked for."""

    def __init__(self, read: Callable[[int], Parts], *, ahead: int, end: int, pinned: bool) -> None:
        self._read, self._ahead, self._end, self._pinned = read, ahead, end, pinned
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="prefetch") if ahead else None
        self._waiting: dict[int, Future[Parts]] = {}

    def __getitem__(self, step: int) -> Parts:
        """The parts of a step's batch."""
        if self._reader is None:
            return self._parts(step)
        for wanted in range(step, min(step + self._ahead + 1, self._end)):
            if wanted not in self._waiting:
                self._waiting[wanted] = self._reader.submit(self._parts, wanted)
        return self._waiting.pop(step).result()

    def forget(self) -> None:
        """Let go of what was read ahead, as when the run goes back."""
        for future in self._waiting.values():
            future.cancel()
        self._waiting.clear()

    def close(self) -> None:
        """End the reading."""
        self.forget()
        if self._reader is not None:
            self._reader.shutdown(cancel_futures=True)

    def _parts(self, step: int) -> Parts:
        read = self._read(step)
        if not self._pinned:
            return read
        return [{name: t.pin_memory() for name, t in part.items()} for part in read]


def pins(device: torch.device) -> bool:
    """Whether batches for this device are best laid in memory that it can read by itself."""
    return device.type == "cuda"
