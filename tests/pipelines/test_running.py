"""A pipeline on this machine: what it says, what it leaves, and how it goes on."""

import re

from mlflow import MlflowClient

SLOW = ("--set", "grow.seconds=4", "--set", "grow.count=8")


def outcomes(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^  ([✓=✗]) (\w+)", text, re.M)


def test_each_step_is_a_line_and_a_second_run_does_nothing(house) -> None:
    first = house.run()
    assert re.findall(r"^  (.) (\w+) +[\d.]+ s$", first.stdout, re.M) == [("✓", "grow"), ("✓", "shrink")]
    assert (first.returncode, first.stderr) == (0, "")
    assert house.total() == 12, "results lie at their usual places"
    log = re.search(r"training: done in \d+ s\. The log: (\S+)$", first.stdout)
    assert log
    assert "Executing task" in house.path(log[1]).read_text()

    second = house.run()
    assert outcomes(second.stdout) == [("=", "grow"), ("=", "shrink")]
    assert len(list(house.path("factory/runs").iterdir())) == 1, "nothing was started"

    again = house.run("--again")
    assert outcomes(again.stdout) == [("✓", "grow"), ("✓", "shrink")]


def test_a_run_goes_on_behind_the_step_that_stopped_it_and_earlier_results_stay(house) -> None:
    house.run()
    stopped = house.run("--set", "shrink.factor=0")
    assert stopped.returncode == 2
    assert re.search(
        r"^pipelines: shrink: Nothing can be made of nothing: .*\. The log: factory/runs/\S+/log\.txt$", stopped.stderr
    )
    assert outcomes(stopped.stdout) == [("=", "grow"), ("✗", "shrink")]
    assert house.total() == 12
    assert outcomes(house.run("--set", "shrink.factor=5").stdout) == [("=", "grow"), ("✓", "shrink")]
    assert house.total() == 30


def test_a_step_that_breaks_is_named_with_its_error_and_the_log_holds_the_rest(house) -> None:
    done = house.run("--set", "grow.ends=failed")
    assert done.returncode == 1
    said = re.search(r"grow: RuntimeError: the spade broke\. The log: (\S+)$", done.stderr)
    assert said
    assert "Traceback" in house.path(said[1]).read_text()


def test_a_step_that_is_killed_is_named_too(house) -> None:
    done = house.run("--set", "grow.ends=killed")
    assert done.returncode == 1
    assert "grow was killed, perhaps for want of memory." in done.stderr


def test_a_step_that_takes_long_shows_how_far_it_is(house) -> None:
    house.path("pipelines/running.py").write_text(
        house.path("pipelines/running.py")
        .read_text()
        .replace("_LINE_EVERY_SECONDS = 10.0", "_LINE_EVERY_SECONDS = 0.5")
    )
    done = house.run(*SLOW)
    assert re.search(r"^  … grow +\d+\.\d s  Growing: \d+ of 8, \d+ s left$", done.stdout, re.M)


def test_many_tasks_of_one_step_have_a_folder_each(house) -> None:
    done = house.run(pipeline="storyboards")
    assert sorted(re.findall(r"✓ grow Bed no. (\d)!", done.stdout)) == ["4", "5", "6"]
    assert house.path("factory/grow/bed-no-5/lines/0.txt").read_text() == "5"


def test_what_lies_behind_a_condition_is_run_only_when_it_holds(house) -> None:
    assert outcomes(house.run(pipeline="retraining").stdout) == [("✓", "grow"), ("✓", "shrink")]
    assert house.path("factory/shrink/later/total.txt").read_text() == "12"
    refused = house.run("--set", "shrink.factor=4", pipeline="retraining")
    assert (refused.returncode, outcomes(refused.stdout)) == (0, [("=", "grow")])
    assert house.path("factory/shrink/later/total.txt").read_text() == "12"


def test_what_cannot_be_is_refused_before_the_first_step(house) -> None:
    for arguments, said in {
        ("--set", "grow.cuont=3"): "Step grow has no parameter 'cuont': did you mean 'count'",
        ("--set", "grwo.count=3"): "training has no step 'grwo'; its steps are grow, shrink.",
        ("--set", "count"): "is not STEP.PARAMETER=VALUE",
        ("--preset", "demmo"): "There is no preset 'demmo' in params.yaml: choose demo or full.",
    }.items():
        done = house.run(*arguments)
        assert done.returncode == 2
        assert said in done.stderr
        assert done.stderr.count("\n") == 1, "one sentence"
    assert "There is no pipeline 'trainig'" in house.run(pipeline="trainig").stderr
    assert not house.path("factory").exists()


def test_without_kubeflow_the_extra_that_brings_it_is_named(house) -> None:
    house.path("src/kfp").mkdir()
    house.path("src/kfp/__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'kfp'\", name='kfp')")
    done = house.run()
    assert done.returncode == 2
    assert done.stderr == (
        "pipelines: `python -m pipelines` needs the Python package 'kfp', which is not installed: "
        "run `pip install 'storywright[pipelines]'`.\n"
    )


def test_the_runs_of_the_steps_stand_under_the_run_of_the_pipeline(house) -> None:
    house.environment = {"STORYWRIGHT_TRACKING": "", "MLFLOW_TRACKING_URI": f"sqlite:///{house.folder}/mlflow.db"}
    assert house.run().stderr == ""
    client = MlflowClient(house.environment["MLFLOW_TRACKING_URI"])
    runs = {run.info.run_name: run for run in client.search_runs(["1"])}
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert runs["training"].data.params["grow.count"] == "3"
    for step in ("grow", "shrink"):
        assert runs[step].data.tags["mlflow.parentRunId"] == runs["training"].info.run_id
    assert runs["grow"].data.metrics["lines"] == 3
    told = house.python("-m", "pipelines", "needs").stdout
    assert re.search(r"^grow +1 +4096Mi +\d+Mi +1 +\d+\.\d  ", told, re.M), told
    assert not list(house.path("factory/mlflow/unsent").iterdir())
