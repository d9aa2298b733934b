"""What other systems tell the studio: MLflow, that an alias of the models moved."""

import os

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from storywright.registry import hooks
from storywright.server.problems import answer
from storywright.server.rules import allows
from storywright.server.service import TheService

router = APIRouter(tags=["models"])


@router.post(hooks.PATH, status_code=204, response_class=Response, response_model=None)
@allows("anybody", audited=False)
async def registry(request: Request, service: TheService) -> Response:
    """MLflow's webhook, signed with STORYWRIGHT_REGISTRY_SECRET: the registry is looked into at once."""
    if not hooks.is_signed(request.headers, await request.body(), os.environ.get(hooks.SECRET, "")):
        return answer(request, 400, f"This is not signed with {hooks.SECRET}, or was signed long ago.")
    await run_in_threadpool(service.following.look_now)
    return Response(status_code=204)
