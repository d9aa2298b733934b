"""What stands on the demonstration site: the concepts, and what a real archive has beside its good pages."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
PROFILE = FOLDER / "profile.yaml"
"""How the crawler reads the site."""

LICENCE_ADDRESSES = {
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """One concept as its author wrote it."""

    slug: str
    title: str
    brand: str
    product: str
    category: str
    tone: str
    idea: str
    scene: str
    line: str
    language: str
    licence: str
    owner: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Extras:
    """The pages beside the good ones; `extras.yaml` says what each kind is."""

    printed: tuple[str, ...]
    near: tuple[tuple[str, Written], ...]
    """The slug of the original, and its edition."""
    broken: tuple[dict[str, str], ...]
    moved: tuple[str, ...]


@cache
def written() -> tuple[Written, ...]:
    """All concepts, in the order of their files."""
    found = []
    for file in sorted((FOLDER / "concepts").glob("*.yaml")):
        sheet = _load(file)
        common = {name: sheet[name] for name in ("category", "licence", "owner")}
        common["language"] = sheet.get("language", "en")
        found += [Written(**(common | concept)) for concept in sheet["concepts"]]
    return tuple(found)


@cache
def extras() -> Extras:
    """The other pages."""
    sheet = _load(FOLDER / "extras.yaml")
    by_slug = {concept.slug: concept for concept in written()}
    near = tuple((one["of"], _edited(by_slug[one["of"]], one["slug"], one["change"])) for one in sheet["near"])
    return Extras(
        printed=tuple(sheet["printed"]), near=near, broken=tuple(sheet["broken"]), moved=tuple(sheet["moved"])
    )


def _edited(concept: Written, slug: str, changes: list[list[str]]) -> Written:
    values = {name: getattr(concept, name) for name in Written.__dataclass_fields__} | {"slug": slug}
    for name in ("idea", "scene", "line"):
        for old, new in changes:
            values[name] = values[name].replace(old, new)
    return Written(**values)


def _load(file: Path) -> dict[str, Any]:
    sheet: dict[str, Any] = yaml.load(
        file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    return sheet
