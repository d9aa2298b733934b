"""The board editor for people: every change is a form that works without scripts, and says which version it changes.

A script makes it quicker (panels are dragged, keys undo) and changes nothing about what is sent.
"""

import hashlib
import secrets
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Cookie, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from storywright.board import Angle, Move, Panel, ShotSize
from storywright.errors import BadInput
from storywright.export import FORMATS
from storywright.server import editing
from storywright.server.problems import Busy, NotReady
from storywright.server.routes.boards import url_of
from storywright.server.service import Service, TheService
from storywright.server.templates import page
from storywright.studio import revision, versions
from storywright.studio.revision import Redraw
from storywright.studio.store import Conflict, digest_of
from storywright.toonworld.scene import STYLES

router = APIRouter(include_in_schema=False)

_FIELDS = ("action", "voice_over", "super", "sound", "seconds", "shot.size", "shot.angle", "shot.move")
_ASPECTS = ("16:9", "1:1", "4:3", "9:16")
_User = Annotated[str, Cookie(alias="studio_user", max_length=64)]


async def _fields(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


_Fields = Annotated[dict[str, str], Depends(_fields)]


@router.get("/boards/{board_id}")
def editor(board_id: str, request: Request, service: TheService) -> Response:
    """The board as it is now, and everything that can be done with it."""
    return _editor(request, service, board_id)


@router.post("/boards/{board_id}/revise")
def revise(board_id: str, request: Request, service: TheService, form: _Fields, studio_user: _User = "") -> Response:
    """Change one thing, or the fields of one panel."""
    try:
        seen, place = _number(form, "version"), ""
        for asked in _asked(service, board_id, form, seen):
            words = hashlib.sha256(repr(sorted(asked.items())).encode()).hexdigest()[:24]
            key = f"{form.get('key', '')[:64]}-{words}"
            made = editing.revise(service, board_id, revision.asked(asked), seen=seen, who=studio_user, key=key)
            seen, place = made.number, str(asked.get("panel", ""))
    except (Busy, NotReady) as error:
        return _editor(request, service, board_id, str(error), 503)
    except Conflict as error:
        return _editor(request, service, board_id, f"{error} What you see here is the board of now.", 409)
    except BadInput as error:
        return _editor(request, service, board_id, str(error), 422)
    return RedirectResponse(f"/boards/{board_id}{f'#{place}' if place else ''}", 303)


@router.post("/boards/{board_id}/step")
def step(board_id: str, request: Request, service: TheService, form: _Fields) -> Response:
    """Undo or redo."""
    try:
        service.store.step(board_id, -1 if form.get("by") == "undo" else 1, seen=_number(form, "version"))
    except BadInput as error:
        return _editor(request, service, board_id, str(error), 409)
    return RedirectResponse(f"/boards/{board_id}", 303)


@router.post("/boards/{board_id}/draws")
def draws(board_id: str, request: Request, service: TheService, form: _Fields) -> Response:
    """Several draws of a panel side by side, to choose from."""
    kept = service.board(board_id)
    try:
        panel = kept.board.panels[revision.panel_of(kept.board, form.get("panel", ""))]
        words = form.get("words", "").strip()
        asked = Redraw(panel=panel.id, words="" if words == panel.action else words, draws=4)
        found = editing.draws(service, kept, asked)
    except (Busy, NotReady) as error:
        return _editor(request, service, board_id, str(error), 503)
    except BadInput as error:
        return _editor(request, service, board_id, str(error), 422)
    return page(
        request, "draws.html", kept=kept, panel=panel, words=asked.words, draws=found, url_of=url_of, digest_of=digest_of,
        key=secrets.token_hex(12),
    )  # fmt: skip


@router.get("/boards/{board_id}/versions")
def history(
    board_id: str,
    request: Request,
    service: TheService,
    before: Annotated[int, Query(ge=0)] = 0,
    after: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Every version, and what differs between two of them, side by side."""
    kept = service.board(board_id)
    known = service.store.versions(board_id)
    new = service.store.version(board_id, after or kept.number)
    parent = next(version.parent for version in known if version.number == new.number)
    old = service.store.version(board_id, before or parent or new.number)
    changes = versions.changes(old.board, new.board)
    panels = [{panel.id: panel for panel in one.board.panels} for one in (old, new)]
    return page(
        request, "versions.html", kept=kept, versions=known, old=old, new=new, changes=changes, was=panels[0], now=panels[1],
        url_of=url_of, digest_of=digest_of, told=_told,
    )  # fmt: skip


@router.post("/boards/{board_id}/export")
def export(board_id: str, request: Request, service: TheService, form: _Fields, studio_user: _User = "") -> Response:
    """Write files; the page that follows says when they are there."""
    wanted = [name for name in FORMATS if name in form]
    if not wanted:
        return _editor(request, service, board_id, "Choose at least one format to export.", 422)
    job = service.jobs.export(board_id, service.board(board_id).number, wanted, user=studio_user)
    return RedirectResponse(f"/boards/{board_id}/exports/{job.id}", 303)


@router.get("/boards/{board_id}/exports/{job_id}")
def exported(board_id: str, job_id: str, request: Request, service: TheService) -> Response:
    """The files of an export, or how far they are."""
    return page(request, "exported.html", kept=service.board(board_id), job=service.job(job_id))


def _editor(request: Request, service: Service, board_id: str, problem: str = "", status: int = 200) -> HTMLResponse:
    kept = service.board(board_id)
    can_undo, can_redo = service.store.can_step(board_id, kept.number)
    return page(
        request, "board.html", status, kept=kept, board=kept.board, problem=problem, can_undo=can_undo, can_redo=can_redo,
        key=secrets.token_hex(12), formats=FORMATS, styles=STYLES, aspects=_ASPECTS, sizes=get_args(ShotSize),
        angles=get_args(Angle), moves=get_args(Move), url_of=url_of, digest_of=digest_of,
    )  # fmt: skip


def _asked(service: Service, board_id: str, form: dict[str, str], seen: int) -> list[dict[str, Any]]:
    """The revisions that a form asks for: one, or an edit for each field that was changed."""
    action = form.get("do", "")
    if action != "edit":
        given = {name: form[name] for name in ("panel", "words", "style", "aspect") if form.get(name)}
        numbers = {name: _number(form, name) for name in ("at", "to", "seed") if form.get(name)}
        return [{"action": action} | given | numbers]
    board = service.store.version(board_id, seen).board
    panel = board.panels[revision.panel_of(board, form.get("panel", ""))]
    edits = []
    for name in _FIELDS:
        if name in form and (value := _value(name, form[name])) != _now(panel, name):
            edits.append({"action": "edit", "panel": panel.id, "field": name, "value": value})
    return edits


def _value(field: str, text: str) -> str | float:
    text = text.replace("\r\n", "\n").strip()
    if field != "seconds":
        return text
    try:
        return float(text.replace(",", "."))
    except ValueError as error:
        raise BadInput(f"Seconds is a number such as 2.5, got {text!r}.") from error


def _now(panel: Panel, field: str) -> Any:
    value: Any = panel
    for name in field.split("."):
        value = getattr(value, name)
    return value


def _number(form: dict[str, str], name: str) -> int:
    text = form.get(name, "")
    if not text.isdecimal() or int(text) >= 2**31:
        raise BadInput(f"Field {name} is a whole number, got {text!r}.")
    return int(text)


def _told(what: dict[str, Any]) -> str:
    """A revision in a few words."""
    if not what:
        return "as it was made"
    about = what.get("panel") or what.get("style") or what.get("aspect") or f"at {what.get('at')}"
    return " ".join(str(part) for part in (what["action"], about, what.get("field", "")) if part)
