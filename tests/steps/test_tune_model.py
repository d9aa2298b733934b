"""Tuning a model's training: what is tried and kept, and what a killed worker, a lost storage or no budget does."""

import csv
import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import optuna
import pytest
from optuna.trial import TrialState

from storywright import files
from storywright.errors import BadInput
from storywright.steps import contract, train_critic
from storywright.steps.tuning import space as spaces
from storywright.steps.tuning import studies, telling, trial, work
from storywright.steps.tuning.space import Choice, Real, Space, Whole

TRAINING = {
    "start": "scratch",
    "shape": {
        "width": 32, "text_layers": 1, "picture_layers": 1, "picture_size": 28, "patch": 14, "vocabulary": 600,
        "window": 24,
    },
    "training": {
        "steps": 8, "batch": 8, "learning_rate": 1e-3, "weight_decay": 0.01, "warmup": 1, "ema": 0.5, "threads": 1,
        "validate_every": 4, "log_every": 4,
    },
    "caption_share": 0.1,
    "next_token": 0.5,
    "num_validation": 16,
}  # fmt: skip


def values_for(place, **others):
    known = {
        "model": "critic", "training": TRAINING, "storage": f"sqlite:///{place}/study.db", "study": "", "trials": 4,
        "minutes": 0.0, "workers": 1, "worker": "", "seed": 3,
    }  # fmt: skip
    return known | others


def tuned(corpus, place, **others):
    values = values_for(place, **others)
    outputs = {"metrics": place / "tried" / "metrics.json"}
    metrics = contract.call("tune_model", values, {"corpus": corpus}, outputs, again=True)
    chosen = {"tuned": place / "tuned.json", "history": place / "history", "metrics": place / "metrics.json"}
    told = {name: values[name] for name in ("model", "storage", "study")}
    contract.call("choose_values", told, {}, chosen, again=True)
    return metrics, chosen


def study_in(place):
    return studies.found(studies.Place(url=f"sqlite:///{place}/study.db", name="critic"))


@pytest.fixture(scope="module")
def first(drawn_corpus, tmp_path_factory):
    place = tmp_path_factory.mktemp("tuned")
    return *tuned(drawn_corpus, place), place


def test_the_trainings_own_values_are_tried_first_and_nothing_worse_is_chosen(first):
    metrics, chosen, place = first
    own = study_in(place).trials[0]
    assert own.user_attrs["own"] and own.params["training.learning_rate"] == TRAINING["training"]["learning_rate"]
    assert metrics["num_complete"] + metrics["num_given_up"] == 4
    assert metrics["gain"] >= 0 and metrics["value_before"] == pytest.approx(own.value, abs=1e-5)
    best = json.loads(chosen["tuned"].read_text())
    assert set(best["values"]) == set(train_critic.SPACE.values)
    assert best["value"] == pytest.approx(metrics["best_value"], abs=1e-5)


def test_a_training_reads_the_best_values_and_comes_to_the_number_that_was_promised(first, drawn_corpus, tmp_path):
    _, chosen, _ = first
    made = {"critic": tmp_path / "critic", "curves": tmp_path / "curves.csv", "metrics": tmp_path / "metrics.json"}
    metrics = contract.call("train_critic", TRAINING, {"corpus": drawn_corpus, "tuned": chosen["tuned"]}, made)
    assert metrics["loss"] == pytest.approx(json.loads(chosen["tuned"].read_text())["value"], abs=1e-5)


def test_history_and_importance_are_told_in_tables_and_pictures(first):
    history = first[1]["history"]
    rows = list(csv.DictReader((history / "history.csv").open()))
    assert [int(row["trial"]) for row in rows] == [0, 1, 2, 3]
    best = [float(row["best"]) for row in rows]
    assert best == sorted(best, reverse=True)
    assert {path.name for path in history.iterdir()} == {
        "history.csv", "history.png", "importance.json", "importance.png",
    }  # fmt: skip


def test_going_on_with_a_study_tries_only_what_is_left(first, drawn_corpus, tmp_path):
    place = shutil.copytree(first[2], tmp_path / "copy")
    before = [one.datetime_complete for one in study_in(place).trials]
    metrics, _ = tuned(drawn_corpus, place, trials=5)
    after = study_in(place).trials
    assert [one.datetime_complete for one in after][:4] == before
    assert metrics["num_complete"] + metrics["num_given_up"] == 5


def test_a_study_of_other_values_is_not_gone_on_with(first, drawn_corpus, tmp_path):
    place = shutil.copytree(first[2], tmp_path / "copy")
    other = TRAINING | {"num_validation": 12}
    with pytest.raises(BadInput, match=r"was begun with other values.*--study"):
        tuned(drawn_corpus, place, training=other)


def objective_study(place):
    return studies.opened(studies.Place(url=f"sqlite:///{place}/s.db", name="x"), SIMPLE, {}, seed=1)


SIMPLE = Space(values={"a": Real(0.0, 1.0), "b": Whole(1, 9), "c": Choice(("x", "y"))})


def test_importance_is_due_to_what_makes_the_difference(tmp_path):
    study = objective_study(tmp_path)
    study.optimize(lambda t: 10 * studies.suggested(t, SIMPLE)["a"] + 0.01 * t.params["b"], n_trials=14)
    weights = telling.importance(study)
    assert weights["a"] > 0.8 and sum(weights.values()) == pytest.approx(1, abs=1e-3)


def test_what_falls_behind_is_given_up_and_the_trainings_own_values_never(tmp_path, monkeypatch):
    told = iter([1.0] * 4 + [9.0, 9.0] + [8.0] * 20)

    def made(attempt, changes, report, name):
        level = next(told)
        for step in range(3):
            report(level, step)
        return level

    monkeypatch.setattr(trial, "made", made)
    study = objective_study(tmp_path)
    study.enqueue_trial({"a": 0.5, "b": 1, "c": "x"}, user_attrs={"own": True})
    attempt = trial.Attempt(step="train_critic", values=TRAINING, inputs={}, folder=tmp_path / "work")
    place = studies.Place(url=f"sqlite:///{tmp_path}/s.db", name="x")
    order = work.Order(attempt=attempt, place=place, plan={}, trials=7, until=0, seed=1)
    monkeypatch.setattr(train_critic, "SPACE", SIMPLE)
    work.work(order, study)
    states = [one.state for one in study.trials]
    assert states[:4] == [TrialState.COMPLETE] * 4
    assert states[4:] == [TrialState.PRUNED] * 3


def test_each_trial_is_a_run_of_its_own_in_mlflow_under_that_of_the_tuning(drawn_corpus, tmp_path, monkeypatch):
    from mlflow import MlflowClient

    from storywright import tracking

    monkeypatch.setenv("STORYWRIGHT_TRACKING", "on")
    attempt = trial.Attempt(
        step="train_critic", values=TRAINING, inputs={"corpus": str(drawn_corpus)}, folder=tmp_path / "trials"
    )
    with tracking.pipeline_run("tune critic", {}) as above:
        number = trial.made(attempt, {"next_token": 0.25}, lambda number, step: None, "trial 7")
    client = MlflowClient()
    (run,) = client.search_runs(
        [client.get_run(above.run_id).info.experiment_id], f"tags.mlflow.parentRunId = '{above.run_id}'"
    )
    assert run.info.run_name == "trial 7"
    assert run.data.metrics["decisive"] == pytest.approx(number)
    assert run.data.tags["tried.next_token"] == run.data.params["next_token"] == "0.25"
    assert not list((tmp_path / "trials").glob("*")), "what a trial made is not kept"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_a_killed_worker_tried_is_tried_again_and_the_study_ends_whole(drawn_corpus, tmp_path):
    """The first worker that is at work is killed; its trial comes back, and another worker takes its place."""
    killed = []

    def kill_one():
        deadline = time.monotonic() + 800
        while not killed and time.monotonic() < deadline:
            time.sleep(0.05)
            for one in _running(tmp_path):
                os.kill(one.user_attrs["process"], signal.SIGSTOP)
                # Stopped, it cannot come to its end between the look and the kill.
                still = one.number in {other.number for other in _running(tmp_path)}
                os.kill(one.user_attrs["process"], signal.SIGKILL if still else signal.SIGCONT)
                if still:
                    killed.append(one)
                    break

    watcher = threading.Thread(target=kill_one)
    watcher.start()
    long = TRAINING | {"training": TRAINING["training"] | {"steps": 40}}
    metrics, _ = tuned(drawn_corpus, tmp_path, workers=2, trials=2, training=long)
    watcher.join()
    (lost,) = killed
    trials = study_in(tmp_path).trials
    assert trials[lost.number].state == TrialState.FAIL
    again = [one for one in trials if one.user_attrs.get("again_of") == lost.number]
    assert again and again[0].params == lost.params
    assert metrics["num_complete"] + metrics["num_given_up"] == 2
    assert len({one.user_attrs["process"] for one in trials if "process" in one.user_attrs}) > 1


def _running(place):
    """The trials that a process is at work on; none while the study is just being made."""
    if not (place / "study.db").exists():
        return []
    try:
        found = study_in(place).trials
    except (BadInput, optuna.exceptions.StorageInternalError):
        return []
    return [one for one in found if one.state == TrialState.RUNNING and one.params and "process" in one.user_attrs]


def test_trials_that_fail_are_named_with_their_reason_and_end_a_hopeless_study(drawn_corpus, tmp_path):
    broken = TRAINING | {"shape": TRAINING["shape"] | {"vocabulary": 5}}
    with pytest.raises(BadInput, match=r"No trial of train_critic came to its end.*trial 2: OverflowError"):
        tuned(drawn_corpus, tmp_path, training=broken)
    assert [one.state for one in study_in(tmp_path).trials] == [TrialState.FAIL] * 3


def test_time_that_is_over_gives_up_what_is_tried(drawn_corpus, tmp_path):
    long = TRAINING | {"training": TRAINING["training"] | {"steps": 100_000}}
    with pytest.raises(BadInput, match="Give it more time, or make the training shorter"):
        tuned(drawn_corpus, tmp_path, training=long, trials=0, minutes=0.03)
    assert [one.state for one in study_in(tmp_path).trials] == [TrialState.PRUNED]


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"trials": 0}, "Tuning needs a budget"),
        ({"trials": -1}, "A budget is not negative"),
        ({"minutes": -2.0}, "A budget is not negative"),
        ({"workers": 0}, "workers must be at least 1"),
        ({"model": "narrator"}, "There is no model 'narrator' to tune: choose critic"),
    ],
)
def test_a_budget_of_nothing_and_other_nonsense_is_refused_before_anything_is_tried(tmp_path, others, said):
    with pytest.raises(BadInput, match=said):
        contract.config_of("tune_model", values_for(tmp_path, **others))


def test_a_storage_that_cannot_be_reached_is_named_without_its_password(drawn_corpus, tmp_path):
    with socket.socket() as taken:  # bound and not listening: whoever knocks is refused
        taken.bind(("127.0.0.1", 0))
        url = f"postgresql+psycopg://studio:secret@127.0.0.1:{taken.getsockname()[1]}/tuning"
        with pytest.raises(BadInput, match="cannot be used") as refused:
            tuned(drawn_corpus, tmp_path, storage=url)
    assert "secret" not in str(refused.value) and "127.0.0.1" in str(refused.value)


@pytest.mark.parametrize(
    ("storage", "said"),
    [
        ("", "Tuning needs a storage"),
        ("no address", "is no storage: give a URL"),
        ("strange://host/x", "needs a database driver"),
    ],
)
def test_a_storage_that_is_none_is_refused(drawn_corpus, tmp_path, storage, said):
    with pytest.raises(BadInput, match=said):
        tuned(drawn_corpus, tmp_path, storage=storage)


def test_best_values_of_another_training_are_refused(first, drawn_corpus, tmp_path):
    best = json.loads(first[1]["tuned"].read_text())
    for change, said in (
        ({"step": "train_writer"}, "holds the best values of train_writer"),
        ({"values": {"training.speed": 2}}, "sets 'speed', which this training does not know"),
        ({"values": {"training.batch": 0}}, "batch must be at least 1"),
    ):
        file = tmp_path / "tuned.json"
        files.write_json(file, best | change)
        config = contract.config_of("train_critic", TRAINING)
        with pytest.raises(BadInput, match=said):
            spaces.with_best("train_critic", config, file)


@pytest.mark.parametrize("model", trial.MODELS)
def test_every_space_fits_the_values_of_both_presets(model):
    from storywright.steps import command

    step = trial.step_of(model)
    space = spaces.of(contract.load(step))
    for preset in ("demo", "full"):
        values = command.read_params(preset=preset)[step]
        some = {name: _inner(kind) for name, kind in space.values.items()}
        config = contract.config_of(step, spaces.changed(values, {**space.held, **some}))
        assert dataclasses.is_dataclass(config)


def _inner(kind):
    return kind.among[-1] if isinstance(kind, Choice) else kind.most


def test_one_trial_prints_what_katib_reads(drawn_corpus, tmp_path):
    corpus = tmp_path / "factory" / "preprocess" / "corpus"
    corpus.parent.mkdir(parents=True)
    corpus.symlink_to(drawn_corpus)
    files.write_text(tmp_path / "params.yaml", json.dumps({"preset": "p", "p": {"train_critic": TRAINING}}))
    said = subprocess.run(
        [
            sys.executable, "-m", "storywright.steps.tuning.trial", "critic", "training.learning_rate=0.002",
            "--params", tmp_path / "params.yaml", "--factory", tmp_path / "factory", "--folder", tmp_path / "trial",
        ],
        capture_output=True, text=True, timeout=200, check=True,
    ).stdout.split()  # fmt: skip
    assert len(said) == 2 and all(line.startswith("loss=") for line in said), "one validation on the way, and the end"


@pytest.mark.system("pg_ctl")
def test_machines_share_a_study_in_postgresql_and_another_tells_what_came_out(postgresql, drawn_corpus, tmp_path):
    """Each with a folder of its own, as on a cluster, and a name, so that they do not try the same."""
    for worker, trials in (("1", 3), ("2", 5)):
        values = values_for(tmp_path, storage=postgresql, trials=trials, worker=worker)
        place = {"metrics": tmp_path / worker / "metrics.json"}
        contract.call("tune_model", values, {"corpus": drawn_corpus}, place)
    told = {"model": "critic", "storage": postgresql, "study": ""}
    chosen = {"tuned": tmp_path / "tuned.json", "history": tmp_path / "history", "metrics": tmp_path / "metrics.json"}
    metrics = contract.call("choose_values", told, {}, chosen)
    assert metrics["num_complete"] + metrics["num_given_up"] == 5
    trials = studies.found(studies.Place(url=postgresql, name="critic")).trials
    assert len({tuple(one.params.values()) for one in trials}) == 5
    assert json.loads(chosen["tuned"].read_text())["value"] == pytest.approx(
        min(one.value for one in trials if one.value)
    )
