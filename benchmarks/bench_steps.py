"""What drawing in few steps loses, by solver, shift and guidance, and what a distilled network wins back.

    python benchmarks/bench_steps.py --out docs/results/illustrator/steps.md [--illustrator FOLDER] [--judge FOLDER]

Every way of drawing starts from the same noise and words (held-out portraits of the drawn world), and is compared with
the same illustrator in fifty guided steps: how far its pictures are off, in grey levels a pixel and in the critic's
cosine to the words. With a judge, also the share of attributes that it reads right. CPU seconds are the median's.
"""

import argparse
import copy
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from PIL import Image

from storywright.critic.encoder import Critic
from storywright.illustrator.model import STARTER, Illustrator, first_order
from storywright.illustrator.sample import noise, sample
from storywright.progress import track
from storywright.toonworld.grammar import portrait

SEED = 103  # the judge's held-out scenes
REFERENCE = 50


@dataclass(frozen=True, slots=True)
class Way:
    """One way of drawing."""

    name: str
    steps: int
    scheduler: Callable[[int], Any]
    guided_from: float = 1.0
    """Guidance is applied while there is less noise than this …"""
    guided_to: float = 0.0
    """… and more than this."""
    few: bool = False


def main() -> None:
    """Draw in every way, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=24)
    parser.add_argument("--illustrator", type=Path, default=STARTER)
    parser.add_argument("--judge", type=Path, help="a judge's folder")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="a Markdown file for the table")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    illustrator = Illustrator.open(args.illustrator)
    scenes = [portrait(SEED, index) for index in range(args.prompts)]
    words = [said for _, said in scenes]
    reference, _ = _drawn(illustrator, Way("reference", REFERENCE, _unipc(illustrator.noise_shift)), words)
    critic, rows = Critic.open(STARTER.parent / "critic"), []
    for way in [Way("UniPC", REFERENCE, _unipc(illustrator.noise_shift)), *_ways(illustrator)]:
        pictures, seconds = (reference, 0.0) if way.steps == REFERENCE else _drawn(illustrator, way, words)
        off = np.mean([np.abs(_levels(a) - _levels(b)).mean() for a, b in zip(pictures, reference, strict=True)])
        row = [way.name, str(way.steps), f"{off:.2f}", f"{critic.fit(words, pictures).mean():.4f}"]
        if args.judge:
            row.append(f"{_read_right(args.judge, [scene for scene, _ in scenes], pictures):.3f}")
        rows.append([*row, f"{seconds:.2f}" if seconds else ""])
    text = _report(args, illustrator, rows)
    print(text)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(text)


def _ways(illustrator: Illustrator) -> list[Way]:
    found, usual = [], illustrator.noise_shift
    for steps in (8, 4, 2):
        found += [
            Way("UniPC", steps, _unipc(usual)),
            Way("UniPC, third order", steps, _unipc(usual, order=3)),
            Way("DPM++ 2M", steps, _dpm(usual)),
            Way("Euler", steps, _euler(usual)),
            Way("UniPC, shift doubled", steps, _unipc(2 * usual)),
            Way("UniPC, shift halved", steps, _unipc(usual / 2)),
            Way("UniPC, guided but at the ends", steps, _unipc(usual), guided_from=0.9, guided_to=0.2),
        ]
        if steps in illustrator.few:
            found.append(Way("distilled", steps, _euler(usual), few=True))
    return found


def _euler(shift: float) -> Callable[[int], Any]:
    return lambda steps: first_order(steps, shift)


def _unipc(shift: float, order: int = 2) -> Callable[[int], Any]:
    return lambda steps: diffusers.UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift, solver_order=order
    )


def _dpm(shift: float) -> Callable[[int], Any]:
    return lambda steps: diffusers.DPMSolverMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift
    )


def _drawn(illustrator: Illustrator, way: Way, words: list[str]) -> tuple[list[Image.Image], float]:
    """The pictures, and the median of their CPU seconds."""
    guidance, size = illustrator.drawing.guidance, illustrator.drawing.native_size
    unet = illustrator.unet_in(None, few=way.steps) if way.few else illustrator.unet
    pictures, seconds = [], []
    for seed, said in enumerate(track(words, f"{way.name} in {way.steps} steps")):
        began = time.process_time()
        states, against = illustrator.states([said], "")
        start = noise([seed], illustrator.latent_shape(size), illustrator.device)
        scheduler, strength = way.scheduler(way.steps), 1.0 if way.few else guidance
        if (way.guided_from, way.guided_to) == (1.0, 0.0):
            latents = sample(unet, scheduler, states, against, start, steps=way.steps, guidance=strength)
        else:
            latents = _guided_between(unet, scheduler, states, against, start, way, strength)
        pictures += illustrator.pictures(latents, size, size)
        seconds.append(time.process_time() - began)
    return pictures, statistics.median(seconds)


@torch.inference_mode()
def _guided_between(
    unet: Any, scheduler: Any, states: Any, against: Any, start: Any, way: Way, guidance: float
) -> torch.Tensor:
    scheduler = copy.deepcopy(scheduler)
    scheduler.set_timesteps(way.steps)
    latents = start
    for time_step in scheduler.timesteps:
        found = unet(latents, time_step, states, return_dict=False)[0]
        if way.guided_to < float(time_step) / 1000 < way.guided_from:
            without = unet(latents, time_step, against, return_dict=False)[0]
            found = without + guidance * (found - without)
        latents = scheduler.step(found, time_step, latents, return_dict=False)[0]
    return latents


def _read_right(folder: Path, scenes: list[Any], pictures: list[Image.Image]) -> float:
    from storywright.judge.labels import NONE, answers
    from storywright.judge.network import Judge

    found, right = Judge.open(folder).read(pictures), answers(scenes)
    return float((found == right)[right != NONE].mean())


def _levels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture, np.float32)


def _report(args: argparse.Namespace, illustrator: Illustrator, rows: list[list[str]]) -> str:
    head = ["solver", "steps", "grey levels off", "critic's cosine", *(["judge"] if args.judge else []), "CPU seconds"]
    lines = [
        "# Drawing in few steps",
        "",
        f"Written by `python benchmarks/bench_steps.py` (`make bench-steps`): {platform.machine()}, {args.threads} "
        f"threads; {args.prompts} held-out prompts, guidance {illustrator.drawing.guidance:g}, compared with "
        f"{REFERENCE} steps of the same illustrator from the same noise.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
