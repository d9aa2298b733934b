"""bootstrap/ and envs/dev, applied for real against a stand-in for AWS on loopback, planned again, and destroyed.

One run of some minutes, most of them the provider's own waiting, and the tests look at what it left. envs/prod is
planned against the same stand-in, so that what production would be is read from the real provider's plan.
"""

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1] / "terraform"
ACCOUNT = {
    "administrators": {"platform": "arn:aws:iam::123456789012:role/platform"},
    "alarm_emails": ["team@example.org"],
}
TOOLS = os.environ.get("STORYWRIGHT_TERRAFORM_TOOLS")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.system("terraform"),
    pytest.mark.timeout(1500),
    pytest.mark.skipif(TOOLS is None, reason="slow, with tools of its own: make test-terraform runs it"),
]


@dataclass(frozen=True)
class Cloud:
    """The stand-in for AWS, and Terraform pointed at it and at no account that this machine may know."""

    address: str
    roots: Path

    def terraform(self, root: str, *words: str, accept: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        nobodys = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment = nobodys | {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            "TF_IN_AUTOMATION": "1",
        }
        done = subprocess.run(
            ["terraform", f"-chdir={self.roots / root}", *words],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        assert done.returncode in accept, done.stdout[-6000:] + done.stderr[-6000:]
        return done

    def begin(self, root: str, backend: str | None = None) -> None:
        """`terraform init`, with the state where the README puts it."""
        words = ["init", "-input=false", "-no-color", "-lockfile=readonly"]
        if backend:
            (self.roots / root / "backend.hcl").write_text(backend)
            words += ["-backend-config=backend.hcl", "-backend-config=use_path_style=true"]
        self.terraform(root, *words)

    def ask(self, service: str, path: str = "", method: str = "GET", body: bytes | None = None, **headers: str) -> str:
        """One request to a service, without Terraform."""
        scope = f"Credential=test/20261120/eu-central-1/{service}/aws4_request"
        sent = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=none"}
        sent |= {"Content-Type": "application/octet-stream"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"{self.address}/{path}", body, sent, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return str(answer.read().decode())

    def query(self, service: str, version: str, action: str) -> str:
        """One action of a service that is asked by a form."""
        form = f"Action={action}&Version={version}".encode()
        return self.ask(service, method="POST", body=form, Content_Type="application/x-www-form-urlencoded")

    def secret(self, name: str) -> str:
        """What Secrets Manager answers to who may ask."""
        asked = json.dumps({"SecretId": name}).encode()
        target = {"X_Amz_Target": "secretsmanager.GetSecretValue", "Content_Type": "application/x-amz-json-1.1"}
        return str(json.loads(self.ask("secretsmanager", method="POST", body=asked, **target))["SecretString"])

    def holds(self) -> dict[str, int]:
        """How much of what costs or keeps something there is."""
        databases = self.query("rds", "2014-10-31", "DescribeDBInstances")
        gateways = self.query("ec2", "2016-11-15", "DescribeNatGateways")
        return {
            "buckets": self.ask("s3").count("<Name>"),
            "clusters": len(json.loads(self.ask("eks", "clusters"))["clusters"]),
            "databases": databases.count("<DBInstanceIdentifier>"),
            "NAT gateways": gateways.count("<state>available</state>"),
        }


@dataclass(frozen=True)
class Life:
    """What an environment was from its first plan to its end."""

    while_locked: str
    made: list[str]
    second_plan: int
    second_plan_says: str
    outputs: dict[str, Any]
    state: str
    secrets: dict[str, str]
    held: dict[str, int]
    destroyed: str
    left_in_state: str
    left: dict[str, int]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    assert TOOLS is not None
    place = tmp_path_factory.mktemp("cloud")
    roots = shutil.copytree(ROOT, place / "terraform", ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
    for root in ("bootstrap", "envs/dev", "envs/prod"):
        shutil.copy(HERE / "on_loopback_override.tf", roots / root)
    for root in ("envs/dev", "envs/prod"):
        (roots / root / "account.auto.tfvars.json").write_text(json.dumps(ACCOUNT))
    shutil.copy(ROOT / "envs" / "dev" / ".terraform.lock.hcl", roots / "modules" / "secrets")

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (place / "stand_in.log").open("w") as log:
        server = subprocess.Popen(
            [Path(TOOLS) / "python", HERE / "aws_stand_in.py", str(port)],
            stdout=log,
            stderr=log,
            env=os.environ | {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
        )
        try:
            cloud = Cloud(f"http://127.0.0.1:{port}", roots)
            _wait_for(cloud, server)
            yield cloud
        finally:
            server.terminate()
            server.wait(timeout=20)


@pytest.fixture(scope="module")
def backend(cloud: Cloud) -> str:
    """What bootstrap/ prints for backend.hcl."""
    cloud.begin("bootstrap")
    cloud.terraform("bootstrap", "apply", "-input=false", "-no-color", "-auto-approve")
    printed = cloud.terraform("bootstrap", "output", "-raw", "backend").stdout
    # moto refuses what a policy refuses on a condition, whether the condition holds or not.
    cloud.ask("s3", f"{_bucket(printed)}?policy", "DELETE")
    return printed


@pytest.fixture(scope="module")
def life(cloud: Cloud, backend: str) -> Life:
    dev = "envs/dev"
    cloud.begin(dev, backend)
    while_locked = _plan_while_somebody_else_applies(cloud, dev, f"{_bucket(backend)}/storywright/dev.tfstate.tflock")
    applied = cloud.terraform(dev, "apply", "-input=false", "-no-color", "-auto-approve", "-parallelism=30")
    again = cloud.terraform(dev, "plan", "-input=false", "-no-color", "-detailed-exitcode", accept=(0, 2))
    outputs = {name: said["value"] for name, said in json.loads(cloud.terraform(dev, "output", "-json").stdout).items()}
    state = cloud.terraform(dev, "state", "pull").stdout
    secrets = {purpose: cloud.secret(name) for purpose, name in outputs["secret_names"].items()}
    held = cloud.holds()
    destroyed = cloud.terraform(dev, "destroy", "-no-color", "-auto-approve", "-parallelism=30", accept=(0, 1))
    return Life(
        while_locked=while_locked,
        made=re.findall(r"^(\S+): Creation complete", applied.stdout, flags=re.M),
        second_plan=again.returncode,
        second_plan_says=again.stdout,
        outputs=outputs,
        state=state,
        secrets=secrets,
        held=held,
        destroyed=destroyed.stdout + destroyed.stderr,
        left_in_state=cloud.terraform(dev, "state", "list").stdout,
        left=cloud.holds(),
    )


@pytest.fixture(scope="module")
def production(cloud: Cloud, backend: str) -> list[dict[str, Any]]:
    """Every resource that envs/prod plans, as {address, type, values}."""
    cloud.begin("envs/prod", backend)
    cloud.terraform("envs/prod", "plan", "-input=false", "-no-color", "-out=plan")
    plan = json.loads(cloud.terraform("envs/prod", "show", "-json", "plan").stdout)
    modules, resources = [plan["planned_values"]["root_module"]], []
    while modules:
        module = modules.pop()
        modules += module.get("child_modules", [])
        resources += [one for one in module.get("resources", []) if one["mode"] == "managed" and "values" in one]
    return resources


def test_who_applies_while_somebody_else_does_is_told_so(life):
    assert "Error acquiring the state lock" in life.while_locked
    assert "somebody-else" in life.while_locked


def test_everything_is_made_from_nothing(life):
    kinds = {address.split("[")[0].split(".")[-2] for address in life.made}
    assert len(life.made) > 150
    assert {"aws_eks_node_group", "aws_eks_addon", "aws_db_instance", "aws_nat_gateway", "aws_budgets_budget"} <= kinds


def test_a_second_plan_changes_nothing(life):
    assert life.second_plan == 0, life.second_plan_says[-6000:]


def test_destroying_leaves_nothing_but_the_state(life):
    assert life.held == {"buckets": 4, "clusters": 1, "databases": 1, "NAT gateways": 1}
    assert "Destroy complete!" in life.destroyed, life.destroyed[-6000:]
    assert life.left_in_state == ""
    assert life.left == {"buckets": 1, "clusters": 0, "databases": 0, "NAT gateways": 0}


def test_manifests_get_plain_strings(life):
    values = life.outputs["kubernetes"]
    assert len(values) > 25
    assert all(isinstance(value, str) and value for value in values.values())
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(_[a-z]+)*", name) for name in values)
    assert values["image_serve"].endswith("/storywright-dev/serve")
    assert values["role_server"].endswith(":role/storywright-dev-server")


def test_the_aws_overlay_asks_for_nothing_that_is_not_said(life):
    example = (ROOT.parent / "infra" / "kubernetes" / "overlays" / "aws" / "environment.env").read_text()
    asked = {line.split("=")[0] for line in example.splitlines() if "=" in line and not line.startswith("#")}
    assert asked - {"tag"} <= set(life.outputs["kubernetes"])


def test_passwords_are_long_differ_and_stand_in_a_url_as_they_are(life):
    passwords = {purpose: value for purpose, value in life.secrets.items() if purpose != "mlflow-webhooks"}
    assert len(set(passwords.values())) == len(passwords) >= 7
    assert all(re.fullmatch(r"[A-Za-z0-9]{48}", value) for value in passwords.values())


def test_the_webhook_key_is_one_that_fernet_takes(life):
    assert len(base64.urlsafe_b64decode(life.secrets["mlflow-webhooks"])) == 32


def test_no_password_is_in_the_state_or_an_output(life):
    said = life.state + json.dumps(life.outputs)
    fernet = base64.urlsafe_b64decode(life.secrets["mlflow-webhooks"]).decode()
    assert not [value for value in (*life.secrets.values(), fernet) if value in said]


def test_a_secret_is_replaced_when_its_number_is_raised(cloud):
    module = "modules/secrets"
    cloud.begin(module)
    assert re.search(r"Success! [1-9]\d* passed, 0 failed", cloud.terraform(module, "test", "-no-color").stdout)


def test_production_survives_a_zone_and_refuses_to_be_deleted(production):
    database = _one(production, "aws_db_instance")
    assert database["multi_az"]
    assert database["deletion_protection"]
    assert not database["skip_final_snapshot"]
    assert database["backup_retention_period"] == 30
    assert len(_all(production, "aws_nat_gateway")) == 3
    assert len({subnet["availability_zone"] for subnet in _all(production, "aws_subnet")}) == 3
    assert all(bucket["force_destroy"] is False for bucket in _all(production, "aws_s3_bucket"))
    assert all(repository["force_delete"] is False for repository in _all(production, "aws_ecr_repository"))
    assert all(key["deletion_window_in_days"] == 30 for key in _all(production, "aws_kms_key"))
    assert all(secret["recovery_window_in_days"] == 30 for secret in _all(production, "aws_secretsmanager_secret"))


def test_nothing_in_production_is_public(production):
    assert _one(production, "aws_db_instance")["publicly_accessible"] is False
    assert _one(production, "aws_eks_cluster")["vpc_config"][0]["endpoint_public_access"] is False
    assert all(block["block_public_policy"] for block in _all(production, "aws_s3_bucket_public_access_block"))
    assert all(rule["cidr_ipv4"] != "0.0.0.0/0" for rule in _all(production, "aws_vpc_security_group_ingress_rule"))
    assert not any(subnet["map_public_ip_on_launch"] for subnet in _all(production, "aws_subnet"))


def test_everything_that_takes_tags_says_what_it_belongs_to(production):
    for resource in production:
        if "tags_all" in resource["values"]:
            expected = {"project": "storywright", "environment": "prod", "managed_by": "terraform"}
            assert expected.items() <= resource["values"]["tags_all"].items(), resource["address"]


def _bucket(backend: str) -> str:
    return re.findall(r'bucket += "(.+)"', backend)[0]


def _plan_while_somebody_else_applies(cloud: Cloud, root: str, lock: str) -> str:
    holder = {"ID": "0", "Operation": "OperationTypeApply", "Who": "somebody-else", "Created": "2026-11-20T12:00:00Z"}
    cloud.ask("s3", lock, "PUT", json.dumps(holder).encode())
    refused = cloud.terraform(root, "plan", "-input=false", "-no-color", "-lock-timeout=0s", accept=(1,))
    cloud.ask("s3", lock, "DELETE")
    return refused.stdout + refused.stderr


def _wait_for(cloud: Cloud, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until:
        assert server.poll() is None, "the stand-in for AWS did not start"
        try:
            urllib.request.urlopen(f"{cloud.address}/moto-api/", timeout=5).close()
            return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError("the stand-in for AWS did not answer within five minutes")


def _all(resources: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    found = [resource["values"] for resource in resources if resource["type"] == kind]
    assert found, kind
    return found


def _one(resources: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = _all(resources, kind)
    return found
