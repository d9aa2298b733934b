"""Drawings per second of the drawn world, by style, in one process and in two.

    python benchmarks/bench_toonworld.py            # about a minute

The scenes are those of the story grammar, in the order of their stories, as the draw step meets them. Each process
draws some stories to warm up and new ones for the figure; what is counted is CPU time, so that other work on the
machine disturbs less. Two processes share the stories; their figure is the sum of both, each by its own CPU time.
"""

import argparse
import itertools
import multiprocessing
import os
import platform
import statistics
import time

ROUNDS, STORIES, WARM_UP = 3, 150, 400
SIZES = ((128, 72), (192, 108))


def main() -> None:
    """Print the machine, then drawings per second."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"times each figure is taken (default: {ROUNDS})")
    parser.add_argument("--stories", type=int, default=STORIES, help=f"stories a figure (default: {STORIES})")
    parser.add_argument("--warm-up", type=int, default=WARM_UP, help=f"stories before it (default: {WARM_UP})")
    args = parser.parse_args()
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"{platform.machine()}, {cores} cores, Python {platform.python_version()}, load {load:.1f}")
    print(f"{'':22}" + "".join(f"{f'{w}x{h}':>12}" for w, h in SIZES))
    from storywright.toonworld.scene import STYLES

    for style in (*STYLES, None):
        _print(f"{style or 'all styles'}, 1 process", [_median(args, style, size, 1) for size in SIZES])
    _print("all styles, 2 processes", [_median(args, None, size, 2) for size in SIZES])


def _print(name: str, figures: list[float]) -> None:
    print(f"{name:22}" + "".join(f"{figure:12,.0f}" for figure in figures), flush=True)


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
