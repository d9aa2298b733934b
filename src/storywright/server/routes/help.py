"""Help: the guide, and what somebody reports and is answered."""

import functools
import re
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from markdown_it import MarkdownIt
from markupsafe import Markup

from storywright.errors import BadInput
from storywright.server import support
from storywright.server.callers import User, caller_of
from storywright.server.routes.editor import Fields
from storywright.server.routes.page import known_from_now_on, served
from storywright.server.rules import allows
from storywright.server.service import Service, TheService
from storywright.server.support import Ticket
from storywright.server.templates import PAGES, language_of, page
from storywright.studio import workspaces
from storywright.studio.store import Kept, NotKept

router = APIRouter(include_in_schema=False)

_Board = Annotated[str, Query(max_length=64)]


@router.get("/help")
def guide(request: Request, service: TheService) -> Response:
    """How everything is done."""
    return page(request, "help.html", guide=_guide(language_of(request).language), served=served(request, service))


@router.get("/help/report")
def report(request: Request, service: TheService, user: User, board: _Board = "", back: _Board = "") -> Response:
    """The form for a problem."""
    said = {"words": "", "contact": "", "board": board, "page": back}
    return known_from_now_on(_report(request, service, said), user)


@router.post("/help/report")
@allows("viewer")
def file(request: Request, service: TheService, form: Fields, user: User) -> Response:
    """File a ticket with what is needed to look into it."""
    said = {name: form.get(name, "")[:20_000] for name in ("words", "contact", "board", "page")}
    try:
        made = service.inbox.report(
            said["words"], facts=_facts(request, service, said), board=said["board"][:64], contact=said["contact"],
            user=_reporter(request, user), key=form.get("key", "")[:128],
        )  # fmt: skip
    except BadInput as error:
        return _report(request, service, said, str(error), 422)
    return RedirectResponse(f"/help/tickets/{made.id}", 303)


@router.get("/help/tickets/{ticket_id}")
@allows("viewer", free=("ticket_id",))
def ticket(ticket_id: str, request: Request, service: TheService, user: User) -> Response:
    """What was reported and answered, for whoever reported it."""
    found = _own(service, ticket_id, _reporter(request, user))
    return page(request, "ticket.html", ticket=found, operator=False, problem="", served=served(request, service))


@router.post("/help/tickets/{ticket_id}")
@allows("viewer", free=("ticket_id",))
def add(ticket_id: str, request: Request, service: TheService, form: Fields, user: User) -> Response:
    """Say something more, which opens the ticket again."""
    found = _own(service, ticket_id, _reporter(request, user))
    try:
        service.inbox.answer(found.id, form.get("words", ""), operator=False)
    except BadInput as error:
        return page(request, "ticket.html", 422, ticket=found, operator=False, problem=str(error),
                    served=served(request, service))  # fmt: skip
    return RedirectResponse(f"/help/tickets/{found.id}", 303)


def _reporter(request: Request, user: str) -> str:
    """Who reports, with their workspace: people of the same name are in two."""
    caller = caller_of(request)
    return user if caller is None or caller.workspace == workspaces.HOME else f"{caller.workspace}/{user}"


def _own(service: Service, ticket_id: str, reporter: str) -> Ticket:
    found = service.inbox.find(ticket_id)
    if found.user != reporter:
        raise NotKept(f"There is no ticket {ticket_id!r} of yours.")
    return found


def _report(request: Request, service: Service, said: dict[str, str], problem: str = "", status: int = 200) -> Response:
    return page(
        request, "report.html", status, said=said, problem=problem, facts=_facts(request, service, said),
        key=secrets.token_hex(12), served=served(request, service),
    )  # fmt: skip


def _facts(request: Request, service: Service, said: dict[str, str]) -> dict[str, Any]:
    """What goes along with a ticket: where the board comes from, and how the server is doing."""
    facts: dict[str, Any] = {
        "server": support.machine() | _doing(service),
        "page": said["page"],
        "browser": request.headers.get("user-agent", "")[:300],
        "log": service.recent.lines,
    }
    if said["board"]:
        try:
            kept = _own_board(request, service, said["board"])
        except BadInput:  # whoever reports that a board is missing names one
            facts["board"] = "not there"
        else:
            facts["board"] = support.of_board(kept.board, kept.number)
    found = support.redacted(facts)
    assert isinstance(found, dict)
    return found


def _own_board(request: Request, service: Service, board_id: str) -> Kept:
    caller = caller_of(request)
    if caller is None or workspaces.of(board_id) != caller.workspace:
        raise NotKept(f"There is no board {board_id!r}.")
    return service.board(board_id)


def _doing(service: Service) -> dict[str, Any]:
    following = service.following
    models = [f"{one.role} {one.version} {one.digest[:12]}" for one in following.crew.models.origins] \
        if following.ready else []  # fmt: skip
    waiting = {kind: service.jobs.ledger.num_open(kind) for kind in ("boards", "revision", "adapt", "export")}
    return {
        "database": service.engine.dialect.name, "ready": following.ready, "notice": following.notice,
        "models": models, "open_jobs": waiting, "waiting_for_the_pen": service.desk.num_waiting,
    }  # fmt: skip


@functools.cache
def _guide(language: str) -> Markup:
    """The guide as HTML; it is a file of this package, and HTML in it is shown and not taken."""
    text = re.sub(r"<!--.*?-->\n*", "", (PAGES / "guide" / f"{language}.md").read_text(encoding="utf-8"))
    return Markup(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))
