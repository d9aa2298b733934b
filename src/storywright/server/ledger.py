"""The ledger of jobs: what was asked for, who works on it, each step that is done, and how it ended.

Every line is on the disk when it is acknowledged. A worker holds a job by a lease that it renews; when the worker dies
the lease runs out, and any worker of the same database goes on at the step after the last one written. Knows nothing
of what the jobs are about.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Engine,
    Index,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)  # fmt: skip
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex, CreateTable

from storywright.studio import workspaces
from storywright.watch.database import now_ms

State = Literal["waiting", "working", "done", "failed", "cancelled"]
OPEN: tuple[State, ...] = get_args(State)[:2]
LEASE_MS = 15_000
_LOOKED_AT = 200  # waiting jobs among which the fairest is looked for

_TABLES = MetaData()
_JOBS = Table(
    "jobs",
    _TABLES,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("user", String(128), nullable=False),
    Column("asked", Text, nullable=False),  # JSON
    Column("state", String(16), nullable=False),
    Column("num_panels", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("not_before_ms", BigInteger, nullable=False),
    Column("worker", String(64), nullable=False),
    Column("lease_ms", BigInteger, nullable=False),
    Column("models", String(64), nullable=False),  # the digest of those that draw it
    Column("result", Text, nullable=False),  # JSON
    Column("problem", Text, nullable=False),
    Column("our_fault", Boolean, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)
_STEPS = Table(
    "job_steps",
    _TABLES,
    Column("job", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("asked", String(64), nullable=False),  # the digest of what was asked for
    Column("value", Text, nullable=False),  # JSON
)
_PANELS = Table(
    "job_panels",
    _TABLES,
    Column("job", String(64), primary_key=True),
    Column("candidate", Integer, primary_key=True),
    Column("panel", Integer, primary_key=True),
    Column("picture", String(64), nullable=False),
)
_RANK = case({"export": 0, "revision": 1, "adapt": 3}, value=_JOBS.c.kind, else_=2)
"""What somebody waits for goes before a book."""
_INDEXES = (Index("jobs_state", _JOBS.c.state), Index("jobs_made", _JOBS.c.made_ms))


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One line of the ledger."""

    id: str
    kind: str
    user: str
    asked: dict[str, Any]
    state: State = "waiting"
    num_panels: int = 0
    """Of everything it will draw."""
    tries: int = 0
    models: str = ""
    result: dict[str, Any]
    problem: str = ""
    """Why it failed."""
    our_fault: bool = False
    """Whether it failed for a reason that whoever asked has no part in."""
    made_ms: int

    @property
    def open(self) -> bool:
        """Whether it is still going to change."""
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class DrawnPanel:
    """A panel that is finished while its board is not."""

    candidate: int
    panel: int
    picture: str


class Ledger:
    """The jobs of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        with engine.begin() as connection:
            for table in _TABLES.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
            for index in _INDEXES:
                connection.execute(CreateIndex(index, if_not_exists=True))

    def enter(self, job_id: str, kind: str, asked: Mapping[str, Any], *, user: str, num_panels: int) -> Job:
        """Write a job down; one that failed or was cancelled under the same id is begun anew."""
        row = {
            "id": job_id, "kind": kind, "user": user, "asked": json.dumps(dict(asked), sort_keys=True),
            "state": "waiting", "num_panels": num_panels, "tries": 0, "not_before_ms": 0, "worker": "", "lease_ms": 0,
            "models": "", "result": "{}", "problem": "", "our_fault": False, "made_ms": now_ms(),
        }  # fmt: skip
        ended = _JOBS.c.state.in_(("failed", "cancelled"))
        try:
            with self._engine.begin() as connection:
                connection.execute(delete(_JOBS).where(_JOBS.c.id == job_id, ended))
                connection.execute(insert(_JOBS), row)
        except IntegrityError:  # sent twice at once
            pass
        found = self.find(job_id)
        assert found is not None
        return found

    def find(self, job_id: str) -> Job | None:
        """A job as it is now."""
        with self._engine.connect() as connection:
            row = connection.execute(select(_JOBS).where(_JOBS.c.id == job_id)).mappings().first()
        return _job(row) if row else None

    def num_open(self, kind: str) -> int:
        """How many jobs of a kind wait or are worked on."""
        query = select(func.count()).select_from(_JOBS).where(_JOBS.c.kind == kind, _JOBS.c.state.in_(OPEN))
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def num_by_state(self) -> dict[tuple[str, str], int]:
        """How many jobs of each kind wait, and how many are worked on."""
        query = select(_JOBS.c.kind, _JOBS.c.state, func.count()).where(_JOBS.c.state.in_(OPEN))
        with self._engine.connect() as connection:
            rows = connection.execute(query.group_by(_JOBS.c.kind, _JOBS.c.state))
            return {(kind, state): count for kind, state, count in rows}

    def listed(self, limit: int, before: str = "", workspace: str = workspaces.HOME) -> list[Job]:
        """The newest jobs of a workspace, the newest first; `before` is the last id of the page before."""
        query = select(_JOBS).where(workspaces.within(_JOBS.c.id, workspace))
        query = query.order_by(_JOBS.c.made_ms.desc(), _JOBS.c.id).limit(limit)
        if before:
            made_ms = select(_JOBS.c.made_ms).where(_JOBS.c.id == before).scalar_subquery()
            query = query.where((_JOBS.c.made_ms < made_ms) | ((_JOBS.c.made_ms == made_ms) & (_JOBS.c.id > before)))
        with self._engine.connect() as connection:
            return [_job(row) for row in connection.execute(query).mappings()]

    def claim(self, worker: str, kinds: Collection[str] = ()) -> Job | None:
        """Take the next job of these kinds: the shortest kind, whose user has the fewest under way, then the oldest.

        None when there is none.
        """
        now = now_ms()
        wanted = _JOBS.c.kind.in_(kinds) if kinds else true()
        free = wanted & or_(
            (_JOBS.c.state == "waiting") & (_JOBS.c.not_before_ms <= now),
            (_JOBS.c.state == "working") & (_JOBS.c.lease_ms < now),
        )
        working = select(_JOBS.c.user, func.count()).where(_JOBS.c.state == "working", _JOBS.c.lease_ms >= now)
        with self._engine.connect() as connection:
            found = connection.execute(
                select(_JOBS.c.id, _JOBS.c.user, _RANK.label("rank"))
                .where(free)
                .order_by("rank", _JOBS.c.made_ms, _JOBS.c.id)
                .limit(_LOOKED_AT)
            ).all()
            busy: dict[str, int] = (
                dict(connection.execute(working.group_by(_JOBS.c.user)).tuples().all()) if found else {}
            )
        for job_id, _, _ in sorted(found, key=lambda row: (row.rank, busy.get(row.user, 0))):
            with self._engine.begin() as connection:
                taken = update(_JOBS).where(_JOBS.c.id == job_id, free)
                held = {"state": "working", "worker": worker, "lease_ms": now + LEASE_MS, "tries": _JOBS.c.tries + 1}
                if connection.execute(taken.values(**held)).rowcount == 1:
                    row = connection.execute(select(_JOBS).where(_JOBS.c.id == job_id)).mappings().one()
                    return _job(row)
        return None

    def renew(self, worker: str) -> None:
        """Keep everything that this worker holds for another while."""
        ours = (_JOBS.c.worker == worker) & (_JOBS.c.state == "working")
        with self._engine.begin() as connection:
            connection.execute(update(_JOBS).where(ours).values(lease_ms=now_ms() + LEASE_MS))

    def holds(self, job_id: str, worker: str) -> bool:
        """Whether the worker still has the job: it was neither cancelled nor taken over."""
        query = select(_JOBS.c.id).where(_held(job_id, worker))
        with self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    def give_back(self, job_id: str, worker: str, *, after_ms: int = 0, tried: bool = True) -> None:
        """Let the job wait for another try; one that was only interrupted was not tried."""
        back = {"state": "waiting", "worker": "", "not_before_ms": now_ms() + after_ms}
        back["tries"] = _JOBS.c.tries if tried else case((_JOBS.c.tries > 0, _JOBS.c.tries - 1), else_=0)
        with self._engine.begin() as connection:
            connection.execute(update(_JOBS).where(_held(job_id, worker)).values(**back))

    def finish(
        self,
        job_id: str,
        worker: str,
        *,
        result: Mapping[str, Any] | None = None,
        problem: str = "",
        ours: bool = False,
    ) -> bool:
        """Write down how it ended; False when somebody else had taken it over or it was cancelled."""
        how = {"state": "failed" if problem else "done", "problem": problem, "our_fault": ours}
        with self._engine.begin() as connection:
            ending = update(_JOBS).where(_held(job_id, worker)).values(**how, result=json.dumps(dict(result or {})))
            if connection.execute(ending).rowcount != 1:
                return False
            connection.execute(delete(_STEPS).where(_STEPS.c.job == job_id))
        return True

    def cancel(self, job_id: str) -> bool:
        """Stop a job; its worker finds out before the next step. False when it had ended."""
        with self._engine.begin() as connection:
            stopping = update(_JOBS).where(_JOBS.c.id == job_id, _JOBS.c.state.in_(OPEN)).values(state="cancelled")
            if connection.execute(stopping).rowcount != 1:
                return False
            connection.execute(delete(_STEPS).where(_STEPS.c.job == job_id))
        return True

    def with_models(self, job: Job, models: str) -> None:
        """Say which models work on it; what others had done before counts no longer."""
        if job.models == models:
            return
        with self._engine.begin() as connection:
            connection.execute(update(_JOBS).where(_JOBS.c.id == job.id).values(models=models))
            connection.execute(delete(_STEPS).where(_STEPS.c.job == job.id))
            connection.execute(delete(_PANELS).where(_PANELS.c.job == job.id))

    def step(self, job_id: str, number: int, asked: str) -> Any | None:
        """What a step gave when it was done before; None when it was not, or was asked for something else."""
        query = select(_STEPS.c.value).where(_STEPS.c.job == job_id, _STEPS.c.number == number, _STEPS.c.asked == asked)
        with self._engine.connect() as connection:
            value = connection.execute(query).scalar()
        return None if value is None else json.loads(value)

    def step_done(self, job_id: str, number: int, asked: str, value: Any) -> None:
        """Write down what a step gave; what followed another request of this number is dropped."""
        row = {"job": job_id, "number": number, "asked": asked, "value": json.dumps(value)}
        with self._engine.begin() as connection:
            connection.execute(delete(_STEPS).where(_STEPS.c.job == job_id, _STEPS.c.number >= number))
            connection.execute(insert(_STEPS), row)

    def panel_done(self, job_id: str, drawn: DrawnPanel) -> None:
        """Write down a finished panel; once."""
        at = (_PANELS.c.job == job_id, _PANELS.c.candidate == drawn.candidate, _PANELS.c.panel == drawn.panel)
        row = {"job": job_id, "candidate": drawn.candidate, "panel": drawn.panel, "picture": drawn.picture}
        with self._engine.begin() as connection:
            connection.execute(delete(_PANELS).where(*at))
            connection.execute(insert(_PANELS), row)

    def panels(self, job_id: str) -> list[DrawnPanel]:
        """The panels that are finished, in their order."""
        query = select(_PANELS.c.candidate, _PANELS.c.panel, _PANELS.c.picture).where(_PANELS.c.job == job_id)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_PANELS.c.panel, _PANELS.c.candidate)).tuples().all()
        return [DrawnPanel(*row) for row in rows]


def _held(job_id: str, worker: str) -> Any:
    return (_JOBS.c.id == job_id) & (_JOBS.c.worker == worker) & (_JOBS.c.state == "working")


def _job(row: RowMapping) -> Job:
    plain = {name: row[name] for name in Job.__dataclass_fields__ if name not in ("asked", "result")}
    return Job(asked=json.loads(row["asked"]), result=json.loads(row["result"]), **plain)
