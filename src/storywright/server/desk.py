"""The desk: who may wait for a drawing, and who is told to come again.

So much may wait as can be drawn in a while: that many orders, and that many seconds of drawing by what it took lately.
Knows nothing of models, nor of the order in which things are drawn.
"""

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from storywright.server.drawing.work import Kind, Picture, Question
from storywright.server.metrics import Metrics
from storywright.server.problems import Busy

PLACES = {"image": 64, "redraw": 16}
"""Redraws are waited for by threads, of which there are 40."""
LONGEST_WAIT_SECONDS = 20.0
"""What is accepted is drawn in less than the 30 s that a server has to end."""
_MEMORY = 0.8


class Desk:
    """Keeps count of what waits to be drawn."""

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        self._lock = threading.Lock()
        self._waiting = dict.fromkeys(PLACES, 0)
        self._effort, self._seconds_per_effort = 0.0, 0.0
        metrics.drawing_ahead.set_function(lambda: self._effort * self._seconds_per_effort)

    @contextmanager
    def place(self, kind: str, effort: float = 0.0) -> Iterator[None]:
        """A place in the queue for the time of the block; Busy when all are taken, or it would take too long."""
        with self._lock:
            ahead = self._effort * self._seconds_per_effort
            full = self._waiting[kind] >= PLACES[kind]
            if full or ahead > LONGEST_WAIT_SECONDS:
                self.metrics.rejected.labels(kind, "full" if full else "long").inc()
                seconds = max(1, math.ceil(ahead / 2))
                raise Busy(f"{self.num_waiting} orders are waiting to be drawn: try again in {seconds} s.", seconds)
            self._waiting[kind] += 1
            self._effort += effort
        try:
            yield
        finally:
            with self._lock:
                self._waiting[kind] -= 1
                self._effort -= effort

    @property
    def num_waiting(self) -> int:
        """How many places are taken."""
        return sum(self._waiting.values())

    def note(self, kind: Kind, works: Sequence[Picture | Question], seconds: float) -> None:
        """Note how long it took to do these together."""
        first = works[0]
        self.metrics.stage_seconds.labels(first.role if isinstance(first, Question) else "illustrator").observe(seconds)
        self.metrics.drawing_steps.inc(sum(one.steps for one in works if isinstance(one, Picture)))
        effort = sum(one.effort for one in works if isinstance(one, Picture))
        if not effort:
            return
        self.metrics.drawing_seconds.labels(kind).observe(seconds)
        self.metrics.drawing_batch.observe(len(works))
        with self._lock:
            before = self._seconds_per_effort or seconds / effort
            self._seconds_per_effort = _MEMORY * before + (1 - _MEMORY) * seconds / effort
