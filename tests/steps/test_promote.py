"""The step that registers, judges and promotes, on a real registry."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from storywright import files, registry
from storywright.errors import BadInput
from storywright.settings import Settings
from storywright.steps import contract

POLICY = """
compare: {metrics: {fit: {}}, min_items: 10}
max_bytes: 1_000_000
evaluation: {fit: {at_least: 0.1}}
validation: {panels_valid: {at_least: 1}}
"""


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's tables, made once: they take two seconds."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowClient(tracking_uri=f"sqlite:///{path}").search_registered_models()
    return path


@pytest.fixture
def at(own_environment: None, empty_database: Path, tmp_path: Path) -> Settings:
    at = Settings.from_environment()
    shutil.copyfile(empty_database, at.tracking_uri.removeprefix("sqlite:///"))
    (tmp_path / "promotion.yaml").write_text(POLICY)
    return at


def trained(folder: Path, seed: int, fit: float = 0.5, valid: int = 100) -> dict[str, Path]:
    """What the steps before leave: models, settings, evaluation, validation."""
    made = {}
    for role in ("critic", "illustrator", "motion", "writer"):
        made[role] = folder / str(seed) / role
        made[role].mkdir(parents=True)
        save_file({"weight": np.full((2, 2), seed, np.float32)}, made[role] / "model.safetensors")
        (made[role] / "config.json").write_text('{"_class_name": "SmallModel"}')
    documents = {"settings": {"drawing": {}}, "evaluation": {"fit": fit}, "validation": {"panels_valid": valid}}
    for name, value in documents.items():
        made[name] = folder / str(seed) / f"{name}.json"
        made[name].write_text(json.dumps(value))
    made["report"] = folder / str(seed) / "report"
    made["report"].mkdir()
    noise = np.random.default_rng(1).normal(scale=0.02, size=40)
    scores = {"fit": {f"item-{n}": fit + float(noise[n]) * (1 + seed % 3) for n in range(40)}}
    (made["report"] / "scores.json").write_text(json.dumps({"corpus_digest": "c" * 64, "scores": scores}))
    seal(made)
    return made


def seal(made: dict[str, Path]) -> None:
    """What an evaluation writes when it has come to its end."""
    models = {role: files.digest(made[role]) for role in ("critic", "illustrator", "motion", "writer")}
    found = {"scores.json": files.digest(made["report"] / "scores.json")}
    numbers = files.digest_of(json.loads(made["evaluation"].read_text()))
    whole = {"complete": True, "models": models, "settings": files.digest(made["settings"])}
    files.write_json(made["report"] / "evaluation.json", whole | {"files": found, "metrics": numbers})


def promote(tmp_path: Path, inputs: dict[str, Path]) -> dict:
    decision = tmp_path / "out" / "decision.json"
    contract.call("promote", {"policy": str(tmp_path / "promotion.yaml")}, inputs, {"decision": decision})
    return dict(json.loads(decision.read_text()))


def aliases(at: Settings) -> dict[str, str]:
    return {alias: found.number for found in registry.versions(at) for alias in found.aliases}


def test_the_first_bundle_that_passes_becomes_champion_with_its_card_and_its_decision(
    at: Settings, tmp_path: Path
) -> None:
    decision = promote(tmp_path, trained(tmp_path, 1))
    assert (decision["version"], decision["promoted"], decision["why"]) == ("1", True, "every gate passed")
    assert aliases(at) == {"champion": "1"}
    paper = registry.attached("1", "decision.json", at)
    assert paper is not None
    assert json.loads(paper.read_text()) == decision


def test_the_same_bundle_twice_is_one_version_and_stays_champion(at: Settings, tmp_path: Path) -> None:
    inputs = trained(tmp_path, 1)
    promote(tmp_path, inputs)
    shutil.rmtree(tmp_path / "out")
    again = promote(tmp_path, inputs)
    assert again["why"] == "version 1 is the champion already"
    assert len(registry.versions(at)) == 1
    assert aliases(at) == {"champion": "1"}


def test_a_better_challenger_takes_over_and_a_worse_one_does_not(at: Settings, tmp_path: Path) -> None:
    promote(tmp_path, trained(tmp_path, 1, fit=0.5))
    better = promote(tmp_path, trained(tmp_path, 2, fit=0.7))
    assert better["promoted"]
    assert better["compared"][0]["difference"] == pytest.approx(0.2, abs=0.02)
    worse = promote(tmp_path, trained(tmp_path, 3, fit=0.4))
    assert not worse["promoted"]
    assert worse["why"].startswith("not worse: worse than the champion: fit -0.3")
    assert aliases(at) == {"champion": "2", "previous": "1", "challenger": "3"}
    assert registry.versions(at)[0].tags["gates"] == "failed"


@pytest.mark.parametrize(("change", "gate"), [({"fit": 0.05}, "evaluation"), ({"valid": 0}, "data")])
def test_numbers_out_of_their_bounds_stop_even_the_first(
    at: Settings, tmp_path: Path, change: dict[str, float], gate: str
) -> None:
    decision = promote(tmp_path, trained(tmp_path, 1, **change))  # type: ignore[arg-type]
    assert [one["name"] for one in decision["gates"] if not one["passed"]] == [gate]
    assert aliases(at) == {"challenger": "1"}


def test_what_somebody_went_back_from_is_not_promoted_by_the_next_run(at: Settings, tmp_path: Path) -> None:
    promote(tmp_path, trained(tmp_path, 1, fit=0.5))
    promote(tmp_path, inputs := trained(tmp_path, 2, fit=0.7))
    registry.rollback(at)
    decision = promote(tmp_path, inputs)
    assert decision["why"].startswith("not rolled back: version 2 was gone back from (by hand)")
    assert aliases(at)["champion"] == "1"


def test_another_champion_makes_the_step_run_again_and_the_same_one_does_not(
    at: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    promote(tmp_path, first := trained(tmp_path, 1))
    capsys.readouterr()
    promote(tmp_path, first)
    assert "promote is up to date" in capsys.readouterr().err
    registry.promote(registry.register(registry.Bundle.of(trained(tmp_path, 8), "c"), at), at)
    promote(tmp_path, first)
    assert "up to date" not in capsys.readouterr().err


def test_a_report_without_scores_is_refused_by_name(at: Settings, tmp_path: Path) -> None:
    inputs = trained(tmp_path, 1)
    (inputs["report"] / "scores.json").write_text('{"corpus_digest": "c", "scores": {"fit": 0.5}}')
    with pytest.raises(BadInput, match=r"scores\.json does not hold"):
        promote(tmp_path, inputs)
    assert registry.versions(at) == []


@pytest.mark.parametrize("half", ["report/evaluation.json", "report/scores.json", "evaluation", "validation"])
def test_an_evaluation_that_ended_halfway_promotes_nothing(at: Settings, tmp_path: Path, half: str) -> None:
    promote(tmp_path, trained(tmp_path, 1, fit=0.5))
    inputs = trained(tmp_path, 2, fit=0.9)
    name, _, inner = half.partition("/")
    path = inputs[name] / inner if inner else inputs[name]
    path.write_text(path.read_text()[: len(path.read_text()) // 2])
    with pytest.raises(BadInput, match="is not JSON, or ends in the middle"):
        promote(tmp_path, inputs)
    assert aliases(at) == {"champion": "1"}
    assert len(registry.versions(at)) == 1


def test_an_evaluation_without_its_last_file_is_refused_at_the_gate(at: Settings, tmp_path: Path) -> None:
    inputs = trained(tmp_path, 1)
    (inputs["report"] / "evaluation.json").unlink()
    assert "the evaluation did not come to its end" in promote(tmp_path, inputs)["why"]
    assert registry.champion(at) is None


def test_what_people_said_of_a_version_is_asked_when_it_comes_again(at: Settings, tmp_path: Path) -> None:
    promote(tmp_path, trained(tmp_path, 1, fit=0.5))
    inputs = trained(tmp_path, 2, fit=0.5)
    assert not promote(tmp_path, inputs)["promoted"]
    human = {"champion": "1", "challenger": "2", "comparisons": 30, "people": 3}
    files.write_json(tmp_path / "human.json", human | {"win_rate": 0.2, "win_rate_low": 0.1, "win_rate_high": 0.3})
    registry.attach("2", {"human.json": tmp_path / "human.json"}, settings=at)
    shutil.rmtree(tmp_path / "out")
    assert "people: preferred in 20% of 30 comparisons" in promote(tmp_path, inputs)["why"]


def test_a_champion_that_was_made_by_hand_is_judged_before_the_challenger_is_compared_with_it(
    at: Settings, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    promote(tmp_path, trained(tmp_path, 1, fit=0.5))
    promote(tmp_path, trained(tmp_path, 2, fit=0.3))
    MlflowClient(tracking_uri=at.tracking_uri).set_registered_model_alias(registry.MODEL, "champion", "2")
    decision = promote(tmp_path, trained(tmp_path, 3, fit=0.4))
    assert not decision["promoted"]
    assert decision["champion_before"] == "1"
    assert aliases(at)["champion"] == "1"
