"""Errors as RFC 9457 problem documents, or as a page for a person: each says in a sentence what is wrong."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Mount

from storywright.errors import BadInput
from storywright.server.templates import page, wants_page
from storywright.studio.reviews import Closed
from storywright.studio.store import Conflict, NotKept

_LOG = logging.getLogger("storywright.server")
_INFERENCE = "/v2"


class Missing(BadInput):
    """What was asked for is not there."""


class Unconditional(BadInput):
    """A change that does not say which version it is made to."""


class Busy(BadInput):
    """There is more to draw than can be drawn; `seconds` says when to come again."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class NotReady(Busy):
    """The models are still being opened, or the server is being stopped."""


class Full(Busy):
    """As many orders are open as may be: it is for those who ask to wait, and not for another server to help."""


class Late(Busy):
    """It was waited for as long as was asked, and its turn did not come."""


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """A problem document."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(content, status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Let every error of the app become a problem document."""
    app.add_exception_handler(Missing, lambda request, error: answer(request, 404, str(error)))
    app.add_exception_handler(NotKept, lambda request, error: answer(request, 404, str(error)))
    app.add_exception_handler(Closed, lambda request, error: answer(request, 410, str(error)))
    app.add_exception_handler(Conflict, lambda request, error: answer(request, 412, str(error)))
    app.add_exception_handler(Unconditional, lambda request, error: answer(request, 428, str(error)))
    app.add_exception_handler(Busy, _busy)
    app.add_exception_handler(BadInput, lambda request, error: answer(request, 422, str(error)))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def sentence(error: RequestValidationError) -> str:
    """The first thing that is wrong with a request."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
    return f"Field {field}: {first['msg'].removeprefix('Value error, ')}."


def answer(request: Request, status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """A page for a person, a problem document for a program; a client of the inference protocol gets its kind."""
    if request.url.path.startswith(_INFERENCE):
        return JSONResponse({"error": detail}, 400 if status == 422 else status, headers)
    if not wants_page(request):
        return problem(status, detail, headers)
    answer = page(request, "problem.html", status, title=HTTPStatus(status).phrase, detail=detail)
    answer.headers.update(headers or {})
    return answer


def _busy(request: Request, error: Exception) -> Response:
    assert isinstance(error, Busy)
    status = 429 if isinstance(error, Full) else 503
    return answer(request, status, str(error), {"Retry-After": str(error.seconds)})


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    whole = error.errors()[0]["loc"] == ("body",)
    if whole and not _is_json(request):
        return answer(request, 415, "Send JSON, and say so: `Content-Type: application/json`.")
    return answer(request, 422, sentence(error))


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=499)  # nobody reads it; the metrics count it


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        known = ", ".join(_methods(request))
        return answer(request, 405, f"{request.method} is not done to this: {known} is.", {"Allow": known})
    detail = f"There is nothing at {request.url.path}." if error.status_code == 404 else f"{error.detail}."
    return answer(request, error.status_code, detail, dict(error.headers or {}))


def _methods(request: Request) -> list[str]:
    """What can be done to the path of a request; each route knows its own only."""
    ways = iter_route_contexts([route for route in request.app.routes if not isinstance(route, Mount)])
    return sorted({method for way in ways if way.path_regex.match(request.url.path) for method in way.methods or ()})


def _unexpected(request: Request, error: Exception) -> Response:
    _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(request, 500, "Something went wrong here; the server's log says what. Trying again may help.")
