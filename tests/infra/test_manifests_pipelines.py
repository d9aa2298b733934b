"""The pods that Kubeflow Pipelines makes of the compiled pipelines keep to the rules of the cluster they run in."""

import dataclasses
import importlib.util
import re
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from jsonschema import Draft202012Validator

from storywright.steps import command, launching
from storywright.steps.launching import trainjob

_SPEC = importlib.util.spec_from_file_location("manifests", Path(__file__).parent / "manifests.py")
assert _SPEC and _SPEC.loader
manifests = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(manifests)

sys.path.insert(0, str(manifests.ROOT))
from pipelines import cluster, compiling  # noqa: E402

# What Kubeflow Pipelines 2.17 sets on the pod of every task (argocompiler/security_context.go there).
KFP_SETS = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.fixture(scope="module", params=["training", "retraining", "tuning", "storyboards"])
def tasks(request) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """The container, and what is asked of Kubernetes, of each task at the preset `full`."""
    pipeline = compiling.pipeline_named(request.param)
    with mock.patch.object(compiling, "_describe"):  # which loads every step's libraries
        params = command.read_params(manifests.ROOT / "params.yaml", "full")
        values = compiling.values_of(pipeline, params)
        text = compiling.form(pipeline, values, "gpu-cluster", compiling.Images(registry="r.io/x", tag="c0ffee"))
    spec, platform = yaml.safe_load_all(text)
    asked = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    return {
        name.removeprefix("exec-"): (one["container"], asked[name])
        for name, one in spec["deploymentSpec"]["executors"].items()
    }


def pod(container: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    context = asked["securityContext"]
    own = {"runAsUser": int(context["runAsUser"]), "runAsNonRoot": context["runAsNonRoot"]}
    volumes: list[dict[str, Any]] = [
        {"name": one["volumeName"], "emptyDir": {}} for one in asked.get("emptyDirMounts", [])
    ]
    claims = [claim_of(one) for one in asked.get("pvcMount", [])]
    volumes += [{"name": claim, "persistentVolumeClaim": {"claimName": claim}} for claim in claims]
    return {"containers": [{"name": "main", "securityContext": KFP_SETS | own}], "volumes": volumes}


def test_every_task_keeps_to_pod_security_restricted(tasks):
    assert {name: said for name, parts in tasks.items() if (said := manifests.not_restricted(pod(*parts)))} == {}
    assert {asked["securityContext"]["runAsUser"] for _, asked in tasks.values()} == {str(cluster.USER)}


def claim_of(mount: dict[str, Any]) -> str:
    return str(mount["pvcNameParameter"]["runtimeValue"]["constant"])


def variables(container: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container.get("env", [])}


def test_what_trains_goes_on_in_another_pod_from_a_volume_that_is_there_and_by_torchrun(tasks):
    claims = manifests.of_kind(list(yaml.safe_load_all(
        (manifests.KUBERNETES / "base/training.yaml").read_text())), "PersistentVolumeClaim")  # fmt: skip
    for name, (container, asked) in tasks.items():
        mounts = {claim_of(one): one["mountPath"] for one in asked.get("pvcMount", [])}
        assert set(mounts) <= set(claims), name
        told = {"STORYWRIGHT_TRAININGS": "/trainings", "STORYWRIGHT_PROCESSES": "gpu"}
        assert mounts == ({"trainings": "/trainings"} if name.startswith("train-") else {}), name
        assert variables(container) == (told if name.startswith("train-") else {}), name


def test_a_training_on_two_nodes_becomes_a_trainjob_that_the_cluster_accepts_with_the_tasks_own_image(monkeypatch):
    """From the one place where nodes are set, through the compiled file, to the object that the task makes."""
    wanted = dataclasses.replace(cluster.needs_of("train_critic"), num_nodes=2, num_gpus=4)
    monkeypatch.setitem(cluster._NEEDS, "train_critic", wanted)
    with mock.patch.object(compiling, "_describe"):
        pipeline = compiling.pipeline_named("training")
        values = compiling.values_of(pipeline, command.read_params(manifests.ROOT / "params.yaml", "full"))
        text = compiling.form(pipeline, values, "gpu-cluster", compiling.Images(registry="r.io/x", tag="c0ffee"))
    spec, platform = yaml.safe_load_all(text)
    container = spec["deploymentSpec"]["executors"]["exec-train-critic"]["container"]
    asked = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-train-critic"]
    assert "accelerator" not in container["resources"], "the task waits, and its machines train"
    assert asked["nodeSelector"]["labels"] == {cluster.POOL_LABEL: "cpu"}
    for name, value in variables(container).items():
        monkeypatch.setenv(name, value)
    means = launching.Means.from_environment()
    job = trainjob.manifest(
        "train_critic", Path("/trainings/x/order.json"), nodes=means.nodes, processes=means.processes
    )
    assert job["spec"]["trainer"]["image"] == "r.io/x/train:c0ffee"
    assert job["spec"]["trainer"]["resourcesPerNode"]["limits"][cluster.GPU_TYPE] == "4"
    assert job["spec"]["trainer"]["resourcesPerNode"]["requests"]["memory"] == wanted.memory
    runtime = next(one for one in yaml.safe_load_all((manifests.KUBERNETES / "base/training.yaml").read_text())
                   if one["kind"] == "ClusterTrainingRuntime")  # fmt: skip
    assert job["spec"]["runtimeRef"]["name"] == runtime["metadata"]["name"]
    made = job | {"metadata": job["metadata"] | {"name": "x", "namespace": "kubeflow"}}
    schema = yaml.safe_load((manifests.KUBERNETES / "schemas/TrainJob-trainer.kubeflow.org-v1alpha1.yaml").read_text())
    assert [error.message for error in Draft202012Validator(manifests.strict(schema)).iter_errors(made)] == []


def test_the_account_of_tasks_may_do_with_trainjobs_what_the_step_does():
    rules = next(one for one in yaml.safe_load_all((manifests.KUBERNETES / "base/accounts.yaml").read_text())
                 if one["kind"] == "Role")["rules"]  # fmt: skip
    assert rules == [
        {"apiGroups": [trainjob.GROUP.split("/")[0]], "resources": ["trainjobs"], "verbs": ["create", "get", "delete"]}
    ]


def test_every_image_is_named_by_commit(tasks):
    assert {parts[0]["image"] for parts in tasks.values()} <= {f"r.io/x/{n}:c0ffee" for n in ("data", "train", "serve")}


def test_the_scraper_alone_may_reach_the_world(tasks):
    reaching = {n for n, (_, asked) in tasks.items() if "storywright.dev/reaches-out" in asked["podMetadata"]["labels"]}
    assert reaching == {"scrape"} & set(tasks)


def test_every_task_is_bounded_in_time_and_memory(tasks):
    for name, (container, asked) in tasks.items():
        assert int(asked["activeDeadlineSeconds"]) > 0, name
        assert container["resources"]["resourceMemoryLimit"], name


def test_what_prepares_material_has_a_quarter_more_memory_than_it_was_seen_to_take_and_not_four_times_as_much():
    page = (manifests.ROOT / "docs/results/material.md").read_text()
    (taken,) = re.findall(r"the most memory that a step and all its processes have \| (\d+) MB", page)
    for step in ("draw", "validate", "preprocess"):
        asked = 1024 * int(cluster.needs_of(step).memory.removesuffix("Gi"))
        assert 1.25 * int(taken) < asked < 4 * int(taken), step


def test_what_trains_has_a_gpu_its_nodes_and_shared_memory_and_nothing_else_has(tasks):
    for name, (container, asked) in tasks.items():
        pool = asked["nodeSelector"]["labels"][cluster.POOL_LABEL]
        gpus = container["resources"].get("accelerator")
        if name.startswith(("train-", "tune", "evaluate", "learn-preferences")):
            assert gpus["resourceType"] == cluster.GPU_TYPE
            assert pool == "gpu"
            assert [one["key"] for one in asked["tolerations"]] == [cluster.GPU_TYPE]
            assert [one["mountPath"] for one in asked["emptyDirMounts"]] == ["/dev/shm"]
        else:
            assert gpus is None
            assert pool == "cpu"


def test_the_node_names_are_those_that_terraform_gives():
    terraform = manifests.ROOT / "terraform/modules/cluster"
    assert f'"{cluster.POOL_LABEL}"' in (terraform / "variables.tf").read_text()
    assert f'"{cluster.GPU_TYPE}"' in (terraform / "nodes.tf").read_text()


def test_every_secret_that_a_task_reads_is_made(tasks):
    made = manifests.of_kind(list(yaml.safe_load_all(
        (manifests.KUBERNETES / "overlays/aws/secrets.yaml").read_text())), "ExternalSecret")  # fmt: skip
    on_kind = (manifests.KUBERNETES / "up-on-kind.sh").read_text()
    for _, asked in tasks.values():
        for secret in asked.get("secretAsEnv", []):
            name, keys = secret["secretName"], {one["secretKey"] for one in secret["keyToEnv"]}
            assert keys <= set(made[name]["spec"]["target"]["template"]["data"])
            assert all(f"secret kubeflow {name} {key}=" in on_kind for key in keys)


NAMES, RUNNER, API, MLFLOW, DATABASE = (
    ("kube-dns", 53), ("kubeflow", None), ("192.0.2.0/24", 443), ("mlflow", 5000), ("database", 5432),
)  # fmt: skip


@pytest.mark.system("kubectl")
def test_what_tunes_reaches_the_database_and_mlflow_and_what_runs_every_task_and_nothing_else():
    objects = manifests.rendered(manifests.KUBERNETES / "base")
    task = {"pipelines.kubeflow.org/v2_component": "true"}
    for step in ("tune_model", "choose_values"):
        needs = cluster.needs_of(step)
        assert needs.tunes
        asked = dict.fromkeys((*needs.labels, "storywright.dev/uses-database"), "yes")
        reached = manifests.reached(objects, "kubeflow", task | asked)
        assert reached == {NAMES, RUNNER, API, MLFLOW, DATABASE}, step


@pytest.mark.system("kubectl")
def test_a_trial_of_katib_reaches_katib_and_nothing_else_and_its_volume_is_where_it_runs():
    from pipelines import katib

    objects = manifests.rendered(manifests.KUBERNETES / "base")
    experiment = katib.experiment(katib.Order(model="critic", preset="demo")).to_dict()
    pod = experiment["spec"]["trialTemplate"]["trialSpec"]["spec"]["template"]
    namespace = experiment["metadata"]["namespace"]
    reached = manifests.reached(objects, namespace, pod["metadata"]["labels"])
    assert reached == {NAMES, ("kubeflow", 6788), ("kubeflow", 6789)}
    claims = manifests.of_kind(objects, "PersistentVolumeClaim")
    used = {
        one["persistentVolumeClaim"]["claimName"] for one in pod["spec"]["volumes"] if "persistentVolumeClaim" in one
    }
    assert {claims[name]["metadata"]["namespace"] for name in used} == {namespace}
    assert manifests.not_restricted(pod["spec"]) == []
