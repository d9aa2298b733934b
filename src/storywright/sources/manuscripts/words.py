"""Words with the style of each of their characters, so that cutting and joining them never loses a mark.

One byte a character says how it stands out. Knows nothing about the marks of any format.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Style = Literal["bold", "italic", "underline", "strikeout"]

BITS: dict[Style, int] = {"bold": 1, "italic": 2, "underline": 4, "strikeout": 8}
"""The bit of each style in a character's byte."""


@dataclass(frozen=True, slots=True)
class Words:
    """Text, and one byte of style for each character."""

    text: str
    styles: bytes

    def __getitem__(self, place: slice) -> "Words":
        return Words(self.text[place], self.styles[place])

    def __add__(self, other: "Words") -> "Words":
        return Words(self.text + other.text, self.styles + other.styles)

    def strip(self) -> "Words":
        """Without the white space around them."""
        return self.rstrip()[len(self.text) - len(self.text.lstrip()) :]

    def rstrip(self) -> "Words":
        """Without the white space after them."""
        return self[: len(self.text.rstrip())]

    def lines(self) -> "list[Words]":
        """Line by line."""
        if "\n" not in self.text:
            return [self]
        ends = [match.start() for match in re.finditer("\n", self.text)]
        return [self[a:b] for a, b in zip([0, *(end + 1 for end in ends)], [*ends, len(self.text)], strict=True)]

    def runs(self) -> Iterator[tuple[int, int, Style]]:
        """For each style the longest runs of characters that have it: first, one past the last, style."""
        if not self.styles.strip(b"\0"):  # nearly always, and quick
            return
        for style, bit in BITS.items():
            having = bytes(value for value in range(256) if value & bit)
            for match in re.finditer(b"[" + re.escape(having) + b"]+", self.styles):
                yield match.start(), match.end(), style


def plain(text: str) -> Words:
    """Words of which none stands out."""
    return Words(text, bytes(len(text)))


def styled(text: str, *styles: Style) -> Words:
    """Words that all stand out in the same way."""
    return Words(text, bytes([sum(BITS[style] for style in set(styles))]) * len(text))


def joined(pieces: Iterable[Words], between: str = "") -> Words:
    """Pieces as one, with a plain separator between them."""
    found = list(pieces)
    text = between.join(piece.text for piece in found)
    return Words(text, bytes(len(between)).join(piece.styles for piece in found))
