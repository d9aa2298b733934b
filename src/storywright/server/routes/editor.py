"""The board editor for people: every change is a form that works without scripts, and says which version it changes.

A script makes it quicker (panels are dragged, fields save themselves, keys undo) and changes nothing about what is
sent. What takes longer than a panel is a job that can be watched.
"""

import hashlib
import secrets
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from storywright.board import Angle, Move, Panel, ShotSize, TimeOfDay
from storywright.errors import BadInput
from storywright.export import FORMATS
from storywright.server import editing
from storywright.server.callers import User
from storywright.server.problems import Busy, NotReady
from storywright.server.routes.boards import url_of
from storywright.server.routes.page import ASPECTS, served, watched
from storywright.server.rules import allows
from storywright.server.service import Service, TheService
from storywright.server.templates import language_of, page
from storywright.server.words import Words
from storywright.studio import revision, versions
from storywright.studio.reviews import Comment
from storywright.studio.revision import Redraw
from storywright.studio.store import Conflict, digest_of
from storywright.toonworld.scene import STYLES

router = APIRouter(include_in_schema=False)

_FIELDS = (
    "action", "dialogue", "voice_over", "super", "sound", "setting", "time_of_day", "cast", "seconds", "shot.size",
    "shot.angle", "shot.move",
)  # fmt: skip
_WHOLE_BOARD = ("restyle", "reframe")
_KINDS = {
    "pdf": "sheet", "png": "sheet", "html": "sheet", "mp4": "film", "gif": "film", "webp": "film", "wav": "film",
    "srt": "film", "vtt": "film", "otio": "cut", "fcpxml": "cut", "fcp7": "cut", "edl": "cut", "csv": "list",
    "xlsx": "list", "storyboarder": "list", "fountain": "list", "fdx": "list",
}  # fmt: skip


async def _fields(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


Fields = Annotated[dict[str, str], Depends(_fields)]


@router.get("/boards/{board_id}")
def editor(board_id: str, request: Request, service: TheService) -> Response:
    """The board as it is now, and everything that can be done with it."""
    return _editor(request, service, board_id)


@router.post("/boards/{board_id}/revise")
@allows(limited="drawing")
def revise(board_id: str, request: Request, service: TheService, form: Fields, user: User) -> Response:
    """Change one thing, or the fields of one panel; the whole board is redrawn as a job."""
    try:
        seen, place = number(form, "version"), ""
        for asked in _asked(service, board_id, form, seen):
            words = hashlib.sha256(repr(sorted(asked.items())).encode()).hexdigest()[:24]
            key = f"{form.get('key', '')[:64]}-{words}"
            wanted = revision.asked(asked)
            if asked["action"] in _WHOLE_BOARD:
                job = editing.redraw_all(service, board_id, wanted, seen=seen, who=user, key=key)
                return RedirectResponse(f"/boards/{board_id}/redrawing/{job.id}", 303)
            made = editing.revise(service, board_id, wanted, seen=seen, who=user, key=key)
            seen, place = made.number, str(asked.get("panel", ""))
    except (Busy, NotReady) as error:
        return _editor(request, service, board_id, str(error), 503)
    except Conflict as error:
        return _editor(request, service, board_id, f"{error} What you see here is the board of now.", 409)
    except BadInput as error:
        return _editor(request, service, board_id, str(error), 422)
    return RedirectResponse(f"/boards/{board_id}{f'#{place}' if place else ''}", 303)


@router.get("/boards/{board_id}/redrawing/{job_id}")
def redrawing(board_id: str, job_id: str, request: Request, service: TheService) -> Response:
    """How far the board is redrawn; the board itself when it is."""
    job = service.job(job_id)
    if job.state in ("done", "cancelled"):
        return RedirectResponse(f"/boards/{board_id}", 303)
    return page(
        request, "redrawing.html", kept=service.board(board_id), job=job, url_of=url_of,
        watched=watched(job, service, language_of(request)), drawn=service.jobs.ledger.panels(job.id),
    )  # fmt: skip


@router.post("/boards/{board_id}/step")
def step(board_id: str, request: Request, service: TheService, form: Fields) -> Response:
    """Undo or redo."""
    try:
        service.store.step(board_id, -1 if form.get("by") == "undo" else 1, seen=number(form, "version"))
    except BadInput as error:
        return _editor(request, service, board_id, str(error), 409)
    return RedirectResponse(f"/boards/{board_id}", 303)


@router.post("/boards/{board_id}/restore")
def restore(board_id: str, request: Request, service: TheService, form: Fields, user: User) -> Response:
    """Make the board what it once was: a new version, so that nothing is lost."""
    try:
        old = service.store.version(board_id, number(form, "restored"))
        what = {"action": "restore", "version": old.number}
        service.store.keep(old.board, {}, seen=number(form, "version"), what=what, who=user)
    except BadInput as error:
        return _editor(request, service, board_id, str(error), 409)
    return RedirectResponse(f"/boards/{board_id}", 303)


@router.post("/boards/{board_id}/draws")
@allows(limited="drawing", audited=False)
def draws(board_id: str, request: Request, service: TheService, form: Fields) -> Response:
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
        request, "draws.html", kept=kept, panel=panel, words=asked.words, draws=found, url_of=url_of,
        digest_of=digest_of, key=secrets.token_hex(12),
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
    panels = [{panel.id: panel for panel in one.board.panels} for one in (old, new)]
    return page(
        request, "versions.html", kept=kept, versions=known, old=old, new=new, was=panels[0], now=panels[1],
        changes=versions.changes(old.board, new.board), url_of=url_of, digest_of=digest_of,
        told=lambda what: _told(what, language_of(request)),
    )  # fmt: skip


@router.post("/boards/{board_id}/export")
def export(board_id: str, request: Request, service: TheService, form: Fields, user: User) -> Response:
    """Write files; the page that follows says when they are there."""
    wanted = [name for name in FORMATS if name in form]
    if not wanted:
        return _editor(request, service, board_id, "Choose at least one format to export.", 422)
    job = service.jobs.export(board_id, service.board(board_id).number, wanted, user=user)
    return RedirectResponse(f"/boards/{board_id}/exports/{job.id}", 303)


@router.get("/boards/{board_id}/exports/{job_id}")
def exported(board_id: str, job_id: str, request: Request, service: TheService) -> Response:
    """The files of an export, or how far they are."""
    job = service.job(job_id)
    return page(
        request, "exported.html", kept=service.board(board_id), job=job,
        watched=watched(job, service, language_of(request)),
    )  # fmt: skip


def number(form: dict[str, str], name: str) -> int:
    """A whole number of a form."""
    text = form.get(name, "")
    if not text.isdecimal() or int(text) >= 2**31:
        raise BadInput(f"Field {name} is a whole number, got {text!r}.")
    return int(text)


def threads(comments: list[Comment]) -> dict[str, list[tuple[Comment, list[Comment]]]]:
    """For each panel (empty: the whole board) what was said about it, each with its answers."""
    answers: dict[str, list[Comment]] = {}
    for one in comments:
        if one.answers:
            answers.setdefault(one.answers, []).append(one)
    found: dict[str, list[tuple[Comment, list[Comment]]]] = {}
    for one in comments:
        if not one.answers:
            found.setdefault(one.panel, []).append((one, answers.get(one.id, [])))
    return found


def _editor(request: Request, service: Service, board_id: str, problem: str = "", status: int = 200) -> HTMLResponse:
    kept = service.board(board_id)
    can_undo, can_redo = service.store.can_step(board_id, kept.number)
    said = service.reviews.comments(board=board_id)
    decisions = service.reviews.decisions(board=board_id)
    return page(
        request, "board.html", status, kept=kept, board=kept.board, problem=problem, can_undo=can_undo,
        can_redo=can_redo, key=secrets.token_hex(12), formats=_formats(), styles=STYLES, aspects=ASPECTS,
        sizes=get_args(ShotSize), angles=get_args(Angle), moves=get_args(Move), times=("", *get_args(TimeOfDay)),
        url_of=url_of, digest_of=digest_of, spoken=_spoken, threads=threads(said), decided=decisions[-1:],
        num_open=sum(not one.done and not one.answers for one in said), served=served(request, service),
    )  # fmt: skip


def _formats() -> dict[str, list[str]]:
    """The formats by what they are for."""
    groups: dict[str, list[str]] = {kind: [] for kind in ("sheet", "film", "cut", "list", "all")}
    for name in FORMATS:
        groups[_KINDS.get(name, "all")].append(name)
    return groups


def _asked(service: Service, board_id: str, form: dict[str, str], seen: int) -> list[dict[str, Any]]:
    """The revisions that a form asks for: one, or an edit for each field that was changed."""
    action = form.get("do", "")
    if action != "edit":
        given = {name: form[name] for name in ("panel", "words", "style", "aspect") if form.get(name)}
        numbers = {name: number(form, name) for name in ("at", "to", "seed") if form.get(name)}
        return [{"action": action} | given | numbers]
    board = service.store.version(board_id, seen).board
    panel = board.panels[revision.panel_of(board, form.get("panel", ""))]
    edits = []
    for name in _FIELDS:
        if name in form and (value := _value(name, form[name])) != _now(panel, name):
            edits.append({"action": "edit", "panel": panel.id, "field": name, "value": value})
    return edits


def _value(field: str, text: str) -> Any:
    text = text.replace("\r\n", "\n").strip()
    if field == "cast":
        return [name.strip() for name in text.split(",") if name.strip()]
    if field == "dialogue":
        return [_line(line) for line in text.splitlines() if line.strip()]
    if field == "time_of_day":
        return text or None
    if field != "seconds":
        return text
    try:
        return float(text.replace(",", "."))
    except ValueError as error:
        raise BadInput(f"Seconds is a number such as 2.5, got {text!r}.") from error


def _line(text: str) -> dict[str, str]:
    who, colon, line = text.partition(":")
    if not colon or not who.strip() or not line.strip():
        raise BadInput(f"Dialogue has a line for each speech, such as `Mia: Good morning.`, got {text.strip()!r}.")
    return {"who": who.strip(), "line": line.strip()}


def _spoken(panel: Panel) -> str:
    """The dialogue of a panel as it is edited."""
    return "\n".join(f"{line.who}: {line.line}" for line in panel.dialogue)


def _now(panel: Panel, field: str) -> Any:
    value: Any = panel.model_dump(mode="json")
    for name in field.split("."):
        value = value[name]
    return value


def _told(what: dict[str, Any], said: Words) -> str:
    """A revision in a few words."""
    if not what:
        return said("versions.made")
    about = what.get("panel") or said.term("style", str(what.get("style") or "")) or what.get("aspect")
    about = about or (str(what["version"]) if "version" in what else f"{what.get('at', '')}")
    field = said.term("field", str(what.get("field", "")))
    return " ".join(part for part in (said.term("do", str(what["action"])), str(about), field) if part)
