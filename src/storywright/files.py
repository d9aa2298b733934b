"""Files that are either whole or not there: atomic writes, digests, and paths that stay inside their folder."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from storywright.errors import BadInput

_CHUNK_BYTES = 1 << 20


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader sees the old file or the new one, and never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with full_disk_named(path), _part_beside(path) as part:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8, atomically."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write JSON that people can read and git can compare, atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n")


def replace_folder(new: Path, old: Path) -> None:
    """Put the folder `new` where `old` is; `old` stays until `new` stands beside it."""
    retired = old.with_name(f".{old.name}.old")
    shutil.rmtree(retired, ignore_errors=True)
    if old.exists():
        old.replace(retired)
    try:
        new.replace(old)
    except OSError:
        if retired.exists():
            retired.replace(old)
        raise
    shutil.rmtree(retired, ignore_errors=True)


def digest(path: Path) -> str:
    """SHA-256 of a file's content, or of a folder's names and contents in order."""
    sha = hashlib.sha256()
    if path.is_dir():
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            sha.update(file.relative_to(path).as_posix().encode() + b"\0")
            sha.update(bytes.fromhex(digest(file)))
        return sha.hexdigest()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            sha.update(chunk)
    return sha.hexdigest()


def digest_of(value: Any) -> str:
    """SHA-256 of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()


def inside(folder: Path, name: str) -> Path:
    """The path of `name` in `folder`; refuses a name that would leave it, through `..`, a root or a link."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if not name or "\0" in name or parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
        raise BadInput(f"{name!r} is not a path inside {folder}: give a relative path without `..`.")
    path = (folder / parts).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise BadInput(f"{name!r} leads out of {folder} through a link: give a file that lies inside it.")
    return path


@contextlib.contextmanager
def full_disk_named(path: Path) -> Iterator[None]:
    """Turn a full disk, or a place that cannot be written, into a sentence that names it and the remedy."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BadInput(
                f"The disk that holds {path} is full: free some space and run the same command again; "
                "earlier results are untouched."
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise BadInput(
                f"{error.filename or path} cannot be written ({os.strerror(error.errno).lower()}): "
                "choose another folder or change its permissions."
            ) from error
        raise


@contextlib.contextmanager
def _part_beside(path: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.fchmod(handle, 0o644)
    os.close(handle)
    part = Path(name)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)
