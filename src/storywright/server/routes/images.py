"""One picture of some words, drawn while the request waits."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.concurrency import run_in_threadpool

from storywright.board import Format, Style
from storywright.server.callers import User
from storywright.server.drawing.ending import unless_gone
from storywright.server.drawing.work import Asker, Picture
from storywright.server.recorded import png
from storywright.server.rules import allows
from storywright.server.service import TheService
from storywright.studio.director import native_size

router = APIRouter(prefix="/api/v1", tags=["images"])

LONGEST_WAIT_SECONDS = 60.0
"""After which a picture that was not begun is given up."""
Prefer = Annotated[
    str,
    Header(
        max_length=128, description="`wait=SECONDS` (RFC 7240): how long the answer may take.", examples=["wait=20"]
    ),
]
_EXAMPLES: dict[str, Any] = {
    "short": {"value": {"prompt": "a woman holds a blue bottle in the park, morning"}},
    "whole": {
        "value": {
            "prompt": "a woman holds a blue bottle in the park, morning",
            "aspect": "9:16",
            "style": "watercolour",
            "seed": 11,
            "steps": 8,
            "guidance": 3.0,
        }
    },
}


class Wanted(BaseModel):
    """The picture that is wanted."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    prompt: str = Field(min_length=1, max_length=1_000, examples=["a woman holds a blue bottle in the park, morning"])
    """What is seen, in English."""
    negative: str = Field(default="", max_length=1_000)
    """What is not to be seen."""
    aspect: str = "16:9"
    """Width to height."""
    style: Style | None = None
    """How it is drawn; left out, the words decide."""
    seed: int = Field(default=7, ge=0, lt=2**31)
    """The same words with the same seed give the same picture."""
    steps: int | None = Field(default=None, ge=1, le=50)
    """Denoising steps; left out, as tuned."""
    guidance: float | None = Field(default=None, ge=0, le=20)
    """How closely it keeps to the words; left out, as tuned."""

    @field_validator("aspect")
    @classmethod
    def _an_aspect(cls, aspect: str) -> str:
        return Format.model_validate({"aspect": aspect}).aspect


@router.post("/images", response_class=Response, responses={200: {"content": {"image/png": {}}}})
@allows(limited="drawing")
async def draw(
    wanted: Annotated[Wanted, Body(openapi_examples=_EXAMPLES)],
    request: Request,
    service: TheService,
    user: User,
    prefer: Prefer = "",
) -> Response:
    """Draw it, as PNG; the header X-Storywright-Version says which bundle drew it."""
    crew = service.following.crew_for(user)
    picture = Picture(
        prompt=wanted.prompt,
        size=native_size(wanted.aspect, crew.models.native_size),
        steps=wanted.steps or crew.drawing.steps,
        guidance=crew.drawing.guidance if wanted.guidance is None else wanted.guidance,
        seed=wanted.seed,
        style=wanted.style,
        negative=wanted.negative,
    )
    asker = Asker(kind="image", user=user)
    with service.desk.place("image", picture.effort):
        seconds = seconds_to_wait(prefer, LONGEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)
        [drawn] = await unless_gone(request, crew.room.order(picture, asker=asker, seconds=seconds))
    content = await run_in_threadpool(png, drawn)
    service.metrics.panels.inc()
    return Response(content, media_type="image/png", headers={"X-Storywright-Version": crew.version or "embedded"})


def seconds_to_wait(prefer: str, usual: float, most: float) -> float:
    """What `Prefer: wait=SECONDS` says, at most `most`; `usual` where it says nothing."""
    said = re.search(r"(?:^|[,;\s])wait\s*=\s*(\d{1,6})(?:$|[,;\s])", prefer)
    return min(float(said[1]), most) if said else usual
