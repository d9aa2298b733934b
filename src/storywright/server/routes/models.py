"""Which models are served."""

from fastapi import APIRouter
from pydantic import BaseModel

from storywright.board import Origin
from storywright.server.service import TheService

router = APIRouter(prefix="/api/v1", tags=["models"])


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
    )
