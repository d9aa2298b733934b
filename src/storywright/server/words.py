"""The page's words in the reader's language: catalogues as plain files, counting forms, and the studio's own sentences.

`pages/words/LANGUAGE.json` holds a text for each key; a text with counting forms has them divided by `|`. Errors are
written in English where they arise; `sentences.ru.json` says how those that a visitor meets are told in Russian.
Knows nothing of templates and requests.
"""

import functools
import json
import re
from pathlib import Path

from storywright.export import quality

FOLDER = Path(__file__).parent / "pages" / "words"
LANGUAGES = {"en": "English", "ru": "Русский"}
"""Each language of the page, by what it calls itself."""
_HOLE = re.compile(r"\{(\w+)\}")


class Words:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts, self._sentences = _catalogue(language), _sentences(language)

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, with these values in it."""
        return self._texts[key].format(**values) if values else self._texts[key]

    def term(self, kind: str, value: str) -> str:
        """What a word of the documents, such as a shot size, is called here; itself where it is not known."""
        return self._texts.get(f"{kind}.{value}", value)

    def count(self, key: str, number: int) -> str:
        """The counting form of a key for a number."""
        forms = self._texts[key].split("|")
        return forms[_form(self.language, number)].format(n=number)

    def number(self, value: float, digits: int = 1) -> str:
        """A number as it is written here."""
        text = f"{value:.{digits}f}"
        return text.replace(".", ",") if self.language == "ru" else text

    def said(self, sentence: str) -> str:
        """One of the studio's English sentences in this language; itself where it is not known."""
        for pattern, text in self._sentences:
            if match := pattern.fullmatch(sentence):
                return text.format(**{name: self.said(value) for name, value in match.groupdict().items()})
        return quality.said(sentence, "ru" if self.language == "ru" else "en")

    def knows(self, sentence: str) -> bool:
        """Whether a sentence can be told in this language."""
        return self.language == "en" or self.said(sentence) != sentence


@functools.cache
def words(language: str) -> Words:
    """The words of a language."""
    return Words(language)


def preferred(accepts: str) -> str:
    """The language of the page that a browser's Accept-Language asks for first."""
    wanted = []
    for part in accepts[:500].split(","):
        name, _, rest = part.strip().partition(";")
        weight = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", rest)
        wanted.append((float(weight[1]) if weight else 1.0 if not rest.strip() else 0.0, name.split("-")[0].lower()))
    fitting = [one for one in wanted if one[1] in LANGUAGES and one[0] > 0]
    return max(fitting, key=lambda one: one[0])[1] if fitting else "en"


def _form(language: str, number: int) -> int:
    if language != "ru":
        return 0 if number == 1 else 1
    if number % 10 == 1 and number % 100 != 11:
        return 0
    return 1 if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else 2


def _catalogue(language: str) -> dict[str, str]:
    texts = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    assert isinstance(texts, dict)
    return texts


def _sentences(language: str) -> list[tuple[re.Pattern[str], str]]:
    path = FOLDER / f"sentences.{language}.json"
    if not path.is_file():
        return []
    known: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return [(_pattern(english), text) for english, text in known.items()]


def _pattern(english: str) -> re.Pattern[str]:
    parts = _HOLE.split(english)  # text, name, text, name, … text
    return re.compile("".join(re.escape(part) if at % 2 == 0 else f"(?P<{part}>.+)" for at, part in enumerate(parts)))
