"""The versions of a board in its folder: each is kept whole, and every step goes back and forth.

`versions/0001.json`, `0002.json` … are copies of `board.json` as it was after each revision; the one that equals
`board.json` is where the board is now. Pictures are shared by all versions and are never overwritten. A version is
written before `board.json` is replaced, so a kill in between loses nothing that was there.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from storywright import files
from storywright.board import BOARD_FILE, Panel, Storyboard, read_board
from storywright.errors import BadInput

_FOLDER = "versions"


@dataclass(frozen=True, slots=True)
class Version:
    """A board as it once was."""

    number: int
    current: bool
    board: Storyboard


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a panel between two versions."""

    panel: str
    kind: str
    """added, removed, moved or changed."""
    fields: dict[str, tuple[str, str]]
    """Each field that differs, as it was and as it is."""


def versions(folder: Path) -> list[Version]:
    """Every version of the board in this folder, the oldest first."""
    now, kept = _at(folder)
    if not kept:
        return [Version(1, True, read_board(folder))]
    return [Version(int(path.stem), path == now, read_board(path)) for path in kept]


def number(folder: Path) -> int:
    """Which version the board of this folder is; one that was edited by hand is the next."""
    now, kept = _at(folder)
    return int(now.stem) if now else int(kept[-1].stem) + 1 if kept else 1


def keep(folder: Path, board: Storyboard, pictures: Mapping[str, bytes]) -> Storyboard:
    """Make this the board of the folder; what was undone before is given up, as in any editor."""
    before = _begun(folder)
    kept = _kept(folder)
    text_before = before.read_text(encoding="utf-8")
    board = board.model_copy(update={"parent_version": hashlib.sha256(text_before.encode()).hexdigest()[:12]})
    for name, data in pictures.items():
        files.write_bytes(files.inside(folder, name), data)
    for path in kept[kept.index(before) + 1 :]:
        path.unlink()
    text = board.model_dump_json(indent=2) + "\n"
    files.write_text(folder / _FOLDER / f"{int(before.stem) + 1:04d}.json", text)
    files.write_text(folder / BOARD_FILE, text)
    return board


def step(folder: Path, by: int) -> Storyboard:
    """Go back (-1) or forth (1) by so many versions."""
    now, kept = _at(folder)
    index = (kept.index(now) if now else len(kept) - 1) + by
    if not kept or not 0 <= index < len(kept):
        raise BadInput(f"{folder}: there is nothing to {'undo' if by < 0 else 'redo'}.")
    files.write_text(folder / BOARD_FILE, kept[index].read_text(encoding="utf-8"))
    return read_board(folder)


def changes(before: Storyboard, after: Storyboard) -> list[Change]:
    """What differs between two versions, panel by panel in the order of the newer one."""
    old = {panel.id: panel for panel in before.panels}
    new = {panel.id: panel for panel in after.panels}
    shared = [name for name in old if name in new]
    moved = _moved(shared, [name for name in new if name in old])
    found = []
    for panel in after.panels:
        if panel.id not in old:
            found.append(Change(panel.id, "added", {}))
            continue
        fields = _differing(old[panel.id], panel)
        if panel.id in moved:
            found.append(Change(panel.id, "moved", fields))
        elif fields:
            found.append(Change(panel.id, "changed", fields))
    return found + [Change(name, "removed", {}) for name in old if name not in new]


def _begun(folder: Path) -> Path:
    """The version that `board.json` is now; one that was edited by hand, or never revised, becomes a version first."""
    now, _ = _at(folder)
    if now:
        return now
    read_board(folder)
    path = folder / _FOLDER / f"{number(folder):04d}.json"
    files.write_text(path, (folder / BOARD_FILE).read_text(encoding="utf-8-sig"))
    return path


def _at(folder: Path) -> tuple[Path | None, list[Path]]:
    kept = _kept(folder)
    if not (folder / BOARD_FILE).is_file():
        raise BadInput(f"{folder} holds no {BOARD_FILE}: name the folder of a board.")
    text = (folder / BOARD_FILE).read_text(encoding="utf-8-sig")
    same = [path for path in kept if path.read_text(encoding="utf-8") == text]
    return (same[-1] if same else None), kept


def _kept(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{_FOLDER}/[0-9][0-9][0-9][0-9].json"))


def _differing(old: Panel, new: Panel) -> dict[str, tuple[str, str]]:
    left, right = (_flat(panel.model_dump(mode="json", exclude={"provenance", "scores"})) for panel in (old, new))
    return {
        name: (left.get(name, ""), right.get(name, "")) for name in right | left if left.get(name) != right.get(name)
    }


def _flat(value: Mapping[str, object]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, inner in value.items():
        if isinstance(inner, dict) and name != "drawn_as":
            flat |= {f"{name}.{key}": text for key, text in _flat(inner).items()}
        elif inner not in (None, "", [], {}):
            flat[name] = str(inner)
    return flat


def _moved(before: list[str], after: list[str]) -> set[str]:
    """The fewest panels that have to be picked up to get from one order to the other."""
    place = {name: at for at, name in enumerate(before)}
    ends: list[list[str]] = []  # the longest run in the old order that ends at each panel
    for index, name in enumerate(after):
        fitting = [run for run, last in zip(ends, after[:index], strict=True) if place[last] < place[name]]
        ends.append([*_longest(fitting), name])
    return set(after) - set(_longest(ends))


def _longest(runs: list[list[str]]) -> list[str]:
    return max(runs, key=len) if runs else []
