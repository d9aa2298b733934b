"""Errors as RFC 9457 problem documents, or as a page for a person: each says in a sentence what is wrong."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from storywright.errors import BadInput
from storywright.server.templates import page, wants_page
from storywright.studio.store import Conflict, NotKept

_LOG = logging.getLogger("storywright.server")


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
    """The models are still being opened."""


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """A problem document."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(content, status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Let every error of the app become a problem document."""
    app.add_exception_handler(Missing, lambda request, error: _answer(request, 404, str(error)))
    app.add_exception_handler(NotKept, lambda request, error: _answer(request, 404, str(error)))
    app.add_exception_handler(Conflict, lambda request, error: _answer(request, 412, str(error)))
    app.add_exception_handler(Unconditional, lambda request, error: _answer(request, 428, str(error)))
    app.add_exception_handler(Busy, _busy)
    app.add_exception_handler(BadInput, lambda request, error: _answer(request, 422, str(error)))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def sentence(error: RequestValidationError) -> str:
    """The first thing that is wrong with a request."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
    return f"Field {field}: {first['msg'].removeprefix('Value error, ')}."


def _answer(request: Request, status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """A page for a person, a problem document for a program."""
    if not wants_page(request):
        return problem(status, detail, headers)
    answer = page(request, "problem.html", status, title=HTTPStatus(status).phrase, detail=detail)
    answer.headers.update(headers or {})
    return answer


def _busy(request: Request, error: Exception) -> Response:
    assert isinstance(error, Busy)
    return _answer(request, 503, str(error), {"Retry-After": str(error.seconds)})


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _answer(request, 422, sentence(error))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = f"There is nothing at {request.url.path}." if error.status_code == 404 else f"{error.detail}."
    return _answer(request, error.status_code, detail, dict(error.headers or {}))


def _unexpected(request: Request, error: Exception) -> Response:
    _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer(request, 500, "Something went wrong here; the server's log says what. Trying again may help.")
