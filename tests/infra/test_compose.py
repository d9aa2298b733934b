"""The services of one host fit each other: ports, volumes, health checks, passwords, what waits for what."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "infra" / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "STORYWRIGHT_TAG" in service["image"]]


def words(service: dict) -> str:
    return " ".join(service["command"])


def port_of(name: str) -> str:
    return re.search(r"--port[= ](\d+)", words(SERVICES[name]))[1]


def test_every_volume_and_every_file_with_a_password_is_declared_and_used():
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert {name for name in used if not name.startswith(".")} == set(COMPOSE["volumes"])
    mounted = {one["source"] for service in SERVICES.values() for one in service.get("configs", [])}
    assert mounted == set(COMPOSE["configs"])


def says_its_health(name: str) -> bool:
    """By compose.yaml, or by its image."""
    if "healthcheck" in SERVICES[name]:
        return bool(SERVICES[name]["healthcheck"].get("test"))
    image = re.search(r"-}(\w+):", SERVICES[name]["image"])[1]
    files = (ROOT / "components/images/Dockerfile").read_text() + (ROOT / "mlflow/Dockerfile").read_text()
    stage = re.split(r"^FROM ", files.split(f" AS {image}\n", 1)[1], flags=re.MULTILINE)[0]
    return bool(re.search(r"^HEALTHCHECK --", stage, flags=re.MULTILINE))


def test_what_is_waited_for_to_be_well_says_how_it_is():
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES, name
            if how["condition"] == "service_healthy":
                assert says_its_health(other), f"{name} waits for {other}"
            if how["condition"] == "service_completed_successfully":
                assert SERVICES[other]["restart"] == "on-failure", f"{other} would never be over"


def test_each_of_our_services_is_built_and_asked_for_its_health_where_it_listens():
    sys_images = (ROOT / "components/images/Dockerfile").read_text() + (ROOT / "mlflow/Dockerfile").read_text()
    assert set(OURS) == {"server", "worker", "receiver", "probe", "registry-hook", "mlflow"}
    checked = {"server": "8000", "mlflow": "5000"}  # by the image itself
    for name, port in checked.items():
        assert f"http://127.0.0.1:{port}/" in sys_images
        assert port_of(name) == port
    assert f"http://127.0.0.1:{port_of('worker')}/readyz" in SERVICES["worker"]["healthcheck"]["test"]
    assert f"http://127.0.0.1:{port_of('probe')}/metrics" in SERVICES["probe"]["healthcheck"]["test"]
    for name in OURS:
        image = re.search(r"-}(\w+):", SERVICES[name]["image"])[1]
        assert f"AS {image}\n" in sys_images
        assert SERVICES[name]["user"] == "10001:10001"
    listening = [name for name in OURS if "--port" in words(SERVICES[name])]
    assert len({port_of(name) for name in listening}) == len(listening) == len(OURS) - 1


def test_every_variable_is_written_by_the_script_or_may_be_left_out():
    text = (ROOT / "infra/compose.yaml").read_text()
    script = (ROOT / "infra/make-env.sh").read_text()
    asked = set(re.findall(r"\$\{(\w+):\?", text))
    assert {"API_KEY", "PROBE_KEY", "REGISTRY_SECRET"} <= asked
    assert {name for name in asked if not re.search(rf"\b{name}\b", script)} == set()
    plain = set(re.findall(r"\$\{(\w+)\}", text))
    assert plain <= asked, "a password that is named without `:?` is asked for elsewhere"


def test_services_are_told_what_the_program_reads_and_nothing_that_it_does_not_know():
    """What the server, the probe and the receiver read is a variable in the sources; so is each that they are given."""
    sources = "".join(path.read_text() for path in (ROOT / "src/storywright").rglob("*.py"))
    identity = {f"STORYWRIGHT_{name}" for name in re.findall(r'"((?:OIDC|PUBLIC)_\w+)"', sources)}
    known = set(re.findall(r'"(STORYWRIGHT_\w+)"', sources)) | identity
    for name in OURS:
        given = {one for one in SERVICES[name].get("environment", {}) if one.startswith("STORYWRIGHT_")}
        assert given <= known, name
    wanted = {"STORYWRIGHT_API_KEY", "STORYWRIGHT_PROBE_KEY", "STORYWRIGHT_REGISTRY_SECRET", "STORYWRIGHT_ROLLOUT"}
    assert wanted | {"STORYWRIGHT_RATE_LIMITS"} | identity <= set(SERVICES["server"]["environment"])


def test_mlflow_tells_the_server_of_aliases_with_the_secret_that_the_server_knows():
    hook, server, mlflow = (SERVICES[name] for name in ("registry-hook", "server", "mlflow"))
    assert hook["command"][1:3] == ["models", "hook"]
    assert hook["command"][3] == f"http://127.0.0.1:{port_of('server')}"
    secret = "STORYWRIGHT_REGISTRY_SECRET"
    assert hook["environment"][secret] == server["environment"][secret]
    assert mlflow["environment"]["MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS"] == "true"
    assert "http" in mlflow["environment"]["MLFLOW_WEBHOOK_ALLOWED_SCHEMES"].split(",")


def test_the_probe_tries_the_server_with_a_key_that_the_server_knows_and_is_not_the_operators():
    probe, server = SERVICES["probe"], SERVICES["server"]
    assert f"http://127.0.0.1:{port_of('server')}" in probe["command"]
    key = probe["environment"]["STORYWRIGHT_PROBE_KEY"]
    assert key == server["environment"]["STORYWRIGHT_PROBE_KEY"] != server["environment"]["STORYWRIGHT_API_KEY"]
    assert not {"STORYWRIGHT_API_KEY", "STORYWRIGHT_DATABASE_URL"} & set(probe["environment"])


def test_prometheus_asks_the_servers_and_alertmanager_tells_the_receiver_where_they_listen():
    jobs = yaml.safe_load((ROOT / "infra/prometheus/prometheus.yml").read_text())["scrape_configs"]
    targets = {target for job in jobs for one in job["static_configs"] for target in one["targets"]}
    assert {f"127.0.0.1:{port_of(name)}" for name in ("server", "worker", "probe")} <= targets
    told = yaml.safe_load((ROOT / "monitoring/alertmanager/alertmanager.yml").read_text())["receivers"]
    urls = [hook["url"] for one in told for hook in one.get("webhook_configs", [])]
    assert urls
    assert all(url.startswith(f"http://127.0.0.1:{port_of('receiver')}/") for url in urls)


def test_every_port_and_every_way_in_is_in_the_readme():
    page = (ROOT / "infra/README.md").read_text()
    listening = re.findall(
        r"(?:127\.0\.0\.1:|--port[= ]|GF_SERVER_HTTP_PORT: '|port=)(\d{4})\b", yaml.safe_dump(SERVICES)
    )
    listening += [port_of(name) for name in OURS if "--port" in words(SERVICES[name])]
    assert {"8000", "5000", "3000", "9090"} <= set(listening)
    for port in listening:
        assert f"127.0.0.1:{port}" in page, port


@pytest.mark.parametrize("there", [True, False])
def test_an_image_that_is_missing_is_named_before_anything_starts(tmp_path, there):
    (tmp_path / "infra").mkdir()
    script = tmp_path / "infra/make-env.sh"
    script.write_text((ROOT / "infra/make-env.sh").read_text())
    script.chmod(0o755)
    client = tmp_path / "docker"
    client.write_text(f'#!/bin/sh\n[ "$1" = info ] || {"true" if there else "false"}\n')
    client.chmod(0o755)
    (tmp_path / "infra/.env").write_text("STORYWRIGHT_TAG=c0ffee\n")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    commit = [
        "git",
        "-c",
        "user.name=n",
        "-c",
        "user.email=n@example.org",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "1",
    ]
    subprocess.run(commit, cwd=tmp_path, check=True)

    def run() -> subprocess.CompletedProcess[str]:
        variables = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        return subprocess.run([script], env=variables, check=False, capture_output=True, text=True)

    done = run()
    if there:
        assert (done.returncode, done.stderr) == (0, "")
        return
    assert done.returncode == 2
    assert re.search(
        r"no image storywright-serve:c0ffee: run `make images` .*STORYWRIGHT_TAG in infra/\.env", done.stderr
    )
    with (tmp_path / "infra/.env").open("a") as file:
        file.write("STORYWRIGHT_REGISTRY=registry.example.org/storywright/\n")
    assert run().returncode == 0, "a registry is asked when the services start"
