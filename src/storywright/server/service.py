"""What the routes work with, made once for an app."""

from dataclasses import dataclass, field, replace
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from storywright import files
from storywright.server.access import Doorkeeper
from storywright.server.audit import Audit
from storywright.server.callers import caller_of
from storywright.server.desk import Desk
from storywright.server.following import Following
from storywright.server.identity import Provider
from storywright.server.jobs import Jobs
from storywright.server.ledger import Job
from storywright.server.metrics import Metrics
from storywright.server.people import People
from storywright.server.problems import Missing
from storywright.server.support import Inbox, RecentLines
from storywright.settings import Settings
from storywright.studio import workspaces
from storywright.studio.reviews import Reviews
from storywright.studio.store import Kept, NotKept, Store
from storywright.watch import boards
from storywright.watch.boards import Made
from storywright.watch.feedback import Journal

_MOST_VIEWS = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One studio in service."""

    settings: Settings
    engine: Engine
    metrics: Metrics
    following: Following
    desk: Desk
    store: Store
    jobs: Jobs
    reviews: Reviews
    inbox: Inbox
    recent: RecentLines
    door: Doorkeeper
    audit: Audit
    provider: Provider | None
    people: People
    journal: Journal
    workspace: str = workspaces.HOME
    """Whose things this finds; those of others are not there."""
    _views: dict[str, "Service"] = field(default_factory=dict, repr=False)

    def within(self, workspace: str) -> "Service":
        """The same studio as one workspace sees it."""
        if workspace == self.workspace:
            return self
        if (known := self._views.get(workspace)) is None:
            if len(self._views) >= _MOST_VIEWS:
                self._views.clear()
            store, jobs = self.store.within(workspace), self.jobs.within(workspace)
            known = self._views[workspace] = replace(self, workspace=workspace, store=store, jobs=jobs, _views={})
        return known

    @property
    def ready(self) -> bool:
        """Whether requests are to be sent here: models are open, and the server is not being stopped."""
        return self.following.ready and not self.jobs.stopping

    def board(self, board_id: str) -> Kept:
        """A board as it is now; one that was made before there was a store is brought into it."""
        self._own(board_id, f"There is no board {board_id!r}.")
        try:
            return self.store.current(board_id)
        except NotKept:
            made = self.made(board_id)
        board = boards.read(made, self.settings.home)
        folder = files.inside(self.settings.home, made.folder)
        pictures = {panel.picture: files.inside(folder, panel.picture).read_bytes() for panel in board.panels}
        return self.store.add(board, pictures, job=made.asked)

    def made(self, board_id: str) -> Made:
        """A board as it was made here."""
        self._own(board_id, f"There is no board {board_id!r}.")
        found = boards.find(self.engine, board_id)
        if found is None:
            raise Missing(f"There is no board {board_id!r}.")
        return found

    def job(self, job_id: str) -> Job:
        """A job as it is now; one from before there was a ledger is known by its boards."""
        self._own(job_id, f"There is no job {job_id!r}.")
        if found := self.jobs.find(job_id):
            return found
        made = boards.candidates(self.engine, job_id)
        if not made:
            raise Missing(f"There is no job {job_id!r}.")
        return Job(
            id=job_id, kind="boards", user="", state="done", result={"boards": [one.id for one in made]},
            asked={"brief": made[0].brief.model_dump(mode="json"), "candidates": len(made)}, made_ms=made[0].made_ms,
        )  # fmt: skip

    def _own(self, name: str, otherwise: str) -> None:
        if workspaces.of(name) != self.workspace:
            raise Missing(otherwise)


def service_of(request: Request) -> Service:
    """The service, as whoever asks sees it."""
    service = request.app.state.service
    assert isinstance(service, Service)
    caller = caller_of(request)
    return service.within(caller.workspace) if caller else service


async def _service(request: Request) -> Service:  # async, so that no request waits for a thread to find it
    return service_of(request)


TheService = Annotated[Service, Depends(_service)]
