"""The InferenceService of infra/kubernetes, with a share of the requests for another version."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from storywright.cli.models import models as command
from storywright.errors import BadInput
from storywright.registry import traffic

KUBERNETES = Path(__file__).parents[1] / "infra" / "kubernetes"
SCHEMA = KUBERNETES / "schemas" / "InferenceService-serving.kserve.io-v1beta1.yaml"


@pytest.fixture
def service() -> dict[str, Any]:
    """As it runs where Knative is."""
    made: dict[str, Any] = yaml.safe_load((KUBERNETES / "kserve" / "inference.yaml").read_text())
    made["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] = "Knative"
    made["metadata"]["resourceVersion"] = "4711"
    made["status"] = {"url": "http://studio"}
    return made


def served(service: dict[str, Any]) -> tuple[str, int | None]:
    predictor = service["spec"]["predictor"]
    [value] = [one["value"] for one in predictor["containers"][0]["env"] if one["name"] == traffic.PINNED]
    return value, predictor.get("canaryTrafficPercent")


def test_a_version_gets_a_share_then_everything_and_the_next_one_is_gone_back_from(service: dict[str, Any]) -> None:
    before = copy.deepcopy(service)
    first = traffic.split(service, "7", 10)
    assert service == before, "what was given is left as it was"
    assert served(first) == ("7", 10)
    assert served(traffic.split(first, "7", 50)) == ("7", 50)
    whole = traffic.split(first, "7", 100)
    assert served(whole) == ("7", None)
    second = traffic.split(whole, "8", 10)
    assert served(traffic.split(second, "8", 0)) == ("8", 0)


def test_nothing_else_is_changed_and_the_cluster_would_take_it(service: dict[str, Any]) -> None:
    changed = traffic.split(service, "7", 10)
    Draft202012Validator(yaml.safe_load(SCHEMA.read_text())).validate(changed)
    assert changed["metadata"]["resourceVersion"] == "4711", "so that nobody else's change is overwritten"
    predictor = changed["spec"]["predictor"]
    del predictor["canaryTrafficPercent"]
    predictor["containers"][0]["env"].pop()
    del service["status"]
    assert changed == service


def test_what_cannot_be_split_is_refused(service: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="not an InferenceService"):
        traffic.split({"kind": "Deployment"}, "7", 10)
    with pytest.raises(BadInput, match="not the newest one"):
        traffic.split(service, "7", 0)
    with pytest.raises(BadInput, match="has all requests already"):
        traffic.split(traffic.split(service, "7", 100), "7", 10)
    standard = yaml.safe_load((KUBERNETES / "kserve" / "inference.yaml").read_text())
    with pytest.raises(BadInput, match="mode Standard, which does not split requests"):
        traffic.split(standard, "7", 10)


def test_the_command_stands_between_two_of_kubectl(service: dict[str, Any]) -> None:
    result = CliRunner().invoke(command, ["traffic", "7", "--percent", "10"], input=json.dumps(service))
    assert result.exit_code == 0, result.output
    assert served(json.loads(result.output)) == ("7", 10)
    for bad in ("{", "[]"):
        result = CliRunner().invoke(command, ["traffic", "7", "--percent", "10"], input=bad)
        assert isinstance(result.exception, BadInput)
