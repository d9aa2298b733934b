"""Who may ask: the key, the host name, the page's own origin, the size of a request; and the headers of every answer.

Bound to loopback no key is needed, and the host name keeps other sites' pages from reaching the server through the
browser. Bound elsewhere the key is needed for everything but the health checks. Knows nothing of what is asked for.
"""

import base64
import binascii
import hmac
import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storywright.errors import BadInput
from storywright.server.problems import problem

MAX_BODY_BYTES = 1 << 20
_OPEN = {"/healthz", "/readyz"}
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_LOOPBACK_NAMES = {"localhost", "127.0.0.1", "::1"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "font-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """What a request has to show."""

    host: str = "127.0.0.1"
    """The address that the server is bound to."""
    key: str = ""
    """Empty: none is needed, which is for loopback only."""

    def __post_init__(self) -> None:
        if not self.loopback and not self.key:
            raise BadInput(
                f"Bound to {self.host}, others could reach the studio: set STORYWRIGHT_API_KEY, or bind to 127.0.0.1."
            )
        if self.key and len(self.key) < 16:
            raise BadInput("STORYWRIGHT_API_KEY has fewer than 16 characters: make one with `openssl rand -hex 24`.")

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        return self.host == "localhost" or _is_loopback(self.host)


class Guard:
    """Lets through what may pass and answers the rest with a problem."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refusal(scope, Headers(scope=scope))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if refused:
            status, detail = refused
            headers = {"WWW-Authenticate": 'Basic realm="storywright"'} if status == 401 else None
            await problem(status, detail, headers)(scope, receive, with_headers)
        else:
            await self._app(scope, receive, with_headers)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        if self._access.loopback and _name(headers.get("host", "")) not in _LOOPBACK_NAMES:
            return 421, "This server answers to 127.0.0.1 and localhost only."
        if scope["path"] in _OPEN:
            return None
        if self._access.key and not _shows(headers.get("authorization", ""), self._access.key):
            return 401, "Send the key as `Authorization: Bearer KEY`, or as the password that the browser asks for."
        if scope["method"] not in _SAFE_METHODS and _foreign(headers):
            return 403, "This request comes from another site's page: use the studio's own page or the API."
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES or "chunked" in headers.get("transfer-encoding", ""):
            return 413, f"Send at most {MAX_BODY_BYTES >> 20} MB, with a Content-Length."
        return None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    return urlsplit(f"//{host}").hostname or ""


def _foreign(headers: Headers) -> bool:
    """Whether a browser says that another site's page sends this."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def _shows(authorization: str, key: str) -> bool:
    kind, _, given = authorization.partition(" ")
    if kind.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return False
    elif kind.lower() != "bearer":
        return False
    return hmac.compare_digest(given.encode(), key.encode())
