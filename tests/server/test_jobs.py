"""Jobs over HTTP: killed in the middle and gone on, cancelled, tried again, and who comes first."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from storywright.server.desk import Desk
from storywright.server.ledger import Ledger
from storywright.server.metrics import Metrics
from storywright.studio.director import Drawing
from storywright.watch import database

from .conftest import BRIEF, Start, Studio, _until, stand_in

LONG = BRIEF | {"format": {"seconds": 12, "panels": 6}}

_SERVER = """
import sys
import uvicorn
sys.path.insert(0, sys.argv[1])
import conftest
from storywright.server.app import make_app
from storywright.server.following import Following
from storywright.server.metrics import Metrics
from storywright.settings import Settings
from storywright.studio.director import Drawing

models = conftest.stand_in(seconds=0.25)
draw = models.illustrator.draw
def noted(prompts, **how):
    drawn = draw(prompts, **how)
    with open(sys.argv[3], "a") as file:
        file.write("drawn\\n")
    return drawn
models.illustrator.draw = noted
settings = Settings.from_environment()
opener = lambda *_: (models, Drawing(draws=1, steps=1))
app = make_app(settings, Following(settings, Metrics(), every_seconds=0.1, opener=opener))
uvicorn.Server(uvicorn.Config(app, port=int(sys.argv[2]), log_level="warning")).run()
"""


class Process:
    """A server in a process of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.notes = folder / "drawn.txt"
        script = folder / "server.py"
        script.write_text(_SERVER)
        here = str(Path(__file__).parent)
        self._process = subprocess.Popen([sys.executable, str(script), here, str(port), str(self.notes)])
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
        _until(self._ready, 240)

    @property
    def num_drawings(self) -> int:
        return len(self.notes.read_text().split()) if self.notes.exists() else 0

    def kill(self) -> None:
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _ready(self) -> bool:
        assert self._process.poll() is None
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def port() -> Iterator[int]:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    yield number


@pytest.mark.slow
def test_a_board_goes_on_after_a_kill_at_the_panel_it_had_reached(
    own_environment: None, tmp_path: Path, port: int
) -> None:
    first = Process(tmp_path, port)
    try:
        asked = first.client.post("/api/v1/boards", params={"wait": 0, "candidates": 2}, json=LONG)
        assert asked.status_code == 202
        _until(lambda: first.num_drawings >= 3)
    finally:
        first.kill()
    before = first.num_drawings
    assert before < 6
    second = Process(tmp_path, port)
    try:
        _until(lambda: second.client.get(asked.headers["location"]).json()["state"] == "done", 120)
        done = second.client.get(asked.headers["location"]).json()
        # The drawing that was under way may have ended without being written down; no other is repeated.
        assert 6 <= second.num_drawings <= 7
        uninterrupted = second.client.post("/api/v1/boards", params={"candidates": 2}, json=LONG).json()
        for one, other in zip(done["boards"], uninterrupted["boards"], strict=True):
            assert one | {"id": ""} == other | {"id": ""}
    finally:
        second.kill()


def test_a_job_tells_of_each_panel_as_it_comes_until_it_ends(start: Start) -> None:
    studio = start(opener=lambda *_: (stand_in(seconds=0.3), Drawing(draws=1, steps=1)))
    job = studio.client.post("/api/v1/boards", params={"wait": 0, "candidates": 1}, json=BRIEF).headers["location"]
    told, ended = [], False
    with studio.client.stream("GET", f"{job}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            ended |= line == "event: end"
            if line.startswith("data: {") and not ended:
                told.append(json.loads(line.removeprefix("data: ")))
    assert ended
    counts = [one["num_drawn"] for one in told]
    assert counts == sorted(counts)
    assert counts[-1] == 2
    assert any(one["state"] == "working" and one["num_drawn"] == 1 for one in told), "the first is told before the last"
    assert studio.client.get(told[-1]["panels"][0]["picture"]).headers["content-type"] == "image/png"


def test_a_cancelled_job_draws_no_further_panel_and_cannot_be_cancelled_twice(start: Start) -> None:
    models = stand_in(seconds=0.3)
    studio = start(opener=lambda *_: (models, Drawing(draws=1, steps=1)))
    job = studio.client.post("/api/v1/boards", params={"wait": 0, "candidates": 1}, json=LONG).headers["location"]
    _until(lambda: studio.client.get(job).json()["num_drawn"] >= 1)
    assert studio.client.delete(job).json()["state"] == "cancelled"
    _until(lambda: not studio.app.state.service.jobs._under_way)
    drawn = studio.client.get(job).json()["num_drawn"]
    assert drawn < 6
    assert studio.client.get(job).json()["boards"] == []
    again = studio.client.delete(job)
    assert (again.status_code, again.headers["content-type"]) == (409, "application/problem+json")


def test_a_job_that_fails_for_a_moment_is_tried_again_and_what_was_drawn_is_kept(start: Start) -> None:
    models = stand_in()
    works, calls = models.illustrator.draw, []

    def fails_once(*args: object, **how: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("out of memory")
        return works(*args, **how)  # type: ignore[arg-type]

    models.illustrator.draw = fails_once  # type: ignore[method-assign, assignment]
    studio = start(opener=lambda *_: (models, Drawing(draws=1, steps=1)))
    studio.app.state.service.jobs.backoff_seconds = 0.01
    answer = studio.client.post("/api/v1/boards", params={"candidates": 1}, json=LONG)
    assert answer.status_code == 201, answer.text
    assert len(calls) == 7


def test_a_stopped_server_hands_its_job_to_the_next_one(start: Start) -> None:
    first = start(opener=lambda *_: (stand_in(seconds=0.2), Drawing(draws=1, steps=1)))
    job = first.client.post("/api/v1/boards", params={"wait": 0, "candidates": 1}, json=LONG).headers["location"]
    _until(lambda: first.client.get(job).json()["num_drawn"] >= 1)
    first.stop()
    second = start()
    _until(lambda: second.client.get(job).json()["state"] == "done")
    assert len(second.client.get(job).json()["boards"][0]["panels"]) == 6


def test_a_lease_that_ran_out_is_taken_over_and_the_first_worker_cannot_end_the_job(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storywright.server import ledger as module

    studio.stop()
    ledger = Ledger(database.engine(studio.settings.database_url))
    ledger.enter("j", "boards", {}, user="", num_panels=1)
    monkeypatch.setattr(module, "LEASE_MS", 50)
    assert ledger.claim("first")
    assert ledger.claim("second") is None
    time.sleep(0.1)
    assert ledger.claim("second")
    assert not ledger.holds("j", "first")
    assert not ledger.finish("j", "first", result={})
    assert ledger.finish("j", "second", result={})


def test_the_user_with_less_under_way_is_served_before_one_who_asked_earlier(studio: Studio) -> None:
    studio.stop()
    ledger = Ledger(database.engine(studio.settings.database_url))
    for number in range(3):
        ledger.enter(f"mia-{number}", "boards", {}, user="mia", num_panels=1)
    ledger.enter("tom", "boards", {}, user="tom", num_panels=1)
    claimed = [ledger.claim("worker") for _ in range(4)]
    assert [job.id for job in claimed if job] == ["mia-0", "tom", "mia-1", "mia-2"]


def test_a_single_picture_goes_before_boards_and_users_take_turns(tmp_path: Path) -> None:
    desk, order, ready = Desk(Metrics()), list[str](), threading.Event()

    def draw(kind: str, user: str, begun: int) -> None:
        with desk.turn(kind, user=user, begun=begun):
            order.append(f"{kind} {user} {begun}")

    waiting = [("board", "mia", 1), ("board", "mia", 2), ("board", "tom", 3), ("redraw", "eve", 4)]
    with desk.turn("board", user="mia", begun=0):
        threads = []
        for turn in waiting:
            threads.append(threading.Thread(target=draw, args=turn, daemon=True))
            threads[-1].start()
            _until(lambda: len(desk._queue) == len(threads))
        ready.set()
    for thread in threads:
        thread.join(timeout=10)
    assert order == ["redraw eve 4", "board tom 3", "board mia 1", "board mia 2"]
