"""The page for people: a brief becomes an order, an order becomes boards, boards are chosen from, rated and edited.

It works without scripts; each form carries a key of its own, so that sending it twice does it once.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from storywright import board
from storywright.board import Brief
from storywright.errors import BadInput
from storywright.server.problems import Busy, NotReady
from storywright.server.routes.boards import picture_url
from storywright.server.routes.feedback import Said, write
from storywright.server.routes.jobs import described
from storywright.server.service import Service, TheService
from storywright.server.templates import page
from storywright.toonworld.scene import PROPS, STYLES
from storywright.watch import feedback

router = APIRouter(include_in_schema=False)

_EMPTY = {
    "title": "", "product": "", "kind": "", "description": "", "proposition": "", "audience": "", "insight": "",
    "tone": "warm", "call_to_action": "", "style": "ink", "language": "en", "aspect": "16:9", "seconds": "15",
    "panels": "", "candidates": "3", "seed": "7",
}  # fmt: skip


async def _fields(request: Request) -> dict[str, str]:
    """What stands in a form; a file that somebody puts into it is left out."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


_Fields = Annotated[dict[str, str], Depends(_fields)]
_User = Annotated[str, Cookie(alias="studio_user", max_length=64)]
_HALF_A_YEAR_SECONDS = 60 * 60 * 24 * 180


@dataclass(slots=True)
class _SaidBefore:
    """What this person said about the boards on a page."""

    choice: str = ""
    rating: dict[tuple[str, str], int] = field(default_factory=dict)
    edit: dict[tuple[str, str], str] = field(default_factory=dict)


@router.get("/")
def home(request: Request, service: TheService, studio_user: _User = "") -> Response:
    """The brief, and what was drawn lately."""
    return _known_from_now_on(_home(request, service, _EMPTY), studio_user)


@router.post("/orders")
def order(request: Request, service: TheService, form: _Fields, studio_user: _User = "") -> Response:
    """Send a brief."""
    said = _EMPTY | {name: value.strip() for name, value in form.items() if name in _EMPTY}
    try:
        candidates = _whole(said["candidates"], "Boards", 1, 6)
        taken = service.jobs.order(_brief(said), candidates, user=studio_user, key=form.get("key", ""))
    except (Busy, NotReady) as error:
        return _home(request, service, said, str(error), 503)
    except BadInput as error:
        return _home(request, service, said, str(error), 422)
    return RedirectResponse(f"/orders/{taken.id}", 303)


@router.get("/orders/{order_id}")
def show(order_id: str, request: Request, service: TheService, studio_user: _User = "") -> Response:
    """The boards of an order, or how far they are."""
    job = service.job(order_id)
    board_ids = [str(one) for one in job.result.get("boards", [])]
    answer = page(
        request,
        "order.html",
        order=described(job, service),
        brief=board.parse(Brief, job.asked["brief"], "The brief"),
        boards=[service.board(one).board for one in board_ids],
        as_made=_as_made(service, board_ids),
        said=_said_before(service, board_ids, studio_user),
        key=secrets.token_hex(12),
        served=_served(service),
    )
    return _known_from_now_on(answer, studio_user)


@router.post("/orders/{order_id}/feedback")
def say(
    order_id: str,
    service: TheService,
    key: Annotated[str, Form(max_length=64)],
    said: Annotated[str, Form(alias="kind", max_length=16)],
    about: Annotated[str, Form(alias="board", max_length=64)],
    panel: Annotated[str, Form(max_length=64)] = "",
    value: Annotated[str, Form(max_length=feedback.LONGEST_VALUE)] = "",
    studio_user: _User = "",
) -> Response:
    """Choose, rate, edit."""
    if said not in feedback.KINDS:
        raise BadInput(f"Field kind: {said!r} is not one of {', '.join(feedback.KINDS)}.")
    # The same words from the same form are the same thing said; other words from it are another.
    words = hashlib.sha256("\0".join((said, about, panel, value)).encode()).hexdigest()[:24]
    write(Said(board=about, panel=panel, kind=said, value=value, user=studio_user), f"{key}-{words}", service)
    place = f"{about}-{panel}" if panel else about
    return RedirectResponse(f"/orders/{order_id}#{place}", 303)


def _home(
    request: Request, service: Service, said: dict[str, str], problem: str = "", status: int = 200
) -> HTMLResponse:
    return page(
        request,
        "home.html",
        status,
        said=said,
        problem=problem,
        props=PROPS,
        styles=STYLES,
        recent=_recent(service),
        key=secrets.token_hex(12),
        served=_served(service),
    )


def _brief(said: dict[str, str]) -> Brief:
    value: dict[str, Any] = {name: said[name] for name in ("title", "proposition", "audience", "insight", "style")}
    value |= {"language": said["language"], "call_to_action": said["call_to_action"]}
    value |= {"tone": said["tone"]} if said["tone"] else {}
    value["product"] = {"name": said["product"], "kind": said["kind"], "description": said["description"]}
    value["format"] = {"aspect": said["aspect"], "seconds": said["seconds"], "panels": said["panels"] or None}
    return board.parse(Brief, value | {"seed": said["seed"]}, "The brief")


def _whole(text: str, name: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise BadInput(f"{name} is a whole number from {least} to {most}, got {text!r}.")
    return int(text)


def _recent(service: Service, limit: int = 12) -> list[dict[str, str]]:
    """The newest boards, one for each order."""
    found: dict[str, dict[str, str]] = {}
    for one in service.store.listed(limit * 3):
        name = one.board.brief.title if one.board.brief else one.board.title
        found[one.job or one.id] = {"asked": one.job, "id": one.id, "title": name, "picture": picture_url(one.board)}
    return list(found.values())[:limit]


def _as_made(service: Service, board_ids: list[str]) -> set[tuple[str, str]]:
    """The panels that are as they were made: what is said about a picture is learned from, so it has to be that one."""
    found = set()
    for one in board_ids:
        now, made = (kept.board for kept in (service.board(one), service.store.version(one, 1)))
        pictures = {panel.id: panel.picture for panel in made.panels}
        found |= {(one, panel.id) for panel in now.panels if pictures.get(panel.id) == panel.picture}
    return found


def _said_before(service: Service, board_ids: list[str], user: str) -> _SaidBefore:
    before = _SaidBefore()
    for one in feedback.about(service.engine, board_ids, user) if user else []:
        if one.kind == "choice":
            before.choice = one.board
        elif one.kind == "rating":
            before.rating[(one.board, one.panel)] = int(one.value)
        else:
            before.edit[(one.board, one.panel)] = one.value
    return before


def _served(service: Service) -> str:
    if not service.following.ready:
        return "The models are still being opened."
    version = service.following.crew.version
    models = f"Drawn by version {version} of the studio's models." if version else "Drawn by the embedded models."
    return f"{models} {service.following.notice}".strip()


def _known_from_now_on(answer: Response, user: str) -> Response:
    """Give a visitor a name of their own, so that their ratings are theirs."""
    if not user:
        answer.set_cookie(
            "studio_user", secrets.token_urlsafe(12), max_age=_HALF_A_YEAR_SECONDS, httponly=True, samesite="lax"
        )
    return answer
