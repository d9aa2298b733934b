"""What a panel and a clip cost, and what the whole of storywright's drawing keeps in memory.

    python benchmarks/bench_draw.py --out docs/results/illustrator/speed.json            # about a minute

Each figure is taken in a process of its own: seconds of wall time and of CPU time for a panel in 8, 4 and 2 steps and
for a clip of 16 frames, all warm; the first picture of a cold process; and the largest memory. The bars are 0.8 s,
0.4 s, 6 s for a first picture and for a clip, 1.5 GB.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

WORDS = "ink drawing, medium shot, a woman with long red hair in a yellow shirt, holding a blue bottle, park"
BARS = {"first": 6.0, "8 steps": 0.8, "4 steps": 0.4, "clip": 6.0}
MOST_MEMORY_MB = 1500


def main() -> None:
    """Print the machine and the figures; write them where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="pictures each figure is the median of (default: 5)")
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(_one(args.one, args.rounds)))
        return
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}, load {os.getloadavg()[0]:.1f}\n{'':10}{'seconds':>9}{'CPU':>9}{'MB':>8}   bar")
    figures = {}
    for name in ("first", "8 steps", "4 steps", "2 steps", "clip"):
        started = time.monotonic()
        command = [sys.executable, __file__, "--rounds", str(args.rounds), "--one", name]
        figure = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        if name == "first":
            figure["seconds"] = time.monotonic() - started
        figures[name] = figure
        bar = f"{BARS[name]:g} s, {MOST_MEMORY_MB} MB" if name in BARS else ""
        print(f"{name:10}{figure['seconds']:9.2f}{figure['cpu_seconds']:9.2f}{figure['memory_mb']:8.0f}   {bar}")
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps({"machine": machine, "figures": figures}, indent=2) + "\n")


def _one(name: str, rounds: int) -> dict[str, float]:
    if name == "first":
        from storywright import TextToImageModel

        TextToImageModel().generate(WORDS)
        spent = resource.getrusage(resource.RUSAGE_SELF)
        return {"seconds": 0.0, "cpu_seconds": spent.ru_utime + spent.ru_stime, "memory_mb": spent.ru_maxrss / 1024}
    make = _maker(name)
    make(0)
    walls, cpus = [], []
    for number in range(rounds):
        wall, cpu = time.monotonic(), time.process_time()
        make(number + 1)
        walls.append(time.monotonic() - wall)
        cpus.append(time.process_time() - cpu)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": statistics.median(walls), "cpu_seconds": statistics.median(cpus), "memory_mb": memory}


def _maker(name: str) -> Callable[[int], object]:
    from storywright import TextToImageModel, TextToVideoModel

    if name == "clip":
        video = TextToVideoModel()
        return lambda seed: video.generate(WORDS, frames=16, seed=seed)
    image, steps = TextToImageModel(), int(name.split(maxsplit=1)[0])
    return lambda seed: image.generate(WORDS, steps=steps, seed=seed)


if __name__ == "__main__":
    main()
