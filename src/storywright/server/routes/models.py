"""Which models are served."""

from fastapi import APIRouter
from pydantic import BaseModel

from storywright.board import Origin
from storywright.server.following import Following
from storywright.server.service import TheService

router = APIRouter(prefix="/api/v1", tags=["models"])


class Coming(BaseModel):
    """How a new version does."""

    version: str
    """In the registry."""
    stage: str
    """`shadow 20%`: it draws for nobody; `10%`: for so many users; `100%`: for everybody, on probation."""
    share: float
    """Of the users who get it."""
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


def _coming(following: Following) -> Coming | None:
    found = following.coming
    if found is None:
        return None
    crew, rollout = found
    return Coming(
        version=crew.version,
        stage=rollout.stage.name,
        share=rollout.stage.share,
        pictures=rollout.num_pictures,
        wanted=rollout.wanted,
        concern=rollout.reason,
    )
