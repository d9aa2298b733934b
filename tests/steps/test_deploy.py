"""The step that brings the champion to where it is served."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from storywright import registry
from storywright.errors import BadInput
from storywright.registry import Bundle
from storywright.settings import Settings
from storywright.steps import contract
from storywright.studio.models import Models
from storywright.watch import deployment, trial
from storywright.writer.model import Proposal

VALUES = {"prompt": "a dog", "steps": 1, "seed": 7, "server": "", "wait_seconds": 1.0, "threads": 1}


class Crew:
    """Illustrator, writer and critic in one, each as good or as bad as a test wants it."""

    def __init__(self, grey: int | None = None, caption: str = "A dog runs.", fit: float = 0.5) -> None:
        self.grey, self.caption, self.score = grey, caption, fit

    def draw(self, prompts: list[str], **_: object) -> list[Image.Image]:
        noise = np.random.default_rng(1).integers(0, 255, (8, 8, 3), dtype=np.uint8)
        return [Image.fromarray(noise) if self.grey is None else Image.new("RGB", (8, 8), (self.grey,) * 3)]

    def propose(self, *_: object, **__: object) -> list[Proposal]:
        return [Proposal(caption=self.caption, score=0.5, tags=[], phase="", why="")]

    def fit(self, *_: object) -> np.ndarray:
        return np.array([self.score])


def models(**how: object) -> Models:
    crew = Crew(**how)  # type: ignore[arg-type]
    return Models(critic=crew, illustrator=crew, writer=crew)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's tables, made once: they take two seconds."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowClient(tracking_uri=f"sqlite:///{path}").search_registered_models()
    return path


@pytest.fixture
def at(own_environment: None, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    at = Settings.from_environment()
    shutil.copyfile(empty_database, at.tracking_uri.removeprefix("sqlite:///"))
    monkeypatch.setattr(Models, "open", classmethod(lambda *_, **__: models()))
    return at


def champion(at: Settings, folder: Path, seed: int) -> str:
    sources = {}
    for role in ("critic", "illustrator", "motion", "writer"):
        sources[role] = folder / str(seed) / role
        sources[role].mkdir(parents=True)
        (sources[role] / "model.safetensors").write_text(f"{role} {seed}")
    sources["settings"] = folder / str(seed) / "settings.json"
    sources["settings"].write_text(json.dumps({"drawing": {"steps": seed}}))
    version = registry.register(Bundle.of(sources, "corpus"), at)
    registry.promote(version, at)
    return version


def deploy(tmp_path: Path, **values: object) -> dict:
    (tmp_path / "decision.json").write_text('{"version": "4", "why": "size: too large", "promoted": false}')
    made = tmp_path / "out" / "deployment.json"
    contract.call("deploy", VALUES | values, {"decision": tmp_path / "decision.json"}, {"deployment": made})
    return dict(json.loads(made.read_text()))


def test_the_champion_lies_in_the_store_and_is_named_with_what_was_before_it(at: Settings, tmp_path: Path) -> None:
    first, second = champion(at, tmp_path, 1), champion(at, tmp_path, 2)
    document = deploy(tmp_path)
    assert (document["version"], document["settings"]) == (second, {"drawing": {"steps": 2}})
    assert document["previous"]["version"] == first
    assert (at.home / document["folder"] / "writer" / "model.safetensors").read_text() == "writer 2"
    found = deployment.read(at)
    assert found is not None
    assert found.version == second


def test_after_a_rollback_the_step_deploys_the_earlier_champion_again(at: Settings, tmp_path: Path) -> None:
    first, _ = champion(at, tmp_path, 1), champion(at, tmp_path, 2)
    deploy(tmp_path)
    registry.rollback(at)
    assert deploy(tmp_path)["version"] == first


def test_without_a_champion_it_says_why_nothing_was_promoted(at: Settings, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no champion to deploy, and version 4 was not promoted \(size: too large\)"):
        deploy(tmp_path)


@pytest.mark.parametrize(
    ("how", "said"),
    [({"grey": 90}, "drew a blank panel"), ({"caption": " "}, "no caption"), ({"fit": float("nan")}, "no number")],
)
def test_a_champion_that_makes_nonsense_is_not_deployed(
    at: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: dict[str, object], said: str
) -> None:
    champion(at, tmp_path, 1)
    monkeypatch.setattr(Models, "open", classmethod(lambda *_, **__: models(**how)))
    with pytest.raises(BadInput, match=said):
        deploy(tmp_path)
    assert deployment.read(at) is None


def test_a_server_that_never_serves_the_version_is_named(at: Settings, tmp_path: Path) -> None:
    champion(at, tmp_path, 1)
    with pytest.raises(BadInput, match=r"http://127\.0\.0\.1:9 did not serve version 1 within 0\.2 s"):
        deploy(tmp_path, server="http://127.0.0.1:9", wait_seconds=0.2)


def test_a_deployment_whose_files_were_altered_since_is_noticed(at: Settings, tmp_path: Path) -> None:
    champion(at, tmp_path, 1)
    document = deploy(tmp_path)
    (at.home / document["folder"] / "writer" / "model.safetensors").write_text("other")
    with pytest.raises(BadInput, match=r"writer/model\.safetensors was altered"):
        deployment.read(at)


def test_models_that_their_library_cannot_open_are_one_sentence(
    at: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError("no file named config.json\nand a page of advice")

    monkeypatch.setattr(Models, "open", classmethod(fails))
    with pytest.raises(BadInput, match=r"Version 1 cannot be opened \(no file named config\.json\): promote another\."):
        trial.opened(registry.fetch(champion(at, tmp_path, 1), at), "1")
