"""From noise to latents in a few steps. Knows nothing about prompts or pixels: it is given embeddings."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from storywright.illustrator.repair import Kept


def noise(seeds: Sequence[int], shape: tuple[int, ...], device: torch.device) -> Tensor:
    """A noise of its own for each seed, the same on every device: (seeds, *shape)."""
    return torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds]).to(device)


@torch.inference_mode()
def sample(
    unet: Any,
    scheduler: Any,
    states: Tensor,
    against: Tensor,
    start: Tensor,
    *,
    steps: int,
    guidance: float,
    rough: tuple[Tensor, float] | None = None,
    kept: Kept | None = None,
    each: Callable[[Tensor], object] | None = None,
) -> Tensor:
    """Latents for `states`, (pictures, tokens, width), led away from the states `against`; `start` is the noise.

    The latents are kept in full precision, in whichever the denoiser computes.
    With a guidance of 1 `against` is not looked at, and a step takes half the time. A `rough` is latents to begin from,
    and the share of noise that hides them; all steps are then taken from there on. Where latents are `kept` the way
    from them to their noise is known, and is taken in every step in place of what the denoiser says. `each` is shown
    the latents after every step.
    """
    if rough is None:
        scheduler.set_timesteps(steps, device=start.device)
        latents = start * scheduler.init_noise_sigma
    else:
        drafted, hidden = rough
        if kept is not None:
            drafted = torch.where(kept.where, kept.latents, drafted)
        scheduler.set_timesteps(sigmas=_levels(scheduler, hidden, steps), device=start.device)
        latents = hidden * start + (1 - hidden) * drafted
    guided = guidance != 1.0
    words = torch.cat([against, states]) if guided else states
    words = words.to(unet.dtype)
    for time in scheduler.timesteps:
        scaled = scheduler.scale_model_input(latents, time).to(unet.dtype)
        found = unet(torch.cat([scaled, scaled]) if guided else scaled, time, words, return_dict=False)[0].float()
        if guided:
            without, with_words = found.chunk(2)
            found = without + guidance * (with_words - without)
        if kept is not None:
            found = torch.where(kept.where, start - kept.latents, found)
        latents = scheduler.step(found, time, latents, return_dict=False)[0]
        if each is not None:
            each(latents)
    return latents


def _levels(scheduler: Any, first: float, steps: int) -> np.ndarray:
    """The shares of noise of the steps from the first on, as the scheduler wants them: before its shift."""
    shift = scheduler.config.flow_shift
    before = first / (shift - (shift - 1) * first)
    last = 1 / scheduler.config.num_train_timesteps
    return np.linspace(before, last, steps + 1)[:-1]
