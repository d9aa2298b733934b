"""What screenplays have in common, whatever format they come in: names, title pages, simultaneous speeches."""

import re
from collections.abc import Mapping, Sequence

from storywright.sources.manuscripts import language
from storywright.sources.manuscripts.manuscript import Column, Copyist, Manuscript
from storywright.sources.manuscripts.people import people
from storywright.sources.manuscripts.words import Words

_EXTENSION = re.compile(r"\s*\(([^()]*)\)\s*$")
_MOST_EXTENSIONS = 4


class Script(Copyist):
    """A copyist who keeps track of speeches, of page breaks and of notes that wait for the end of their element."""

    def __init__(self) -> None:
        super().__init__()
        self._new_page = False
        self._speech = range(0)

    def break_page(self) -> None:
        """The next element begins a page."""
        self._new_page = True

    def element(self, kind: str, words: Words | str, line: int, notes: Sequence[str] = (), **details: object) -> None:
        """Add an element of a script, and behind it the notes that stand in it."""
        if self.add(kind, words, line, new_page=self._new_page, **details):  # type: ignore[arg-type]
            self._new_page = False
            if not details.get("speaker"):
                self._speech = range(0)
        for note in notes:
            self.add("note", note, line)

    def character(self, words: Words, line: int, notes: Sequence[str] = (), column: Column = "", **more: object) -> str:
        """Begin a speech, and say who speaks."""
        speaker, extensions = named(words.text)
        first = len(self.blocks)
        self.element("character", words, line, notes, speaker=speaker, extensions=extensions, column=column, **more)
        self._speech = range(first, first)
        return speaker

    def end_speech(self) -> None:
        """What was added since the character is the whole speech."""
        self._speech = range(self._speech.start, len(self.blocks))

    def beside(self) -> Column:
        """The column of a speech that is simultaneous with the one before, which gets the left one."""
        for index in self._speech:
            if self.blocks[index].speaker and self.blocks[index].column == "":
                self.set_column(index, "left")
        return "right" if self._speech else ""

    def finished(self, fields: Mapping[str, str], encoding: str, fallback: str) -> Manuscript:
        """The manuscript; `fallback` is its title where the title page has none."""
        text = self.text()
        title = " ".join(fields.get("title", "").split())
        if not title:
            self.notices.append("The script names no title; the file's name is taken.")
        page = tuple(sorted((key, value) for key, value in fields.items() if value))
        return Manuscript(
            title or fallback, people(fields.get("author", "")), language.detected(text), "screenplay", text,
            tuple(self.blocks), page, encoding, tuple(self.notices),
        )  # fmt: skip


def named(cue: str) -> tuple[str, tuple[str, ...]]:
    """Who speaks, and what stands in parentheses after the name: `EVE (V.O.) (CONT'D)`."""
    extensions: list[str] = []
    while len(extensions) < _MOST_EXTENSIONS and (found := _EXTENSION.search(cue[-200:])):
        extensions.insert(0, found[1].strip())
        cue = cue[: len(cue) - len(found[0])]
    return " ".join(cue.split()), tuple(extensions)
