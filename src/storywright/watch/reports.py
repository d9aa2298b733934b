"""The reports of the last runs of the step that measures drift, kept in the studio's home for people to read."""

import datetime
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from storywright import files
from storywright.errors import BadInput

KEPT = 12
"""Runs whose reports are kept; one is about ten megabytes."""
_MOMENT = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"\d{8}T\d{6}Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """The report of one run."""

    name: str
    """The moment it was made, in UTC."""
    scores: dict[str, float]
    limits: dict[str, float]
    drifted: list[str]
    pages: list[str]
    """The files of the report, one for each comparison."""

    @property
    def made_ms(self) -> int:
        """The moment it was made, in milliseconds since 1970."""
        moment = datetime.datetime.strptime(self.name, _MOMENT).replace(tzinfo=datetime.UTC)
        return int(moment.timestamp() * 1_000)


def keep(report: Path, home: Path, now: datetime.datetime) -> str:
    """Keep a copy of a report, and let go of the oldest; returns its name."""
    name = now.astimezone(datetime.UTC).strftime(_MOMENT)
    place = _place(home)
    place.mkdir(parents=True, exist_ok=True)
    staged = place / f".{name}.new"
    shutil.rmtree(staged, ignore_errors=True)
    with files.full_disk_named(place):
        shutil.copytree(report, staged)
        files.replace_folder(staged, place / name)
    for old in _names(home)[KEPT:]:
        shutil.rmtree(place / old, ignore_errors=True)
    return name


def kept(home: Path) -> list[Kept]:
    """The reports there are, the newest first; one that cannot be read is left out."""
    found = []
    for name in _names(home):
        folder = _place(home) / name
        try:
            value = json.loads((folder / "drift.json").read_text(encoding="utf-8"))
            pages = sorted(path.name for path in folder.glob("*.html"))
            found.append(
                Kept(
                    name=name,
                    scores={column: float(score) for column, score in value["scores"].items()},
                    limits={column: float(limit) for column, limit in value["limits"].items()},
                    drifted=[str(column) for column in value["drifted"]],
                    pages=pages,
                )
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def page(home: Path, name: str, file: str) -> Path:
    """A page of a report."""
    if name in _names(home):
        path = files.inside(_place(home) / name, file)
        if path.suffix == ".html" and path.is_file():
            return path
    raise BadInput(f"There is no page {file!r} of a drift report {name!r}: /api/v1/drift lists those there are.")


def _place(home: Path) -> Path:
    return home / "watch" / "reports"


def _names(home: Path) -> list[str]:
    place = _place(home)
    if not place.is_dir():
        return []
    return sorted((path.name for path in place.iterdir() if _NAME.fullmatch(path.name)), reverse=True)
