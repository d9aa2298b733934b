"""Which language somebody's words are in, and what is said where it is one that is neither written nor read here.

Knows nothing about briefs and manuscripts.
"""

import re

from storywright.board import Language
from storywright.sources.manuscripts import language

_FEWEST_WORDS = 4
"""Of fewer nobody can tell what they are in."""
_NAMES = {
    "en": ("English", "английский"), "ru": ("Russian", "русский"), "fr": ("French", "французский"),
    "de": ("German", "немецкий"), "es": ("Spanish", "испанский"), "it": ("Italian", "итальянский"),
    "pt": ("Portuguese", "португальский"), "nl": ("Dutch", "нидерландский"), "pl": ("Polish", "польский"),
    "sv": ("Swedish", "шведский"), "uk": ("Ukrainian", "украинский"), "ja": ("Japanese", "японский"),
    "zh": ("Chinese", "китайский"), "ko": ("Korean", "корейский"), "el": ("Greek", "греческий"),
    "he": ("Hebrew", "иврит"), "ar": ("Arabic", "арабский"), "hi": ("Hindi", "хинди"), "th": ("Thai", "тайский"),
}  # fmt: skip

_TOLD_IN = {"en": ("English", "по-английски"), "ru": ("Russian", "по-русски")}


def unknown_in(words: str) -> str | None:
    """What the words are in where it is neither English nor Russian: its code, empty for one that has no name here."""
    if not re.search(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", words) and len(words.split()) < _FEWEST_WORDS:
        return None
    code = language.code_of(words)
    return None if code in ("en", "ru") else code


def of_brief(code: str, written: Language, reader: Language | None = None) -> str:
    """What a board that is written in one language says about a brief in another; told in the first, or a reader's."""
    english, russian = _called(code)
    told = _TOLD_IN[written]
    return {
        "en": f"The writer knows English and Russian; this brief is in {english}. What happens is told in {told[0]}, "
        "the brief's own words stand as they are, and only what they say in English or Russian could be drawn.",
        "ru": f"Сценарист знает английский и русский, а язык брифа — {russian}. Действие рассказано {told[1]}, "
        "слова брифа стоят как есть, и нарисовать можно было только сказанное по-русски или по-английски.",
    }[reader or written]


def of_manuscript(code: str) -> str:
    """What a board says about a manuscript in such a language."""
    return (
        f"This manuscript is in {_called(code)[0]}, and English and Russian are read here: the panels hold its own "
        "sentences in their order. Nothing was understood of them, so nobody is cast and nothing is drawn. Where it is "
        "English or Russian after all, name its language (--language en or --language ru)."
    )


def _called(code: str) -> tuple[str, str]:
    """A language in English and in Russian; its code where it has no name here."""
    return _NAMES.get(code, (code or "another language", code or "другой"))
