"""How people are named in English and in Russian: titles, patronymics, diminutives, and the nouns for people.

Knows nothing about a particular manuscript.
"""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache

from storywright.board import Language
from storywright.studio.adaptation import lexicon
from storywright.studio.adaptation.aspect import parses
from storywright.studio.adaptation.grammar import Gender, Mention
from storywright.studio.adaptation.lexicon import pairs_of, words_of

GENERIC: dict[Language, frozenset[str]] = {
    "en": words_of(
    "man woman boy girl lady gentleman person child kid fellow guy lad youth creature thing friend teenager "
    "people"
),
    "ru": words_of(
    "человек мужчина женщина старик старуха девушка юноша мальчик девочка парень ребенок ребёнок незнакомец "
    "незнакомка старичок старушка дама господин люди друг подруга приятель"
),
}  # fmt: skip
"""Nouns that fit many, so that the last one who fits is meant."""
_TITLES: dict[str, tuple[str, Gender]] = {
    "mr": ("", "m"), "mrs": ("", "f"), "ms": ("", "f"), "miss": ("", "f"), "dr": ("doctor", ""), "sir": ("", "m"),
    "lady": ("", "f"), "lord": ("", "m"), "captain": ("captain", ""), "capt": ("captain", ""),
    "prof": ("professor", ""), "professor": ("professor", ""), "doctor": ("doctor", ""), "aunt": ("aunt", "f"),
    "uncle": ("uncle", "m"), "king": ("king", "m"), "queen": ("queen", "f"), "prince": ("prince", "m"),
    "princess": ("princess", "f"), "general": ("general", "m"), "colonel": ("colonel", "m"), "major": ("major", "m"),
    "sergeant": ("sergeant", ""), "inspector": ("inspector", ""), "father": ("father", "m"), "mother": ("mother", "f"),
    "grandma": ("grandmother", "f"), "grandpa": ("grandfather", "m"), "madame": ("", "f"), "monsieur": ("", "m"),
}  # fmt: skip
_NO_PEOPLE = words_of(
    "january february march april may june july august september october november december monday tuesday "
    "wednesday thursday friday saturday sunday christmas easter english french german russian latin god lord "
    "heaven i chapter god's russia england france london paris europe america earth бог боже господи россия "
    "петербург москва европа"
)
_SHORT_RU = pairs_of(
    """
    саша александр, шура александр, алеша алексей, леша алексей, ваня иван, петя петр, коля николай, митя дмитрий,
    дима дмитрий, вася василий, гриша григорий, миша михаил, паша павел, боря борис, витя виктор, володя владимир,
    вова владимир, женя евгений, костя константин, леня леонид, сеня семен, степа степан, сережа сергей, слава
    вячеслав, толя анатолий, федя федор, юра юрий, гоша георгий, жора георгий, егорка егор, илюша илья, лева лев,
    ося осип, маша мария, маня мария, аня анна, нюра анна, катя екатерина, лиза елизавета, наташа наталья, оля
    ольга, таня татьяна, соня софья, даша дарья, дуня авдотья, настя анастасия, лена елена, люба любовь, люда
    людмила, надя надежда, поля полина, варя варвара, глаша глафира, груша аграфена, ксюша ксения, лида лидия,
    рита маргарита, света светлана, тоня антонина, феня федосья, фенечка федосья, юля юлия, галя галина, зина
    зинаида, вера вера, нина нина
    """
)
"""Short names that no rule makes, and the full ones."""
_DIMINUTIVE = re.compile(
    r"(?:юшка|ушка|ышка|енька|онька|ечка|очка|ичка|енок|онок|юша|уша|аша|яша|иша|уня|юня|юха|уха|ик|ок|ек|ка|ша|ня|я|а)$"
)
_PATRONYMIC = re.compile(r"(?:ович|евич|ич|овна|евна|ична|инична)$")


def parts(head: str, language: Language) -> tuple[str, ...]:
    """A name's words in lower case, without titles; of a Russian one without its endings' varieties."""
    words = [word.strip(".").lower().replace("ё", "е") for word in head.replace("’", "'").split()]
    if language == "en":
        kept = [word for word in words[:-1] if word not in _TITLES]
        return (*kept, *words[-1:])
    return tuple(words)


def title_of(head: str, language: Language) -> str:
    """The title before a name, such as mrs."""
    first = head.split(maxsplit=1)[0].strip(".").lower() if " " in head else ""
    return first if language == "en" and first in _TITLES else ""


def role_of(title: str) -> str:
    """What a title says that somebody is: Dr. Wren is a doctor."""
    return _TITLES[title][0]


def written(mention: Mention, language: Language) -> str:
    """The name as a board writes it."""
    return " ".join(titled(word) for word in mention.head.split()) if language == "ru" else titled(mention.head)


def titled(name: str) -> str:
    """BRICK BRADDOCK → Brick Braddock; McCoy stays."""
    return " ".join(word.capitalize() if word.isupper() and len(word) > 1 else word for word in name.split())


@cache
def is_given(name: tuple[str, ...], language: Language) -> bool:
    """Whether one of its words is a first name."""
    if language == "en":
        return any(word in lexicon.GIVEN_MEN_EN or word in lexicon.GIVEN_WOMEN_EN for word in name)
    return any("Name" in p.tag or "Patr" in p.tag for word in name for p in parses(word)[:2])


def is_no_person(name: tuple[str, ...], language: Language) -> bool:
    """Months, days, countries and the like."""
    if any(word in _NO_PEOPLE for word in name) or (len(name) == 1 and (name[0] in _TITLES or len(name[0]) < 2)):
        return True
    return language == "ru" and all("Geox" in parses(word)[0].tag for word in name)


def merged(counts: Mapping[tuple[str, ...], int], language: Language) -> list[list[tuple[str, ...]]]:
    """The names of one person together: Nora Bell and Nora, Николай Петрович and Кирсанов, Аркадий and Аркаша."""
    order = sorted(counts, key=lambda name: (-len(name), -counts[name], name))
    groups: list[list[tuple[str, ...]]] = []
    for name in order:
        holding = [group for group in groups if any(_within(name, one, language) for one in group)]
        if len(holding) == 1:
            holding[0].append(name)
        elif not holding:
            groups.append([name])
        elif len(name) == 1:  # of several of a family the one who is spoken of most
            best = max(holding, key=lambda group: max(counts[one] for one in group))
            best.append(name)
    return groups


def _within(short: tuple[str, ...], long: tuple[str, ...], language: Language) -> bool:
    if language == "en":
        return len(short) < len(long) and any(long[at : at + len(short)] == short for at in range(len(long)))
    if len(short) > len(long):
        return False
    return all(any(_same_word(one, other) for other in long) for one in short)


@cache
def _same_word(one: str, other: str) -> bool:
    """Equal, or a diminutive of the other, or another way to write the patronymic."""
    if one == other:
        return True
    if _PATRONYMIC.search(one) and _PATRONYMIC.search(other):
        return _PATRONYMIC.sub("", one) == _PATRONYMIC.sub("", other)
    full = _SHORT_RU.get(one) or _SHORT_RU.get(_DIMINUTIVE.sub("а", one)) or _SHORT_RU.get(_DIMINUTIVE.sub("я", one))
    if full:
        return full == other
    stem = _DIMINUTIVE.sub("", one)
    return stem != one and len(stem) >= 3 and other.startswith(stem) and len(other) - len(stem) <= 4


def gender_of(
    group: list[tuple[str, ...]], titles: Counter[str], genders: Counter[Gender], language: Language
) -> Gender:
    """A person's gender by titles, first names and the pronouns that followed."""
    if language == "en":
        votes: Counter[Gender] = Counter()
        for name in group:
            votes["m"] += 3 * sum(word in lexicon.GIVEN_MEN_EN for word in name)
            votes["f"] += 3 * sum(word in lexicon.GIVEN_WOMEN_EN for word in name)
        for title, count in titles.items():
            gender = _TITLES[title][1]
            if gender:
                votes[gender] += 3 * count
        told = genders["m"] + genders["f"]
        for gender in ("m", "f"):
            if genders[gender] >= 2 and genders[gender] * 4 >= told * 3:
                votes[gender] += 2
    else:
        votes = Counter(genders)
    return votes.most_common(1)[0][0] if votes and votes.most_common(1)[0][1] else ""


@cache
def noun_gender(noun: str, language: Language) -> Gender:
    """What a noun for a person says."""
    if language == "en":
        return "m" if noun in lexicon.MEN_EN else "f" if noun in lexicon.WOMEN_EN else ""
    genders: dict[str | None, Gender] = {"masc": "m", "femn": "f", "neut": "n"}
    return next((genders.get(p.tag.gender, "") for p in parses(noun) if p.tag.POS == "NOUN"), "")


def lives(mention: Mention, language: Language) -> bool:
    """Whether a noun means a person or an animal."""
    if mention.kind != "noun":
        return False
    head = mention.head
    if language == "ru":
        return mention.animate
    compound = re.search(r"(?:man|woman|boy|girl)$", head) is not None and head not in ("human",)
    return head in lexicon.PEOPLE_EN or head in lexicon.ANIMALS_EN or compound


def animal_of(name: tuple[str, ...], language: Language) -> str:
    """The animal that a name or noun says."""
    last = name[-1] if name else ""
    if language == "en":
        return last if last in lexicon.ANIMALS_EN else ""
    return last if last in lexicon.ANIMALS_RU else ""


def age_of(noun: str, otherwise: str) -> str:
    """Child, adult or old, by the words for somebody."""
    words = set(noun.split())
    return "old" if words & lexicon.OLD else "child" if words & lexicon.YOUNG else otherwise


def age_in(words: str, language: Language) -> str:
    """What a number of years says: eleven is a child."""
    low = words.lower().replace("ё", "е")
    found = _YEARS[language].search(low)
    if found is None:
        return ""
    said = next(group for group in found.groups() if group)
    years = int(said) if said.isdigit() else _NUMBERS[language].get(said, 0)
    return "" if not years else "child" if years < 15 else "old" if years >= 60 else "adult"


_UP_TO_TWENTY = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_NUMBERS: dict[Language, dict[str, int]] = {
    "en": {
        **{word: at for at, word in enumerate(_UP_TO_TWENTY, 1)},
        "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    },
    "ru": {
        "пяти": 5, "шести": 6, "семи": 7, "восьми": 8, "девяти": 9, "десяти": 10, "одиннадцати": 11, "двенадцати": 12,
        "тринадцати": 13, "четырнадцати": 14, "пятнадцати": 15, "шестнадцати": 16, "семнадцати": 17,
        "восемнадцати": 18, "двадцати": 20, "тридцати": 30, "сорока": 40, "пятидесяти": 50, "шестидесяти": 60,
        "семидесяти": 70, "восьмидесяти": 80,
    },
}  # fmt: skip
_YEARS: dict[Language, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:is|was|were|aged|about|of) (\d{1,2}|[a-z]+)(?= years|,|\.|$)|\b([a-z]+|\d{1,2})[- ]years?[- ]old"
    ),
    "ru": re.compile(r"\bлет (\w+)|\b(\w+) лет\b"),
}


def label(mention: Mention, language: Language) -> str:
    """What the cast list calls somebody without a name: Old lady, Слуга."""
    if language == "ru":
        words = [mention.head]
    else:
        telling = [word for word in mention.adjectives[-1:] if word in ("old", "young", "little", "other", "handsome")]
        words = [*telling, mention.head]
        if mention.plural:
            words = [*telling, mention.text.split()[-1].lower()]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def declined(name: str, case: str) -> str:
    """A Russian name in another case, or nothing where the dictionary cannot tell."""
    found = []
    for word in name.split():
        known = [p for p in parses(word) if p.tag.case == "nomn" and "sing" in p.tag]
        form = known[0].inflect({case}) if known else None
        if form is None:
            return ""
        found.append(form.word.capitalize() if word[:1].isupper() else form.word)
    return " ".join(found)


def called(mention: Mention, language: Language) -> str:
    """What a sentence calls somebody without a name."""
    if language == "ru":
        return mention.text.split()[-1].lower() if mention.plural and mention.subject_form else mention.head
    name = label(mention, language)
    return f"the {name[:1].lower()}{name[1:]}"
