"""The gate: before any route is asked, it is decided here who asks, whether they may, and how often.

Every request passes the same steps: the host name, who it is (a key, a session, or on loopback whoever has this
machine), what the route's rule needs, whether what the path names is the caller's own, that no other site's page sends
it, its size, and how many came before. What is refused is answered here; whatever changes something is in the audit
log before its answer leaves. Knows nothing of what is asked for.
"""

import hmac
import ipaddress
import logging
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request, cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storywright.errors import BadInput
from storywright.server.audit import Act, Audit
from storywright.server.callers import Caller
from storywright.server.keys import Keys, operators_id
from storywright.server.limits import Limits, of_address
from storywright.server.problems import answer
from storywright.server.rules import SAFE_METHODS, Rule, Rules
from storywright.server.templates import wants_page
from storywright.studio import workspaces

_LOG = logging.getLogger("storywright.server")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_PROBES = frozenset({"/healthz", "/readyz"})
"""Asked by balancers and kubelets under whatever name the server has there."""
_REMEMBERED_SECONDS = 2.0
"""A key that is revoked elsewhere is refused here after this time at the latest."""
_MOST_REMEMBERED = 10_000
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "font-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_EVERYWHERE = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]
_UNDER_TLS = [*_EVERYWHERE, (b"strict-transport-security", b"max-age=31536000")]
_HOW_TO_SIGN_IN = "Send a key as `Authorization: Bearer KEY`, or sign in at /sign-in; `storywright keys` makes keys."


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """What a request has to show."""

    host: str = "127.0.0.1"
    """The address that the server is bound to."""
    key: str = ""
    """A key of the operator's from the environment, besides those in the database; empty: there is none."""
    probe_key: str = ""
    """A key from the environment that opens the workspace `probe` to an editor, for `storywright probe`; or empty."""
    provider: bool = False
    """Whether a provider of identities vouches for people."""
    keys_made: bool = False
    """Whether the database has a key that opens something."""
    host_names: tuple[str, ...] = ()
    """The names that people know the server by; none: on loopback its own, elsewhere any."""
    limits: str = ""
    """Rates, as `limits.parse` reads them; empty: the usual ones where keys are needed, none on a loopback without."""

    def __post_init__(self) -> None:
        if not self.loopback and not (self.key or self.provider or self.keys_made):
            raise BadInput(
                f"Bound to {self.host}, others could reach the studio: make a key with `storywright keys make NAME`, "
                "set STORYWRIGHT_API_KEY or an identity provider (docs/server.md), or bind to 127.0.0.1."
            )
        for name, key in (("STORYWRIGHT_API_KEY", self.key), ("STORYWRIGHT_PROBE_KEY", self.probe_key)):
            if key and len(key) < 16:
                raise BadInput(f"{name} has fewer than 16 characters: make one with `openssl rand -hex 24`.")
        if self.key and self.key == self.probe_key:
            raise BadInput("STORYWRIGHT_PROBE_KEY is the operator's own STORYWRIGHT_API_KEY: give the probe another.")

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        return self.host == "localhost" or _is_loopback(self.host)

    @property
    def free(self) -> bool:
        """Whether whoever can connect is let in without showing anything."""
        return self.loopback and not self.key and not self.provider

    def rates(self) -> Limits:
        """The limits that hold."""
        return Limits(self.limits or ("off" if self.free else ""))


class _Refused(Exception):
    """A request that goes no further."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None, *, noted: bool = True) -> None:
        self.status, self.detail, self.headers, self.noted = status, detail, headers or {}, noted


class Doorkeeper:
    """Knows keys and sessions, and remembers for a moment whom it has just seen."""

    def __init__(self, access: Access, keys: Keys) -> None:
        self.access, self.keys, self.limits = access, keys, access.rates()
        self._seen: OrderedDict[tuple[str, str], tuple[float, Caller | None]] = OrderedDict()

    async def holder(self, token: str, address: str) -> Caller:
        """Who holds a key; wrong ones are counted by address."""
        if caller := self.of_operator(token) or self._of_probe(token):
            return caller
        if caller := await self._known("key", token, address):
            return caller
        self._count_wrong(address)
        raise _Refused(401, f"This key opens nothing (any longer). {_HOW_TO_SIGN_IN}", _challenge())

    def of_operator(self, token: str) -> Caller | None:
        """The operator, whose key is in the environment."""
        if self.access.key and hmac.compare_digest(token.encode(), self.access.key.encode()):
            return Caller(user="operator", by="key", key=operators_id(self.access.key))
        return None

    def _of_probe(self, token: str) -> Caller | None:
        """The probe, whose key is in the environment too: an editor, of a workspace that nobody else looks into."""
        if self.access.probe_key and hmac.compare_digest(token.encode(), self.access.probe_key.encode()):
            return Caller(
                user="probe", workspace="probe", role="editor", by="key", key=operators_id(self.access.probe_key)
            )
        return None

    async def in_session(self, secret: str, address: str) -> Caller | None:
        """Who signed in with this cookie; None when the session has ended."""
        caller = await self._known("session", secret, address)
        if caller is None:
            self._count_wrong(address)
        return caller

    def forget(self, secret: str) -> None:
        """Somebody signed out."""
        self._seen.pop(("session", secret), None)

    def take(self, kind: str, who: str) -> dict[str, str]:
        """Count a request; what the caller is told about the rate."""
        verdict = self.limits.take(kind, who)
        if verdict is None:
            return {}
        headers = self.limits.headers(kind, verdict)
        if not verdict.allowed:
            detail = f"Too many requests of this kind ({kind}): try again in {verdict.wait_seconds} s."
            raise _Refused(429, detail, headers, noted=False)
        return headers

    def _count_wrong(self, address: str) -> None:
        self.take("sign-in", address)

    async def _known(self, kind: str, secret: str, address: str) -> Caller | None:
        now = time.monotonic()
        if (seen := self._seen.get((kind, secret))) and seen[0] > now:
            return seen[1]
        verdict = self.limits.take("sign-in", address, 0)  # whoever tried too many wrong ones does not get to try more
        if verdict and not verdict.left:
            self.take("sign-in", address)
        find = self.keys.holder if kind == "key" else self.keys.in_session
        caller = await run_in_threadpool(find, secret)
        self._seen[kind, secret] = (now + _REMEMBERED_SECONDS, caller)
        if len(self._seen) > _MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return caller


class Guard:
    """Lets through what may pass and answers the rest with a problem."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper, audit: Audit, routes: Iterable[BaseRoute]) -> None:
        """`routes` are read with the first request, when all of them are there."""
        self._app, self._door, self._audit, self._routes = app, doorkeeper, audit, routes
        self._access = doorkeeper.access
        self._rules: Rules | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        if self._rules is None:
            self._rules = Rules(self._routes)
        rule, names = self._rules.find(scope["method"], scope["path"])
        request = _Asked(scope, rule, names)
        try:
            await self._admit(request)
        except _Refused as refused:
            request.noted = refused.noted and (request.noted or request.showed)
            response = _refusal(Request(scope), refused)
            await response(scope, receive, self._sending(request, send))
            return
        await self._app(scope, receive, self._sending(request, send))

    async def _admit(self, request: "_Asked") -> None:
        self._check_host(request)
        caller = request.caller = await self._who(request)
        _check_rule(request)
        if request.method not in SAFE_METHODS:
            _check_site(request)
        _check_size(request)
        who = f"{caller.workspace}/{caller.key}" if caller and caller.key else request.address
        if request.path not in _PROBES:
            request.told = self._door.take(request.rule.limited, who)
        request.scope.setdefault("state", {})["caller"] = caller

    def _check_host(self, request: "_Asked") -> None:
        if request.path in _PROBES:
            return
        names = frozenset(self._access.host_names)
        if self._access.loopback:
            names |= _LOOPBACK_NAMES
        if names and _name(request.headers.get("host", "")) not in names:
            raise _Refused(421, f"This server answers to {', '.join(sorted(names))} only.", noted=False)

    async def _who(self, request: "_Asked") -> Caller | None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            request.showed = True
            return await self._door.holder(token.strip(), request.address)
        if kind and request.rule.needs != "anybody":
            raise _Refused(401, f"Authorization {kind!r} is not known here. {_HOW_TO_SIGN_IN}", _challenge())
        if (secret := request.session) and (caller := await self._door.in_session(secret, request.address)):
            request.by_cookie = True
            return caller
        return Caller(user="") if self._access.free else None

    def _sending(self, request: "_Asked", send: Send) -> Send:
        """Adds what every answer says, and writes the audit log before the first byte leaves."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                raw = list(message.get("headers", ()))
                message = {**message, "headers": raw}
                said = {name for name, _ in raw}
                ours = _UNDER_TLS if request.scope.get("scheme") == "https" else _EVERYWHERE
                raw += [header for header in ours if header[0] not in said]
                raw += [(name.lower().encode(), value.encode()) for name, value in request.told.items()]
                if request.by_cookie and b"cache-control" not in said:
                    raw.append((b"cache-control", b"private, no-cache"))
                if request.noted:
                    await self._audit.note(_act(request, message["status"]))
            await send(message)

        return with_headers


class _Asked:
    """A request while it is looked at."""

    __slots__ = (
        "address", "by_cookie", "caller", "headers", "method", "names", "noted", "path", "rule", "scope", "showed",
        "told",
    )  # fmt: skip

    def __init__(self, scope: Scope, rule: Rule, names: dict[str, str]) -> None:
        self.scope, self.rule, self.names = scope, rule, names
        self.method, self.path = str(scope["method"]), str(scope["path"])
        self.headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            self.headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
        self.address = of_address(scope["client"][0]) if scope.get("client") else ""
        self.caller: Caller | None = None
        self.by_cookie = self.showed = False
        self.noted = rule.audited
        self.told: dict[str, str] = {}

    @property
    def session(self) -> str:
        """What the session's cookie holds; empty without one."""
        cookies = self.headers.get("cookie", "")
        return cookie_parser(cookies).get(cookie_name(self.scope), "") if cookies else ""


def cookie_name(scope: Any) -> str:
    """The name of the session's cookie; under TLS one that no neighbouring host can set."""
    return "__Host-storywright" if scope.get("scheme") == "https" else "storywright"


def _check_rule(request: _Asked) -> None:
    rule, caller = request.rule, request.caller
    if rule.needs == "anybody":
        return
    if caller is None:
        raise _Refused(401, f"This needs a key. {_HOW_TO_SIGN_IN}", _challenge(), noted=False)
    if not caller.may(rule.needs):
        raise _Refused(403, f"This needs {_a(rule.needs)}, and {caller.user or 'a visitor'} is {_a(caller.role)} here.")
    for name in rule.owned:
        value = request.names.get(name, "")
        if workspaces.of(value) != caller.workspace:
            raise _Refused(404, f"There is no {name.removesuffix('_id')} {value!r}.")


def _check_site(request: _Asked) -> None:
    """Refuse what another site's page sends through a browser that is signed in, or that can reach this loopback."""
    headers = request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    foreign = site not in (None, "same-origin", "none")
    foreign = foreign or (origin is not None and urlsplit(origin).netloc != headers.get("host"))
    if foreign:
        raise _Refused(403, "This request comes from another site's page: use the studio's own page or the API.")
    if request.by_cookie and site is None and origin is None:
        raise _Refused(403, "A browser says with Origin where a change comes from, and this one does not.")


def _check_size(request: _Asked) -> None:
    length, most = request.headers.get("content-length", "0"), request.rule.max_bytes
    chunked = "chunked" in request.headers.get("transfer-encoding", "")
    if not length.isascii() or not length.isdecimal() or int(length) > most or chunked:
        raise _Refused(413, f"Send at most {most >> 20} MB, with a Content-Length.", noted=False)


def _refusal(request: Request, refused: _Refused) -> Response:
    if refused.status == 401 and request.method in SAFE_METHODS and wants_page(request):
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(here, safe='')}", 303)
    return answer(request, refused.status, refused.detail, refused.headers)


def _act(request: _Asked, status: int) -> Act:
    signed_in = request.scope.get("state", {}).get("signed_in")
    known = signed_in or request.caller
    caller = known or Caller(user="", workspace="", role="viewer")
    return Act(
        workspace=caller.workspace, user=caller.user, role=caller.role if known else "",
        by=caller.by if known else "", key=caller.key, status=status, address=request.address,
        what=f"{request.method} {request.rule.path or request.path}",
        about=" ".join(f"{name}={_shown(name, value)}" for name, value in request.names.items()),
    )  # fmt: skip


def _shown(name: str, value: str) -> str:
    """What a path named; of a token that opens something only the part that says what."""
    return f"{value.partition('.')[0]}…" if name == "token" else value


def _challenge() -> dict[str, str]:
    return {"WWW-Authenticate": 'Bearer realm="storywright"'}


def _a(role: str) -> str:
    return f"an {role}" if role[0] in "aeio" else f"a {role}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
