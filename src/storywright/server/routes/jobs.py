"""How far a job is, as it happens; its files; and its end before its time."""

import json
import time
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from storywright import files
from storywright.board import Storyboard
from storywright.server.callers import TheCaller
from storywright.server.ledger import Job, State
from storywright.server.problems import Missing, problem
from storywright.server.service import Service, TheService

router = APIRouter(prefix="/api/v1", tags=["jobs"])

_STREAM_SECONDS = 15.0  # then the browser asks again: a server that stops does not wait for its watchers
_LOOK_SECONDS = 0.2


class PanelDone(BaseModel):
    """A panel that is finished."""

    candidate: int
    panel: int
    """From 0, as the candidate."""
    picture: str
    """Its address."""


class JobState(BaseModel):
    """How far a job is."""

    id: str
    kind: str
    """boards, adapt, revision, video or export."""
    state: State
    num_panels: int
    num_drawn: int
    panels: list[PanelDone]
    """The finished panels, while the boards are not."""
    problem: str
    boards: list[Storyboard]
    files: list[str]
    """The addresses of what was exported."""
    version: str = ""
    """The address of the board's version that a revision made."""


class JobPage(BaseModel):
    """Some jobs, the newest first; what they made is told where each of them is."""

    jobs: list[JobState]
    next: str
    """Where the next page is; empty on the last."""


@router.get("/jobs")
def listed(
    service: TheService,
    caller: TheCaller,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: Annotated[str, Query(max_length=64, description="The id of the last job of the page before.")] = "",
) -> JobPage:
    """The jobs, the newest first."""
    found = service.jobs.ledger.listed(limit + 1, before=after, workspace=caller.workspace)
    more = f"/api/v1/jobs?limit={limit}&after={found[limit - 1].id}" if len(found) > limit else ""
    return JobPage(jobs=[described(one, service, whole=False) for one in found[:limit]], next=more)


@router.get("/jobs/{job_id}", response_model=JobState)
def state(job_id: str, service: TheService) -> Response:
    """How far a job is, and what it made when it is done."""
    return answer(service.job(job_id), service, 200)


@router.delete("/jobs/{job_id}", response_model=JobState)
def cancel(job_id: str, service: TheService) -> Response:
    """Stop a job before its next panel; 409 when it had ended."""
    if not service.jobs.cancel(service.job(job_id).id):
        return problem(409, f"Job {job_id} had ended already: it is {service.job(job_id).state}.")
    return answer(service.job(job_id), service, 200)


@router.get("/jobs/{job_id}/events", response_class=StreamingResponse)
async def events(job_id: str, request: Request, service: TheService) -> StreamingResponse:
    """Server-sent events: `progress` whenever a panel is finished or the state changes, `end` when nothing follows."""
    await run_in_threadpool(service.job, job_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(job_id, request, service), media_type="text/event-stream", headers=headers)


@router.get("/jobs/{job_id}/files/{name}", response_class=FileResponse)
def file(job_id: str, name: str, service: TheService) -> FileResponse:
    """A file that was exported."""
    job = service.job(job_id)
    if name not in job.result.get("files", []):
        raise Missing(f"Job {job_id} has no file {name!r}.")
    path = files.inside(service.jobs.folder(job) / "files", name)
    if not path.is_file():
        raise Missing(f"The file {name} of job {job_id} was deleted: export the board again.")
    return FileResponse(path, filename=name)


def described(job: Job, service: Service, *, whole: bool = True) -> JobState:
    """What is told about a job; without its panels and boards where not the whole is wanted."""
    drawn = service.jobs.ledger.panels(job.id)
    made = [service.board(one).board for one in job.result.get("boards", [])] if whole else []
    version = (
        f"/api/v1/boards/{job.result['board']}/versions/{job.result['version']}" if "version" in job.result else ""
    )
    done = job.num_panels if job.state == "done" else len(drawn)
    return JobState(
        id=job.id,
        kind=job.kind,
        state=job.state,
        num_panels=job.num_panels or done,
        num_drawn=done,
        panels=[
            PanelDone(candidate=one.candidate, panel=one.panel, picture=f"/api/v1/pictures/{one.picture}.png")
            for one in drawn
            if whole
        ],
        problem=job.problem,
        boards=made,
        files=[f"/api/v1/jobs/{job.id}/files/{name}" for name in job.result.get("files", [])],
        version=version,
    )


def answer(job: Job, service: Service, status: int) -> Response:
    """A job as an answer, with where to look later."""
    content = described(job, service).model_dump(mode="json")
    return JSONResponse(content, status, {"Location": f"/api/v1/jobs/{job.id}"})


async def answer_when_ended(job: Job, request: Request, service: Service, seconds: float) -> Response:
    """The job as an answer: 201 when it is done within this time, 202 when not yet, and a problem when it failed."""
    job = await service.jobs.ended(job, seconds, request)
    if job.state == "failed":
        return problem(500 if job.our_fault else 422, job.problem)
    return await run_in_threadpool(answer, job, service, 201 if job.state == "done" else 202)


async def _events(job_id: str, request: Request, service: Service) -> AsyncIterator[str]:
    last, end = "", time.monotonic() + _STREAM_SECONDS
    yield "retry: 500\n\n"
    while time.monotonic() < end and not service.jobs.stopping and not await request.is_disconnected():
        job = await run_in_threadpool(service.job, job_id)
        told = await run_in_threadpool(described, job, service)
        text = json.dumps(told.model_dump(mode="json", exclude={"boards"}))
        if text != last:
            last = text
            yield f"event: progress\ndata: {text}\n\n"
        if not job.open:
            yield "event: end\ndata: {}\n\n"
            return
        await anyio.sleep(_LOOK_SECONDS)
