"""The illustrator for small devices: size, speed, memory and loss of quality beside PyTorch.

    python benchmarks/bench_onnx.py --out docs/results/illustrator/onnx.md [--illustrator FOLDER] [--steps 4]

Each way of running is a process of its own that draws the same held-out prompts from the same seeds, in turns with the
others: PyTorch in single precision, ONNX in single precision, ONNX with weights of eight bits. Loss of quality is how
far pictures are from PyTorch's, in grey levels a pixel, and the critic's cosine to the words.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

NAMES = ("PyTorch", "ONNX, single precision", "ONNX, eight bits")
SEED = 103


def main() -> None:
    """Export, draw in turns, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=12)
    parser.add_argument("--illustrator", type=Path, help="another illustrator than the embedded one")
    parser.add_argument("--steps", type=int, default=0, help="the network taught to so many steps")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="a Markdown file for the table")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--place", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        _serve(args)
        return
    with tempfile.TemporaryDirectory() as place:
        args.place = Path(place)
        sizes = _export(args)
        figures, pictures = _in_turns(args)
        text = _report(args, sizes, figures, pictures)
    print(text)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(text)


def _export(args: argparse.Namespace) -> dict[str, float]:
    """Both exports, and how many megabytes each way's weights take."""
    from storywright.illustrator import onnx_export
    from storywright.illustrator.model import STARTER, Illustrator

    folder = args.illustrator or STARTER
    illustrator, sizes = Illustrator.open(folder), {}
    for name, bits in zip(NAMES[1:], (32, 8), strict=True):
        made = onnx_export.export(illustrator, args.place / name.replace(" ", "-"), steps=args.steps, bits=bits)
        sizes[name] = sum(path.stat().st_size for path in made.glob("*.onnx")) / 1e6
    parts = (illustrator.unet, illustrator.autoencoder, illustrator.text_encoder)
    sizes[NAMES[0]] = sum(p.numel() * 4 for part in parts for p in part.parameters()) / 1e6
    return sizes


def _in_turns(args: argparse.Namespace) -> tuple[dict[str, list[dict[str, float]]], dict[str, list[Path]]]:
    workers = {}
    for name in NAMES:
        command = [sys.executable, __file__, "--one", name, "--place", str(args.place), "--threads", str(args.threads)]
        command += ["--steps", str(args.steps)]
        command += ["--illustrator", str(args.illustrator)] if args.illustrator else []
        environment = os.environ | {"OMP_NUM_THREADS": str(args.threads)}
        workers[name] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in NAMES}
    pictures: dict[str, list[Path]] = {name: [] for name in NAMES}
    for number in range(-1, args.prompts):
        for name, worker in workers.items():
            assert worker.stdin and worker.stdout
            worker.stdin.write(f"{number}\n")
            worker.stdin.flush()
            figure = json.loads(worker.stdout.readline())
            if number >= 0:  # the first makes things ready
                figures[name].append(figure)
                pictures[name].append(Path(figure.pop("picture")))
    for worker in workers.values():
        worker.communicate("end\n")
    return figures, pictures


def _serve(args: argparse.Namespace) -> None:
    from storywright.toonworld.grammar import portrait

    answers, sys.stdout = sys.stdout, sys.stderr
    began = time.monotonic()
    illustrator: Any
    if args.one == NAMES[0]:
        import torch

        from storywright.illustrator.model import STARTER, Illustrator

        torch.set_num_threads(args.threads)
        illustrator = Illustrator.open(args.illustrator or STARTER)
    else:
        from storywright.illustrator.portable import Portable

        illustrator = Portable.open(args.place / args.one.replace(" ", "-"), threads=args.threads)
    opened = time.monotonic() - began
    how = {"steps": args.steps} if args.steps else {}
    for line in sys.stdin:
        if line.strip() == "end":
            return
        number = int(line)
        words = portrait(SEED, max(number, 0))[1]
        wall, cpu = time.perf_counter(), time.process_time()
        picture = illustrator.draw([words], seeds=[max(number, 0)], **how)[0]
        took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        path = args.place / f"{NAMES.index(args.one)}-{number}.png"
        picture.save(path)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(took | {"opened": opened, "memory": memory, "picture": str(path)}), file=answers, flush=True)


def _report(
    args: argparse.Namespace,
    sizes: dict[str, float],
    figures: dict[str, list[dict[str, float]]],
    pictures: dict[str, list[Path]],
) -> str:
    from PIL import Image

    from storywright.critic.encoder import Critic
    from storywright.illustrator.model import STARTER
    from storywright.toonworld.grammar import portrait

    critic = Critic.open(STARTER.parent / "critic")
    words = [portrait(SEED, number)[1] for number in range(args.prompts)]
    shown = {name: [Image.open(path).convert("RGB") for path in paths] for name, paths in pictures.items()}
    steps = f"{args.steps} steps (distilled)" if args.steps else "the usual steps"
    lines = [
        "# The illustrator for small devices",
        "",
        f"Written by `python benchmarks/bench_onnx.py` (`make bench-onnx`): {platform.machine()}, {args.threads} "
        f"threads, load {os.getloadavg()[0]:.1f}; {args.prompts} held-out prompts in {steps}, in turns, medians.",
        "",
        "| | weights, MB | opening, s | a panel, s | CPU s | memory, MB | grey levels off | critic's cosine |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in NAMES:
        off = np.mean(
            [
                np.abs(np.asarray(a, float) - np.asarray(b, float)).mean()
                for a, b in zip(shown[name], shown[NAMES[0]], strict=True)
            ]
        )
        wall, cpu = (statistics.median(one[kind] for one in figures[name]) for kind in ("wall", "cpu"))
        last = figures[name][-1]
        fit = critic.fit(words, shown[name]).mean()
        lines.append(
            f"| {name} | {sizes[name]:.1f} | {last['opened']:.1f} | {wall:.2f} | {cpu:.2f} | {last['memory']:.0f} "
            f"| {off:.2f} | {fit:.4f} |"
        )
    lines += [
        "",
        "Weights of eight bits are kept as whole numbers with a scale for each channel, and become single precision "
        "when the model is opened.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
