"""Tuning on a cluster: parallel workers on one study as a pipeline of Kubeflow, and an experiment of Katib."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from storywright.errors import BadInput
from storywright.steps import contract
from storywright.steps.tuning import space as spaces
from storywright.steps.tuning import trial


@pytest.fixture(scope="module")
def compiled() -> dict:
    path = Path(__file__).parents[2] / "pipelines" / "compiled" / "tuning-full.yaml"
    return [*yaml.safe_load_all(path.read_text())]


def test_workers_try_values_in_parallel_and_the_training_reads_what_was_chosen_of_them_all(in_root, compiled) -> None:
    inside = [part["dag"]["tasks"] for part in compiled[0]["components"].values() if "dag" in part]
    assert {"tune-model"} in [set(tasks) for tasks in inside], "a worker does nothing but try values"
    (critic,) = [tasks for tasks in inside if {"train-critic", "choose-values"} <= set(tasks)]
    (loop,) = [task for task in critic.values() if "parameterIterator" in task]
    assert loop["iteratorPolicy"]["parallelismLimit"] == 4
    tried = critic["choose-values"]["inputs"]["parameters"]["tried"]["taskOutputParameter"]
    assert critic["choose-values"]["dependentTasks"] == [tried["producerTask"]]
    tuned = critic["train-critic"]["inputs"]["artifacts"]["tuned"]["taskOutputArtifact"]
    assert tuned == {"outputArtifactKey": "tuned", "producerTask": "choose-values"}


def test_every_worker_has_the_study_from_a_secret_and_never_a_result_from_the_cache(in_root, compiled) -> None:
    spec, platform = compiled
    for name, part in spec["components"].items():
        for task in part.get("dag", {}).get("tasks", {}).values():
            if task["componentRef"]["name"].startswith(("comp-tune-model", "comp-choose-values")):
                assert not task["cachingOptions"].get("enableCache"), name
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    asked = {name: one.get("secretAsEnv", []) for name, one in executors.items() if "tune-model" in name}
    assert asked
    for secrets in asked.values():
        assert [one["keyToEnv"] for one in secrets] == [
            [{"secretKey": "database-url", "envVar": "STORYWRIGHT_TUNING_URL"}]
        ]


@pytest.mark.parametrize("model", trial.MODELS)
def test_the_experiment_is_what_katib_and_kubernetes_take(in_root, model) -> None:
    from kubeflow_katib_api.models import V1beta1Experiment
    from kubernetes_validate import validate

    from pipelines import katib

    found = yaml.safe_load(katib.manifest(katib.Order(model=model)))
    read = V1beta1Experiment.from_dict(found)
    assert read.to_dict() == found, "nothing in it is unknown to Katib"
    job = found["spec"]["trialTemplate"]["trialSpec"]
    validate(job | {"metadata": {"name": "trial"}}, "1.33", strict=True)
    space = spaces.of(contract.load(trial.step_of(model)))
    assert {one["name"] for one in found["spec"]["parameters"]} == set(space.values)
    places = {f"${{trialParameters.{one['name']}}}" for one in found["spec"]["trialTemplate"]["trialParameters"]}
    (container,) = job["spec"]["template"]["spec"]["containers"]
    said = container["command"][4:]
    assert {one.partition("=")[2] for one in said} == places
    assert found["spec"]["objective"] == {"type": "minimize", "objectiveMetricName": "loss"}


def test_what_the_experiment_tells_a_trial_is_what_a_trial_understands(in_root, tmp_path) -> None:
    """The very command of the Job, with values in Katib's places; it stops at the material that is not there."""
    from pipelines import katib

    found = katib.experiment(katib.Order(model="motion", preset="demo")).to_dict()
    (container,) = found["spec"]["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]["containers"]
    words = json.dumps([*container["command"][1:], *container["args"]])
    for one in found["spec"]["trialTemplate"]["trialParameters"]:
        (kind,) = [p for p in found["spec"]["parameters"] if p["name"] == one["reference"]]
        value = kind["feasibleSpace"].get("min") or kind["feasibleSpace"]["list"][0]
        words = words.replace(f"${{trialParameters.{one['name']}}}", value)
    assert "trialParameters" not in words
    done = subprocess.run(
        [sys.executable, *json.loads(words)], capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path
    )
    assert done.returncode == 2
    assert "/trainings/factory/train_illustrator/illustrator, which is not there" in done.stderr


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"model": "narrator"}, "There is no model 'narrator' to tune"),
        ({"model": "critic", "trials": 0}, "An experiment needs trials"),
        ({"model": "critic", "factory": "factory"}, "does not lie on the volume"),
    ],
)
def test_an_experiment_of_nothing_is_refused(in_root, wrong, said) -> None:
    from pipelines import katib

    with pytest.raises(BadInput, match=said):
        katib.Order(**wrong)
