"""What people say about boards."""

import time
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from storywright.server.problems import Missing
from storywright.server.service import Service, TheService
from storywright.watch import boards, database, feedback
from storywright.watch.feedback import Feedback, Kind

router = APIRouter(prefix="/api/v1", tags=["feedback"])


class Said(BaseModel):
    """A choice, a rating or an edit."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    board: str = Field(min_length=1, max_length=64)
    """The board it is about."""
    panel: str = Field(default="", max_length=64)
    """The panel; empty for the whole board."""
    kind: Kind
    """choice: rather this board than the others of its order; rating: 1 to 5; edit: better words for a panel."""
    value: str = Field(default="", max_length=feedback.LONGEST_VALUE)
    """The stars of a rating, the words of an edit."""
    user: str = Field(default="", max_length=128)
    """Who says it; may be left out."""


@router.post("/feedback", status_code=201)
def say(
    said: Said, service: TheService, idempotency_key: Annotated[str, Header(min_length=1, max_length=128)]
) -> JSONResponse:
    """Write it down: 201 when it is on the disk, 200 when this key was written before."""
    new = write(said, idempotency_key, service)
    return JSONResponse({"key": idempotency_key, "written": True}, 201 if new else 200)


def write(said: Said, key: str, service: Service) -> bool:
    """Check that it is about something there is, and write it durably; False for a repetition."""
    made = service.made(said.board)
    if said.panel:
        known = {panel.id for panel in boards.read(made, service.settings.home).panels}
        if said.panel not in known:
            raise Missing(f"Board {said.board} has no panel {said.panel!r}; its panels are {', '.join(sorted(known))}.")
    entry = Feedback(key=key, made_ms=database.now_ms(), **said.model_dump())
    started = time.perf_counter()
    new = feedback.record(service.engine, entry)
    service.metrics.feedback_seconds.observe(time.perf_counter() - started)
    if new:
        service.metrics.feedback.labels(said.kind).inc()
    return new
