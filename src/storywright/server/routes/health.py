"""Is it alive, is it ready, how is it doing, and what do the documents look like."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from storywright.board import json_schemas
from storywright.server.service import TheService

router = APIRouter(tags=["health"])


@router.get("/healthz", response_class=PlainTextResponse)
async def healthz() -> str:
    """The process answers."""
    return "ok\n"


@router.get("/readyz", response_class=PlainTextResponse)
async def readyz(service: TheService) -> str:
    """The models are open and were tried; 503 until then."""
    crew = service.following.crew
    return f"ok, serving {f'version {crew.version}' if crew.version else 'the embedded models'}\n"


@router.get("/metrics", response_class=Response)
def metrics(service: TheService) -> Response:
    """Everything that Prometheus scrapes."""
    return Response(service.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)


@router.get("/api/v1/schema")
async def schema() -> dict[str, dict[str, Any]]:
    """The JSON Schemas of the documents."""
    return json_schemas()
