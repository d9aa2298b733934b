"""The other way to tune on a cluster: an Experiment of Katib, made of the objects of the Kubeflow SDK.

Katib chooses the values, starts a Job for each trial, reads what the trial prints, and stops those that fall behind.
It needs no database of ours; what it finds stands in the Experiment's status. The material lies on the volume that
trainings share. Knows nothing of how a trial is made: `storywright.steps.tuning.trial` does that.
"""

import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml
from kubeflow_katib_api import models as katib

from pipelines import cluster, compiling
from storywright.errors import BadInput
from storywright.steps import command, contract
from storywright.steps.tuning import space as spaces
from storywright.steps.tuning import trial
from storywright.steps.tuning.space import Choice, Space, Values

API = "kubeflow.org/v1beta1"
_CONTAINER = "trial"


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What is tuned, and how much is tried."""

    model: str
    preset: str = "full"
    trials: int = 60
    at_once: int = 4
    namespace: str = "kubeflow"
    """Where the volume is, and the network's policy `trials`."""
    factory: str = f"/{cluster.TRAININGS}/factory"
    """Where the steps' results lie on the volume that trainings share: FACTORY/preprocess/corpus and so on."""

    def __post_init__(self) -> None:
        trial.step_of(self.model)
        if self.trials < 1 or self.at_once < 1:
            raise BadInput(f"An experiment needs trials: got {self.trials}, {self.at_once} at once.")
        if not self.factory.startswith(f"/{cluster.TRAININGS}/"):
            raise BadInput(
                f"--factory {self.factory!r} does not lie on the volume: give a folder in /{cluster.TRAININGS}."
            )


def experiment(order: Order, images: compiling.Images | None = None) -> katib.V1beta1Experiment:
    """The Experiment; its objects check themselves."""
    step = trial.step_of(order.model)
    space = spaces.of(contract.load(step))
    values = command.read_params(preset=order.preset)[step]
    contract.config_of(step, values)
    spec = katib.V1beta1ExperimentSpec(
        objective=katib.V1beta1ObjectiveSpec(
            type="minimize" if space.better == "lower" else "maximize", objective_metric_name=space.metric
        ),
        algorithm=katib.V1beta1AlgorithmSpec(algorithm_name="tpe"),
        early_stopping=katib.V1beta1EarlyStoppingSpec(
            algorithm_name="medianstop",
            algorithm_settings=[katib.V1beta1EarlyStoppingSetting(name="min_trials_required", value="3")],
        ),
        max_trial_count=order.trials,
        parallel_trial_count=order.at_once,
        max_failed_trial_count=3,
        parameters=[_parameter(name, kind) for name, kind in space.values.items()],
        metrics_collector_spec=katib.V1beta1MetricsCollectorSpec(
            collector=katib.V1beta1CollectorSpec(kind="StdOut"),
        ),
        trial_template=katib.V1beta1TrialTemplate(
            primary_container_name=_CONTAINER,
            trial_parameters=[
                katib.V1beta1TrialParameterSpec(name=_plain(name), reference=name) for name in space.values
            ],
            trial_spec=_job(order, space, values, step, images or compiling.Images()),
        ),
    )
    return katib.V1beta1Experiment(
        api_version=API,
        kind="Experiment",
        metadata=katib.IoK8sApimachineryPkgApisMetaV1ObjectMeta(
            name=f"storywright-{order.model}", namespace=order.namespace
        ),
        spec=spec,
    )


def manifest(order: Order, images: compiling.Images | None = None) -> str:
    """The Experiment as YAML: `kubectl create -f -` takes it."""
    return yaml.safe_dump(experiment(order, images).to_dict(), sort_keys=True, width=120)


def _parameter(name: str, kind: Any) -> katib.V1beta1ParameterSpec:
    if isinstance(kind, Choice):
        numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in kind.among)
        among = katib.V1beta1FeasibleSpace(list=[str(one) for one in kind.among])
        return katib.V1beta1ParameterSpec(
            name=name, parameter_type="discrete" if numbers else "categorical", feasible_space=among
        )
    return katib.V1beta1ParameterSpec(
        name=name,
        parameter_type="int" if isinstance(kind, spaces.Whole) else "double",
        feasible_space=katib.V1beta1FeasibleSpace(
            min=str(kind.least), max=str(kind.most), distribution="logUniform" if kind.log else "uniform"
        ),
    )


def _job(order: Order, space: Space, values: Values, step: str, images: compiling.Images) -> dict[str, Any]:
    """The Job of a trial, with Katib's places for what is tried."""
    needs = cluster.needs_of(step)
    gpus = {cluster.GPU_TYPE: str(needs.num_gpus)} if order.preset in compiling.GPU_PRESETS and needs.num_gpus else {}
    tried = [f"{name}=${{trialParameters.{_plain(name)}}}" for name in space.values]
    container = {
        "name": _CONTAINER,
        "image": images.full("storywright-train"),
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-m", "storywright.steps.tuning.trial", order.model, *tried],
        "args": [
            "--training", json.dumps(values, sort_keys=True),
            "--factory", str(PurePosixPath(order.factory)),
            "--folder", "/tmp/trial",
        ],
        "env": [{"name": "HOME", "value": "/tmp"}, {"name": "STORYWRIGHT_TRACKING", "value": "off"}],
        "resources": {
            "requests": {"cpu": needs.cpu, "memory": needs.memory, **gpus},
            "limits": {"memory": needs.memory, **gpus},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": cluster.TRAININGS, "mountPath": f"/{cluster.TRAININGS}", "readOnly": True},
            {"name": "shared-memory", "mountPath": "/dev/shm"},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }  # fmt: skip
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True, "runAsUser": cluster.USER, "runAsGroup": cluster.USER, "fsGroup": cluster.USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "nodeSelector": {cluster.POOL_LABEL: "gpu" if gpus else "cpu"},
        "containers": [container],
        "volumes": [
            {"name": cluster.TRAININGS, "persistentVolumeClaim": {"claimName": cluster.TRAININGS, "readOnly": True}},
            {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": "8Gi"}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "20Gi"}},
        ],
    }  # fmt: skip
    if gpus:
        pod["tolerations"] = [{"key": cluster.GPU_TYPE, "operator": "Exists", "effect": "NoSchedule"}]
    labels = {"app.kubernetes.io/name": "trial", "storywright.dev/model": order.model}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "spec": {"backoffLimit": 1, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }


def _plain(name: str) -> str:
    """A name as Katib takes it in a place."""
    return re.sub(r"\W+", "-", name)
