"""Parquet files of the corpus, read and written a piece at a time, so that memory does not grow with their size.

Pictures lie in a file as they are, one behind the other: they are compressed already, and left alone each of them can
be read from the mapped file (`reading`). A file says in its footer which content it has, so that two files are known
to be the same without reading them. Knows nothing about what makes a row good.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storywright import files
from storywright.errors import BadInput

ROWS_AT_ONCE = 2_048
"""How many rows are in memory at a time; 2,048 panels of 192x108 pixels are about 30 MB."""

_LONGER_THAN_ANY_STORY = 4_096
_ROWS_IN_GROUP = 512
_DIGEST = "storywright.digest"
_PICTURE_BYTES = "picture.bytes"


class Unreadable(BadInput):
    """A file that cannot be read as a table of the corpus."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is no table of the corpus: {reason}.")
        self.reason = reason


def of_table(folder: Path, table: str) -> list[Path]:
    """The files of a table (`panels` or `concepts`) in a folder, in the order of their names."""
    return sorted(folder.glob(f"{table}-*.parquet"))


def pieces(path: Path, schema: pa.Schema, rows: int = ROWS_AT_ONCE) -> Iterator[pa.Table]:
    """The rows of a file, about `rows` at a time; the panels of a story stay together."""
    together = "story_id" if "story_id" in schema.names else ""
    waiting: pa.Table | None = None
    for read in _read(path, schema, rows):
        piece = read if waiting is None else pa.concat_tables([waiting, read])
        last = _start_of_last(piece[together]) if together else len(piece)
        # What is as long as this is no story; it goes on as it is, and validation says so.
        last = len(piece) if last == 0 and len(piece) >= _LONGER_THAN_ANY_STORY else last
        waiting = piece.slice(last)
        if last:
            yield piece.slice(0, last)
    if waiting is not None and len(waiting):
        yield waiting


def num_rows(path: Path) -> int:
    """How many rows a file has, by its footer."""
    return pq.read_metadata(path).num_rows


class Writer:
    """One file, written piece by piece and put in its place when it is whole; without rows there is no file."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._part = path.with_name(f".{path.name}.part")
        self._file: pq.ParquetWriter | None = None
        self._digest = _Digest()

    def write(self, table: pa.Table) -> None:
        """Add rows."""
        if not len(table):
            return
        table = table.select(self._schema.names).cast(self._schema).combine_chunks()
        with files.full_disk_named(self._path):
            self._file = self._file or self._opened()
            self._file.write_table(table, row_group_size=_ROWS_IN_GROUP)
        with pa.ipc.new_stream(pa.PythonFile(self._digest, "w"), self._schema) as stream:
            stream.write_table(table)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        with files.full_disk_named(self._path):
            if kind is None:
                self._file.add_key_value_metadata({_DIGEST: self._digest.sha.hexdigest()})
            self._file.close()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)

    def _opened(self) -> pq.ParquetWriter:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        columns = [name for name in _leaves(self._schema) if name != _PICTURE_BYTES]
        return pq.ParquetWriter(
            self._part,
            self._schema,
            compression=dict.fromkeys(columns, "zstd") | {_PICTURE_BYTES: "none"},
            use_dictionary=columns,
            write_statistics=columns,
            write_page_checksum=True,
        )


def content_digest(path: Path) -> str:
    """What tells a file's content from another's, without reading it: the SHA-256 of its footer.

    The footer of a file that `Writer` wrote holds the digest of its rows.
    """
    with path.open("rb") as file, contextlib.suppress(OSError):
        file.seek(-8, 2)
        end = file.read(8)
        if end.endswith(b"PAR1"):
            length = int.from_bytes(end[:4], "little")
            file.seek(-8 - length, 2)
            footer = file.read(length)
            if _DIGEST.encode() in footer:
                return hashlib.sha256(footer).hexdigest()
    return files.digest(path)


class _Digest:
    """What pyarrow needs of a file, to hash a table as it would be written."""

    closed = False

    def __init__(self) -> None:
        self.sha = hashlib.sha256()

    def write(self, content: Any) -> int:
        self.sha.update(content)
        return len(content)

    def flush(self) -> None: ...

    def close(self) -> None: ...


def _read(path: Path, schema: pa.Schema, rows: int) -> Iterator[pa.Table]:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True, buffer_size=1 << 20, pre_buffer=False) as file:
            _refuse_other_columns(path, file.schema_arrow, schema)
            for batch in file.iter_batches(batch_size=rows, use_threads=False):
                yield pa.Table.from_batches([batch]).select(schema.names).cast(schema)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Unreadable(path, f"it cannot be read as Parquet: {_first_line(error)}") from error


def _refuse_other_columns(path: Path, found: pa.Schema, expected: pa.Schema) -> None:
    if missing := [name for name in expected.names if name not in found.names]:
        raise Unreadable(path, f"it has no column {missing[0]!r}; the columns are {', '.join(expected.names)}")
    if unknown := [name for name in found.names if name not in expected.names]:
        raise Unreadable(
            path, f"it has a column {unknown[0]!r} that the corpus does not know; leave it out or rename it"
        )
    for field in expected:
        if not _convertible(found.field(field.name).type, field.type):
            raise Unreadable(path, f"its column {field.name!r} holds {found.field(field.name).type}, not {field.type}")


def _convertible(found: pa.DataType, expected: pa.DataType) -> bool:
    if found == expected or pa.types.is_null(found):
        return True
    try:
        pa.array([], found).cast(expected)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid, pa.ArrowTypeError):
        return False
    # Numbers as text, or text as numbers, would fail in the middle of a file.
    return pa.types.is_integer(found) == pa.types.is_integer(expected)


def _start_of_last(story_ids: pa.ChunkedArray) -> int:
    """The row where the last story begins."""
    others = pc.not_equal(pc.fill_null(story_ids, ""), story_ids[-1].as_py() or "").to_numpy()
    return int(others.nonzero()[0][-1]) + 1 if others.any() else 0


def _leaves(schema: pa.Schema) -> list[str]:
    """The columns as Parquet counts them: a struct's fields and a list's elements on their own."""
    names = []
    for field in schema:
        if pa.types.is_struct(field.type):
            names += [f"{field.name}.{part.name}" for part in field.type]
        elif pa.types.is_list(field.type):
            names.append(f"{field.name}.list.element")
        else:
            names.append(field.name)
    return names


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
