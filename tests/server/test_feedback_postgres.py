"""Feedback, keys and the audit log on a real PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storywright.server.audit import Act, Audit
from storywright.server.keys import Keys
from storywright.watch import database, feedback
from storywright.watch.feedback import Deleted, Feedback, OtherWords

from . import test_postgres

pytestmark = pytest.mark.system("pg_ctl")
url = test_postgres.url


def said(key: str, **changes: str) -> Feedback:
    usual = {"board": "b", "panel": "p01", "kind": "rating", "value": "3", "user": "mia"}
    return Feedback(key=key, made_ms=5, **(usual | changes))  # type: ignore[arg-type]


def test_servers_that_write_the_same_keys_at_once_write_each_once(url: str) -> None:
    engine = database.engine(url)

    def speak(number: int) -> list[bool | Exception]:
        return feedback.record_all(engine, [said(f"k{(number + at) % 40}") for at in range(40)])

    with ThreadPoolExecutor(6) as pool:
        answers = [answer for some in pool.map(speak, range(6)) for answer in some]
    assert len(answers) == 240 and all(isinstance(answer, bool) for answer in answers)
    assert sum(answer is True for answer in answers) == 40 == feedback.count(engine)
    assert isinstance(feedback.record_all(engine, [said("k1", value="5")])[0], OtherWords)


def test_sets_and_deletion_hold_on_postgresql(url: str) -> None:
    engine = database.engine(url)
    feedback.record(engine, said("of ben", user="ben"))
    number, taken = feedback.take(engine)
    assert "of ben" in {one.key for one in taken}
    feedback.taken(engine, number, "d" * 64)
    deleted, sets = feedback.delete(engine, workspace="studio", user="ben")
    assert (deleted, [one.digest for one in sets]) == (1, ["d" * 64])
    assert isinstance(feedback.record_all(engine, [said("of ben", user="ben")])[0], Deleted)
    assert "of ben" not in {one.key for one in feedback.take(engine)[1]}


def test_the_audit_log_cannot_be_changed_and_servers_that_start_at_once_make_it_once(url: str) -> None:
    engine = database.engine(url)
    with ThreadPoolExecutor(6) as pool:
        logs = list(pool.map(lambda _: Audit(engine), range(6)))
        list(pool.map(lambda _: Keys(engine), range(6)))
    act = Act(
        workspace="studio",
        user="mia",
        role="editor",
        by="key",
        key="1",
        what="PUT /x",
        about="",
        address="",
        status=200,
    )
    logs[0].note_now(act)
    assert [one.user for one in logs[1].read()] == ["mia"]
    for change in ("UPDATE audit SET status = 500", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(change))


def test_commits_are_durable_also_for_a_role_that_had_them_turned_off(url: str) -> None:
    with database.engine(url).begin() as connection:
        connection.execute(text("CREATE ROLE careless LOGIN SUPERUSER"))
        connection.execute(text("ALTER ROLE careless SET synchronous_commit = off"))
    engine = database.engine(url.replace("studio@", "careless@"))
    with engine.connect() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
