"""What kustomize makes of infra/kubernetes, and what Pod Security's strictest level says about a pod."""

import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "infra" / "kubernetes"
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}

Object = dict[str, Any]


@functools.cache
def rendered(folder: Path) -> list[Object]:
    """Every object of a kustomization."""
    done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def of_kind(objects: list[Object], kind: str) -> dict[str, Object]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def pods(objects: list[Object]) -> Iterator[tuple[str, str, Object, Object]]:
    """Kind and name, namespace, labels and spec of each pod that the objects make."""
    for one in objects:
        name, namespace = f"{one['kind']} {one['metadata']['name']}", one["metadata"].get("namespace", "kubeflow")
        match one["kind"]:
            case "Deployment" | "StatefulSet" | "Job":
                template = one["spec"]["template"]
            case "CronJob":
                template = one["spec"]["jobTemplate"]["spec"]["template"]
            case "ClusterTrainingRuntime":
                template = one["spec"]["template"]["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]
            case "InferenceService":
                spec = one["spec"]["predictor"]
                template = {"metadata": {"labels": spec["labels"]}, "spec": spec}
            case _:
                continue
        yield name, namespace, template["metadata"].get("labels", {}), template["spec"]


def reached(objects: list[Object], namespace: str, labels: Object) -> set[tuple[str, int | None]]:
    """Where a pod with these labels may open connections to: a pod's name, a namespace or addresses, and the port."""
    found: set[tuple[str, int | None]] = set()
    for policy in objects:
        if policy["kind"] != "NetworkPolicy" or policy["metadata"]["namespace"] != namespace:
            continue
        spec = policy["spec"]
        if not spec["podSelector"].get("matchLabels", {}).items() <= labels.items():
            continue
        for rule in spec.get("egress", []):
            ports = [one["port"] for one in rule.get("ports", [{"port": None}])]
            found |= {(_place(peer, namespace), port) for peer in rule["to"] for port in ports}
    return found


def _place(peer: Object, namespace: str) -> str:
    if "ipBlock" in peer:
        return str(peer["ipBlock"]["cidr"])
    labels = peer.get("podSelector", {}).get("matchLabels", {})
    for key in ("app.kubernetes.io/name", "k8s-app", "app"):
        if key in labels:
            return str(labels[key])
    return str(peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name", namespace))


def strict(schema: Any) -> Any:
    """A CRD's schema as the cluster's strict validation takes it: what is not described is refused."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("anyOf", None)
        return {**made, "type": ["integer", "string"]}
    described = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    if described and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    return made


def not_restricted(spec: Object) -> list[str]:
    """What Pod Security at the level `restricted` would refuse in a pod."""
    whole = spec.get("securityContext", {})
    said = [f"{key} is true" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    for volume in spec.get("volumes", []):
        if kinds := set(volume) - {"name"} - VOLUMES:
            said.append(f"volume {volume['name']} is {', '.join(kinds)}")
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        own = container.get("securityContext", {})
        said += [f"{container['name']}: {what}" for what in _refused(own, whole, container)]
    return said


def _refused(own: Object, whole: Object, container: Object) -> Iterator[str]:
    user = own.get("runAsUser", whole.get("runAsUser"))
    capabilities = own.get("capabilities", {})
    if own.get("privileged"):
        yield "is privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges"
    if own.get("runAsNonRoot", whole.get("runAsNonRoot")) is not True or user == 0:
        yield "may run as root"
    if "ALL" not in capabilities.get("drop", []) or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "keeps capabilities"
    if own.get("seccompProfile", whole.get("seccompProfile", {})).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "has no seccomp profile"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "takes a port of the node"
