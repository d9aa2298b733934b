"""Who watches a training: told of its figures and shown its sample sheets while it works.

    with watching.watched_by(observer):
        loop.train(…)

An observer must be quick: it is called between two steps. Knows nothing of where figures go, and loads nothing heavy.
"""

import contextlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PIL import Image


class Observer(Protocol):
    """Takes what a training shows."""

    def figures(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers at a step, such as the loss and the speed."""
        ...

    def sheet(self, step: int, name: str, picture: "Image.Image") -> None:
        """What the model makes at a step."""
        ...


_observer: ContextVar[Observer | None] = ContextVar("observer", default=None)


@contextlib.contextmanager
def watched_by(observer: Observer) -> Iterator[None]:
    """Every training in the block is watched by this one."""
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


def observer() -> Observer | None:
    """Who watches now, if anyone does."""
    return _observer.get()
