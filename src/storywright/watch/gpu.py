"""What the graphics processors of this machine are doing, as NVIDIA's own program says; none where it is missing."""

import csv
import io
import shutil
import subprocess
from dataclasses import dataclass

PROGRAM = "nvidia-smi"
_ASKED = ("index", "utilization.gpu", "memory.used", "memory.total", "temperature.gpu", "power.draw")
_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Gpu:
    """One processor; a figure that the driver does not know is None."""

    index: str
    utilization: float | None
    """Share of the last moment in which it computed."""
    used_bytes: float | None
    total_bytes: float | None
    celsius: float | None
    watts: float | None


def read() -> list[Gpu]:
    """Ask the driver."""
    if shutil.which(PROGRAM) is None:
        return []
    words = [PROGRAM, f"--query-gpu={','.join(_ASKED)}", "--format=csv,noheader,nounits"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr or done.stdout).strip() or f"{PROGRAM} ended with {done.returncode}")
    rows = [row for row in csv.reader(io.StringIO(done.stdout), skipinitialspace=True) if len(row) == len(_ASKED)]
    return [_gpu(row) for row in rows]


def _gpu(row: list[str]) -> Gpu:
    index, *cells = row
    utilization, used, total, celsius, watts = (_number(cell) for cell in cells)
    return Gpu(
        index=index,
        utilization=None if utilization is None else utilization / 100,
        used_bytes=None if used is None else used * 2**20,
        total_bytes=None if total is None else total * 2**20,
        celsius=celsius,
        watts=watts,
    )


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:  # [N/A], [Not Supported]
        return None
