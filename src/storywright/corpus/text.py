"""Text as the corpus keeps it, and whether it is in the language it says it is in."""

import re
import unicodedata

_SPACES = re.compile(r"\s+")
_INVISIBLE = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad]|(?![\t\n\r])[\x00-\x1f\x7f-\x9f]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")

_CYRILLIC_LANGUAGES = frozenset({"ru", "uk", "be", "bg", "sr", "mk"})


def normalised(text: str) -> str:
    """Text in Unicode's composed form, with single spaces and nothing invisible."""
    return _SPACES.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))).strip()


def share_in_script(text: str, language: str) -> float:
    """How much of a text's letters are in the script of its language: 1.0 when all are, or when it has none."""
    letters = sum(map(str.isalpha, text))
    if not letters:
        return 1.0
    cyrillic = len(_CYRILLIC.findall(text)) / letters
    return round(cyrillic if language in _CYRILLIC_LANGUAGES else 1.0 - cyrillic, 4)
