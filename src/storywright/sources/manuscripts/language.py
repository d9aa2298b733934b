"""The language of a manuscript, from its own letters and its most common words: English, Russian or another."""

import re
from collections import Counter

from storywright.sources.manuscripts.manuscript import Language

_NAMES: dict[Language, str] = {"en": "English", "ru": "Russian", "other": "another"}
_SAMPLE_CHARACTERS = 200_000
_ALPHABETS = {
    "cyrillic": re.compile("[\u0400-\u052f]"),
    "latin": re.compile("[A-Za-z\u00c0-\u024f]"),
    "other": re.compile("[\u0370-\u03ff\u0530-\u1fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"),
}
_NOT_RUSSIAN = re.compile("[іїєґўђћљњџјќѓѕәғқңөұүһӣӯҷҳ]", re.IGNORECASE)
_ONLY_RUSSIAN = re.compile("[ыэё]", re.IGNORECASE)
_ENGLISH_LETTER = re.compile("[A-Za-z]")
_UKRAINIAN = re.compile("[їєґ]", re.IGNORECASE)
_KANA = re.compile("[\u3040-\u30ff]")
_SCRIPTS = {
    "zh": re.compile("[\u3400-\u9fff]"),
    "ko": re.compile("[\uac00-\ud7af]"),
    "el": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "hi": re.compile("[\u0900-\u097f]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
}
_WORD = re.compile(r"[^\W\d_]+")
_COMMON_WORDS = {
    "en": "the and of to a in was he she it that his her you i is for with on as had at but not they",
    "fr": "le la les de des et un une que qui dans est il elle ne pas pour je vous sur au ce avec se",
    "de": "der die das und ist nicht ein eine er sie zu den mit sich auf dem es von war ich im des wie",
    "es": "el la los las de y que en un una es no se por con su para lo como más al del pero le era",
    "it": "il la di che e un una è non per si con le del i da in era lo come ma gli della al",
    "pt": "o a os as de que e um uma não se em do da no na por com para era mais como ele ela",
    "nl": "de het een en van is niet dat in te op zijn hij ze was met voor er aan maar die ik had",
    "pl": "i w nie na się z że do to jest jak po co ale tak jego był za od przez czy już",
    "sv": "och att det i en som på är av för med den inte han hon var till sig om ett jag har",
}


def detected(text: str) -> Language:
    """What the words are in. Too few to tell, in Latin letters, count as English."""
    code = code_of(text)
    return "en" if code == "en" else "ru" if code == "ru" else "other"


def code_of(text: str) -> str:
    """The code of the language that the words are in, such as fr; empty where it is none that is known here."""
    sample = text[:_SAMPLE_CHARACTERS]
    letters = {name: len(pattern.findall(sample)) for name, pattern in _ALPHABETS.items()}
    most = max(letters, key=letters.__getitem__)
    if not letters[most]:
        return "en"
    if most == "other":
        return _by_script(sample)
    return _cyrillic(sample, letters[most]) if most == "cyrillic" else _latin(sample, letters[most])


def _by_script(sample: str) -> str:
    """Most of the others have letters of their own; what has kana is Japanese, however many Chinese signs it has."""
    if _KANA.search(sample):
        return "ja"
    counts = {code: len(pattern.findall(sample)) for code, pattern in _SCRIPTS.items()}
    most = max(counts, key=counts.__getitem__)
    return most if counts[most] else ""


def _cyrillic(sample: str, letters: int) -> str:
    foreign = len(_NOT_RUSSIAN.findall(sample)) > letters / 200
    unused = letters > 400 and len(_ONLY_RUSSIAN.findall(sample)) < letters / 200
    if foreign and _UKRAINIAN.search(sample):
        return "uk"
    return "" if foreign or unused else "ru"


def _latin(sample: str, letters: int) -> str:
    counts = Counter(word.lower() for word in _WORD.findall(sample))
    hits = {language: sum(counts[word] for word in words.split()) for language, words in _COMMON_WORDS.items()}
    if max(hits.values()) * 20 < sum(counts.values()):  # names and shouts alone
        return "en" if len(_ENGLISH_LETTER.findall(sample)) > 0.98 * letters else ""
    return "en" if hits["en"] == max(hits.values()) else max(hits, key=hits.__getitem__)


def declared(text: str, said: str, notices: list[str]) -> Language:
    """The language of the words; where the file says another, a notice tells."""
    found = detected(text)
    named = said.lower().split("-")[0]
    if named and (named if named in ("en", "ru") else "other") != found:
        notices.append(f"The file says that its language is {said}; by its words it is {_NAMES[found]}.")
    return found
