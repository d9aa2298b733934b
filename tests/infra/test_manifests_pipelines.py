"""The pods that Kubeflow Pipelines makes of the compiled pipelines keep to the rules of the cluster they run in."""

import importlib.util
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

from storywright.steps import command

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


@pytest.fixture(scope="module", params=["training", "retraining", "storyboards"])
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
    volumes = [{"name": one["volumeName"], "emptyDir": {}} for one in asked.get("emptyDirMounts", [])]
    return {"containers": [{"name": "main", "securityContext": KFP_SETS | own}], "volumes": volumes}


def test_every_task_keeps_to_pod_security_restricted(tasks):
    assert {name: said for name, parts in tasks.items() if (said := manifests.not_restricted(pod(*parts)))} == {}
    assert {asked["securityContext"]["runAsUser"] for _, asked in tasks.values()} == {str(cluster.USER)}


def test_every_image_is_named_by_commit(tasks):
    assert {parts[0]["image"] for parts in tasks.values()} <= {f"r.io/x/{n}:c0ffee" for n in ("data", "train", "serve")}


def test_the_scraper_alone_may_reach_the_world(tasks):
    reaching = {n for n, (_, asked) in tasks.items() if "storywright.dev/reaches-out" in asked["podMetadata"]["labels"]}
    assert reaching == {"scrape"} & set(tasks)


def test_every_task_is_bounded_in_time_and_memory(tasks):
    for name, (container, asked) in tasks.items():
        assert int(asked["activeDeadlineSeconds"]) > 0, name
        assert container["resources"]["resourceMemoryLimit"], name


def test_what_trains_has_a_gpu_its_nodes_and_shared_memory_and_nothing_else_has(tasks):
    for name, (container, asked) in tasks.items():
        pool = asked["nodeSelector"]["labels"][cluster.POOL_LABEL]
        gpus = container["resources"].get("accelerator")
        if name.startswith("train-") or name in ("tune", "evaluate"):
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
