"""The probe, against a real server with stand-ins for the models, and against ones that fail it."""

import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from PIL import Image

from storywright.errors import BadInput
from storywright.watch.probe import Config, Probe


def value(probe: Probe, name: str, **labels: str) -> float | None:
    return probe.registry.get_sample_value(f"storywright_probe_{name}", labels)


def test_a_whole_board_is_a_success_with_its_time(start: Any) -> None:
    probe = Probe(Config(url=start().url))
    found = probe.once()
    assert not found.problem
    assert set(found.seconds) == {"order", "making", "pictures"}
    assert value(probe, "success") == 1
    assert value(probe, "seconds") == pytest.approx(found.total_seconds)
    assert value(probe, "tries_total", outcome="whole") == 1
    assert abs(time.time() - (value(probe, "last_try_timestamp_seconds") or 0)) < 60


def test_each_try_is_a_board_of_its_own(start: Any) -> None:
    studio = start()
    probe = Probe(Config(url=studio.url))
    assert not probe.once().problem
    assert not probe.once().problem
    assert len(studio.client.get("/api/v1/boards").json()["boards"]) == 2


def test_blank_pictures_are_no_board(start: Any, stand_ins: Any) -> None:
    models = stand_ins.stand_in()
    models.illustrator._picture = lambda words, size: Image.new("RGB", size, (90, 90, 90))
    probe = Probe(Config(url=start(opener=lambda *_: (models, stand_ins.Drawing(draws=1, steps=1))).url))
    assert "blank" in probe.once().problem
    assert (value(probe, "success"), value(probe, "tries_total", outcome="failed")) == (0, 1)
    assert value(probe, "seconds") == 0


def test_a_board_that_takes_too_long_is_cancelled(start: Any, stand_ins: Any) -> None:
    studio = start(opener=lambda *_: (stand_ins.stand_in(seconds=1.5), stand_ins.Drawing(draws=1, steps=1)))
    found = Probe(Config(url=studio.url, patience_seconds=1)).once()
    assert "not made within 1 s" in found.problem
    [job] = studio.client.get("/api/v1/jobs").json()["jobs"]
    assert job["state"] in ("cancelled", "done")


def test_a_key_that_opens_nothing_is_said(start: Any) -> None:
    from storywright.server.access import Access

    studio = start(access=Access(key="the-key-of-the-operator", probe_key="the-key-of-the-probe"))
    assert "401" in Probe(Config(url=studio.url, key="storywright_wrong")).once().problem
    assert not Probe(Config(url=studio.url, key="the-key-of-the-probe")).once().problem
    operator = {"Authorization": "Bearer the-key-of-the-operator"}
    assert studio.client.get("/api/v1/boards", headers=operator).json()["boards"] == [], "they are in its own workspace"


class Odd(BaseHTTPRequestHandler):
    """Answers everything with a page that is no studio's."""

    def _say(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    do_GET = do_POST = _say  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_what_is_no_studio_or_nothing_at_all_is_a_failed_try_and_never_an_error() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Odd) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert "answers what no studio answers" in Probe(Config(url=url)).once().problem
        server.shutdown()
        thread.join()
    assert "does not answer" in Probe(Config(url=url)).once().problem


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"url": "studio"}, "no address of a studio"),
        ({"url": "ftp://studio"}, "no address of a studio"),
        ({"url": "http://studio", "every_seconds": 5}, "would be load"),
        ({"url": "http://studio", "patience_seconds": 0}, "patience"),
    ],
)
def test_values_that_make_no_sense_are_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Config(**values)


@pytest.mark.slow
def test_the_command_tries_once_or_goes_on_and_shows_its_metrics(start: Any) -> None:
    words = [sys.executable, "-m", "storywright", "probe", "--url", start().url]
    once = subprocess.run([*words, "--once"], capture_output=True, text=True, timeout=120, check=False)
    assert (once.returncode, once.stdout.startswith("A whole board in ")) == (0, True), once.stderr
    gone = subprocess.run([*words[:-1], "http://127.0.0.1:9", "--once"], capture_output=True, text=True, check=False)
    assert gone.returncode == 2
    assert gone.stderr.startswith("storywright: No board came whole: http://127.0.0.1:9 does not answer")
    with subprocess.Popen([*words, "--port", "0"], stdout=subprocess.PIPE, text=True) as going:
        assert going.stdout
        url = going.stdout.readline().partition("metrics are at ")[2].split()[0]
        assert going.stdout.readline().startswith("A whole board in ")
        assert "storywright_probe_success 1.0" in httpx.get(url).text
        os.kill(going.pid, signal.SIGTERM)
        assert going.wait(60) == 0
