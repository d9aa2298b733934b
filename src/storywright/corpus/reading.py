"""The corpus as training reads it: any row, in any order, at the same cost, straight from the mapped files.

The Parquet shards stay what they are. With them lies an index, named by the digest of the shards: the text columns as a
mapped Arrow file, and for each picture the shard and the place where its bytes begin. A picture is decoded from those
bytes without a copy, and no row group is unpacked for the sake of one row. What remains is decoding itself: whoever
goes over the corpus often can have it done once and the pixels kept.

Reading adds nothing to a corpus, whose content is what steps know it by: an index that it lacks lies beside it.
"""

import contextlib
import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storywright import files
from storywright.corpus import pictures, shards
from storywright.corpus.schema import PANELS
from storywright.errors import BadInput
from storywright.progress import Progress

INDEX = "index"
"""The folder of the indexes in a corpus. Its files' names are digests: `datasets` must not take them for a split."""
UNPACKED = ".unpacked"
"""The folder beside a corpus with what reading it has made: pixels, and an index where the corpus came without. It can
be deleted at any time."""

_PLACES = [("shard", pa.int32()), ("begins", pa.int64()), ("ends", pa.int64())]
_SIZE = [("width", pa.int32()), ("height", pa.int32())]
_TEXT = [field for field in PANELS if field.name != "picture"]
_INDEXED = pa.schema([*_TEXT, *_PLACES, *_SIZE])
_WORTH_THREADS = 8
_UNPACKED_AT_ONCE = 256
_GAP_BYTES = 1 << 16
"""The farthest that two pictures of one column lie apart: a page's header and the levels of its rows."""


class Panels:
    """The panels of one split.

    `size` is the width and height that pictures are fitted to (scaled to cover it, the rest cut off); without it, the
    most frequent size of the split. `threads` decode at once. `unpacked` decodes every picture on opening, if that has
    not been done before, and keeps the pixels beside the corpus: width x height x 3 bytes a picture, read from then on
    at the speed of memory. An instance can be given to other processes.
    """

    def __init__(
        self,
        folder: Path | str,
        split: str,
        *,
        size: tuple[int, int] | None = None,
        threads: int = 1,
        unpacked: bool = False,
    ) -> None:
        folder = Path(folder)
        self._arguments = (folder, split, size, threads, unpacked)
        self._paths = shards.of_table(folder / split, "panels")
        if not self._paths:
            raise BadInput(
                f"{folder / split} has no panels-*.parquet: make it with `python -m storywright.steps.preprocess`, "
                "or name another folder or split."
            )
        self.digest = _digest_of(self._paths)
        """What tells this split's content from another's."""
        self._open(_index_of(folder, self._paths, self.digest))
        self.size = size or _most_frequent(self.sizes)
        self._maps = [_mapped(path) for path in self._paths]
        self._executor = ThreadPoolExecutor(threads) if threads > 1 else None
        self._pixels = self._unpacked() if unpacked else None

    def __len__(self) -> int:
        return len(self._begins)

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopened, self._arguments

    def rows(self, indices: Sequence[int] | np.ndarray, columns: Sequence[str]) -> dict[str, Any]:
        """The rows at these places: lists, and for `picture` a uint8 array (n, height, width, 3) in RGB."""
        places = np.asarray(indices, np.int64)
        if len(places) and (places.min() < 0 or places.max() >= len(self)):
            raise IndexError(f"rows go from 0 to {len(self) - 1}, got {places.min()} to {places.max()}")
        return {name: self._pictures(places) if name == "picture" else self._column(name, places) for name in columns}

    def picture_bytes(self, index: int) -> memoryview:
        """The picture of one row as it lies in its file, PNG or JPEG."""
        return self._maps[self._shard[index]][self._begins[index] : self._ends[index]]

    def shuffled(self, seed: int, start: int = 0) -> Iterator[int]:
        """Places in an endless shuffled order, from position `start` on; see `shuffled`."""
        return shuffled(len(self), seed, start)

    def _open(self, index: Path) -> None:
        self._index = pa.ipc.open_file(pa.memory_map(str(index)))
        self._batches = [self._index.get_batch(number) for number in range(self._index.num_record_batches)]
        self._starts = np.cumsum([0, *(len(batch) for batch in self._batches)])
        self._shard, self._begins, self._ends = (self._numbers(name) for name, _ in _PLACES)
        self.sizes = np.stack([self._numbers(name) for name, _ in _SIZE], axis=1)
        """Width and height of each picture as it was collected."""
        firsts = np.flatnonzero(self._numbers("panel") == 0)
        self.stories = [range(a, b) for a, b in zip(firsts.tolist(), [*firsts[1:].tolist(), len(self)], strict=True)]
        """The rows of each story, in order."""

    def _numbers(self, name: str) -> np.ndarray:
        return np.concatenate([batch.column(name).to_numpy() for batch in self._batches])

    def _column(self, name: str, places: np.ndarray) -> list[Any]:
        if name not in PANELS.names:
            raise BadInput(f"The corpus has no column {name!r}: the columns are {', '.join(PANELS.names)}.")
        batches = np.searchsorted(self._starts, places, side="right") - 1
        columns = [batch.column(name) for batch in self._batches] if len(places) else []
        within = places - self._starts[batches]
        return [columns[batch][row].as_py() for batch, row in zip(batches.tolist(), within.tolist(), strict=True)]

    def _pictures(self, places: np.ndarray) -> np.ndarray:
        return self._decoded(places) if self._pixels is None else self._pixels[places]

    def _decoded(self, places: np.ndarray) -> np.ndarray:
        width, height = self.size
        stacked = np.empty((len(places), height, width, 3), np.uint8)

        def decode(part: range) -> None:
            for at in part:
                stacked[at] = self._picture(places[at])

        if self._executor is None or len(places) < _WORTH_THREADS:
            decode(range(len(places)))
        else:
            # One part a thread: a task for each picture would cost a third of the decoding.
            threads = self._arguments[3]
            list(self._executor.map(decode, (range(first, len(places), threads) for first in range(threads))))
        return stacked

    def _unpacked(self) -> np.ndarray:
        """The pixels of all pictures, mapped from a file that is made when it is not there."""
        width, height = self.size
        place = _beside(self._arguments[0])
        path, shape = place / f"{self.digest[:32]}-{width}x{height}.rgb", (len(self), height, width, 3)
        if not path.exists():
            with _made_at(path) as part, part.open("wb") as file, Progress("Unpacking pictures", len(self)) as progress:
                for first in range(0, len(self), _UNPACKED_AT_ONCE):
                    some = self._decoded(np.arange(first, min(first + _UNPACKED_AT_ONCE, len(self))))
                    file.write(some.data)
                    progress.advance(len(some))
        return np.asarray(np.memmap(path, np.uint8, "r", shape=shape))

    def _picture(self, place: int) -> np.ndarray:
        try:
            return pictures.fitted(pictures.pixels(self.picture_bytes(place)), self.size)
        except BadInput as error:
            shard = self._shard[place]
            row = place - int(np.searchsorted(self._shard, shard))
            raise BadInput(
                f"{self._paths[shard]}, row {row}: {error}. Run the steps validate and preprocess again: "
                "validate puts a broken picture's story into quarantine."
            ) from error


def shuffled(count: int, seed: int, start: int = 0) -> Iterator[int]:
    """Numbers below `count` in an endless order, each once an epoch, every epoch in another order.

    Position `start` is reached without going through those before it, so that a training run resumes where it was.
    """
    if count < 1:
        raise ValueError("there is nothing to shuffle")
    epoch, position = divmod(start, count)
    while True:
        order = np.random.default_rng((seed, epoch)).permutation(count)
        yield from order[position:].tolist()
        epoch, position = epoch + 1, 0


def build_index(folder: Path, split: str) -> Path:
    """Make the index of a split as a part of the corpus, where it is not there yet."""
    paths = shards.of_table(folder / split, "panels")
    index = _index_in(folder, _digest_of(paths))
    index.parent.mkdir(exist_ok=True)
    if not index.exists():
        _build(index, paths)
    return index


def _reopened(folder: Path, split: str, size: tuple[int, int] | None, threads: int, unpacked: bool) -> Panels:
    return Panels(folder, split, size=size, threads=threads, unpacked=unpacked)


def _digest_of(paths: list[Path]) -> str:
    sha = sha256(repr(_INDEXED).encode())
    for path in paths:
        sha.update(f"{path.name} {shards.content_digest(path)}\n".encode())
    return sha.hexdigest()


def _index_of(folder: Path, paths: list[Path], digest: str) -> Path:
    index = _index_in(folder, digest)
    if not index.exists():
        index = _beside(folder) / index.name
    if not index.exists():
        _build(index, paths)
    return index


def _index_in(folder: Path, digest: str) -> Path:
    return folder / INDEX / f"{digest[:32]}.arrow"


def _beside(folder: Path) -> Path:
    return _writable(folder.resolve().parent / UNPACKED)


def _writable(folder: Path) -> Path:
    """The folder, or, where nothing can be written there, this user's own among the temporary files."""
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    own = Path(tempfile.gettempdir()) / f"storywright-corpus-{os.getuid()}"
    own.mkdir(mode=0o700, exist_ok=True)
    return own


def _build(index: Path, paths: list[Path]) -> None:
    total = sum(map(shards.num_rows, paths))
    with (
        _made_at(index) as part,
        pa.ipc.new_file(part, _INDEXED) as file,
        Progress(f"Indexing {paths[0].parent}", total) as progress,
    ):
        for number, path in enumerate(paths):
            for batch in _indexed(path, number):
                file.write_batch(batch)
                progress.advance(len(batch))


@contextlib.contextmanager
def _made_at(path: Path) -> Iterator[Path]:
    """A name to write to; what is written there stands at `path` when it is whole, whoever else makes the same."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with files.full_disk_named(path):
            yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _indexed(path: Path, number: int) -> Iterator[pa.RecordBatch]:
    """The text of a shard, and where each of its pictures lies in the file."""
    content = _mapped(path).obj
    assert isinstance(content, mmap.mmap)
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group).cast(PANELS).combine_chunks()
            contents = [value.as_py() or b"" for value in table["picture"].chunk(0).field("bytes")]
            begins = _found(content, contents, _begin_of_pictures(file, group))
            if begins is None:
                raise BadInput(
                    f"{path} keeps its pictures compressed, so that they cannot be read in any order: "
                    "pass it through the steps validate and preprocess."
                )
            sizes = np.array([pictures.size_of(picture) for picture in contents])
            ends = np.add(begins, [len(picture) for picture in contents])
            places = [np.full(len(begins), number), begins, ends, sizes[:, 0], sizes[:, 1]]
            arrays = [table[field.name].chunk(0) for field in _TEXT]
            arrays += [pa.array(values, kind) for values, (_, kind) in zip(places, _PLACES + _SIZE, strict=True)]
            yield pa.record_batch(arrays, schema=_INDEXED)


def _found(content: mmap.mmap, wanted: list[bytes], start: int) -> list[int] | None:
    """Where each picture begins: they lie one behind the other, each a few bytes after the last."""
    begins = []
    for picture in wanted:
        begin = content.find(picture, start, start + _GAP_BYTES + len(picture))
        if begin < 0:
            return None
        begins.append(begin)
        start = begin + len(picture)
    return begins


def _begin_of_pictures(file: pq.ParquetFile, group: int) -> int:
    columns = file.metadata.row_group(group)
    found = [columns.column(number) for number in range(columns.num_columns)]
    return next(column.data_page_offset for column in found if column.path_in_schema == "picture.bytes")


def _mapped(path: Path) -> memoryview:
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _most_frequent(sizes: np.ndarray) -> tuple[int, int]:
    found, counts = np.unique(sizes, axis=0, return_counts=True)
    width, height = found[counts.argmax()].tolist()
    return width, height
