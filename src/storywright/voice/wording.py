"""From words on a page to words that can be spoken: marks go, prices and percentages are said as people say them.

Knows nothing about engines.
"""

import re
import unicodedata

_MARKUP = re.compile(r"[*_~`#|\\^]+|https?://(?:www\.)?")
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"'»”)\]]*\s+")
_AMOUNT = r"(\d{1,3}(?:[ \u00a0,]\d{3})+|\d+)"
_PRICE_BEFORE = re.compile(rf"([$€£₽])\s?{_AMOUNT}(?:[.,](\d\d))?(?!\d)")
_PRICE_AFTER = re.compile(rf"{_AMOUNT}(?:[.,](\d\d))?\s?([$€£₽])")
_PERCENT = re.compile(r"(\d+)(?:[.,](\d+))?\s?%")
_MONEY: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {"$": ("dollar", "dollars"), "€": ("euro", "euros"), "£": ("pound", "pounds"), "₽": ("rouble", "roubles")},
    "ru": {
        "$": ("доллар", "доллара", "долларов"),
        "€": ("евро", "евро", "евро"),
        "£": ("фунт", "фунта", "фунтов"),
        "₽": ("рубль", "рубля", "рублей"),
    },
}
_PER_CENT: dict[str, tuple[str, ...]] = {"en": ("percent", "percent"), "ru": ("процент", "процента", "процентов")}
_CYRILLIC = "а б в г д е ё ж з и й к л м н о п р с т у ф х ц ч ш щ ъ ы ь э ю я"
_LATIN = "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya"
_LATIN_OF = dict(zip(_CYRILLIC.split(" "), _LATIN.replace("_", "").split(" "), strict=True))


def spoken(text: str, language: str) -> str:
    """The text as it is to be said; empty where there is nothing to say in it."""
    text = unicodedata.normalize("NFC", text)
    text = _MARKUP.sub(" ", text)
    text = _PRICE_BEFORE.sub(lambda m: _price(m[2], m[3], m[1], language), text)
    text = _PRICE_AFTER.sub(lambda m: _price(m[1], m[2], m[3], language), text)
    text = _PERCENT.sub(lambda m: _percent(m[1], m[2], language), text)
    text = " ".join("".join(character if _is_said(character) else " " for character in text).split())
    return text if any(character.isalnum() for character in text) else ""


def sentences(text: str, most_characters: int) -> list[str]:
    """The text in pieces that end where a sentence ends, none longer than an engine takes at once."""
    pieces: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        for part in _cut(sentence, most_characters):
            if pieces and len(pieces[-1]) + 1 + len(part) <= most_characters:
                pieces[-1] += f" {part}"
            else:
                pieces.append(part)
    return [piece for piece in pieces if piece]


def in_latin(text: str) -> str:
    """Cyrillic words in Latin letters, for a voice that would spell them."""
    return "".join(_latin(character) for character in text)


def _latin(character: str) -> str:
    written = _LATIN_OF.get(character.lower())
    if written is None:
        return character
    return written.capitalize() if character.isupper() else written


def _is_said(character: str) -> bool:
    """Letters, digits, punctuation and the signs that have a name; not control characters and pictographs."""
    category = unicodedata.category(character)
    return category[0] in "LMNPZ" or category in ("Sm", "Sc") or character in "°№&+"


def _price(amount: str, hundredths: str | None, sign: str, language: str) -> str:
    digits = re.sub(r"\D", "", amount)
    money = _MONEY[language if language in _MONEY else "en"][sign]
    rest = f" {int(hundredths)}" if hundredths and int(hundredths) else ""
    return f"{digits} {_form(int(digits), money)}{rest}"


def _percent(whole: str, decimals: str | None, language: str) -> str:
    forms = _PER_CENT.get(language, _PER_CENT["en"])
    if decimals:
        return f"{whole},{decimals} {forms[1]}" if language == "ru" else f"{whole}.{decimals} {forms[1]}"
    return f"{whole} {_form(int(whole), forms)}"


def _form(count: int, forms: tuple[str, ...]) -> str:
    """The noun's form after a number; three forms decline as in Russian."""
    if len(forms) == 2:
        return forms[0] if count == 1 else forms[1]
    if count % 10 == 1 and count % 100 != 11:
        return forms[0]
    return forms[1] if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else forms[2]


def _cut(sentence: str, most_characters: int) -> list[str]:
    """A sentence that is too long, cut at a comma, else at a space, else anywhere."""
    parts = []
    while len(sentence) > most_characters:
        head = sentence[:most_characters]
        at = max(head.rfind(mark) for mark in ",;:—")
        at = at + 1 if at >= most_characters // 2 else head.rfind(" ")
        at = at if at > 0 else most_characters
        parts.append(sentence[:at].strip())
        sentence = sentence[at:].strip()
    return [*parts, sentence]
