"""Revising a board in service: who looked at which version, what has to be drawn, and what was drawn before.

The page and the API come through here. A single panel goes to the desk before all boards that are being made, and a
draw that somebody looked at is remembered, so that choosing it gives that very picture.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storywright import files
from storywright.board import Score, Storyboard
from storywright.server.drawing.work import Asker
from storywright.server.following import Crew
from storywright.server.jobs import Watch, Work
from storywright.server.ledger import Job
from storywright.server.problems import Busy
from storywright.server.service import Service
from storywright.studio import revision, workspaces
from storywright.studio.measuring import Beside, Measuring
from storywright.studio.redrawing import Redrawing
from storywright.studio.revision import Drawn, Redraw, Revision, Wish
from storywright.studio.store import Kept

_PATIENCE_SECONDS = 3.0
"""Who moves a panel waits no longer for the board to be measured again."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One of several pictures that a panel could have."""

    seed: int
    picture: str
    """Its digest."""
    fit: float


def revise(
    service: Service, board_id: str, asked: Revision, *, seen: int, who: str = "", key: str = "",
    job: Job | None = None, watch: Watch | None = None,
) -> Kept:  # fmt: skip
    """The board after this revision of the version that was looked at; as a job it takes turns with other boards."""
    what = asked.model_dump(mode="json")
    if known := service.store.done_before(board_id, key, what):
        return known
    before = service.store.version(board_id, seen).board
    revised = revision.revise(before, asked, _AtTheDesk(service, job, watch), _Measuring(service), seen)
    if revised.board == before:
        return Kept(before, seen)
    return service.store.keep(revised.board, revised.pictures, seen=seen, what=what, who=who, key=key)


def draws(service: Service, kept: Kept, asked: Redraw) -> list[Draw]:
    """Pictures that this panel could have, the best first; the board stays as it is."""
    desk = _AtTheDesk(service)
    revision.revise(kept.board, asked, desk)
    return sorted(desk.seen, key=lambda draw: -draw.fit)


def redraw_all(service: Service, board_id: str, asked: Revision, *, seen: int, who: str = "", key: str = "") -> Job:
    """A job that revises the whole board, panel by panel."""
    board = service.store.version(board_id, seen).board
    wanted = {"board": board_id, "seen": seen, "revision": asked.model_dump(mode="json"), "who": who}
    return service.jobs.take(
        "revision",
        wanted,
        user=who,
        key=key and f"{board_id} {key}",
        num_panels=len(board.panels),
        workspace=workspaces.of(board_id),
    )


def work(service: Service) -> Work:
    """How a job of `redraw_all` is done."""

    def do(job: Job, watch: Watch) -> dict[str, Any]:
        asked, board_id = revision.asked(job.asked["revision"]), str(job.asked["board"])
        how = {"who": str(job.asked["who"]), "key": f"job-{job.id}"}
        there = service.within(workspaces.of(board_id))
        made = revise(there, board_id, asked, seen=int(job.asked["seen"]), job=job, watch=watch, **how)
        return {"board": board_id, "version": made.number}

    return do


@dataclass(slots=True)
class _AtTheDesk:
    """A `revision.Draw` that waits for its turn, and draws nothing twice."""

    service: Service
    job: Job | None = None
    watch: Watch | None = None
    seen: list[Draw] = field(default_factory=list)

    def __call__(self, board: Storyboard, wishes: Sequence[Wish]) -> list[Drawn]:
        crew, store = self.service.following.crew_for(board.id), self.service.store
        models = [origin.model_dump() for origin in crew.models.origins]
        names = [_name(board, wish, models) for wish in wishes]
        known = {name: found for name in names if (found := store.draw(board.id, name))}
        wanted = [at for at, name in enumerate(names) if name not in known]
        for some in [[at] for at in wanted] if self.watch else [wanted] if wanted else []:
            if self.watch:
                self.watch.going_on()
            drawn = self._drawn(crew, board, [wishes[at] for at in some])
            for at, one in zip(some, drawn, strict=True):
                store.remember_draw(board.id, names[at], one.panel, one.png)
                known[names[at]] = (one.panel, one.png)
                if self.watch:
                    self.watch.drawn(0, at, one.png)
        if not self.watch:
            self.service.metrics.panels.inc(len(wanted))
        all_drawn = [Drawn(*known[name], known[name][0].scores[0].value) for name in names]
        self.seen += [Draw(one.panel.seed or 0, store.put_picture(one.png), one.fit) for one in all_drawn]
        return all_drawn

    def _drawn(self, crew: Crew, board: Storyboard, wishes: list[Wish]) -> list[Drawn]:
        """A job takes turns with boards; whoever waits for a panel takes one of the places of redraws."""
        if self.job:
            asker = Asker(kind="board", user=self.job.user, begun=self.job.made_ms)
            return Redrawing(crew.models_for(asker), crew.drawing, self.service.store.folder)(board, wishes)
        with self.service.desk.place("redraw"):
            return Redrawing(crew.models, crew.drawing, self.service.store.folder)(board, wishes)


@dataclass(frozen=True, slots=True)
class _Measuring:
    """A `revision.Measure` that keeps nobody waiting: in a rush the scores stay what they were, and say so."""

    service: Service

    def __call__(self, board: Storyboard, pictures: Mapping[str, bytes], names: Collection[str]) -> list[Score]:
        store = self.service.store
        try:
            models = self.service.following.crew_for(board.id).models_for(Asker(patience=_PATIENCE_SECONDS))
            return Measuring(models, store.named, lambda: self._beside(board))(board, pictures, names)
        except Busy:
            return []

    def _beside(self, board: Storyboard) -> list[Beside]:
        store = self.service.store
        return [(other, store.named) for other in store.beside(board.id)]


def _name(board: Storyboard, wish: Wish, models: list[dict[str, str]]) -> str:
    """What tells one drawing from another: everything that it is drawn from."""
    panel = wish.panel.model_dump(mode="json", exclude={"picture", "scores", "provenance"})
    brief = board.brief.model_dump(mode="json") if board.brief else None
    return files.digest_of([board.style, board.aspect, brief, panel, wish.told_anew, models])
