"""A bundle: the critic, illustrator, motion, writer and settings that work together, pinned by digest.

On disk it is a folder with one entry for each role and a `bundle.json` that names every file's SHA-256. Knows nothing
about MLflow, nor what is in the weights.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from storywright import __version__, files
from storywright.errors import BadInput

BUNDLE_FILE = "bundle.json"
ROLES = ("critic", "illustrator", "motion", "writer", "settings")
SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What one role is: its entry in the bundle's folder, and the digest of that entry."""

    artifact: str
    """Name of the folder, or of the file where the part is a single one."""
    digest: str
    """`files.digest` of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """Everything that a version of the studio consists of."""

    parts: dict[str, Part]
    """The five roles."""
    files: dict[str, str]
    """SHA-256 of each file, by its path in the bundle."""
    num_bytes: int
    """Size of all files together."""
    corpus_digest: str
    """The corpus that the models learned from."""
    package: str
    """The version of storywright that made them."""
    version: str = ""
    """The registry's version; empty until it is registered."""
    sources: dict[str, Path] = field(default_factory=dict, compare=False)
    """Where each part lies now, for one that is about to be registered."""

    @classmethod
    def of(cls, sources: Mapping[str, Path], corpus_digest: str) -> "Bundle":
        """Pin what lies at these places, a folder or a file for each role."""
        if missing := [role for role in ROLES if role not in sources or not sources[role].exists()]:
            raise BadInput(f"A bundle needs {', '.join(ROLES)}; {missing[0]} is not there: make it first.")
        parts, sums, num_bytes = {}, {}, 0
        for role in ROLES:
            source = sources[role]
            artifact = f"{role}.json" if source.is_file() else role  # a pipeline may hand it without its suffix
            parts[role] = Part(artifact=artifact, digest=files.digest(source))
            for name, file in _entries(source, artifact).items():
                sums[name] = files.digest(file)
                num_bytes += file.stat().st_size
        return cls(
            parts=parts,
            files=sums,
            num_bytes=num_bytes,
            corpus_digest=corpus_digest,
            package=__version__,
            sources={role: sources[role] for role in ROLES},
        )

    @property
    def digest(self) -> str:
        """What makes it this bundle and no other: its parts, what they learned from, and the code they belong to."""
        return files.digest_of([{role: part.digest for role, part in self.parts.items()}, *self._origin])

    @property
    def digests(self) -> dict[str, str]:
        """The digest of each part, by role."""
        return {role: part.digest for role, part in self.parts.items()}

    @property
    def _origin(self) -> tuple[str, str]:
        return self.corpus_digest, self.package

    def document(self) -> dict[str, Any]:
        """What stands in `bundle.json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "parts": {role: {"artifact": p.artifact, "digest": p.digest} for role, p in self.parts.items()},
            "files": self.files,
            "num_bytes": self.num_bytes,
            "corpus_digest": self.corpus_digest,
            "package": self.package,
        }

    def place(self, folder: Path) -> Path:
        """Copy the sources and `bundle.json` into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for role, source in self.sources.items():
            target = folder / self.parts[role].artifact
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copyfile(source, target)
        files.write_json(folder / BUNDLE_FILE, self.document())
        return folder

    def lying(self, folder: Path) -> "Bundle":
        """The same bundle with its parts where `place` put them."""
        return replace(self, sources={role: folder / part.artifact for role, part in self.parts.items()})

    def damage(self, folder: Path) -> list[str]:
        """What is wrong with the files in a folder, one phrase a file; empty when all are there and unaltered."""
        found = []
        for name, expected in sorted(self.files.items()):
            path = files.inside(folder, name)
            if not path.is_file():
                found.append(f"{name} is missing")
            elif files.digest(path) != expected:
                found.append(f"{name} was altered")
        known = self.files.keys() | {BUNDLE_FILE}
        found += [f"{name} does not belong to it" for name in sorted(_entries(folder, "").keys() - known)]
        return found


def read(file: Path, version: str = "") -> Bundle:
    """Read a `bundle.json`."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        if value["schema_version"] > SCHEMA_VERSION:
            raise BadInput(
                f"{file} has schema version {value['schema_version']}, and this storywright reads up to "
                f"{SCHEMA_VERSION}: upgrade with `pip install -U storywright`."
            )
        return Bundle(
            parts={role: Part(**value["parts"][role]) for role in ROLES},
            files=dict(value["files"]),
            num_bytes=int(value["num_bytes"]),
            corpus_digest=str(value["corpus_digest"]),
            package=str(value["package"]),
            version=version,
        )
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise BadInput(f"{file} is not the list of a bundle's files: register the bundle again.") from error


def _entries(source: Path, prefix: str) -> dict[str, Path]:
    """Every file at a place, by the path it has in the bundle."""
    if source.is_file():
        return {prefix: source}
    inner = {path.relative_to(source).as_posix(): path for path in sorted(source.rglob("*")) if path.is_file()}
    return {f"{prefix}/{name}" if prefix else name: path for name, path in inner.items()}
