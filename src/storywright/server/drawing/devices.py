"""Which devices draw: each GPU with a process of its own, or else the processor.

STORYWRIGHT_DEVICES names them where that is not wanted, such as `cuda:1` or `cpu,cpu`: two processes on the processor
share its cores.
"""

import os
from collections.abc import Mapping

from storywright.errors import BadInput
from storywright.server.drawing.process import Process
from storywright.server.drawing.room import Host


def processes(environment: Mapping[str, str] = os.environ) -> list[Host]:
    """A process for each device."""
    names = [name.strip() for name in environment.get("STORYWRIGHT_DEVICES", "").split(",") if name.strip()] or _found()
    for name in names:
        if name != "cpu" and not (name.startswith("cuda:") and name.removeprefix("cuda:").isdecimal()):
            raise BadInput(f"STORYWRIGHT_DEVICES: {name!r} is no device: write cpu, or cuda:0, cuda:1 …")
    said = environment.get("OMP_NUM_THREADS", "").partition(",")[0]
    cores = len(os.sched_getaffinity(0)) // max(1, names.count("cpu"))
    threads = int(said) if said.isdecimal() else max(1, cores)
    return [Process(name, threads) for name in names]


def _found() -> list[str]:
    import torch

    return [f"cuda:{number}" for number in range(torch.cuda.device_count())] or ["cpu"]
