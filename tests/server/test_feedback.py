"""Feedback over HTTP: once, durably, in batches, for whom it is, and deleted on request."""

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from storywright import files
from storywright.server.access import Access
from storywright.steps import contract
from storywright.watch import database, feedback
from storywright.watch.commits import Overfull, SharedCommits
from storywright.watch.feedback import Feedback, Journal

from .test_access import ACME_JOB, JOB, OPERATOR_KEY, Office

STARS = {"board": f"{JOB}-1", "panel": "p01", "kind": "rating", "value": "4"}


@pytest.fixture
def office(own_environment: None) -> Office:
    return Office(Access(host="0.0.0.0", key=OPERATOR_KEY, limits="off"))


def test_the_same_key_is_written_once_and_other_words_under_it_are_refused(office: Office) -> None:
    client, key = office.client("studio editor"), {"Idempotency-Key": "one"}
    assert client.post("/api/v1/feedback", json=STARS, headers=key).status_code == 201
    assert client.post("/api/v1/feedback", json=STARS, headers=key).status_code == 200
    other = client.post("/api/v1/feedback", json=STARS | {"value": "1"}, headers=key)
    assert other.status_code == 422 and "other words" in other.json()["detail"]
    assert [one.value for one in feedback.read(office.service.engine)] == ["4"]


def test_of_many_words_the_right_ones_are_written_and_the_others_say_why(office: Office) -> None:
    client = office.client("studio editor")
    words = [
        STARS | {"key": "a"}, STARS | {"key": "b", "value": "9"}, STARS | {"key": "a"},
        STARS | {"key": "c", "panel": "p99"}, STARS | {"key": "d", "board": f"{ACME_JOB}-1"},
        STARS | {"key": "a", "value": "1"}, STARS | {"key": "e", "user": "mia\0"},
    ]  # fmt: skip
    answer = client.post("/api/v1/feedback/batch", json={"words": words})
    assert answer.status_code == 200
    assert [(one["key"], one["status"]) for one in answer.json()["words"]] == [
        ("a", 201), ("b", 422), ("a", 200), ("c", 404), ("d", 404), ("a", 422), ("e", 422),
    ]  # fmt: skip
    assert "its panels are p01" in answer.json()["words"][3]["detail"]
    assert client.post("/api/v1/feedback/batch", json={"words": []}).status_code == 422
    many = {"words": [STARS | {"key": str(number)} for number in range(1_001)]}
    assert client.post("/api/v1/feedback/batch", json=many).status_code == 422


def test_a_person_speaks_for_themselves_and_a_program_for_its_people(office: Office) -> None:
    program = office.client("studio editor")
    program.post("/api/v1/feedback", json=STARS | {"user": "mia"}, headers={"Idempotency-Key": "1"})
    program.post("/api/v1/feedback", json=STARS, headers={"Idempotency-Key": "2"})
    person = office.client()
    person.post("/sign-in", data={"key": office.keys["studio editor"]})
    said = STARS | {"user": "somebody else"}
    own = {"Idempotency-Key": "3", "Origin": office.base_url}
    assert person.post("/api/v1/feedback", json=said, headers=own).status_code == 201
    written = {one.key: one.user for one in feedback.read(office.service.engine)}
    assert written == {"1": "mia", "2": "editor studio", "3": "editor studio"}


def test_what_one_said_can_be_read_in_pages_and_of_others_only_by_an_admin(office: Office) -> None:
    program = office.client("studio editor")
    for number in range(3):
        program.post("/api/v1/feedback", json=STARS | {"user": "mia"}, headers={"Idempotency-Key": str(number)})
    assert program.get("/api/v1/feedback").json()["words"] == []
    assert program.get("/api/v1/feedback?user=mia").status_code == 403
    admin = office.client("studio admin")
    first = admin.get("/api/v1/feedback?user=mia&limit=2").json()
    second = admin.get(first["next"]).json()
    assert [one["key"] for one in first["words"] + second["words"]] == ["0", "1", "2"]
    assert second["next"] == ""
    assert office.client("acme admin").get("/api/v1/feedback?user=mia").json()["words"] == []


def collected(tmp_path: Path) -> str:
    named = {name: tmp_path / name for name in ("preferences", "left_out", "briefs", "prompts", "metrics")}
    screening = {
        "burst_words": 60, "burst_seconds": 20.0, "changes": 0.5, "min_judged": 4, "same_place": 5, "min_users": 1,
    }  # fmt: skip
    values = {"until": "", "num_briefs": 10, "max_share": 1.0, "screening": screening}
    contract.call("collect_feedback", values, {}, named)
    return files.digest(named["preferences"] / "pairs.parquet")


def test_what_is_deleted_is_in_no_later_set_and_the_versions_that_saw_it_are_named(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storywright import registry
    from storywright.registry.versions import Version

    program, admin = office.client("studio editor"), office.client("studio admin")
    edit = {"board": f"{JOB}-1", "panel": "p01", "kind": "edit", "value": "Mia sings of Atlantis.", "user": "mia"}
    program.post("/api/v1/feedback", json=edit, headers={"Idempotency-Key": "1"})
    program.post("/api/v1/feedback", json=edit | {"user": "ben"}, headers={"Idempotency-Key": "2"})
    saw = collected(tmp_path / "before")
    versions = [
        Version(number=number, digest="", aliases=(), tags=tags, run_id="", made_ms=1)
        for number, tags in (("3", {"preferences": f"other,{saw}"}), ("2", {"preferences": "other"}), ("1", {}))
    ]
    monkeypatch.setattr(registry, "versions", lambda settings: versions)

    assert program.delete("/api/v1/feedback?user=mia").status_code == 403
    gone = admin.delete("/api/v1/feedback?user=mia").json()
    assert (gone["num_deleted"], [one["digest"] for one in gone["sets"]]) == (1, [saw])
    assert (gone["model_versions"], gone["notice"]) == (["3"], "")
    assert [one.user for one in feedback.read(office.service.engine)] == ["ben"]
    assert collected(tmp_path / "after") != saw
    again = program.post("/api/v1/feedback", json=edit, headers={"Idempotency-Key": "1"})
    assert again.status_code == 410, "a request that comes again does not bring it back"

    about = admin.delete(f"/api/v1/feedback?board={JOB}-1").json()
    assert (about["num_deleted"], len(about["sets"])) == (1, 2)
    database_file = office.settings.home / "studio.db"
    held = b"".join(path.read_bytes() for path in database_file.parent.glob("studio.db*"))
    assert b"Atlantis" not in held, "the words are overwritten where they lay"
    assert admin.delete(f"/api/v1/feedback?board={ACME_JOB}-1").status_code == 404
    assert admin.delete("/api/v1/feedback?user=nobody").json()["num_deleted"] == 0


def test_a_database_from_before_sets_were_counted_is_brought_up_to_date(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "old.db") as old:
        texts = ", ".join(f'"{name}" TEXT NOT NULL' for name in ("board", "panel", "kind", "value", "user"))
        old.execute(f"CREATE TABLE feedback (key VARCHAR(128) PRIMARY KEY, {texts}, made_ms BIGINT NOT NULL)")
        old.execute("INSERT INTO feedback VALUES ('k', 'b', '', 'choice', '', 'mia', 5)")
    engine = database.engine(f"sqlite:///{tmp_path}/old.db")
    number, taken = feedback.take(engine)
    assert [one.key for one in taken] == ["k"]
    feedback.taken(engine, number, "0" * 64)
    assert feedback.delete(engine, workspace="studio", user="mia")[1][0].number == number


def test_a_set_that_was_never_finished_saw_nothing(tmp_path: Path) -> None:
    engine = database.engine(f"sqlite:///{tmp_path}/studio.db")
    feedback.record(engine, Feedback(key="1", board="b", kind="choice", user="mia", made_ms=5))
    feedback.take(engine)
    number, again = feedback.take(engine, until_ms=4)
    assert again == [] and number == 2
    feedback.taken(engine, number, "1" * 64)
    assert feedback.delete(engine, workspace="studio", user="mia") == (1, [])


def test_many_who_speak_at_once_share_commits(tmp_path: Path) -> None:
    engine, commits = database.engine(f"sqlite:///{tmp_path}/studio.db"), []
    from sqlalchemy import event

    event.listen(engine, "commit", lambda connection: commits.append(1))
    journal = Journal(engine)

    async def speak() -> list[bool]:
        words = [Feedback(key=str(n), board="b", kind="choice", user="mia", made_ms=n) for n in range(2_000)]
        return await asyncio.gather(*(journal.written(one) for one in words))

    assert all(asyncio.run(speak()))
    journal.close()
    assert feedback.count(engine) == 2_000
    assert len(commits) < 40


def test_nobody_is_told_before_the_commit_has_returned_and_one_bad_item_spoils_no_other() -> None:
    written, release = list[int](), threading.Event()

    def write(items: Sequence[int]) -> list[bool | Exception]:
        if any(item < 0 for item in items):
            raise ValueError("it cannot be written")
        release.wait(10)
        written.extend(items)
        return [True] * len(items)

    commits: SharedCommits[int, bool] = SharedCommits("numbers", write)

    async def main() -> None:
        asked = [asyncio.ensure_future(commits.written(number)) for number in (1, -2, 3)]
        await asyncio.sleep(0.1)
        assert not any(one.done() for one in asked if one is not asked[1]) and not written
        release.set()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert (answers[0], answers[2], type(answers[1])) == (True, True, ValueError)

    asyncio.run(main())
    assert sorted(written) == [1, 3]
    commits.close()
    with pytest.raises(Overfull, match="ending"):
        commits.wait(4)


def test_more_than_the_disk_can_take_is_refused_and_not_kept_in_memory() -> None:
    begun, release = threading.Event(), threading.Event()

    def write(items: Sequence[int]) -> list[bool | Exception]:
        begun.set()
        release.wait(10)
        return [True] * len(items)

    commits: SharedCommits[int, bool] = SharedCommits("numbers", write, most_waiting=5)
    waiting = [threading.Thread(target=commits.wait, args=(number,)) for number in range(6)]
    waiting[0].start()
    begun.wait(5)
    for thread in waiting[1:]:
        thread.start()
    end = time.monotonic() + 5
    while commits.num_waiting < 5 and time.monotonic() < end:
        time.sleep(0.01)
    with pytest.raises(Overfull, match="5 items wait"):
        commits.wait(9)
    release.set()
    for thread in waiting:
        thread.join(timeout=5)
    commits.close()


def test_who_allows_it_gets_first_what_they_chose_before_and_who_takes_it_back_is_forgotten(office: Office) -> None:
    from storywright.studio.ideas import IDEAS

    liked, store = IDEAS[-1].name, office.service.store
    kept = store.version(f"{JOB}-1", 1).board
    store.add(kept.model_copy(update={"id": f"{JOB}-2", "title": f"Morning Run: {liked}"}), {"panels/01.png": b"x"})
    feedback.record(
        office.service.engine, Feedback(key="c", board=f"{JOB}-2", kind="choice", user="editor studio", made_ms=9)
    )
    people, client = office.service.people, office.client("studio editor")
    assert people.preferred_ideas("editor studio", "studio", store) == []
    assert client.put("/api/v1/me", json={"remembers": True}).json()["remembers"] is True
    assert people.preferred_ideas("editor studio", "studio", store) == [liked]
    assert office.service.jobs.preferred_ideas("editor studio", "studio") == [liked]
    assert people.preferred_ideas("editor studio", "acme", store) == []
    client.put("/api/v1/me", json={"remembers": False})
    assert people.preferred_ideas("editor studio", "studio", store) == []


def test_preferred_ideas_come_first_and_something_else_stays_on_offer() -> None:
    from storywright.board import Brief, Product
    from storywright.studio import plan
    from storywright.studio.ideas import IDEAS

    brief, names = Brief(title="t", product=Product(name="p"), seed=1), [idea.name for idea in IDEAS]
    usual = [idea.name for idea in plan.ideas_for(brief, 3)]
    last = names[0]
    led = [idea.name for idea in plan.ideas_for(brief, 3, [last, "no idea", last])]
    assert led[0] == last and len(set(led)) == 3
    everything = [idea.name for idea in plan.ideas_for(brief, 3, names)]
    assert everything[:2] == names[:2] and everything[2] not in names[:2]
    assert [idea.name for idea in plan.ideas_for(brief, 3)] == usual


def test_a_word_for_a_database_that_is_away_is_not_acknowledged(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = office.client("studio editor")
    with office.service.engine.begin() as connection:
        connection.execute(text("ALTER TABLE feedback RENAME TO away"))
    assert client.post("/api/v1/feedback", json=STARS, headers={"Idempotency-Key": "k"}).status_code == 500
    with office.service.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO feedback"))
    assert client.post("/api/v1/feedback", json=STARS, headers={"Idempotency-Key": "k"}).status_code == 201
