"""Manuscripts: a chapter, a book or a script becomes boards, as a job.

What is wrong with it, or with the declaration of its rights, is said at once.
"""

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from storywright.board import Format, Language, Style, parse
from storywright.errors import BadInput
from storywright.server import adapting
from storywright.server.callers import TheCaller, User
from storywright.server.ledger import Job
from storywright.server.routes.boards import Key
from storywright.server.routes.images import Prefer, seconds_to_wait
from storywright.server.routes.jobs import JobState, answer_when_ended
from storywright.server.rules import allows
from storywright.server.service import Service, TheService
from storywright.sources.manuscripts import declared
from storywright.studio.adaptation import Config

router = APIRouter(prefix="/api/v1", tags=["manuscripts"])

MOST_BYTES = 32 << 20

_Line = Annotated[str, Form(max_length=200)]


@router.post("/manuscripts", response_model=JobState, status_code=202, responses={201: {"model": JobState}})
@allows(limited="drawing", max_bytes=MOST_BYTES)
async def adapt(
    request: Request,
    service: TheService,
    caller: TheCaller,
    user: User,
    author: Annotated[str, Form(max_length=200, description="Who wrote it.", examples=["Anton Chekhov"])],
    file: Annotated[
        UploadFile | None,
        File(description="Plain text, EPUB, XHTML, Fountain or Final Draft; its name's ending helps."),
    ] = None,
    text: Annotated[str, Form(max_length=1_000_000, description="The words themselves, in place of a file.")] = "",
    owner: _Line = "",
    licence: _Line = "",
    public_domain: Annotated[bool, Form(description="Nobody owns it any more.")] = False,
    chapter: _Line = "",
    panels: Annotated[int | None, Form(ge=1, le=60)] = None,
    seconds: Annotated[float | None, Form(gt=0, le=3600)] = None,
    style: Annotated[Style, Form()] = "ink",
    aspect: Annotated[str, Form(max_length=16)] = "16:9",
    language: Annotated[Language | None, Form()] = None,
    seed: Annotated[int, Form(ge=0), Field(lt=2**31)] = 7,
    prefer: Prefer = "",
    key: Key = "",
) -> Response:
    """Adapt it: 202 with where to look, or 201 when it is done within `Prefer: wait=SECONDS`."""
    if (file is None) == (not text):
        raise BadInput("Send the manuscript as the field file, or its words as the field text: one of the two.")
    name = (file.filename or "manuscript.txt") if file else "manuscript.txt"
    content = await file.read() if file else text.encode()
    wished: dict[str, Any] = {
        "chapter": chapter, "panels": panels, "seconds": seconds, "style": style, "aspect": aspect,
        "language": language, "seed": seed,
    }  # fmt: skip
    rights = {"author": author, "owner": owner, "licence": licence, "public_domain": public_domain}
    how = {"user": user, "key": key, "workspace": caller.workspace}
    job = await run_in_threadpool(_order, service, name, content, rights, wished, how)
    return await answer_when_ended(job, request, service, seconds_to_wait(prefer, 0, 300))


def _order(
    service: Service, name: str, content: bytes, rights: dict[str, Any], wished: dict[str, Any], how: dict[str, str]
) -> Job:
    """The job; what cannot be adapted is said here rather than when it is drawn."""
    parse(Format, {"aspect": wished["aspect"]}, "Field aspect")
    try:
        config = Config(**wished)
    except ValueError as error:
        raise BadInput(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    return adapting.order(service, name, content, declared(**rights), config, **how)
