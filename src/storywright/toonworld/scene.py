"""What can be drawn: the words of the drawn world, and a scene made of them.

A scene says everything about a picture; the same scene gives the same drawing at any size and aspect.
"""

from dataclasses import dataclass

from storywright.board import Style

INDOORS = ("kitchen", "living room", "bedroom", "bathroom", "office", "cafe", "shop", "classroom", "gym")
OUTDOORS = ("street", "park", "beach", "forest", "mountains", "desert", "garden", "stadium", "bus stop")
SETTINGS = INDOORS + OUTDOORS
TIMES = ("morning", "day", "evening", "night")
WEATHERS = ("clear", "rain", "snow", "fog")
"""All but clear are drawn outdoors only; it does not snow on the beach or in the desert."""

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black", "brown")
SKINS = ("light", "tan", "brown", "dark")
HAIR_LENGTHS = ("short", "long", "bald")
HAIR_COLOURS = ("black", "brown", "blond", "red", "grey")
TOPS = ("shirt", "jacket", "dress", "hoodie")
BOTTOMS = ("trousers", "skirt", "shorts")
AGES = ("child", "adult", "old")
HATS = ("", "cap", "sun hat")
POSES = ("standing", "walking", "running", "sitting", "waving", "pointing", "arms raised", "reaching")
EXPRESSIONS = ("smiling", "neutral", "sad", "surprised", "angry")
FACINGS = ("front", "left", "right")

PROPS = (
    "bottle", "can", "mug", "shoe", "phone", "laptop", "car", "bicycle", "watch", "headphones", "backpack", "chair",
    "lamp", "cake", "pizza", "perfume", "toothbrush", "plant", "book", "umbrella", "ball", "dog", "cat", "gift box",
)  # fmt: skip
USES = ("held", "worn", "used", "standing")
USES_OF: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(PROPS, ("held", "used", "standing")),
    **dict.fromkeys(("shoe", "watch", "headphones", "backpack"), ("worn", "held", "standing")),
    **dict.fromkeys(("car", "bicycle", "chair"), ("used", "standing")),
}
"""The uses that make sense for a prop. Any other is drawn too: worn where nothing can be worn is held."""

SHOT_SIZES = (
    "extreme close-up", "close-up", "medium close-up", "medium", "medium full", "full", "long", "extreme long",
    "establishing", "insert",
)  # fmt: skip
ANGLES = ("eye level", "high", "low", "bird's eye", "worm's eye", "over the shoulder", "dutch")
STYLES: tuple[Style, ...] = ("flat", "pencil", "ink", "watercolour")


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One person as they look and stand in this panel."""

    name: str = ""
    """Not drawn; keeps a person apart from another with the same looks."""
    woman: bool = False
    """Chooses face, build and pronouns."""
    age: str = "adult"
    skin: str = "light"
    hair_length: str = "short"
    hair_colour: str = "brown"
    top: str = "shirt"
    top_colour: str = "blue"
    bottom: str = "trousers"
    bottom_colour: str = "black"
    glasses: bool = False
    hat: str = ""
    pose: str = "standing"
    expression: str = "neutral"
    facing: str = "front"
    """front, left or right."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prop:
    """A thing in the picture."""

    kind: str
    colour: str = "red"
    use: str = "standing"
    """standing in the scene; or held, worn or used by the person `by`."""
    by: int = 0
    """Index of that person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """Everything about one picture."""

    setting: str = "park"
    time: str = "day"
    weather: str = "clear"
    people: tuple[Person, ...] = ()
    """None to three, from left to right."""
    props: tuple[Prop, ...] = ()
    """None to three; the first is the subject of an insert."""
    shot: str = "medium full"
    angle: str = "eye level"
    focus: int = 0
    """The person a close shot looks at."""
    style: Style = "flat"
    words_room: bool = False
    """Keep a calm area free for words, as a product close-up needs."""
    seed: int = 0
    """Chooses what the words leave open: how the furniture stands, where the clouds are."""

    def __post_init__(self) -> None:
        for name, known in _KNOWN.items():
            if getattr(self, name) not in known:
                raise ValueError(f"scene has no {name} {getattr(self, name)!r}: choose from {', '.join(known)}")
        if self.weather != "clear" and self.setting in INDOORS:
            raise ValueError(f"there is no {self.weather} in the {self.setting}: weather is for outdoor settings")


_KNOWN: dict[str, tuple[str, ...]] = {
    "setting": SETTINGS,
    "time": TIMES,
    "weather": WEATHERS,
    "shot": SHOT_SIZES,
    "angle": ANGLES,
    "style": STYLES,
}
