"""The studio on one host refers to files that are there, and keeps to loopback."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
SERVICES = yaml.safe_load((ROOT / "infra" / "compose.yaml").read_text())["services"]


def test_every_file_that_is_mounted_is_in_the_repository():
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    places = [ROOT / "infra" / place for place in mounted if place.startswith(".")]
    assert len(places) >= 5
    assert all(place.is_file() or any(place.iterdir()) for place in places)


def test_every_configuration_file_named_on_a_command_line_is_mounted():
    for service in SERVICES.values():
        mounts = dict(volume.split(":")[1::-1] for volume in service.get("volumes", []))
        for word in service.get("command", []):
            if word.startswith("--config.file="):
                folder, name = word.removeprefix("--config.file=").rsplit("/", 1)
                assert (ROOT / "infra" / mounts[folder] / name).is_file()


def test_nothing_listens_beyond_this_host():
    for name, service in SERVICES.items():
        if name in ("database-roles", "registry-hook"):  # they end when it is done
            continue
        words = " ".join(service.get("command", [])).replace("--host ", "--host=").split()
        listens = [word for word in words if re.search(r"listen[-_]address(es)?=|--host=", word)]
        listens += [value for key, value in service.get("environment", {}).items() if key.endswith("HTTP_ADDR")]
        assert listens, name
        assert all("127.0.0.1" in word or word.endswith("=") for word in listens)


def test_a_data_source_is_provisioned_of_the_kind_that_the_dashboards_choose_from():
    sources = yaml.safe_load((ROOT / "infra/grafana/datasources/prometheus.yaml").read_text())["datasources"]
    for path in (ROOT / "monitoring" / "grafana").glob("*.json"):
        variables = json.loads(path.read_text())["templating"]["list"]
        wanted = {variable["query"] for variable in variables if variable["type"] == "datasource"}
        assert wanted == {source["type"] for source in sources}, path.name


def test_the_script_gives_every_value_that_is_asked_for_and_keeps_what_stands(tmp_path):
    (tmp_path / "infra").mkdir()
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    subprocess.run(
        ["git", "-C", tmp_path, *identity, "commit", "--quiet", "--allow-empty", "--message", "first"], check=True
    )
    script = shutil.copy(ROOT / "infra" / "make-env.sh", tmp_path / "infra")
    subprocess.run([script], check=True, capture_output=True)
    first = (tmp_path / "infra" / ".env").read_text()
    given = dict(line.split("=", 1) for line in first.splitlines())
    asked = set(re.findall(r"\$\{(\w+)(?::\?[^}]*)?\}", (ROOT / "infra" / "compose.yaml").read_text()))
    assert asked <= set(given)
    assert len(set(given.values())) == len(given)
    subprocess.run([script], check=True, capture_output=True)
    assert (tmp_path / "infra" / ".env").read_text() == first
    assert (tmp_path / "infra" / ".env").stat().st_mode & 0o077 == 0


def test_containers_can_change_nothing_but_their_volumes():
    for name, service in SERVICES.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert re.search(r"[a-z]:[\w$]", service["image"]), name
        assert "latest" not in service["image"], name
