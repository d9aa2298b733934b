"""What did not pass, kept with the reasons: rows, and files that could not be read at all.

`panels-NNNNN.parquet` and `concepts-NNNNN.parquet` hold the rows of the file of that name, with a column `reasons`;
`files/` holds the unreadable files as they came, and `files.parquet` names them; `reasons.csv` counts it all.
"""

import csv
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from storywright import files

REASONS = pa.field("reasons", pa.list_(pa.string()))

_FILES = pa.schema([("file", pa.string()), ("bytes", pa.int64()), ("digest", pa.string()), REASONS])


def with_reasons(schema: pa.Schema) -> pa.Schema:
    """The schema of a table's quarantined rows: its own, without what only promises about good rows."""
    return pa.schema([*schema, REASONS])


@dataclass
class Quarantine:
    """The folder of what did not pass, and the count of why."""

    folder: Path
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Rows by table and rule."""
    examples: dict[tuple[str, str], str] = field(default_factory=dict)
    """The first row of each, in words."""
    files: list[tuple[str, int, str, str]] = field(default_factory=list)
    """Name, size, digest and reason of each unreadable file."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def count(self, table: str, rule: str, example: str) -> None:
        """Note one row that breaks a rule."""
        self.counts[table, rule] += 1
        self.examples.setdefault((table, rule), example)

    def keep_file(self, path: Path, reason: str, name: str) -> None:
        """Keep a file that cannot be read, under a name of its own, with the reason."""
        place = self.folder / "files" / name
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, place)
        self.files.append((name, path.stat().st_size, files.digest(path), reason))

    def finish(self) -> None:
        """Write the list of files and the count of reasons."""
        rows = [dict(zip(_FILES.names, (*entry[:3], [entry[3]]), strict=True)) for entry in sorted(self.files)]
        pq.write_table(pa.Table.from_pylist(rows, _FILES), self.folder / "files.parquet")
        with (self.folder / "reasons.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(("table", "rule", "rows", "for example"))
            for (name, rule), rows_count in sorted(self.counts.items(), key=lambda entry: (-entry[1], entry[0])):
                table.writerow((name, rule, rows_count, self.examples[name, rule]))
            for name, _, _, reason in sorted(self.files):
                table.writerow(("file", reason, "", name))

    def most_common(self, count: int = 3) -> list[str]:
        """The rules most often broken, in words."""
        ordered = sorted(self.counts.items(), key=lambda entry: (-entry[1], entry[0]))
        return [
            f"{rows:,} x {rule} (for example {self.examples[table, rule]})" for (table, rule), rows in ordered[:count]
        ]
