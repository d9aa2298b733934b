"""Validate what was collected: what is fit goes on, what is not goes into quarantine with the reasons.

Beside what was drawn and crawled, any folder of tables can be taken in: those that `storywright material` makes, or a
collection of your own in the corpus's columns. A story with one bad panel is quarantined whole, because a story with a
hole is no story. A file that cannot be read is quarantined as a file. Everything else goes through, file by file: under
the same name, and what came from a further folder under the name of its place in the list as well, so that a folder
added at the end of the list changes nothing of what was there.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from storywright import files
from storywright.corpus import docs, frames, shards
from storywright.corpus.limits import Limits
from storywright.corpus.quarantine import REASONS, Quarantine, with_reasons
from storywright.corpus.schema import CONCEPTS, FILMS, GROUNDING, PANELS
from storywright.errors import BadInput
from storywright.progress import Progress
from storywright.steps import command
from storywright.steps.contract import made_by, makes

if TYPE_CHECKING:
    from storywright.corpus.validation import Broken, Checker

_REASONS_OF_OTHERS = 4
_JUDGED_AT_ONCE = 16_384
"""Rows in a run of the rules, which costs a second however few they are; without pictures so many are about 50 MB."""
_TABLES = ("panels", "concepts", "films", "grounding")


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(Limits):
    """What makes a row good, and what else is taken in."""

    material: list[str]
    """Further folders of tables, such as material/web/concepts: add new ones at the end."""


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


def outside(config: Config) -> dict[str, dict[str, str]]:
    """What is in the further folders: they are no input that another step makes."""
    return {
        folder: {path.name: shards.content_digest(path) for table in _TABLES for path in shards.of_table(place, table)}
        for folder, place in ((folder, Path(folder)) for folder in config.material)
    }


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Check every row of every table, then the corpus as a whole."""
    # Great Expectations takes seconds to import, and whoever only asks what this step needs should not wait for it.
    from storywright.corpus.validation import Checker

    shards_of = _collected(config, inputs)
    outputs.valid.mkdir(parents=True)
    sorting = _Sorting(Checker(config), Quarantine(outputs.quarantine), outputs.valid)
    with ThreadPoolExecutor(config.threads) as executor:
        # Without films, or without anything known to be in a picture, there is no table of them.
        tallies = [sorting.part(table, shards_of[table.name]) for table in _tables(executor) if shards_of[table.name]]
    for shard in shards_of["grounding"]:
        sorting.keep_of_good_stories(shard)
    sorting.quarantine.finish()
    summary = _summary(config, tallies)
    broken = sorting.checker.broken("corpus", "the-corpus", summary)
    faults = [one.reason for row in sorted(broken) for one in broken[row]]
    sorting.checker.write_docs(outputs.docs)
    docs.write_front(outputs.docs, {one.table: (one.rows, one.bad) for one in tallies}, faults, sorting.quarantine)
    files.write_json(outputs.metrics, _metrics(tallies, sorting.quarantine))
    if faults:
        raise BadInput(_explained(faults, sorting.quarantine, outputs))


@dataclass(frozen=True, slots=True)
class _Shard:
    """A file of a table, and the name under which its good rows go on."""

    path: Path
    name: str


def _collected(config: Config, inputs: Inputs) -> dict[str, list[_Shard]]:
    """The files of each table, in the order of their new names."""
    found: dict[str, list[_Shard]] = {table: [] for table in _TABLES}
    for table, folder, maker in (("panels", inputs.stories, "draw"), ("concepts", inputs.concepts, "scrape")):
        if not shards.of_table(folder, table):
            raise BadInput(
                f"There is no {table}-*.parquet in {folder}: run the step {maker} first, or name another folder."
            )
    own = {"panels": inputs.stories, "grounding": inputs.stories, "concepts": inputs.concepts, "films": inputs.concepts}
    for table, folder in own.items():
        found[table] += [_Shard(path, path.name) for path in shards.of_table(folder, table)]
    if twice := [folder for folder, times in Counter(config.material).items() if times > 1]:
        raise BadInput(f"validate.material names {twice[0]} twice: a story can be in the corpus once.")
    for number, place in enumerate(config.material, 1):
        for table, paths in _tables_in(Path(place)).items():
            # A letter sorts behind the digits of what was drawn and crawled.
            found[table] += [
                _Shard(path, f"{table}-m{number:02d}-{path.name.removeprefix(f'{table}-')}") for path in paths
            ]
    return found


def _tables_in(folder: Path) -> dict[str, list[Path]]:
    if not folder.is_dir():
        raise BadInput(f"validate.material names {folder}, which is no folder: take it out, or put it right.")
    found = {table: paths for table in _TABLES if (paths := shards.of_table(folder, table))}
    if not found:
        below = sorted({path.parent for table in _TABLES for path in folder.rglob(f"{table}-*.parquet")})
        hint = f"name {below[0]} instead" if below else "its tables are named panels-…, concepts-… or films-….parquet"
        raise BadInput(f"validate.material names {folder}, which holds no table of the corpus: {hint}.")
    return found


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    schema: pa.Schema
    key: str
    """The column that names the story, the concept or the film."""
    whole: bool
    """Rows with the same key are good or bad together."""
    frame: Callable[[pa.Table, int, Container[int]], pd.DataFrame]


def _tables(executor: Executor) -> list[_Table]:
    return [
        _Table(
            "panels", PANELS, "story_id", True, lambda table, row, seen: frames.of_panels(table, row, seen, executor)
        ),
        _Table("concepts", CONCEPTS, "concept_id", False, frames.of_concepts),
        _Table("films", FILMS, "film_id", False, frames.of_films),
    ]


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

    def add(self, others: "Iterable[_Tally]") -> None:
        for other in others:
            self.rows += other.rows
            self.bad += other.bad
            self.things += other.things
            self.stories += other.stories
            self.languages += other.languages


@dataclass(frozen=True, slots=True)
class _Sorting:
    """Parts files into what is good and what is not."""

    checker: "Checker"
    quarantine: Quarantine
    valid: Path
    good_stories: set[int] = field(default_factory=set)

    def part(self, table: _Table, all_shards: list[_Shard]) -> _Tally:
        """Part the files of a table: the rules are run on many of them at once; each is parted when it is judged."""
        total, seen, done = _Tally(table.name), set[int](), list[_File]()
        waiting = list[tuple[_File, pd.DataFrame]]()
        with Progress(f"Validating {table.name}", sum(_rows_if_readable(one.path) for one in all_shards)) as progress:
            for shard in all_shards:
                file, known = _File(shard), _Known(seen)
                try:
                    for piece in shards.pieces(shard.path, table.schema):
                        frame = table.frame(piece, file.rows, known)
                        known.fresh.update(frames.keys_of(frame[table.key]))
                        file.rows += len(frame)
                        waiting.append((file, frame))
                        if sum(len(one) for _, one in waiting) >= _JUDGED_AT_ONCE:
                            self._judge(table, waiting)
                        progress.advance(len(piece), shard.name)
                except shards.Unreadable as error:
                    self.quarantine.keep_file(shard.path, error.reason, shard.name)
                    waiting = [(of, frame) for of, frame in waiting if of is not file]
                    continue
                seen |= known.fresh
                done.append(file)
                judged = [one for one in done if all(one is not of for of, _ in waiting)]
                total.add(self._written(table, one) for one in judged)
                done = [one for one in done if one not in judged]
            self._judge(table, waiting)
            total.add(self._written(table, one) for one in done)
        return total

    def keep_of_good_stories(self, shard: _Shard) -> None:
        """Let what is known of the panels go with them: what belongs to no good story is quarantined."""
        try:
            with ExitStack() as stack:
                good = stack.enter_context(shards.Writer(self.valid / shard.name, GROUNDING))
                bad = stack.enter_context(shards.Writer(self.quarantine.folder / shard.name, with_reasons(GROUNDING)))
                for piece in shards.pieces(shard.path, GROUNDING):
                    stories = frames.keys_of(piece["story_id"].to_pandas().fillna(""))
                    is_good = pa.array([key in self.good_stories for key in stories])
                    good.write(piece.filter(is_good))
                    lost = piece.filter(pc.invert(is_good))
                    reasons = pa.array([["its story is not in the corpus"]] * len(lost), REASONS.type)
                    bad.write(lost.append_column(REASONS, reasons).replace_schema_metadata(None))
        except shards.Unreadable as error:
            self.quarantine.keep_file(shard.path, error.reason, shard.name)

    def _judge(self, table: _Table, waiting: "list[tuple[_File, pd.DataFrame]]") -> None:
        """Run the rules on what waits; of its rows only what names them is kept."""
        if not waiting:
            return
        first, frame = waiting[0]
        rows = pd.concat([frame for _, frame in waiting], ignore_index=True)
        rows["row_in_file"], rows["row"] = rows["row"], np.arange(len(rows))
        broken = self.checker.broken(table.name, f"{Path(first.shard.name).stem}-from-row-{frame['row'][0]:07d}", rows)
        of_file, in_file = [file for file, frame in waiting for _ in range(len(frame))], rows["row_in_file"].tolist()
        for row, reasons in broken.items():
            of_file[row].broken[in_file[row]] = reasons
        for file, frame in waiting:
            file.frames.append(frame[["row", table.key, "language"]])
        waiting.clear()

    def _written(self, table: _Table, file: "_File") -> _Tally:
        """Part one file by what is known of its rows."""
        if not file.rows:
            return _Tally(table.name)
        shard, frame = file.shard, pd.concat(file.frames, ignore_index=True)
        reasons = _reasons(frame, file.broken, table)
        is_bad = np.array([bool(given) for given in reasons], bool)
        for row in sorted(file.broken):
            for one in file.broken[row]:
                self.quarantine.count(table.name, one.rule, f"{shard.name} row {row}: {one.reason}")
        with ExitStack() as stack:
            good = stack.enter_context(shards.Writer(self.valid / shard.name, table.schema))
            bad = stack.enter_context(shards.Writer(self.quarantine.folder / shard.name, with_reasons(table.schema)))
            start = 0
            for piece in shards.pieces(shard.path, table.schema):
                part = slice(start, start + len(piece))
                good.write(piece.filter(pa.array(~is_bad[part])))
                kept = piece.append_column(REASONS, pa.array(reasons[part], REASONS.type))
                bad.write(kept.replace_schema_metadata(None).filter(pa.array(is_bad[part])))
                start = part.stop
        if table.whole:
            self.good_stories.update(frames.keys_of(frame.loc[~is_bad, table.key]))
        return _tally(table, frame, is_bad)


@dataclass(slots=True, eq=False)
class _File:
    """What is known of a file while it is looked at."""

    shard: _Shard
    rows: int = 0
    frames: list[pd.DataFrame] = field(default_factory=list)
    """Row, key and language of what is judged."""
    broken: "dict[int, list[Broken]]" = field(default_factory=dict)
    """The rules that are broken, by the row in the file."""


@dataclass(slots=True)
class _Known:
    """The keys of what came earlier: in the files before, and in this one so far."""

    seen: set[int]
    fresh: set[int] = field(default_factory=set)

    def __contains__(self, key: object) -> bool:
        return key in self.seen or key in self.fresh


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
