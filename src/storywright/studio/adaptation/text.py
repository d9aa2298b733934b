"""Words of a manuscript with their places, and sentences made of them, with what is said aloud folded into one token.

Every word knows where it stands in the manuscript's text, so that whatever is made of it can point there. Knows
nothing about grammar.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from storywright.studio.adaptation.lexicon import words_of

SAID = "“…”"
"""How a sentence holds the place of what is said in it."""

_WORD = re.compile(
    r"[“«][^“”«»]{1,60}[”»]|[^\W\d_]+(?:[-'’‑][^\W\d_]+)*|\d+(?:[.,:]\d+)*(?:-?[^\W\d_]+)*|\.\.\.|[-–—]+|[^\w\s]"
)
_ENDS = frozenset(".!?…") | {"..."}
_CLOSING = frozenset("”»\"')]’")
_ABBREVIATED = words_of(
    "mr mrs ms dr st jr sr prof capt col gen lt sgt rev hon no vs etc г гр т тт д п р руб см им ул св проф акад"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a mark, and where it stands."""

    text: str
    start: int
    end: int
    low: str
    """In lower case, with one kind of apostrophe and е for ё."""

    @property
    def is_word(self) -> bool:
        """Whether it has a letter or a digit; words in quotation marks that are no speech are one."""
        return self.text[0].isalnum() or (self.text[0] in "“«" and self.text != SAID and len(self.text) > 1)

    @property
    def is_capital(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[0].isupper()


def word(text: str, start: int) -> Word:
    """A word that stands at this place."""
    return Word(text, start, start + len(text), text.lower().replace("ё", "е").replace("’", "'").replace("‑", "-"))


def words(text: str, offset: int = 0) -> list[Word]:
    """The words and marks of a text that begins at `offset` of the manuscript."""
    return [
        word(match[0], offset + match.start())
        for match in _WORD.finditer(text)
        if unicodedata.category(match[0][0]) != "Cf"
    ]


def said(start: int, end: int) -> Word:
    """The token that stands for what is said from here to there."""
    return Word(SAID, start, end, SAID)


def sentences(tokens: Sequence[Word]) -> list[list[Word]]:
    """The tokens, sentence by sentence; a mark that ends one belongs to it."""
    found: list[list[Word]] = [[]]
    depth = 0
    for index, token in enumerate(tokens):
        found[-1].append(token)
        depth = max(0, depth + (token.text in "([") - (token.text in ")]"))
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if depth == 0 and _ends(tokens, index, following):
            found.append([])
    return [sentence for sentence in found if any(token.is_word or token.text == SAID for token in sentence)]


def _ends(tokens: Sequence[Word], index: int, following: Word | None) -> bool:
    token = tokens[index]
    if following is None or following.text in _CLOSING:
        return False
    while token.text in _CLOSING and index > 0:
        index -= 1
        token = tokens[index]
    if token.text not in _ENDS:
        return False
    before = tokens[index - 1] if index else None
    if token.text == "." and before and (before.low in _ABBREVIATED or (len(before.text) == 1 and before.is_capital)):
        return False
    opens = following.is_capital or following.text[0] in "“«\"'([—–-" or following.text[0].isdigit()
    return opens or following.text == SAID


def clean(text: str) -> str:
    """Without invisible characters, and with one space where there were several."""
    return " ".join("".join(letter for letter in text if unicodedata.category(letter) != "Cf").split())
