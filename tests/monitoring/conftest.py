"""A studio in service whose every metric has a value, and a real Prometheus that scrapes it by the project's rules."""

import importlib.util
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest
import yaml
from PIL import Image
from prometheus_client import start_http_server

from storywright import tracking
from storywright.settings import Settings
from storywright.watch import comparing
from storywright.watch.comparing import Pair
from storywright.watch.probe import Config, Probe

ROOT = Path(__file__).parents[2]
DRIFT = {
    "scores": {"brightness": 0.2, "brief_length": 0.1, "said_stars": 0.1},
    "limits": {"brightness": 0.6, "brief_length": 0.6, "said_stars": 0.6},
    "rows": {"panels": {"reference": 400, "current": 60}},
}


class Prometheus:
    """Answers queries."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, query: str) -> list[dict]:
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": query}, timeout=30)
        assert answer.status_code == 200, f"{query}: {answer.text}"
        return list(answer.json()["data"]["result"])

    def names(self) -> set[str]:
        return set(httpx.get(f"{self.url}/api/v1/label/__name__/values", timeout=30).json()["data"])


@pytest.fixture
def prometheus(own_environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Prometheus]:
    """Everything has happened once: requests, boards, feedback, runs of pipelines and steps, a try of the probe."""
    monkeypatch.setenv("STORYWRIGHT_TRACKING", "now")
    monkeypatch.chdir(tmp_path)
    with tracking.pipeline_run("training", {}), tracking.step_run("preprocess", {}, {}) as preparing:
        preparing.finish({})
    home = Settings.from_environment().home
    for name, value in {
        "deployment.json": {},
        "watch/drift.json": DRIFT,
        "watch/feedback.json": {"num_pairs": 3},
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(json.dumps(value))
    a_gpu(tmp_path, monkeypatch)
    serving = room("tests/server/conftest.py")
    for start in serving._starting():
        studio = start(opener=lambda *_: (serving.stand_in(), serving.Drawing(draws=1, steps=1)))
        probing = Probe(Config(url=studio.url))
        assert not (tried := probing.once()).problem, tried.problem
        use(studio)
        telling, thread = start_http_server(0, "127.0.0.1", probing.registry)
        targets = {"storywright": studio.url.removeprefix("http://"), "probe": f"127.0.0.1:{telling.server_port}"}
        with scraping(tmp_path, targets) as url:
            yield Prometheus(url)
        telling.shutdown()
        thread.join()


def use(studio) -> None:
    """Draw, be turned away, say what one thinks of a board, and which of two pictures is the better one."""
    [board] = studio.made(candidates=1)["boards"]
    assert studio.client.post("/api/v1/images", json={"prompt": "a dog"}).status_code == 200
    assert studio.client.get("/api/v1/boards/nobody").status_code == 404
    old, new = (Image.new("RGB", (4, 4), colour) for colour in ("navy", "orange"))
    laid_out = [(Pair(f"words {number}", "", ""), old, new) for number in range(4)]
    comparing.begin(studio.settings.home, "1", "2", laid_out, repeats=1)
    for number in range(3):
        answer = {"turn": 0, "answer": "left", "user": f"user {number}"}
        assert studio.client.post("/api/v1/comparisons/latest/answers", json=answer).status_code == 201
        said = {"board": board["id"], "kind": "rating", "value": "5", "user": f"user {number}"}
        answer = studio.client.post("/api/v1/feedback", json=said, headers={"Idempotency-Key": f"key {number}"})
        assert answer.status_code == 201, answer.text


def a_gpu(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "nvidia-smi").write_text("#!/bin/sh\necho '0, 93, 2048, 81559, 61, 402.11'\n")
    (folder / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


class scraping:  # noqa: N801 - reads as the statement that it stands in
    """Prometheus with the project's rules, in a hurry, on a port that is its own."""

    def __init__(self, folder: Path, targets: dict[str, str]) -> None:
        self.folder, self.targets = folder, targets

    def __enter__(self) -> str:
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(ROOT / "monitoring/prometheus/rules/*.yml")],
            "scrape_configs": [
                {"job_name": name, "static_configs": [{"targets": [target]}]} for name, target in self.targets.items()
            ],
        }
        (self.folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
        for _ in range(5):  # somebody may take the port in between
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                address = f"127.0.0.1:{free.getsockname()[1]}"
            self.process = subprocess.Popen(
                [
                    "prometheus", f"--config.file={self.folder}/prometheus.yml", f"--web.listen-address={address}",
                    f"--storage.tsdb.path={self.folder}/prometheus", "--log.level=error",
                ],
            )  # fmt: skip
            until(lambda url=f"http://{address}/-/ready": self.process.poll() is not None or answers(url))
            if self.process.poll() is None:
                return f"http://{address}"
        raise AssertionError("Prometheus does not start")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(60)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def until(true: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)


def room(path: str) -> ModuleType:
    """The stand-ins of another room's tests."""
    spec = importlib.util.spec_from_file_location("stand_ins_of_the_server", ROOT / path)
    assert spec and spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found
