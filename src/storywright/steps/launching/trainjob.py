"""A training on several machines of a cluster: a TrainJob of Kubeflow Trainer, made through the cluster's API.

What is read, what is half done and what comes out lies in the folder that all its pods share. The same work has the
same name, so that a task that is begun again goes on waiting for the TrainJob that is at work. It is removed when the
training has ended or is given up, so that no GPU stays taken: by the task, or with the task's pod, or at its time
limit; one that failed stays, with its pods' logs, until it is begun again. Knows what infra/kubernetes calls the
runtime, and nothing of how its pods look.
"""

import contextlib
import json
import os
import shutil
import signal
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from storywright.errors import BadInput
from storywright.progress import Progress
from storywright.steps.launching import Work, relaying
from storywright.steps.launching import processes as local

GROUP = "trainer.kubeflow.org/v1alpha1"
RUNTIME = "storywright"
"""The ClusterTrainingRuntime in infra/kubernetes/base/training.yaml."""

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_LOOK_EVERY_SECONDS = 10.0
_PATIENCE_SECONDS = 300.0
_ANSWER_SECONDS = 30
_LONGEST_SECONDS = 24 * 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """The API of a cluster, as a pod is told of it."""

    address: str
    token: str
    namespace: str
    certificate: Path | None

    @classmethod
    def around(cls, account: Path = _ACCOUNT) -> "Cluster":
        """The cluster that this pod runs in."""
        try:
            host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
            token, namespace = (account / "token").read_text().strip(), (account / "namespace").read_text().strip()
        except (KeyError, OSError) as error:
            raise BadInput(
                "A training on several machines is started from a pod of a cluster, and this is none "
                f"({error} is not there): take STORYWRIGHT_NODES away, or set num_nodes to 1 in pipelines/cluster.py."
            ) from error
        shown = f"[{host}]" if ":" in host else host
        return cls(address=f"https://{shown}:{port}", token=token, namespace=namespace, certificate=account / "ca.crt")

    def ask(self, method: str, name: str = "", body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request about TrainJobs."""
        address = f"{self.address}/apis/{GROUP}/namespaces/{self.namespace}/trainjobs"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        content = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f"{address}/{name}".rstrip("/"), content, headers, method=method)
        trust = ssl.create_default_context(cafile=str(self.certificate)) if self.certificate else None
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS, context=trust) as answer:
            return dict(json.load(answer))


def do(work: Work, *, nodes: int, processes: int, cluster: Cluster | None = None) -> None:
    """Do the work on so many machines with so many processes on each."""
    cluster = cluster or Cluster.around()
    place, name = next(iter(work.outputs.values())).parents[1], f"{work.step.replace('_', '-')}-{work.key[:10]}"
    with _ended_gently(), relaying.passed_on(place):
        try:
            if not _is_at_work(cluster, name):
                order = _order(work, place)
                _make(cluster, manifest(name, order, nodes=nodes, processes=processes))
            failure = _ended(cluster, name, f"{work.step} on {nodes} machines")
        except BaseException:
            _remove(cluster, name)
            raise
    local.refuse_what_was_refused(place)
    if failure:
        raise RuntimeError(
            f"TrainJob {name} failed: {failure}. `kubectl --namespace {cluster.namespace} logs "
            f"--selector jobset.sigs.k8s.io/jobset-name={name} --tail 100` shows what its pods said."
        )
    _remove(cluster, name)


def manifest(name: str, order: Path, *, nodes: int, processes: int) -> dict[str, Any]:
    """The TrainJob; STORYWRIGHT_IMAGE and STORYWRIGHT_NODE_RESOURCES say what its pods are made of."""
    image = os.environ.get("STORYWRIGHT_IMAGE", "")
    if not image:
        raise BadInput(
            "STORYWRIGHT_IMAGE does not say which image trains: compile the pipeline again with "
            "`python -m pipelines compile`."
        )
    asked = json.loads(os.environ.get("STORYWRIGHT_NODE_RESOURCES", "{}"))
    limits = {name: amount for name, amount in asked.items() if name != "cpu"}
    return {
        "apiVersion": GROUP,
        "kind": "TrainJob",
        "metadata": {
            "name": name,
            "labels": {"app.kubernetes.io/part-of": "storywright"},
            "ownerReferences": _this_pod(),
        },
        "spec": {
            "activeDeadlineSeconds": int(os.environ.get("STORYWRIGHT_SECONDS", _LONGEST_SECONDS)),
            "runtimeRef": {"name": RUNTIME, "kind": "ClusterTrainingRuntime"},
            "trainer": {
                "image": image,
                "numNodes": nodes,
                "numProcPerNode": processes,
                # Kubeflow Trainer tells torchrun by PET_… variables who is the first and how many there are.
                "command": ["python", "-m", "torch.distributed.run", "-m", local.WORKER],
                "args": [str(order)],
                "resourcesPerNode": {"requests": asked, "limits": limits},
            },
        },
    }


def _this_pod() -> list[dict[str, str]]:
    """Who owns the TrainJob: what Kubeflow Pipelines tells a task about its pod, with which it is taken away."""
    name, uid = os.environ.get("KFP_POD_NAME"), os.environ.get("KFP_POD_UID")
    return [{"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid}] if name and uid else []


@contextlib.contextmanager
def _ended_gently() -> Iterator[None]:
    """A task that Kubernetes ends has a moment to take its TrainJob with it."""

    def end(*_: object) -> None:
        raise SystemExit(143)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _is_at_work(cluster: Cluster, name: str) -> bool:
    """Whether the same work is being done; what is left of one that ended is taken away."""
    try:
        found = cluster.ask("GET", name)
    except urllib.error.HTTPError as error:
        if error.code in (403, 404):  # the making of it says what is wrong
            return False
        raise RuntimeError(f"The cluster says nothing of TrainJobs ({error.code}: {_said(error)})") from error
    except OSError as error:
        raise RuntimeError(f"The cluster's API at {cluster.address} does not answer: {error}") from error
    if not {"Complete", "Failed"} & _conditions(found).keys():
        return True
    _remove(cluster, name)
    return False


def _order(work: Work, place: Path) -> Path:
    """Write down what is to be done, with inputs that every pod can read."""
    (place / local.REFUSED).unlink(missing_ok=True)
    inputs = {name: place / "inputs" / name for name in work.inputs}
    for name, path in work.inputs.items():
        shutil.rmtree(inputs[name], ignore_errors=True)
        inputs[name].parent.mkdir(exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, inputs[name])
        else:
            shutil.copyfile(path, inputs[name])
    return local.write_order(replace(work, inputs=inputs), place)


def _make(cluster: Cluster, wanted: dict[str, Any]) -> None:
    began = time.monotonic()
    while True:
        try:
            cluster.ask("POST", body=wanted)
            return
        except urllib.error.HTTPError as error:
            if error.code != 409 or time.monotonic() - began > _PATIENCE_SECONDS:
                raise _refusal(error) from error
            time.sleep(_LOOK_EVERY_SECONDS)  # the one before it is being taken away
        except OSError as error:
            raise RuntimeError(f"The cluster's API at {cluster.address} does not answer: {error}") from error


def _refusal(error: urllib.error.HTTPError) -> BadInput:
    said = _said(error)
    if error.code == 403:
        return BadInput(
            f"The cluster lets this pod start no training ({said}): apply infra/kubernetes/base/accounts.yaml, "
            "whose role start-trainings allows it."
        )
    if error.code == 404:
        return BadInput(
            f"The cluster knows no TrainJob ({said}): install Kubeflow Trainer, or set num_nodes to 1 in "
            "pipelines/cluster.py."
        )
    return BadInput(f"The cluster refuses the TrainJob ({error.code}: {said}).")


def _ended(cluster: Cluster, name: str, doing: str) -> str:
    """Wait for the end; why it failed, or nothing. An API that is away for some minutes does no harm."""
    heard = time.monotonic()
    with Progress(doing, None) as progress:
        while True:
            try:
                found = cluster.ask("GET", name)
                heard = time.monotonic()
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return "somebody deleted it"
                _wait(error, heard)
                continue
            except (OSError, ValueError) as error:
                _wait(error, heard)
                continue
            conditions = _conditions(found)
            if "Complete" in conditions:
                return ""
            if "Failed" in conditions:
                failed = conditions["Failed"]
                return f"{failed.get('reason', 'Failed')}, {failed.get('message', '')}".strip(", ")
            progress.advance(0, ", ".join(conditions) or "waiting for machines")
            time.sleep(_LOOK_EVERY_SECONDS)


def _conditions(found: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {one["type"]: one for one in found.get("status", {}).get("conditions", []) if one["status"] == "True"}


def _wait(error: Exception, heard: float) -> None:
    if time.monotonic() - heard > _PATIENCE_SECONDS:
        raise RuntimeError(f"The cluster's API has not answered for {_PATIENCE_SECONDS:.0f} s: {error}") from error
    time.sleep(_LOOK_EVERY_SECONDS)


def _remove(cluster: Cluster, name: str) -> None:
    try:
        cluster.ask("DELETE", name)
    except (OSError, ValueError):  # gone already, or the API is away; what ends here must not hide why
        return


def _said(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["message"])
    except (ValueError, KeyError, TypeError):
        return str(error.reason)
