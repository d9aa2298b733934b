"""What three candidates cost, from a cold command and in a warm process, and what all exports of one board cost.

    python benchmarks/bench_board.py [--rounds N] [--out docs/results/studio.md]            # two minutes

Wall time and CPU time are both told: on a machine that others use, the CPU time says what the wall time would be. The
bars are 20 s cold, 6 s warm, and 6 s for all exports of a 15-second board from a cold command.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sections

ROOT = Path(__file__).parents[1]
BRIEF = ROOT / "examples" / "briefs" / "morning-run.yaml"
BARS = {"three candidates, cold command": 20.0, "three candidates, warm process": 6.0, "all exports, cold command": 6.0}


def main() -> None:
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="times each figure is taken; the least is told")
    parser.add_argument("--out", type=Path, help="the document of results")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        measured = {
            "three candidates, cold command": _least(
                asked.rounds, lambda: _command("board", BRIEF, "--out", out / "b")
            ),
            "three candidates, warm process": _warm(asked.rounds),
            "all exports, cold command": _least(
                asked.rounds, lambda: _command("export", out / "b" / "1", "--to", "all", "--out", out / "e")
            ),
        }
    rows = [[name, f"{wall:.1f} s", f"{cpu:.1f} s", f"{BARS[name]:g} s"] for name, (wall, cpu) in measured.items()]
    text = sections.table(["what", "wall", "CPU", "bar"], rows)
    print(text)
    if asked.out:
        command = f"`python benchmarks/bench_board.py --rounds {asked.rounds} --out {asked.out}`"
        body = f"{command}\n\n{sections.machine()}; the least of {asked.rounds} runs.\n\n{text}"
        sections.put(asked.out, "The studio", "What a board costs", body)


def _least(rounds: int, once: Callable[[], tuple[float, float]]) -> tuple[float, float]:
    runs = [once() for _ in range(rounds)]
    return min(wall for wall, _ in runs), min(cpu for _, cpu in runs)


def _command(*words: object) -> tuple[float, float]:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-m", "storywright", *map(str, words)], capture_output=True, check=True, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, cpu


def _warm(rounds: int) -> tuple[float, float]:
    """In this process, the models opened and one board drawn before the clock runs."""
    import torch

    from storywright.board import read_brief
    from storywright.studio.director import Director
    from storywright.studio.models import Models

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
    director, brief = Director(Models.open()), read_brief(BRIEF)
    director.boards(brief, 1)

    def once() -> tuple[float, float]:
        started, cpu = time.perf_counter(), time.process_time()
        director.boards(brief, 3)
        return time.perf_counter() - started, time.process_time() - cpu

    return _least(rounds, once)


if __name__ == "__main__":
    main()
