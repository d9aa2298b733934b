"""Sheets of what an illustrator draws while it is being trained: the same words and seeds each time, on one picture.

    task.sheet = sheets.drawn_by(parts, drawing, prompts)
    task.sheet = sheets.moved_by(parts, drawing, adapter, prompts, frames)

The loop shows them to who watches (`sheet_every`). Knows nothing about training.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PIL import Image
from torch import nn

from storywright.illustrator import motion
from storywright.illustrator.model import Drawing, Illustrator

_COLUMNS = 4
_GAP = 4


def drawn_by(parts: Mapping[str, Any], drawing: Drawing, prompts: Sequence[str]) -> Callable[[nn.Module], Image.Image]:
    """What makes a sheet of these prompts with a denoiser and the other parts of its pipeline."""

    def made(denoiser: nn.Module) -> Image.Image:
        device = str(next(denoiser.parameters()).device)
        # A copy: an illustrator makes its network ready for drawing, and this one goes on learning.
        illustrator = Illustrator(dict(parts) | {"unet": copy.deepcopy(denoiser)}, drawing, device)
        return sheet(illustrator.draw(list(prompts), seeds=list(range(len(prompts)))))

    return made


def moved_by(
    parts: Mapping[str, Any], drawing: Drawing, adapter: Any, prompts: Sequence[str], frames: int
) -> Callable[[nn.Module], Image.Image]:
    """What makes a sheet with temporal layers that are joined to a denoiser: a clip in each row, for each prompt."""

    def made(joined: nn.Module) -> Image.Image:
        device = str(next(joined.parameters()).device)
        taught = copy.deepcopy(adapter)
        motion.take(joined, taught)
        still = Illustrator(dict(parts) | {"unet": copy.deepcopy(parts["unet"])}, drawing, device)
        animator = motion.Animator(still, taught.to(device))
        clips = [animator.draw(words, frames=frames, seed=number) for number, words in enumerate(prompts)]
        return sheet([frame for clip in clips for frame in clip], frames)

    return made


def sheet(pictures: Sequence[Image.Image], columns: int = _COLUMNS) -> Image.Image:
    """Pictures of one size in rows."""
    width, height = pictures[0].size
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    made = Image.new("RGB", (columns * (width + _GAP) - _GAP, rows * (height + _GAP) - _GAP), "white")
    for number, picture in enumerate(pictures):
        made.paste(picture, (number % columns * (width + _GAP), number // columns * (height + _GAP)))
    return made
