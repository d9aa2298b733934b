"""Drawings per second of the drawn world, by style, in one process and in two.

    python benchmarks/bench_toonworld.py            # about a minute

The scenes are those of the story grammar, in the order of their stories, as the draw step meets them. Each process
draws some stories to warm up and new ones for the figure; what is counted is CPU time, so that other work on the
machine disturbs less. Two processes share the stories; their figure is the sum of both, each by its own CPU time.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import platform
import statistics
import time
from pathlib import Path

ROUNDS, STORIES, WARM_UP = 3, 150, 400
SIZES = ((128, 72), (192, 108))


def main() -> None:
    """Print the machine, then drawings per second; write them where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"times each figure is taken (default: {ROUNDS})")
    parser.add_argument("--stories", type=int, default=STORIES, help=f"stories a figure (default: {STORIES})")
    parser.add_argument("--warm-up", type=int, default=WARM_UP, help=f"stories before it (default: {WARM_UP})")
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    args = parser.parse_args()
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"{platform.machine()}, {cores} cores, Python {platform.python_version()}, load {load:.1f}")
    print(f"{'':22}" + "".join(f"{f'{w}x{h}':>12}" for w, h in SIZES))
    from storywright.toonworld.scene import STYLES

    found: dict[str, dict[str, float]] = {}
    for style, processes in [*((style, 1) for style in (*STYLES, None)), (None, 2)]:
        name = f"{style or 'all styles'}, {processes} process{'es' if processes > 1 else ''}"
        found[name] = {f"{w}x{h}": _median(args, style, (w, h), processes) for w, h in SIZES}
        print(f"{name:22}" + "".join(f"{figure:12,.0f}" for figure in found[name].values()), flush=True)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(found, indent=2) + "\n")


def _median(args: argparse.Namespace, style: str | None, size: tuple[int, int], processes: int) -> float:
    jobs = [(style, size, args.rounds, args.stories, args.warm_up, k, processes) for k in range(processes)]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        figures = pool.starmap(_rates, jobs)
    return statistics.median(sum(rates) for rates in zip(*figures, strict=True))


def _rates(
    style: str | None, size: tuple[int, int], rounds: int, stories: int, warm_up: int, part: int, parts: int
) -> list[float]:
    """Drawings per CPU-second of each round over new stories, once warm."""
    from storywright.toonworld.drawing import draw
    from storywright.toonworld.grammar import stories as told

    wanted = itertools.islice(told(11, "en", style), part, (warm_up + rounds * stories) * parts, parts)
    scenes = [[panel.scene for panel in story.panels] for story in wanted]
    for scene in itertools.chain.from_iterable(scenes[:warm_up]):
        draw(scene, size)
    rates = []
    for k in range(rounds):
        batch = list(itertools.chain.from_iterable(scenes[warm_up + k * stories : warm_up + (k + 1) * stories]))
        start = time.process_time()
        for scene in batch:
            draw(scene, size)
        rates.append(len(batch) / (time.process_time() - start))
    return rates


if __name__ == "__main__":
    main()
