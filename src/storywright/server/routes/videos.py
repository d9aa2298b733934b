"""A clip of some words, as a job."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.concurrency import run_in_threadpool

from storywright.board import Format, Style
from storywright.server import filming
from storywright.server.callers import TheCaller, User
from storywright.server.routes.boards import Key
from storywright.server.routes.images import Prefer, seconds_to_wait
from storywright.server.routes.jobs import JobState, answer_when_ended
from storywright.server.rules import allows
from storywright.server.service import TheService
from storywright.studio.director import native_size

router = APIRouter(prefix="/api/v1", tags=["videos"])

_EXAMPLES: dict[str, Any] = {
    "short": {"value": {"prompt": "a man waves in the street, day"}},
    "whole": {
        "value": {
            "prompt": "a man waves in the street, day",
            "seconds": 4,
            "frames": 8,
            "format": "mp4",
            "aspect": "16:9",
            "style": "ink",
            "seed": 7,
        }
    },
}


class VideoWanted(BaseModel):
    """The clip that is wanted."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    prompt: str = Field(min_length=1, max_length=1_000, examples=["a man waves in the street, day"])
    """What is seen, in English."""
    negative: str = Field(default="", max_length=1_000)
    """What is not to be seen."""
    seconds: Annotated[float, Field(ge=0.1, le=60)] = 3.0
    frames: Annotated[int, Field(ge=2, le=16)] = 8
    """That are drawn; what lies between is found along the flow from one to the next."""
    format: Literal["mp4", "webp", "gif"] = "mp4"
    aspect: str = "16:9"
    style: Style | None = None
    seed: int = Field(default=7, ge=0, lt=2**31)
    steps: int | None = Field(default=None, ge=1, le=50)
    guidance: float | None = Field(default=None, ge=0, le=20)

    @field_validator("aspect")
    @classmethod
    def _an_aspect(cls, aspect: str) -> str:
        return Format.model_validate({"aspect": aspect}).aspect


@router.post("/videos", response_model=JobState, status_code=202, responses={201: {"model": JobState}})
@allows(limited="drawing")
async def draw(
    wanted: Annotated[VideoWanted, Body(openapi_examples=_EXAMPLES)],
    request: Request,
    service: TheService,
    caller: TheCaller,
    user: User,
    prefer: Prefer = "",
    key: Key = "",
) -> Response:
    """Draw it: 202 with where to look, or 201 when it is done within `Prefer: wait=SECONDS`."""
    size = native_size(wanted.aspect, service.following.crew.models.native_size)
    asked = wanted.model_dump(exclude={"aspect"}) | {"size": list(size)}
    how = {"user": user, "key": key, "workspace": caller.workspace}
    job = await run_in_threadpool(filming.order, service, asked, **how)
    return await answer_when_ended(job, request, service, seconds_to_wait(prefer, 0, 300))
