"""The rules with Prometheus' own tools, and every metric they use in a scrape of the real server."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "monitoring"
RULES = MONITORING / "prometheus"
OURS = re.compile(r"\bstorywright_\w+|\bprocess_\w+")
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
    cases = [case for test in read("alerts_test.yml")["tests"] for case in test["alert_rule_test"]]
    for alert in alerts():
        ends = {bool(case["exp_alerts"]) for case in cases if case["alertname"] == alert["alert"]}
        assert ends == {True, False}, alert["alert"]


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    for alert in alerts():
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert alert["annotations"]["summary"]
        assert alert["annotations"]["action"]


def test_every_metric_of_rules_and_dashboards_is_in_a_live_scrape(scraped: str) -> None:
    exposed = {line.split("{")[0].split(" ")[0] for line in scraped.splitlines() if not line.startswith("#")}
    recorded = {rule["record"] for rule in rules("recording.yml")}
    for expression in expressions():
        assert set(OURS.findall(expression)) <= exposed, expression
        assert set(RECORDED.findall(expression)) <= recorded, expression


def test_the_dashboards_are_what_their_program_makes() -> None:
    run(sys.executable, str(MONITORING / "grafana" / "dashboards.py"), "--check")


def test_every_panel_asks_the_chosen_prometheus_and_stands_in_its_own_place() -> None:
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
