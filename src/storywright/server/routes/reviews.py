"""Reviews: links for clients, what they say and decide; for programs, for the board's owner, and for the client.

Everything under `/review/TOKEN` is for a client without an account: the token is all that is asked for, and nothing but
the version it shows can be reached by it.
"""

import secrets
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote, unquote

from fastapi import APIRouter, Cookie, Header, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from storywright.errors import BadInput
from storywright.server.callers import Caller, TheCaller, User
from storywright.server.problems import Missing
from storywright.server.routes.editor import Fields, number, threads
from storywright.server.routes.page import served
from storywright.server.rules import allows
from storywright.server.service import Service, TheService
from storywright.server.templates import language_of, page
from storywright.studio import reviews, workspaces
from storywright.studio.reviews import Comment, Decision, Review, Verdict
from storywright.studio.store import Kept, digest_of

router = APIRouter(prefix="/api/v1/reviews", tags=["reviews"])
pages = APIRouter(include_in_schema=False)

_NAME_COOKIE = "review_name"
_NAME, _NAME_OR_NONE = "^[a-z0-9-]+$", "^[a-z0-9-]*$"
"""What boards are called."""
_Key = Annotated[str, Header(alias="idempotency-key", max_length=128)]


class ReviewWanted(BaseModel):
    """A link to be made."""

    model_config = ConfigDict(
        extra="forbid", use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"board": "0c6f6f7e0b1d4a52-1", "days": 14, "name": "Anna, Aqua Spark"}]},
    )  # fmt: skip

    board: str = Field(min_length=1, max_length=64, pattern=_NAME)
    version: int | None = Field(default=None, ge=1, lt=2**31)
    """Left out, the board as it is now."""
    days: int = Field(default=14, ge=1, le=reviews.MOST_DAYS)
    """How long it is good for."""
    name: str = Field(default="", max_length=reviews.LONGEST_NAME)
    """Whom it is for."""


class ReviewState(BaseModel):
    """A link and how it stands."""

    id: str
    board: str
    version: int
    """What it shows."""
    board_version: int
    """What the board is by now."""
    name: str
    state: str
    """open, expired or revoked."""
    url: str
    """Where the client finds it."""
    made_ms: int
    expires_ms: int
    num_comments: int
    verdict: str
    """approved, changes, or empty: not decided yet."""
    verdict_version: int
    """The version that was decided about; 0 when nothing was."""


class CommentWanted(BaseModel):
    """Something to be said."""

    model_config = ConfigDict(
        extra="forbid", use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"words": "Could the bottle be larger?", "who": "Anna", "panel": "p02"}]},
    )  # fmt: skip

    words: str = Field(min_length=1, max_length=reviews.LONGEST_WORDS)
    who: str = Field(default="", max_length=reviews.LONGEST_NAME)
    panel: str = Field(default="", max_length=64)
    """Empty: the whole board."""
    answers: str = Field(default="", pattern="^([0-9a-f]{32})?$")
    """The id of the comment that it answers."""
    owner: bool = True
    """Whether the studio says it; false passes on what a client said elsewhere."""


class CommentState(BaseModel):
    """Something that was said."""

    id: str
    board: str
    version: int
    """That was looked at."""
    panel: str
    x: float | None
    y: float | None
    answers: str
    who: str
    owner: bool
    words: str
    done: bool
    made_ms: int


class Settled(BaseModel):
    """Whether a comment was seen to."""

    model_config = ConfigDict(extra="forbid")

    done: bool = True


class DecisionWanted(BaseModel):
    """What a client decided."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"verdict": "approved", "who": "Anna"}]})

    verdict: Verdict
    who: str = Field(default="", max_length=reviews.LONGEST_NAME)
    words: str = Field(default="", max_length=reviews.LONGEST_WORDS)


class DecisionState(BaseModel):
    """What was decided, and about which version."""

    id: str
    board: str
    version: int
    verdict: Verdict
    who: str
    words: str
    made_ms: int


@router.post("", status_code=201)
def create(wanted: ReviewWanted, request: Request, service: TheService, caller: TheCaller, user: User) -> ReviewState:
    """Make a link for a client."""
    if workspaces.of(wanted.board) != caller.workspace:
        raise Missing(f"There is no board {wanted.board!r}.")
    kept = _kept(service, wanted.board, wanted.version)
    made = service.reviews.open(wanted.board, kept.number, days=wanted.days, name=wanted.name, by=user)
    return _state(made, request, service)


@router.get("")
def listed(
    request: Request,
    service: TheService,
    caller: TheCaller,
    board: Annotated[str, Query(max_length=64, pattern=_NAME_OR_NONE)] = "",
) -> list[ReviewState]:
    """The links of a board, or of all boards; the newest first, at most 100."""
    found = service.reviews.listed(board, workspace=caller.workspace)
    return [_state(one, request, service) for one in found]


@router.get("/{review_id}")
@allows(free=("review_id",))
def state(review_id: str, request: Request, service: TheService, caller: TheCaller) -> ReviewState:
    """How a link stands."""
    return _state(_own(service, review_id, caller), request, service)


@router.delete("/{review_id}")
@allows(free=("review_id",))
def revoke(review_id: str, request: Request, service: TheService, caller: TheCaller) -> ReviewState:
    """Close a link for good; what was said stays."""
    _own(service, review_id, caller)
    return _state(service.reviews.revoke(review_id), request, service)


@router.get("/{review_id}/comments")
@allows(free=("review_id",))
def comments(review_id: str, service: TheService, caller: TheCaller) -> list[CommentState]:
    """What was said, the oldest first."""
    return [_comment(one) for one in service.reviews.comments(review=_own(service, review_id, caller).id)]


@router.post("/{review_id}/comments", status_code=201)
@allows(free=("review_id",))
def comment(
    review_id: str, wanted: CommentWanted, service: TheService, caller: TheCaller, key: _Key = ""
) -> CommentState:
    """Say something, or answer."""
    review = _own(service, review_id, caller)
    _known_panel(service.store.version(review.board, review.version), wanted.panel)
    return _comment(service.reviews.say(review, **wanted.model_dump(), key=key))


@router.put("/{review_id}/comments/{comment_id}")
@allows(free=("review_id", "comment_id"))
def settle(review_id: str, comment_id: str, wanted: Settled, service: TheService, caller: TheCaller) -> CommentState:
    """Say whether a comment was seen to."""
    _of_review(service, _own(service, review_id, caller), comment_id)
    return _comment(service.reviews.settle(comment_id, wanted.done))


@router.get("/{review_id}/decisions")
@allows(free=("review_id",))
def decisions(review_id: str, service: TheService, caller: TheCaller) -> list[DecisionState]:
    """What was decided, the oldest first; the last one holds."""
    return [_decision(one) for one in service.reviews.decisions(review=_own(service, review_id, caller).id)]


@router.post("/{review_id}/decisions", status_code=201)
@allows(free=("review_id",))
def decide(
    review_id: str, wanted: DecisionWanted, service: TheService, caller: TheCaller, key: _Key = ""
) -> DecisionState:
    """Write down what was decided, such as in a meeting."""
    review = _own(service, review_id, caller)
    made = service.reviews.decide(review, wanted.verdict, who=wanted.who, words=wanted.words, key=key)
    return _decision(made)


# The owner's pages.


@pages.get("/boards/{board_id}/reviews")
def owners(board_id: str, request: Request, service: TheService) -> Response:
    """The links of a board, and everything that was said and decided."""
    return _owners(request, service, board_id)


@pages.post("/boards/{board_id}/reviews")
def create_link(board_id: str, request: Request, service: TheService, form: Fields, user: User) -> Response:
    """Make a link to the board as it is now."""
    try:
        kept = service.board(board_id)
        made = service.reviews.open(
            board_id, kept.number, days=number(form, "days"), name=form.get("name", ""), by=user
        )
    except BadInput as error:
        return _owners(request, service, board_id, str(error), 422)
    return RedirectResponse(f"/boards/{board_id}/reviews#{made.id}", 303)


@pages.post("/boards/{board_id}/reviews/{review_id}")
@allows(free=("review_id",))
def change_link(board_id: str, review_id: str, request: Request, service: TheService, form: Fields) -> Response:
    """Revoke a link, or let it show the board as it is now."""
    if service.reviews.find(review_id).board != board_id:
        raise Missing(f"Board {board_id} has no review {review_id!r}.")
    try:
        if form.get("do") == "show":
            service.reviews.show(review_id, service.board(board_id).number)
        else:
            service.reviews.revoke(review_id)
    except BadInput as error:
        return _owners(request, service, board_id, str(error), 409)
    return RedirectResponse(f"/boards/{board_id}/reviews#{review_id}", 303)


@pages.post("/boards/{board_id}/comments/{comment_id}")
@allows(free=("comment_id",))
def answer_comment(board_id: str, comment_id: str, service: TheService, form: Fields) -> Response:
    """Answer a comment, or say that it was seen to."""
    found = service.reviews.comment(comment_id)
    if found.board != board_id:
        raise Missing(f"Board {board_id} has no comment {comment_id!r}.")
    if form.get("words", "").strip():
        review = service.reviews.find(found.review)
        key = form.get("key", "")[:64]
        service.reviews.say(review, form["words"], who=form.get("who", ""), owner=True, answers=found.id, key=key)
    if "done" in form:
        service.reviews.settle(found.id, form["done"] == "yes")
    where = "/reviews" if form.get("back") == "reviews" else ""
    return RedirectResponse(f"/boards/{board_id}{where}#{found.panel}", 303)


# The client's page.


@pages.get("/review/{token}")
@allows("anybody", free=("token",))
def client(
    token: str, request: Request, service: TheService, review_name: Annotated[str, Cookie(max_length=500)] = ""
) -> Response:
    """The board as it was sent, to be commented on and decided about."""
    return _client(token, request, service, unquote(review_name))


@pages.get("/review/{token}/pictures/{digest}.png")
@allows("anybody", free=("token",))
def client_picture(token: str, digest: str, service: TheService) -> FileResponse:
    """A picture of the version that is shown."""
    review, service = _followed(service, token)
    kept = service.store.version(review.board, review.version).board
    if digest not in {digest_of(panel) for panel in kept.panels}:
        raise Missing("There is no such picture in this review.")
    private = {"Cache-Control": "private, max-age=3600"}
    return FileResponse(
        service.within(workspaces.of(review.board)).store.picture(digest), media_type="image/png", headers=private
    )


@pages.post("/review/{token}/comments")
@allows("anybody", free=("token",))
def client_says(token: str, request: Request, service: TheService, form: Fields) -> Response:
    """Pin a comment to a panel, or answer one."""
    (review, service), who = _followed(service, token), form.get("who", "")
    try:
        _known_panel(service.store.version(review.board, review.version), form.get("panel", ""))
        service.reviews.say(
            review, form.get("words", ""), who=who, panel=form.get("panel", ""), spot=_spot(form),
            answers=form.get("answers", ""), key=form.get("key", "")[:64] + form.get("panel", "")[:64],
        )  # fmt: skip
    except BadInput as error:
        return _client(token, request, service, who, str(error), 422)
    return _back(token, who, form.get("panel", ""))


@pages.post("/review/{token}/decision")
@allows("anybody", free=("token",))
def client_decides(token: str, request: Request, service: TheService, form: Fields) -> Response:
    """Approve the board, or ask for a change."""
    (review, service), who = _followed(service, token), form.get("who", "")
    try:
        key = form.get("key", "")[:64] + form.get("verdict", "")[:16]
        service.reviews.decide(review, form.get("verdict", ""), who=who, words=form.get("words", ""), key=key)
    except BadInput as error:
        return _client(token, request, service, who, str(error), 422)
    return _back(token, who, "decision")


def _owners(request: Request, service: Service, board_id: str, problem: str = "", status: int = 200) -> Response:
    kept = service.board(board_id)
    found = service.reviews.listed(board_id)
    said = service.reviews.comments(board=board_id)
    return page(
        request, "reviews.html", status, kept=kept, board=kept.board, problem=problem, key=secrets.token_hex(12),
        links=[_state(one, request, service) for one in found], threads=threads(said),
        decisions=service.reviews.decisions(board=board_id), most_days=reviews.MOST_DAYS,
        digests={panel.id: digest_of(panel) for panel in kept.board.panels}, served=served(request, service),
    )  # fmt: skip


def _client(token: str, request: Request, service: Service, who: str, problem: str = "", status: int = 200) -> Response:
    review, service = _followed(service, token)
    kept = service.store.version(review.board, review.version)
    answer = page(
        request, "review.html", status, review=review, board=kept.board, token=token, problem=problem, who=who,
        threads=threads(service.reviews.comments(review=review.id)), digest_of=digest_of,
        decisions=service.reviews.decisions(review=review.id), key=secrets.token_hex(12),
        words=language_of(request),
    )  # fmt: skip
    # The address of the page is its key: no other site sees it. Without any referrer browsers would not say that the
    # client's own comment comes from here.
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _followed(service: Service, token: str) -> tuple[Review, Service]:
    """The review of a link, and the studio as its workspace sees it."""
    review = service.reviews.by_token(token)
    return review, service.within(workspaces.of(review.board))


def _back(token: str, who: str, place: str) -> Response:
    answer = RedirectResponse(f"/review/{token}#{place}", 303)
    name = quote(" ".join(who.split())[: reviews.LONGEST_NAME])
    answer.set_cookie(_NAME_COOKIE, name, path="/review", httponly=True, samesite="lax")
    return answer


def _spot(form: dict[str, str]) -> tuple[float, float] | None:
    try:
        return (float(form["x"]), float(form["y"])) if form.get("x") and form.get("y") else None
    except ValueError as error:
        raise BadInput("Field x, y: a spot on the picture is two numbers between 0 and 1.") from error


def _kept(service: Service, board_id: str, version: int | None) -> Kept:
    now = service.board(board_id)
    return service.store.version(board_id, version) if version else now


def _known_panel(kept: Kept, panel: str) -> None:
    known = [one.id for one in kept.board.panels]
    if panel and panel not in known:
        raise Missing(f"Board {kept.board.id} has no panel {panel!r}; its panels are {', '.join(known)}.")


def _own(service: Service, review_id: str, caller: Caller) -> Review:
    """A review of the caller's own workspace."""
    found = service.reviews.find(review_id)
    if workspaces.of(found.board) != caller.workspace:
        raise Missing(f"There is no review {review_id!r}.")
    return found


def _of_review(service: Service, review: Review, comment_id: str) -> None:
    if service.reviews.comment(comment_id).review != review.id:
        raise Missing(f"Review {review.id} has no comment {comment_id!r}.")


def _state(review: Review, request: Request, service: Service) -> ReviewState:
    decided: Sequence[Decision] = service.reviews.decisions(review=review.id)
    return ReviewState(
        id=review.id, board=review.board, version=review.version, board_version=service.board(review.board).number,
        name=review.name, state=review.state(service.reviews.now_ms()),
        url=f"{str(request.base_url).rstrip('/')}/review/{service.reviews.token(review)}", made_ms=review.made_ms,
        expires_ms=review.expires_ms, num_comments=len(service.reviews.comments(review=review.id)),
        verdict=decided[-1].verdict if decided else "", verdict_version=decided[-1].version if decided else 0,
    )  # fmt: skip


def _comment(made: Comment) -> CommentState:
    return CommentState(**_named(made, CommentState))


def _decision(made: Decision) -> DecisionState:
    return DecisionState(**_named(made, DecisionState))


def _named(made: Comment | Decision, kind: type[BaseModel]) -> dict[str, Any]:
    return {name: getattr(made, name) for name in kind.model_fields}
