"""Stories that are tables of the corpus already: what `draw` made, or another folder that stories were taken into.

So a team's own stories and drawn ones come together in one folder, which validation and training then read.
"""

import itertools
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from storywright import files
from storywright.corpus import shards
from storywright.corpus.schema import GROUNDING, PANELS
from storywright.sources.rights import Rights
from storywright.sources.stories.story import Panel, Rejected, Story, Things, Unit

_READING = 1
"""Another number when the same table is read otherwise than before, so that it is read again."""


def units(paths: list[Path]) -> Iterator[Unit]:
    """Tables of panels; each is a unit, with what is known of its pictures in the table beside it."""
    for path in paths:
        beside = path.with_name(path.name.replace("panels", "grounding", 1))
        content = [shards.content_digest(one) for one in (path, beside) if one.exists()]
        yield Unit(
            key=str(path.resolve()),
            fingerprint=files.digest_of([_READING, *content]),
            read=partial(_read, path, beside),
        )


def is_one(path: Path) -> bool:
    """Whether a Parquet file is a table of panels, as far as its footer can be read."""
    try:
        return path.name.startswith("panels-") and set(PANELS.names) <= set(pq.read_schema(path).names)
    except (pa.ArrowException, OSError):
        return False


def _read(path: Path, beside: Path, known: Collection[str]) -> Things:
    try:
        things = _things(beside)
        for piece in shards.pieces(path, PANELS):
            for story_id, rows in itertools.groupby(piece.to_pylist(), lambda row: row["story_id"] or ""):
                if story_id not in known:
                    yield _story(path, story_id, list(rows), things)
    except shards.Unreadable as error:
        yield Rejected(path.name, str(path), error.reason)


def _story(
    path: Path, story_id: str, rows: list[dict[str, Any]], things: dict[tuple[str, int], list[dict[str, Any]]]
) -> Story | Rejected:
    first = rows[0]
    whole = [row["panel"] for row in rows] == list(range(first["panels"] or 0))
    if not story_id or not whole or not all(row["picture"] and row["picture"]["bytes"] for row in rows):
        return Rejected(
            story_id or "(no story_id)", str(path), f"it is not whole: {len(rows)} panels in a row are here"
        )
    words = {name: first[name] or "" for name in ("source", "licence", "owner", "origin", "date")}
    panels = tuple(_panel(row, things.get((story_id, row["panel"]), [])) for row in rows)
    return Story(story_id=story_id, language=first["language"] or "", rights=Rights(**words), panels=panels)


def _panel(row: dict[str, Any], things: list[dict[str, Any]]) -> Panel:
    return Panel(
        picture=row["picture"]["bytes"],
        name=row["picture"]["path"] or "",
        **{name: row[name] or "" for name in ("prompt", "caption", "style", "phase", "scene")},
        tags=tuple(row["tags"] or ()),
        things=tuple(things),
    )


def _things(path: Path) -> dict[tuple[str, int], list[dict[str, Any]]]:
    """What is known of the pictures of one table, by story and panel."""
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    if path.exists():
        for row in (row for piece in shards.pieces(path, GROUNDING) for row in piece.to_pylist()):
            found.setdefault((row.pop("story_id"), row.pop("panel")), []).append(row)
    return found
