"""The server follows the champion of a real registry."""

import json
import re
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from storywright import registry
from storywright.registry import Bundle
from storywright.server.rollout import Plan
from storywright.server.templates import when
from storywright.settings import Settings
from storywright.studio.director import Drawing
from storywright.studio.models import Models
from storywright.watch import deployment

from .conftest import Eye, Pen, Start, Studio, opener, stand_in


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
    version = bundle(at, folder, seed, settings)
    registry.promote(version, at)
    return version


def bundle(at: Settings, folder: Path, seed: int, settings: str = "{}") -> str:
    """A small bundle, registered."""
    sources = {}
    for role in ("critic", "illustrator", "motion", "writer"):
        sources[role] = folder / f"{seed}" / role
        sources[role].mkdir(parents=True)
        (sources[role] / "model.safetensors").write_text(f"{role} {seed}")
    sources["settings"] = folder / f"{seed}" / "settings.json"
    sources["settings"].write_text(settings)
    return registry.register(Bundle.of(sources, "corpus"), at)


def serves(studio: Studio) -> tuple[str, str]:
    served = studio.client.get("/api/v1/models").json()
    return served["version"], served["origin"]


def until(true: Callable[[], bool], seconds: float = 240) -> None:
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
    until(lambda: "storywright_model_champion_served 1.0" in studio.client.get("/metrics").text)


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


class Poor(Pen):
    """Fails, dawdles, or draws what nobody asked for."""

    def __init__(self, name: str, how: str) -> None:
        super().__init__(name)
        self.how = how

    def draw(self, prompts: list[str], **how: Any) -> list[Image.Image]:
        if self.how == "fails":
            raise RuntimeError("a tensor of another shape")
        if self.how == "dawdles":
            time.sleep(0.2)
        drawn = super().draw(prompts, **how)
        return [Image.new("RGB", one.size, (1, 1, 1)) for one in drawn] if self.how == "scrawls" else drawn


class Judging(Eye):
    """Likes pictures that are not black."""

    def fit(self, words: Sequence[str], pictures: Sequence[Image.Image]) -> np.ndarray:
        return np.array([np.asarray(picture.convert("L"), np.float32).mean() / 255 for picture in pictures])


def poor_opener(folder: Path | None, version: str) -> tuple[Models, Drawing]:
    """Opens a crew as good as its settings say; a good one takes a moment to draw, so that slower is seen."""
    said = json.loads((folder / "settings.json").read_text()) if folder else {}
    pen = Poor(version, said.get("how", ""))
    pen.seconds = 0.01
    return replace(stand_in(version), illustrator=pen, critic=Judging()), Drawing(draws=1, steps=1)  # type: ignore[arg-type]


def asked(studio: Studio, user: str = "", seed: int = 1) -> tuple[int, str]:
    """The status, and the version that drew."""
    headers = {"Cookie": f"studio_user={user}", "Connection": "close"}  # after an error the server closes it anyway
    answer = studio.client.post("/api/v1/images", json={"prompt": "a dog", "seed": seed}, headers=headers)
    return answer.status_code, answer.headers.get("x-storywright-version", "")


def asked_until(studio: Studio, true: Callable[[], bool], user: Callable[[int], str] = lambda n: "") -> list[int]:
    """Ask for pictures until it is so; the statuses."""
    statuses: list[int] = []

    def goes_on() -> bool:
        statuses.extend(asked(studio, user(n), n)[0] for n in range(len(statuses), len(statuses) + 4))
        return true()

    until(goes_on)
    return statuses


PLAN = Plan.parse("50%, pictures 10, every 2, slower 100")


@pytest.mark.parametrize(
    ("how", "plan", "said"),
    [
        ("fails", PLAN, "errors: "),
        ("scrawls", PLAN, "quality: pictures fit their words"),
        ("dawdles", Plan.parse("shadow 100%, pictures 10, every 2"), "latency: drawing takes"),
        ("fails", Plan(pictures=200, every=2, slower=100), "errors: "),
    ],
)
def test_a_version_that_does_worse_in_service_is_gone_back_from_and_the_registry_says_why(
    at: Settings, tmp_path: Path, start: Start, how: str, plan: Plan, said: str
) -> None:
    first = promoted(at, tmp_path, 1)
    studio = start(opener=poor_opener, every_seconds=0.5, plan=plan)
    for seed in range(12):
        assert asked(studio, seed=seed) == (200, first)
    second = promoted(at, tmp_path, 2, settings=json.dumps({"how": how}))
    until(lambda: (coming(studio) or {}).get("version") == second)
    asked_until(studio, lambda: number(at, "champion") == first, lambda n: f"user-{n}")
    left = registry.find(second, at)
    assert left is not None
    assert left.tags[registry.ROLLED_BACK].startswith(f"failed in service, {said}")
    until(lambda: serves(studio) == (first, "registry") and coming(studio) is None)
    assert {asked(studio, f"user-{n}", n) for n in range(20)} == {(200, first)}
    found = deployment.read(at)
    assert found is not None
    assert found.version == first
    reason = said.partition(":")[0]
    assert f'storywright_model_rollbacks_total{{reason="{reason}"}} 1.0' in studio.client.get("/metrics").text


def test_a_good_version_comes_by_shares_of_the_users_and_then_for_all_without_a_failed_request(
    at: Settings, tmp_path: Path, start: Start
) -> None:
    first = promoted(at, tmp_path, 1)
    plan = Plan.parse("shadow 50%, 50%, pictures 12, every 2, slower 100, worse 100")
    studio = start(opener=poor_opener, every_seconds=0.5, plan=plan)
    for seed in range(12):
        asked(studio, seed=seed)
    second = promoted(at, tmp_path, 2)
    until(lambda: (coming(studio) or {}).get("stage") == "shadow 50%")
    assert asked(studio, "somebody") == (200, first)
    statuses = asked_until(studio, lambda: (coming(studio) or {}).get("stage") == "50%", lambda n: f"user-{n}")
    seen = {f"user-{n}": asked(studio, f"user-{n}")[1] for n in range(16)}
    if (coming(studio) or {}).get("stage") == "50%":
        assert set(seen.values()) == {first, second}
    statuses += asked_until(studio, lambda: serves(studio)[0] == second, lambda n: f"user-{n}")
    assert set(statuses) == {200}
    assert asked(studio, "somebody") == (200, second)
    told = studio.client.get("/metrics").text
    assert f'storywright_model_share{{version="{second}"}} 1.0' in told
    got = dict(re.findall(r'^storywright_model_pictures_total\{version="(\d+)"\} (\d+)', told, re.MULTILINE))
    assert set(got) == {first, second}, "of the versions that are open"
    asked_for = 12 + 1 + len(statuses) + len(seen) + 1
    assert sum(map(int, got.values())) == asked_for, "what was drawn in the shadow was for nobody"


def test_a_version_on_its_way_that_is_champion_no_longer_is_served_to_nobody(
    at: Settings, tmp_path: Path, start: Start
) -> None:
    first = promoted(at, tmp_path, 1)
    studio = start(opener=poor_opener, every_seconds=0.5, plan=Plan.parse("50%, pictures 1000"))
    before_ms = int(time.time() * 1_000)
    second = promoted(at, tmp_path, 2)
    until(lambda: (coming(studio) or {}).get("version") == second)
    found = coming(studio)
    assert found is not None
    assert before_ms <= found["began_ms"] <= found["stage_began_ms"] <= time.time() * 1_000
    since = when(found["stage_began_ms"])
    for language, said in (
        ("en", f"Version {second} is served to 50% of the users since {since} UTC."),
        ("ru", f"Версию {second} получает 50% пользователей с {since} UTC."),
    ):
        assert said in studio.client.get("/models", headers={"Accept-Language": language}).text
    registry.rollback(at)
    until(lambda: coming(studio) is None)
    assert "No new version is on its way" in studio.client.get("/models").text
    assert {asked(studio, f"user-{n}", n) for n in range(8)} == {(200, first)}
    third = promoted(at, tmp_path, 3)
    until(lambda: (coming(studio) or {}).get("version") == third)


def test_what_failed_while_the_registry_was_away_is_not_served_and_the_registry_hears_it_later(
    at: Settings, tmp_path: Path, start: Start
) -> None:
    first = promoted(at, tmp_path, 1)
    studio = start(opener=poor_opener, every_seconds=0.5, plan=Plan(pictures=200, every=2, slower=100))
    for seed in range(12):
        asked(studio, seed=seed)
    second = promoted(at, tmp_path, 2, settings='{"how": "fails"}')
    until(lambda: serves(studio)[0] == second)
    database = Path(at.tracking_uri.removeprefix("sqlite:///"))
    whole = database.read_bytes()
    database.write_text("not a database any more " * 1000)
    until(lambda: "does not answer" in studio.client.get("/api/v1/models").json()["notice"])
    asked_until(studio, lambda: serves(studio)[0] == first)
    assert asked(studio) == (200, first)
    database.write_bytes(whole)
    until(lambda: number(at, "champion") == first)
    assert serves(studio)[0] == first


def test_an_alias_that_was_moved_by_hand_is_put_back_and_the_server_says_so(
    at: Settings, tmp_path: Path, start: Start
) -> None:
    from mlflow import MlflowClient

    first = promoted(at, tmp_path, 1)
    studio = start()
    second = bundle(at, tmp_path, 2)
    MlflowClient(tracking_uri=at.tracking_uri).set_registered_model_alias(registry.MODEL, "champion", second)
    until(lambda: number(at, "champion") == first)
    assert serves(studio) == (first, "registry")
    refused = registry.find(second, at)
    assert refused is not None
    assert "was never put to the gates" in refused.tags[registry.REFUSED]


def test_a_server_that_is_bound_to_a_version_follows_no_alias(
    at: Settings, tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = promoted(at, tmp_path, 1), promoted(at, tmp_path, 2)
    monkeypatch.setenv("STORYWRIGHT_VERSION", first)
    assert serves(start()) == (first, "registry")
    assert number(at, "champion") == second


def coming(studio: Studio) -> dict[str, Any] | None:
    found: dict[str, Any] | None = studio.client.get("/api/v1/models").json()["rollout"]
    return found


def number(at: Settings, alias: str) -> str | None:
    found = registry.find(alias, at)
    return found.number if found else None
