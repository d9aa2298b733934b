"""Fills in what a cluster on AWS is made of, from what Terraform says; nothing of it is secret.

terraform -chdir=terraform/envs/dev output -json kubernetes | python infra/kubernetes/fill.py --tag COMMIT
python infra/kubernetes/fill.py --check     say when network.yaml and artifacts.yaml are not what environment.env makes
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
ENVIRONMENT = HERE / "overlays" / "aws" / "environment.env"
NETWORK = HERE / "overlays" / "aws" / "network.yaml"
ARTIFACTS = HERE / "kfp" / "aws" / "artifacts.yaml"
_HEAD = "# Written by infra/kubernetes/fill.py from what Terraform says; change it there.\n"
_PODS = {
    ("storywright", "s3"): {"storywright.dev/uses-object-store": "yes"},
    ("kubeflow", "tasks-s3"): {"pipelines.kubeflow.org/v2_component": "true"},
}
"""The policies by which pods reach S3, and which pods those are."""


def main() -> None:
    """Write the files, or check them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tag", help="the tag of the images: the commit that they were built from")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a file is out of date")
    given = parser.parse_args()
    wanted = read(ENVIRONMENT) if given.check else _told(parser, given.tag)
    made = {ENVIRONMENT: environment(wanted), NETWORK: network(wanted), ARTIFACTS: artifacts(wanted)}
    if not given.check:
        for path, text in made.items():
            path.write_text(text, encoding="utf-8")
        return
    for path, text in made.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            parser.exit(1, f"{path} is not what environment.env makes: run infra/kubernetes/fill.py.\n")


def read(path: Path) -> dict[str, str]:
    """The values of an environment."""
    lines = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines())
    return {name: value for name, equals, value in lines if equals}


def environment(values: dict[str, str]) -> str:
    """The values as the overlay reads them."""
    return "".join(f"{name}={values[name]}\n" for name in sorted(values))


def network(values: dict[str, str]) -> str:
    """S3 is reached through the network's gateway endpoint, at S3's own public addresses in the region."""
    blocks = [{"ipBlock": {"cidr": cidr}} for cidr in values["s3_cidrs"].split(",")]
    policies = [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "podSelector": {"matchLabels": labels},
                "policyTypes": ["Egress"],
                "egress": [{"to": blocks, "ports": [{"protocol": "TCP", "port": 443}]}],
            },
        }
        for (namespace, name), labels in _PODS.items()
    ]
    return _HEAD + _yaml(policies)


def artifacts(values: dict[str, str]) -> str:
    """Where Kubeflow Pipelines keeps artifacts, and the role by which it does."""
    bucket, region = values["bucket_artifacts"], values["region"]
    store = {
        "s3": {
            "default": {
                "endpoint": f"s3.{region}.amazonaws.com",
                "region": region,
                "disableSSL": False,
                "credentials": {"fromEnv": True},
            }
        }
    }
    settings = {
        "pipeline-install-config": {"bucketName": bucket, "defaultPipelineRoot": f"s3://{bucket}/kfp"},
        "kfp-launcher": {"providers": yaml.safe_dump(store, sort_keys=False)},
    }
    objects = [_object("ConfigMap", name) | {"data": data} for name, data in settings.items()]
    for name in ("ml-pipeline", "ml-pipeline-ui", "pipeline-runner"):
        account = _object("ServiceAccount", name)
        account["metadata"] |= {"annotations": {"eks.amazonaws.com/role-arn": values["role_kfp"]}}
        objects.append(account)
    return _HEAD + _yaml(objects)


def _object(kind: str, name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "kubeflow"}}


def _yaml(objects: list[dict[str, Any]]) -> str:
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            return True

    return str(yaml.dump_all(objects, Dumper=Plain, sort_keys=False, width=120))


def _told(parser: argparse.ArgumentParser, tag: str | None) -> dict[str, str]:
    if not tag:
        parser.error("--tag has to say which commit the images are of: --tag $(git rev-parse HEAD)")
    try:
        told = json.load(sys.stdin)
        values = {str(name): str(value) for name, value in told.items()} | {"tag": tag}
    except (ValueError, AttributeError):
        parser.error("what comes in is not what `terraform output -json kubernetes` says")
    known = read(ENVIRONMENT)
    if missing := sorted(set(known) - set(values)):
        parser.error(f"Terraform does not say {', '.join(missing)}: run `terraform apply` with the code of this commit")
    return {name: values[name] for name in known}


if __name__ == "__main__":
    main()
