"""The stack that watches a studio on one host refers to files that are there, and keeps to loopback."""

import json
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
SERVICES = yaml.safe_load((ROOT / "infra" / "compose.yaml").read_text())["services"]


def test_every_file_that_is_mounted_is_in_the_repository():
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service["volumes"]]
    places = [ROOT / "infra" / place for place in mounted if place.startswith(".")]
    assert len(places) == 4
    assert all(any(place.iterdir()) for place in places)


def test_every_configuration_file_named_on_a_command_line_is_mounted():
    for service in SERVICES.values():
        mounts = dict(volume.split(":")[1::-1] for volume in service["volumes"])
        for word in service.get("command", []):
            if word.startswith("--config.file="):
                folder, name = word.removeprefix("--config.file=").rsplit("/", 1)
                assert (ROOT / "infra" / mounts[folder] / name).is_file()


def test_nothing_listens_beyond_this_host():
    for name, service in SERVICES.items():
        listens = [word for word in service.get("command", []) if "listen-address=" in word]
        listens += [value for key, value in service.get("environment", {}).items() if key.endswith("HTTP_ADDR")]
        assert listens, name
        assert all("127.0.0.1" in word or word.endswith("=") for word in listens)


def test_a_data_source_is_provisioned_of_the_kind_that_the_dashboards_choose_from():
    sources = yaml.safe_load((ROOT / "infra/grafana/datasources/prometheus.yaml").read_text())["datasources"]
    for path in (ROOT / "monitoring" / "grafana").glob("*.json"):
        variables = json.loads(path.read_text())["templating"]["list"]
        wanted = {variable["query"] for variable in variables if variable["type"] == "datasource"}
        assert wanted == {source["type"] for source in sources}, path.name
