"""Whose material is, and what its terms allow: recorded on every row, written beside the tables, asked before sharing.

Nothing here is legal advice. Where terms are not known, the answer to "may this be shared?" is no.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storywright import files
from storywright.errors import BadInput

NOTICE = "NOTICE.md"
"""The file beside a source's tables that says whose they are and under which terms."""

_COLUMNS = ["licence", "owner", "source"]
_ROWS_AT_ONCE = 16_384


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """What every row of a table says about where it is from."""

    source: str
    licence: str
    owner: str
    origin: str
    date: str

    def columns(self) -> dict[str, str]:
        """The columns of a row."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a licence allows, as far as this project has to know."""

    name: str
    address: str
    adapted: bool
    """Whether something made from it (a corpus, a picture cut anew, a model's copy of it) may be passed on."""
    commercial: bool
    says: str
    """One sentence for people."""


KNOWN: dict[str, Terms] = {
    "CC0-1.0": Terms(
        "Creative Commons Zero 1.0",
        "https://creativecommons.org/publicdomain/zero/1.0/",
        True,
        True,
        "No rights are reserved.",
    ),
    "CC-BY-4.0": Terms(
        "Creative Commons Attribution 4.0",
        "https://creativecommons.org/licenses/by/4.0/",
        True,
        True,
        "Name the owner and say what was changed.",
    ),
    "CC-BY-SA-4.0": Terms(
        "Creative Commons Attribution-ShareAlike 4.0",
        "https://creativecommons.org/licenses/by-sa/4.0/",
        True,
        True,
        "Name the owner, say what was changed, and pass it on under the same licence.",
    ),
    "CC-BY-NC-4.0": Terms(
        "Creative Commons Attribution-NonCommercial 4.0",
        "https://creativecommons.org/licenses/by-nc/4.0/",
        True,
        False,
        "Name the owner; not for commercial use.",
    ),
    "CC-BY-NC-SA-4.0": Terms(
        "Creative Commons Attribution-NonCommercial-ShareAlike 4.0",
        "https://creativecommons.org/licenses/by-nc-sa/4.0/",
        True,
        False,
        "Name the owner, pass it on under the same licence; not for commercial use.",
    ),
    "CC-BY-ND-4.0": Terms(
        "Creative Commons Attribution-NoDerivatives 4.0",
        "https://creativecommons.org/licenses/by-nd/4.0/",
        False,
        True,
        "Name the owner; whatever is adapted from it may be used, but not passed on.",
    ),
    "CC-BY-NC-ND-4.0": Terms(
        "Creative Commons Attribution-NonCommercial-NoDerivatives 4.0",
        "https://creativecommons.org/licenses/by-nc-nd/4.0/",
        False,
        False,
        "Name the owner; whatever is adapted from it may not be passed on, and nothing of it is for commercial use.",
    ),
    "LicenseRef-TMDB": Terms(
        "The Movie Database: terms of use of its API",
        "https://www.themoviedb.org/api-terms-of-use",
        False,
        False,
        "Not for commercial use without an agreement; attribute it to TMDB, which neither endorses nor certifies this; "
        "keep a copy for no longer than six months.",
    ),
    "LicenseRef-IMDb-NonCommercial": Terms(
        "IMDb: non-commercial licensing",
        "https://developer.imdb.com/non-commercial-datasets/",
        False,
        False,
        "Personal and non-commercial use only; not to be republished. Information courtesy of IMDb, used with "
        "permission.",
    ),
    "LicenseRef-UCI-Movie": Terms(
        "UCI: Movie, by Gio Wiederhold",
        "https://archive.ics.uci.edu/dataset/132/movie",
        True,
        False,
        "Free to use except for commercial resale; acknowledge Gio Wiederhold, Stanford University.",
    ),
}


def write_notice(folder: Path, title: str, licence: str, owner: str, more: Iterable[str] = ()) -> None:
    """Write the notice of a licence beside the tables that stand under it; those of other licences stay."""
    terms = KNOWN.get(licence)
    lines = [f"## {title}", "", f"- Owner: {owner}"]
    lines.append(f"- Licence: {f'{terms.name}, {terms.address}' if terms else licence}")
    lines += [f"- {sentence}" for sentence in ([terms.says] if terms else []) + list(more)]
    section = "\n".join(lines) + "\n"
    path = folder / NOTICE
    known = path.read_text(encoding="utf-8") if path.exists() else "# Whose this material is\n"
    if section not in known:
        files.write_text(path, f"{known}\n{section}")


@dataclass(frozen=True, slots=True)
class Share:
    """How many rows of a folder stand under one licence."""

    licence: str
    rows: int
    owners: tuple[str, ...]
    sources: tuple[str, ...]


def shares(folder: Path) -> list[Share]:
    """What stands under which licence in the tables of a folder and the folders in it, the most first."""
    rows: Counter[str] = Counter()
    owners: dict[str, set[str]] = {}
    sources: dict[str, set[str]] = {}
    found = False
    for path in sorted(folder.rglob("*.parquet")):
        for batch in _rights_in(path):
            found = True
            entries = batch.group_by(_COLUMNS).aggregate([([], "count_all")]).to_pylist()
            for entry in entries:
                licence = (entry["licence"] or "").strip()
                rows[licence] += entry["count_all"]
                owners.setdefault(licence, set()).add(entry["owner"] or "")
                sources.setdefault(licence, set()).add(entry["source"] or "")
    if not found:
        raise BadInput(f"{folder} has no table with the columns licence, owner and source: name a folder that has one.")
    return [
        Share(licence, count, tuple(sorted(owners[licence])), tuple(sorted(sources[licence])))
        for licence, count in sorted(rows.items(), key=lambda entry: (-entry[1], entry[0]))
    ]


def objections(found: Iterable[Share], *, sell: bool = False) -> list[str]:
    """Why something made from this material may not be passed on, or not sold; empty when nothing is against it."""
    against = []
    for one in found:
        terms = KNOWN.get(one.licence)
        if not one.licence:
            against.append(f"{one.rows:,} rows name no licence")
        elif terms is None:
            against.append(f"{one.rows:,} rows stand under {one.licence!r}, whose terms storywright does not know")
        elif not terms.adapted:
            against.append(f"{one.rows:,} rows stand under {terms.name}, and nothing made from them may be passed on")
        elif sell and not terms.commercial:
            against.append(f"{one.rows:,} rows stand under {terms.name}, which is not for commercial use")
    return against


def _rights_in(path: Path) -> Iterable[pa.Table]:
    """The columns of rights of a table, a piece at a time; nothing for a table without them."""
    try:
        with pq.ParquetFile(path) as file:
            if set(_COLUMNS) <= set(file.schema_arrow.names):
                for batch in file.iter_batches(_ROWS_AT_ONCE, columns=_COLUMNS):
                    table = pa.Table.from_batches([batch])
                    yield pa.table({name: pc.cast(table[name], pa.string()) for name in _COLUMNS})
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"{path} cannot be read as Parquet: put it right or take it away.") from error
