"""A model's folder: sealed with the digests of its files, and refused when it is incomplete, altered or pickled.

The seal is a plain SHA256SUMS, so `sha256sum -c SHA256SUMS` checks it too. A published checkpoint has none; its files
are only checked for being there.
"""

import json
from pathlib import Path
from typing import Any

from storywright import files
from storywright.errors import BadInput

SEAL = "SHA256SUMS"
_PICKLED = {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"}
_AGAIN = "fetch or train it again"


def seal(folder: Path) -> None:
    """Write the digests of all files in the folder."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name != SEAL)
    files.write_text(folder / SEAL, "".join(f"{files.digest(folder / name)}  {name}\n" for name in names))


def check(folder: Path, kind: str, needs: tuple[str, ...]) -> None:
    """Refuse what cannot be opened safely; `kind` says what the folder should be, `needs` the files it must have."""
    if not folder.is_dir():
        raise BadInput(f"There is no {kind} at {folder}: name its folder, or train one.")
    for path in sorted(folder.rglob("*")):
        if path.suffix in _PICKLED:
            raise BadInput(
                f"{path} is pickled and could run any program when it is opened: use weights in safetensors."
            )
    for name in needs:
        whole, in_parts = folder / name, folder / f"{name}.index.json"
        if not whole.is_file() and not in_parts.is_file():
            raise BadInput(f"{folder} is not a whole {kind}: {name} is missing; {_AGAIN}.")
    if (folder / SEAL).is_file():
        refuse_altered(folder, kind)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object of a model folder."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read as JSON ({error}): {_AGAIN}.") from error
    if not isinstance(value, dict):
        raise BadInput(f"{path} does not hold a JSON object: {_AGAIN}.")
    return value


def refuse_altered(folder: Path, kind: str) -> None:
    """Refuse a sealed folder with a file that is not the one that was sealed."""
    for line in (folder / SEAL).read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        path = files.inside(folder, name)
        if not path.is_file():
            raise BadInput(f"{folder} is not a whole {kind}: {name} is missing; {_AGAIN}.")
        if files.digest(path) != digest:
            raise BadInput(f"{path} is not the file that was sealed with its {kind}: {_AGAIN}.")
