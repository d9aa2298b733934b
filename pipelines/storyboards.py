"""A batch of briefs, each answered with its candidate boards by the models that are deployed."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kfp import dsl

from pipelines.tasks import task
from storywright import board
from storywright.errors import BadInput

EXAMPLES = Path(__file__).resolve().parent.parent / "examples" / "briefs"
_SUFFIXES = {".yaml", ".yml", ".json"}


def storyboards(briefs: list[dict], make_board: dict) -> None:
    """Make the boards of every brief, several briefs at a time."""
    with dsl.ParallelFor(briefs, parallelism=4) as brief:
        task("make_board", make_board, brief=brief)


def read_briefs(places: Iterable[Path]) -> list[dict[str, Any]]:
    """The briefs in these files and folders, each checked."""
    found = []
    for place in places:
        files = sorted(p for p in place.iterdir() if p.suffix in _SUFFIXES) if place.is_dir() else [place]
        if not files:
            raise BadInput(f"{place} holds no brief: put files in it that end in {', '.join(sorted(_SUFFIXES))}.")
        found += [board.read_brief(file).model_dump(mode="json", exclude_defaults=True) for file in files]
    return found


def defaults() -> dict[str, Any]:
    """What is drawn when nobody gives briefs: the examples."""
    return {"briefs": read_briefs([EXAMPLES])}
