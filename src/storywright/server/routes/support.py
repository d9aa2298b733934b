"""The support inbox for whoever works it off."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from storywright.errors import BadInput
from storywright.server.routes.editor import Fields
from storywright.server.routes.page import served
from storywright.server.rules import allows
from storywright.server.service import Service, TheService
from storywright.server.support import STATES
from storywright.server.templates import page

router = APIRouter(include_in_schema=False)


@router.get("/support")
@allows("operator")
def inbox(request: Request, service: TheService, show: Annotated[str, Query(max_length=8)] = "") -> Response:
    """What waits; with `show=all` what was closed too."""
    tickets = service.inbox.listed(STATES if show == "all" else ("open", "answered"))
    return page(request, "support.html", tickets=tickets, everything=show == "all", served=served(request, service))


@router.get("/support/{ticket_id}")
@allows("operator", free=("ticket_id",))
def ticket(ticket_id: str, request: Request, service: TheService) -> Response:
    """A ticket with all that was sent along."""
    return _ticket(request, service, ticket_id)


@router.post("/support/{ticket_id}")
@allows("operator", free=("ticket_id",))
def answer(ticket_id: str, request: Request, service: TheService, form: Fields) -> Response:
    """Answer it, close it, or open it again."""
    try:
        if form.get("do") == "answer":
            service.inbox.answer(ticket_id, form.get("words", ""), who=form.get("who", ""))
        else:
            service.inbox.find(ticket_id)
            service.inbox.move(ticket_id, "closed" if form.get("do") == "close" else "open")
    except BadInput as error:
        return _ticket(request, service, ticket_id, str(error), 422)
    return RedirectResponse(f"/support/{ticket_id}" if form.get("do") == "answer" else "/support", 303)


def _ticket(request: Request, service: Service, ticket_id: str, problem: str = "", status: int = 200) -> Response:
    found = service.inbox.find(ticket_id)
    return page(
        request, "ticket.html", status, ticket=found, operator=True, problem=problem, served=served(request, service)
    )
