"""Signing in and out, who one is, and the audit log: for people by a cookie, for programs by their key."""

import re
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from storywright.errors import BadInput
from storywright.server.access import cookie_name
from storywright.server.audit import Noted
from storywright.server.callers import Caller, Role, TheCaller, User, caller_of, user_of
from storywright.server.identity import BACK
from storywright.server.keys import SESSION_MS
from storywright.server.problems import Missing
from storywright.server.rules import allows
from storywright.server.service import TheService
from storywright.server.templates import page

router = APIRouter()

_STATE_COOKIE = "storywright_sign_in"
_STATE_SECONDS = 600
_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")
"""A path of this server: nothing that a browser would read as another host."""


class Me(BaseModel):
    """Who asks, as the studio sees them."""

    user: str
    workspace: str
    role: Role
    by: str
    """What was shown: key, session, or loopback for whoever has this machine."""
    remembers: bool
    """Whether earlier briefs and choices may inform what is drawn next."""


class MeWanted(BaseModel):
    """What one may change about oneself."""

    remembers: bool
    """Allow it, or forget."""


class AuditPage(BaseModel):
    """Some rows, the newest first."""

    acts: list[Noted]
    next: str
    """Where the next page is; empty on the last."""


@router.get("/sign-in", include_in_schema=False)
@allows("anybody")
def sign_in(request: Request, service: TheService, next: Annotated[str, Query(max_length=2_000)] = "/") -> Response:
    """The page where a key is exchanged for a session."""
    return _page(request, service, _local(next))


@router.post("/account", include_in_schema=False)
@allows("viewer", max_bytes=8_192)
def change_account(
    service: TheService, caller: TheCaller, user: User, remembers: Annotated[str, Form(max_length=8)] = ""
) -> Response:
    """Allow to be remembered, or take it back."""
    if user:
        service.people.remember(user, caller.workspace, remembers == "yes")
    return RedirectResponse("/sign-in", 303)


@router.post("/sign-in", include_in_schema=False)
@allows("anybody", limited="sign-in", max_bytes=8_192)
async def take_key(
    request: Request,
    service: TheService,
    key: Annotated[str, Form(max_length=256)] = "",
    next: Annotated[str, Form(max_length=2_000)] = "/",
) -> Response:
    """Exchange a key for a session."""
    door = service.door
    caller = door.of_operator(key.strip()) or await run_in_threadpool(door.keys.holder, key.strip())
    if caller is None:
        problem = "This key opens nothing: look whether all of it was copied, or ask for a new one."
        return await run_in_threadpool(_page, request, service, _local(next), problem, 401)
    return await _signed_in(request, service, caller, _local(next))


@router.get("/sign-in/with-provider", include_in_schema=False)
@allows("anybody", limited="sign-in")
def go_to_provider(
    request: Request, service: TheService, next: Annotated[str, Query(max_length=2_000)] = "/"
) -> Response:
    """Send a person to the identity provider."""
    if service.provider is None:
        raise Missing("No identity provider is set up here: sign in with a key.")
    try:
        url, state = service.provider.begin(_local(next))
    except BadInput as error:
        return _page(request, service, _local(next), str(error), 503)
    answer = RedirectResponse(url, 303)
    answer.set_cookie(
        _STATE_COOKIE, state, max_age=_STATE_SECONDS, path=BACK, httponly=True, samesite="lax", secure=_tls(request)
    )
    return answer


@router.get(BACK, include_in_schema=False)
@allows("anybody", limited="sign-in")
async def come_back(request: Request, service: TheService) -> Response:
    """Somebody comes back from the identity provider."""
    said = request.query_params
    held = request.cookies.get(_STATE_COOKIE, "")
    try:
        if service.provider is None or not held or said.get("state") != held:
            raise BadInput("This way of signing in was not begun in this browser: begin again.")
        if "code" not in said:
            raise BadInput(f"{service.provider.name} let nobody in ({said.get('error', 'it said nothing')[:60]}).")
        caller, target = await run_in_threadpool(service.provider.finish, state=held, code=said["code"])
    except BadInput as error:
        return await run_in_threadpool(_page, request, service, "/", str(error), 403)
    answer = await _signed_in(request, service, caller, target)
    answer.delete_cookie(_STATE_COOKIE, path=BACK, httponly=True, samesite="lax", secure=_tls(request))
    return answer


@router.post("/sign-out", include_in_schema=False)
@allows("anybody")
async def sign_out(request: Request, service: TheService) -> Response:
    """End this session."""
    name = cookie_name(request.scope)
    if secret := request.cookies.get(name, ""):
        service.door.forget(secret)
        await run_in_threadpool(service.door.keys.end_session, secret)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(name, httponly=True, samesite="lax", secure=_tls(request))
    return answer


@router.get("/api/v1/me", tags=["access"])
def me(caller: TheCaller, service: TheService, user: User) -> Me:
    """Who asks, and what the studio remembers of them."""
    return _me(caller, user, service)


@router.put("/api/v1/me", tags=["access"])
@allows("viewer")
def change_me(wanted: MeWanted, caller: TheCaller, service: TheService, user: User) -> Me:
    """Allow that earlier briefs and choices inform what is drawn next, or take it back."""
    if not user:
        raise BadInput("Nobody is known here by whom to remember: sign in, or open the studio's page first.")
    service.people.remember(user, caller.workspace, wanted.remembers)
    return _me(caller, user, service)


@router.get("/api/v1/audit", tags=["access"])
@allows("admin")
def audit(
    caller: TheCaller,
    service: TheService,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    before: Annotated[int, Query(ge=0, le=2**62, description="The number of the last row of the page before.")] = 0,
) -> AuditPage:
    """Who changed what in this workspace, the newest first; operators see every workspace."""
    workspace = "" if caller.may("operator") else caller.workspace
    found = service.audit.read(workspace=workspace, limit=limit + 1, before=before)
    more = f"/api/v1/audit?limit={limit}&before={found[limit - 1].number}" if len(found) > limit else ""
    return AuditPage(acts=found[:limit], next=more)


async def _signed_in(request: Request, service: TheService, caller: Caller, target: str) -> Response:
    secret = await run_in_threadpool(service.door.keys.begin_session, caller)
    request.state.signed_in = caller  # so that the audit log says who it was
    answer = RedirectResponse(target, 303)
    answer.set_cookie(
        cookie_name(request.scope), secret, max_age=SESSION_MS // 1_000, httponly=True, samesite="lax",
        secure=_tls(request),
    )  # fmt: skip
    return answer


def _page(request: Request, service: TheService, target: str, problem: str = "", status: int = 200) -> Response:
    provider, caller = service.provider.name if service.provider else "", caller_of(request)
    user = user_of(request)
    me = _me(caller, user, service) if caller and user else None
    return page(request, "sign_in.html", status, target=target, problem=problem, provider=provider, me=me)


def _me(caller: Caller, user: str, service: TheService) -> Me:
    remembers = bool(user) and service.people.remembers(user, caller.workspace)
    return Me(user=user, workspace=caller.workspace, role=caller.role, by=caller.by, remembers=remembers)


def _local(path: str) -> str:
    return path if _LOCAL.fullmatch(path) else "/"


def _tls(request: Request) -> bool:
    return request.url.scheme == "https"
