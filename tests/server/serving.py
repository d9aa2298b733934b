"""Servers in processes of their own, for tests that kill them, ask too much of them, or end them.

`python serving.py HERE PORT SECONDS NOTES` serves stand-ins that take so long for a picture and note each drawing.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
from PIL import Image


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Process:
    """A server: of stand-ins that draw quickly, or as `storywright serve` starts it."""

    def __init__(self, folder: Path, *, port: int = 0, seconds: float = 0.0, real: bool = False) -> None:
        self.port, self.notes = port or free_port(), folder / "drawn.txt"
        here = Path(__file__)
        stand_ins = [sys.executable, str(here), str(here.parent), str(self.port), str(seconds), str(self.notes)]
        serve = [sys.executable, "-m", "storywright", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(serve if real else stand_ins)
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.url, timeout=60)
        end = time.monotonic() + 240
        while not self._ready():
            if time.monotonic() > end:
                self.kill()
                raise AssertionError("it took too long")
            time.sleep(0.05)

    @property
    def num_drawings(self) -> int:
        return len(self.notes.read_text().split()) if self.notes.exists() else 0

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def _ready(self) -> bool:
        assert self.process.poll() is None
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False


class Film:
    """Draws frames that are all alike."""

    def in_style(self, prompt: str, style: str | None) -> str:
        return prompt

    def draw(self, prompt: str, *, frames: int, size: tuple[int, int], **_: object) -> list[Image.Image]:
        return [Image.new("RGB", size, (40, 80, 120))] * frames


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    import conftest
    import uvicorn

    from storywright.server.app import make_app
    from storywright.server.drawing.bench import Bench
    from storywright.server.following import Following
    from storywright.server.metrics import Metrics
    from storywright.settings import Settings
    from storywright.studio.director import Drawing

    models = conftest.stand_in(seconds=float(sys.argv[3]))
    draw = models.illustrator.draw

    def noted(prompts, **how):  # type: ignore[no-untyped-def]
        drawn = draw(prompts, **how)
        with Path(sys.argv[4]).open("a") as file:
            file.write("drawn\n")
        return drawn

    models.illustrator.draw = noted
    Bench._animating = lambda _: Film()  # type: ignore[method-assign]
    settings = Settings.from_environment()
    opener = lambda *_: (models, Drawing(draws=1, steps=1))  # noqa: E731
    app = make_app(settings, Following(settings, Metrics(), every_seconds=5, opener=opener))
    uvicorn.Server(uvicorn.Config(app, port=int(sys.argv[2]), log_level="warning", timeout_graceful_shutdown=25)).run()


if __name__ == "__main__":
    main()
