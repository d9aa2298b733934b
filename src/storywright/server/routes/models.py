"""Which models are served, for programs and, on a page, for those who run the studio."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from storywright.board import Origin
from storywright.server.following import Following
from storywright.server.routes import drift
from storywright.server.routes.page import served as in_words
from storywright.server.rules import allows
from storywright.server.service import TheService
from storywright.server.templates import page

router = APIRouter(prefix="/api/v1", tags=["models"])
pages = APIRouter(include_in_schema=False)


class Coming(BaseModel):
    """How a new version does."""

    version: str
    """In the registry."""
    stage: str
    """`shadow 20%`: it draws for nobody; `10%`: for so many users; `100%`: for everybody, on probation."""
    share: float
    """Of the users who get it."""
    began_ms: int
    """When it began to come into service, in milliseconds since 1970."""
    stage_began_ms: int
    """When this stage began."""
    pictures: int
    """Drawn in this stage."""
    wanted: int
    """Before the next stage."""
    concern: str
    """What was worse at the last look; empty when nothing was."""


class Served(BaseModel):
    """The bundle that answers requests now."""

    version: str
    """In the registry; empty for the embedded models."""
    digest: str
    """Of the bundle."""
    origin: str
    """registry, deployment (the registry is away) or embedded."""
    notice: str
    """Why this is not the champion; empty when it is, or when there is none."""
    models: list[Origin]
    """Each model and its digest."""
    rollout: Coming | None = None
    """The version that is on its way into service, or on its probation there."""


@router.get("/models")
async def served(service: TheService) -> Served:
    """What is served, and why if that is not the champion."""
    crew = service.following.crew
    return Served(
        version=crew.version,
        digest=crew.digest,
        origin=crew.origin,
        notice=service.following.notice,
        models=crew.models.origins,
        rollout=_coming(service.following),
    )


@pages.get("/models")
@allows("operator")
def look(request: Request, service: TheService) -> Response:
    """The page: what is served, what is on its way into service, and the reports of drift."""
    return page(
        request,
        "models.html",
        served=in_words(request, service),
        coming=_coming(service.following),
        reports=drift.listed(service).reports,
    )


def _coming(following: Following) -> Coming | None:
    found = following.coming
    if found is None:
        return None
    crew, rollout = found
    return Coming(
        version=crew.version,
        stage=rollout.stage.name,
        share=rollout.stage.share,
        began_ms=rollout.began_ms,
        stage_began_ms=rollout.stage_began_ms,
        pictures=rollout.num_pictures,
        wanted=rollout.wanted,
        concern=rollout.reason,
    )
