"""How a finished step is known again, so that it is not made twice.

Beside what a step made lies a stamp: the values, the digests of the inputs, the code and the libraries that it was
made from, and the digest of each output. Made from the same, and the outputs still whole: it stands.

Knows nothing of who calls a step, or where a pipeline stands.
"""

import ast
import dataclasses
import functools
import importlib.metadata
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from storywright import files

# What calls a step, watches it or words its errors has no part in what it makes.
_NO_PART = {
    "storywright",
    "storywright.errors",
    "storywright.progress",
    "storywright.settings",
    "storywright.tracking",
    "storywright.steps",
    "storywright.steps.command",
    "storywright.steps.contract",
    "storywright.steps.stamp",
}
_LONGEST_NAME = 250
_EXTRAS_WITH_A_PART = {"train", "monitor"}
_PACKAGE = Path(__file__).parent.parent


def place(step: str, targets: Mapping[str, Path]) -> Path:
    """Where the stamp of a step lies when it makes these outputs."""
    return next(iter(targets.values())).parent / f".{step}.stamp.json"


def made_from(module: ModuleType, config: Any, inputs: Mapping[str, Path]) -> dict[str, Any]:
    """All that decides what a step makes, as JSON."""
    values = {
        "config": dataclasses.asdict(config),
        "named": {name: files.digest(Path(name)) for name in named_files(dataclasses.asdict(config))},
        "inputs": {name: files.digest(path) for name, path in inputs.items()},
        "code": code_digest(module),
        "libraries": _libraries(),
    }
    plain: dict[str, Any] = json.loads(json.dumps(values, default=str))
    return plain


def stands(path: Path, basis: Mapping[str, Any], targets: Mapping[str, Path]) -> bool:
    """Whether the outputs were made from this, and are still as they were made."""
    stamp = read(path)
    if stamp is None or stamp["made_from"] != basis or set(stamp["outputs"]) != set(targets):
        return False
    return all(target.exists() and files.digest(target) == stamp["outputs"][n] for n, target in targets.items())


def write(path: Path, basis: Mapping[str, Any], targets: Mapping[str, Path]) -> dict[str, str]:
    """Stamp the outputs; returns the digest of each."""
    outputs = {name: files.digest(target) for name, target in targets.items()}
    files.write_json(path, {"made_from": basis, "outputs": outputs})
    return outputs


def read(path: Path) -> dict[str, Any] | None:
    """The stamp that lies there; none where there is none, or one that is not whole."""
    try:
        stamp = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) and {"made_from", "outputs"} <= stamp.keys() else None


def named_files(values: Any) -> list[str]:
    """The values that name a file or a folder that is there, such as mlflow/promotion.yaml: it has a part as well."""
    if isinstance(values, Mapping):
        return sorted({name for value in values.values() for name in named_files(value)})
    if isinstance(values, (list, tuple)):
        return sorted({name for value in values for name in named_files(value)})
    is_name = isinstance(values, str) and "/" in values and "://" not in values and len(values) < _LONGEST_NAME
    return [values] if is_name and Path(values).exists() else []


def code_digest(module: ModuleType) -> str:
    """One digest over the code, and the files that come with it, that a step uses."""
    return files.digest_of([(path.name, files.digest(path)) for path in sources(module)])


def sources(module: ModuleType) -> list[Path]:
    """The files of this package that a step uses, its own among them: modules, and what lies with them."""
    assert module.__file__ is not None
    found = _used_by(Path(module.__file__))
    for package in {path.parent for path in found} - {_PACKAGE, _PACKAGE / "steps"}:
        found |= {path for path in _files_under(package) if path.suffix not in {".py", ".pyi"}}
    for name in getattr(module, "READS", ()):
        found |= set(_files_under(_PACKAGE / name))
    return sorted(found)


def _used_by(file: Path) -> set[Path]:
    """The file of a module, and those of the modules that it imports, directly or through others."""
    found = {file}
    waiting = list(_imports(file))
    while waiting:
        name = waiting.pop()
        path = None if name in _NO_PART else _file_of(name)
        if path is not None and path not in found:
            found.add(path)
            waiting += [*_imports(path), name.rpartition(".")[0]]
    return found


@functools.cache
def _imports(path: Path) -> tuple[str, ...]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(name for name in names if name.startswith("storywright."))


def _file_of(module: str) -> Path | None:
    path = _PACKAGE.joinpath(*module.split(".")[1:])
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


def _files_under(place: Path) -> Iterator[Path]:
    for path in [place] if place.is_file() else place.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


@functools.cache
def _libraries() -> dict[str, str]:
    """The versions of the libraries that steps compute with."""
    found = {}
    for requirement in importlib.metadata.requires("storywright") or []:
        extra = re.search(r"extra == ['\"]([\w-]+)", requirement)
        if extra is None or extra[1] in _EXTRAS_WITH_A_PART:
            name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
            found[name] = _version(name)
    return found


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "none"
