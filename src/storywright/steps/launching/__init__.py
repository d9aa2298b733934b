"""How a step's own work is done: here, in several processes on this machine, or on several machines.

Only steps that say `PROCESSES = True` are ever done by more than one process: the trainings. On a machine with several
GPUs each gets a process by itself; whoever starts a step says anything else in its environment:

    STORYWRIGHT_PROCESSES   how many processes on each machine; `gpu`: one for each GPU, and one where there is none
    STORYWRIGHT_NODES       on how many machines; more than one needs Kubernetes, and a folder that all of them share
    STORYWRIGHT_TRAININGS   a folder that outlives this machine: what is half done lies there, and is gone on with

Knows nothing of what is learned.
"""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from storywright import files
from storywright.errors import BadInput

_KEPT_DAYS = 14
_STAMP = "used"


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One step to be done: whose, with which values, from where to where."""

    step: str
    module: ModuleType
    config: Any
    inputs: Mapping[str, Path]
    outputs: Mapping[str, Path]
    key: str
    """Differs where the values, the inputs or the code do."""

    def do(self) -> None:
        """Do it in this process."""
        self.module.run(self.config, self.module.Inputs(**self.inputs), self.module.Outputs(**self.outputs))


@dataclass(frozen=True, kw_only=True, slots=True)
class Means:
    """What the environment says the work is to be done with."""

    processes: int
    """How many on each machine."""
    nodes: int
    shared: Path | None
    """Where what is half done is kept."""
    launched: bool
    """Whether torchrun does it, also with one process."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Means":
        """Read the variables; without any, one process for each GPU of this machine."""
        wanted = environment.get("STORYWRIGHT_PROCESSES", "")
        processes = _number("STORYWRIGHT_PROCESSES", wanted) if wanted not in ("", "gpu") else max(1, _gpus())
        nodes = _number("STORYWRIGHT_NODES", environment.get("STORYWRIGHT_NODES", "1"))
        shared = environment.get("STORYWRIGHT_TRAININGS", "")
        if nodes > 1 and not shared:
            raise BadInput(
                f"STORYWRIGHT_NODES={nodes} asks for several machines: name the folder that they share in "
                "STORYWRIGHT_TRAININGS."
            )
        launched = bool(wanted) or processes > 1
        return cls(processes=processes, nodes=nodes, shared=Path(shared) if shared else None, launched=launched)


def do(work: Work) -> None:
    """Do the work with what there is."""
    if not getattr(work.module, "PROCESSES", False):
        work.do()
        return
    means = Means.from_environment()
    if means.shared is None:
        _done(work, means)
        return
    with _kept(work, means.shared) as kept:
        _done(kept, means)
        for name, path in kept.outputs.items():
            _copy(path, work.outputs[name])


def _done(work: Work, means: Means) -> None:
    if means.nodes > 1:
        from storywright.steps.launching import trainjob

        trainjob.do(work, nodes=means.nodes, processes=means.processes)
    elif means.launched:
        from storywright.steps.launching import processes

        processes.do(work, means.processes)
    else:
        work.do()


@contextlib.contextmanager
def _kept(work: Work, shared: Path) -> Iterator[Work]:
    """The work with outputs in the shared folder, where the same work finds what was done of it before."""
    if not shared.is_dir():
        raise BadInput(f"STORYWRIGHT_TRAININGS names {shared}, which is no folder here: mount the volume there.")
    _forget_old(shared)
    place = shared / f"{work.step}-{work.key[:16]}"
    with files.full_disk_named(place):
        place.mkdir(exist_ok=True)
        with (place / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BadInput(f"Another task does {work.step} in {place}: wait until it has ended.") from error
            (place / _STAMP).touch()
            outputs = {name: place / "outputs" / path.name for name, path in work.outputs.items()}
            (place / "outputs").mkdir(exist_ok=True)
            yield replace(work, outputs=outputs)
            shutil.rmtree(place)


def _forget_old(shared: Path) -> None:
    """Remove what nobody has gone on with for two weeks."""
    for stamp in shared.glob(f"*/{_STAMP}"):
        with contextlib.suppress(OSError):  # another task removes it at this moment
            if time.time() - stamp.stat().st_mtime > _KEPT_DAYS * 24 * 3600:
                shutil.rmtree(stamp.parent)


def _copy(path: Path, target: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, target, dirs_exist_ok=True)
    elif path.exists():
        shutil.copyfile(path, target)


def _number(name: str, text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise BadInput(f"{name}={text!r} is not a number of 1 or more.")
    return int(text)


def _gpus() -> int:
    import torch

    return torch.cuda.device_count()
