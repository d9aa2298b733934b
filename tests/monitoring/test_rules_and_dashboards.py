"""The rules with Prometheus' own tools, and every query of rules and dashboards against a Prometheus that runs."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "monitoring"
RULES = MONITORING / "prometheus"
OURS = re.compile(r"\bstorywright_\w+|\bprocess_\w+|\bhttp_server_\w+")
RECORDED = re.compile(r"\bstorywright:[\w:]+")


@pytest.mark.system("promtool")
def test_the_configuration_and_its_rules_are_what_prometheus_reads() -> None:
    run("promtool", "check", "config", str(RULES / "prometheus.yml"))


@pytest.mark.system("promtool")
def test_every_alert_fires_and_stays_silent_as_written() -> None:
    run("promtool", "test", "rules", str(RULES / "alerts_test.yml"))


@pytest.mark.system("amtool")
def test_alertmanager_reads_its_configuration() -> None:
    run("amtool", "check-config", str(MONITORING / "alertmanager" / "alertmanager.yml"))


@pytest.mark.system("amtool")
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (["alertname=StorywrightDrift", "severity=ticket", "retrain=yes"], "retraining,operators"),
        (["alertname=StorywrightDown", "severity=page"], "operators"),
    ],
)
def test_an_alert_reaches_whom_it_concerns(labels: list[str], receivers: str) -> None:
    config = str(MONITORING / "alertmanager" / "alertmanager.yml")
    assert run("amtool", "config", "routes", "test", f"--config.file={config}", *labels).strip() == receivers


def test_every_alert_has_a_case_that_fires_and_one_that_is_silent() -> None:
    cases = [case for test in read("alerts_test.yml")["tests"] for case in test.get("alert_rule_test", [])]
    for alert in alerts():
        ends = {bool(case["exp_alerts"]) for case in cases if case["alertname"] == alert["alert"]}
        assert ends == {True, False}, alert["alert"]


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    for alert in alerts():
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert alert["annotations"]["summary"]
        assert alert["annotations"]["action"]


def test_every_alert_has_a_page_that_says_what_to_look_at_and_what_to_do() -> None:
    pages = {path.stem for path in (MONITORING / "runbooks").glob("*.md")}
    assert pages == {alert["alert"] for alert in alerts()}
    for alert in alerts():
        assert alert["annotations"]["runbook"] == f"monitoring/runbooks/{alert['alert']}.md"
        text = (ROOT / alert["annotations"]["runbook"]).read_text(encoding="utf-8")
        parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
        assert parts[0].strip() == f"# {alert['alert']}"
        assert parts[1::2] == ["What it means", "Look", "Put it right", "Afterwards"]
        assert all(len(part.strip()) > 40 for part in parts[2::2]), alert["alert"]


def test_pages_name_only_metrics_and_pages_that_there_are() -> None:
    known = {metric for expression in expressions() for metric in OURS.findall(expression)}
    known |= {"storywright_drawing_stage_seconds"}
    for path in (MONITORING / "runbooks").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert set(OURS.findall(text)) <= known, path.name
        for linked in re.findall(r"\]\((\w+\.md)\)", text):
            assert (path.parent / linked).is_file(), f"{path.name} → {linked}"


@pytest.mark.slow
@pytest.mark.system("prometheus")
def test_every_query_of_rules_and_dashboards_has_an_answer_of_a_live_prometheus(prometheus) -> None:
    recorded = {rule["record"] for rule in rules("recording.yml")}
    wanted = {metric for expression in expressions() for metric in OURS.findall(expression)}
    shown = {target for path in sorted((MONITORING / "grafana").glob("*.json")) for target in queries(path)}
    end = time.monotonic() + 120
    while missing := sorted(wanted - prometheus.names()) or sorted(q for q in shown if not prometheus.ask(q)):
        assert time.monotonic() < end, missing
        time.sleep(0.5)
    for expression in expressions():
        assert set(RECORDED.findall(expression)) <= recorded, expression
    for rule in [*rules("recording.yml"), *rules("alerts.yml")]:
        prometheus.ask(rule["expr"])


def test_the_dashboards_are_what_their_program_makes() -> None:
    run(sys.executable, str(MONITORING / "grafana" / "dashboards.py"), "--check")


def test_every_panel_asks_the_chosen_prometheus_and_stands_in_its_own_place() -> None:
    assert len(list((MONITORING / "grafana").glob("*.json"))) == 5
    for path in sorted((MONITORING / "grafana").glob("*.json")):
        places = set()
        for panel in panels(path):
            place = panel["gridPos"]
            assert (place["x"], place["y"]) not in places, f"{path.name}: {panel['title']}"
            places.add((place["x"], place["y"]))
            for target in panel.get("targets", []):
                assert target["datasource"]["uid"] == "${source}"


def expressions() -> list[str]:
    """Every PromQL expression there is."""
    found = [rule["expr"] for name in ("recording.yml", "alerts.yml") for rule in rules(name)]
    for path in (MONITORING / "grafana").glob("*.json"):
        found += [target["expr"] for panel in panels(path) for target in panel.get("targets", [])]
    assert len(found) > 30
    return found


def queries(path: Path) -> list[str]:
    """The queries of a dashboard, its variables as they usually are."""
    made = json.loads(path.read_text(encoding="utf-8"))
    usual = {one["name"]: one.get("query", "") for one in made["templating"]["list"] if one["type"] == "textbox"}
    found = [target["expr"] for panel in made["panels"] for target in panel.get("targets", [])]
    return [re.sub(r"\$(\w+)", lambda name: usual[name[1]], query) for query in found]


def panels(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["panels"]


def alerts() -> list[dict]:
    return rules("alerts.yml")


def rules(name: str) -> list[dict]:
    return [rule for group in read(f"rules/{name}")["groups"] for rule in group["rules"]]


def read(name: str) -> dict:
    return yaml.safe_load((RULES / name).read_text(encoding="utf-8"))


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
