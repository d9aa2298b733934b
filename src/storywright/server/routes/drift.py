"""The reports of the last measurements of drift, for those who run the studio."""

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict

from storywright.errors import BadInput
from storywright.server.problems import Missing
from storywright.server.rules import allows
from storywright.server.service import TheService
from storywright.watch import reports

router = APIRouter(prefix="/api/v1", tags=["models"])

# Evidently's pages carry their scripts with them: they run in a sandbox of their own, from which nothing is reached.
_SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; frame-ancestors 'none'"
)


class Report(BaseModel):
    """How far everything lay from what it was compared with, at one moment."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    """The moment, in UTC."""
    made_ms: int
    """The same, in milliseconds since 1970."""
    scores: dict[str, float]
    """The distance in each column that was measured."""
    limits: dict[str, float]
    """Above it a column has drifted."""
    drifted: list[str]
    """The columns that had drifted."""
    pages: list[str]
    """The addresses of the report's pages, one for each comparison."""


class Reports(BaseModel):
    """The reports there are, the newest first."""

    reports: list[Report]


@router.get("/drift")
@allows("operator")
def listed(service: TheService) -> Reports:
    """The reports of the last runs of the step `monitor`."""
    return Reports(
        reports=[
            Report(
                name=one.name, made_ms=one.made_ms, scores=one.scores, limits=one.limits, drifted=one.drifted,
                pages=[f"/api/v1/drift/{one.name}/{file}" for file in one.pages],
            )
            for one in reports.kept(service.settings.home)
        ]
    )  # fmt: skip


@router.get("/drift/{name}/{file}", response_class=FileResponse)
@allows("operator", free={"file"})
def page(name: str, file: str, service: TheService) -> FileResponse:
    """A page of a report."""
    try:
        path = reports.page(service.settings.home, name, file)
    except BadInput as error:
        raise Missing(str(error)) from error
    headers = {"Content-Security-Policy": _SANDBOX, "Cache-Control": "private, no-store"}
    return FileResponse(path, media_type="text/html", headers=headers)
