"""Pictures that are sent before the brief that names them."""

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from storywright.errors import BadInput
from storywright.server import uploads
from storywright.server.rules import allows
from storywright.server.service import TheService

router = APIRouter(prefix="/api/v1", tags=["uploads"])

MOST_BYTES = 16 << 20


class Kept(BaseModel):
    """A picture that was taken."""

    file: str
    """What a brief writes in `assets.file` to name it."""
    picture: str
    """Its address."""


@router.post(
    "/uploads",
    status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": {
        kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/png", "image/jpeg", "image/webp")
    }}},
)  # fmt: skip
@allows(max_bytes=MOST_BYTES)
async def upload(request: Request, service: TheService) -> Kept:
    """Keep a logo or a product picture: PNG, JPEG or WebP by its content, whatever it is called."""
    content = await request.body()
    if not content:
        raise BadInput("The body is empty: send the picture itself.")
    file = await run_in_threadpool(uploads.kept, service.store, content, "The picture")
    return Kept(file=file, picture=f"/api/v1/pictures/{file.rsplit('/', 1)[-1]}")
