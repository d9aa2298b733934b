"""Jobs over HTTP: killed in the middle and gone on, cancelled, tried again, and who comes first."""

import json
import time
from pathlib import Path

import pytest

from storywright.server.ledger import Ledger
from storywright.studio.director import Drawing
from storywright.watch import database

from .conftest import BRIEF, Start, Studio, _until, stand_in
from .serving import Process

LONG = BRIEF | {"format": {"seconds": 12, "panels": 6}}


@pytest.mark.slow
def test_a_board_goes_on_after_a_kill_at_the_panel_it_had_reached(own_environment: None, tmp_path: Path) -> None:
    first = Process(tmp_path, seconds=0.25)
    try:
        asked = first.client.post("/api/v1/boards", params={"wait": 0, "candidates": 2}, json=LONG)
        assert asked.status_code == 202
        _until(lambda: first.num_drawings >= 3)
    finally:
        first.kill()
    before = first.num_drawings
    assert before < 6
    second = Process(tmp_path, seconds=0.25)
    try:
        _until(lambda: second.client.get(asked.headers["location"]).json()["state"] == "done", 120)
        done = second.client.get(asked.headers["location"]).json()
        # The drawing that was under way may have ended without being written down; no other is repeated.
        assert 6 <= second.num_drawings <= 7
        uninterrupted = second.client.post("/api/v1/boards", params={"candidates": 2}, json=LONG).json()
        for one, other in zip(done["boards"], uninterrupted["boards"], strict=True):
            assert one | {"id": ""} == other | {"id": ""}
    finally:
        second.kill()


def test_a_job_tells_of_each_panel_as_it_comes_until_it_ends(start: Start) -> None:
    studio = start(opener=lambda *_: (stand_in(seconds=0.3), Drawing(draws=1, steps=1)))
    job = studio.client.post("/api/v1/boards", params={"wait": 0, "candidates": 1}, json=BRIEF).headers["location"]
    told, ended = [], False
    with studio.client.stream("GET", f"{job}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            ended |= line == "event: end"
            if line.startswith("data: {") and not ended:
                told.append(json.loads(line.removeprefix("data: ")))
    assert ended
    counts = [one["num_drawn"] for one in told]
    assert counts == sorted(counts)
    assert counts[-1] == 2
    assert any(one["state"] == "working" and one["num_drawn"] == 1 for one in told), "the first is told before the last"
    assert studio.client.get(told[-1]["panels"][0]["picture"]).headers["content-type"] == "image/png"


def test_a_cancelled_job_draws_no_further_panel_and_cannot_be_cancelled_twice(start: Start) -> None:
    models = stand_in(seconds=0.3)
    studio = start(opener=lambda *_: (models, Drawing(draws=1, steps=1)))
    job = studio.client.post("/api/v1/boards", params={"wait": 0, "candidates": 1}, json=LONG).headers["location"]
    _until(lambda: studio.client.get(job).json()["num_drawn"] >= 1)
    assert studio.client.delete(job).json()["state"] == "cancelled"
    _until(lambda: not studio.app.state.service.jobs._under_way)
    drawn = studio.client.get(job).json()["num_drawn"]
    assert drawn < 6
    assert studio.client.get(job).json()["boards"] == []
    again = studio.client.delete(job)
    assert (again.status_code, again.headers["content-type"]) == (409, "application/problem+json")


def test_a_job_that_fails_for_a_moment_is_tried_again_and_what_was_drawn_is_kept(start: Start) -> None:
    models = stand_in()
    works, calls = models.illustrator.draw, []

    def fails_once(*args: object, **how: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("out of memory")
        return works(*args, **how)  # type: ignore[arg-type]

    models.illustrator.draw = fails_once  # type: ignore[method-assign, assignment]
    studio = start(opener=lambda *_: (models, Drawing(draws=1, steps=1)))
    studio.app.state.service.jobs.backoff_seconds = 0.01
    answer = studio.client.post("/api/v1/boards", params={"candidates": 1}, json=LONG)
    assert answer.status_code == 201, answer.text
    assert len(calls) == 7


def test_a_stopped_server_hands_its_job_to_the_next_one(start: Start) -> None:
    first = start(opener=lambda *_: (stand_in(seconds=0.2), Drawing(draws=1, steps=1)))
    job = first.client.post("/api/v1/boards", params={"wait": 0, "candidates": 1}, json=LONG).headers["location"]
    _until(lambda: first.client.get(job).json()["num_drawn"] >= 1)
    first.stop()
    second = start()
    _until(lambda: second.client.get(job).json()["state"] == "done")
    assert len(second.client.get(job).json()["boards"][0]["panels"]) == 6


def test_a_lease_that_ran_out_is_taken_over_and_the_first_worker_cannot_end_the_job(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storywright.server import ledger as module

    studio.stop()
    ledger = Ledger(database.engine(studio.settings.database_url))
    ledger.enter("j", "boards", {}, user="", num_panels=1)
    monkeypatch.setattr(module, "LEASE_MS", 1_000)
    assert ledger.claim("first")
    assert ledger.claim("second") is None
    time.sleep(1.1)
    assert ledger.claim("second")
    assert not ledger.holds("j", "first")
    assert not ledger.finish("j", "first", result={})
    assert ledger.finish("j", "second", result={})


def test_the_user_with_less_under_way_is_served_before_one_who_asked_earlier(studio: Studio) -> None:
    studio.stop()
    ledger = Ledger(database.engine(studio.settings.database_url))
    for number in range(3):
        ledger.enter(f"mia-{number}", "boards", {}, user="mia", num_panels=1)
    ledger.enter("tom", "boards", {}, user="tom", num_panels=1)
    claimed = [ledger.claim("worker") for _ in range(4)]
    assert [job.id for job in claimed if job] == ["mia-0", "tom", "mia-1", "mia-2"]


def test_files_are_written_before_boards_are_drawn_and_a_book_comes_last(studio: Studio) -> None:
    studio.stop()
    ledger = Ledger(database.engine(studio.settings.database_url))
    for kind in ("adapt", "boards", "revision", "export"):
        ledger.enter(kind, kind, {}, user="mia", num_panels=1)
    assert [job.id for job in (ledger.claim("w", ["boards", "adapt"]), ledger.claim("w")) if job] == [
        "boards",
        "export",
    ]
    assert [job.id for job in (ledger.claim("w"), ledger.claim("w")) if job] == ["revision", "adapt"]


def test_each_further_try_comes_twice_as_late(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    models, waits = stand_in(), []

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("out of memory")

    models.illustrator.draw = fails  # type: ignore[method-assign, assignment]
    give_back = Ledger.give_back
    monkeypatch.setattr(
        Ledger, "give_back", lambda *words, **how: waits.append(how["after_ms"]) or give_back(*words, **how)
    )
    studio = start(opener=lambda *_: (models, Drawing(draws=1, steps=1)))
    studio.app.state.service.jobs.backoff_seconds = 0.05
    answer = studio.client.post("/api/v1/boards", params={"candidates": 1}, json=BRIEF)
    assert answer.status_code == 500
    assert waits == [50, 100]


def test_the_jobs_are_listed_in_pages_the_newest_first(studio: Studio) -> None:
    ids = [studio.made(candidates=1)["id"] for _ in range(3)]
    first = studio.client.get("/api/v1/jobs", params={"limit": 2}).json()
    assert [one["id"] for one in first["jobs"]] == [ids[2], ids[1]]
    rest = studio.client.get(first["next"]).json()
    assert ([one["id"] for one in rest["jobs"]], rest["next"]) == ([ids[0]], "")


def test_another_style_is_drawn_as_a_job_that_tells_of_each_panel_and_can_be_waited_for(studio: Studio) -> None:
    made = studio.made(candidates=1)["boards"][0]
    url = f"/api/v1/boards/{made['id']}"
    asked = {"action": "restyle", "style": "watercolour"}
    answer = studio.client.post(f"{url}/revisions", json=asked, headers={"If-Match": '"1"', "Idempotency-Key": "k"})
    assert answer.status_code == 202
    job = answer.headers["location"]
    _until(lambda: studio.client.get(job).json()["state"] == "done")
    done = studio.client.get(job).json()
    assert (done["kind"], done["num_drawn"], done["version"]) == ("revision", 2, f"{url}/versions/2")
    assert studio.client.get(url).json()["style"] == "watercolour"
    waited = studio.client.post(
        f"{url}/revisions",
        json={"action": "reframe", "aspect": "9:16"},
        headers={"If-Match": '"2"', "Prefer": "wait=20"},
    )
    assert (waited.status_code, waited.headers["etag"], waited.json()["aspect"]) == (201, '"3"', "9:16")
    late = studio.client.post(f"{url}/revisions", json=asked, headers={"If-Match": '"1"'})
    assert late.status_code == 412
    wrong = studio.client.post(
        f"{url}/revisions", json={"action": "reframe", "aspect": "wide"}, headers={"If-Match": '"3"'}
    )
    assert (wrong.status_code, "two numbers such as 16:9" in wrong.json()["detail"]) == (422, True)


def test_more_orders_than_may_be_open_are_turned_away_until_one_has_ended(start: Start) -> None:
    models = stand_in(seconds=0.5)
    studio = start(opener=lambda *_: (models, Drawing(draws=1, steps=1)))
    asked = [
        studio.client.post("/api/v1/boards", params={"wait": 0, "candidates": 1}, json=BRIEF | {"seed": seed})
        for seed in range(17)
    ]
    assert [answer.status_code for answer in asked] == [202] * 16 + [429]
    assert (asked[-1].headers["retry-after"], "are open" in asked[-1].json()["detail"]) == ("5", True)
    studio.client.delete(asked[15].headers["location"])
    assert studio.client.post("/api/v1/boards", params={"wait": 0}, json=BRIEF).status_code == 202
