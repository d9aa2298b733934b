"""From a beat to a scene that can be drawn: who stands where, with what, and from where one looks.

Free words meet the drawable world here: what the illustrator never saw is mapped to the nearest thing that it did,
and the mapping is kept for the panel to show.
"""

from dataclasses import dataclass, replace
from random import Random

from storywright.board import Brief, CastMember, Move
from storywright.errors import BadInput
from storywright.studio import free_words, languages, plan
from storywright.studio.plan import Moment
from storywright.toonworld import words
from storywright.toonworld.grammar import shots
from storywright.toonworld.scene import COLOURS, INDOORS, PROPS, SETTINGS, USES_OF, Person, Prop, Scene

_PLACES = {
    "home": ("kitchen", "living room", "bedroom"),
    "work": ("office", "cafe", "shop"),
    "out": ("park", "street", "garden"),
}
_PLACES_OF: dict[str, dict[str, tuple[str, ...]]] = {
    "bottle": {"out": ("park", "stadium", "beach"), "work": ("gym", "office")},
    "shoe": {"out": ("street", "park", "stadium"), "work": ("gym",)},
    "toothbrush": {"home": ("bathroom",)},
    "perfume": {"home": ("bathroom", "bedroom"), "work": ("shop", "cafe")},
    "lamp": {"home": ("bedroom", "living room")},
    "mug": {"home": ("kitchen",), "work": ("cafe", "office")},
    "book": {"home": ("living room", "bedroom"), "work": ("classroom", "cafe")},
    "car": {"out": ("street", "mountains", "desert")},
    "bicycle": {"out": ("street", "park", "mountains")},
}
_SHOT_CLASS = {
    "establishing": "wide",
    "extreme long": "wide",
    "long": "wide",
    "full": "full",
    "medium full": "near",
    "medium": "near",
    "medium close-up": "close",
    "close-up": "close",
    "extreme close-up": "close",
    "insert": "insert",
}
_CLEAR_ANGLES = ("eye level", "eye level", "eye level", "low", "high")
"""Those that leave faces and products readable; the others are a person's choice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Staged:
    """A panel before it is drawn."""

    scene: Scene
    words: str
    prompt: str
    move: Move
    drawn_as: dict[str, str]


class Stage:
    """Everything about a brief that stays the same from panel to panel: the people, the product, the places."""

    def __init__(self, brief: Brief, *, free: bool = False) -> None:
        """`free`: the illustrator takes any words, so that nothing has to be mapped."""
        self.brief, self._free = brief, free
        self.cast = plan.cast_of(brief)
        self.unread = languages.unknown_in(_own_words(brief))
        """The language of the brief's words where it is one that the writer does not know."""
        told = (brief.product.description, brief.proposition, brief.tone) if self.unread is None else ()
        self.summary = ". ".join(part for part in (brief.product.name, *told) if part)
        self._mapped: dict[str, str] = {}
        self._people = [self._looks(member) for member in self.cast]
        self._product = self._thing()
        self._places = self._homes()

    def set(self, moment: Moment, told: str, seed: int, before: Staged | None = None, acts: str = "") -> Staged:
        """The scene of a moment, from the looks, the product and the places of this brief.

        `acts` is what of its words the writer wrote, which says what is done; all of them where the idea says nothing.
        """
        random, beat = Random(seed), moment.beat
        people, props = self._figures(moment), self._props(moment)
        scene = Scene(
            setting=self._places[beat.place],
            time=beat.time or (before.scene.time if before else "day"),
            weather="rain" if beat.rain and self._places[beat.place] not in INDOORS else "clear",
            people=() if beat.product == "insert" else people,
            props=props,
            style=self.brief.style,
            words_room=beat.name == "end frame",
            seed=seed,
        )
        if acts or not moment.words:
            scene = self._as_told(scene, acts or told)
        insisted: dict[str, str] = {}
        for wish in moment.shows:
            scene, mapped = self._showing(scene, wish)
            insisted |= mapped
        size, angle = self._shot(beat.shot, scene, before, random)
        scene = replace(scene, shot=size, angle=angle)
        shows_product = any(prop.kind == self._product.kind for prop in scene.props)
        if self._free:
            said = self._said(moment, told, scene)
            return Staged(scene=scene, words=told, prompt=said, move=_move(scene), drawn_as={})
        drawn_as = (self._mapped if shows_product or not self.brief.product.kind else {}) | insisted
        return Staged(scene=scene, words=told, prompt=words.prompt(scene), move=_move(scene), drawn_as=drawn_as)

    def keeps(self, moment: Moment, caption: str) -> bool:
        """Whether a caption can be drawn, with the people and in the place of this moment, without what is sold."""
        beat = moment.beat
        here = {person.name for person in self._people[: 2 if beat.friend else 1]}
        absent = [person.name for person in self._people if person.name not in here]
        read = words.scene_from_words(caption, {person.name: person for person in self._people})
        elsewhere = "setting" in read.said and read.scene.setting != self._places[beat.place]
        shows_product = any(prop.kind == self._product.kind for prop in read.scene.props)
        return not (read.unknown or elsewhere or shows_product or any(name in caption for name in absent))

    def _said(self, moment: Moment, told: str, scene: Scene) -> str:
        """The brief's own words for the panel."""
        product = self.brief.product
        thing = product.description or product.kind or product.name
        alone = moment.beat.product == "insert"
        looks = {member.name: member.looks for member in self.cast}
        return free_words.prompt(
            thing if alone else told,
            style=self.brief.style,
            size=scene.shot,  # type: ignore[arg-type]
            angle=scene.angle,  # type: ignore[arg-type]
            looks={person.name: looks.get(person.name, "") for person in scene.people},
            things=[*([thing] if moment.beat.product else []), *moment.shows],
            place=scene.setting,
            time=scene.time,
        )

    def notices(self, scenes: list[Staged]) -> list[str]:
        """What the reader of the board should know about what could not be drawn as it was said."""
        with_mapping = sum(bool(scene.drawn_as) for scene in scenes)
        if not with_mapping:
            return []
        pairs = ", ".join(f"{said} → {drawn}" for said, drawn in self._mapped.items())
        share = (
            f"{with_mapping} of {len(scenes)} panels"
            if self.brief.language == "en"
            else f"{with_mapping} из {len(scenes)} кадров"
        )
        said = {
            "en": f"Out of the drawable world, drawn as the nearest thing in {share}: {pairs}.",
            "ru": f"Вне рисуемого мира, нарисовано ближайшее ({share}): {pairs}.",
        }
        return [said[self.brief.language]]

    def _looks(self, member: CastMember) -> Person:
        read = words.scene_from_words(member.looks)
        person = read.scene.people[0] if read.scene.people else Person()
        self._mapped |= read.mapped
        return replace(person, name=member.name, pose="standing", expression="neutral", facing="front")

    def _thing(self) -> Prop:
        product = self.brief.product
        read = words.scene_from_words(f"{product.description}, {product.kind}")
        if product.kind not in PROPS:
            self._mapped |= {said: meant for said, meant in read.mapped.items() if meant in PROPS}
        found = [prop for prop in read.scene.props if prop.kind == product.kind] or list(read.scene.props)
        if found:
            kind = found[0].kind
        elif product.kind in PROPS:
            kind = product.kind
        else:
            kind = self._mapped[product.kind or product.name] = "gift box"
        named = [colour for colour in COLOURS if colour in product.description.lower().split()]
        return Prop(kind=kind, colour=found[0].colour if found and not named else (named or ["red"])[0])

    def _homes(self) -> dict[str, str]:
        """One place of each kind: one that the brief names, or one where such a product is used."""
        brief = self.brief
        text = " ".join((brief.product.description, brief.proposition, brief.insight, brief.objective))
        named = [setting for setting in SETTINGS if setting in text.lower()]
        random, places = Random(f"places {brief.seed}"), {}
        for kind, usual in _PLACES.items():
            fitting = [s for s in named if (s in INDOORS) == (kind != "out")]
            places[kind] = random.choice(fitting or _PLACES_OF.get(self._product.kind, {}).get(kind, usual))
        return places

    def _figures(self, moment: Moment) -> tuple[Person, ...]:
        beat = moment.beat
        hero = replace(self._people[0], pose=beat.pose, expression=beat.expression)
        if not beat.friend:
            return (hero,)
        return (replace(hero, facing="right"), replace(self._people[1], expression=beat.expression, facing="left"))

    def _props(self, moment: Moment) -> tuple[Prop, ...]:
        beat, props = moment.beat, []
        if beat.product:
            wished = "standing" if beat.product == "insert" else beat.product
            able = USES_OF[self._product.kind]
            use = wished if wished in able else next((u for u in ("used", "worn", "held") if u in able), "standing")
            props.append(replace(self._product, use=use))
        if beat.gift and self._product.kind != "gift box":
            props.append(Prop(kind="gift box", colour="red"))
        return tuple(props)

    def _as_told(self, scene: Scene, told: str) -> Scene:
        """What the writer's words change about the scene: place, pose, mood and things."""
        read = words.scene_from_words(told, {person.name: person for person in self._people})
        people = scene.people
        if people and read.scene.people:
            seen, said = read.scene.people[0], read.said
            pose = seen.pose if "person_1.pose" in said else people[0].pose
            mood = seen.expression if "person_1.expression" in said else people[0].expression
            people = (replace(people[0], pose=pose, expression=mood), *people[1:])
        props = tuple(replace(prop, use="standing", by=0) for prop in read.scene.props) or scene.props
        setting = read.scene.setting if "setting" in read.said else scene.setting
        weather = scene.weather if setting == scene.setting else "clear"
        return replace(scene, people=people, props=props, setting=setting, weather=weather)

    def _showing(self, scene: Scene, wish: str) -> tuple[Scene, dict[str, str]]:
        """The scene with what the client insists on: another thing or person, or the place where it is."""
        read = words.scene_from_words(wish, {person.name: person for person in self._people})
        things = tuple(replace(prop, use="standing", by=0) for prop in read.scene.props)
        setting = read.scene.setting if "setting" in read.said else scene.setting
        weather = "clear" if setting in INDOORS else scene.weather
        here = {person.name for person in scene.people}
        others = tuple(person for person in read.scene.people if not person.name or person.name not in here)
        people = (*scene.people, *others)[:3]
        shown = replace(scene, people=people, props=(*scene.props, *things)[:3], setting=setting, weather=weather)
        return shown, read.mapped

    def _shot(self, wished: str, scene: Scene, before: Staged | None, random: Random) -> tuple[str, str]:
        """The beat's shot, or a neighbour of it where the cut would jump; angles that leave everything readable."""
        subject = frozenset(person.name for person in scene.people)
        if before is None:
            return wished, "eye level"
        last = before.scene
        earlier = shots.Shot(last.shot, last.angle, last.setting, frozenset(p.name for p in last.people))
        if shots.jumps(wished, scene.setting, subject, earlier):
            wished = shots.shot(random, _SHOT_CLASS[wished], scene.setting, subject, earlier).size
        return wished, "eye level" if wished == "insert" else random.choice(_CLEAR_ANGLES)


def _own_words(brief: Brief) -> str:
    """What the brief says in sentences."""
    said = (brief.product.description, brief.proposition, brief.insight, brief.objective, brief.audience)
    return " ".join([*said, *brief.reasons_to_believe, brief.call_to_action])


def refuse_unshowable(brief: Brief) -> None:
    """Say which mandatory the drawn world has nothing for, and what could be done about it."""
    cast = {member.name: Person(name=member.name) for member in plan.cast_of(brief)}
    for index, wish in enumerate(brief.mandatories.must_show):
        if plan.is_product(wish, brief) or plan.is_logo(wish):
            continue
        read = words.scene_from_words(wish, cast)
        if not (read.scene.props or read.scene.people or "setting" in read.said):
            raise BadInput(
                f"The brief, field mandatories.must_show.{index}: nothing like {wish!r} can be drawn by the embedded "
                "illustrator: say it by a thing, a person or a place, such as 'a brown dog' or 'a beach', or draw with "
                "a published checkpoint (--illustrator NAME)."
            )


def _move(scene: Scene) -> Move:
    if scene.words_room:
        return "static"  # words that move out of the frame cannot be read
    if scene.shot == "insert":
        return "zoom in"
    if scene.shot in ("establishing", "extreme long"):
        return "pan"
    if scene.people and scene.people[0].pose in ("walking", "running"):
        return "tracking"
    return "static"
