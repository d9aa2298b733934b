"""The page for people: a brief becomes an order, an order becomes boards, boards are chosen from, rated and edited.

It works without scripts; each form carries a key of its own, so that sending it twice does it once.
"""

import functools
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import UploadFile

from storywright import board
from storywright.board import Brief, read_brief
from storywright.errors import BadInput
from storywright.server import adapting, uploads
from storywright.server.callers import TheCaller, User
from storywright.server.ledger import Job
from storywright.server.problems import Busy, NotReady
from storywright.server.routes.boards import picture_url
from storywright.server.routes.feedback import Said, write
from storywright.server.routes.jobs import JobState, described
from storywright.server.rules import allows
from storywright.server.service import Service, TheService
from storywright.server.templates import LANGUAGE_COOKIE, PAGES, THEME_COOKIE, THEMES, language_of, page
from storywright.server.words import LANGUAGES, Words
from storywright.sources.manuscripts import Rights
from storywright.studio import briefs, languages
from storywright.studio.adaptation import Config
from storywright.toonworld.scene import PROPS, STYLES
from storywright.watch import feedback

router = APIRouter(include_in_schema=False)

ASPECTS = ("16:9", "1:1", "4:3", "9:16")
_ASSETS = ("logo", "product")
_EMPTY = {
    "title": "", "product": "", "kind": "", "description": "", "proposition": "", "audience": "", "insight": "",
    "objective": "", "tone": "", "call_to_action": "", "cast": "", "legal": "", "show": "", "reasons": "",
    "style": "ink", "language": "en", "aspect": "16:9", "seconds": "15", "panels": "", "candidates": "3", "seed": "7",
    "logo_file": "", "product_file": "",
}  # fmt: skip
_MANUSCRIPT = {
    "text": "", "name": "", "author": "", "rights": "", "owner": "", "licence": "", "declared_by": "",
    "style": "ink", "aspect": "16:9", "chapter": "", "panels": "",
}  # fmt: skip
_MOST_BYTES = 32 << 20
_HALF_A_YEAR_SECONDS = 60 * 60 * 24 * 180


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it came: its fields, and the files that were put into it."""

    fields: dict[str, str]
    files: dict[str, tuple[str, bytes]]
    """For each field its file's name and content."""


async def _sent(request: Request) -> Sent:
    fields: dict[str, str] = {}
    files: dict[str, tuple[str, bytes]] = {}
    async with request.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, str):
                fields[name] = f"{fields[name]} {value}" if name in fields else value
            elif isinstance(value, UploadFile) and value.size:
                files[name] = (value.filename or name, await value.read())
    return Sent(fields, files)


_Sent = Annotated[Sent, Depends(_sent)]


@dataclass(slots=True)
class _SaidBefore:
    """What this person said about the boards on a page."""

    choice: str = ""
    reason: str = ""
    rating: dict[tuple[str, str], int] = field(default_factory=dict)
    edit: dict[tuple[str, str], str] = field(default_factory=dict)


@router.get("/")
def home(request: Request, service: TheService, user: User, example: str = "") -> Response:
    """The brief, and what was drawn lately."""
    said = _EMPTY | {"language": language_of(request).language, "tone": language_of(request)("home.warm")}
    if example:
        found = _examples().get(example)
        if found is None:
            raise BadInput(f"There is no example {example!r}: choose one of {', '.join(_examples())}.")
        said = _in_fields(found)
    else:
        said |= service.people.usual(user, service.workspace, service.jobs.ledger)
    return known_from_now_on(_home(request, service, said), user)


@router.get("/words")
def in_words(request: Request, service: TheService, user: User) -> Response:
    """A brief in somebody's own words."""
    return known_from_now_on(page(request, "words.html", words="", problem="", served=served(request, service)),
                             user)  # fmt: skip


@router.post("/words")
@allows("viewer", audited=False)
def understand(request: Request, service: TheService, sent: _Sent) -> Response:
    """Read a brief out of somebody's words, and show what was understood before anything is drawn."""
    words, said = sent.fields.get("words", ""), language_of(request)
    try:
        understood = briefs.from_text(words, said("words.words"))
    except BadInput as error:
        return page(request, "words.html", 422, words=words, problem=str(error), served=served(request, service))
    return _home(
        request, service, _in_fields(understood.brief), understood=understood.inferred, language=understood.language
    )  # fmt: skip


@router.post("/orders")
@allows(limited="drawing", max_bytes=_MOST_BYTES)
def order(request: Request, service: TheService, sent: _Sent, caller: TheCaller, user: User) -> Response:
    """Send a brief."""
    said = _EMPTY | {name: value.strip() for name, value in sent.fields.items() if name in _EMPTY}
    try:
        said |= _kept_assets(service, sent, language_of(request))
        candidates = _whole(said["candidates"], language_of(request)("home.boards"), 1, 6)
        brief = _brief(service, said)
        taken = service.jobs.order(
            brief, candidates, user=user, workspace=caller.workspace, key=sent.fields.get("key", "")
        )
    except (Busy, NotReady) as error:
        return _home(request, service, said, str(error), 503)
    except BadInput as error:
        return _home(request, service, said, str(error), 422)
    return RedirectResponse(f"/orders/{taken.id}", 303)


@router.get("/manuscript")
def manuscript(request: Request, service: TheService, user: User) -> Response:
    """A chapter, a book or a script, and by what right it is adapted."""
    return known_from_now_on(_manuscript(request, service, _MANUSCRIPT), user)


@router.post("/manuscripts")
@allows(limited="drawing", max_bytes=_MOST_BYTES)
def adapt(request: Request, service: TheService, sent: _Sent, caller: TheCaller, user: User) -> Response:
    """Send a manuscript."""
    said = _MANUSCRIPT | {name: value.strip() for name, value in sent.fields.items() if name in _MANUSCRIPT}
    try:
        name, content = sent.files.get("file") or (f"{said['name'] or 'manuscript'}.txt", said["text"].encode())
        if not content:
            raise BadInput("Paste the text of a manuscript, or choose its file.")
        wished = Config(
            style=_one_of(said["style"], STYLES), aspect=_one_of(said["aspect"], ASPECTS), chapter=said["chapter"],
            panels=_whole(said["panels"], language_of(request)("home.panels"), 1, 60) if said["panels"] else None,
        )  # fmt: skip
        key = sent.fields.get("key", "")
        taken = adapting.order(
            service, name, content, _rights(said), wished, user=user, key=key, workspace=caller.workspace
        )
    except (Busy, NotReady) as error:
        return _manuscript(request, service, said, str(error), 503)
    except BadInput as error:
        return _manuscript(request, service, said, str(error), 422)
    return RedirectResponse(f"/orders/{taken.id}", 303)


@router.get("/orders/{order_id}")
def show(order_id: str, request: Request, service: TheService, user: User) -> Response:
    """The boards of an order, or how far they are."""
    job = service.job(order_id)
    if job.kind == "revision":
        return RedirectResponse(f"/boards/{job.asked['board']}/redrawing/{job.id}", 303)
    board_ids = [str(one) for one in job.result.get("boards", [])]
    brief = board.parse(Brief, job.asked["brief"], "The brief") if "brief" in job.asked else None
    answer = page(
        request,
        "order.html",
        order=described(job, service),
        watched=watched(job, service, language_of(request)),
        title=brief.title if brief else job.asked.get("title", ""),
        brief=brief,
        candidates=int(job.asked.get("candidates", 1)),
        boards=[service.board(one).board for one in board_ids],
        as_made=_as_made(service, board_ids) if brief else set(),
        said=_said_before(service, board_ids, user),
        key=secrets.token_hex(12),
        served=served(request, service),
    )
    return known_from_now_on(answer, user)


@router.post("/orders/{order_id}/stop")
def stop(order_id: str, service: TheService) -> Response:
    """Stop it before its next panel; one that has ended stays as it is."""
    service.jobs.cancel(service.job(order_id).id)
    return RedirectResponse(f"/orders/{order_id}", 303)


@router.post("/orders/{order_id}/feedback")
def say(
    order_id: str,
    service: TheService,
    user: User,
    key: Annotated[str, Form(max_length=64)],
    said: Annotated[str, Form(alias="kind", max_length=16)],
    about: Annotated[str, Form(alias="board", max_length=64)],
    panel: Annotated[str, Form(max_length=64)] = "",
    value: Annotated[str, Form(max_length=feedback.LONGEST_VALUE)] = "",
) -> Response:
    """Choose, rate, edit."""
    if said not in feedback.KINDS:
        raise BadInput(f"Field kind: {said!r} is not one of {', '.join(feedback.KINDS)}.")
    # The same words from the same form are the same thing said; other words from it are another.
    words = hashlib.sha256("\0".join((said, about, panel, value)).encode()).hexdigest()[:24]
    write(Said(board=about, panel=panel, kind=said, value=value, user=user), f"{key}-{words}", service)
    place = f"{about}-{panel}" if panel else about
    return RedirectResponse(f"/orders/{order_id}#{place}", 303)


@router.post("/language")
@allows("anybody", audited=False)
def speak(to: Annotated[str, Form(max_length=8)], back: Annotated[str, Form(max_length=2_000)] = "/") -> Response:
    """Show every page in this language from now on."""
    if to not in LANGUAGES:
        raise BadInput(f"Field to: the page speaks {', '.join(LANGUAGES)}, and not {to!r}.")
    return _remember(LANGUAGE_COOKIE, to, back)


@router.post("/theme")
@allows("anybody", audited=False)
def light(to: Annotated[str, Form(max_length=8)], back: Annotated[str, Form(max_length=2_000)] = "/") -> Response:
    """Show every page in this light from now on."""
    if to not in THEMES:
        raise BadInput(f"Field to: there is {', '.join(THEMES)}, and not {to!r}.")
    return _remember(THEME_COOKIE, to, back)


def watched(job: Job, service: Service, said: Words) -> dict[str, str]:
    """What a page says while a job goes on; the script says the same as it happens."""
    state: JobState = described(job, service)
    known = f"{state.num_drawn} / {state.num_panels}" if job.num_panels else str(state.num_drawn)
    waiting = job.state == "waiting"
    return {
        "id": job.id,
        "now": said("progress.waiting") if waiting else said("progress.drawn", done=known),
        "total": str(job.num_panels),
        "done": str(state.num_drawn),
    }


def served(request: Request, service: Service) -> str:
    """Which models draw, in the reader's language."""
    said = language_of(request)
    if not service.following.ready:
        return said("served.opening")
    version = service.following.crew.version
    models = said("served.version", version=version) if version else said("served.embedded")
    return f"{models} {said.said(service.following.notice)}".strip()


def known_from_now_on(answer: Response, user: str) -> Response:
    """Give a visitor a name of their own, so that their ratings are theirs."""
    if not user:
        _set(answer, "studio_user", secrets.token_urlsafe(12))
    return answer


def _remember(cookie: str, value: str, back: str) -> Response:
    """Go back to where it was asked for, which is a page of this studio and nothing else."""
    parts = urlsplit(back)
    here = back.startswith("/") and not back.startswith(("//", "/\\")) and not parts.netloc
    answer = RedirectResponse(back if here else "/", 303)
    _set(answer, cookie, value)
    return answer


def _set(answer: Response, cookie: str, value: str) -> None:
    answer.set_cookie(cookie, value, max_age=_HALF_A_YEAR_SECONDS, httponly=True, samesite="lax")


def _home(
    request: Request,
    service: Service,
    said: dict[str, str],
    problem: str = "",
    status: int = 200,
    understood: dict[str, str] | None = None,
    language: str | None = None,
) -> HTMLResponse:
    """`language` is the code of the brief's own where it is one that the writer does not know."""
    reads = language_of(request).language
    examples = sorted(_examples().items(), key=lambda one: one[1].language != reads)
    return page(
        request,
        "home.html",
        status,
        said=said,
        problem=problem,
        understood=understood or {},
        notices=[] if language is None else [languages.of_brief(language, "en", "ru" if reads == "ru" else "en")],
        examples=[(name, brief.title, brief.language) for name, brief in examples],
        props=PROPS,
        styles=STYLES,
        aspects=ASPECTS,
        recent=_recent(service),
        key=secrets.token_hex(12),
        served=served(request, service),
    )


def _manuscript(
    request: Request, service: Service, said: dict[str, str], problem: str = "", status: int = 200
) -> HTMLResponse:
    return page(
        request, "manuscript.html", status, said=said, problem=problem, styles=STYLES, aspects=ASPECTS,
        key=secrets.token_hex(12), served=served(request, service),
    )  # fmt: skip


@functools.cache
def _examples() -> dict[str, Brief]:
    return {path.stem: read_brief(path) for path in sorted((PAGES / "examples").glob("*.yaml"))}


def _in_fields(brief: Brief) -> dict[str, str]:
    """A brief as the form shows it; what the form has no field for is not in any of the briefs it is used for."""
    return _EMPTY | {
        "title": brief.title, "product": brief.product.name, "kind": brief.product.kind,
        "description": brief.product.description, "proposition": brief.proposition, "audience": brief.audience,
        "insight": brief.insight, "objective": brief.objective, "tone": brief.tone,
        "call_to_action": brief.call_to_action, "legal": brief.mandatories.legal,
        "show": " ".join(brief.mandatories.must_show), "reasons": "\n".join(brief.reasons_to_believe),
        "cast": "\n".join(f"{one.name}: {one.looks}" for one in brief.cast),
        "style": brief.style, "language": brief.language, "aspect": brief.format.aspect,
        "seconds": f"{brief.format.seconds:g}", "panels": str(brief.format.panels or ""), "seed": str(brief.seed),
    }  # fmt: skip


def _brief(service: Service, said: dict[str, str]) -> Brief:
    value: dict[str, Any] = {name: said[name] for name in ("title", "proposition", "audience", "insight", "style")}
    value |= {name: said[name] for name in ("language", "call_to_action", "objective")}
    value |= {"tone": said["tone"]} if said["tone"] else {}
    value["product"] = {"name": said["product"], "kind": said["kind"], "description": said["description"]}
    value["format"] = {"aspect": said["aspect"], "seconds": said["seconds"], "panels": said["panels"] or None}
    value["reasons_to_believe"] = _lines(said["reasons"])
    value["cast"] = [_member(line) for line in _lines(said["cast"])]
    show = [wish for wish in ("product", "logo") if wish in said["show"].split()]
    value["mandatories"] = {"must_show": show, "legal": said["legal"]}
    value["assets"] = [
        {"name": kind, "kind": kind, "file": said[f"{kind}_file"]} for kind in _ASSETS if said[f"{kind}_file"]
    ]
    return board.parse(Brief, value | {"seed": said["seed"]}, "The brief")


def _member(line: str) -> dict[str, str]:
    name, _, looks = line.partition(":")
    return {"name": name.strip(), "looks": looks.strip()}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _kept_assets(service: Service, sent: Sent, said: Words) -> dict[str, str]:
    """The pictures of the form by their names in the store: those of now, else those of the time before."""
    kept = {}
    for kind in _ASSETS:
        before = sent.fields.get(f"{kind}_file", "")
        kept[f"{kind}_file"] = before if service.store.has_picture_at(before) else ""
        if kind in sent.files:
            name, content = sent.files[kind]
            kept[f"{kind}_file"] = uploads.kept(service.store, content, f"{said(f'home.{kind}_file')} ({name[:60]})")
    return kept


def _rights(said: dict[str, str]) -> Rights:
    """What was declared, or what is missing in the words of the page."""
    kind = said["rights"]
    if not said["author"]:
        raise BadInput("Say who wrote the manuscript: nothing is adapted before that is declared.")
    if kind not in ("public", "owned"):
        raise BadInput("Say by what right the manuscript may be adapted: nothing is adapted before that is declared.")
    if kind == "owned" and not (said["owner"] and said["licence"]):
        raise BadInput("Say who owns the manuscript, and by what the owner lets it be adapted.")
    owned = {"owner": said["owner"], "licence": said["licence"]} if kind == "owned" else {"public_domain": True}
    value = {"author": said["author"], "declared_by": said["declared_by"]} | owned
    return board.parse(Rights, value, "The declaration of rights")


def _one_of(text: str, known: Sequence[str]) -> Any:
    if text not in known:
        raise BadInput(f"{text!r} is not one of {', '.join(known)}.")
    return text


def _whole(text: str, name: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise BadInput(f"{name} is a whole number from {least} to {most}, got {text!r}.")
    return int(text)


def _recent(service: Service, limit: int = 12) -> list[dict[str, str]]:
    """The newest boards, one for each order."""
    found: dict[str, dict[str, str]] = {}
    for one in service.store.listed(limit * 3):
        name = one.board.brief.title if one.board.brief else one.board.title
        url = f"/orders/{one.job}" if one.job else f"/boards/{one.id}"
        found[one.job or one.id] = {"url": url, "title": name, "picture": picture_url(one.board)}
    return list(found.values())[:limit]


def _as_made(service: Service, board_ids: list[str]) -> set[tuple[str, str]]:
    """The panels that are as they were made: what is said about a picture is learned from, so it has to be that one."""
    found = set()
    for one in board_ids:
        now, made = (kept.board for kept in (service.board(one), service.store.version(one, 1)))
        pictures = {panel.id: panel.picture for panel in made.panels}
        found |= {(one, panel.id) for panel in now.panels if pictures.get(panel.id) == panel.picture}
    return found


def _said_before(service: Service, board_ids: list[str], user: str) -> _SaidBefore:
    before = _SaidBefore()
    for one in feedback.about(service.engine, board_ids, user) if user else []:
        if one.kind == "choice":
            before.choice, before.reason = one.board, one.value
        elif one.kind == "rating":
            before.rating[(one.board, one.panel)] = int(one.value)
        else:
            before.edit[(one.board, one.panel)] = one.value
    return before
