"""Where and when something happens: a place that somebody is in or comes to, the hour that the text names.

Knows which nouns are places and what the drawn world has for them; knows nothing about scenes.
"""

from dataclasses import dataclass
from functools import cache

from storywright.board import Language, TimeOfDay
from storywright.studio.adaptation import lexicon
from storywright.studio.adaptation.aspect import parses
from storywright.studio.adaptation.grammar import Clause, Mention
from storywright.studio.adaptation.lexicon import words_of
from storywright.studio.adaptation.text import Word
from storywright.toonworld.scene import INDOORS
from storywright.toonworld.words import lexicon as drawn
from storywright.toonworld.words import scene_from_words


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere."""

    said: str
    """As the text says it, without its article."""
    head: str
    """Its noun, in base form."""
    at: str = ""
    """The preposition before it: on the bank is not in the bank."""


NOWHERE = Place("", "")

_MORE: dict[Language, str] = {
    "en": "well tunnel hole burrow cave passage staircase stairs deck ship boat train tower dungeon cellar "
        "basement gate doorway threshold tent hut barn stable prison cell church chapel temple palace yard "
        "stage shore bank pier dock battlefield trench corridor lobby landing roof attic loft elevator lift "
        "carriage compartment hall wood lane cemetery graveyard churchyard moor marsh swamp ditch inn "
        "ward cabin quay ditch pond lake station ferry clearing path hospital school bridge square market "
        "field meadow",
    "ru": "колодец туннель нора пещера лестница корабль лодка поезд башня подвал чердак ворота палатка хижина "
        "сарай конюшня тюрьма церковь храм дворец сцена крыльцо сени горница изба берег причал пристань корма "
        "палуба коляска тарантас карета усадьба имение постоялый поляна тропа шоссе мост болото степь канава "
        "погреб сад трактир вагон крыша дорога двор площадь перрон купе остров",
}  # fmt: skip
_NO_PLACES = words_of(
    "bed mirror bath sink sofa couch desk stove oven shower toilet home hill-side screen way side hole-up island- "
    "hop hall-stand meal lesson wood-pile fire face top court ring plate country earth world sky exterior "
    "interior city-wide board cooker fridge platform-shoe bar pool pitch mars moon дом-то плита диван зеркало "
    "кровать постель доска урок комната-то бар мир небо дама зима солнце вода волна кино душ город-то range paper "
    "crossing rocks trail blackboard peak bay water"
)
_INTO: dict[Language, frozenset[str]] = {
    "en": words_of(
    "in into inside at on onto to through across along down up under behind beside near by over upon round around "
    "within among"
),
    "ru": words_of("в во на к ко под по за у через из-за около возле вдоль между среди"),
}  # fmt: skip
_WITHIN = words_of("in into inside at on в во на")
_PARTS = words_of(
    "window door floor middle end corner wall side edge top bottom centre center back front step steps entrance "
    "foot depth"
)  # fmt: skip
"""Parts of a place, of which the place is meant: the windows of the kitchen."""
_SELVES = words_of("himself herself itself themselves")
_CARRIED = words_of("boat train carriage coach lift elevator лодка коляска тарантас карета поезд вагон")
"""Places only for those who are inside."""
_LOOKS = lexicon.PERCEPTION_EN | lexicon.PERCEPTION_RU | words_of(
    "decide plan refuse intend forget решить решиться собираться point wave shout call dream think talk speak "
    "want wish long hope glance gaze turn throw say ask send write lead показывать указать кричать махать мечтать "
    "думать говорить бросить послать писать хотеть вести стучать постучать"
)  # fmt: skip
_TIMES_EN: dict[str, TimeOfDay] = {
    "morning": "morning", "dawn": "morning", "sunrise": "morning", "breakfast": "morning", "noon": "day",
    "midday": "day", "afternoon": "day", "day": "day", "lunch": "day", "evening": "evening", "dusk": "evening",
    "sunset": "evening", "twilight": "evening", "supper": "evening", "night": "night", "midnight": "night",
    "moonlight": "night", "tonight": "night",
}  # fmt: skip
_TIMES_RU: dict[str, TimeOfDay] = {
    "утро": "morning", "рассвет": "morning", "заря": "morning", "полдень": "day", "день": "day", "вечер": "evening",
    "закат": "evening", "сумерки": "evening", "ночь": "night", "полночь": "night",
}  # fmt: skip
_WORDS_RU: dict[str, TimeOfDay] = {
    "утром": "morning", "поутру": "morning", "днем": "day", "вечером": "evening", "ночью": "night",
    "заутра": "morning", "ввечеру": "evening",
}  # fmt: skip
_AT_EN = words_of("in at by on before after towards toward that next until since")
_AT_RU = words_of("в на к до после перед под с")


def place_in(clause: Clause, language: Language) -> Place | None:
    """Where the clause says that it happens, or where somebody comes to."""
    finds_oneself = clause.verb == "find" and any(m.head in _SELVES for m in clause.mentions)
    if (
        (clause.verb in _LOOKS and not finds_oneself)
        or clause.modal
        or clause.negated
        or clause.kind in ("if", "because", "relative")
    ):
        return None
    into = _WITHIN if clause.verb == "be" else _INTO[language]
    before = ""
    for mention in clause.mentions:
        part = mention.governed == "of" and before in _PARTS
        holds = next((word for word in mention.adjectives if is_place(word, language)), "")
        if mention.governed in into and mention.head in _PARTS and holds:  # on the attic floor
            return Place(holds, holds)
        carried = mention.head in _CARRIED and mention.governed not in ("in", "into", "inside", "в", "во")
        if (
            (mention.governed in into or part)
            and not carried
            and is_place(mention.head, language)
            and mention.kind != "pronoun"
        ):
            return Place(_named(mention, language), mention.head, mention.governed)
        before = mention.head
    subject = clause.subject
    if clause.verb in ("enter", "leave", "cross", "climb") and clause.verb != "leave":
        for mention in clause.mentions:
            if not mention.governed and is_place(mention.head, language):
                return Place(_named(mention, language), mention.head)
    if clause.verb in ("be", "lead") and subject is not None and is_place(subject.head, language):
        return Place(_named(subject, language), subject.head) if subject.head != "door" else None
    return None


def time_in(words: list[Word], mentions: list[Mention], language: Language) -> TimeOfDay | None:
    """The hour that a sentence names for what happens in it."""
    if language == "ru":
        for word in words:
            if word.low in _WORDS_RU:
                return _WORDS_RU[word.low]
        return next((_TIMES_RU[m.head] for m in mentions if m.head in _TIMES_RU and m.governed in _AT_RU
                     and m.head != "день"), None)  # fmt: skip
    for mention in mentions:
        hour = _TIMES_EN.get(mention.head)
        if hour and mention.head == "day":
            hour = None
        named = mention.governed in _AT_EN or mention.text.lower().startswith(("that ", "one ", "the next ", "all "))
        if hour and named and "every" not in mention.text.lower() and "first" not in mention.adjectives:
            return hour
    return None


def is_place(head: str, language: Language) -> bool:
    """Whether a noun is somewhere to be."""
    low = head.lower().replace("ё", "е")
    return low not in _NO_PLACES and (low in _own(language) or _drawable(low))


def drawn_setting(place: Place, otherwise: str) -> tuple[str, dict[str, str]]:
    """The place of the drawn world for this place, and what was mapped to it."""
    said = place.said
    if place.head == "bank" and place.at in ("on", "along", "by"):
        return "park", {said: "park"}
    for phrase, setting in _PHRASES.items():
        if phrase in said.lower():
            return setting, {said: setting}
    read = scene_from_words(said)
    if "setting" in read.said:
        mapped = {words: to for words, to in read.mapped.items() if to == read.scene.setting}
        return read.scene.setting, mapped
    low = said.lower()
    for noun, setting in _NEAREST.items():
        if noun in low.replace("ё", "е"):
            return setting, {said: setting}
    return otherwise, {said: otherwise} if said else {}


_PHRASES = {"постоял": "cafe", "train station": "bus stop", "railway station": "bus stop"}
"""What is another place than its noun alone."""
_NEAREST = {
    "well": "mountains", "hole": "forest", "tunnel": "mountains", "cave": "mountains", "passage": "living room",
    "ship": "beach", "boat": "beach", "deck": "beach", "pier": "beach", "ferry": "beach", "stage": "stadium",
    "church": "living room", "cellar": "living room", "basement": "living room", "attic": "bedroom",
    "tower": "mountains",
    "stair": "living room", "gate": "garden", "barn": "garden", "stable": "garden", "train": "bus stop",
    "compartment": "bus stop", "roof": "street", "inn": "cafe", "prison": "office", "cell": "office",
    "cemetery": "park", "graveyard": "park", "churchyard": "park", "moor": "mountains", "ditch": "garden",
    "колод": "garden", "нора": "forest", "нору": "forest", "туннел": "mountains", "пещер": "mountains",
    "лестниц": "living room", "кораб": "beach", "лодк": "beach", "корм": "beach", "палуб": "beach", "причал": "beach",
    "башн": "mountains", "подвал": "living room", "чердак": "bedroom", "ворот": "garden", "сара": "garden",
    "конюш": "garden", "тюрьм": "office", "церк": "living room", "дворец": "living room", "сцен": "stadium",
    "крыльц": "garden", "сени": "living room", "сеня": "living room", "изб": "living room", "постоял": "cafe",
    "коляск": "street", "тарантас": "street", "карет": "street", "усадьб": "garden", "имени": "garden",
    "шоссе": "street", "степ": "desert", "полян": "forest", "вагон": "bus stop", "купе": "bus stop", "крыш": "street",
}  # fmt: skip


def indoors(setting: str) -> bool:
    """Whether a place of the drawn world is inside a house."""
    return setting in INDOORS


@cache
def _own(language: Language) -> frozenset[str]:
    return frozenset(_MORE[language].split())


@cache
def _drawable(low: str) -> bool:
    return any(sense.category == "setting" for sense in drawn.senses((low,)))


def _named(mention: Mention, language: Language) -> str:
    """The place without its article; in Russian in the nominative."""
    if language == "en":
        first, _, rest = mention.text.partition(" ")
        articles = (
            "either",
            "neither",
            "both",
            "every",
            "some",
            "the",
            "a",
            "an",
            "this",
            "that",
            "her",
            "his",
            "their",
            "its",
            "another",
            "my",
            "our",
            "your",
        )
        return rest if first.lower() in articles else mention.text
    words = [_agreeing(adjective, mention) for adjective in mention.adjectives]
    return " ".join([*words, mention.head.lower()])


def _agreeing(adjective: str, mention: Mention) -> str:
    gender = {"m": "masc", "f": "femn", "n": "neut"}.get(mention.gender, "masc")
    for parse in parses(adjective):
        if parse.tag.POS in ("ADJF", "PRTF") and (form := parse.inflect({gender, "sing", "nomn"})):
            return str(form.word)
    return adjective
