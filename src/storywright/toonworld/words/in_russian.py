"""How the places of a skeleton are filled in Russian."""

from storywright.toonworld.scene import Person, Prop
from storywright.toonworld.words import russian as ru
from storywright.toonworld.words.russian import CASES, Noun, noun
from storywright.toonworld.words.telling import Fact, Moment, Teller


def _her(stem: str, kind: str = "f") -> Noun:
    return Noun(noun(stem, kind).forms, "f", True)


def _him(stem: str, kind: str = "ma") -> Noun:
    return Noun(noun(stem, kind).forms, "m", True)


def _relative(who: str, name: Noun) -> Noun:
    return Noun(tuple(f"{_RELATIVES[who][case]} {name[case]}" for case in CASES), _RELATIVES[who].gender, True)


_RELATIVES = {"бабушка": _her("бабушк"), "дедушка": _him("дедушк", "f")}

_NAMES: dict[tuple[str, bool], tuple[Noun, ...]] = {
    ("child", True): (_her("Маш"), _her("Даш"), _her("Сон", "fя"), _her("Ул", "fя"), _her("Кат", "fя"), _her("Лиз")),
    ("child", False): (
        _him("Миш", "f"), _him("Пет", "fя"), _him("Ван", "fя"), _him("Кол", "fя"), _him("Тимк", "f"), _him("Егор"),
    ),
    ("adult", True): (
        _her("Анн"), _her("Ольг"), _her("Лен"), _her("Вер"), _her("Нин"), _her("Юл", "fя"), _her("Тан", "fя"),
        _her("Ирин"),
    ),
    ("adult", False): (
        _him("Антон"), _him("Олег"), _him("Максим"), _him("Андре", "mй"), _him("Дим", "f"), _him("Иван"),
        _him("Роман"), Noun(("Илья", "Ильи", "Илье", "Илью", "Ильёй", "Илье"), "m", True),
    ),
    ("old", True): tuple(_relative("бабушка", name) for name in (_her("Нин"), _her("Вер"), _her("Тон", "fя"))),
    ("old", False): tuple(_relative("дедушка", name) for name in (_him("Иван"), _him("Степан"), _him("Игнат"))),
}  # fmt: skip
NAMES = {who: tuple(name["nom"] for name in names) for who, names in _NAMES.items()}
_BY_NAME = {name["nom"]: name for names in _NAMES.values() for name in names}
_MOODS = {
    "smiling": ("улыбался", "улыбалась"),
    "neutral": ("был спокоен", "была спокойна"),
    "sad": ("был печален", "была печальна"),
    "surprised": ("был удивлён", "была удивлена"),
    "angry": ("был сердит", "была сердита"),
}
_SKIES = {"clear": "светит ясное небо", "rain": "идёт дождь", "snow": "идёт снег", "fog": "стоит туман"}
_DIRECTIONS = {"left": ("налево", "слева"), "right": ("направо", "справа")}


class Russian:
    """Russian, as `telling.Grammar` wants it."""

    def person(self, teller: Teller, person: Person, role: str, wanted: list[str], named: bool) -> str:
        """A name, a pronoun or somebody's looks, in any case."""
        case, what = _split(wanted)
        gender = "f" if person.woman else "m"
        if what == "look":
            teller.spoken_of(role)
            return _looks(teller, person, role, case)
        if what == "wears":
            teller.facts.add(Fact("clothes", f"{person.top_colour} {person.top}"))
            return _dressed(person)
        if what == "top":
            teller.facts.add(Fact("clothes", f"{person.top_colour} {person.top}"))
            return ru.phrase(ru.TOP[person.top][0], case, ru.COLOUR[person.top_colour])
        if what == "man":
            return _kind(person)[case]
        if what in ("he", "his"):
            teller.spoken_of(role)
            return ("её" if person.woman else "его") if what == "his" else ru.pronoun(gender, case)
        if teller.pronoun_will_do(role) and not named:
            return ru.pronoun(gender, case)
        return (_BY_NAME[person.name] if person.name else _kind(person))[case]

    def thing(self, teller: Teller, thing: Prop, role: str, wanted: list[str]) -> str:
        """A thing in any case, with свой and its colour where they are wanted, or its pronoun."""
        case, what = _split(wanted)
        name = self._noun(teller, thing, role)
        if what == "it":
            return ru.pronoun(name.gender, case)
        teller.facts.add(Fact("thing", thing.kind))
        before = [ru.own(name, case)] if what.startswith("my") else []
        if what.endswith("col"):
            teller.facts.add(Fact("colour", f"{thing.colour} {thing.kind}"))
            return " ".join([*before, ru.phrase(name, case, ru.COLOUR[thing.colour])])
        return " ".join([*before, name[case]])

    def mood(self, person: Person, expression: str) -> str:
        """How somebody looked."""
        return _MOODS[expression][person.woman]

    def place(self, setting: str, wanted: list[str]) -> str:
        """Where, whither or whence."""
        return ru.PLACE[setting][("in", "to", "from").index(wanted[0])]

    def moment(self, what: str, moment: Moment) -> str:
        """The time, the weather or the direction."""
        return {
            "time": ru.TIME[moment.time],
            "weather": ru.WEATHER[moment.weather],
            "sky": _SKIES[moment.weather],
            "dir": _DIRECTIONS[moment.direction][0],
            "side": _DIRECTIONS[moment.direction][1],
        }[what]

    def gender_of(self, teller: Teller, subject: Person | Prop, role: str) -> int:
        """0 for masculine, 1 feminine, 2 neuter, 3 plural."""
        if isinstance(subject, Person):
            return int(subject.woman)
        return "mfnp".index(self._noun(teller, subject, role).gender)

    def _noun(self, teller: Teller, thing: Prop, role: str) -> Noun:
        if thing.kind == "shoe":
            return ru.PAIR
        ways = ru.PROP[thing.kind]
        return ways[teller.word_for(role, len(ways))]


def _split(wanted: list[str]) -> tuple[str, str]:
    case = next((part for part in wanted if part in CASES), "nom")
    return case, next((part for part in wanted if part not in CASES), "")


def _kind(person: Person) -> Noun:
    return ru.PEOPLE[person.age, person.woman][0]


def _looks(teller: Teller, person: Person, role: str, case: str) -> str:
    who = _kind(person)
    if teller.word_for(f"{role} looks", 3) < 2:
        teller.facts.add(Fact("clothes", f"{person.top_colour} {person.top}"))
        return f"{who[case]} {_dressed(person)}"
    if person.hair_length == "bald":
        teller.facts.add(Fact("hair", "bald"))
        return ru.phrase(who, case, "лысый")
    teller.facts.add(Fact("hair", f"{person.hair_length} {person.hair_colour}"))
    hair = ru.phrase(ru.HAIR, "ins", ru.HAIR_LENGTH[person.hair_length], ru.HAIR_COLOUR[person.hair_colour])
    return f"{who[case]} с {hair}"


def _dressed(person: Person) -> str:
    return "в " + ru.phrase(ru.TOP[person.top][0], "pre", ru.COLOUR[person.top_colour])
