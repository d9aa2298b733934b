"""A bench in a process of its own, so that a crash of the models, or a long computation, does not touch the server.

The two talk through a socket that nobody else has: when the server is gone, however it went, the process reads the end
of it and goes too. It takes no signals from a terminal or an init, because it is the server that says when it is done.

    python -m storywright.server.drawing.process FD DEVICE THREADS     is what the server starts; not for people.
"""

import contextlib
import functools
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from PIL import Image

from storywright.errors import BadInput
from storywright.server.drawing.work import Opened, Picture, Question

_LOG = logging.getLogger("storywright.server")
_OPENS_SECONDS = 300.0
_HANGS_SECONDS = 300.0
_ENDS_SECONDS = 3.0
_NICENESS = 5  # on a CPU the answers to requests go before the drawing


class Gone(Exception):
    """The process ended, or does not answer."""


class Process:
    """A bench that is asked through a socket. One thread at a time asks it."""

    def __init__(self, device: str = "cpu", threads: int = 1) -> None:
        self._device, self._threads = device, threads
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._opened = False

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._opened and self._process is not None and self._process.poll() is None

    def open(self, folder: Path | None, version: str) -> Opened:
        """Start the process and let it open these models."""
        self.close()
        ours, its = socket.socketpair()
        with its:
            words = [sys.executable, "-m", __name__, str(its.fileno()), self._device, str(self._threads)]
            self._process = subprocess.Popen(words, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL)
        self._connection = Connection(ours.detach())
        opened = self._ask("open", (folder, version), _OPENS_SECONDS)
        assert isinstance(opened, Opened)
        self._opened = True
        return opened

    def draw(self, pictures: Sequence[Picture]) -> list[Image.Image]:
        """Draw pictures of one bucket together."""
        return list(self._ask("draw", (list(pictures),), _HANGS_SECONDS))

    def answer(self, question: Question) -> Any:
        """Ask another model."""
        return self._ask("answer", (question,), _HANGS_SECONDS)

    def close(self) -> None:
        """End the process; it is given a moment."""
        self._opened = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            try:
                self._process.wait(_ENDS_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _ask(self, name: str, words: tuple[Any, ...], seconds: float) -> Any:
        if self._connection is None:
            raise Gone("There is no drawing process.")
        try:
            self._connection.send((name, words))
            if not self._connection.poll(seconds):
                raise Gone(f"The drawing process said nothing for {seconds:.0f} s.")
            kind, value = self._connection.recv()
        except (EOFError, OSError) as error:
            raise Gone(f"The drawing process ended{self._how()}.") from error
        if kind == "refused":
            raise BadInput(value)
        if kind == "failed":
            raise RuntimeError(value)
        return value

    def _how(self) -> str:
        """By what it ended, where that is known."""
        if self._process is None:
            return ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(_ENDS_SECONDS)
            return f" by {signal.Signals(-code).name}" if code < 0 else f" with exit code {code}"
        return ""


def main() -> None:
    """Open a bench when asked to, and do what is asked of it until the server goes."""
    connection = Connection(int(sys.argv[1]))
    device, threads = sys.argv[2], int(sys.argv[3])
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    threading.Thread(target=_go_with, args=(os.getppid(),), daemon=True).start()
    bench = _bench(device, threads)
    while True:
        try:
            name, words = connection.recv()
        except (EOFError, OSError):
            return
        try:
            answer = ("done", getattr(bench, name)(*words))
        except BadInput as error:
            answer = ("refused", str(error))
        except Exception as error:  # noqa: BLE001 - told to the server, which decides
            _LOG.exception("The drawing process could not %s", name)
            answer = ("failed", f"{type(error).__name__}: {error}"[:500])
        try:
            connection.send(answer)
        except OSError:
            return


def _bench(device: str, threads: int) -> Any:
    import torch

    from storywright.server.drawing.bench import Bench, open_crew

    torch.set_num_threads(threads)
    if device == "cpu":
        os.nice(_NICENESS)
    return Bench(functools.partial(open_crew, device=device))


def _go_with(server: int) -> None:
    """End in the middle of a drawing when the server is gone."""
    while os.getppid() == server:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    main()
