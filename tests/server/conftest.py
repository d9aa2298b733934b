"""A real server on loopback, with small stand-ins for the models that keep to their interfaces and draw at once."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from PIL import Image

from storywright.board import Origin
from storywright.errors import BadInput
from storywright.server.access import Access
from storywright.server.app import make_app
from storywright.server.following import Following
from storywright.server.metrics import Metrics
from storywright.server.rollout import Plan
from storywright.settings import Settings
from storywright.studio.director import Drawing
from storywright.studio.models import Models
from storywright.writer.model import Proposal

BRIEF = {
    "title": "Morning Run",
    "product": {"name": "Aqua Spark", "kind": "bottle"},
    "format": {"seconds": 6, "panels": 2},
}


class Pen:
    """Draws stripes that the words and the seed choose."""

    def __init__(self, name: str = "", seconds: float = 0.0) -> None:
        self.name, self.seconds, self.busy, self.most_busy = name, seconds, 0, 0

    def draw(
        self, prompts: list[str], *, size: tuple[int, int] = (192, 108), seeds: Sequence[int], **_: Any
    ) -> list[Image.Image]:
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        time.sleep(self.seconds)
        drawn = [self._picture(f"{self.name}{prompt}{seed}", size) for prompt, seed in zip(prompts, seeds, strict=True)]
        self.busy -= 1
        return drawn

    def _picture(self, words: str, size: tuple[int, int]) -> Image.Image:
        random = np.random.default_rng(int.from_bytes(hashlib.sha256(words.encode()).digest()[:4]))
        stripes = random.integers(0, 255, size=(6, 8, 3), dtype=np.uint8)
        return Image.fromarray(stripes).resize(size, Image.Resampling.NEAREST)


class Words:
    """Says what the seed chooses."""

    languages = ("en", "ru")

    def propose(self, story: Sequence[Any], *, brief: str, language: str, count: int, seed: int) -> list[Proposal]:
        said = [f"Somebody smiles, {seed % 97} times and {number} more." for number in range(count)]
        return [Proposal(caption=words, score=-float(n), tags=[], phase="turn", why="") for n, words in enumerate(said)]


class Eye:
    """Sees the mean colour."""

    def of_pictures(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        seen = (
            np.array(
                [np.asarray(picture.convert("RGB").resize((4, 2))).reshape(-1) for picture in pictures], np.float32
            )
            + 1
        )
        return seen / np.linalg.norm(seen, axis=1, keepdims=True)

    def of_words(self, words: Sequence[str]) -> np.ndarray:
        said = [np.frombuffer(hashlib.sha256(one.encode()).digest()[:24], np.uint8) for one in words]
        seen = np.array(said, np.float32).reshape(-1, 24) + 1
        return seen / np.linalg.norm(seen, axis=1, keepdims=True)

    def fit(self, words: Sequence[str], pictures: Sequence[Image.Image]) -> np.ndarray:
        return self.of_pictures(pictures)[:, 0]


def stand_in(name: str = "", seconds: float = 0.0) -> Models:
    origins = [Origin(role=role, name=f"stand-in {role}", version=name) for role in ("critic", "illustrator", "writer")]
    return Models(critic=Eye(), illustrator=Pen(name, seconds), writer=Words(), origins=origins)  # type: ignore[arg-type]


def opener(folder: Path | None, version: str) -> tuple[Models, Drawing]:
    """Opens a stand-in, unless the bundle's settings say that it is broken."""
    if folder is not None and "broken" in (folder / "settings.json").read_text():
        raise BadInput(f"Version {version} does not work (it drew a blank panel): promote another, or roll back.")
    return stand_in(version), Drawing(draws=1, steps=1)


class Studio:
    """A server and a client of it."""

    def __init__(self, url: str, app: Any, settings: Settings) -> None:
        self.url, self.app, self.settings = url, app, settings
        self.client = httpx.Client(base_url=url, timeout=30)
        self.following: Following = app.state.service.following
        self.stop: Callable[[], None] = lambda: None

    def made(self, candidates: int = 3) -> dict[str, Any]:
        answer = self.client.post("/api/v1/boards", params={"candidates": candidates}, json=BRIEF)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


Start = Callable[..., Studio]


@pytest.fixture
def start(own_environment: None) -> Iterator[Start]:
    """Starts servers; they are stopped when the test ends."""
    with contextmanager(_starting)() as starting:
        yield starting


@pytest.fixture
def studio(start: Start) -> Studio:
    return start()


def _starting() -> Iterator[Start]:
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(
        *, access: Access | None = None, opener: Any = opener, every_seconds: float = 0.1, plan: Plan | None = None
    ) -> Studio:
        settings = Settings.from_environment()
        following = Following(settings, Metrics(), every_seconds=every_seconds, opener=opener, plan=plan)
        app = make_app(settings, following, access)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=10))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        servers.append((server, thread))
        _until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        studio = Studio(f"http://127.0.0.1:{port}", app, settings)
        studio.stop = lambda: _stop(server, thread)
        _until(lambda: studio.following.ready or bool(studio.following.notice))
        return studio

    yield start
    for server, thread in servers:
        _stop(server, thread)


def _stop(server: uvicorn.Server, thread: threading.Thread) -> None:
    server.should_exit = True
    thread.join(timeout=20)


def _until(true: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)
