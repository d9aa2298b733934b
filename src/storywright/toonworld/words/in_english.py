"""How the places of a skeleton are filled in English."""

from storywright.toonworld.scene import Person, Prop
from storywright.toonworld.words import english as en
from storywright.toonworld.words.telling import Fact, Moment, Teller

NAMES = {
    ("child", True): ("Lily", "Mia", "Zoe", "Ivy", "Ella", "Poppy"),
    ("child", False): ("Max", "Tom", "Leo", "Finn", "Sam", "Toby"),
    ("adult", True): ("Anna", "Nora", "Kate", "Lucy", "Emma", "Clara", "Maya", "Sofia"),
    ("adult", False): ("Ben", "Jack", "Adam", "Oscar", "Paul", "Hugo", "David", "Noah"),
    ("old", True): ("Grandma Rose", "Grandma Ruth", "Grandma May", "Mrs Hill"),
    ("old", False): ("Grandpa Joe", "Grandpa Bill", "Grandpa Walt", "Mr Lane"),
}
NOUNS: en.Terms = {
    "bottle": ("bottle", "flask"),
    "can": ("can", "tin"),
    "mug": ("mug", "cup"),
    "shoe": ("shoes", "sneakers"),
    "phone": ("phone", "smartphone"),
    "bicycle": ("bicycle", "bike"),
    "watch": ("watch", "wristwatch"),
    "headphones": ("headphones",),
    "backpack": ("backpack", "rucksack"),
    "perfume": ("bottle of perfume", "perfume bottle"),
    "plant": ("plant", "potted plant"),
    "gift box": ("present", "gift"),
}
"""What a story calls a thing, where the first of the prompt's words is not all."""

_PLACES = {
    "kitchen": ("in the kitchen", "into the kitchen", "out of the kitchen"),
    "living room": ("in the living room", "into the living room", "out of the living room"),
    "bedroom": ("in the bedroom", "into the bedroom", "out of the bedroom"),
    "bathroom": ("in the bathroom", "into the bathroom", "out of the bathroom"),
    "office": ("at the office", "to the office", "out of the office"),
    "cafe": ("in the cafe", "to the cafe", "out of the cafe"),
    "shop": ("in the shop", "to the shop", "out of the shop"),
    "classroom": ("in the classroom", "into the classroom", "out of the classroom"),
    "gym": ("at the gym", "to the gym", "out of the gym"),
    "street": ("in the street", "into the street", "off the street"),
    "park": ("in the park", "to the park", "out of the park"),
    "beach": ("on the beach", "to the beach", "off the beach"),
    "forest": ("in the forest", "into the forest", "out of the forest"),
    "mountains": ("in the mountains", "up into the mountains", "down from the mountains"),
    "desert": ("in the desert", "out into the desert", "out of the desert"),
    "garden": ("in the garden", "into the garden", "out of the garden"),
    "stadium": ("at the stadium", "to the stadium", "out of the stadium"),
    "bus stop": ("at the bus stop", "to the bus stop", "from the bus stop"),
}
_TIMES = {"morning": "in the morning", "day": "at midday", "evening": "in the evening", "night": "at night"}
_CLOCK = {"morning": "morning", "day": "the middle of the day", "evening": "evening", "night": "night"}
_SKIES = {"clear": "the sky is clear", "rain": "it is raining", "snow": "it is snowing", "fog": "there is fog"}
_WEATHERS = {"clear": "under a clear sky", "rain": "in the rain", "snow": "in the snow", "fog": "in the fog"}


class English:
    """English, as `telling.Grammar` wants it."""

    def person(self, teller: Teller, person: Person, role: str, wanted: list[str], named: bool) -> str:
        """A name, a pronoun, or somebody's looks."""
        what = wanted[0] if wanted else ""
        if what in ("look", "alook"):
            teller.spoken_of(role)
            looks = _looks(teller, person, role)
            if what == "look":
                return f"the {looks}"
            return en.article(looks.replace(" in the ", f" in {en.article(person.top_colour).split()[0]} "))
        if what == "wears":
            teller.facts.add(Fact("clothes", f"{person.top_colour} {person.top}"))
            return f"in the {person.top_colour} {person.top}"
        if what == "top":
            teller.facts.add(Fact("clothes", f"{person.top_colour} {person.top}"))
            return f"{person.top_colour} {person.top}"
        if what in ("man", "aman"):
            noun = en.PEOPLE[person.age, person.woman][0]
            return noun if what == "man" else en.article(noun)
        if what in _FORCED:
            teller.spoken_of(role)
            return _FORCED[what][person.woman]
        known = teller.pronoun_will_do(role)
        name = person.name or f"the {en.PEOPLE[person.age, person.woman][0]}"
        if what == "s":
            return f"{name}'s"
        if known and not named:
            return _FORCED["him" if what == "him" else "he"][person.woman]
        return name

    def thing(self, teller: Teller, thing: Prop, role: str, wanted: list[str]) -> str:
        """A thing with or without its colour and article, or its pronoun."""
        what = wanted[0] if wanted else ""
        ways = NOUNS.get(thing.kind) or en.PROP[thing.kind][:1]
        noun = ways[teller.word_for(role, len(ways))]
        if what == "it":
            return "them" if _plural(noun) else "it"
        teller.facts.add(Fact("thing", thing.kind))
        if "col" in what:
            teller.facts.add(Fact("colour", f"{thing.colour} {thing.kind}"))
            if what == "colour":
                return thing.colour
            noun = f"{thing.colour} {noun}"
        return noun if not what.startswith("a") or _plural(noun) else en.article(noun)

    def mood(self, person: Person, expression: str) -> str:
        """How somebody looks."""
        return {"neutral": "calm", "smiling": "happy"}.get(expression, expression)

    def place(self, setting: str, wanted: list[str]) -> str:
        """Where, whither, whence; or the place itself."""
        return _PLACES[setting][("in", "to", "from").index(wanted[0])] if wanted else en.SETTING[setting][0]

    def moment(self, what: str, moment: Moment) -> str:
        """The time, the weather or the direction."""
        return {
            "time": _TIMES[moment.time],
            "clock": _CLOCK[moment.time],
            "weather": _WEATHERS[moment.weather],
            "sky": _SKIES[moment.weather],
            "dir": moment.direction,
            "side": f"on the {moment.direction}",
        }[what]

    def gender_of(self, teller: Teller, subject: Person | Prop, role: str) -> int:
        """0 for him and for one thing, 1 for her and for things in the plural."""
        if isinstance(subject, Person):
            return int(subject.woman)
        return int(_plural(self.thing(teller, subject, role, [])))


_FORCED = {
    "he": ("he", "she"),
    "him": ("him", "her"),
    "his": ("his", "her"),
    "self": ("himself", "herself"),
}


def _plural(noun: str) -> bool:
    return en.plural(noun.rsplit(maxsplit=1)[-1])


def _looks(teller: Teller, person: Person, role: str) -> str:
    noun = en.PEOPLE[person.age, person.woman][0]
    if teller.word_for(f"{role} looks", 3) < 2:
        teller.facts.add(Fact("clothes", f"{person.top_colour} {person.top}"))
        return f"{noun} in the {person.top_colour} {person.top}"
    if person.hair_length == "bald":
        teller.facts.add(Fact("hair", "bald"))
        return f"bald {noun}"
    teller.facts.add(Fact("hair", f"{person.hair_length} {person.hair_colour}"))
    return f"{noun} with {person.hair_length} {person.hair_colour} hair"
