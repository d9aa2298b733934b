"""Pipelines as MLflow knows them, from runs that the tracking itself wrote."""

import json
from pathlib import Path

import pytest

from storywright import tracking
from storywright.settings import Settings
from storywright.watch import pipelines


@pytest.fixture
def at(own_environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("STORYWRIGHT_TRACKING", "now")
    monkeypatch.chdir(tmp_path)
    return Settings.from_environment()


def test_before_anything_was_run_nothing_is_known_and_no_database_is_made(at: Settings) -> None:
    assert pipelines.read(at) == pipelines.Factory(pipelines={}, data_made_at=None)
    assert not Path(at.tracking_uri.removeprefix("sqlite:///")).exists()


def test_the_last_success_its_length_a_failure_after_it_and_the_age_of_the_data_are_read(
    at: Settings, tmp_path: Path
) -> None:
    with tracking.pipeline_run("training", {"preset": "demo"}) as run, step("preprocess", tmp_path, "d" * 64):
        pass
    with pytest.raises(ZeroDivisionError), tracking.pipeline_run("training", {}):
        raise ZeroDivisionError
    with tracking.pipeline_run("retraining", {}):
        pass
    found = pipelines.read(at)
    assert found.pipelines["training"].failed
    assert found.pipelines["training"].succeeded_at == pytest.approx(run.ended_ms / 1_000, abs=0.01)
    assert found.pipelines["training"].seconds == pytest.approx((run.ended_ms - run.started_ms) / 1_000, abs=0.01)
    assert not found.pipelines["retraining"].failed
    assert "storyboards" not in found.pipelines
    assert found.data_made_at is not None
    assert run.started_ms / 1_000 <= found.data_made_at + 1 <= run.ended_ms / 1_000 + 2


class step:  # noqa: N801 - reads as the statement that it stands in
    """A step of the factory that is tracked, with one output of that digest."""

    def __init__(self, name: str, folder: Path, digest: str) -> None:
        (folder / "metrics.json").write_text(json.dumps({"rows": 1}))
        self._run, self._digest = tracking.step_run(name, {"seed": 7}, {}), digest
        self._outputs = {"metrics": folder / "metrics.json"}

    def __enter__(self) -> None:
        self._run.__enter__()

    def __exit__(self, *_: object) -> None:
        self._run.finish(self._outputs, {"corpus": self._digest})
        self._run.__exit__(None, None, None)
