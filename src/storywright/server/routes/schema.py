"""What the documents look like, and what a board can be exported to."""

from typing import Any

from fastapi import APIRouter

from storywright.board import json_schemas
from storywright.export import FORMATS

router = APIRouter(prefix="/api/v1", tags=["documents"])


@router.get("/schema")
async def schema() -> dict[str, dict[str, Any]]:
    """The JSON Schemas of the documents, by their names."""
    return json_schemas()


@router.get("/formats")
async def formats() -> dict[str, str]:
    """What a board can be exported to."""
    return {name: form.line for name, form in FORMATS.items()}
