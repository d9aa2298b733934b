"""What lies around a server, as Prometheus sees it."""

import json
import os
import re
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from prometheus_client import CollectorRegistry, generate_latest

from storywright.board import Brief, Product
from storywright.settings import Settings
from storywright.watch import boards, comparing, database, exposition, feedback, opinions
from storywright.watch.boards import Made
from storywright.watch.comparing import Pair
from storywright.watch.feedback import Feedback
from storywright.watch.looking import Look

DRIFT = {
    "scores": {"brightness": 0.2},
    "limits": {"brightness": 0.6},
    "rows": {"panels": {"reference": 400, "current": 60}},
}
DAY_MS = 86_400_000


def exposed(home: Path) -> str:
    registry = CollectorRegistry()
    registry.register(exposition.Left(home))
    return generate_latest(registry).decode()


def around(jobs: Callable[[], dict[tuple[str, str], int]] = dict) -> str:
    at, registry = Settings.from_environment(), CollectorRegistry()
    engine = database.engine(at.database_url)
    watcher = exposition.watch(registry, at, engine, jobs)
    end = time.monotonic() + 60
    while (text := generate_latest(registry).decode()) and "\nstorywright_feedback_waiting " not in text:
        if 'source="database"} 0.0' in text or time.monotonic() > end:
            break
        time.sleep(0.05)
    assert watcher.num_open("boards") >= 0
    return text


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
    assert 'storywright_drift_rows{side="current",what="panels"} 60.0' in text
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


@pytest.mark.parametrize("said", ["{}", "nonsense", '{"folder": "../elsewhere"}', '{"folder": "models/gone"}'])
def test_a_deployment_whose_files_are_gone_is_told_by_a_number(tmp_path: Path, said: str) -> None:
    leave(tmp_path, "deployment.json", said)
    assert "storywright_deployment_whole 0.0" in exposed(tmp_path)


def test_a_database_that_went_away_is_told_by_a_number_and_the_scrape_goes_on(own_environment: None) -> None:
    at = Settings.from_environment()
    engine = database.engine(at.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE feedback")

    def jobs() -> dict[tuple[str, str], int]:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT * FROM jobs")
        return {}

    text = around(jobs)
    assert 'storywright_source_up{source="database"} 0.0' in text
    assert "storywright_jobs_open{" not in text
    assert "storywright_drawing_cpu_seconds_total" in text


def test_the_newest_blind_comparison_is_told_with_its_interval_once_somebody_answered(own_environment: None) -> None:
    at = Settings.from_environment()
    old, new = (Image.new("RGB", (4, 4), colour) for colour in ("navy", "orange"))
    pairs = [(Pair(f"words {number}", "", ""), old, new) for number in range(4)]
    found = comparing.begin(at.home, "1", "2", pairs, repeats=0)
    assert "storywright_comparison_win_rate{" not in around(dict)
    engine = database.engine(at.database_url)
    for user in ("mia", "tom", "eva"):
        for number in range(4):
            side = comparing.turn_of(found, user, number).challenger
            comparing.answer(engine, found, user, number, side)
    end = time.monotonic() + 60
    while "\nstorywright_comparison_people " not in (text := around(dict)):
        assert time.monotonic() < end, text
    told = re.findall(r'^storywright_comparison_win_rate\{bound="(\w+)"\} ([\d.]+)$', text, re.MULTILINE)
    rate = {bound: float(value) for bound, value in told}
    assert 0.5 < rate["low"] <= rate["rate"] + 1e-9 <= rate["high"] + 2e-9 < 1.1
    assert "storywright_comparison_answers 12.0" in text
    assert "storywright_comparison_people 3.0" in text
    assert 'storywright_source_up{source="comparison"} 1.0' in text


def test_open_jobs_are_counted_by_kind_and_state(own_environment: None) -> None:
    text = around(lambda: {("boards", "waiting"): 3})
    assert 'storywright_jobs_open{kind="boards",state="waiting"} 3.0' in text
    assert 'storywright_jobs_open{kind="video",state="working"} 0.0' in text
    assert 'storywright_source_up{source="database"} 1.0' in text


def test_a_tracking_server_that_is_away_is_told_by_a_number(
    own_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    at, registry = Settings.from_environment(), CollectorRegistry()
    exposition.watch(registry, at, database.engine(at.database_url), dict)
    end = time.monotonic() + 120
    while 'storywright_source_up{source="mlflow"} 0.0' not in generate_latest(registry).decode():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_people_have_one_voice_each_and_what_was_not_learned_from_is_counted(own_environment: None) -> None:
    engine = database.engine(Settings.from_environment().database_url)
    now = database.now_ms()
    note(engine, [("a", "1"), ("b", "1"), ("c", "2"), ("d", "")])
    say(engine, "one likes a", "a", "5", "one", now - 1_000)
    say(engine, "one dislikes b", "b", "2", "one", now - 2_000)
    for number in range(20):
        say(engine, f"two repeats {number}", "c", "1", "two", now - 3_000)
    say(engine, "long ago", "d", "4", "three", now - 20 * DAY_MS)
    found = opinions.read(engine, now)
    assert found.by_window["week"] == opinions.Opinion(win_rate=0.25, num_boards=3, num_people=2)
    assert found.by_window["month"].win_rate == pytest.approx((0.5 + 0 + 1) / 3)
    assert {version: one.win_rate for version, one in found.by_version.items()} == {"2": 0.0, "1": 0.5, "embedded": 1.0}
    assert (found.num_waiting, found.oldest_waiting_ms) == (23, now - 20 * DAY_MS)
    feedback.take(engine)
    assert opinions.read(engine, now).num_waiting == 0


def test_the_win_rate_and_the_lag_of_feedback_are_shown(own_environment: None) -> None:
    engine = database.engine(Settings.from_environment().database_url)
    note(engine, [("a", "7")])
    say(engine, "k", "a", "5", "one", database.now_ms() - 3_600_000)
    text = around()
    assert 'storywright_feedback_win_rate{window="week"} 1.0' in text
    assert 'storywright_feedback_version_win_rate{version="7"} 1.0' in text
    lag = text.partition("\nstorywright_feedback_lag_seconds ")[2].split()[0]
    assert 3_600 <= float(lag) < 4_200


def test_a_look_that_hangs_keeps_nobody_waiting_and_counts_as_away() -> None:
    go_on = threading.Event()
    look = Look("It", go_on.wait, every_seconds=0, patience_seconds=0.01, overdue_seconds=0.02)
    end = time.monotonic() + 30
    while look.newest().answered:
        assert time.monotonic() < end
    assert sum(one.name == "look at It" for one in threading.enumerate()) == 1
    go_on.set()
    while not (seen := look.newest()).answered:
        assert time.monotonic() < end
    assert seen.value is True


def test_gpus_are_read_from_the_driver_and_what_it_does_not_know_is_left_out(
    own_environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho '0, 93, 2048, 81559, 61, 402.11'\necho '1, 0, 1, 81559, [N/A], [N/A]'\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    text = around()
    assert 'storywright_gpu_utilization_ratio{gpu="0"} 0.93' in text
    assert f'storywright_gpu_memory_used_bytes{{gpu="1"}} {2**20:.1f}' in text.replace("1.048576e+06", "1048576.0")
    assert 'storywright_gpu_temperature_celsius{gpu="1"}' not in text
    program.write_text("#!/bin/sh\necho 'Failed to initialize NVML: Driver/library version mismatch'\nexit 18\n")
    assert 'storywright_source_up{source="gpu"} 0.0' in around()


def test_processes_that_draw_are_measured_and_others_are_not() -> None:
    registry = CollectorRegistry()
    registry.register(exposition.Drawing())
    words = [sys.executable, "-c", "input()"]
    with subprocess.Popen([*words, "storywright.server.drawing.process"], stdin=subprocess.PIPE) as drawing:
        end = time.monotonic() + 30
        while memory(registry) < 1 << 20:
            assert time.monotonic() < end
            time.sleep(0.01)
        drawing.communicate(b"\n")
    with subprocess.Popen(words, stdin=subprocess.PIPE) as other:
        assert memory(registry) == 0
        other.communicate(b"\n")


def memory(registry: CollectorRegistry) -> float:
    found = registry.get_sample_value("storywright_drawing_resident_memory_bytes")
    assert found is not None
    return found


def note(engine: database.Engine, made: list[tuple[str, str]]) -> None:
    brief = Brief(title="A brief", product=Product(name="Aqua Spark"))
    boards.note(
        engine,
        [Made(id=id, asked=id, brief=brief, folder=id, version=version, made_ms=1) for id, version in made],
    )


def say(engine: database.Engine, key: str, board: str, stars: str, user: str, made_ms: int) -> None:
    feedback.record(engine, Feedback(key=key, board=board, kind="rating", value=stars, user=user, made_ms=made_ms))
