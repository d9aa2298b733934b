"""The English words of the drawn world: for each thing that can be drawn, the ways to say it, the usual one first."""

from collections.abc import Callable, Mapping

from storywright.toonworld.scene import COLOURS

Terms = Mapping[str, tuple[str, ...]]

STYLE: Terms = {
    "flat": ("flat colour drawing", "flat cartoon", "drawing in flat colours", "flat illustration"),
    "pencil": ("pencil drawing", "pencil sketch", "drawn in pencil", "graphite sketch"),
    "ink": ("ink drawing", "black ink drawing", "drawn in ink", "pen and ink sketch"),
    "watercolour": ("watercolour painting", "watercolour sketch", "painted in watercolour", "watercolor painting"),
}
SHOT: Terms = {
    "extreme close-up": ("extreme close-up", "very tight close-up", "extreme closeup"),
    "close-up": ("close-up", "close shot", "closeup", "tight shot"),
    "medium close-up": ("medium close-up", "head and shoulders shot", "medium closeup", "bust shot"),
    "medium": ("medium shot", "waist shot", "mid shot", "shot from the waist up"),
    "medium full": ("medium full shot", "cowboy shot", "knee shot", "shot from the knees up"),
    "full": ("full shot", "full figure shot", "head to toe shot", "full body shot"),
    "long": ("long shot", "wide shot", "shot from afar"),
    "extreme long": ("extreme long shot", "very wide shot", "extreme wide shot", "shot from very far"),
    "establishing": ("establishing shot", "opening view", "establishing view"),
    "insert": ("insert", "insert shot", "detail shot", "product shot", "product close-up"),
}
ANGLE: Terms = {
    "eye level": ("eye level", "at eye level", "straight on"),
    "high": ("high angle", "seen from above", "from above", "camera looking down"),
    "low": ("low angle", "seen from below", "from below", "camera looking up"),
    "bird's eye": ("bird's eye view", "top view", "overhead view", "from directly above"),
    "worm's eye": ("worm's eye view", "from the ground", "view from the ground up", "ground level view"),
    "over the shoulder": ("over the shoulder", "over the shoulder view", "from behind a shoulder"),
    "dutch": ("dutch angle", "tilted camera", "canted angle", "slanted view"),
}
SETTING: Terms = {
    "kitchen": ("kitchen",),
    "living room": ("living room", "lounge", "sitting room"),
    "bedroom": ("bedroom",),
    "bathroom": ("bathroom", "washroom"),
    "office": ("office", "workplace"),
    "cafe": ("cafe", "coffee shop", "café"),
    "shop": ("shop", "store"),
    "classroom": ("classroom", "school room"),
    "gym": ("gym", "fitness room"),
    "street": ("street", "city street"),
    "park": ("park", "city park"),
    "beach": ("beach", "seaside", "shore"),
    "forest": ("forest", "woods"),
    "mountains": ("mountains", "hills"),
    "desert": ("desert", "sand dunes"),
    "garden": ("garden", "back garden"),
    "stadium": ("stadium", "sports ground"),
    "bus stop": ("bus stop", "bus shelter"),
}
TIME: Terms = {
    "morning": ("morning", "early morning", "in the morning", "sunrise"),
    "day": ("day", "daytime", "by day", "at noon"),
    "evening": ("evening", "in the evening", "sunset", "dusk"),
    "night": ("night", "at night", "by night", "after dark"),
}
WEATHER: Terms = {
    "clear": ("clear sky", "clear weather", "fine weather"),
    "rain": ("rain", "rainy", "rainy weather", "pouring rain"),
    "snow": ("snow", "snowy", "snowfall", "falling snow"),
    "fog": ("fog", "foggy", "mist", "misty"),
}
SKIN: Terms = {
    "light": ("light", "pale", "fair"),
    "tan": ("tan", "tanned", "olive"),
    "brown": ("brown",),
    "dark": ("dark", "deep brown"),
}
HAIR_LENGTH: Terms = {"short": ("short", "cropped"), "long": ("long", "flowing")}
HAIR_COLOUR: Terms = {
    "black": ("black",),
    "brown": ("brown", "chestnut"),
    "blond": ("blond", "blonde", "golden"),
    "red": ("red", "ginger"),
    "grey": ("grey", "gray", "silver"),
}
COLOUR: Terms = {colour: (colour,) for colour in COLOURS} | {
    "red": ("red", "bright red"),
    "yellow": ("yellow", "sunny yellow"),
    "purple": ("purple", "violet"),
    "pink": ("pink", "rose"),
    "white": ("white", "snow white"),
    "black": ("black", "jet black"),
}
TOP: Terms = {
    "shirt": ("shirt", "T-shirt", "top"),
    "jacket": ("jacket", "coat"),
    "dress": ("dress", "frock"),
    "hoodie": ("hoodie", "hooded sweatshirt"),
}
BOTTOM: Terms = {
    "trousers": ("trousers", "pants"),
    "skirt": ("skirt",),
    "shorts": ("shorts",),
}
HAT: Terms = {"cap": ("cap", "baseball cap"), "sun hat": ("sun hat", "wide hat", "straw hat")}
GLASSES = ("glasses", "spectacles", "eyeglasses")
POSE: Terms = {
    "standing": ("standing",),
    "walking": ("walking", "strolling"),
    "running": ("running", "sprinting"),
    "sitting": ("sitting", "seated"),
    "waving": ("waving", "waving a hand"),
    "pointing": ("pointing", "pointing a finger"),
    "arms raised": ("arms raised", "both arms up", "with arms in the air", "cheering"),
    "reaching": ("reaching", "reaching out"),
}
EXPRESSION: Terms = {
    "smiling": ("smiling", "happy", "with a smile", "cheerful"),
    "neutral": ("calm", "with a calm face", "neutral"),
    "sad": ("sad", "unhappy", "with a sad face", "downcast"),
    "surprised": ("surprised", "astonished", "with a surprised face", "amazed"),
    "angry": ("angry", "furious", "with an angry face", "cross"),
}
FACING: Terms = {
    "left": ("facing left", "turned left", "looking to the left"),
    "right": ("facing right", "turned right", "looking to the right"),
}
PROP: Terms = {
    "bottle": ("bottle", "water bottle"),
    "can": ("can", "drinks can", "tin"),
    "mug": ("mug", "cup"),
    "shoe": ("shoe", "sneaker"),
    "phone": ("phone", "smartphone", "mobile phone"),
    "laptop": ("laptop", "laptop computer", "notebook computer"),
    "car": ("car", "automobile"),
    "bicycle": ("bicycle", "bike"),
    "watch": ("watch", "wristwatch"),
    "headphones": ("headphones", "earphones"),
    "backpack": ("backpack", "rucksack"),
    "chair": ("chair", "armchair"),
    "lamp": ("lamp", "table lamp"),
    "cake": ("cake", "birthday cake"),
    "pizza": ("pizza",),
    "perfume": ("perfume", "perfume bottle", "bottle of perfume"),
    "toothbrush": ("toothbrush",),
    "plant": ("plant", "potted plant", "houseplant"),
    "book": ("book", "novel"),
    "umbrella": ("umbrella", "brolly"),
    "ball": ("ball",),
    "dog": ("dog", "puppy"),
    "cat": ("cat", "kitten"),
    "gift box": ("gift box", "present", "wrapped gift"),
}
PLURALS = {"headphones": "headphones", "earphones": "earphones", "shoe": "shoes", "sneaker": "sneakers"}
"""What is worn in pairs."""

USED: dict[str, tuple[str, ...]] = {
    "bottle": ("drinking from {}", "sipping from {}"),
    "can": ("drinking from {}", "sipping from {}"),
    "mug": ("drinking from {}", "sipping from {}"),
    "shoe": ("tying {}", "lacing {}"),
    "phone": ("talking on {}", "calling on {}"),
    "laptop": ("typing on {}", "working on {}"),
    "car": ("driving {}", "at the wheel of {}"),
    "bicycle": ("riding {}", "pedalling {}"),
    "watch": ("checking {}", "glancing at {}"),
    "headphones": ("listening with {}",),
    "backpack": ("packing {}",),
    "chair": ("sitting on {}", "seated on {}"),
    "lamp": ("switching on {}", "turning on {}"),
    "cake": ("eating {}", "tasting {}"),
    "pizza": ("eating {}", "tasting {}"),
    "perfume": ("spraying {}", "trying {}"),
    "toothbrush": ("brushing teeth with {}", "cleaning teeth with {}"),
    "plant": ("watering {}", "tending {}"),
    "book": ("reading {}", "leafing through {}"),
    "umbrella": ("under {}", "sheltering under {}"),
    "ball": ("playing with {}", "kicking {}"),
    "dog": ("with {} on a leash", "with {} on a lead"),
    "cat": ("teasing {}", "amusing {}"),
    "gift box": ("opening {}", "unwrapping {}"),
}
HELD = ("holding {}", "carrying {}", "with {} in hand")
WORN = ("wearing {}", "with {} on")
STANDING = ("{} nearby", "{} beside", "next to {}")
WORDS_ROOM = ("room for words", "empty space for words", "copy space")

PEOPLE: dict[tuple[str, bool], tuple[str, ...]] = {
    ("adult", True): ("woman", "lady"),
    ("adult", False): ("man", "guy"),
    ("child", True): ("girl", "little girl"),
    ("child", False): ("boy", "little boy"),
    ("old", True): ("old woman", "elderly woman", "grandmother"),
    ("old", False): ("old man", "elderly man", "grandfather"),
}

Choose = Callable[[tuple[str, ...]], str]
"""Takes one of several ways to say the same."""


def article(words: str) -> str:
    """The words with "a" or "an" before them."""
    return f"{'an' if words[0].lower() in 'aeiou' else 'a'} {words}"


def plural(noun: str) -> bool:
    """Whether this noun of the tables is used in the plural."""
    return noun in PLURALS.values() or noun in ("trousers", "pants", "shorts", "glasses", "spectacles", "eyeglasses")


def with_article(words: str) -> str:
    """The words with an article, where their last noun wants one."""
    return words if plural(words.rsplit(maxsplit=1)[-1]) else article(words)
