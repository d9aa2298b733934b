"""What people say about boards: on the disk before it is acknowledged, shown to whoever said it, deleted on request."""

import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Query, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from storywright import registry
from storywright.errors import BadInput
from storywright.server.callers import Caller, TheCaller, User, caller_of
from storywright.server.problems import Busy, Missing
from storywright.server.rules import allows
from storywright.server.service import Service, TheService, service_of
from storywright.studio import workspaces
from storywright.watch import boards, comparing, database, feedback
from storywright.watch.commits import Overfull
from storywright.watch.feedback import Deleted, Feedback, Kind, OtherWords, Taken

router = APIRouter(prefix="/api/v1", tags=["feedback"])

MOST_TOGETHER = 1_000
SAW = "preferences"
"""The tag of a version of the models that names the sets of preferences it learned from, by their digests."""
_BATCH_BYTES = 4 << 20
_MOST_KNOWN = 20_000
_KNOWN: dict[tuple[Path, str], frozenset[str]] = {}
"""The panels of boards as they were made, which never change."""


class Said(BaseModel):
    """A choice, a rating or an edit."""

    model_config = ConfigDict(
        extra="forbid", use_attribute_docstrings=True,
        json_schema_extra={
            "examples": [{"board": "0c6f6f7e0b1d4a52-1", "panel": "p02", "kind": "rating", "value": "4"}]
        },
    )  # fmt: skip

    board: str = Field(min_length=1, max_length=64)
    """The board it is about."""
    panel: str = Field(default="", max_length=64)
    """The panel; empty for the whole board."""
    kind: Kind
    """choice: rather this board than the others of its order; rating: 1 to 5; edit: better words for a panel."""
    value: str = Field(default="", max_length=feedback.LONGEST_VALUE)
    """The stars of a rating, the words of an edit."""
    user: str = Field(default="", max_length=128)
    """Who says it. A program says it for its own people; for a person who is signed in it is always that person."""


class SaidUnderKey(Said):
    """One of many, with its idempotency key."""

    key: str = Field(min_length=1, max_length=feedback.LONGEST_KEY)


class ManySaid(BaseModel):
    """Many words at once."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    words: list[SaidUnderKey] = Field(min_length=1, max_length=MOST_TOGETHER)


class Written(BaseModel):
    """What became of one of many."""

    key: str
    status: int
    """201: it is on the disk; 200: it was before; 404, 410 or 422: it was not written, and `detail` says why."""
    detail: str = ""


class ManyWritten(BaseModel):
    """What became of each, in the order they came in."""

    words: list[Written]


class SaidBefore(BaseModel):
    """Something that was said."""

    key: str
    board: str
    panel: str
    kind: Kind
    value: str
    made_ms: int


class SaidPage(BaseModel):
    """What one person said, by its key."""

    words: list[SaidBefore]
    next: str
    """Where the next page is; empty on the last."""


class SetThatSaw(BaseModel):
    """A set of preferences that held some of what was deleted."""

    number: int
    digest: str
    made_ms: int


class Forgotten(BaseModel):
    """What was deleted, and who had seen it."""

    num_deleted: int
    sets: list[SetThatSaw]
    """The data sets that were made of it before; it is in none that is made from now on."""
    model_versions: list[str]
    """The versions of the studio's models that learned from those sets."""
    notice: str
    """Why the versions may be incomplete; empty when they are not."""


@allows(limited="feedback", audited=False)
async def say(
    said: Said,
    request: Request,
    service: TheService,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=feedback.LONGEST_KEY)],
) -> JSONResponse:
    """Write it down: 201 when it is on the disk, 200 when this key was written before."""
    started = time.perf_counter()
    entry = await _checked(said, idempotency_key, service, caller_of(request))
    try:
        new = await service.journal.written(entry)
    except Overfull as error:
        raise Busy(str(error), 1) from error
    except Deleted as error:
        raise HTTPException(410, str(error).rstrip(".")) from error
    _count(service, entry, new, started)
    return JSONResponse({"key": idempotency_key, "written": True}, 201 if new else 200)


class _Straight(APIRoute):
    """Reads a word that is right without asking for each request anew what the endpoint needs.

    That costs more than all the rest of it. Whatever is not plainly right goes the usual way, which says what is wrong.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route."""
        usual = super().get_route_handler()

        async def handle(request: Request) -> Response:
            key = request.headers.get("idempotency-key", "")
            if request.headers.get("content-type") != "application/json" or not 0 < len(key) <= feedback.LONGEST_KEY:
                return await usual(request)
            try:
                said = Said.model_validate_json(await request.body())
            except ValidationError:
                return await usual(request)
            return await say(said, request, service_of(request), key)

        return handle


router.add_api_route("/feedback", say, methods=["POST"], status_code=201, route_class_override=_Straight)


@router.post("/feedback/batch")
@allows(limited="feedback", audited=False, max_bytes=_BATCH_BYTES)
async def say_many(many: ManySaid, request: Request, service: TheService) -> ManyWritten:
    """Write many things down with one flush: each that is right is written, and each that is not says why."""
    started, caller = time.perf_counter(), caller_of(request)
    answers: list[Any] = [None] * len(many.words)
    entries: dict[int, Feedback] = {}
    for at, one in enumerate(many.words):
        try:
            entries[at] = await _checked(one, one.key, service, caller)
        except BadInput as error:
            answers[at] = error
    try:
        for at, answer in zip(entries, await service.journal.all_written(list(entries.values())), strict=True):
            answers[at] = answer
    except Overfull as error:
        raise Busy(str(error), 1) from error
    for at, entry in entries.items():
        if isinstance(answers[at], bool):
            _count(service, entry, answers[at], started)
    return ManyWritten(words=[_written(one.key, answer) for one, answer in zip(many.words, answers, strict=True)])


@router.get("/feedback")
def said_by(
    caller: TheCaller,
    me: User,
    service: TheService,
    user: Annotated[str, Query(max_length=128, description="Somebody else, for an admin.")] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    after: Annotated[str, Query(max_length=feedback.LONGEST_KEY)] = "",
) -> SaidPage:
    """What one has said, by its key."""
    who = _somebody(caller, me, user)
    found = feedback.by(service.engine, who, caller.workspace, limit=limit + 1, after=after)
    words = [SaidBefore(**{name: getattr(one, name) for name in SaidBefore.model_fields}) for one in found[:limit]]
    more = f"/api/v1/feedback?limit={limit}&after={words[-1].key}" if len(found) > limit else ""
    return SaidPage(words=words, next=f"{more}&user={user}" if more and user else more)


@router.delete("/feedback")
@allows("viewer")
def forget(
    caller: TheCaller,
    me: User,
    service: TheService,
    user: Annotated[str, Query(max_length=128, description="Whose words; left out, one's own.")] = "",
    board: Annotated[str, Query(max_length=64, description="About which board, whoever said it; for an admin.")] = "",
) -> Forgotten:
    """Delete what somebody said, or what was said about a board, and say which models had seen it.

    What somebody answered in a blind comparison goes too.
    """
    if board:
        if not caller.may("admin"):
            raise HTTPException(403, "Only an admin deletes what others said about a board")
        if workspaces.of(board) != caller.workspace:
            raise Missing(f"There is no board {board!r}.")
        deleted, sets = feedback.delete(service.engine, workspace=caller.workspace, board=board)
    else:
        who = _somebody(caller, me, user)
        deleted, sets = feedback.delete(service.engine, workspace=caller.workspace, user=who)
        if caller.workspace == workspaces.HOME:  # where versions are compared
            deleted += comparing.forget(service.engine, who)
    versions, notice = _versions_that_saw(service, sets)
    shown = [SetThatSaw(number=one.number, digest=one.digest, made_ms=one.made_ms) for one in sets]
    return Forgotten(num_deleted=deleted, sets=shown, model_versions=versions, notice=notice)


def write(said: Said, key: str, service: Service) -> bool:
    """Check that it is about something there is, and write it durably; False for a repetition."""
    started = time.perf_counter()
    entry = _entry(said, key, _panels(service, said.board), said.user)
    try:
        new = service.journal.wait(entry)
    except Overfull as error:
        raise Busy(str(error), 1) from error
    _count(service, entry, new, started)
    return new


async def _checked(said: Said, key: str, service: Service, caller: Caller | None) -> Feedback:
    panels = _KNOWN.get((service.settings.home, said.board)) if _is_own(service, said.board) else None
    if panels is None:
        panels = await run_in_threadpool(_panels, service, said.board)
    return _entry(said, key, panels, _speaker(said, caller))


def _speaker(said: Said, caller: Caller | None) -> str:
    """A person speaks for themselves; a program may say for whom."""
    if caller and caller.by == "session":
        return caller.user
    return said.user or (caller.user if caller else "")


def _entry(said: Said, key: str, panels: frozenset[str], user: str) -> Feedback:
    if said.panel and said.panel not in panels:
        known = ", ".join(sorted(panels))
        raise Missing(f"Board {said.board} has no panel {said.panel!r}; its panels are {known}.")
    return Feedback(
        key=key, board=said.board, panel=said.panel, kind=said.kind, value=said.value, user=user,
        made_ms=database.now_ms(),
    )  # fmt: skip


def _panels(service: Service, board_id: str) -> frozenset[str]:
    made = service.made(board_id)
    panels = frozenset(panel.id for panel in boards.read(made, service.settings.home).panels)
    if len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.clear()
    _KNOWN[service.settings.home, board_id] = panels
    return panels


def _is_own(service: Service, board_id: str) -> bool:
    return workspaces.of(board_id) == service.workspace


def _count(service: Service, entry: Feedback, new: bool, started: float) -> None:
    service.metrics.feedback_seconds.observe(time.perf_counter() - started)
    if new:
        service.metrics.feedback.labels(entry.kind).inc()


def _written(key: str, answer: bool | BaseException) -> Written:
    if isinstance(answer, bool):
        return Written(key=key, status=201 if answer else 200)
    statuses: dict[type[BaseException], int] = {Missing: 404, Deleted: 410, OtherWords: 422}
    if isinstance(answer, BadInput):
        return Written(key=key, status=statuses.get(type(answer), 422), detail=str(answer))
    return Written(key=key, status=500, detail="It could not be written; the server's log says why.")


def _somebody(caller: Caller, me: str, user: str) -> str:
    """Whose words these are about: one's own, or for an admin anybody's in the workspace."""
    if user and user != me and not caller.may("admin"):
        raise HTTPException(403, "Only an admin sees or deletes what others said")
    if not (user or me):
        raise BadInput("Field user: say whose words, since nobody is signed in.")
    return user or me


def _versions_that_saw(service: Service, sets: list[Taken]) -> tuple[list[str], str]:
    digests = {one.digest for one in sets}
    if not digests:
        return [], ""
    try:
        known = registry.versions(service.settings)
    except BadInput as error:
        return [], f"The registry of the models could not be asked: {error}"
    return [one.number for one in known if digests & set(one.tags.get(SAW, "").split(","))], ""
