"""Boards and jobs on a real PostgreSQL, with several workers and editors at once."""

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy

from storywright.board import Panel, Storyboard
from storywright.server.ledger import Ledger
from storywright.studio.store import Conflict, Store
from storywright.watch import database

pytestmark = pytest.mark.system("pg_ctl")


@pytest.fixture
def url(postgresql: str) -> str:
    """A database of the test's own: a claim of another test's job may run out at any time."""
    name = f"own_{uuid.uuid4().hex}"
    with sqlalchemy.create_engine(postgresql, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return postgresql.replace("/postgres?", f"/{name}?")


def test_of_many_editors_one_wins_and_a_repeated_key_is_one_version(url: str, tmp_path: Path) -> None:
    store = Store(database.engine(url), tmp_path)
    panel = Panel(id="p1", picture="panels/1.png")
    board = store.add(Storyboard(id="b", title="Morning Run", panels=[panel]), {"panels/1.png": b"x"}).board
    together = threading.Barrier(6)

    def edit(number: int) -> int | None:
        together.wait()
        changed = board.model_copy(update={"logline": f"By {number}."})
        try:
            return store.keep(changed, {}, seen=1, what={"by": number}).number
        except Conflict:
            return None

    def same(_: int) -> int:
        return store.keep(board.model_copy(update={"logline": "k"}), {}, seen=2, what={"k": 1}, key="k").number

    with ThreadPoolExecutor(6) as pool:
        assert [number for number in pool.map(edit, range(6)) if number] == [2]
        assert set(pool.map(same, range(6))) == {3}
    assert store.step("b", -1, seen=3).number == 2
    assert len(store.versions("b")) == 3


def test_workers_of_one_database_never_claim_the_same_job(url: str) -> None:
    ledger = Ledger(database.engine(url))
    for number in range(6):
        ledger.enter(f"j{number}", "boards", {}, user=f"user-{number % 2}", num_panels=1)
    with ThreadPoolExecutor(4) as pool:
        claimed = [job.id for job in pool.map(lambda number: ledger.claim(f"w{number}"), range(4)) if job]
    assert len(claimed) == len(set(claimed)) == 4
    assert ledger.cancel(claimed[0])
    assert not any(ledger.finish(claimed[0], f"w{number}", result={}) for number in range(4))


def test_many_workers_end_every_job_once_also_those_of_a_worker_that_died(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storywright.server import ledger as module

    monkeypatch.setattr(module, "LEASE_MS", 2_000)
    ledger = Ledger(database.engine(url))
    names = {f"many-{number}" for number in range(24)}
    for name in names:
        ledger.enter(name, "boards", {}, user=f"user-{int(name[5:]) % 3}", num_panels=1)
    died = ledger.claim("dead", ["boards"])
    assert died
    ended: list[str] = []

    def work(number: int) -> None:
        own = Ledger(database.engine(url))
        end = time.monotonic() + 60
        while set(ended) != names and time.monotonic() < end:
            job = own.claim(f"worker-{number}", ["boards"])
            if job is None:
                time.sleep(0.05)
            elif job.id in names and own.finish(job.id, f"worker-{number}", result={}):
                ended.append(job.id)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert sorted(ended) == sorted(names), "each once, also that of the dead worker"
    assert not ledger.finish(died.id, "dead", result={})


def test_users_share_the_workers_fairly_on_postgresql(url: str) -> None:
    ledger = Ledger(database.engine(url))
    for number in range(4):
        ledger.enter(f"fair-mia-{number}", "video", {}, user="fair-mia", num_panels=1)
    ledger.enter("fair-tom", "video", {}, user="fair-tom", num_panels=1)
    claimed = [ledger.claim(f"w{number}", ["video"]) for number in range(3)]
    assert [job.id for job in claimed if job] == ["fair-mia-0", "fair-tom", "fair-mia-1"]
