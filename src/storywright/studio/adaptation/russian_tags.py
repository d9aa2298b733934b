"""What each word of a Russian sentence is: its part of speech, base form and the cases that it can be in.

The dictionary says what a word can be, and the words around it which of these it is. Knows nothing about clauses.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from storywright.studio.adaptation.aspect import parses
from storywright.studio.adaptation.grammar import Gender
from storywright.studio.adaptation.lexicon import words_of
from storywright.studio.adaptation.text import SAID, Word

CONJUNCTIONS = words_of("и а но да или либо зато однако")
SUBORDINATORS = {
    **dict.fromkeys(words_of("когда пока едва где куда откуда"), "when"),
    **dict.fromkeys(words_of("если ли будто словно хотя точно чтобы чтоб"), "if"),
    **dict.fromkeys(words_of("потому поскольку оттого"), "because"),
    **dict.fromkeys(words_of("что почему зачем"), "that"),
    "как": "if",
}
PERSONAL: dict[str, tuple[Gender, bool, int]] = {
    "он": ("m", False, 3), "она": ("f", False, 3), "оно": ("n", False, 3), "они": ("", True, 3),
    "я": ("", False, 1), "мы": ("", True, 1), "ты": ("", False, 2), "вы": ("", True, 2),
    "тот": ("m", False, 3), "та": ("f", False, 3), "те": ("", True, 3), "кто": ("m", False, 3), "то": ("n", False, 3),
    "все": ("", True, 3), "это": ("n", False, 3), "оба": ("", True, 3), "обе": ("", True, 3),
    "никто": ("m", False, 3), "кто-то": ("m", False, 3), "что-то": ("n", False, 3), "ничто": ("n", False, 3),
}  # fmt: skip
_OBLIQUE: dict[str, tuple[Gender, bool]] = {
    **dict.fromkeys(words_of("его ему им нем него нему ним"), ("m", False)),
    **dict.fromkeys(words_of("ее ей ею ней нее нею"), ("f", False)),
    **dict.fromkeys(words_of("их ими них ними"), ("", True)),
}
_FIXED = {
    "потом": "ADVB", "уже": "ADVB", "еще": "ADVB", "вот": "PRCL", "было": "VERB", "стали": "VERB", "стало": "VERB",
    "тут": "ADVB", "там": "ADVB", "домой": "ADVB", "дома": "ADVB", "затем": "ADVB", "снова": "ADVB", "опять": "ADVB",
    "вдруг": "ADVB", "очень": "ADVB", "только": "PRCL", "лишь": "PRCL", "даже": "PRCL", "все": "NPRO", "три": "NUMR",
    "скоро": "ADVB", "тихо": "ADVB", "раз": "ADVB", "весь": "ADJF", "всего": "ADJF", "всю": "ADJF", "после": "PREP",
    "мой": "ADJF", "твой": "ADJF", "свой": "ADJF", "для": "PREP", "при": "PREP", "как": "CONJ", "около": "PREP",
    "вокруг": "PREP", "мимо": "PREP", "возле": "PREP", "против": "PREP", "перед": "PREP", "вдоль": "PREP",
}  # fmt: skip
_SURNAME = re.compile(r"^(.{2,}?(?:ов|ев|ёв|ин|ын))(а|у|ым|е|ой|ы|ых|ыми|ым)?$")
_SURNAME_GENDER: dict[str, tuple[Gender, bool, bool]] = {  # gender, plural, nominative
    "": ("m", False, True), "а": ("f", False, True), "у": ("m", False, False), "ым": ("m", False, False),
    "е": ("m", False, False), "ой": ("f", False, False), "ы": ("", True, True), "ых": ("", True, False),
    "ыми": ("", True, False),
}  # fmt: skip
_GENDERS: dict[str | None, Gender] = {"masc": "m", "femn": "f", "neut": "n"}


@dataclass(slots=True)
class Token:
    """A word with what it is."""

    word: Word
    tag: str
    """V finite verb, S short participle, INF, GRND, PART participle, ADJ, ADV, N noun, NAME, PRO pronoun, PREP, NUM,
    C conjunction, U subordinator, W relative, PRCL, X speech, . mark."""
    lemma: str
    agrees: tuple[tuple[Gender, bool], ...] = ()
    """As a nominative: its genders and whether it is plural; of a verb: what its subject has to be."""
    certain: bool = True
    """It can be nothing but a nominative."""
    animate: bool = False
    person: int = 3
    past: bool = False
    perfective: bool = False
    transitive: bool = False
    oblique: tuple[str, ...] = ()
    """The other cases that it can be in."""

    @property
    def low(self) -> str:
        """In lower case, with е for ё."""
        return self.word.low


def tagged(sentence: Sequence[Word]) -> list[Token]:
    """Every word of a sentence with what it is."""
    found: list[Token] = []
    for index, word in enumerate(sentence):
        first = not any(token.word.is_word for token in found)
        following = sentence[index + 1] if index + 1 < len(sentence) else None
        found.append(_tag(word, found[-1] if found else None, first, following))
    return found if any(token.tag in ("V", "S", "INF") for token in found) else _with_a_verb(found)


def _with_a_verb(tokens: list[Token]) -> list[Token]:
    """Рядом села старуха: where nothing else carries the sentence, a word that can be its verb is no noun."""
    for index, token in enumerate(tokens):
        verbs = [p for p in parses(token.word.text) if p.tag.POS == "VERB" and p.tag.tense == "past"]
        if token.tag != "N" or not verbs or (index and tokens[index - 1].tag in ("PREP", "ADJ")):
            continue
        verb = _verb(token.word, verbs[0])
        agreeing = (t for t in tokens if t is not token and t.tag in ("N", "NAME", "PRO"))
        if any(set(verb.agrees) & set(other.agrees) for other in agreeing):
            return [*tokens[:index], verb, *tokens[index + 1 :]]
    return tokens


def _tag(word: Word, previous: Token | None, first: bool, following: Word | None) -> Token:
    low = word.low
    if word.text == SAID:
        return Token(word, "X", SAID)
    if not word.is_word:
        return Token(word, ".", low)
    if low in CONJUNCTIONS:
        return Token(word, "C", low)
    if low in SUBORDINATORS and not (previous and previous.tag == "PREP"):
        return Token(word, "U", low)
    if low in PERSONAL and not (previous and previous.tag == "PREP"):
        gender, plural, person = PERSONAL[low]
        return Token(word, "PRO", low, ((gender, plural),), person=person, animate=True)
    if low in _OBLIQUE:
        return Token(word, "PRO", low, ())
    return _by_dictionary(word, previous, first, following)


def _by_dictionary(word: Word, previous: Token | None, first: bool, following: Word | None) -> Token:
    found = list(parses(word.text))
    if wanted := _FIXED.get(word.low):
        found = [parse for parse in found if wanted in parse.tag] or found
    governed = previous is not None and previous.tag == "PREP"
    if governed:
        nominal = [p for p in found if p.tag.POS in ("NOUN", "ADJF", "PRTF", "NPRO", "NUMR") and p.tag.case != "nomn"]
        found = nominal or found
    if word.is_capital and (name := _name(word, found, previous, first, following)):
        return name
    if previous is not None and previous.tag == "NAME":  # Николай Петрович стал
        found = sorted(found, key=lambda parse: parse.tag.POS != "VERB")
    found = [p for p in found if not ("impr" in p.tag and len(found) > 1)] or found
    found = sorted(found, key=lambda parse: "Fixd" in parse.tag)  # сажи is soot before it is an animal
    return _token(word, found, governed)


def _token(word: Word, found: list[Any], governed: bool) -> Token:
    best = found[0]
    pos = best.tag.POS
    same = [parse for parse in found if pos == parse.tag.POS]
    lemma = best.normal_form
    if pos == "VERB":
        return _verb(word, best)
    if pos == "PRTS":
        return Token(word, "S", lemma, ((_GENDERS.get(best.tag.gender, ""), best.tag.number == "plur"),), past=True)
    if pos == "NOUN":
        return _nominal(word, "N", same, governed)
    if pos in ("ADJF", "PRTF"):
        relative = lemma == "который"
        token = _nominal(word, "W" if relative else "PART" if pos == "PRTF" else "ADJ", same, governed)
        return token
    kinds = {"INFN": "INF", "GRND": "GRND", "NPRO": "PRO", "ADVB": "ADV", "COMP": "ADV", "PREP": "PREP", "CONJ": "U",
             "PRCL": "PRCL", "NUMR": "NUM", "ADJS": "ADJS", "PRED": "ADV", "INTJ": "PRCL"}  # fmt: skip
    tag = kinds.get(str(pos), "NUM" if word.text[0].isdigit() else "ADV")
    return Token(word, tag, lemma, ())


def _verb(word: Word, parse: Any) -> Token:
    tag = parse.tag
    if "impr" in tag:
        return Token(word, "IMP", parse.normal_form)
    past = tag.tense == "past"
    person = {"1per": 1, "2per": 2}.get(str(tag.person), 3)
    gender = _GENDERS.get(tag.gender, "")
    agrees = ((gender, tag.number == "plur"),)
    return Token(
        word,
        "V",
        parse.normal_form,
        agrees,
        person=person,
        past=past,
        perfective="perf" in tag,
        transitive="tran" in tag,
    )


def _nominal(word: Word, kind: str, found: list[Any], governed: bool) -> Token:
    nominative = [] if governed else [p for p in found if p.tag.case == "nomn"]
    agrees = tuple(dict.fromkeys((_GENDERS.get(p.tag.gender, ""), p.tag.number == "plur") for p in nominative))
    others = tuple(dict.fromkeys(str(p.tag.case) for p in found if p.tag.case != "nomn"))
    best = (nominative or found)[0]
    return Token(
        word, kind, best.normal_form, agrees, not others, any("anim" in p.tag for p in found[:1]), oblique=others
    )  # fmt: skip


def _name(word: Word, found: list[Any], previous: Token | None, first: bool, following: Word | None) -> Token | None:
    """A capitalised word that the dictionary knows as a name, or whose form is a surname's, or that stands inside."""
    named = [p for p in found if any(mark in p.tag for mark in ("Name", "Surn", "Patr")) and "plur" not in p.tag]
    known = [p for p in found if p.is_known and p.tag.POS != "NOUN"]
    beside = previous is not None and previous.tag == "NAME"
    common = first and bool(known) and known[0].score > 0.5
    if named and not common and ("Geox" not in found[0].tag or beside or "Surn" in named[0].tag):
        return _named(word, named, previous if beside else None, following)
    surname = _SURNAME.match(word.text)
    if surname and not (first and any(p.is_known and p.score > 0.3 for p in found)):
        gender, plural, nominative = _SURNAME_GENDER[surname[2] or ""]
        if beside and previous is not None and ("f", False) in previous.agrees and surname[2] == "а":
            return Token(word, "NAME", word.text, (("f", False),), True, True)
        agrees = ((gender, plural),) if nominative else ()
        return Token(word, "NAME", surname[1], agrees, surname[2] != "а", True)
    if first or len(word.text) < 3 or any(p.is_known and "Geox" in p.tag for p in found):
        return None
    if found[0].tag.POS == "NOUN":
        governed = previous is not None and previous.tag == "PREP"
        token = _nominal(word, "NAME", [p for p in found if p.tag.POS == "NOUN"], governed)
        token.lemma = token.lemma.capitalize()
        return token
    return None


def _named(word: Word, found: list[Any], previous: Token | None, following: Word | None) -> Token:
    """The reading that agrees with the name beside it; its base form is the nominative of the same gender."""
    singular = [p for p in found if p.tag.number != "plur"] or found
    gender = _beside(previous, following)
    if gender:
        singular = sorted(singular, key=lambda p: p.tag.gender != gender)
        singular = [p for p in singular if p.tag.gender == singular[0].tag.gender]
    token = _nominal(word, "NAME", singular, False)
    best = next((p for p in singular if p.tag.case == "nomn"), singular[0])
    form = best.inflect({"nomn", "sing", str(best.tag.gender)}) if best.tag.gender in _GENDERS else None
    token.lemma = (form.word if form else best.normal_form).capitalize()
    token.animate = True
    return token


def _beside(previous: Token | None, following: Word | None) -> str:
    """The gender of the name before or behind."""
    if previous is not None and previous.agrees:
        return {"m": "masc", "f": "femn"}.get(previous.agrees[0][0], "")
    if following is not None and following.is_capital:
        for parse in parses(following.text)[:2]:
            if "Patr" in parse.tag or "Surn" in parse.tag:
                return str(parse.tag.gender or "")
    return ""
