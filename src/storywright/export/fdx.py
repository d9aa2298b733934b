"""FDX: the board as a Final Draft script, with shots as shots and ids and seconds as script notes.

The last note holds what a screenplay has no words for; without it the board still comes back, but for its scores, its
provenance and its brief.
"""

from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from storywright import files
from storywright.board import Storyboard
from storywright.export import screenplay
from storywright.sources.manuscripts import Block, Manuscript, final_draft, reading
from storywright.sources.manuscripts.decoding import decode

_TYPES = {"scene heading": "Scene Heading", "shot": "Shot", "action": "Action", "character": "Character",
          "dialogue": "Dialogue"}  # fmt: skip
_COLOUR = "#FFFFE6E6A0A0"


def write(board: Storyboard, folder: Path, path: Path) -> Path:
    """Write the board's script; its pictures stay where they are."""
    del folder
    files.write_text(path, _text(board))
    return path


def read(path: Path) -> Storyboard:
    """The board of a script: what was changed in one that was written here, any other panel by panel."""
    script = _script(decode(reading.bytes_of(path), str(path)).text, path)
    kept = next((block.text.partition("\n")[2] for block in reversed(script.blocks) if _is_data(block)), "")
    stored = screenplay.stored_board(kept, path)
    expected = _without_data(_script(_text(stored), path)) if stored else None
    return screenplay.board_of(_without_data(script), kept, path, expected)


def _is_data(block: Block) -> bool:
    return block.kind == "note" and block.text.startswith(screenplay.DATA_LINE)


def _without_data(script: Manuscript) -> Manuscript:
    return replace(script, blocks=tuple(block for block in script.blocks if not _is_data(block)))


def _script(text: str, path: Path) -> Manuscript:
    return final_draft.read(text, "utf-8", str(path), path.stem)


def _text(board: Storyboard) -> str:
    paragraphs: list[str] = []
    notes: list[str] = []
    offset = 0
    for element in screenplay.elements(board):
        paragraphs.append(_paragraph(element.text, f"Type={quoteattr(_TYPES[element.kind])}"))
        length = len(element.text.encode("utf-16-le")) // 2
        notes += [_note(note, len(notes) + at, offset, offset + length) for at, note in enumerate(element.notes, 1)]
        offset += length + 1
    notes.append(_note(f"{screenplay.DATA_LINE}\n{screenplay.data(board)}", len(notes) + 1, offset - 1, offset - 1))
    title = [_paragraph(value, 'Alignment="Center"') for key, value in screenplay.title_page(board) if key == "Title"]
    return "\n".join((
        '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>',
        '<FinalDraft DocumentType="Script" Template="No" Version="4">',
        "<Content>", *paragraphs, "</Content>",
        "<TitlePage>", "<Content>", *title, "</Content>", "</TitlePage>",
        "<ScriptNotes>", *notes, "</ScriptNotes>",
        "</FinalDraft>", "",
    ))  # fmt: skip


def _paragraph(text: str, attributes: str) -> str:
    return f"<Paragraph {attributes}><Text>{escape(text)}</Text></Paragraph>"


def _note(text: str, number: int, start: int, end: int) -> str:
    lines = "".join(f"<Paragraph><Text>{escape(line)}</Text></Paragraph>" for line in text.split("\n"))
    return f'<ScriptNote Color="{_COLOUR}" ID="{number}" Name="" Range="{start},{end}" Type="">{lines}</ScriptNote>'
