"""Prompts as the states of a text encoder. One longer than the encoder's window is read in windows that are joined."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from storywright.critic.encoder import padded, windows


def num_windows(tokenizer: Any, prompts: Sequence[str], window: int) -> int:
    """How many windows the longest of the prompts needs."""
    return max(len(windows(tokenizer, prompt, window)) for prompt in prompts)


@torch.inference_mode()
def states_of(text_encoder: Any, tokenizer: Any, prompts: Sequence[str], *, num_windows: int) -> Tensor:
    """States, float32 (prompts, windows x tokens, width); a prompt with fewer windows is filled up with empty ones.

    With one window a longer prompt is read up to its end, as training does; `num_windows` says what a prompt needs.
    """
    window = text_encoder.config.max_position_embeddings
    empty = [tokenizer.bos_token_id, tokenizer.eos_token_id]
    pieces = []
    for prompt in prompts:
        own = windows(tokenizer, prompt, window)[:num_windows]
        pieces += [*own, *[empty] * (num_windows - len(own))]
    ids = padded(pieces, tokenizer.eos_token_id, window).to(text_encoder.device)
    states = text_encoder(input_ids=ids).last_hidden_state.float()
    return states.reshape(len(prompts), num_windows * window, -1)
