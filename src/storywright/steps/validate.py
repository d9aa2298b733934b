"""Validate what was collected: what is fit goes on, what is not goes into quarantine with the reasons.

A story with one bad panel is quarantined whole, because a story with a hole is no story. A file that cannot be read
is quarantined as a file. Everything else goes through, file by file under the same name.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from storywright import files
from storywright.corpus import docs, frames, shards
from storywright.corpus.limits import Limits as Config
from storywright.corpus.quarantine import REASONS, Quarantine, with_reasons
from storywright.corpus.schema import CONCEPTS, FILMS, PANELS
from storywright.errors import BadInput
from storywright.progress import Progress
from storywright.steps import command
from storywright.steps.contract import made_by, makes

if TYPE_CHECKING:
    from storywright.corpus.validation import Broken, Checker

__all__ = ["Config", "Inputs", "Outputs", "run"]

_REASONS_OF_OTHERS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What was collected."""

    stories: Path = made_by("draw")
    concepts: Path = made_by("scrape")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """What is fit, what is not and why, and the data docs for people."""

    valid: Path = makes("valid")
    quarantine: Path = makes("quarantine")
    docs: Path = makes("docs")
    metrics: Path = makes("metrics.json")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Check every row of both tables, then the corpus as a whole."""
    # Great Expectations takes seconds to import, and whoever only asks what this step needs should not wait for it.
    from storywright.corpus.validation import Checker

    outputs.valid.mkdir(parents=True)
    checker, quarantine = Checker(config), Quarantine(outputs.quarantine)
    with ThreadPoolExecutor(config.threads) as executor:
        panels = _Table(
            "panels", PANELS, "story_id", True, lambda table, row, seen: frames.of_panels(table, row, seen, executor)
        )
        concepts = _Table("concepts", CONCEPTS, "concept_id", False, frames.of_concepts)
        films = _Table("films", FILMS, "film_id", False, frames.of_films)
        tallies = [
            _sort(panels, inputs.stories, outputs.valid, checker, quarantine),
            _sort(concepts, inputs.concepts, outputs.valid, checker, quarantine),
        ]
        # Films came with their loglines, which are concepts; without any there is no table of them.
        if shards.of_table(inputs.concepts, "films"):
            tallies.append(_sort(films, inputs.concepts, outputs.valid, checker, quarantine))
    quarantine.finish()
    summary = _summary(config, tallies)
    broken = checker.broken("corpus", "the-corpus", summary)
    faults = [one.reason for row in sorted(broken) for one in broken[row]]
    checker.write_docs(outputs.docs)
    docs.write_front(outputs.docs, {one.table: (one.rows, one.bad) for one in tallies}, faults, quarantine)
    files.write_json(outputs.metrics, _metrics(tallies, quarantine))
    if faults:
        raise BadInput(_explained(faults, quarantine, outputs))


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    schema: pa.Schema
    key: str
    """The column that names the story, or the concept."""
    whole: bool
    """Rows with the same key are good or bad together."""
    frame: Callable[[pa.Table, int, set[int]], pd.DataFrame]


@dataclass(slots=True)
class _Tally:
    table: str
    rows: int = 0
    bad: int = 0
    things: int = 0
    """Stories, or concepts, that are good."""
    stories: int = 0
    """Of them, those with two panels or more."""
    languages: Counter[str] = field(default_factory=Counter)

    def add(self, other: "_Tally") -> None:
        self.rows += other.rows
        self.bad += other.bad
        self.things += other.things
        self.stories += other.stories
        self.languages += other.languages


def _sort(table: _Table, source: Path, valid: Path, checker: "Checker", quarantine: Quarantine) -> _Tally:
    """Part the files of a table into what is good and what is not."""
    paths = shards.of_table(source, table.name)
    if not paths:
        raise BadInput(f"There is no {table.name}-*.parquet in {source}: collect some first, or name another folder.")
    total, seen = _Tally(table.name), set[int]()
    with Progress(f"Validating {table.name}", sum(map(_rows_if_readable, paths))) as progress:
        for path in paths:
            try:
                tally, known, broken = _sort_file(table, path, seen, valid, checker, quarantine.folder, progress)
            except shards.Unreadable as error:
                quarantine.keep_file(path, error.reason)
                continue
            total.add(tally)
            seen = known
            for rule, example in broken:
                quarantine.count(table.name, rule, example)
    return total


def _sort_file(
    table: _Table, path: Path, seen: set[int], valid: Path, checker: "Checker", quarantine: Path, progress: Progress
) -> tuple[_Tally, set[int], list[tuple[str, str]]]:
    """Part one file, and add its keys to those seen; when it is unreadable, nothing of it stays on either side."""
    tally, known, broken = _Tally(table.name), set(seen), list[tuple[str, str]]()
    with ExitStack() as stack:
        good = stack.enter_context(shards.Writer(valid / path.name, table.schema))
        bad = stack.enter_context(shards.Writer(quarantine / path.name, with_reasons(table.schema)))
        for piece in shards.pieces(path, table.schema):
            frame = table.frame(piece, tally.rows, known)
            place = f"{path.stem}-from-row-{tally.rows:07d}"
            rows = checker.broken(table.name, place, frame)
            broken += [(one.rule, f"{path.name} row {row}: {one.reason}") for row in rows for one in rows[row]]
            reasons = _reasons(frame, rows, table)
            is_bad = np.array([bool(given) for given in reasons], bool)
            good.write(piece.filter(pa.array(~is_bad)))
            kept = piece.append_column(REASONS, pa.array(reasons, REASONS.type)).replace_schema_metadata(None)
            bad.write(kept.filter(pa.array(is_bad)))
            tally.add(_tally(table, frame, is_bad))
            known |= set(frames.keys_of(frame[table.key]))
            progress.advance(len(frame), f"{path.name}")
    return tally, known, broken


def _reasons(frame: pd.DataFrame, rows: "dict[int, list[Broken]]", table: _Table) -> list[list[str]]:
    """The reasons of each row: its own, or those of the row that takes its whole story along."""
    own = {row: [one.reason for one in broken] for row, broken in rows.items()}
    if not table.whole:
        return [own.get(row, []) for row in frame["row"]]
    names = dict(zip(frame["row"], frame[table.key], strict=True))
    whole: dict[str, list[str]] = {}
    for row in sorted(own):
        whole.setdefault(names[row], []).extend(f"row {row} of its story is bad: {reason}" for reason in own[row])
    return [own.get(row) or whole.get(names[row], [])[:_REASONS_OF_OTHERS] for row in frame["row"]]


def _tally(table: _Table, frame: pd.DataFrame, is_bad: np.ndarray) -> _Tally:
    good = frame[~is_bad]
    sizes = good.groupby(table.key).size()
    return _Tally(
        table.name,
        rows=len(frame),
        bad=int(is_bad.sum()),
        things=len(sizes),
        stories=int((sizes > 1).sum()),
        languages=Counter(good["language"]),
    )


def _summary(config: Config, tallies: list[_Tally]) -> pd.DataFrame:
    """A line for each table and one for each language, for the rules about the corpus as a whole."""
    panels = tallies[0]
    good = panels.rows - panels.bad
    lines: list[dict[str, object]] = [
        {
            "table": one.table,
            "rows": one.rows - one.bad if one is panels else None,
            "rows_seen": one.rows,
            "bad": one.bad,
            "bad_share": one.bad / max(one.rows, 1),
        }
        for one in tallies
    ]
    for language, least in config.languages.items():
        share = panels.languages[language] / max(good, 1)
        lines.append({"language": language, "share": share, "least_share": least, "share_over_least": share - least})
    return pd.DataFrame(lines).assign(row=range(len(lines)))


def _metrics(tallies: list[_Tally], quarantine: Quarantine) -> dict[str, float]:
    metrics: dict[str, float] = {"files_quarantined": len(quarantine.files)}
    for one in tallies:
        metrics |= {f"{one.table}_valid": one.rows - one.bad, f"{one.table}_quarantined": one.bad}
        metrics |= {f"{one.table}_in_{language}": count for language, count in sorted(one.languages.items())}
    panels = tallies[0]
    return metrics | {"stories_valid": panels.stories, "single_pictures_valid": panels.things - panels.stories}


def _explained(faults: list[str], quarantine: Quarantine, outputs: Outputs) -> str:
    causes = quarantine.most_common() + [f"{name}: {reason}" for name, _, _, reason in quarantine.files[:3]]
    why = f" Most often: {'; '.join(causes)}." if causes else ""
    return (
        f"The corpus is not fit: {'; '.join(faults)}.{why} Every bad row is in {outputs.quarantine} with its reasons: "
        "put the source right, or change the limit in section validate of params.yaml."
    )


def _rows_if_readable(path: Path) -> int:
    try:
        return shards.num_rows(path)
    except (pa.ArrowException, OSError):
        return 0


if __name__ == "__main__":
    command.main("validate")
