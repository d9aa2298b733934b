"""From Alertmanager's webhook to a retraining: when one is started, when not, and what a sender is told."""

import contextlib
import hashlib
import hmac
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from storywright.errors import BadInput
from storywright.watch import receiver, starting

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-of-some-length"
DAY = 24 * 3600


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def alert(fingerprint: str = "f1", since: str = "2026-11-20T10:00:00Z", **changes: Any) -> dict[str, Any]:
    labels = {"alertname": "StorywrightDrift", "column": "brightness", "retrain": "yes", "severity": "ticket"}
    alert = {"status": "firing", "labels": labels, "annotations": {"summary": "Brightness has drifted."}}
    return alert | {"startsAt": since, "endsAt": "0001-01-01T00:00:00Z", "fingerprint": fingerprint} | changes


def message(*alerts: dict[str, Any]) -> bytes:
    return json.dumps({"version": "4", "status": "firing", "receiver": "retraining", "alerts": list(alerts)}).encode()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hears(tmp_path: Path, cluster, clock: Clock) -> Callable[..., receiver.Receiver]:
    def made(**changes: Any) -> receiver.Receiver:
        config = receiver.Config(memory=tmp_path / "alerts.json", cool_down_seconds=DAY, **changes)
        return receiver.Receiver(config, starting.Kubeflow(host=cluster.host), clock)

    return made


def test_an_alert_starts_the_newest_version_of_the_pipeline_and_says_where_it_is(hears, cluster) -> None:
    answer = hears().alerts({}, message(alert()))
    assert answer.status == 202
    assert answer.said == (f"StorywrightDrift brightness: a retraining was started, {cluster.host}/#/runs/details/r-0.")
    (run,) = cluster.runs
    assert run["pipeline_version_reference"] == {"pipeline_id": "p-retraining-full", "pipeline_version_id": "v-new"}
    assert run["experiment_id"] == "e-0"
    assert cluster.experiments[0]["display_name"] == "storywright"
    assert run["description"] == "Alertmanager: StorywrightDrift brightness"


def test_the_message_that_the_documentation_sends_starts_one_too(hears, cluster) -> None:
    assert hears().alerts({}, Path(__file__).with_name("alert.json").read_bytes()).status == 202
    assert len(cluster.runs) == 1


@pytest.mark.parametrize(
    "given",
    [alert(status="resolved"), alert(labels={"alertname": "StorywrightDown", "severity": "page"}), None],
)
def test_what_is_resolved_or_does_not_ask_starts_nothing(hears, cluster, given) -> None:
    answer = hears().alerts({}, message(*([given] if given else [])))
    assert (answer.status, cluster.runs) == (200, [])
    assert "Nothing to do" in answer.said


def test_an_alert_that_is_repeated_starts_nothing_more_and_a_new_outbreak_of_it_does(hears, cluster, clock) -> None:
    hears().alerts({}, message(alert()))
    ended(cluster)
    clock.now += 2 * DAY
    assert "led to a retraining before" in hears().alerts({}, message(alert())).said, "a restart forgets nothing"
    assert hears().alerts({}, message(alert(since="2026-11-22T10:00:00Z"))).status == 202
    assert len(cluster.runs) == 2


def test_within_the_cool_down_an_alert_waits_and_is_taken_when_it_comes_again(hears, cluster, clock) -> None:
    heard = hears()
    heard.alerts({}, message(alert()))
    ended(cluster)
    clock.now += DAY / 2
    waits = heard.alerts({}, message(alert("f2")))
    assert (waits.status, len(cluster.runs)) == (200, 1)
    assert "the cool-down lasts 12.0 h more" in waits.said
    clock.now += DAY
    assert heard.alerts({}, message(alert("f2"))).status == 202


def test_beside_a_retraining_that_the_timetable_started_none_is_started(hears, cluster) -> None:
    cluster.experiments.append({"experiment_id": "e-0", "display_name": "storywright"})
    cluster.runs.append({"experiment_id": "e-0", "display_name": "retraining 2026-11-16 03:00", "state": "RUNNING"})
    answer = hears().alerts({}, message(alert()))
    assert (answer.status, len(cluster.runs)) == (200, 1)
    assert "the run 'retraining 2026-11-16 03:00' is at work" in answer.said
    ended(cluster)
    assert hears().alerts({}, message(alert())).status == 202


def test_many_alerts_at_once_from_many_senders_start_one(hears, cluster) -> None:
    heard = hears()
    senders = [
        threading.Thread(target=heard.alerts, args=({}, message(alert(f"f{n}"), alert(f"g{n}")))) for n in range(8)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(cluster.runs) == 1


def test_what_could_not_be_started_is_said_as_an_error_and_tried_again(hears, cluster, monkeypatch) -> None:
    heard = hears()
    cluster.breaks = True
    refused = heard.alerts({}, message(alert()))
    assert refused.status == 503, "Alertmanager sends again what is answered with 5xx"
    assert "answers 500" in refused.said
    cluster.breaks = False
    cluster.wanted_token = "sesame"
    assert "give a token in KFP_TOKEN" in heard.alerts({}, message(alert())).said
    monkeypatch.setenv("KFP_TOKEN", "sesame")
    assert heard.alerts({}, message(alert())).status == 202


def test_a_pipeline_that_nobody_uploaded_and_an_address_where_nobody_is_are_named(tmp_path, cluster) -> None:
    del cluster.pipelines["retraining-full"]
    config = receiver.Config(memory=tmp_path / "alerts.json")
    missing = receiver.Receiver(config, starting.Kubeflow(host=cluster.host)).alerts({}, message(alert()))
    assert "upload it from pipelines/compiled" in missing.said
    away = receiver.Receiver(config, starting.Kubeflow(host="http://127.0.0.1:9")).alerts({}, message(alert()))
    assert "check --kfp-host" in away.said


def test_who_does_not_know_the_token_is_refused_and_a_signature_is_as_good(hears, cluster) -> None:
    heard, body = hears(token=TOKEN), message(alert())
    signature = "sha256=" + hmac.new(TOKEN.encode(), body, hashlib.sha256).hexdigest()
    for headers in ({}, {"Authorization": "Bearer nobody"}, {receiver.SIGNATURE: signature[:-1] + "x"}):
        assert heard.alerts(headers, body).status == 401
        assert heard.notices(headers, body).status == 401
    assert heard.alerts({receiver.SIGNATURE: signature}, body + b" ").status == 401, "a changed body"
    assert not cluster.runs
    assert heard.alerts({receiver.SIGNATURE: signature}, body).status == 202
    assert heard.alerts({"Authorization": f"Bearer {TOKEN}"}, body).status == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"version": "4"}', b'{"version": "4", "alerts": [{"status": "firing"}]}',
     b'{"version": "4", "alerts": [7]}', message(alert(labels="x")), message(alert(fingerprint=7))],
)  # fmt: skip
def test_what_is_no_message_of_alertmanager_is_refused_with_what_it_needs(hears, cluster, body) -> None:
    answer = hears().alerts({}, body)
    assert (answer.status, cluster.runs) == (400, [])
    assert "it needs `version` and `alerts`" in answer.said


def test_another_version_of_the_message_is_named(hears) -> None:
    assert "has version '5'" in hears().alerts({}, b'{"version": "5", "alerts": []}').said


def test_settings_that_cannot_be_meant_are_refused(tmp_path) -> None:
    with pytest.raises(BadInput, match="has 5 characters: give it 16 or more"):
        receiver.Config(memory=tmp_path / "m", token="short")
    with pytest.raises(BadInput, match="asks nobody for a token"):
        receiver.serve(None, "0.0.0.0", 0)
    (tmp_path / "m").write_text("[]")
    with pytest.raises(BadInput, match="remove it"):
        receiver.Receiver(receiver.Config(memory=tmp_path / "m"), starting.Kubeflow(host="http://127.0.0.1:9"))


def test_a_program_is_started_once_at_a_time_and_outlives_whoever_started_it(tmp_path) -> None:
    ends = tmp_path / "end"
    waits = (
        f"import pathlib, time\nwhile not pathlib.Path({str(ends)!r}).exists(): time.sleep(0.02)\nprint('retrained')"
    )
    program = starting.Program([sys.executable, "-c", waits], tmp_path)
    assert program.at_work() == ""
    said = program.start("an alert")
    assert starting.Program([], tmp_path).at_work() == said.split(",")[0], "another receiver sees it too"
    with pytest.raises(starting.NotStartedError, match="at the same moment"):
        program.start("another alert")
    ends.touch()
    wait_until(lambda: not program.at_work())
    (log,) = tmp_path.glob("*.log")
    assert log.read_text() == "an alert\nretrained\n"


def test_a_program_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(starting.NotStartedError, match="`no-such-program` cannot be started"):
        starting.Program(["no-such-program"], tmp_path).start("an alert")
    assert starting.Program([], tmp_path).at_work() == ""


def test_elsewhere_than_in_the_project_the_command_says_what_is_missing(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "storywright", "receive"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "run this in the project's folder" in done.stderr


@pytest.fixture
def command(tmp_path: Path, cluster) -> Iterator[str]:
    """`storywright receive` as a process, for this cluster; its address."""
    environment = os.environ | {"STORYWRIGHT_ALERTS_TOKEN": TOKEN, "STORYWRIGHT_HOME": str(tmp_path / "home")}
    process = subprocess.Popen(
        [sys.executable, "-m", "storywright", "receive", "--port", "0", "--kfp-host", cluster.host],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout
    yield process.stdout.readline().split()[4]
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0, "it ends when it is told to"


def test_the_command_listens_refuses_and_ends_when_told_to(command: str) -> None:
    assert asked(command.replace("/alerts", "/healthz")) == (
        200, {"last_started": None, "reason": "", "place": ""},
    )  # fmt: skip
    assert asked(command, message(alert()))[0] == 401
    assert asked(command.replace("/alerts", "/elsewhere"), b"{}")[0] == 404
    assert announced(command, (1 << 20) + 1) == 413
    assert asked(command, message(alert()), Authorization=f"Bearer {TOKEN}")[0] == 202


@pytest.mark.slow
@pytest.mark.system("prometheus", "prometheus-alertmanager")
def test_drift_that_prometheus_sees_starts_one_retraining_through_alertmanager(
    command: str, cluster, tmp_path: Path
) -> None:
    """The project's own rules and routes; only the times in them are shortened, and the addresses are this test's."""
    drifted = 'storywright_drift_score{column="brightness"} 0.9\nstorywright_drift_limit{column="brightness"} 0.6\n'
    with exporter(drifted) as metrics:
        watch(tmp_path, metrics, command, cluster)


def watch(folder: Path, metrics: str, command: str, cluster) -> None:
    alerting, prometheus = free_port(), free_port()
    (folder / "token").write_text(TOKEN)
    rules = yaml.safe_load((ROOT / "monitoring/prometheus/rules/alerts.yml").read_text())
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        rule["for"] = "1s"
    for group in rules["groups"]:
        group["interval"] = "1s"
    recording = yaml.safe_load((ROOT / "monitoring/prometheus/rules/recording.yml").read_text())
    for group in recording["groups"]:
        group["interval"] = "1s"
    routes = yaml.safe_load((ROOT / "monitoring/alertmanager/alertmanager.yml").read_text())
    routes["route"] |= {"group_wait": "1s", "group_interval": "2s", "repeat_interval": "3s"}
    for hook in [hook for one in routes["receivers"] for hook in one.get("webhook_configs", [])]:
        hook["url"] = command if hook["url"].endswith("/alerts") else command.replace("/alerts", "/notices")
        hook["http_config"] = {"authorization": {"credentials_file": str(folder / "token")}}
    settings = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["alerts.yml", "recording.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alerting}"]}]}]},
        "scrape_configs": [{"job_name": "storywright", "static_configs": [{"targets": [metrics]}]}],
    }
    for name, value in (("alerts", rules), ("recording", recording), ("prometheus", settings), ("routes", routes)):
        (folder / f"{name}.yml").write_text(yaml.safe_dump(value))
    with (
        running(
            "prometheus-alertmanager", f"--config.file={folder}/routes.yml", f"--storage.path={folder}/alertmanager",
            f"--web.listen-address=127.0.0.1:{alerting}", "--cluster.listen-address=",
        ),
        running(
            "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/prometheus",
            f"--web.listen-address=127.0.0.1:{prometheus}",
        ),
    ):  # fmt: skip
        wait_until(lambda: cluster.runs, seconds=60)
        time.sleep(8)  # in which Alertmanager says it again
    (run,) = cluster.runs
    assert run["description"].startswith("Alertmanager: StorywrightDrift")


def ended(cluster) -> None:
    for run in cluster.runs:
        run["state"] = "SUCCEEDED"


def asked(address: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def announced(address: str, length: int) -> int:
    """What is said to a body of this length before any of it is sent."""
    place = urllib.parse.urlsplit(address)
    connection = http.client.HTTPConnection(place.netloc, timeout=10)
    connection.putrequest("POST", place.path)
    connection.putheader("Content-Length", str(length))
    connection.endheaders()
    with contextlib.closing(connection):
        return connection.getresponse().status


@contextlib.contextmanager
def running(*words: str) -> Iterator[None]:
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
        assert process.poll() is None, f"{words[0]} ended by itself"
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextlib.contextmanager
def exporter(text: str) -> Iterator[str]:
    """A place on loopback that Prometheus scrapes."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def wait_until(true: Callable[[], Any], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
