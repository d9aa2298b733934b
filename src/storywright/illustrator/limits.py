"""What can be asked of any illustrator: everything else is refused by a sentence before anything is computed.

Loads nothing, so that small devices have it too. Knows nothing about what a single model can do.
"""

import math
from collections.abc import Sequence

from storywright.errors import BadInput

MOST_CHARACTERS = 4_000
MOST_PIXELS = 4096 * 4096
_LEAST_PX, _LONGEST = 16, 5
_MOST_STEPS, _MOST_GUIDANCE, _MOST_SEED = 200, 100, 2**62


def refuse(
    prompts: Sequence[str],
    size: tuple[int, int],
    *,
    steps: int,
    guidance: float,
    seeds: Sequence[int],
    negative: str = "",
) -> None:
    """Refuse prompts, a size or values that no picture can be drawn of."""
    if len(prompts) != len(seeds):
        raise ValueError(f"{len(prompts)} prompts need as many seeds, got {len(seeds)}")
    for prompt in prompts:
        refuse_unreadable(prompt)
    if len(negative) > MOST_CHARACTERS:
        raise BadInput(
            f"The negative words have {len(negative):,} characters: name what is not to be seen in at most "
            f"{MOST_CHARACTERS:,}."
        )
    if min(size) < _LEAST_PX or size[0] * size[1] > MOST_PIXELS or max(size) > _LONGEST * min(size):
        raise BadInput(
            f"A picture of {size[0]}x{size[1]} cannot be drawn: each side has at least {_LEAST_PX} pixels, both "
            f"together at most {MOST_PIXELS:,}, and the longer is at most five times the shorter."
        )
    if not 1 <= steps <= _MOST_STEPS:
        raise BadInput(f"A picture is drawn in 1 to {_MOST_STEPS} steps, got {steps}.")
    if not math.isfinite(guidance) or abs(guidance) > _MOST_GUIDANCE:
        raise BadInput(f"The guidance is {guidance:g}: give a number up to {_MOST_GUIDANCE}; most models like 1 to 8.")
    for seed in seeds:
        if not 0 <= seed <= _MOST_SEED:
            raise BadInput(f"The seed is {seed}: give a whole number from 0 to {_MOST_SEED:,}.")


def refuse_unreadable(prompt: str) -> None:
    """A prompt has words in it, and not a book."""
    if not prompt.strip():
        raise BadInput("A prompt is empty: say what the picture shows, such as 'ink drawing, a woman in the park'.")
    if len(prompt) > MOST_CHARACTERS:
        raise BadInput(
            f"A prompt has {len(prompt):,} characters ({prompt[:40]!r}…): describe one picture in at most "
            f"{MOST_CHARACTERS:,}, or give the text to `storywright adapt`."
        )
