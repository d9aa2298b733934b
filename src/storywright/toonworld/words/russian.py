"""The Russian words of the drawn world, and their grammar: gender, number and the six cases.

A noun is written out in all its cases, or made from its stem and one of the regular classes below; adjectives are
always regular. Knows nothing about stories.
"""

from dataclasses import dataclass
from functools import cache

CASES = ("nom", "gen", "dat", "acc", "ins", "pre")

_CLASSES = {
    "m": ("", "а", "у", "", "ом", "е"),  # стол
    "ma": ("", "а", "у", "а", "ом", "е"),  # кот: one that lives has the genitive as its accusative
    "mй": ("й", "я", "ю", "я", "ем", "е"),  # Андрей
    "mь": ("ь", "я", "ю", "ь", "ем", "е"),  # автомобиль
    "f": ("а", "ы", "е", "у", "ой", "е"),  # лампа
    "fя": ("я", "и", "е", "ю", "ей", "е"),  # кухня
    "n": ("о", "а", "у", "о", "ом", "е"),  # кресло
    "nе": ("е", "я", "ю", "е", "ем", "е"),  # платье
    "pl": ("ы", "ов", "ам", "ы", "ами", "ах"),  # часы
}


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun in its six cases."""

    forms: tuple[str, ...]
    gender: str
    """m, f, n, or p for what has only a plural."""
    animate: bool = False

    def __getitem__(self, case: str) -> str:
        return self.forms[CASES.index(case)]


def noun(stem: str, kind: str, gender: str = "", tail: str = "") -> Noun:
    """A noun of a regular class; `gender` where it is not the usual one of the class (Дима, мужчина)."""
    forms = tuple(_spelt(stem + ending) + tail for ending in _CLASSES[kind])
    return Noun(forms, gender or {"p": "p"}.get(kind[0], kind[0]), kind.endswith("a"))


def written(forms: str, gender: str, *, animate: bool = False) -> Noun:
    """A noun whose cases are written out, separated by slashes."""
    cases = tuple(forms.split("/"))
    assert len(cases) == len(CASES), forms
    return Noun(cases, gender, animate)


def _spelt(word: str) -> str:
    """The spelling rules: ы is и after г к х ж ш щ ч, and an unstressed о is е after ж ш щ ч ц."""
    for consonant in "гкхжшщч":
        word = word[:-1] + "и" if word.endswith(consonant + "ы") else word
    for consonant in "жшщц":
        word = word[:-2] + "ей" if word.endswith(consonant + "ой") else word
    return word


_HARD = {
    "m": ("ый", "ого", "ому", "ый", "ым", "ом"),
    "f": ("ая", "ой", "ой", "ую", "ой", "ой"),
    "n": ("ое", "ого", "ому", "ое", "ым", "ом"),
    "p": ("ые", "ых", "ым", "ые", "ыми", "ых"),
}
_SOFT = {
    "m": ("ий", "его", "ему", "ий", "им", "ем"),
    "f": ("яя", "ей", "ей", "юю", "ей", "ей"),
    "n": ("ее", "его", "ему", "ее", "им", "ем"),
    "p": ("ие", "их", "им", "ие", "ими", "их"),
}


@cache
def adjective(lemma: str, gender: str, case: str = "nom", animate: bool = False) -> str:
    """The adjective (given as красный, синий, рыжий, короткий) in agreement."""
    stem, number = lemma[:-2], CASES.index(case)
    if case == "acc" and animate and gender in "mp":
        number = CASES.index("gen")
    if lemma.endswith("ий") and stem[-1] in "жшщч":
        ending = _SOFT[gender][number].replace("я", "а").replace("ю", "у")
        ending = "ая" if ending == "аа" else "ую" if ending == "уу" else ending
        return stem + ending
    if lemma.endswith("ий") and stem[-1] not in "гкх":
        return stem + _SOFT[gender][number]
    ending = _HARD[gender][number]
    if lemma.endswith("ой") and ending == "ый":
        ending = "ой"
    return stem + (ending.replace("ы", "и") if stem[-1] in "гкх" else ending)


def phrase(thing: Noun, case: str, *adjectives: str) -> str:
    """The noun in this case with its adjectives in agreement."""
    return " ".join([*(adjective(word, thing.gender, case, thing.animate) for word in adjectives), thing[case]])


def own(thing: Noun, case: str) -> str:
    """свой in agreement with the thing."""
    table = {
        "m": ("свой", "своего", "своему", "своего" if thing.animate else "свой", "своим", "своём"),
        "f": ("своя", "своей", "своей", "свою", "своей", "своей"),
        "n": ("своё", "своего", "своему", "своё", "своим", "своём"),
        "p": ("свои", "своих", "своим", "своих" if thing.animate else "свои", "своими", "своих"),
    }
    return table[thing.gender][CASES.index(case)]


PRONOUNS = {
    "m": ("он", "его", "ему", "его", "им", "нём"),
    "f": ("она", "её", "ей", "её", "ей", "ней"),
    "n": ("оно", "его", "ему", "его", "им", "нём"),
    "p": ("они", "их", "им", "их", "ими", "них"),
}


def pronoun(gender: str, case: str) -> str:
    """он, она, оно or они in this case, as it stands without a preposition."""
    return PRONOUNS[gender][CASES.index(case)]


COLOUR = {
    "red": "красный",
    "orange": "оранжевый",
    "yellow": "жёлтый",
    "green": "зелёный",
    "blue": "синий",
    "purple": "фиолетовый",
    "pink": "розовый",
    "white": "белый",
    "black": "чёрный",
    "brown": "коричневый",
}
HAIR_COLOUR = {"black": "чёрный", "brown": "каштановый", "blond": "светлый", "red": "рыжий", "grey": "седой"}
HAIR_LENGTH = {"short": "короткий", "long": "длинный"}
SKIN = {"light": "светлый", "tan": "загорелый", "brown": "смуглый", "dark": "тёмный"}

PROP: dict[str, tuple[Noun, ...]] = {
    "bottle": (noun("бутылк", "f"), noun("бутылочк", "f")),
    "can": (noun("банк", "f"), noun("баночк", "f")),
    "mug": (noun("кружк", "f"), noun("чашк", "f")),
    "shoe": (
        written("кроссовка/кроссовки/кроссовке/кроссовку/кроссовкой/кроссовке", "f"),
        written("ботинок/ботинка/ботинку/ботинок/ботинком/ботинке", "m"),
    ),
    "phone": (noun("телефон", "m"), noun("смартфон", "m")),
    "laptop": (noun("ноутбук", "m"),),
    "car": (noun("машин", "f"), noun("автомобил", "mь")),
    "bicycle": (noun("велосипед", "m"),),
    "watch": (noun("час", "pl"),),
    "headphones": (written("наушники/наушников/наушникам/наушники/наушниками/наушниках", "p"),),
    "backpack": (noun("рюкзак", "m"),),
    "chair": (noun("стул", "m"),),
    "lamp": (noun("ламп", "f"),),
    "cake": (noun("торт", "m"),),
    "pizza": (noun("пицц", "f"),),
    "perfume": (noun("флакон", "m", tail=" духов"),),
    "toothbrush": (written("зубная щётка/зубной щётки/зубной щётке/зубную щётку/зубной щёткой/зубной щётке", "f"),),
    "plant": (
        written(
            "цветок в горшке/цветка в горшке/цветку в горшке/цветок в горшке/цветком в горшке/цветке в горшке", "m"
        ),
    ),
    "book": (noun("книг", "f"), noun("книжк", "f")),
    "umbrella": (noun("зонт", "m"), noun("зонтик", "m")),
    "ball": (noun("мяч", "m"), noun("мячик", "m")),
    "dog": (Noun(noun("собак", "f").forms, "f", True), written("пёс/пса/псу/пса/псом/псе", "m", animate=True)),
    "cat": (Noun(noun("кошк", "f").forms, "f", True), noun("кот", "ma")),
    "gift box": (written("подарок/подарка/подарку/подарок/подарком/подарке", "m"),),
}
PAIR = written("кроссовки/кроссовок/кроссовкам/кроссовки/кроссовками/кроссовках", "p")
"""Shoes that are worn."""

TOP = {
    "shirt": (noun("рубашк", "f"), noun("футболк", "f")),
    "jacket": (noun("куртк", "f"),),
    "dress": (noun("плать", "nе"),),
    "hoodie": (noun("толстовк", "f"),),
}
BOTTOM = {
    "trousers": (
        written("брюки/брюк/брюкам/брюки/брюками/брюках", "p"),
        written("штаны/штанов/штанам/штаны/штанами/штанах", "p"),
    ),
    "skirt": (noun("юбк", "f"),),
    "shorts": (written("шорты/шорт/шортам/шорты/шортами/шортах", "p"),),
}
HAT = {"cap": (noun("кепк", "f"),), "sun hat": (noun("шляп", "f"),)}
GLASSES = written("очки/очков/очкам/очки/очками/очках", "p")
HAIR = written("волосы/волос/волосам/волосы/волосами/волосах", "p")

PEOPLE: dict[tuple[str, bool], tuple[Noun, ...]] = {
    ("adult", True): (Noun(noun("женщин", "f").forms, "f", True), Noun(noun("девушк", "f").forms, "f", True)),
    ("adult", False): (
        Noun(noun("мужчин", "f").forms, "m", True),
        written("парень/парня/парню/парня/парнем/парне", "m", animate=True),
    ),
    ("child", True): (Noun(noun("девочк", "f").forms, "f", True),),
    ("child", False): (noun("мальчик", "ma"),),
    ("old", True): (Noun(noun("старушк", "f").forms, "f", True),),
    ("old", False): (noun("старик", "ma"),),
}
PLACE: dict[str, tuple[str, str, str]] = {
    "kitchen": ("на кухне", "на кухню", "с кухни"),
    "living room": ("в гостиной", "в гостиную", "из гостиной"),
    "bedroom": ("в спальне", "в спальню", "из спальни"),
    "bathroom": ("в ванной", "в ванную", "из ванной"),
    "office": ("в офисе", "в офис", "из офиса"),
    "cafe": ("в кафе", "в кафе", "из кафе"),
    "shop": ("в магазине", "в магазин", "из магазина"),
    "classroom": ("в классе", "в класс", "из класса"),
    "gym": ("в спортзале", "в спортзал", "из спортзала"),
    "street": ("на улице", "на улицу", "с улицы"),
    "park": ("в парке", "в парк", "из парка"),
    "beach": ("на пляже", "на пляж", "с пляжа"),
    "forest": ("в лесу", "в лес", "из леса"),
    "mountains": ("в горах", "в горы", "с гор"),
    "desert": ("в пустыне", "в пустыню", "из пустыни"),
    "garden": ("в саду", "в сад", "из сада"),
    "stadium": ("на стадионе", "на стадион", "со стадиона"),
    "bus stop": ("на остановке", "на остановку", "с остановки"),
}
"""Where one is, where one goes, where one comes from."""
TIME = {"morning": "утром", "day": "днём", "evening": "вечером", "night": "ночью"}
WEATHER = {"clear": "под ясным небом", "rain": "под дождём", "snow": "под снегом", "fog": "в тумане"}
