"""Looking at something that may be slow or away, so that whoever wants to know never waits long for it.

A look runs in a thread of its own, one at a time, and what it found is kept until the next. Knows nothing of what is
looked at.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

_LOG = logging.getLogger("storywright.server")

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen(Generic[Found]):
    """What a look found."""

    value: Found | None
    """The newest; None before the first look that went well, and after one that failed."""
    answered: bool
    """Whether the last look went well, and the one under way does not take too long."""


class Look(Generic[Found]):
    """Looks again whenever somebody asks and the last look is old."""

    def __init__(
        self,
        what: str,
        look: Callable[[], Found],
        *,
        every_seconds: float,
        patience_seconds: float = 1.0,
        overdue_seconds: float = 30.0,
    ) -> None:
        """Whoever asks waits for a new look at most `patience_seconds`; one that takes longer than overdue failed."""
        self._what, self._look = what, look
        self._every, self._patience, self._overdue = every_seconds, patience_seconds, overdue_seconds
        self._lock, self._idle = threading.Lock(), threading.Event()
        self._idle.set()
        self._began: float | None = None
        self._seen: Seen[Found] = Seen(value=None, answered=True)

    def newest(self) -> Seen[Found]:
        """What was found last."""
        with self._lock:
            now = time.monotonic()
            if self._idle.is_set() and (self._began is None or now - self._began >= self._every):
                self._began = now
                self._idle.clear()
                threading.Thread(target=self._go, name=f"look at {self._what}", daemon=True).start()
        if not self._idle.wait(self._patience) and time.monotonic() - (self._began or 0.0) > self._overdue:
            return Seen(value=None, answered=False)
        return self._seen

    def _go(self) -> None:
        seen: Seen[Found]
        try:
            seen = Seen(value=self._look(), answered=True)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, whoever watches is told so
            if self._seen.answered:
                _LOG.warning("%s cannot be looked at: %s", self._what, str(error).strip().split("\n")[0][:300])
            seen = Seen(value=None, answered=False)
        self._seen = seen
        self._idle.set()
