"""The drawing desk: one picture is drawn at a time, and only so many may wait.

Boards take the desk panel by panel, so that a single picture that somebody asks for in between does not wait for a
whole board. Knows nothing of models.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from PIL import Image

from storywright.illustrator.model import Illustrator
from storywright.server.metrics import Metrics
from storywright.server.problems import Busy


class Desk:
    """Where drawing happens."""

    def __init__(self, metrics: Metrics, places: int = 16) -> None:
        self._metrics, self._places = metrics, places
        self._turn, self._count, self._waiting = threading.Lock(), threading.Lock(), 0

    @contextmanager
    def place(self, kind: str) -> Iterator[None]:
        """A place in the queue for the time of the block; Busy when all are taken."""
        self.take(kind)
        try:
            yield
        finally:
            self.leave()

    def take(self, kind: str) -> None:
        """Take a place; whoever takes one leaves it again."""
        with self._count:
            if self._waiting >= self._places:
                self._metrics.rejected.labels(kind).inc()
                raise Busy(f"{self._waiting} orders are waiting to be drawn: try again in a few seconds.", 5)
            self._waiting += 1
            self._metrics.drawing_waiting.set(self._waiting)

    def leave(self) -> None:
        """Give the place to somebody else."""
        with self._count:
            self._waiting -= 1
            self._metrics.drawing_waiting.set(self._waiting)

    @contextmanager
    def turn(self, kind: str) -> Iterator[None]:
        """The pen, for the time of the block."""
        with self._turn:
            started = time.perf_counter()
            yield
            self._metrics.drawing_seconds.labels(kind).observe(time.perf_counter() - started)


class AtTheDesk:
    """An illustrator that waits for its turn before it draws."""

    def __init__(self, illustrator: Illustrator, desk: Desk, kind: str) -> None:
        self._illustrator, self._desk, self._kind = illustrator, desk, kind

    def draw(self, prompts: Sequence[str], **how: Any) -> list[Image.Image]:
        """Draw as the illustrator does."""
        with self._desk.turn(self._kind):
            return self._illustrator.draw(list(prompts), **how)
