"""A training in several processes on one machine, by torchrun.

What is to be done is written into a file, which every process reads (`worker`). A sentence for the user comes back
the same way, since all that torchrun passes on is an exit code.
"""

import dataclasses
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from storywright import files
from storywright.errors import BadInput
from storywright.steps.launching import Work, relaying

ORDER, REFUSED = "order.json", "refused.json"
WORKER = "storywright.steps.launching.worker"


def do(work: Work, processes: int) -> None:
    """Do the work in so many processes, which all end when one fails."""
    with tempfile.TemporaryDirectory(prefix="storywright-") as name:
        order = write_order(work, Path(name))
        with relaying.passed_on(order.parent):
            words = [*launcher("--standalone", f"--nproc-per-node={processes}"), str(order)]
            done = subprocess.run(words, check=False)
        refuse_what_was_refused(order.parent)
        if done.returncode:
            raise RuntimeError(f"{work.step} in {processes} processes ended with {done.returncode}; its log says why")


def launcher(*options: str) -> list[str]:
    """The words that start the workers; the order's path comes after them."""
    return [sys.executable, "-m", "torch.distributed.run", *options, "-m", WORKER]


def write_order(work: Work, folder: Path) -> Path:
    """Write down what is to be done."""
    order: dict[str, Any] = {
        "step": work.step,
        "values": dataclasses.asdict(work.config),
        "inputs": {name: str(path.absolute()) for name, path in work.inputs.items()},
        "outputs": {name: str(path.absolute()) for name, path in work.outputs.items()},
    }
    files.write_json(folder / ORDER, order)
    return folder / ORDER


def refuse_what_was_refused(folder: Path) -> None:
    """Raise what a worker found to be the user's to put right."""
    if (folder / REFUSED).exists():
        raise BadInput(json.loads((folder / REFUSED).read_text(encoding="utf-8"))["said"])
