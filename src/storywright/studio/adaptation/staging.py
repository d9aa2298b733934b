"""From what a panel shows to a scene that can be drawn: who stands where, does what, with which things, in which place.

People keep their side of the picture for a whole scene, so that the axis holds. What the drawn world does not have is
drawn as the nearest thing that it has, and the panel says so.
"""

import hashlib
import re
from dataclasses import dataclass, field, replace

from storywright.board import Language, Style
from storywright.studio import free_words
from storywright.studio.adaptation import places
from storywright.studio.adaptation.lexicon import words_of
from storywright.studio.adaptation.looks import Wardrobe, in_words
from storywright.studio.adaptation.panels import Shown
from storywright.studio.adaptation.people import Character
from storywright.studio.adaptation.scenes import Scene as Told
from storywright.studio.staging import Staged
from storywright.toonworld.scene import INDOORS, USES_OF, Person, Prop, Scene
from storywright.toonworld.words import Understood, prompt, scene_from_words

_MOST = 3
"""People, and things, that one picture holds."""
_DOGS = words_of(
    "dog horse pony cow pig goat sheep lamb fox wolf bear deer donkey puppy elephant собака пёс пес щенок лошадь "
    "конь корова коза овца свинья волк лиса медведь слон осёл осел жеребёнок"
)
_QUOTED = re.compile(r"[“«].*?[”»]|: .*$", re.DOTALL)


@dataclass(slots=True)
class _Set:
    """What stays the same through a scene."""

    setting: str
    mapped: dict[str, str]
    weather: str
    seed: int
    """Chooses the furniture, the same for a place wherever it comes back."""
    sides: dict[Character, int] = field(default_factory=dict)


class Stage:
    """Stages the panels of a manuscript, one after the other."""

    def __init__(self, wardrobe: Wardrobe, language: Language, style: Style, seed: int, *, free: bool = False) -> None:
        """`free`: the illustrator takes any words, so that nothing has to be mapped."""
        self._wardrobe, self._language, self._style, self._seed = wardrobe, language, style, seed
        self._free = free
        self._sets: dict[int, _Set] = {}
        self._last_setting = ""

    def set(self, panel: Shown, words: str) -> Staged:
        """The scene of a panel."""
        place = self._set_of(panel.scene)
        read = scene_from_words(_QUOTED.sub("", words))
        mapped = dict(place.mapped)
        people = self._people(panel, place, read)
        props = self._props(panel, read, people, mapped)
        scene = Scene(
            setting=place.setting,
            time=panel.scene.time or "day",
            weather=place.weather if place.setting not in INDOORS else "clear",
            people=people,
            props=props,
            shot=panel.size,
            angle=panel.angle,
            focus=self._focus(panel, people),
            style=self._style,
            seed=place.seed,
        )
        if self._free:
            said = self._said(panel, words)
            return Staged(scene=scene, words=words, prompt=said, move=panel.move, drawn_as={})
        return Staged(scene=scene, words=words, prompt=prompt(scene), move=panel.move, drawn_as=mapped)

    def _said(self, panel: Shown, words: str) -> str:
        """The manuscript's own words for the panel, with the looks of those whom it shows."""
        looks = {person: self._wardrobe.person(person) for person in panel.people if not person.plural}
        return free_words.prompt(
            _QUOTED.sub("", words),
            style=self._style,
            size=panel.size,
            angle=panel.angle,
            looks={one.name: "" if one.animal else in_words(worn, self._language) for one, worn in looks.items()},
            place=panel.scene.place.said,
            time=panel.scene.time or "",
        )

    def _set_of(self, told: Told) -> _Set:
        key = id(told)
        if key not in self._sets:
            self._sets = {key: self._built(told)}
            self._last_setting = self._sets[key].setting
        return self._sets[key]

    def _built(self, told: Told) -> _Set:
        usual = {True: "living room", False: "street", None: self._hinted(told)}[told.inside]
        setting, mapped = places.drawn_setting(told.place, usual)
        if told.inside is False and setting in INDOORS:  # before a house, not in it
            setting, mapped = "garden", {told.place.said: "garden"}
        weathers = [scene_from_words(event.words) for event in told.events[:12] if not event.line]
        weather = next((read.scene.weather for read in weathers if "weather" in read.said), "clear")
        snows = weather == "snow" and setting in ("beach", "desert")
        digest = hashlib.sha256(f"{self._seed} {told.place.head} {setting}".encode()).digest()
        seed = int.from_bytes(digest[:4]) & 0x7FFFFFFF
        return _Set(setting, mapped, "clear" if setting in INDOORS or snows else weather, seed)

    def _hinted(self, told: Told) -> str:
        """Where nothing is said, a place that the words of the scene hint at."""
        for event in told.events:
            read = scene_from_words(_QUOTED.sub("", event.words))
            if "setting" in read.said and (event.moves or read.scene.setting not in INDOORS):
                return read.scene.setting
        return self._last_setting or "street"

    def _people(self, panel: Shown, place: _Set, read: Understood) -> tuple[Person, ...]:
        if panel.size == "insert":
            return ()
        shown = [person for person in panel.people if not person.animal and not person.plural][:_MOST]
        if not shown:
            return self._crowd(panel)
        for person in shown:
            place.sides.setdefault(person, len(place.sides))
        ordered = sorted(shown, key=lambda person: place.sides[person])
        found = []
        for index, character in enumerate(ordered):
            pose, expression = self._acts(panel, character)
            facing = (
                "front" if len(ordered) == 1 and not panel.lines else _facing(place.sides[character], index, ordered)
            )
            looks = self._wardrobe.person(character)
            found.append(replace(looks, pose=pose, expression=expression, facing=facing))
        return tuple(found)

    def _crowd(self, panel: Shown) -> tuple[Person, ...]:
        """Commuters, guests: some people where nobody in particular is seen."""
        several = next((person for person in panel.people if person.plural and not person.animal), None)
        if several is None:
            return ()
        pose, expression = self._acts(panel, several)
        looks = [replace(several, name=f"{several.name} {number}", plural=False) for number in range(1, _MOST + 1)]
        return tuple(
            replace(Wardrobe(self._seed, self._language).person(one), name="", pose=pose, expression=expression,
                    top_colour=colour, facing=facing)
            for one, colour, facing in zip(looks, ("brown", "white", "purple"), ("right", "left", "right"), strict=True)
        )  # fmt: skip

    def _acts(self, panel: Shown, character: Character) -> tuple[str, str]:
        """Pose and face, by the verbs of what somebody does in this panel."""
        pose, expression = "standing", "neutral"
        for event in panel.events:
            if not event.people or event.people[0].final() is not character:
                continue
            pose = _POSES.get(event.verb, pose)
            expression = _FACES.get(event.verb, expression)
            read = scene_from_words(_QUOTED.sub("", event.words))
            if "person_1.pose" in read.said and pose == "standing":
                pose = read.scene.people[0].pose
            if "person_1.expression" in read.said and expression == "neutral":
                expression = read.scene.people[0].expression
            if event.sudden and expression == "neutral":
                expression = "surprised"
            if event.line.endswith("!") and expression == "neutral":
                expression = "surprised"
        return pose, expression

    def _props(
        self, panel: Shown, read: Understood, people: tuple[Person, ...], mapped: dict[str, str]
    ) -> tuple[Prop, ...]:
        found: list[Prop] = []
        for person in panel.people:
            if person.animal and len(found) < _MOST:
                kind = "dog" if person.animal in _DOGS else "cat"
                found.append(Prop(kind=kind, colour=_coat(person), use="standing"))
                if person.animal not in ("dog", "cat", "собака", "кошка", "кот", "пёс", "пес"):
                    mapped[person.animal] = kind
        lead = self._lead(panel, people)
        inside = self._set_of(panel.scene).setting in INDOORS
        drinks = any(event.verb in _DRINKS for event in panel.events)
        for prop in read.scene.props:
            said = [words for words, to in read.mapped.items() if to == prop.kind]
            poured = bool(said) and all(words in _LIQUIDS for words in said) and not drinks
            if prop.kind == "car" and (inside or any(words.startswith(_AFLOAT) for words in said)):
                continue
            if len(found) == _MOST or poured or any(prop.kind == other.kind for other in found):
                continue
            use = prop.use if people and prop.use in USES_OF[prop.kind] else "standing"
            found.append(replace(prop, use=use, by=lead if use != "standing" else 0))
            mapped.update({said: to for said, to in read.mapped.items() if to == prop.kind})
        return tuple(found)

    def _lead(self, panel: Shown, people: tuple[Person, ...]) -> int:
        names = [person.name for person in people]
        return next((names.index(one.name) for one in panel.people if one.name in names), 0)

    def _focus(self, panel: Shown, people: tuple[Person, ...]) -> int:
        return self._lead(panel, people) if people else 0


def _facing(side: int, index: int, ordered: list[Character]) -> str:
    if len(ordered) == 1:
        return "right" if side % 2 == 0 else "left"
    return "right" if index == 0 else "left"


def _coat(character: Character) -> str:
    text = " ".join((character.name, *character.described)).lower()
    for word, colour in _COATS.items():
        if word in text:
            return colour
    return "brown"


_COATS = {"white": "white", "black": "black", "red": "orange", "ginger": "orange", "бел": "white", "черн": "black",
          "чёрн": "black", "рыж": "orange", "grey": "black", "сер": "black"}  # fmt: skip


_LIQUIDS = words_of("water oil juice milk wine вода воды воду водой вина вино молок")
"""Drawn as a vessel only for those who drink or pour."""
_AFLOAT = ("boat", "ferry", "ship", "лодк")
_DRINKS = words_of("drink pour sip taste offer пить выпить попить налить наливать")


def _by_verbs(table: dict[str, str]) -> dict[str, str]:
    return {verb: value for value, verbs in table.items() for verb in verbs.split()}


_POSES = _by_verbs(
    {
        "walking": "go walk come enter leave wander stroll march step cross approach return climb arrive follow идти "
        "пойти прийти войти выйти зайти уйти подойти отойти вернуться бродить гулять отправиться расхаживать "
        "взобраться",
        "running": "run rush hurry chase race jump leap hop flee escape dash bolt бежать побежать прибежать убежать "
        "прыгнуть вскочить броситься мчаться нестись носиться прыгать",
        "sitting": "sit crouch kneel lie rest sleep doze crawl сидеть сесть присесть лежать лечь спать садиться",
        "waving": "wave beckon greet махать замахать помахать поклониться",
        "pointing": "point show tell explain показать показывать указать объяснить",
        "arms raised": "cheer celebrate dance raise ликовать танцевать",
        "reaching": "take grab catch reach pull open give hand hold pick lift touch put push tie hang throw fill knock "
        "try hug embrace seize lay snatch drop взять поймать вынуть достать открыть дать подать протянуть "
        "поднять снять обнять прижать положить поставить постучать вытащить прислонить заткнуть накинуть "
        "погладить стиснуть",
    }
)
_FACES = _by_verbs(
    {
        "smiling": "laugh smile grin giggle chuckle улыбнуться улыбаться смеяться засмеяться рассмеяться усмехнуться",
        "sad": "cry weep sob sigh moan groan плакать заплакать вздохнуть вздыхать рыдать",
        "surprised": "gasp stare discover find notice jump start exclaim увидеть заметить найти вскрикнуть воскликнуть "
        "удивиться",
        "angry": "shout yell growl snap frown scold argue кричать крикнуть закричать нахмуриться ворчать",
    }
)
