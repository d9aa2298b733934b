"""From noise to latents in a few steps. Knows nothing about prompts or pixels: it is given embeddings."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor


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
    each: Callable[[Tensor], object] | None = None,
) -> Tensor:
    """Latents for `states`, (pictures, tokens, width), led away from the states `against`; `start` is the noise.

    With a guidance of 1 `against` is not looked at, and a step takes half the time. `each` is shown the latents after
    every step.
    """
    scheduler.set_timesteps(steps, device=start.device)
    latents = start.to(unet.dtype) * scheduler.init_noise_sigma
    guided = guidance != 1.0
    words = torch.cat([against, states]) if guided else states
    words = words.to(unet.dtype)
    for time in scheduler.timesteps:
        scaled = scheduler.scale_model_input(latents, time)
        found = unet(torch.cat([scaled, scaled]) if guided else scaled, time, words, return_dict=False)[0]
        if guided:
            without, with_words = found.chunk(2)
            found = without + guidance * (with_words - without)
        latents = scheduler.step(found, time, latents, return_dict=False)[0]
        if each is not None:
            each(latents)
    return latents
