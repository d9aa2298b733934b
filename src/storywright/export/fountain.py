"""Fountain: the board as a screenplay in plain text, for Highland, Beat, Slugline and every text editor.

Shots are forced headings, ids and seconds are notes, and the data that a screenplay has no words for stands in a
boneyard at the end, which these programs neither print nor count.
"""

import re
from pathlib import Path

from storywright import files
from storywright.board import Storyboard
from storywright.export import screenplay
from storywright.export.screenplay import Element
from storywright.sources.manuscripts import Manuscript, fountain, reading
from storywright.sources.manuscripts.decoding import decode
from storywright.sources.manuscripts.scene_headings import begins_scene

_DATA = re.compile(r"/\*[ \t]*" + re.escape(screenplay.DATA_LINE) + r"\s*(\{.*\})\s*\*/", re.DOTALL)
_SIGNS = (("[[", "[ ["), ("]]", "] ]"), ("/*", "/ *"), ("*/", "* /"))


def write(board: Storyboard, folder: Path, path: Path) -> Path:
    """Write the board's script; its pictures stay where they are."""
    del folder
    files.write_text(path, _text(board))
    return path


def read(path: Path) -> Storyboard:
    """The board of a script: what was changed in one that was written here, any other panel by panel."""
    text = decode(reading.bytes_of(path), str(path)).text
    found = _DATA.search(text)
    kept = found[1].replace(r"*\/", "*/") if found else ""
    stored = screenplay.stored_board(kept, path)
    return screenplay.board_of(_script(text, path), kept, path, _script(_text(stored), path) if stored else None)


def _script(text: str, path: Path) -> Manuscript:
    return fountain.read(text, "utf-8", path.stem)


def _text(board: Storyboard) -> str:
    head = "\n".join(f"{key}: {fountain.escaped(_apart(value))}" for key, value in screenplay.title_page(board))
    body = [_element(element) for element in screenplay.elements(board)]
    data = screenplay.data(board).replace("*/", r"*\/")
    return "\n\n".join((head, *filter(None, body))).replace("\n\n\0", "\n") + (
        f"\n\n/* {screenplay.DATA_LINE}\n{data}\n*/\n"
    )


def _element(element: Element) -> str:
    """An element in the signs of Fountain; one that begins with a zero byte joins the line before it."""
    text = _apart(element.text)
    notes = "\n\n".join(f"[[{_apart(note)}]]" for note in element.notes)
    if element.kind == "scene heading":
        text = text if begins_scene(text) else f".{text}"
        text = fountain.escaped(text)
    elif element.kind == "shot":
        text = f".{fountain.escaped(text)}"
    elif element.kind == "character":
        name = fountain.escaped(text.rstrip("^ "))
        text = name if fountain.is_cue(name) else f"@{name}"
    elif element.kind == "dialogue":
        text = "\0" + "\n".join(map(fountain.escaped, text.split("\n")))
    else:
        text = "\n".join(_action(fountain.escaped(line)) for line in text.split("\n"))
    return "\n\n".join(part for part in (text, notes) if part)


def _action(line: str) -> str:
    return line if not line or fountain.is_action(line) else f"!{line}"


def _apart(text: str) -> str:
    """With the signs of notes and boneyards pulled apart, which Fountain cannot escape."""
    for sign, apart in _SIGNS:
        text = text.replace(sign, apart)
    return text
