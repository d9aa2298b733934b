"""A scrape of the real server, after the factory has run."""

import json
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import httpx
import pytest
import uvicorn

from storywright.server.app import make_app
from storywright.server.following import Following
from storywright.server.metrics import Metrics
from storywright.settings import Settings
from storywright.studio.director import Drawing
from storywright.studio.models import Models

DRIFT = {"scores": {"brightness": 0.2}, "limits": {"brightness": 0.6}, "num_reference": 400, "num_current": 60}


@pytest.fixture
def scraped(own_environment: None) -> Iterator[str]:
    at = Settings.from_environment()
    left = {"deployment.json": {}, "watch/drift.json": DRIFT, "watch/feedback.json": {"num_pairs": 3}}
    for name, value in left.items():
        (at.home / name).parent.mkdir(parents=True, exist_ok=True)
        (at.home / name).write_text(json.dumps(value))
    writer = SimpleNamespace(languages=("en",))
    nobody = Models(critic=None, illustrator=None, writer=writer)  # type: ignore[arg-type]
    app = make_app(at, Following(at, Metrics(), opener=lambda *_: (nobody, Drawing())))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started or not app.state.service.following.ready:
        time.sleep(0.02)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    httpx.get(f"{url}/healthz")
    yield httpx.get(f"{url}/metrics").text
    server.should_exit = True
    thread.join(timeout=20)
