"""Every phrase that a description is read by, in English and Russian, and what it can mean.

Made from the tables that prompts and captions are written with, and from `near`. A Russian word that is in no table is
looked up by its beginning, as long as what follows can be an ending.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from storywright.toonworld.words import english as en
from storywright.toonworld.words import near
from storywright.toonworld.words import russian as ru

ADJECTIVES = ("colour", "hair_colour", "hair_length", "skin", "age")
LONGEST = 7
"""Words in the longest phrase."""


@dataclass(frozen=True, slots=True)
class Sense:
    """One thing that a phrase can mean."""

    category: str
    value: str
    near: bool = False
    """Whether it is not the thing itself but the nearest that can be drawn."""


Entry = tuple[str, Sense]

_TOLD_NEAR = ("prop", "setting", "top", "bottom", "hat", "colour", "person")
"""Where the nearest is another thing, and not another word for the same."""

_TABLES: dict[str, en.Terms] = {
    "style": en.STYLE, "shot": en.SHOT, "angle": en.ANGLE, "setting": en.SETTING, "time": en.TIME,
    "weather": en.WEATHER, "skin": en.SKIN, "hair_length": en.HAIR_LENGTH, "hair_colour": en.HAIR_COLOUR,
    "colour": en.COLOUR, "top": en.TOP, "bottom": en.BOTTOM, "hat": en.HAT, "pose": en.POSE,
    "expression": en.EXPRESSION, "facing": en.FACING, "prop": en.PROP,
}  # fmt: skip
_MORE_ENGLISH: dict[tuple[str, str], str] = {
    ("hair", ""): "hair, curls, locks, ponytail, braids, bun",
    ("haired", ""): "haired",
    ("skin_noun", ""): "skin, skinned, complexion",
    ("bald", ""): "bald, bald head, bald headed, hairless",
    ("glasses", ""): "sunglasses, wearing glasses, goggles, bespectacled",
    ("age", "old"): "old, elderly, aged, ageing",
    ("age", "child"): "little, small",
    ("age", "adult"): "young, adult, grown up, middle aged",
    ("couple", "adult"): "couple, friends, two people, family, parents, lovers, people, crowd, team, group, partners",
    ("couple", "child"): "children, kids, two children",
    ("pronoun", "woman"): "she",
    ("pronoun", "man"): "he",
    ("held", ""): "holding, holds, hold, carrying, carries, carry, grabs, lifts, picks up, picking up, takes, taking, "
    "showing off, presents, clutching, gripping, pours, pouring, hands over, gives",
    ("worn", ""): "wearing, wears, wear, dressed in, puts on, putting on, clad in",
    ("use", "bottle/can/mug"): "drinking, drinks, drink, drinking from, drinks from, sips, sipping, sips from",
    ("use", "cake/pizza"): "eats, eating, eat, bites into, tastes, tasting, slices, cuts, baking, bakes",
    ("use", "laptop"): "types on, working on, works on, works at, typing at, coding on",
    ("use", "phone"): "talks on, calls on, speaking on, talks into, on the phone with, answers, picks up the",
    ("use", "book"): "reads, reading, read, studies, studying, writes in, leafs through",
    ("use", "car"): "drives, driving, drive, inside, gets into, behind the wheel of",
    ("use", "bicycle"): "rides, riding, ride, cycling on, pedals",
    ("use", "chair"): "sits on, sits in, sitting in, sits down on, seated in",
    ("use", "umbrella"): "under, underneath, beneath",
    ("use", "ball"): "plays with, plays, playing, kicks, throws, catches, bounces, throwing",
    ("use", "dog"): "walks the, walking the, walking a, walks a, walks her, walks his",
    ("use", "gift box"): "opens, unwraps, unpacks",
    ("use", "plant"): "waters",
    ("use", "lamp"): "switches on, turns on, lights",
    ("use", "perfume"): "sprays",
    ("use", "toothbrush"): "brushes her teeth with, brushes his teeth with, brushing her teeth with, "
    "brushing his teeth with",
    ("use", "headphones"): "listens with, listening to music with, listening with",
    ("after", "held"): "in hand, in her hand, in his hand, in her hands, in his hands, in their hands",
    ("after", "worn"): "on her back, on his back, on the wrist, on her wrist, on his wrist, on her head, on his head",
    ("after", "used"): "on a leash, on a lead, on the leash",
    (
        "after",
        "standing",
    ): "nearby, beside, in the background, on the table, in the corner, on the floor, on the ground",
    ("room", ""): "room for words, empty space for words, copy space, room for text, space for text",
    ("facing", "left"): "looking left, looks left, left profile",
    ("facing", "right"): "looking right, looks right, right profile",
}
_MORE_RUSSIAN: dict[tuple[str, str], str] = {
    ("hair", ""): "волосы, волос, волосам, волосами, волосах, кудри, кудрями, косы, косами",
    ("skin_noun", ""): "кожа, кожи, коже, кожу, кожей",
    ("bald", ""): "лысый, лысая, лысого, лысому, лысым, лысом, лысина, лысиной, лысой головой",
    ("glasses", ""): "очки, очков, очкам, очками, очках",
    ("couple", "adult"): "пара, друзья, двое, семья, родители, влюбленные, люди, толпа, команда, коллеги",
    ("couple", "child"): "дети, ребята, малыши",
    ("pronoun", "woman"): "она",
    ("pronoun", "man"): "он",
    ("held", ""): "держит, держат, держа, несет, несут, неся, держащий, держащая, берет, поднимает, достает",
    ("worn", ""): "носит, надевает, надел, надела, одет в, одета в, одетый в, одетая в",
    ("use", "bottle/can/mug"): "пьет, пьют, пьет из, пьют из, отпивает из",
    ("use", "cake/pizza"): "ест, едят, пробует, кусает, режет, печет",
    ("use", "laptop"): "печатает на, работает за, работает на, сидит за",
    ("use", "phone"): "говорит по, разговаривает по, звонит по",
    ("use", "book"): "читает, читают, листает, изучает",
    ("use", "car"): "едет в, за рулем, сидит за рулем, ведет, водит",
    ("use", "bicycle"): "едет на, катается на, ехать на, катит на",
    ("use", "chair"): "сидит на, сидят на, сидит в, садится на, садится в",
    ("use", "umbrella"): "под, стоит под",
    ("use", "ball"): "играет с, играют с, играет в, играют в, пинает, бросает, ловит",
    ("use", "dog"): "выгуливает, гуляет с",
    ("use", "gift box"): "открывает, разворачивает, распаковывает",
    ("use", "plant"): "поливает",
    ("use", "lamp"): "включает, зажигает",
    ("use", "toothbrush"): "чистит зубы",
    ("use", "headphones"): "слушает музыку в, слушает музыку через",
    ("after", "held"): "в руке, в руках",
    ("after", "worn"): "за спиной, на плечах, на руке, на запястье, на голове, на ушах",
    ("after", "used"): "на поводке",
    ("after", "standing"): "рядом, неподалеку, на столе, в углу, на полу, на земле",
    ("room", ""): "место для текста, место для надписи",
    ("pose", "arms raised"): "подняв руки, поднимает руки, руки вверх, поднимает обе руки, с поднятыми руками, "
    "поднимает руки вверх",
    ("pose", "reaching"): "протягивает руку, тянется за чем то",
    ("pose", "waving"): "машет рукой",
    ("facing", "left"): "смотрит влево, смотрит налево, лицом влево, повернувшись влево",
    ("facing", "right"): "смотрит вправо, смотрит направо, лицом вправо, повернувшись вправо",
    ("style", "flat"): "плоский рисунок, рисунок плоским цветом",
    ("style", "pencil"): "карандашный рисунок, рисунок карандашом",
    ("style", "ink"): "рисунок тушью, рисунок чернилами",
    ("style", "watercolour"): "рисунок акварелью, акварель",
    ("shot", "extreme close-up"): "сверхкрупный план, очень крупный план",
    ("shot", "close-up"): "крупный план, крупным планом",
    ("shot", "medium close-up"): "средне крупный план, погрудный план, по грудь",
    ("shot", "medium"): "средний план, поясной план, по пояс, средним планом",
    ("shot", "medium full"): "американский план, по колено, по колени",
    ("shot", "full"): "в полный рост, план в полный рост",
    ("shot", "long"): "общий план, общим планом",
    ("shot", "extreme long"): "дальний план, дальним планом, очень общий план",
    ("shot", "establishing"): "адресный план, вводный план, открывающий план",
    ("shot", "insert"): "деталь, вставка, предметный план, продукт крупным планом",
    ("angle", "eye level"): "на уровне глаз",
    ("angle", "high"): "верхний ракурс, вид немного сверху, сверху",
    ("angle", "low"): "нижний ракурс, вид снизу, снизу",
    ("angle", "bird's eye"): "вид сверху, с высоты птичьего полета, с птичьего полета, строго сверху",
    ("angle", "worm's eye"): "с земли, с уровня земли",
    ("angle", "over the shoulder"): "через плечо, из за плеча",
    ("angle", "dutch"): "голландский угол, наклоненная камера, заваленный горизонт, наклонная камера",
    ("weather", "rain"): "идет дождь, шел дождь, под дождь",
    ("weather", "snow"): "идет снег, шел снег, падает снег",
    ("small", ""): "день рождения, дня рождения, днем рождения, дню рождения",
}
_RUSSIAN_STEMS: dict[str, dict[str, str]] = {
    "setting": {
        "kitchen": "кухн", "living room": "гостин", "bedroom": "спальн", "bathroom": "ванн", "office": "офис",
        "cafe": "кафе", "shop": "магазин", "classroom": "класс", "gym": "спортзал", "street": "улиц", "park": "парк",
        "beach": "пляж", "forest": "лес", "mountains": "гор", "desert": "пустын", "garden": "сад",
        "stadium": "стадион", "bus stop": "остановк",
    },
}  # fmt: skip
_ENDINGS_LIST = """
а я о е ы и у ю й ь ой ей ою ею ом ем ам ям ами ями ах ях ов ев ью ый ий ая яя ое ее ые ие ого его ому ему ым им ую юю
ых их ыми ими ет ит ют ят ут ат ает ают еет еют ется ются ится ятся ать ять еть ся сь лся лась лись л ла ли ло н на но
ны ка ки ку ке кой ок ко ющий ющая ющие ющийся ющаяся вший вшая ный ная ное ные ного ной ному ным ную ных ными ик ика
ику иком ике ясь
"""
_ENDINGS = frozenset(_ENDINGS_LIST.split())


def plain(text: str) -> str:
    """Lower case, one kind of apostrophe, no hyphens, ё as е."""
    return text.lower().replace("ё", "е").replace("’", "'").replace("-", " ")


@cache
def senses(phrase: tuple[str, ...]) -> tuple[Sense, ...]:
    """What these words can mean, the likeliest first; empty where they are in no table."""
    words = " ".join(phrase)
    if found := _lexicon().get(words):
        return found
    if len(phrase) > 1:
        return ()
    for singular in _singulars(words):
        if found := _lexicon().get(singular):
            return tuple(sense for sense in found if sense.category not in ADJECTIVES)
    for length in range(len(words), 1, -1):
        found = _stems().get(words[:length]) if ends_like_a_word(words[length:]) else None
        if found:
            return found
    return ()


def ends_like_a_word(rest: str) -> bool:
    """Whether this can be the ending of a Russian word."""
    return not rest or rest in _ENDINGS


@cache
def _lexicon() -> Mapping[str, tuple[Sense, ...]]:
    return _gathered([*_english(), *_russian()])


@cache
def _stems() -> Mapping[str, tuple[Sense, ...]]:
    own = [(stem, Sense(category, value)) for category, value, stem in _listed(_RUSSIAN_STEMS)]
    return _gathered([*own, *((stem, _near(category, value)) for category, value, stem in _listed(near.RUSSIAN))])


def _gathered(entries: Iterable[Entry]) -> dict[str, tuple[Sense, ...]]:
    """By phrase; of two senses of one category the first counts, except that one verb uses several kinds of thing."""
    found: dict[str, dict[str, Sense]] = {}
    for phrase, sense in entries:
        known = found.setdefault(plain(phrase), {})
        before = known.setdefault(sense.category, sense)
        if sense.category == "use" and sense.value not in before.value:
            known["use"] = Sense("use", f"{before.value}/{sense.value}")
    return {phrase: tuple(by_category.values()) for phrase, by_category in found.items()}


def _english() -> Iterator[Entry]:
    for (age, woman), words in en.PEOPLE.items():
        yield from ((word, Sense("person", f"{age}/{'woman' if woman else 'man'}")) for word in words)
    for category, terms in _TABLES.items():
        for value, ways in terms.items():
            yield from ((way, Sense(category, value)) for way in ways)
    for kind, ways in en.USED.items():
        yield from ((way.replace("{}", "").strip(), Sense("use", kind)) for way in ways if way.endswith("{}"))
    yield from ((word, Sense("glasses", "")) for word in en.GLASSES)
    for plural in en.PLURALS.values():
        yield plural, Sense("prop", "shoe" if plural in ("shoes", "sneakers") else "headphones")
    yield from _more(_MORE_ENGLISH)
    yield from ((phrase, _near(category, value)) for category, value, phrase in _listed(near.ENGLISH))


def _russian() -> Iterator[Entry]:
    for kind, nouns in ru.PROP.items():
        yield from ((form, Sense("prop", kind)) for noun in nouns for form in noun.forms)
    yield from ((form, Sense("prop", "shoe")) for form in ru.PAIR.forms)
    for category, table in (("top", ru.TOP), ("bottom", ru.BOTTOM), ("hat", ru.HAT)):
        for value, nouns in table.items():
            yield from ((form, Sense(category, value)) for noun in nouns for form in noun.forms)
    for (age, woman), nouns in ru.PEOPLE.items():
        gender = "woman" if woman else "man"
        yield from ((form, Sense("person", f"{age}/{gender}")) for noun in nouns for form in noun.forms)
    for category, adjectives in (
        ("colour", ru.COLOUR), ("hair_colour", ru.HAIR_COLOUR), ("hair_length", ru.HAIR_LENGTH), ("skin", ru.SKIN),
    ):  # fmt: skip
        for value, lemma in adjectives.items():
            forms = {ru.adjective(lemma, gender, case) for gender in "mfnp" for case in ru.CASES}
            yield from ((form, Sense(category, value)) for form in sorted(forms))
    for setting, ways in ru.PLACE.items():
        yield from ((way, Sense("setting", setting)) for way in ways)
    yield from ((word, Sense("time", time)) for time, word in ru.TIME.items())
    yield from ((words, Sense("weather", weather)) for weather, words in ru.WEATHER.items())
    yield from _more(_MORE_RUSSIAN)


def _more(table: dict[tuple[str, str], str]) -> Iterator[Entry]:
    for (category, value), phrases in table.items():
        yield from ((phrase, Sense(category, value)) for phrase in phrases.split(", "))


def _listed(table: dict[str, dict[str, str]]) -> Iterator[tuple[str, str, str]]:
    for category, values in table.items():
        for value, phrases in values.items():
            yield from ((category, value, phrase) for phrase in phrases.split(", "))


def _near(category: str, value: str) -> Sense:
    if category == "person":
        value = value.replace("boy", "man").replace("girl", "woman")
    return Sense(category, value, category in _TOLD_NEAR)


def _singulars(word: str) -> list[str]:
    if not re.fullmatch(r"[a-z]+s", word) or word == "watches":
        return []
    return [word[:-1], word[:-2], re.sub("ies$", "y", word), re.sub("ves$", "f", word)]
