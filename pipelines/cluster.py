"""What the tasks of a pipeline ask of a cluster, in one place: processors, GPUs, nodes, retries, time, secrets, labels.

Knows the names that infra/kubernetes gives things. On one machine nothing of this is set.
"""

import contextlib
import json
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from kfp import kubernetes
from kfp.dsl.pipeline_task import PipelineTask

GPU_TYPE = "nvidia.com/gpu"
"""The resource that a GPU is asked for as, and the taint that keeps other pods off its node."""
POOL_LABEL = "storywright/pool"
"""By its value, `cpu` or `gpu`, a task chooses its nodes; Terraform calls it `pool_label`."""
TRAININGS = "trainings"
"""The volume in infra/kubernetes/base/training.yaml, which trainings share."""
IMAGE = "STORYWRIGHT_IMAGE"
"""The variable by which a task knows the image that it runs in."""
USER = 10001
"""Whom the images run as."""

_HOUR = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """What a task asks of the cluster."""

    cpu: str = "1"
    memory: str = "4Gi"
    num_gpus: int = 0
    """GPUs of each machine, where the preset is made for them."""
    num_nodes: int = 1
    """Machines that train together, where the preset is made for GPUs; with more than one, by Kubeflow Trainer."""
    retries: int = 2
    """How often it is begun again; a lost node is the usual reason."""
    seconds: int = 2 * _HOUR
    """After this time it is ended."""
    cached: bool = True
    """Whether the same inputs and image give the same result; not where the registry or users decide it."""
    labels: tuple[str, ...] = ("storywright.dev/uses-mlflow",)
    """What its network policy lets it reach."""
    reads_database: bool = False
    """Whether it reads the studio's database."""
    tunes: bool = False
    """Whether it works on a study, whose database the secret `tuning-database` names."""
    trains: bool = False
    """Whether it trains: what is half done outlives its pod, and several processes may do it."""


_TRAINING = {"cpu": "4", "num_gpus": 1, "retries": 3, "seconds": 24 * _HOUR, "trains": True}
# What prepares material works by two processes or threads, and was seen to take at most 738 MB
# with 2,000 to 10,000 stories (docs/results/material.md).
_MATERIAL = {"cpu": "2", "memory": "2Gi"}
_NEEDS = {
    # Sites are asked again by the step itself.
    "scrape": Needs(memory="1Gi", retries=0, labels=("storywright.dev/uses-mlflow", "storywright.dev/reaches-out")),
    "draw": Needs(**_MATERIAL),
    "validate": Needs(**_MATERIAL),
    "preprocess": Needs(**_MATERIAL),
    "train_critic": Needs(memory="16Gi", **_TRAINING),
    "train_illustrator": Needs(memory="24Gi", **_TRAINING),
    "train_motion": Needs(memory="24Gi", **_TRAINING),
    "train_writer": Needs(memory="16Gi", **_TRAINING),
    "tune": Needs(cpu="4", memory="16Gi", num_gpus=1, seconds=8 * _HOUR),
    "tune_model": Needs(cpu="4", memory="24Gi", num_gpus=1, seconds=24 * _HOUR, cached=False, tunes=True),
    "choose_values": Needs(cached=False, tunes=True),
    "evaluate": Needs(cpu="4", memory="16Gi", num_gpus=1, seconds=4 * _HOUR),
    "promote": Needs(cached=False),
    "deploy": Needs(cached=False),
    "monitor": Needs(cached=False, reads_database=True),
    "collect_feedback": Needs(cached=False, reads_database=True),
    "fit_preference": Needs(memory="8Gi"),
    "learn_preferences": Needs(cpu="4", memory="24Gi", num_gpus=1, retries=3, seconds=24 * _HOUR),
    "note_learning": Needs(cached=False),
    "make_board": Needs(cached=False),
}

_FOR: ContextVar[str] = ContextVar("for", default="machine")


@contextlib.contextmanager
def compiling_for(place: str) -> Iterator[None]:
    """Pipelines that are built inside are for a `machine`, a `cluster`, or a `gpu-cluster`."""
    token = _FOR.set(place)
    try:
        yield
    finally:
        _FOR.reset(token)


def needs_of(step: str) -> Needs:
    """What a step asks for."""
    return _NEEDS.get(step, Needs())


def ask(made: PipelineTask, step: str) -> None:
    """Set on a task what its step needs where the pipeline is compiled for."""
    needs, place = needs_of(step), _FOR.get()
    if not needs.cached:
        made.set_caching_options(False)
    if place == "machine":
        return
    made.set_cpu_request(needs.cpu).set_memory_request(needs.memory).set_memory_limit(needs.memory)
    if needs.retries:
        made.set_retry(needs.retries, backoff_duration="60s", backoff_factor=2, backoff_max_duration="900s")
    kubernetes.set_timeout(made, needs.seconds)
    kubernetes.set_security_context(made, run_as_user=USER, run_as_group=USER, run_as_non_root=True)
    kubernetes.set_image_pull_policy(made, "IfNotPresent")  # tags are commits: what is there is right
    for label in needs.labels:
        kubernetes.add_pod_label(made, label, "yes")
    if needs.reads_database:
        kubernetes.add_pod_label(made, "storywright.dev/uses-database", "yes")
        kubernetes.use_secret_as_env(made, "studio-database", {"database-url": "STORYWRIGHT_DATABASE_URL"})
    if needs.tunes:
        kubernetes.add_pod_label(made, "storywright.dev/uses-database", "yes")
        kubernetes.use_secret_as_env(made, "tuning-database", {"database-url": "STORYWRIGHT_TUNING_URL"})
    if needs.trains:
        _share_trainings(made)
    if place != "gpu-cluster":
        return
    if needs.num_nodes > 1:
        _train_on_many(made, needs)
    else:
        _choose_nodes(made, needs.num_gpus)


def _share_trainings(made: PipelineTask) -> None:
    """A volume on which a training that is begun again finds its checkpoints, on whatever node."""
    kubernetes.mount_pvc(made, pvc_name=TRAININGS, mount_path=f"/{TRAININGS}")
    made.set_env_variable("STORYWRIGHT_TRAININGS", f"/{TRAININGS}")
    made.set_env_variable("STORYWRIGHT_PROCESSES", "gpu")


def _train_on_many(made: PipelineTask, needs: Needs) -> None:
    """The task only starts the TrainJob and waits; the machines that it asks for are those with GPUs."""
    made.set_cpu_request("500m").set_memory_request("2Gi").set_memory_limit("4Gi")
    made.set_env_variable("STORYWRIGHT_NODES", str(needs.num_nodes))
    made.set_env_variable("STORYWRIGHT_PROCESSES", str(needs.num_gpus))
    machine = {"cpu": needs.cpu, "memory": needs.memory, GPU_TYPE: str(needs.num_gpus)}
    made.set_env_variable("STORYWRIGHT_NODE_RESOURCES", json.dumps(machine))
    made.set_env_variable("STORYWRIGHT_SECONDS", str(needs.seconds))
    made.set_env_variable(IMAGE, "unset")  # the compiler writes the task's own image
    _choose_nodes(made, 0)


def _choose_nodes(made: PipelineTask, num_gpus: int) -> None:
    """Nodes of the pool that fits; the GPUs' pool is tainted, and starts from nothing."""
    kubernetes.add_node_selector(made, POOL_LABEL, "gpu" if num_gpus else "cpu")
    if num_gpus:
        made.set_accelerator_type(GPU_TYPE).set_accelerator_limit(num_gpus)
        kubernetes.add_toleration(made, key=GPU_TYPE, operator="Exists", effect="NoSchedule")
        # Loader processes hand batches over in shared memory, of which a container has 64 MB.
        kubernetes.empty_dir_mount(made, "shared-memory", "/dev/shm", medium="Memory", size_limit="8Gi")
