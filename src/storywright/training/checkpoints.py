"""Checkpoints of a run: whole or not there, checked when opened, written beside the training.

Each is a folder `RUN/step-NNNNNNNN` of safetensors and a `state.json` that holds their digests. Knows nothing about
what the tensors mean.
"""

import dataclasses
import json
import logging
import math
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from storywright import files

_STATE = "state.json"
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class State:
    """How far a run is, beside its tensors."""

    run: str
    """Digest of what makes the run: another one's checkpoint is not for it."""
    steps: int
    """How long the run was meant to be when this was kept."""
    position: int = 0
    """Steps done."""
    curve: list[dict[str, float]] = field(default_factory=list)
    recent: list[float] = field(default_factory=list)
    """The latest losses, which say what is usual."""
    loss_sum: float = 0.0
    """Losses since the last row of the curve."""
    loss_count: int = 0
    skipped: list[int] = field(default_factory=list)
    """Steps left out because they made the training diverge."""
    rollbacks: int = 0
    final: dict[str, float] = field(default_factory=dict)
    """The last validation, when the run is finished."""
    best: float = math.inf
    """The smallest validation loss, where patience is counted."""
    without_better: int = 0
    """Validations since then."""
    stopped: bool = False
    """Whether patience ended the run."""


class Checkpoints:
    """The checkpoints of one run in a folder."""

    def __init__(self, folder: Path, run: str, *, keep: int, keep_every: int = 0, writes: bool = True) -> None:
        """The newest `keep` are kept, and for good those at multiples of `keep_every` steps."""
        self._folder, self._keep, self._writes = folder / run[:16], keep, writes
        self._keep_every = keep_every
        self._writer = ThreadPoolExecutor(1)
        self._pending: Future[None] | None = None
        if others := [p.name for p in folder.glob("*") if p.is_dir() and p != self._folder]:
            _log.warning("%s holds checkpoints of other values or data (%s): not used.", folder, ", ".join(others))
        if writes:
            for part in self._folder.glob(".step-*.part"):  # of a process that was killed while it wrote
                shutil.rmtree(part, ignore_errors=True)

    def save(self, state: State, tensors: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Keep this state; it is copied now and written while the training goes on."""
        if not self._writes:
            return
        self.wait()
        text = json.dumps(dataclasses.asdict(state))
        copied = {
            part: {name: t.detach().to("cpu", copy=True).contiguous() for name, t in values.items()}
            for part, values in tensors.items()
        }
        self._pending = self._writer.submit(self._write, state.position, text, copied)

    def wait(self) -> None:
        """Wait until what was saved is on the disk; what went wrong there is raised here."""
        if self._pending is not None:
            pending, self._pending = self._pending, None
            pending.result()

    def newest_first(self) -> Iterator[tuple[State, dict[str, dict[str, Tensor]]]]:
        """The checkpoints that are whole, from the newest on."""
        for folder in sorted(self._folder.glob("step-????????"), reverse=True):
            if (found := _read(folder)) is not None:
                yield found
            else:
                _log.warning("Checkpoint %s is damaged: not used.", folder)

    def clear(self) -> None:
        """Make room for a run that starts anew."""
        if self._writes:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, position: int, text: str, tensors: dict[str, dict[str, Tensor]]) -> None:
        target = self._folder / f"step-{position:08d}"
        part = self._folder / f".step-{position:08d}.part"
        with files.full_disk_named(target):
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            digests = {}
            for name, values in tensors.items():
                file = part / f"{name}.safetensors"
                save_file(values, file)
                digests[file.name] = files.digest(file)
            files.write_json(part / _STATE, json.loads(text) | {"files": digests})
            files.replace_folder(part, target)
        for old in sorted(self._folder.glob("step-????????"), reverse=True)[self._keep :]:
            if not (self._keep_every and int(old.name.removeprefix("step-")) % self._keep_every == 0):
                shutil.rmtree(old)


def _read(folder: Path) -> tuple[State, dict[str, dict[str, Tensor]]] | None:
    try:
        values = json.loads((folder / _STATE).read_text())
        digests = values.pop("files")
        if any(files.digest(folder / name) != digest for name, digest in digests.items()):
            return None
        return State(**values), {Path(name).stem: load_file(folder / name) for name in digests}
    except (OSError, ValueError, TypeError, KeyError):
        return None
