"""Every object that kustomize makes is valid, safe, and refers to what is there."""

import base64
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
import yaml
from jsonschema import Draft202012Validator
from kubernetes_validate import validate

FOLDER = Path(__file__).parent


def _beside(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


manifests = _beside("manifests")
KUBERNETES, ROOT = manifests.KUBERNETES, manifests.ROOT
VERSION = "1.33"
CUSTOM = {tuple(path.stem.split("-", 1)): path for path in (KUBERNETES / "schemas").glob("*.yaml")}
PLACES = ["overlays/kind", "overlays/aws", "with-kserve"]
WORLD = "0.0.0.0/0"

pytestmark = pytest.mark.system("kubectl")


@pytest.fixture(scope="module", params=PLACES)
def objects(request, tmp_path_factory) -> list[dict[str, Any]]:
    if request.param in PLACES[:2]:
        return manifests.rendered(KUBERNETES / request.param)
    copy = tmp_path_factory.mktemp("repository")
    shutil.copytree(ROOT / "infra" / "kubernetes", copy / "infra" / "kubernetes")
    shutil.copytree(ROOT / "monitoring", copy / "monitoring")
    overlay = copy / "infra/kubernetes/overlays/aws/kustomization.yaml"
    overlay.write_text(overlay.read_text() + "\ncomponents: [../../kserve]\n")
    return manifests.rendered(overlay.parent)


def errors(one: dict[str, Any]) -> list[str]:
    """What the cluster would refuse in an object; an unknown kind is refused too."""
    group, _, version = one["apiVersion"].rpartition("/")
    path = CUSTOM.get((one["kind"], f"{group}-{version}"))
    if path is None:
        validate(one, VERSION, strict=True)
        return []
    found = Draft202012Validator(manifests.strict(yaml.safe_load(path.read_text()))).iter_errors(one)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


@pytest.mark.filterwarnings("error")
def test_every_object_is_one_that_the_cluster_accepts(objects):
    assert len(objects) > 30
    for one in objects:
        assert errors(one) == [], f"{one['kind']} {one['metadata']['name']}"


def test_a_misspelt_field_of_a_custom_object_is_noticed():
    objects = manifests.rendered(KUBERNETES / "overlays/aws")
    for kind in {one["kind"] for one in objects} & {kind for kind, _ in CUSTOM}:
        one = next(one for one in objects if one["kind"] == kind)
        assert errors(one | {"spec": one["spec"] | {"mispelt": 1}}), kind


def test_every_pod_keeps_to_pod_security_restricted(objects):
    made = list(manifests.pods(objects))
    assert len(made) >= 6
    assert {name: said for name, _, _, spec in made if (said := manifests.not_restricted(spec))} == {}


def test_every_container_is_bounded_has_a_read_only_root_and_is_no_floating_tag(objects):
    for name, _, _, spec in manifests.pods(objects):
        assert spec.get("automountServiceAccountToken") is False, name
        for container in spec["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"], name
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
            assert "memory" in container["resources"]["limits"], name
            assert re.fullmatch(r"[^:]+:(?!latest)[\w.-]+", container["image"]), container["image"]


def keys_of(objects: list[dict[str, Any]], namespace: str) -> dict[tuple[str, str], set[str]]:
    """The keys that each ConfigMap and Secret of a namespace will have."""
    found: dict[tuple[str, str], set[str]] = {}
    for one in objects:
        if one["metadata"].get("namespace") != namespace:
            continue
        if one["kind"] == "ConfigMap":
            found["configMap", one["metadata"]["name"]] = set(one["data"])
        if one["kind"] == "ExternalSecret":
            target = one["spec"]["target"]
            found["secret", target["name"]] = set(target["template"]["data"])
    for space, name, keys in re.findall(r"^secret (\S+) (\S+) (.*)$", script(), flags=re.M):
        if space == namespace and not of_cloud(objects):
            found["secret", name] = set(re.findall(r"([\w.-]+)=", keys))
    return found


def script() -> str:
    return (KUBERNETES / "up-on-kind.sh").read_text().replace("\\\n", " ")


def of_cloud(objects: list[dict[str, Any]]) -> bool:
    return bool(manifests.of_kind(objects, "ExternalSecret"))


def test_every_value_that_a_pod_reads_from_outside_is_there(objects):
    claims = {
        (c["metadata"]["namespace"], name) for name, c in manifests.of_kind(objects, "PersistentVolumeClaim").items()
    }
    for name, namespace, _, spec in manifests.pods(objects):
        there = keys_of(objects, namespace)
        for variable in [v for container in spec["containers"] for v in container.get("env", [])]:
            for kind, reference in variable.get("valueFrom", {}).items():
                place = kind.removesuffix("KeyRef"), reference["name"]
                assert reference["key"] in there.get(place, set()), f"{name} reads {reference} in {namespace}"
        for volume in spec.get("volumes", []):
            if "persistentVolumeClaim" in volume:
                assert (namespace, volume["persistentVolumeClaim"]["claimName"]) in claims, name
            if "configMap" in volume:
                assert ("configMap", volume["configMap"]["name"]) in there, name
            for item in volume.get("secret", {}).get("items", []):
                assert item["key"] in there["secret", volume["secret"]["secretName"]], name


def selected(objects: list[dict[str, Any]], namespace: str, selector: dict[str, str]) -> list[str]:
    return [
        name
        for name, where, labels, _ in manifests.pods(objects)
        if where == namespace and selector.items() <= labels.items()
    ]


def test_every_service_budget_and_scaler_finds_its_pods(objects):
    for kind, place in (("Service", ("selector",)), ("PodDisruptionBudget", ("selector", "matchLabels"))):
        for name, one in manifests.of_kind(objects, kind).items():
            selector = one["spec"]
            for key in place:
                selector = selector[key]
            assert selected(objects, one["metadata"]["namespace"], selector), f"{kind} {name}"
    for one in manifests.of_kind(objects, "HorizontalPodAutoscaler").values():
        target = one["spec"]["scaleTargetRef"]
        assert target["name"] in manifests.of_kind(objects, target["kind"])


def test_the_scaled_metric_is_the_one_that_the_adapter_makes_of_what_the_server_says(objects):
    adapter = yaml.safe_load(manifests.of_kind(objects, "ConfigMap")["storywright-adapter"]["data"]["config.yaml"])
    (rule,) = adapter["externalRules"]
    (metric,) = manifests.of_kind(objects, "HorizontalPodAutoscaler")["worker"]["spec"]["metrics"]
    assert metric["external"]["metric"]["name"] == rule["name"]["as"]
    from storywright.server.metrics import Metrics

    name = re.search(r'__name__="(\w+)"', rule["seriesQuery"])[1]
    assert f"\n{name} " in Metrics().exposition().decode()


def test_nothing_passes_but_what_is_named_and_the_scraper_alone_reaches_the_world(objects):
    policies = [one for one in objects if one["kind"] == "NetworkPolicy"]
    closed = [one for one in policies if one["spec"]["podSelector"] == {} and not one["spec"].get("egress")]
    assert [one["metadata"]["namespace"] for one in closed] == ["storywright"]
    assert set(closed[0]["spec"]["policyTypes"]) == {"Ingress", "Egress"}
    open_ = []
    for policy in policies:
        peers = [
            p for way in ("ingress", "egress") for r in policy["spec"].get(way, []) for p in r.get("to", r.get("from"))
        ]
        assert all(set(peer) == {"ipBlock"} or "ipBlock" not in peer for peer in peers), policy["metadata"]["name"]
        for rule in policy["spec"].get("egress", []):
            assert rule.get("to"), policy["metadata"]["name"]
            open_ += [policy for peer in rule["to"] if peer.get("ipBlock", {}).get("cidr") == WORLD]
    assert [one["spec"]["podSelector"]["matchLabels"] for one in open_] == [{"storywright.dev/reaches-out": "yes"}]
    assert not selected(objects, "storywright", {"storywright.dev/reaches-out": "yes"})


def test_the_probe_and_mlflow_reach_the_servers_and_the_servers_let_them_in(objects):
    server = manifests.of_kind(objects, "NetworkPolicy")["server"]["spec"]["ingress"]
    let_in = [one["podSelector"]["matchLabels"] for rule in server for one in rule["from"] if "podSelector" in one]
    reached = {}
    for name, namespace, labels, _ in manifests.pods(objects):
        if any(one.items() <= labels.items() for one in let_in):
            reached[name] = manifests.reached(objects, namespace, labels) - {("kube-dns", 53)}
    assert set(reached) == {"Deployment probe", "Deployment mlflow"}
    assert reached["Deployment probe"] == {("server", 8000)}, "it is a user, and has no other way in"
    assert ("server", 8000) in reached["Deployment mlflow"]


def test_what_prometheus_scrapes_is_there_under_the_jobs_that_rules_and_dashboards_know(objects):
    services = manifests.of_kind(objects, "Service").values()
    jobs = {}
    for monitor in manifests.of_kind(objects, "ServiceMonitor").values():
        spec = monitor["spec"]
        wanted = spec["selector"]["matchLabels"].items()
        found = [one for one in services if wanted <= one["metadata"].get("labels", {}).items()]
        assert found, monitor["metadata"]["name"]
        for service in found:
            (endpoint,) = spec["endpoints"]
            assert endpoint["port"] in [port["name"] for port in service["spec"]["ports"]]
            jobs[service["metadata"]["name"]] = service["metadata"]["labels"][spec["jobLabel"]]
    assert jobs == {"server": "storywright", "worker": "storywright", "probe": "storywright-probe"}
    on_one_host = yaml.safe_load((ROOT / "monitoring/prometheus/prometheus.yml").read_text())["scrape_configs"]
    assert set(jobs.values()) <= {one["job_name"] for one in on_one_host}


def test_pods_end_gracefully(objects):
    for name, _, _, spec in manifests.pods(objects):
        for container in spec["containers"]:
            waits = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            if "serve" in container.get("command", []):
                # The server gives requests 30 s and then its jobs 25 s.
                wanted = 25 if name == "Deployment worker" else waits + 30 + 25
                assert spec["terminationGracePeriodSeconds"] > wanted, name


def test_kserve_runs_the_pod_that_the_deployment_runs():
    (server,) = [spec for name, _, _, spec in manifests.pods(load("base/server.yaml")) if name == "Deployment server"]
    (predictor,) = [spec for _, _, _, spec in manifests.pods(load("kserve/inference.yaml"))]
    ours, theirs = server["containers"][0], predictor["containers"][0]
    for key in ("image", "command", "env", "envFrom", "resources", "securityContext", "volumeMounts"):
        assert ours[key] == theirs[key], key
    for key in ("securityContext", "volumes", "serviceAccountName", "terminationGracePeriodSeconds"):
        assert server[key] == predictor[key], key


def load(path: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((KUBERNETES / path).read_text()))


def test_the_cloud_is_filled_in_with_what_terraform_says():
    outputs = (ROOT / "terraform/modules/platform/outputs.tf").read_text() + (ROOT / "terraform/README.md").read_text()
    lines = (KUBERNETES / "overlays/aws/environment.env").read_text().splitlines()
    keys = {line.partition("=")[0] for line in lines if line and not line.startswith("#")} - {"tag", "registry"}
    assert len(keys) > 15
    assert [key for key in keys if not re.search(rf"\b{key}\b", outputs)] == []
    overlay = (KUBERNETES / "overlays/aws/kustomization.yaml").read_text()
    assert set(re.findall(r"fieldPath: data\.(\w+)", overlay)) <= keys | {"tag", "registry"}
    assert "unset" not in json.dumps(manifests.rendered(KUBERNETES / "overlays/aws"))


def test_the_secrets_that_are_fetched_are_those_that_terraform_makes():
    made = (ROOT / "terraform/modules/secrets/main.tf").read_text()
    for secret in manifests.of_kind(manifests.rendered(KUBERNETES / "overlays/aws"), "ExternalSecret").values():
        for one in secret["spec"]["data"]:
            key = one["remoteRef"]["key"]
            if not key.startswith("arn:"):
                assert re.search(rf"^\s+{key.partition('/')[2]}\s+=", made, flags=re.M), key


def test_accounts_take_the_roles_that_terraform_lends_them(objects):
    lent = (ROOT / "terraform/modules/workloads/variables.tf").read_text()
    for name in ("server", "mlflow", "trainer"):
        account = manifests.of_kind(objects, "ServiceAccount")[name]
        assert f'"{account["metadata"]["namespace"]}:{name}"' in lent


def test_the_rules_are_those_of_prometheus():
    subprocess.run([sys.executable, KUBERNETES / "rules.py", "--check"], check=True)


def test_the_settings_of_kubeflow_pipelines_change_what_they_name(tmp_path):
    shutil.copytree(KUBERNETES / "kfp", tmp_path / "kfp")
    kfp = tmp_path / "kfp/kind/kustomization.yaml"
    kfp.write_text(re.sub(r"https://github.com/kubeflow/pipelines//\S+", "stand-in.yaml", kfp.read_text()))
    shutil.copy(FOLDER / "kfp-stand-in.yaml", kfp.with_name("stand-in.yaml"))
    made = manifests.rendered(kfp.parent)
    maps = manifests.of_kind(made, "ConfigMap")
    assert maps["pipeline-install-config"]["data"]["defaultSecurityContextRunAsUser"] == "10001"
    (config,) = [one for name, one in maps.items() if name.startswith("ml-pipeline-config")]
    plugin = json.loads(config["data"]["config.json"])["plugins"]["mlflow"]
    assert plugin["endpoint"] == "http://mlflow.storywright.svc.cluster.local:5000"
    pod = manifests.of_kind(made, "Deployment")["ml-pipeline"]["spec"]["template"]
    assert pod["metadata"]["labels"]["storywright.dev/uses-mlflow"] == "yes"
    (container,) = pod["spec"]["containers"]
    assert "/config/config.json" in [mount["mountPath"] for mount in container["volumeMounts"]]
    assert config["metadata"]["name"] in [volume.get("configMap", {}).get("name") for volume in pod["spec"]["volumes"]]


@pytest.mark.system("amtool")
def test_alertmanager_on_a_cluster_sends_what_it_sends_on_one_host_to_the_receivers_service(objects, tmp_path):
    secret = manifests.of_kind(objects, "Secret")["storywright-alertmanager"]
    (tmp_path / "alertmanager.yaml").write_bytes(base64.b64decode(secret["data"]["alertmanager.yaml"]))
    subprocess.run(["amtool", "check-config", tmp_path / "alertmanager.yaml"], check=True, capture_output=True)
    here = yaml.safe_load((tmp_path / "alertmanager.yaml").read_text())
    there = yaml.safe_load((ROOT / "monitoring/alertmanager/alertmanager.yml").read_text())
    assert (here["route"], here["inhibit_rules"]) == (there["route"], there["inhibit_rules"])
    service = manifests.of_kind(objects, "Service")["receiver"]
    host = f"http://{service['metadata']['name']}.{service['metadata']['namespace']}.svc.cluster.local/"
    hooks = [hook for one in here["receivers"] for hook in one.get("webhook_configs", [])]
    assert [hook["url"].removeprefix(host) for hook in hooks] == ["alerts", "notices"]
    assert "token" in keys_of(objects, "monitoring")["secret", "receiver"]


def test_what_is_filled_in_is_what_the_example_environment_makes():
    subprocess.run([sys.executable, KUBERNETES / "fill.py", "--check"], check=True)


def test_what_terraform_says_of_another_environment_fills_in_everything(tmp_path):
    shutil.copytree(ROOT / "infra" / "kubernetes", tmp_path / "infra" / "kubernetes")
    shutil.copytree(ROOT / "monitoring", tmp_path / "monitoring")
    place = tmp_path / "infra" / "kubernetes"
    lines = [line.partition("=") for line in (place / "overlays/aws/environment.env").read_text().splitlines()]
    told = {name: value.replace("dev", "prod").replace("123456789012", "210987654321") for name, _, value in lines}
    told |= {
        "file_system": "fs-7",
        "s3_cidrs": "192.0.2.0/25,192.0.2.128/25",
        "region": "eu-west-1",
        "alarm_topic": "x",
    }
    del told["tag"]
    fill = [sys.executable, place / "fill.py", "--tag", "c0ffee"]
    subprocess.run(fill, input=json.dumps(told), text=True, check=True)
    objects = manifests.rendered(place / "overlays/aws")
    text = json.dumps(objects)
    assert "123456789012" not in text
    assert "storywright-dev" not in text
    assert manifests.of_kind(objects, "StorageClass")["shared"]["parameters"]["fileSystemId"] == "fs-7"
    for name in ("s3", "tasks-s3"):
        (rule,) = manifests.of_kind(objects, "NetworkPolicy")[name]["spec"]["egress"]
        assert [peer["ipBlock"]["cidr"] for peer in rule["to"]] == ["192.0.2.0/25", "192.0.2.128/25"]
    assert {c["image"] for _, _, _, spec in manifests.pods(objects) for c in spec["containers"]} == {
        "docker.io/library/postgres:17.6-bookworm",
        *(f"{told['registry']}/{name}:c0ffee" for name in ("serve", "train", "mlflow")),
    }

    kfp = place / "kfp/aws/kustomization.yaml"
    kfp.write_text(re.sub(r"https://github.com/kubeflow/pipelines//\S+", "stand-in.yaml", kfp.read_text()))
    shutil.copy(FOLDER / "kfp-stand-in.yaml", place / "kfp/aws/stand-in.yaml")
    pipelines = manifests.rendered(place / "kfp/aws")
    settings = manifests.of_kind(pipelines, "ConfigMap")
    assert settings["pipeline-install-config"]["data"]["bucketName"] == "storywright-prod-artifacts-210987654321"
    assert "s3.eu-west-1.amazonaws.com" in settings["kfp-launcher"]["data"]["providers"]
    for account in manifests.of_kind(pipelines, "ServiceAccount").values():
        assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].endswith("role/storywright-prod-kfp")

    del told["file_system"]
    for words, said in ((told, "does not say file_system"), ([], "is not what `terraform output")):
        refused = subprocess.run(fill, input=json.dumps(words), text=True, check=False, capture_output=True)
        assert refused.returncode == 2
        assert said in refused.stderr


def test_programs_understand_the_words_that_pods_start_them_with(objects):
    """Each command is parsed by the program itself; a variable in it is what the ConfigMap says."""
    sys.path.insert(0, str(ROOT))
    from pipelines.__main__ import pipelines
    from storywright.cli import storywright

    values = manifests.of_kind(objects, "ConfigMap")["studio"]["data"]
    parsed = set()
    for name, _, _, spec in manifests.pods(objects):
        (container,) = spec["containers"]
        words = [
            re.sub(r"\$\((\w+)\)", lambda found: values[found[1].lower().replace("_", "-")], word)
            for word in [*container.get("command", []), *container.get("args", [])]
        ]
        group = {"storywright": storywright, "python": pipelines}.get(words[0] if words else "")
        if group:
            name_of, *given = words[3:] if words[0] == "python" else words[1:]
            command = group.get_command(click.Context(group), name_of)
            assert command, name_of
            context = command.make_context(name_of, given)
            if isinstance(command, click.Group):
                name_of, command, given = command.resolve_command(context, given)
                command.make_context(name_of, given)
            parsed.add(name)
    ours = {
        "Deployment worker",
        "Deployment receiver",
        "Deployment probe",
        "CronJob retraining",
        "CronJob registry-hook",
    }
    assert ours <= parsed


@pytest.mark.system("shellcheck")
@pytest.mark.parametrize("path", ["infra/kubernetes/up-on-kind.sh", "infra/make-env.sh"])
def test_scripts_hold_no_known_mistake(path):
    subprocess.run(["shellcheck", ROOT / path], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES[:2])
def test_checkov_finds_nothing_that_is_not_explained(place, tmp_path):
    tools = os.environ.get("STORYWRIGHT_TERRAFORM_TOOLS")
    if not tools:
        pytest.skip("slow, with tools of its own: make test-manifests runs it")
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(manifests.rendered(KUBERNETES / place)))
    done = subprocess.run(
        [f"{tools}/checkov", "--config-file", KUBERNETES / "checkov.yaml", "--directory", tmp_path],
        capture_output=True, text=True, check=False, env=os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert re.search(r"Passed checks: [1-9]\d\d", done.stdout)


def test_every_exception_from_checkov_is_dated_and_explained():
    lines = (KUBERNETES / "checkov.yaml").read_text().splitlines()
    skipped = [line for line in lines if re.match(r"\s+- CKV", line)]
    assert skipped
    for line in skipped:
        assert re.search(r"#\s*20\d\d-\d\d-\d\d \S.{20}", line), line
