"""Pages from templates in the reader's language and light; everything that is put into one is escaped."""

import time
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from storywright.server.words import LANGUAGES, Words, preferred, words

PAGES = Path(__file__).parent / "pages"
LANGUAGE_COOKIE, THEME_COOKIE = "studio_language", "studio_theme"
THEMES = ("auto", "light", "dark")
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def page(request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page as an answer."""
    said = language_of(request)
    theme = request.cookies.get(THEME_COOKIE, "auto")
    query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
    around = {
        "t": said,
        "language": said.language,
        "languages": LANGUAGES,
        "theme": theme if theme in THEMES else "auto",
        "themes": THEMES,
        "path": request.url.path,
        "here": f"{request.url.path}{query}",
        "when": when,
    }
    text = _ENVIRONMENT.get_template(name).render(around | values)
    return HTMLResponse(text, status, {"Vary": "Accept-Language, Cookie", "Cache-Control": "no-store"})


def language_of(request: Request) -> Words:
    """The words of the language that the reader chose, else that the browser asks for."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return words(chosen if chosen in LANGUAGES else preferred(request.headers.get("accept-language", "")))


def when(ms: int) -> str:
    """A moment as a person reads it."""
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(ms / 1_000))


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks, and not a program."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")
