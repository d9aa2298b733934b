"""The server beside a real MLflow server on loopback: webhooks, aliases moved by hand, and MLflow away."""

import base64
import hashlib
import hmac
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet
from mlflow import MlflowClient

from storywright import registry
from storywright.errors import BadInput
from storywright.registry import hooks
from storywright.settings import Settings

from .conftest import Start
from .test_following import bundle, number, promoted, serves, until

SECRET = "a secret that nobody guesses"


class Tracking:
    """An MLflow server with a database and a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._environment = os.environ | {
            # What `mlflow server` tells its workers; it would choose the port itself, and somebody else might take it.
            "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{folder / 'mlflow.db'}",
            "_MLFLOW_SERVER_REGISTRY_STORE": f"sqlite:///{folder / 'mlflow.db'}",
            "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
            "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(folder / "artifacts"),
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
            "_MLFLOW_SGI_NAME": "uvicorn",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
            "_MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
            "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
            "_MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
            "MLFLOW_WEBHOOK_CACHE_TTL": "0",  # else it remembers for a minute that nobody is to be told
            "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        handle = self._socket.fileno()
        words = [sys.executable, "-m", "uvicorn", "--fd", str(handle), "--workers", "1", "--log-level", "warning"]
        self._process = subprocess.Popen(
            [*words, "mlflow.server.fastapi_app:app"], env=self._environment, pass_fds=[handle], cwd=self.folder
        )
        until(self._answers, 180)

    def stop(self) -> None:
        """Also for those who wait in the socket's line: it stays open, and nobody answers there."""
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(30)
            self._process = None

    def close(self) -> None:
        self.stop()
        self._socket.close()

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "MLflow ended"
        try:
            return httpx.get(f"{self.url}/health", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracking]:
    server = Tracking(tmp_path_factory.mktemp("tracking"))
    yield server
    server.close()


@pytest.fixture
def at(own_environment: None, tracking: Tracking, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking.url)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "12")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv(hooks.SECRET, SECRET)
    at = Settings.from_environment()
    yield at
    client = MlflowClient(tracking.url)
    for one in client.list_webhooks():
        client.delete_webhook(one.webhook_id)
    if client.search_registered_models(f"name = '{registry.MODEL}'"):
        client.delete_registered_model(registry.MODEL)


def test_a_webhook_makes_the_server_look_at_once_and_an_alias_moved_by_hand_is_put_back(
    at: Settings, tmp_path: Path, start: Start
) -> None:
    first = promoted(at, tmp_path, 11)
    studio = start(every_seconds=3_600)
    assert serves(studio) == (first, "registry")
    assert hooks.register(studio.url, SECRET, at) == f"{studio.url}/api/v1/hooks/registry"
    hooks.register(studio.url, SECRET, at)
    assert len(MlflowClient(at.tracking_uri).list_webhooks()) == 1
    second = promoted(at, tmp_path, 12)
    until(lambda: serves(studio)[0] == second)
    ungated = bundle(at, tmp_path, 13)
    MlflowClient(at.tracking_uri).set_registered_model_alias(registry.MODEL, "champion", ungated)
    until(lambda: number(at, "champion") == second)
    refused = registry.find(ungated, at)
    assert refused is not None
    assert "was never put to the gates" in refused.tags[registry.REFUSED]
    MlflowClient(at.tracking_uri).set_registered_model_alias(registry.MODEL, "champion", first)
    until(lambda: serves(studio)[0] == first)  # back to the champion before: a rollback


def test_when_mlflow_is_away_service_goes_on_and_nothing_is_promoted_and_a_new_champion_comes_when_it_is_back(
    at: Settings, tracking: Tracking, tmp_path: Path, start: Start
) -> None:
    first = promoted(at, tmp_path, 21)
    second = bundle(at, tmp_path, 22)
    studio = start(every_seconds=0.5)
    tracking.stop()
    try:
        until(lambda: "does not answer" in studio.client.get("/api/v1/models").json()["notice"])
        assert serves(studio) == (first, "registry")
        assert studio.client.post("/api/v1/images", json={"prompt": "a dog"}).status_code == 200
        with pytest.raises(BadInput, match="does not answer"):
            registry.promote(second, at)
    finally:
        tracking.start()
    assert number(at, "champion") == first
    registry.promote(second, at)
    until(lambda: serves(studio)[0] == second)
    until(lambda: studio.client.get("/api/v1/models").json()["notice"] == "")


@pytest.mark.parametrize("harm", ["altered", "gone"])
def test_a_champion_whose_files_are_gone_or_altered_is_not_served(
    at: Settings, tracking: Tracking, tmp_path: Path, start: Start, harm: str
) -> None:
    seed = 31 if harm == "altered" else 41
    first = promoted(at, tmp_path, seed)
    studio = start(every_seconds=0.5)
    second = bundle(at, tmp_path, seed + 1)
    found = registry.find(second, at)
    assert found is not None
    [weights] = tracking.folder.rglob(f"{found.run_id}/artifacts/writer/model.safetensors")
    if harm == "altered":
        weights.write_text("altered")
    else:
        shutil.rmtree(weights.parents[1])
    registry.promote(second, at)
    until(lambda: f"Version {second}" in studio.client.get("/api/v1/models").json()["notice"])
    assert serves(studio) == (first, "registry")
    MlflowClient(at.tracking_uri).delete_registered_model_alias(registry.MODEL, "champion")
    until(lambda: "has no champion any longer" in studio.client.get("/api/v1/models").json()["notice"])
    assert serves(studio) == (first, "registry")


def test_what_mlflow_did_not_sign_wakes_nobody(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hooks.SECRET, SECRET)
    studio = start(every_seconds=3_600)
    looked: list[int] = []
    monkeypatch.setattr(studio.following, "look_now", lambda: looked.append(1))

    def sent(signature: Callable[[str], str], age: int = 0) -> int:
        moment = str(int(time.time()) - age)
        headers = {"X-MLflow-Delivery-Id": "a", "X-MLflow-Timestamp": moment, "X-MLflow-Signature": signature(moment)}
        return studio.client.post("/api/v1/hooks/registry", content=b"{}", headers=headers).status_code

    def signed(moment: str) -> str:
        digest = hmac.new(SECRET.encode(), f"a.{moment}.{{}}".encode(), hashlib.sha256).digest()
        return f"v1,{base64.b64encode(digest).decode()}"

    assert sent(signed, age=3_600) == 400
    assert sent(lambda _: "v1,none") == 400
    assert sent(lambda _: "") == 400
    assert looked == []
    assert sent(signed) == 204
    assert looked == [1]
    monkeypatch.setenv(hooks.SECRET, "")
    assert sent(signed) == 400


@pytest.mark.parametrize(
    ("url", "secret", "said"),
    [("studio", SECRET, "is not the address"), ("http://x", "short", "fewer than 16"), ("http://x", "", "Set STORY")],
)
def test_a_hook_that_cannot_work_is_refused(at: Settings, url: str, secret: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        hooks.register(url, secret, at)
