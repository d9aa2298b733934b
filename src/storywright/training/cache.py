"""Encodings that are computed once and then read from the disk: one memory-mapped `.npy` for each kind.

A half-made one goes on where it was. Knows nothing about what is encoded.
"""

import fcntl
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from storywright import files
from storywright.progress import Progress


def encoded(
    file: Path,
    encode: Callable[[np.ndarray], np.ndarray],
    *,
    count: int,
    shape: tuple[int, ...],
    dtype: type[np.generic],
    digest: str,
    doing: str,
    at_once: int = 64,
) -> np.ndarray:
    """An array of `count` rows of `shape`; `encode` is given row numbers and makes those that `file` lacks.

    `digest` says what the encodings are made from; those made from something else are made anew.
    """
    note = file.with_suffix(".json")
    key = files.digest_of([digest, count, shape, np.dtype(dtype).name])
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of processes that train together one encodes, and the others wait
        done = _done(note, key) if file.exists() else 0
        if done < count:
            _fill(file, note, key, encode, done, (count, *shape), dtype, doing, at_once)
    return np.load(file, mmap_mode="r")


def _fill(
    file: Path,
    note: Path,
    key: str,
    encode: Callable[[np.ndarray], np.ndarray],
    done: int,
    shape: tuple[int, ...],
    dtype: type[np.generic],
    doing: str,
    at_once: int,
) -> None:
    with files.full_disk_named(file), Progress(doing, shape[0] - done) as progress:
        mode = "r+" if done else "w+"
        array = np.lib.format.open_memmap(file, mode=mode, dtype=dtype, shape=shape)  # type: ignore[no-untyped-call]
        while done < shape[0]:
            rows = np.arange(done, min(done + at_once, shape[0]))
            array[rows[0] : rows[-1] + 1] = encode(rows)
            done += len(rows)
            if done == shape[0] or (done // at_once) % 64 == 0:
                array.flush()
                files.write_json(note, {"key": key, "done": done})
            progress.advance(len(rows))


def _done(note: Path, key: str) -> int:
    try:
        values = json.loads(note.read_text())
    except (OSError, ValueError):
        return 0
    return int(values["done"]) if values.get("key") == key else 0
