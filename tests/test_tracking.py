"""What is kept in MLflow about a run, and that MLflow's troubles are never a step's."""

import contextlib
import json
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from PIL import Image

from storywright import tracking
from storywright.training import watching


@dataclass(frozen=True)
class Optimizer:
    rate: float = 0.5


@dataclass(frozen=True)
class Config:
    seed: int = 7
    optimizer: Optimizer = field(default_factory=Optimizer)
    sizes: tuple[int, ...] = (192, 108)


@pytest.fixture
def tracked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with tracking switched on, on a database of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STORYWRIGHT_TRACKING")
    monkeypatch.delenv("MLFLOW_RUN_ID", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow/mlflow.db")
    return tmp_path


@pytest.fixture
def nowhere(tracked: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tracking switched on, with nobody at the address."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return tracked


def runs(folder: Path) -> dict[str, Run]:
    client = MlflowClient(f"sqlite:///{folder}/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name(tracking.EXPERIMENT)
    assert experiment is not None
    return {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}


def outputs(folder: Path) -> dict[str, Path]:
    made = folder / "made"
    made.mkdir()
    (made / "metrics.json").write_text('{"loss": 0.25}')
    (made / "curves.csv").write_text("step,loss,rate\n0,2.0,0.1\n10,1.0,\n")
    (made / "model").mkdir()
    (made / "model" / "model.safetensors").write_bytes(bytes(100))
    (made / "model" / "README.md").write_text("# Card")
    return {"metrics": made / "metrics.json", "curves": made / "curves.csv", "model": made / "model"}


def test_a_run_holds_values_numbers_curves_cards_and_digests(tracked: Path) -> None:
    with tracking.step_run("train", Config(), {"corpus": Path("corpus")}, {"corpus": "c0ffee"}, code="abc") as run:
        run.finish(outputs(tracked), {"model": "beef"})
    kept = runs(tracked)["train"]
    assert kept.info.status == "FINISHED"
    assert kept.data.params == {"seed": "7", "optimizer.rate": "0.5", "sizes": "[192, 108]"}
    assert kept.data.metrics["loss"] == 1.0, "the last point of the curve"
    assert kept.data.metrics["seconds"] >= 0
    assert kept.data.tags["code.digest"] == "abc"
    assert kept.data.tags["output.model"] == "beef"
    assert [(i.dataset.name, i.dataset.digest) for i in kept.inputs.dataset_inputs] == [("corpus", "c0ffee")]
    client = MlflowClient(f"sqlite:///{tracked}/mlflow/mlflow.db")
    assert [(m.step, m.value) for m in client.get_metric_history(kept.info.run_id, "loss")][-2:] == [(0, 2), (10, 1)]
    assert {f.path for f in client.list_artifacts(kept.info.run_id)} == {"metrics.json", "curves.csv", "model"}
    assert [f.path for f in client.list_artifacts(kept.info.run_id, "model")] == ["model/README.md"]


def test_the_runs_of_steps_are_nested_under_the_run_of_their_pipeline(tracked: Path) -> None:
    with tracking.pipeline_run("training", {"draw": {"seed": 1}}), tracking.step_run("draw", Config(), {}) as run:
        run.finish({})
    kept = runs(tracked)
    assert kept["draw"].data.tags["mlflow.parentRunId"] == kept["training"].info.run_id
    assert kept["training"].info.status == "FINISHED"
    assert kept["training"].data.params == {"draw.seed": "1"}


def test_a_failed_step_is_kept_as_failed_with_its_reason(tracked: Path) -> None:
    with pytest.raises(ValueError, match="no stories"), tracking.step_run("draw", Config(), {}):
        raise ValueError("no stories")
    assert runs(tracked)["draw"].info.status == "FAILED"
    assert runs(tracked)["draw"].data.tags["error"] == "ValueError: no stories"


def test_a_failed_step_fails_its_pipeline(tracked: Path) -> None:
    with pytest.raises(ValueError, match="no stories"), tracking.pipeline_run("training", {}):
        raise ValueError("no stories")
    assert runs(tracked)["training"].info.status == "FAILED"


def test_a_parent_of_another_database_does_not_keep_a_run_from_being_written(
    tracked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)
    with tracking.step_run("draw", Config(), {}) as run:
        run.finish({})
    assert "mlflow.parentRunId" not in runs(tracked)["draw"].data.tags


def test_a_long_step_is_shown_while_it_works_with_its_curve(tracked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "_FOLLOW_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(tracking, "_FOLLOW_EVERY_SECONDS", 0.05)
    made = outputs(tracked)
    with tracking.step_run("train", Config(), {}, curves=made["curves"]) as run:
        while run._follower.sent < 3:
            assert run._follower.is_alive()
            time.sleep(0.02)
        assert runs(tracked)["train"].info.status == "RUNNING"
        with made["curves"].open("a") as curves:
            curves.write("20,0.5,0.1\n")
        run.finish(made)
    kept = runs(tracked)["train"]
    client = MlflowClient(f"sqlite:///{tracked}/mlflow/mlflow.db")
    history = client.get_metric_history(kept.info.run_id, "loss")
    assert [(m.step, m.value) for m in history if m.step] == [(10, 1.0), (20, 0.5)]
    assert kept.info.status == "FINISHED"


def test_what_a_training_shows_is_kept_with_the_run_even_of_a_step_that_fails(tracked: Path) -> None:
    for name in ("train", "fails"):
        with contextlib.suppress(ZeroDivisionError), tracking.step_run(name, Config(), {}):
            observer = watching.observer()
            assert observer is not None
            observer.figures(10, {"loss": 0.5, "samples_per_second": 90.0, "unknown": float("nan")})
            observer.figures(20, {"loss": 0.25})
            observer.sheet(20, "illustrator", Image.new("RGB", (8, 8), "red"))
            if name == "fails":
                raise ZeroDivisionError
    assert watching.observer() is None
    client = MlflowClient(f"sqlite:///{tracked}/mlflow/mlflow.db")
    for run in runs(tracked).values():
        history = client.get_metric_history(run.info.run_id, "training/loss")
        assert [(point.step, point.value) for point in history] == [(10, 0.5), (20, 0.25)]
        assert run.data.metrics["training/samples_per_second"] == 90.0 and "training/unknown" not in run.data.metrics
        sheet = client.download_artifacts(run.info.run_id, "sheets/illustrator-0000020.png", str(tracked))
        assert Image.open(sheet).getpixel((0, 0)) == (255, 0, 0)


def test_without_mlflow_a_step_succeeds_and_its_record_is_sent_later(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = outputs(nowhere)
    with tracking.step_run("train", Config(), {"corpus": Path("corpus")}, {"corpus": "c0ffee"}) as run:
        run.finish(made)
    assert "train was not tracked" in capsys.readouterr().err
    (made["model"] / "README.md").unlink()

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{nowhere}/mlflow/mlflow.db")
    assert tracking.send_waiting() == 1
    kept = runs(nowhere)["train"]
    assert kept.data.params["seed"] == "7"
    assert kept.data.metrics["loss"] == 1.0
    client = MlflowClient(f"sqlite:///{nowhere}/mlflow/mlflow.db")
    assert [f.path for f in client.list_artifacts(kept.info.run_id, "model")] == ["model/README.md"]
    assert tracking.send_waiting() == 0


def test_a_record_that_cannot_be_sent_waits_on(nowhere: Path) -> None:
    with tracking.step_run("draw", Config(), {}) as run:
        run.finish({})
    done = subprocess.run([sys.executable, "-m", "storywright.tracking"], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "does not take the record draw-" in done.stderr
    assert len(list(tracking.UNSENT.iterdir())) == 1


def test_a_broken_database_does_not_fail_the_step(tracked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tracked / "mlflow").mkdir()
    (tracked / "mlflow" / "mlflow.db").write_bytes(b"this is no database" * 100)
    with tracking.step_run("draw", Config(), {}) as run:
        run.finish({})
    assert "draw was not tracked" in capsys.readouterr().err


def test_the_pipeline_goes_on_without_mlflow(nowhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with tracking.pipeline_run("training", {}):
        pass
    assert "training was not tracked" in capsys.readouterr().err


def test_two_first_runs_at_once_make_one_database(tracked: Path) -> None:
    script = textwrap.dedent("""
        from storywright import tracking
        with tracking.step_run("draw", {}, {}) as run:
            run.finish({})
    """)
    both = [subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[1] for process in both] == ["", ""]
    client = MlflowClient(f"sqlite:///{tracked}/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name(tracking.EXPERIMENT)
    assert experiment is not None
    assert len(client.search_runs([experiment.experiment_id])) == 2


def test_off_writes_nothing_and_loads_nothing(tracked: Path) -> None:
    script = textwrap.dedent("""
        import sys
        from storywright import tracking
        with tracking.pipeline_run("training", {}), tracking.step_run("draw", {}, {}) as run:
            run.finish({})
        assert "mlflow" not in sys.modules
    """)
    environment = {"STORYWRIGHT_TRACKING": "off", "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)
    assert list(tracked.iterdir()) == []


def test_nested_values_become_dotted_names() -> None:
    values = {"a": {"b": 1, "c": {}}, "d": None, "e": "é"}
    assert tracking.flat(values) == {"a.b": "1", "a.c": "{}", "d": "null", "e": "é"}
    assert json.loads(tracking.flat(Config())["sizes"]) == [192, 108]
