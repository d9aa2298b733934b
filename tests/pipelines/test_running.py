"""A pipeline on this machine: what it says, what it leaves, and how it goes on."""

import re
from pathlib import Path

from mlflow import MlflowClient


def test_each_step_is_one_line_with_its_outcome_and_time_and_results_lie_at_their_usual_places(garden) -> None:
    done = garden.run()
    assert re.findall(r"^  (.) (\w+) +[\d.]+ s$", done.stdout, re.M) == [("✓", "grow"), ("✓", "shrink")]
    assert done.stderr == ""
    assert garden.total() == 12
    log = next((garden.folder / "factory/runs").glob("garden-*/log.txt")).read_text()
    assert "Executing task" in log


def test_a_second_run_does_nothing_and_says_so(garden) -> None:
    garden.run()
    before = (garden.folder / "factory/shrink/total.txt").stat().st_mtime_ns
    done = garden.run()
    assert re.findall(r"^  = (\w+) +up to date$", done.stdout, re.M) == ["grow", "shrink"]
    assert (garden.folder / "factory/shrink/total.txt").stat().st_mtime_ns == before
    assert len(list((garden.folder / "factory/runs").iterdir())) == 1


def test_again_makes_everything_again(garden) -> None:
    garden.run()
    assert garden.run(again=True).stdout.count("✓") == 2


def test_a_run_goes_on_behind_the_step_that_was_stopped(garden) -> None:
    garden.run()
    shrink = garden.folder / "factory/shrink/total.txt"
    shrink.unlink()
    done = garden.run()
    assert re.findall(r"^  (.) (\w+)", done.stdout, re.M) == [("=", "grow"), ("✓", "shrink")]
    assert garden.total() == 12


def test_what_a_step_refuses_is_its_sentence_and_the_place_of_the_log(garden) -> None:
    garden.run()
    done = garden.run(ends="refused")
    assert "  ✗ grow" in done.stdout
    assert re.search(r"BadInput grow: The soil is too dry: water it\. The log: factory/runs/\S+/log\.txt", done.stderr)
    assert garden.total() == 12, "the earlier results stay"


def test_a_step_that_breaks_is_named_with_its_error(garden) -> None:
    done = garden.run(ends="failed")
    assert "FailedStepError grow: RuntimeError: the spade broke. The log: factory/runs/" in done.stderr
    log = next((garden.folder / "factory/runs").glob("garden-*/log.txt")).read_text()
    assert "Traceback" in log, "the log holds the whole story"


def test_a_step_that_is_killed_is_named_too(garden) -> None:
    assert "FailedStepError grow was killed" in garden.run(ends="killed").stderr


def test_values_that_cannot_be_are_refused_before_the_first_step(garden) -> None:
    assert "BadInput Step grow has no parameter 'cuont': did you mean 'count'" in garden.run(cuont=3).stderr
    assert not (garden.folder / "factory").exists()


def test_steps_that_take_long_show_how_far_they_are(garden) -> None:
    done = garden.run(seconds=4.0, count=8, line_every=0.5)
    assert re.search(r"^  … grow +\d+\.\d s  Growing: \d+ of 8, \d+ s left$", done.stdout, re.M)


def test_the_runs_of_the_steps_stand_under_the_run_of_the_pipeline(garden) -> None:
    database = f"sqlite:///{garden.folder}/mlflow.db"
    garden.environment = {"STORYWRIGHT_TRACKING": "", "MLFLOW_TRACKING_URI": database}
    assert garden.run().stderr == ""
    client = MlflowClient(database)
    runs = {run.info.run_name: run for run in client.search_runs(["1"])}
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert runs["garden"].data.params["grow.count"] == "3"
    for step in ("grow", "shrink"):
        assert runs[step].data.tags["mlflow.parentRunId"] == runs["garden"].info.run_id
    assert runs["grow"].data.metrics["lines"] == 3
    kept = Path(garden.folder, "factory/mlflow/unsent")
    assert not kept.exists() or not list(kept.iterdir())
