"""What the factory left, as Prometheus sees it."""

import json
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from storywright.watch.exposition import Watched

DRIFT = {"scores": {"brightness": 0.2}, "limits": {"brightness": 0.6}, "num_reference": 400, "num_current": 60}


def exposed(home: Path) -> str:
    registry = CollectorRegistry()
    registry.register(Watched(home))
    return generate_latest(registry).decode()


def leave(home: Path, name: str, content: str) -> None:
    (home / name).parent.mkdir(parents=True, exist_ok=True)
    (home / name).write_text(content)


def test_before_any_run_there_is_nothing_to_see(tmp_path: Path) -> None:
    assert not [line for line in exposed(tmp_path).splitlines() if not line.startswith("#")]


def test_drift_and_the_moment_it_was_measured_are_shown_and_follow_the_file(tmp_path: Path) -> None:
    leave(tmp_path, "watch/drift.json", json.dumps(DRIFT))
    text = exposed(tmp_path)
    assert 'storywright_drift_score{column="brightness"} 0.2' in text
    assert 'storywright_drift_limit{column="brightness"} 0.6' in text
    assert 'storywright_drift_panels{side="current"} 60.0' in text
    assert 'storywright_step_last_success_timestamp_seconds{step="monitor"}' in text
    leave(tmp_path, "watch/drift.json", json.dumps(DRIFT | {"scores": {"brightness": 0.9}}))
    assert 'storywright_drift_score{column="brightness"} 0.9' in exposed(tmp_path)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"scores": {"brightness": "dark"}}', '{"scores": {"brightness": 1}}', "\x00"]
)
def test_numbers_that_cannot_be_read_are_told_and_never_half_shown(tmp_path: Path, content: str) -> None:
    leave(tmp_path, "watch/drift.json", content)
    text = exposed(tmp_path)
    assert "storywright_drift_readable 0.0" in text
    assert "storywright_drift_score{" not in text


def test_the_newest_set_of_preferences_is_counted(tmp_path: Path) -> None:
    leave(tmp_path, "watch/feedback.json", '{"num_pairs": 12}')
    assert "storywright_feedback_pairs 12.0" in exposed(tmp_path)
