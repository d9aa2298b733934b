"""The server follows the champion of a real registry."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from storywright import registry
from storywright.registry import Bundle
from storywright.settings import Settings

from .conftest import Start, Studio, opener


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's tables, made once: they take two seconds."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowClient(tracking_uri=f"sqlite:///{path}").search_registered_models()
    return path


@pytest.fixture
def at(own_environment: None, empty_database: Path) -> Settings:
    at = Settings.from_environment()
    shutil.copyfile(empty_database, at.tracking_uri.removeprefix("sqlite:///"))
    return at


def promoted(at: Settings, folder: Path, seed: int, settings: str = "{}") -> str:
    """A small bundle, registered and made champion."""
    sources = {}
    for role in ("critic", "illustrator", "motion", "writer"):
        sources[role] = folder / f"{seed}" / role
        sources[role].mkdir(parents=True)
        (sources[role] / "model.safetensors").write_text(f"{role} {seed}")
    sources["settings"] = folder / f"{seed}" / "settings.json"
    sources["settings"].write_text(settings)
    version = registry.register(Bundle.of(sources, "corpus"), at)
    registry.promote(version, at)
    return version


def serves(studio: Studio) -> tuple[str, str]:
    served = studio.client.get("/api/v1/models").json()
    return served["version"], served["origin"]


def until(true: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def test_a_new_champion_is_served_without_a_dropped_request_and_a_rollback_too(
    at: Settings, tmp_path: Path, start: Start
) -> None:
    first = promoted(at, tmp_path, 1)
    studio = start()
    assert serves(studio) == (first, "registry")
    seen: list[tuple[int, str]] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            answer = studio.client.post("/api/v1/images", json={"prompt": "a dog"})
            seen.append((answer.status_code, answer.headers.get("x-storywright-version", "")))
            time.sleep(0.01)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    try:
        second = promoted(at, tmp_path, 2)
        until(lambda: serves(studio)[0] == second)
        registry.rollback(at)
        until(lambda: serves(studio)[0] == first)
        until(lambda: seen[-1][1] == first)
    finally:
        done.set()
        asking.join(timeout=30)
    assert {status for status, _ in seen} == {200}
    order = [version for n, (_, version) in enumerate(seen) if n == 0 or version != seen[n - 1][1]]
    assert order == [first, second, first]


def test_a_champion_that_fails_its_trial_is_not_served_and_the_reason_is_shown(
    at: Settings, tmp_path: Path, start: Start
) -> None:
    first = promoted(at, tmp_path, 1)
    studio = start()
    promoted(at, tmp_path, 2, settings='{"broken": true}')
    until(lambda: "drew a blank panel" in studio.client.get("/api/v1/models").json()["notice"])
    assert serves(studio) == (first, "registry")
    metrics = studio.client.get("/metrics").text
    assert "storywright_model_champion_served 0.0" in metrics
    assert 'storywright_model_swaps_total{outcome="refused"} 1.0' in metrics
    third = promoted(at, tmp_path, 3)
    until(lambda: serves(studio)[0] == third)
    assert studio.client.get("/api/v1/models").json()["notice"] == ""
    assert "storywright_model_champion_served 1.0" in studio.client.get("/metrics").text


def test_a_champion_whose_files_were_altered_is_not_served_and_the_file_is_named(
    at: Settings, tmp_path: Path, start: Start
) -> None:
    first = promoted(at, tmp_path, 1)
    studio = start(every_seconds=1.0)
    second = promoted(at, tmp_path, 2)
    artifacts = Path(at.tracking_uri.removeprefix("sqlite:///")).parent / "artifacts"
    for weights in artifacts.rglob("writer/model.safetensors"):
        weights.write_text("altered")
    shutil.rmtree(at.home / "models", ignore_errors=True)
    until(lambda: "writer/model.safetensors was altered" in studio.client.get("/api/v1/models").json()["notice"])
    assert f"Version {second}" in studio.client.get("/api/v1/models").json()["notice"]
    assert serves(studio) == (first, "registry")


def test_when_the_registry_goes_away_service_goes_on_and_a_new_server_starts_with_what_was_deployed(
    at: Settings, tmp_path: Path, start: Start
) -> None:
    first = promoted(at, tmp_path, 1)
    studio = start()
    database = Path(at.tracking_uri.removeprefix("sqlite:///"))
    database.write_text("not a database any more " * 1000)
    until(lambda: "does not answer" in studio.client.get("/api/v1/models").json()["notice"])
    assert serves(studio) == (first, "registry")
    assert "storywright_registry_up 0.0" in studio.client.get("/metrics").text
    assert serves(start()) == (first, "deployment")


def test_with_registry_and_deployment_gone_the_embedded_models_serve_and_it_says_so(
    at: Settings, tmp_path: Path, start: Start
) -> None:
    promoted(at, tmp_path, 1)
    start().stop()
    Path(at.tracking_uri.removeprefix("sqlite:///")).write_text("not a database any more " * 1000)
    shutil.rmtree(at.home / "models")
    studio = start()
    assert serves(studio) == ("", "embedded")
    assert "does not answer" in studio.client.get("/api/v1/models").json()["notice"]
    assert studio.client.post("/api/v1/images", json={"prompt": "a dog"}).status_code == 200


def test_the_settings_that_were_tuned_for_a_bundle_are_used(at: Settings, tmp_path: Path) -> None:
    from storywright.watch import deployed

    promoted(at, tmp_path, 1, settings='{"drawing": {"steps": 5, "guidance": 2.5, "sampler": "unknown here"}}')
    drawing, _ = deployed.tuned(registry.fetch("champion", at))
    assert (drawing.steps, drawing.guidance) == (5, 2.5)


def test_a_champion_is_opened_once_and_not_at_every_look(at: Settings, tmp_path: Path, start: Start) -> None:
    opened = []
    promoted(at, tmp_path, 1)
    studio = start(opener=lambda *where: opened.append(where) or opener(*where), every_seconds=0.02)  # type: ignore[func-returns-value]
    time.sleep(0.5)
    assert len(opened) == 1
    assert serves(studio)[0] == "1"


def test_a_rollback_is_served_by_the_crew_that_is_still_open(at: Settings, tmp_path: Path, start: Start) -> None:
    opened = []
    first = promoted(at, tmp_path, 1)
    studio = start(opener=lambda *where: opened.append(where[1]) or opener(*where))  # type: ignore[func-returns-value]
    second = promoted(at, tmp_path, 2)
    until(lambda: serves(studio)[0] == second)
    registry.rollback(at)
    until(lambda: serves(studio)[0] == first)
    assert opened == [first, second]
    assert studio.client.post("/api/v1/images", json={"prompt": "a dog"}).headers["x-storywright-version"] == first
