"""One picture of some words."""

import io

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from storywright.board import Format, Style
from storywright.server.service import TheService
from storywright.studio.director import native_size

router = APIRouter(prefix="/api/v1", tags=["images"])


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
def draw(wanted: Wanted, service: TheService) -> Response:
    """Draw it, as PNG; the header X-Storywright-Version says which bundle drew it."""
    crew = service.following.crew
    with service.desk.place("image"), service.desk.turn("image"):
        picture = crew.models.illustrator.draw(
            [wanted.prompt],
            size=native_size(wanted.aspect),
            steps=wanted.steps or crew.drawing.steps,
            guidance=crew.drawing.guidance if wanted.guidance is None else wanted.guidance,
            seeds=[wanted.seed],
            style=wanted.style,
            negative=wanted.negative,
        )[0]
    content = io.BytesIO()
    picture.save(content, "PNG")
    service.metrics.panels.inc()
    return Response(
        content.getvalue(), media_type="image/png", headers={"X-Storywright-Version": crew.version or "embedded"}
    )
