"""From a crawl to the corpus: the concepts without their duplicates, what was rejected and why, the numbers."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from storywright import files
from storywright.corpus.schema import CONCEPTS
from storywright.errors import BadInput
from storywright.sources.web import extraction
from storywright.sources.web.duplicates import Seen
from storywright.sources.web.journal import Journal, State

ROWS_PER_FILE = 10_000
_PROBLEMS_SHOWN = 3


def write(journal: Journal, folder: Path, similarity: float) -> dict[str, float]:
    """Write `concepts/`, `rejected.jsonl` and, where there are pictures, `pictures/`; returns the numbers of the crawl.

    Texts that overlap by `similarity` are one concept: the one nearest to the start of its site is kept. A crawl that
    brought nothing is explained, and what an earlier one has left stays.
    """
    part = folder / "concepts.part"
    num_concepts = write_concepts(journal, part, similarity)
    write_rejected(journal, folder / "rejected.jsonl")
    refuse_empty(journal, num_concepts)
    files.replace_folder(part, folder / "concepts")
    if any(journal.made("picture")):
        write_pictures(journal, folder / "pictures")
    return metrics(journal, num_concepts)


def write_concepts(journal: Journal, folder: Path, similarity: float) -> int:
    """Write the concepts as Parquet into `folder`, nearest to the start first, near-duplicates left out; how many."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("concepts-*.parquet"):
        stale.unlink()
    rows: list[dict[str, str]] = []
    num_files = num_rows = 0
    for row in _rows(journal, Seen(similarity)):
        rows.append(row)
        num_rows += 1
        if len(rows) == ROWS_PER_FILE:
            _write(folder, num_files, rows)
            num_files, rows = num_files + 1, []
    if rows:
        _write(folder, num_files, rows)
    return num_rows


def write_rejected(journal: Journal, path: Path) -> None:
    """Write every address that gave less than it should have, with the reason, a JSON object a line."""
    lines = [
        json.dumps({"origin": url, "state": state.name.lower(), "reason": note}, ensure_ascii=False)
        for url, state, note in journal.notes()
    ]
    files.write_text(path, "".join(f"{line}\n" for line in lines))


def write_pictures(journal: Journal, folder: Path) -> None:
    """Write which concept each picture in `folder` belongs to, with its rights, a JSON object a line."""
    kept = {url: name for url, _, name in journal.made("picture")}
    lines = []
    for url, date, concept_id, concept in _concepts(journal):
        if name := kept.get(concept.picture):
            rights = {"licence": concept.licence, "owner": concept.owner, "origin": concept.picture, "date": date}
            lines.append(json.dumps({"concept_id": concept_id, "file": name, "page": url} | rights, ensure_ascii=False))
    files.write_text(folder / "pictures.jsonl", "".join(f"{line}\n" for line in lines))


def metrics(journal: Journal, num_concepts: int) -> dict[str, float]:
    """The numbers of a crawl."""
    pages, counts = journal.states("page"), journal.counts()
    told = [one for _, _, made in journal.made("page") for one in extraction.from_json(made)]
    malformed = sum(1 for _, state, _ in journal.notes() if state == State.DONE)
    return {
        "num_pages": pages.get(State.DONE, 0),
        "num_concepts": num_concepts,
        "num_duplicates": len(told) - num_concepts,
        "num_without_licence": sum(not one.licence for one in told),
        "num_malformed": malformed,
        "num_moved": pages.get(State.MOVED, 0),
        "num_forbidden": pages.get(State.FORBIDDEN, 0),
        "num_refused": pages.get(State.REFUSED, 0),
        "num_failed": pages.get(State.FAILED, 0),
        "num_sitemaps": journal.states("sitemap").get(State.DONE, 0),
        "num_pictures": journal.states("picture").get(State.DONE, 0),
        "num_retries": counts.get("retries", 0),
        "num_unchanged": journal.unchanged(),
        "num_sites_left": len(journal.problems()),
    }


def refuse_empty(journal: Journal, num_concepts: int) -> None:
    """Explain a crawl that brought nothing."""
    if num_concepts:
        return
    reasons = [f"{site}: {problem}" for site, problem in journal.problems().items()]
    reasons += [f"{url}: {note}" for url, _, note in journal.notes()][:_PROBLEMS_SHOWN]
    read = journal.states("page").get(State.DONE, 0)
    reasons = reasons or ["no page of it is one of those under `concepts.pages` in the profile"]
    raise BadInput(
        f"The crawl read {read} pages and found no concept ({'; '.join(reasons)}): "
        "check the address and the profile, and whether the site allows crawlers."
    )


def _rows(journal: Journal, seen: Seen) -> Iterator[dict[str, str]]:
    for url, date, concept_id, concept in _concepts(journal):
        if seen.near(concept.text) is None:
            yield {
                "concept_id": concept_id,
                "title": concept.title,
                "brand": concept.brand,
                "product": concept.product,
                "category": concept.category,
                "tone": concept.tone,
                "text": concept.text,
                "language": concept.language,
                "source": "web",
                "licence": concept.licence,
                "owner": concept.owner,
                "origin": url,
                "date": date,
            }


def _concepts(journal: Journal) -> Iterator[tuple[str, str, str, extraction.Concept]]:
    for url, date, made in journal.made("page"):
        for number, concept in enumerate(extraction.from_json(made)):
            place = f"{url}#{number}" if number else url
            yield url, date, f"web-{hashlib.sha256(place.encode()).hexdigest()[:16]}", concept


def _write(folder: Path, number: int, rows: list[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(rows, CONCEPTS), folder / f"concepts-{number:05}.parquet", compression="zstd")
