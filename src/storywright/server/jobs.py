"""Jobs: boards are made and exported here, a few at a time, and go on where they were when the server was killed.

A job is a line in the ledger. This process claims lines, works on them in threads, renews its leases, and writes down
how each ended; several processes may share one database. Making boards is done again from its beginning after a kill,
with models that read back what was drawn before (see `recorded`).
"""

import asyncio
import copy
import hashlib
import logging
import os
import shutil
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request
from PIL import Image
from starlette.concurrency import run_in_threadpool

from storywright import board as documents
from storywright import export, files
from storywright.board import Brief
from storywright.errors import BadInput
from storywright.server.drawing.work import Asker
from storywright.server.following import Following
from storywright.server.ledger import LEASE_MS, DrawnPanel, Job, Ledger
from storywright.server.metrics import Metrics
from storywright.server.problems import Full
from storywright.server.recorded import Steps, png, recorded
from storywright.settings import Settings
from storywright.studio import plan, workspaces
from storywright.studio.director import Candidate, Director
from storywright.studio.store import Store
from storywright.studio.workspaces import HOME
from storywright.watch import boards, database
from storywright.watch.boards import Made

_LOG = logging.getLogger("storywright.server")
_DRAWN_AT_ONCE, _WRITTEN_AT_ONCE = 4, 2
_DRAWN = ("revision", "video", "boards", "adapt")
_PLACES = {"boards": 16, "export": 64}
_MOST_TRIES = 4
_LOOK_SECONDS = 0.5


class _Stopped(Exception):
    """The job is not this worker's to go on with."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What the work on a job has beside the job."""

    going_on: Callable[[], None]
    """To be called before each step: raises when the job is to go on no longer."""
    drawn: Callable[[int, int, bytes], None]
    """To be told each finished panel: its board and its place, both from 0, and its picture as PNG."""


Work = Callable[[Job, Watch], dict[str, Any]]
"""Does a job from its beginning and says what came of it."""


class Jobs:
    """Takes jobs and works on them."""

    def __init__(
        self, settings: Settings, following: Following, store: Store, metrics: Metrics, ledger: Ledger
    ) -> None:
        self._settings, self._following, self._metrics = settings, following, metrics
        self._store, self.ledger, self.workspace = store, ledger, HOME
        self._engine = database.engine(settings.database_url)
        self._worker = f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._work: dict[str, Work] = {"boards": self._boards, "export": self._export}
        self._places = dict(_PLACES)
        self._stopping, self._changed = threading.Event(), threading.Condition()
        self._under_way: dict[threading.Thread, str] = {}
        self._threads = [
            threading.Thread(target=loop, name=name, daemon=True)
            for name, loop in (("jobs", self._claim_on), ("leases", self._renew_on))
        ]
        self.preferred_ideas: Callable[[str, str], list[str]] = lambda user, workspace: []
        """The names of the ideas that a user of a workspace chose before and lets count."""
        self.backoff_seconds = 1.0
        """Before the second try; doubled before each further one."""

    def start(self) -> None:
        """Begin to work, also on what an earlier server left."""
        for thread in self._threads:
            thread.start()

    def begin_to_stop(self) -> None:
        """Begin no further step, and let nobody wait for a job any longer."""
        if not self._stopping.is_set():
            self._stopping.set()

    @property
    def stopping(self) -> bool:
        """Whether this server is being stopped."""
        return self._stopping.is_set()

    def stop(self, seconds: float = 25.0) -> None:
        """Let each job finish its step and hand it back; another server goes on."""
        self.begin_to_stop()
        self._tell()
        end = time.monotonic() + seconds
        for thread in [*self._under_way, *(thread for thread in self._threads if thread.is_alive())]:
            thread.join(timeout=max(0.0, end - time.monotonic()))

    def order(self, brief: Brief, candidates: int, *, user: str = "", key: str = "", workspace: str = "") -> Job:
        """Take an order for boards; the same key is the same order."""
        for number, asset in enumerate(brief.assets):
            if asset.file and not self._store.has_picture_at(asset.file):
                raise BadInput(f"Field assets.{number}.file: nothing lies beside a brief that is sent: leave it out.")
        asked = {"brief": brief.model_dump(mode="json"), "candidates": candidates}
        if preferred := self.preferred_ideas(user, workspace or self.workspace):
            asked["preferred"] = preferred
        num_panels = candidates * plan.num_panels(brief)
        return self.take("boards", asked, user=user, key=key, num_panels=num_panels, workspace=workspace)

    def export(self, board_id: str, number: int, formats: list[str], *, user: str = "", key: str = "") -> Job:
        """Take an order for files of a version of a board; what was exported before is not exported again."""
        asked = {"board": board_id, "version": number, "formats": export.known(formats)}
        self._store.version(board_id, number)
        key = key or files.digest_of(asked)
        return self.take("export", asked, user=user, key=key, workspace=workspaces.of(board_id))

    def within(self, workspace: str) -> "Jobs":
        """The same jobs, worked on by the same threads, with the pictures of one workspace."""
        if workspace == self.workspace:
            return self
        view = copy.copy(self)
        view.workspace, view._store = workspace, self._store.within(workspace)
        view._work = self._work | {"boards": view._boards, "export": view._export}
        return view

    def does(self, kind: str, work: Work, places: int = 16) -> None:
        """Say how another kind of job is done, and how many of it may be open; before `start`."""
        self._work[kind], self._places[kind] = work, places

    def take(
        self,
        kind: str,
        asked: dict[str, Any],
        *,
        user: str = "",
        key: str = "",
        num_panels: int = 0,
        workspace: str = "",
    ) -> Job:
        """Take an order, in the workspace that these jobs are seen from unless another is named.

        The same key of the same workspace is the same order.
        """
        name = hashlib.sha256(f"{kind} {key}".encode()).hexdigest()[:16] if key else uuid.uuid4().hex[:16]
        job_id = workspaces.own(name, workspace or self.workspace)
        known = self.ledger.find(job_id) if key else None
        if known is None or known.state in ("failed", "cancelled"):
            if self.ledger.num_open(kind) >= self._places[kind]:
                self._metrics.rejected.labels("board", "full").inc()
                raise Full(f"{self._places[kind]} orders of this kind are open: try again in a few seconds.", 5)
            known = self.ledger.enter(job_id, kind, asked, user=user, num_panels=num_panels)
        if _wanted(known.asked) != _wanted(asked):
            raise BadInput(f"The idempotency key {key!r} was used for another order: choose a new one.")
        self._tell()
        return known

    def find(self, job_id: str) -> Job | None:
        """A job as it is now."""
        return self.ledger.find(job_id)

    async def ended(self, job: Job, seconds: float, request: Request) -> Job:
        """The job when it ended, or as it is after this time, when the client has gone, or when the server stops."""
        end, pause = time.monotonic() + seconds, 0.02
        while job.open and (left := end - time.monotonic()) > 0 and not self.stopping:
            await asyncio.sleep(min(left, pause))
            pause = min(pause * 1.5, _LOOK_SECONDS)
            found: Job | None = await run_in_threadpool(self.ledger.find, job.id)
            job = found or job
            if await request.is_disconnected():
                break
        return job

    def cancel(self, job_id: str) -> bool:
        """Stop a job before its next step."""
        cancelled = self.ledger.cancel(job_id)
        self._tell()
        return cancelled

    def folder(self, job: Job) -> Path:
        """Where a job's files lie."""
        return self._settings.home / "exports" / job.id

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _claim_on(self) -> None:
        while not self._stopping.is_set():
            job = None
            if kinds := self._kinds_with_a_slot():
                try:
                    job = self.ledger.claim(self._worker, kinds)
                except Exception:  # noqa: BLE001 - a database that is away for a while comes back
                    _LOG.exception("Looking for the next job failed")
            if job:
                thread = threading.Thread(target=self._do, args=(job,), name=f"job {job.id}", daemon=True)
                self._under_way[thread] = job.kind
                thread.start()
            else:
                with self._changed:
                    self._changed.wait(_LOOK_SECONDS)

    def _kinds_with_a_slot(self) -> list[str]:
        """What may be begun: files are written beside what is drawn, and not after it."""
        begun = list(self._under_way.values())
        exports = sum(kind not in _DRAWN for kind in begun)
        kinds = [] if exports >= _WRITTEN_AT_ONCE else [kind for kind in self._work if kind not in _DRAWN]
        if self._following.ready and len(begun) - exports < _DRAWN_AT_ONCE:
            kinds += [kind for kind in self._work if kind in _DRAWN]
        return kinds

    def _renew_on(self) -> None:
        while not self._stopping.wait(LEASE_MS / 5_000) or self._under_way:
            try:
                self.ledger.renew(self._worker)
            except Exception:  # noqa: BLE001 - another look in a moment; a lost lease is noticed before the next step
                _LOG.exception("Renewing the leases failed")
            if self._stopping.is_set():
                time.sleep(_LOOK_SECONDS)

    def _do(self, job: Job) -> None:
        try:
            if job.tries > _MOST_TRIES:
                self._end(job, problem=f"The server ended {_MOST_TRIES} times while working on this.", ours=True)
                return
            there = self.within(workspaces.of(job.id))
            self._end(job, result=there._work[job.kind](job, there._watch(job)))
        except _Stopped:
            if self._stopping.is_set():
                self.ledger.give_back(job.id, self._worker, tried=False)
        except BadInput as error:
            self._end(job, problem=str(error))
        except Exception:  # noqa: BLE001 - one job that goes wrong must not end the others
            _LOG.exception("Job %s failed", job.id)
            if job.tries < _MOST_TRIES - 1:
                wait_seconds = self.backoff_seconds * 2 ** (job.tries - 1)
                self.ledger.give_back(job.id, self._worker, after_ms=int(wait_seconds * 1_000))
            else:
                self._end(job, problem="Something went wrong while drawing; the server's log says what.", ours=True)
        finally:
            self._under_way.pop(threading.current_thread(), None)
            self._tell()

    def _end(self, job: Job, *, result: dict[str, Any] | None = None, problem: str = "", ours: bool = False) -> None:
        if not self.ledger.finish(job.id, self._worker, result=result, problem=problem, ours=ours):
            return
        self._metrics.jobs.labels(job.kind, "failed" if problem else "done").inc()
        self._metrics.job_seconds.labels(job.kind).observe((database.now_ms() - job.made_ms) / 1_000)
        if job.kind == "boards":
            outcome = "failed" if problem else "made"
            self._metrics.boards.labels(outcome).inc(int(job.asked["candidates"]))

    def _watch(self, job: Job) -> Watch:
        def going_on() -> None:
            if self._stopping.is_set() or not self.ledger.holds(job.id, self._worker):
                raise _Stopped

        def drawn(candidate: int, panel: int, picture: bytes) -> None:
            self.ledger.panel_done(job.id, DrawnPanel(candidate, panel, self._store.put_picture(picture)))
            self._metrics.panels.inc()
            self._tell()

        return Watch(going_on, drawn)

    def _boards(self, job: Job, watch: Watch) -> dict[str, Any]:
        crew = self._following.crew_for(job.user or job.id)
        self.ledger.with_models(job, files.digest_of([origin.model_dump() for origin in crew.models.origins]))

        def drawn(candidate: int, panel: int, picture: Image.Image) -> None:
            watch.drawn(candidate, panel, png(picture))

        asked = crew.models_for(Asker(kind="board", user=job.user, begun=job.made_ms))
        models = recorded(asked, Steps(self.ledger, job, watch.going_on), self._store)
        brief = documents.parse(Brief, job.asked["brief"], "The brief")
        director = Director(models, crew.drawing)
        how = {"on_panel": drawn, "folder": self._store.folder, "preferred": job.asked.get("preferred", ())}
        made = director.boards(brief, int(job.asked["candidates"]), **how)
        watch.going_on()
        return {"boards": [self._keep(job, number, one, crew.version) for number, one in enumerate(made)]}

    def _keep(self, job: Job, number: int, candidate: Candidate, version: str) -> str:
        # A brief that is sent twice gives the same board twice: each has a name of its own, so that feedback finds it.
        made = candidate.board
        made.id = f"{job.id}-{number + 1}"
        folder = f"boards/{made.id}"
        candidate.save(self._settings.home / folder)
        if boards.find(self._engine, made.id) is None:  # after a kill in between it may be noted already
            note = Made(
                id=made.id, asked=job.id, brief=documents.parse(Brief, job.asked["brief"], "The brief"), folder=folder,
                version=version, made_ms=database.now_ms(),
            )  # fmt: skip
            boards.note(self._engine, [note])
        pictures = {panel.picture: png(one) for panel, one in zip(made.panels, candidate.pictures, strict=True)}
        self._store.add(made, pictures, job=job.id)
        return made.id

    def _export(self, job: Job, _: Watch) -> dict[str, Any]:
        kept = self._store.version(job.asked["board"], job.asked["version"])
        folder, out = self.folder(job) / "board", self.folder(job) / "files"
        shutil.rmtree(self.folder(job), ignore_errors=True)
        export.export(self._store.lay_out(kept.board, folder), job.asked["formats"], out)
        return {"files": sorted(path.name for path in out.iterdir() if path.is_file())}


def _wanted(asked: dict[str, Any]) -> dict[str, Any]:
    """What was asked for, without what the studio added: a taste may have changed when a request comes again."""
    return {name: value for name, value in asked.items() if name != "preferred"}
