"""Blind comparisons: one pair after another for whoever looks, and the result for whoever asks.

What is sent names neither version, and a picture's address says a side and no more.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from storywright.server.callers import caller_of, user_of
from storywright.server.problems import Missing
from storywright.server.routes.editor import Fields
from storywright.server.routes.page import known_from_now_on
from storywright.server.rules import allows
from storywright.server.service import Service, TheService
from storywright.server.templates import page
from storywright.studio import workspaces
from storywright.watch import comparing
from storywright.watch.comparing import Answer, Comparison, Side, Turn

router = APIRouter(prefix="/api/v1", tags=["comparisons"])
pages = APIRouter(include_in_schema=False)


class Shown(BaseModel):
    """A pair as it is shown: what was asked for, and what stands on either side."""

    turn: int
    turns: int
    """How many a person is shown in all."""
    words: str
    left: str
    """The address of the left picture."""
    right: str
    left_caption: str
    right_caption: str


class Next(BaseModel):
    """What this person is shown next."""

    shown: Shown | None
    """None when they have seen everything."""


class Said(BaseModel):
    """Which side somebody prefers."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    turn: int = Field(ge=0, examples=[0])
    """The turn that was shown."""
    answer: Answer
    """The side, or tie where neither is better."""
    user: str = Field(default="", max_length=128)
    """Who says it. A program says it for its own people; for a person who is signed in it is always that person."""


class ComparisonLine(BaseModel):
    """A comparison in a list; which versions it is about is not said while people look."""

    name: str
    pairs: int
    turns: int


class Comparisons(BaseModel):
    """All comparisons, the newest first."""

    comparisons: list[ComparisonLine]


class Found(BaseModel):
    """What people think so far."""

    champion: str
    challenger: str
    comparisons: int
    people: int
    wins: int
    losses: int
    ties: int
    win_rate: float
    win_rate_low: float
    win_rate_high: float
    score: float
    """Bradley-Terry, the champion's being 0."""
    score_low: float | None
    score_high: float | None
    left_bias: float
    left_out: dict[str, str]
    """By a digest of each person whose answers do not count, why."""


@router.get("/comparisons")
@allows("operator")
def all_comparisons(service: TheService) -> Comparisons:
    """All comparisons, the newest first."""
    found = comparing.listed(service.settings.home)
    return Comparisons(
        comparisons=[ComparisonLine(name=one.name, pairs=len(one.pairs), turns=one.num_turns) for one in found]
    )


@router.get("/comparisons/latest/next")
@allows("viewer")
def next_shown(
    request: Request,
    service: TheService,
    user: Annotated[str, Query(max_length=128, description="For a program: who looks.")] = "",
) -> Next:
    """The next pair of the newest comparison."""
    comparison, who = _latest(service), _who(request, user)
    return Next(shown=_shown(comparison, comparing.next_turn(service.engine, comparison, who), user))


@router.post("/comparisons/latest/answers", status_code=201)
@allows("viewer", limited="feedback", audited=False)
def say(said: Said, request: Request, service: TheService) -> Next:
    """Write an answer down and show the next pair; an answer that is sent again changes nothing."""
    comparison, who = _latest(service), _who(request, said.user)
    comparing.answer(service.engine, comparison, who, said.turn, said.answer)
    return Next(shown=_shown(comparison, comparing.next_turn(service.engine, comparison, who), said.user))


@router.get("/comparisons/latest/pictures/{turn}/{side}", response_class=FileResponse)
@allows("viewer", free=("turn", "side"))
def picture(
    turn: int,
    side: Literal["left", "right"],
    request: Request,
    service: TheService,
    user: Annotated[str, Query(max_length=128)] = "",
) -> Response:
    """The picture on a side of a turn."""
    comparison, who = _latest(service), _who(request, user)
    if not 0 <= turn < comparison.num_turns:
        raise Missing(f"This comparison has the turns 0 to {comparison.num_turns - 1}.")
    path = comparing.picture(comparison, comparing.turn_of(comparison, who, turn), side)
    # Its name would tell the version; what is kept by a browser is not shown to another person.
    return Response(path.read_bytes(), media_type="image/png", headers={"Cache-Control": "private, no-store"})


@router.get("/comparisons/{comparison}/result")
@allows("operator", free=("comparison",))
def result(comparison: str, service: TheService) -> Found:
    """Who is preferred, how surely, and whose answers do not count."""
    found = _named(service, comparison)
    document = comparing.document(found, comparing.result(service.engine, found))
    return Found(**{name: document[name] for name in Found.model_fields})


@pages.get("/compare")
@allows("viewer")
def look(request: Request, service: TheService) -> Response:
    """The page: a pair, and three buttons."""
    found = comparing.listed(service.settings.home) if service.workspace == workspaces.HOME else []
    # A visitor who has no name yet is given one, and comes back with it.
    who = _who(request, "")
    if found and not who:
        return known_from_now_on(RedirectResponse("/compare", 303), who)
    turn = comparing.next_turn(service.engine, found[0], who) if found else None
    shown = _shown(found[0], turn, "") if found else None
    return page(request, "compare.html", shown=shown, begun=bool(found))


@pages.post("/compare")
@allows("viewer", limited="feedback", audited=False)
def prefer(request: Request, service: TheService, form: Fields) -> Response:
    """Write down which side was preferred, and show the next pair."""
    comparison, who = _latest(service), _who(request, "")
    turn = form.get("turn", "")
    number = int(turn) if turn.isascii() and turn.isdigit() and len(turn) < 6 else -1
    if who:
        comparing.answer(service.engine, comparison, who, number, form.get("answer", ""))
    return RedirectResponse("/compare", 303)


def _latest(service: Service) -> Comparison:
    found = comparing.listed(service.settings.home) if service.workspace == workspaces.HOME else []
    if not found:
        raise Missing("Nothing is being compared at the moment.")
    return found[0]


def _named(service: Service, name: str) -> Comparison:
    for one in comparing.listed(service.settings.home):
        if one.name == name:
            return one
    raise Missing(f"There is no comparison {name!r}.")


def _who(request: Request, user: str) -> str:
    """A person looks for themselves; a program may say for whom."""
    caller = caller_of(request)
    if caller and caller.by == "session":
        return caller.user
    return user or user_of(request)


def _shown(comparison: Comparison, turn: Turn | None, user: str) -> Shown | None:
    if turn is None:
        return None
    place = f"/api/v1/comparisons/latest/pictures/{turn.number}"
    told: dict[Side, str] = {side: comparing.caption(comparison, turn, side) for side in ("left", "right")}
    asks = f"?user={user}" if user else ""
    return Shown(
        turn=turn.number,
        turns=comparison.num_turns,
        words=comparison.pairs[turn.pair].words,
        left=f"{place}/left{asks}",
        right=f"{place}/right{asks}",
        left_caption=told["left"],
        right_caption=told["right"],
    )
