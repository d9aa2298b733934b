"""Boards: made from a brief, looked at, revised, compared and exported.

A change says with If-Match which version it is made to, so that two editors do not overwrite each other; with an
Idempotency-Key it is made once however often it is sent.
"""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from storywright.board import Brief, Format, Storyboard, parse
from storywright.errors import BadInput
from storywright.server import editing
from storywright.server.callers import TheCaller, User
from storywright.server.ledger import Job
from storywright.server.problems import Missing, Unconditional
from storywright.server.routes.images import Prefer, seconds_to_wait
from storywright.server.routes.jobs import JobState, answer, answer_when_ended
from storywright.server.rules import allows
from storywright.server.service import Service, TheService
from storywright.studio import revision, versions
from storywright.studio.revision import Redraw, Reframe, Restyle, Revision
from storywright.studio.store import Conflict, Kept, digest_of

router = APIRouter(prefix="/api/v1", tags=["boards"])

IfMatch = Annotated[str, Header(max_length=32, description='The version that was looked at, such as "3".')]
Key = Annotated[str, Header(alias="idempotency-key", max_length=128)]

_USUAL_WAIT_SECONDS = 60.0
_REVISIONS: dict[str, Any] = {
    "redraw": {"summary": "Draw a panel again", "value": {"action": "redraw", "panel": "p02", "words": "Mia laughs."}},
    "edit": {"summary": "Set a field", "value": {"action": "edit", "panel": "p02", "field": "seconds", "value": 3.5}},
    "insert": {"summary": "Put a panel in", "value": {"action": "insert", "at": 2, "words": "The bus leaves."}},
    "move": {"summary": "Put a panel elsewhere", "value": {"action": "move", "panel": "p02", "to": 1}},
    "delete": {"summary": "Take a panel out", "value": {"action": "delete", "panel": "p02"}},
    "split": {"summary": "Make two of one", "value": {"action": "split", "panel": "p02"}},
    "merge": {"summary": "Make one of two", "value": {"action": "merge", "panel": "p01"}},
    "restyle": {"summary": "Another style", "value": {"action": "restyle", "style": "watercolour"}},
    "reframe": {"summary": "Another aspect", "value": {"action": "reframe", "aspect": "9:16"}},
}
_BRIEFS: dict[str, Any] = {
    "short": {"value": {"title": "Morning Run", "product": {"name": "Aqua Spark"}}},
    "whole": {
        "value": {
            "title": "Morning Run",
            "product": {"name": "Aqua Spark", "kind": "bottle", "description": "sparkling water in a recycled bottle"},
            "proposition": "the first sip of the day",
            "audience": "commuters, 25 to 40",
            "call_to_action": "Take a sip.",
            "format": {"seconds": 15, "aspect": "16:9", "panels": 6},
            "style": "ink",
        }
    },
}


class BoardLine(BaseModel):
    """A board in a list."""

    id: str
    title: str
    version: int
    num_panels: int
    seconds: float
    picture: str
    """The address of its first panel's picture."""
    job: str
    """The job that made it."""
    made_ms: int


class BoardPage(BaseModel):
    """Some boards, the newest first."""

    boards: list[BoardLine]
    next: str
    """Where the next page is; empty on the last."""


class VersionLine(BaseModel):
    """A version in a list."""

    number: int
    parent: int
    """The version it was made from; 0 for the first."""
    what: dict[str, Any]
    """The revision that was asked for."""
    who: str
    made_ms: int
    current: bool


class ChangeLine(BaseModel):
    """What became of a panel between two versions."""

    panel: str
    kind: str
    fields: dict[str, tuple[str, str]]
    """Each field that differs, as it was and as it is."""
    picture_before: str
    picture_after: str


class DrawLine(BaseModel):
    """A picture that a panel could have; a redraw with this seed and the same words chooses it."""

    seed: int
    picture: str
    fit: float


class DrawsWanted(BaseModel):
    """Which pictures a panel could have."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    words: str = Field(default="", max_length=1_000, examples=["Mia laughs."])
    """What happens; left out, what happens now."""
    draws: int = Field(default=4, ge=1, le=16)


class ExportWanted(BaseModel):
    """Which files are wanted."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    formats: list[str] = Field(min_length=1, max_length=32, examples=[["pdf", "xlsx"]])
    """Names out of /api/v1/formats, or all."""
    version: int | None = Field(default=None, ge=1)
    """Left out, the board as it is now."""


@router.post("/boards", response_model=JobState, status_code=201, responses={202: {"model": JobState}})
@allows(limited="drawing")
async def make(
    brief: Annotated[Brief, Body(openapi_examples=_BRIEFS)],
    request: Request,
    service: TheService,
    caller: TheCaller,
    user: User,
    candidates: Annotated[int, Query(ge=1, le=6)] = 3,
    wait: Annotated[float | None, Query(ge=0, le=300, description="Seconds to wait within this call.")] = None,
    prefer: Prefer = "",
    key: Key = "",
) -> Response:
    """Make boards for a brief: 201 with the boards, or 202 with where to look when it takes longer.

    `wait`, or the header `Prefer: wait=SECONDS`, says how long that is; `Prefer: respond-async` is not to wait at all.
    """
    usual = 0.0 if "respond-async" in prefer else _USUAL_WAIT_SECONDS
    seconds = seconds_to_wait(prefer, usual, 300) if wait is None else wait
    how = {"user": user, "key": key, "workspace": caller.workspace}
    job = await run_in_threadpool(service.jobs.order, brief, candidates, **how)
    return await answer_when_ended(job, request, service, seconds)


@router.get("/boards")
def listed(
    service: TheService,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: Annotated[str, Query(max_length=64, description="The id of the last board of the page before.")] = "",
) -> BoardPage:
    """The boards, the newest first."""
    found = service.store.listed(limit + 1, before=after)
    lines = [
        BoardLine(
            id=one.id, title=one.board.title, version=one.number, num_panels=len(one.board.panels),
            seconds=one.board.seconds, picture=picture_url(one.board), job=one.job, made_ms=one.made_ms,
        )
        for one in found[:limit]
    ]  # fmt: skip
    more = f"/api/v1/boards?limit={limit}&after={lines[-1].id}" if len(found) > limit else ""
    return BoardPage(boards=lines, next=more)


@router.get("/boards/{board_id}", response_model=Storyboard)
def board(board_id: str, service: TheService, if_none_match: Annotated[str, Header(max_length=32)] = "") -> Response:
    """A board as it is now; its ETag is its version."""
    kept = service.board(board_id)
    return Response(status_code=304, headers=_tag(kept)) if _tag(kept)["ETag"] == if_none_match else _board(kept)


@router.post(
    "/boards/{board_id}/revisions",
    response_model=Storyboard,
    status_code=201,
    responses={202: {"model": JobState, "description": "Another style or aspect: every panel is drawn, as a job."}},
)
async def revise(
    board_id: str,
    asked: Annotated[Revision, Body(openapi_examples=_REVISIONS)],
    request: Request,
    service: TheService,
    user: User,
    if_match: IfMatch = "",
    prefer: Prefer = "",
    key: Key = "",
) -> Response:
    """Change one thing; 412 when the board is at another version by now.

    Another style or aspect is drawn as a job: 202 with where to look, or 201 with the board when it is done within
    `Prefer: wait=SECONDS`.
    """
    wanted = revision.asked(asked.model_dump())
    made = await run_in_threadpool(_revised, service, board_id, wanted, if_match, who=user, key=key)
    if isinstance(made, Kept):
        return _board(made, 201, {"Location": f"/api/v1/boards/{board_id}/versions/{made.number}"})
    seconds = seconds_to_wait(prefer, 0, 300)
    job = await service.jobs.ended(made, seconds, request)
    if job.state != "done":
        return await answer_when_ended(job, request, service, 0)
    number = int(job.result["version"])
    kept = await run_in_threadpool(service.store.version, board_id, number)
    return _board(kept, 201, {"Location": f"/api/v1/boards/{board_id}/versions/{number}"})


@router.post("/boards/{board_id}/undo", response_model=Storyboard)
def undo(board_id: str, service: TheService, if_match: IfMatch = "") -> Response:
    """Go back to the version that this one was made from."""
    return _board(service.store.step(board_id, -1, seen=_seen(service, board_id, if_match)))


@router.post("/boards/{board_id}/redo", response_model=Storyboard)
def redo(board_id: str, service: TheService, if_match: IfMatch = "") -> Response:
    """Go to the newest version that was made from this one."""
    return _board(service.store.step(board_id, 1, seen=_seen(service, board_id, if_match)))


@router.post("/boards/{board_id}/panels/{panel}/draws")
@allows(limited="drawing")
def draws(board_id: str, panel: str, wanted: DrawsWanted, service: TheService) -> list[DrawLine]:
    """Draw a panel several times to choose from, the best first; the board stays as it is."""
    asked = Redraw(panel=panel, words=wanted.words, draws=wanted.draws)
    found = editing.draws(service, service.board(board_id), asked)
    return [DrawLine(seed=one.seed, picture=f"/api/v1/pictures/{one.picture}.png", fit=one.fit) for one in found]


@router.get("/boards/{board_id}/versions")
def listed_versions(
    board_id: str,
    service: TheService,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 1_000,
    after: Annotated[int, Query(ge=0, description="The last number of the page before.")] = 0,
) -> list[VersionLine]:
    """The versions, the oldest first; the header Link says where the next page is."""
    service.board(board_id)
    found = [one for one in service.store.versions(board_id) if one.number > after]
    if len(found) > limit:
        more = f"/api/v1/boards/{board_id}/versions?limit={limit}&after={found[limit - 1].number}"
        response.headers["Link"] = f'<{more}>; rel="next"'
    return [VersionLine(**asdict(one)) for one in found[:limit]]


@router.get("/boards/{board_id}/versions/{number}", response_model=Storyboard)
def version(board_id: str, number: int, service: TheService) -> Response:
    """The board as it once was."""
    service.board(board_id)
    return _board(service.store.version(board_id, number))


@router.get("/boards/{board_id}/changes")
def changes(
    board_id: str, service: TheService, before: Annotated[int, Query(ge=1)], after: Annotated[int, Query(ge=1)]
) -> list[ChangeLine]:
    """What differs between two versions, panel by panel."""
    service.board(board_id)
    old, new = (service.store.version(board_id, number).board for number in (before, after))
    was, now = ({panel.id: url_of(digest_of(panel)) for panel in one.panels} for one in (old, new))
    return [
        ChangeLine(
            panel=change.panel, kind=change.kind, fields=change.fields,
            picture_before=was.get(change.panel, ""), picture_after=now.get(change.panel, ""),
        )
        for change in versions.changes(old, new)
    ]  # fmt: skip


@router.post("/boards/{board_id}/exports", response_model=JobState, status_code=202)
def export(board_id: str, wanted: ExportWanted, service: TheService, user: User) -> Response:
    """Write files of a board: 202 and where to look; the same wish is one job."""
    number = wanted.version or service.board(board_id).number
    return answer(service.jobs.export(board_id, number, wanted.formats, user=user), service, 202)


@router.get("/boards/{board_id}/panels/{panel}.png", response_class=FileResponse)
def panel_picture(board_id: str, panel: str, service: TheService) -> FileResponse:
    """A panel's picture as it is now."""
    kept = service.board(board_id).board
    digest = next((digest_of(one) for one in kept.panels if one.id == panel), "")
    if not digest:
        known = ", ".join(one.id for one in kept.panels)
        raise Missing(f"Board {board_id} has no picture of a panel {panel!r}; its panels are {known}.")
    return FileResponse(service.store.picture(digest), media_type="image/png", headers={"Cache-Control": "no-cache"})


@router.get("/pictures/{digest}.png", response_class=FileResponse)
def picture(digest: str, service: TheService) -> FileResponse:
    """A picture by its content; it never changes."""
    forever = {"Cache-Control": "private, max-age=31536000, immutable"}
    return FileResponse(service.store.picture(digest), media_type="image/png", headers=forever)


def picture_url(board: Storyboard) -> str:
    """The address of a board's first picture; empty where it has none."""
    return next((url_of(digest_of(panel)) for panel in board.panels if digest_of(panel)), "")


def url_of(digest: str) -> str:
    """The address of a picture; empty for none."""
    return f"/api/v1/pictures/{digest}.png" if digest else ""


def _revised(service: Service, board_id: str, asked: Revision, if_match: str, *, who: str, key: str) -> Kept | Job:
    """The board after a revision, or the job that draws every panel of it."""
    seen = _seen(service, board_id, if_match)
    if not isinstance(asked, Restyle | Reframe):
        return editing.revise(service, board_id, asked, seen=seen, who=who, key=key)
    if isinstance(asked, Reframe):
        parse(Format, {"aspect": asked.aspect}, "The revision")
    job = editing.redraw_all(service, board_id, asked, seen=seen, who=who, key=key)
    at = service.board(board_id).number
    if job.open and at != seen:
        service.jobs.cancel(job.id)
        raise Conflict(f"Board {board_id} is at version {at} now, and version {seen} was looked at: look at it again.")
    return job


def _seen(service: Service, board_id: str, if_match: str) -> int:
    at = service.board(board_id).number
    if if_match == "*":
        return at
    if not if_match:
        raise Unconditional(f'Say which version this is a change of: If-Match: "{at}" is the version of now.')
    text = if_match.removeprefix("W/").strip('"')
    if not text.isdecimal() or not 0 < int(text) < 2**31:
        raise BadInput(f'Header If-Match: a version is a number such as "{at}", got {if_match!r}.')
    return int(text)


def _tag(kept: Kept) -> dict[str, str]:
    return {"ETag": f'"{kept.number}"'}


def _board(kept: Kept, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(kept.board.model_dump(mode="json"), status, _tag(kept) | (headers or {}))
