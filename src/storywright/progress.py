"""Progress that a person can watch, wherever the work runs.

Work reports through `track` or `Progress`. On a terminal it is one live line; in a log it is a line every ten
seconds; and when STORYWRIGHT_PROGRESS names a file, the newest line is kept there, so that a program which started
the work (the pipelines' local runner, the page) can show it.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from pathlib import Path
from types import TracebackType
from typing import TypeVar

Item = TypeVar("Item")

_LOG_EVERY_SECONDS = 10.0
_SHOW_EVERY_SECONDS = 0.2
_FILE_EVERY_SECONDS = 1.0


def track(items: Iterable[Item], doing: str, total: int | None = None) -> Iterator[Item]:
    """Yield the items and show how far along the work is."""
    if total is None and isinstance(items, Sized):
        total = len(items)
    with Progress(doing, total) as progress:
        for item in items:
            yield item
            progress.advance()


class Progress:
    """One line of progress: what is being done, how far, how long still, and a note such as the loss."""

    def __init__(self, doing: str, total: int | None = None) -> None:
        self._doing, self._total, self._done, self._note = doing, total, 0, ""
        self._started = self._shown = self._filed = time.monotonic()
        self._live = sys.stderr.isatty()
        self._file = Path(name) if (name := os.environ.get("STORYWRIGHT_PROGRESS")) else None

    def advance(self, count: int = 1, note: str = "") -> None:
        """Say that `count` more are done."""
        self._done += count
        self._note = note or self._note
        now = time.monotonic()
        if self._file and now - self._filed >= _FILE_EVERY_SECONDS:
            self._filed = now
            self._file.write_text(self._line())
        if now - self._shown >= (_SHOW_EVERY_SECONDS if self._live else _LOG_EVERY_SECONDS):
            self._shown = now
            self._show()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        took = time.monotonic() - self._started
        if self._live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        if took >= 2.0 and kind is None:
            print(f"{self._doing}: {self._done:,} in {took:.0f} s{self._note and ', ' + self._note}", file=sys.stderr)

    def _show(self) -> None:
        line = self._line()
        if self._live:
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def _line(self) -> str:
        took = time.monotonic() - self._started
        far = f"{self._done:,}"
        if self._total:
            left = took / max(self._done, 1) * (self._total - self._done)
            far += f" of {self._total:,}, {left:.0f} s left"
        return f"{self._doing}: {far}{self._note and ', ' + self._note}"
