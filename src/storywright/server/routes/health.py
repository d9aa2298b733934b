"""Is it alive, is it ready, how is it doing."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from storywright.server.problems import NotReady
from storywright.server.rules import allows
from storywright.server.service import TheService

router = APIRouter(tags=["health"])


@router.get("/healthz", response_class=PlainTextResponse)
@allows("anybody")
async def healthz() -> str:
    """The process answers."""
    return "ok\n"


@router.get("/readyz", response_class=PlainTextResponse)
@allows("anybody")
async def readyz(service: TheService) -> str:
    """The models are open and were tried; 503 until then, and once the server is being stopped."""
    crew = service.following.crew
    if not service.ready:
        raise NotReady("The drawing process is being started again, or the server stopped: try again in a moment.", 5)
    return f"ok, serving {f'version {crew.version}' if crew.version else 'the embedded models'}\n"


@router.get("/metrics", response_class=Response)
@allows("operator")
def metrics(service: TheService) -> Response:
    """Everything that Prometheus scrapes."""
    return Response(service.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
