"""One sentence about one picture, in English or Russian, that tells only part of what is seen."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from storywright.board import Language
from storywright.toonworld.attributes import rides, sight
from storywright.toonworld.scene import Person, Prop, Scene
from storywright.toonworld.words.in_english import English
from storywright.toonworld.words.in_russian import Russian
from storywright.toonworld.words.russian import CASES
from storywright.toonworld.words.telling import Moment, Teller

TELLABLE = ("deed", "thing", "others", "place", "time", "weather")
"""What can be told or kept back; who is there, and a thing when nobody is, are always told."""

_TOLD = 0.6
"""How often each of them is told when it is left to the wording."""

_POSES = {
    "en": {
        "standing": "(stands|is standing)", "walking": "(walks along|is walking)", "running": "(runs|is running)",
        "sitting": "(sits|is sitting)", "waving": "(waves|is waving)", "pointing": "points to the {dir}",
        "arms raised": "(cheers|raises both arms)", "reaching": "reaches (out|for something)",
    },
    "ru": {
        "standing": "стоит", "walking": "(идёт|шагает)", "running": "(бежит|мчится)", "sitting": "сидит",
        "waving": "машет рукой", "pointing": "показывает {dir}", "arms raised": "поднимает (обе руки|руки вверх)",
        "reaching": "(протягивает руку|тянется за чем-то)",
    },
}  # fmt: skip
_USED = {
    "en": {
        "bottle": "(drinks|sips) from {}", "can": "(drinks|sips) from {}", "mug": "(drinks|sips) from {}",
        "shoe": "(ties|laces) {}", "phone": "(talks|is talking) on {}", "laptop": "(types|works) on {}",
        "car": "drives {}", "bicycle": "rides {}", "watch": "(checks|looks at) {}", "headphones": "listens with {}",
        "backpack": "packs {}", "chair": "sits on {}", "lamp": "(switches|turns) on {}", "cake": "(eats|tastes) {}",
        "pizza": "(eats|tastes) {}", "perfume": "tries {}", "toothbrush": "(brushes|cleans) {a.his} teeth with {}",
        "plant": "waters {}", "book": "(reads|leafs through) {}", "umbrella": "stands under {}",
        "ball": "plays with {}", "dog": "walks {}", "cat": "plays with {}",
        "gift box": "(opens|unwraps) {}",
    },
    "ru": {
        "bottle": "пьёт из {gen}", "can": "пьёт из {gen}", "mug": "пьёт из {gen}", "shoe": "шнурует {acc}",
        "phone": "говорит по {dat}", "laptop": "работает за {ins}", "car": "сидит за рулём {gen}",
        "bicycle": "едет на {pre}", "watch": "смотрит на {acc}", "headphones": "слушает музыку в {pre}",
        "backpack": "собирает {acc}", "chair": "сидит на {pre}", "lamp": "(включает|зажигает) {acc}",
        "cake": "(ест|пробует) {acc}", "pizza": "(ест|пробует) {acc}", "perfume": "пробует {acc}",
        "toothbrush": "чистит зубы, в руке {nom}", "plant": "поливает {acc}", "book": "(читает|листает) {acc}",
        "umbrella": "стоит под {ins}", "ball": "играет с {ins}", "dog": "выгуливает {acc}", "cat": "играет с {ins}",
        "gift box": "(открывает|разворачивает) {acc}",
    },
}  # fmt: skip
_MOODS = {
    "en": {
        "smiling": "(smiles|is smiling)", "neutral": "(is calm|looks calm)", "sad": "(is sad|looks sad)",
        "surprised": "(is surprised|looks surprised)", "angry": "(is angry|looks angry)",
    },
    "ru": {
        "smiling": "улыбается", "neutral": "(спокойно смотрит|смотрит) вперёд", "sad": "(грустит|печалится)",
        "surprised": "удивляется", "angry": "(сердится|злится)",
    },
}  # fmt: skip
_IS = {"en": "is there", "ru": "виднеется вдали"}
_HELD = {"en": "(holds|carries) {}", "ru": "(держит|несёт) {acc}"}
_WORN = {
    "en": dict.fromkeys(("shoe", "watch", "headphones", "backpack"), "wears {}"),
    "ru": {
        "shoe": "стоит в {pre}", "watch": "носит {acc}", "headphones": "стоит в {pre}", "backpack": "носит {acc}",
    },
}  # fmt: skip


def caption(
    scene: Scene,
    told: Sequence[str] | None = None,
    language: Language = "en",
    wording: int = 0,
    mention: Sequence[str] = (),
) -> str:
    """A sentence that tells these parts of the scene; which they are, the wording decides where nothing is said.

    `mention` names people of the scene in their order; those without a name are told by their looks.
    """
    random = Random(f"caption {wording}")
    if told is None:
        told = [part for part in TELLABLE if random.random() < _TOLD]
    people = {
        role: replace(person, name=name)
        for role, person, name in zip("abc", scene.people, [*mention, "", "", ""], strict=False)
    }
    teller = Teller(language, wording % 3, random, English() if language == "en" else Russian())
    pointing = next((person.facing for person in scene.people if person.pose == "pointing"), "right")
    moment = Moment(
        people=people,
        things=dict(zip("xyz", scene.props, strict=False)),
        places={"p": scene.setting},
        time=scene.time,
        weather=scene.weather,
        direction="left" if pointing == "left" else "right",
    )
    return teller.tell((_skeleton(scene, told, language, people),), moment)[0]


def _skeleton(scene: Scene, told: Sequence[str], language: Language, people: dict[str, Person]) -> str:
    seen = sight(scene)
    around = " {p.in}" if "place" in told and seen.setting else ""
    around += " {weather}" if "weather" in told and seen.setting and scene.weather != "clear" else ""
    around += " {time}" if "time" in told and seen.setting else ""
    if not seen.people:
        return f"{_thing_alone(scene, language)}{around}."
    first, *others = seen.people
    words = f"{_who(scene, first, people, language)} {_does(scene, first, told, language)}{around}"
    if others and "others" in told:
        joined = {"en": ", (and|while) ", "ru": ", а "}[language]
        second = others[0]
        words += f"{joined}{_who(scene, second, people, language)} {_does(scene, second, told, language)}"
    return f"{words}."


def _thing_alone(scene: Scene, language: Language) -> str:
    form, joined, nobody = {"en": ("acol", " and ", "Nobody is to be seen"), "ru": ("col", " и ", "Никого не видно")}[
        language
    ]
    things = ["xyz"[index] for index in sight(scene).props]
    return joined.join(f"{{{role}.{form}}}" for role in things) or nobody


def _who(scene: Scene, index: int, people: dict[str, Person], language: Language) -> str:
    role = "abc"[index]
    if people[role].name:
        return f"{{{role.upper()}}}"
    looks = "look" if "top" in sight(scene).parts else "man"
    return f"{{{role}.{'a' if language == 'en' else ''}{looks}}}"


def _does(scene: Scene, index: int, told: Sequence[str], language: Language) -> str:
    person, seen = scene.people[index], sight(scene)
    for number in seen.props:
        prop = scene.props[number]
        if prop.use != "standing" and prop.by == index and "thing" in told:
            return _with_thing(prop, "xyz"[number], "abc"[index], language)
    if "deed" in told and "pose" in seen.parts and not rides(scene, index):
        return _POSES[language][person.pose]
    if "expression" in seen.parts:
        return _MOODS[language][person.expression]
    return _IS[language]


def _with_thing(prop: Prop, role: str, who: str, language: Language) -> str:
    if prop.use == "used":
        way = _USED[language][prop.kind]
    elif prop.use == "worn" and prop.kind in _WORN[language]:
        way = _WORN[language][prop.kind]
    else:
        way = _HELD[language]
    if language == "en":
        return way.replace("{}", f"{{{role}.acol}}").replace("{a.", f"{{{who}.")
    for case in CASES:
        way = way.replace(f"{{{case}}}", f"{{{role}.col.{case}}}")
    return way
