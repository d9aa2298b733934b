"""When memory runs out: how it is recognised, and work that is tried again in smaller parts."""

import gc
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from storywright.errors import BadInput

Item = TypeVar("Item")
Made = TypeVar("Made")

_SAID = ("out of memory", "can't allocate memory", "not enough memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error is a lack of memory, on an accelerator or beside it."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _SAID)


def release() -> None:
    """Give back what a failed try still holds."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def in_parts(
    items: Sequence[Item], at_once: int, make: Callable[[Sequence[Item]], list[Made]], remedy: str
) -> list[Made]:
    """What `make` makes of the items, `at_once` of them together, fewer where memory does not suffice.

    When it does not suffice for a single one, `remedy` says what to change.
    """
    made: list[Made] = []
    while len(made) < len(items):
        try:
            made += make(items[len(made) : len(made) + at_once])
            continue
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            if at_once == 1:
                raise BadInput(f"There is not enough memory: {remedy}.") from error
        at_once //= 2
        release()
    return made
