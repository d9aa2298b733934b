"""The ideas that a board can follow: what happens in which order, whom and what one sees, in both languages.

Knows nothing about a particular brief: names and the product are filled in by the plan. The product's name stands in
the nominative in every Russian sentence, since names cannot be inflected safely.
"""

from dataclasses import dataclass
from typing import Literal

from storywright.board import Language, ShotSize

Place = Literal["home", "work", "out"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Beat:
    """One moment of an idea."""

    name: str
    """Its duty: hook, problem, product, proof, payoff or end frame."""
    words: dict[Language, str]
    """What happens; {hero}, {friend} and {product} are filled in, {reason} with a reason to believe."""
    shot: ShotSize = "medium"
    """How it is seen best."""
    product: Literal["", "held", "used", "standing", "insert"] = ""
    """Where the product is in it."""
    friend: bool = False
    """Whether the second person is there."""
    pose: str = "standing"
    expression: str = "smiling"
    place: Place = "home"
    time: Literal["", "morning", "day", "evening", "night"] = ""
    """Empty means the time of the panel before."""
    rain: bool = False
    """Whether it rains, if it is outdoors."""
    gift: bool = False
    """Whether a gift box is seen."""
    need: int = 1
    """Which beats stay when panels are few: 0 always, larger ones go first."""
    weight: float = 1.0
    """Its share of the time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Idea:
    """An order of beats with a name that a client understands."""

    name: str
    """What it is known by, whatever the board's language."""
    called: dict[Language, str]
    """What the client reads."""
    logline: dict[Language, str]
    beats: tuple[Beat, ...]


_END = Beat(
    name="end frame",
    words={"en": "{product}. {call}", "ru": "{product}. {call}"},
    shot="insert",
    product="insert",
    need=0,
    weight=1.1,
)

IDEAS = (
    Idea(
        name="problem and solution",
        called={"en": "problem and solution", "ru": "проблема и решение"},
        logline={
            "en": "{hero}'s day starts badly, until {product} turns it round.",
            "ru": "День не задался, но {product} всё меняет.",
        },
        beats=(
            Beat(
                name="hook",
                words={
                    "en": "{hero} is up too late; the day is already running.",
                    "ru": "{hero} просыпается слишком поздно: день уже бежит.",
                },
                shot="establishing",
                expression="surprised",
                time="morning",
                need=2,
            ),
            Beat(
                name="problem",
                words={
                    "en": "Nothing goes right. {hero} stops and sighs.",
                    "ru": "Всё валится из рук. {hero} вздыхает.",
                },
                shot="medium close-up",
                expression="sad",
                need=1,
            ),
            Beat(
                name="discovery",
                words={
                    "en": "Then {hero} sees what was there all along: {product}.",
                    "ru": "И тут {hero} видит: вот же {product}.",
                },
                shot="medium full",
                product="standing",
                pose="pointing",
                expression="surprised",
                need=3,
            ),
            Beat(
                name="product",
                words={"en": "{product}, close enough to touch.", "ru": "{product}, совсем близко."},
                shot="insert",
                product="insert",
                need=2,
                weight=0.8,
            ),
            Beat(
                name="proof",
                words={
                    "en": "{hero} tries it, and the morning slows down. {reason}",
                    "ru": "{hero} пробует, и утро замедляется. {reason}",
                },
                shot="medium",
                product="used",
                need=1,
            ),
            Beat(
                name="payoff",
                words={
                    "en": "{hero} walks into the day as if it were waiting.",
                    "ru": "{hero} выходит на улицу, и день её ждёт.",
                },
                shot="long",
                product="held",
                pose="walking",
                place="out",
                time="day",
                need=1,
            ),
            _END,
        ),
    ),
    Idea(
        name="day in the life",
        called={"en": "day in the life", "ru": "один день"},
        logline={"en": "From morning to night, {product} is always near.", "ru": "С утра до ночи {product} рядом."},
        beats=(
            Beat(
                name="hook",
                words={
                    "en": "Morning. {hero} and {product} begin together.",
                    "ru": "Утро. {hero} начинает день, и рядом {product}.",
                },
                shot="full",
                product="held",
                time="morning",
                need=1,
            ),
            Beat(
                name="on the way",
                words={
                    "en": "On the way, {hero} waves to the whole street.",
                    "ru": "По дороге {hero} машет всей улице.",
                },
                shot="medium full",
                pose="waving",
                place="out",
                need=3,
            ),
            Beat(
                name="problem",
                words={
                    "en": "At noon the work piles up, and {hero} frowns.",
                    "ru": "К полудню дел всё больше, и {hero} хмурится.",
                },
                shot="medium close-up",
                expression="angry",
                place="work",
                time="day",
                need=2,
            ),
            Beat(
                name="product",
                words={"en": "A short break: {product}. {reason}", "ru": "Короткий перерыв: {product}. {reason}"},
                shot="medium",
                product="used",
                place="work",
                need=1,
            ),
            Beat(
                name="proof",
                words={
                    "en": "{friend} wants one too, and {hero} shares.",
                    "ru": "{friend} тоже хочет, и {hero} делится.",
                },
                shot="medium full",
                product="held",
                friend=True,
                place="out",
                time="evening",
                need=2,
            ),
            Beat(
                name="payoff",
                words={"en": "Night. {hero} is home again and content.", "ru": "Ночь. {hero} снова дома и улыбается."},
                shot="close-up",
                time="night",
                need=2,
            ),
            _END,
        ),
    ),
    Idea(
        name="demonstration",
        called={"en": "demonstration", "ru": "демонстрация"},
        logline={
            "en": "No story, no tricks: what {product} can do.",
            "ru": "Без сюжета и без фокусов: на что способен {product}.",
        },
        beats=(
            Beat(
                name="product",
                words={"en": "One thing on an empty table: {product}.", "ru": "Пустой стол, и на нём {product}."},
                shot="insert",
                product="insert",
                time="day",
                need=1,
            ),
            Beat(
                name="hook",
                words={
                    "en": "{hero} looks at it and does not believe a word.",
                    "ru": "{hero} смотрит и не верит ни слову.",
                },
                shot="close-up",
                expression="neutral",
                need=3,
            ),
            Beat(
                name="proof",
                words={"en": "{hero} puts it to the test. {reason}", "ru": "{hero} проверяет. {reason}"},
                shot="medium full",
                product="used",
                pose="reaching",
                expression="neutral",
                need=1,
            ),
            Beat(
                name="proof",
                words={
                    "en": "Once more, outdoors, where it counts. {reason}",
                    "ru": "Ещё раз, на улице, всерьёз. {reason}",
                },
                shot="full",
                product="held",
                pose="running",
                place="out",
                need=2,
            ),
            Beat(
                name="payoff",
                words={"en": "{hero} throws both arms up: it works.", "ru": "{hero} вскидывает руки: работает!"},
                shot="medium",
                pose="arms raised",
                place="out",
                need=2,
            ),
            _END,
        ),
    ),
    Idea(
        name="testimonial",
        called={"en": "testimonial", "ru": "отзыв"},
        logline={
            "en": "{hero} tells us, straight out, why {product}.",
            "ru": "{hero} честно рассказывает, почему именно {product}.",
        },
        beats=(
            Beat(
                name="hook",
                words={
                    "en": "{hero} looks at us and begins to talk.",
                    "ru": "{hero} смотрит на нас и начинает рассказ.",
                },
                shot="medium close-up",
                time="evening",
                need=1,
            ),
            Beat(
                name="problem",
                words={
                    "en": "How it was before: {hero} sits, and nothing moves.",
                    "ru": "Как было раньше: {hero} сидит, и ничего не движется.",
                },
                shot="full",
                pose="sitting",
                expression="sad",
                place="work",
                need=2,
            ),
            Beat(
                name="product",
                words={"en": "{hero} holds up {product}. {reason}", "ru": "{hero} показывает: {product}. {reason}"},
                shot="medium",
                product="held",
                need=1,
            ),
            Beat(
                name="proof",
                words={
                    "en": "{friend} nods: it is the same for everyone here.",
                    "ru": "{friend} кивает: здесь все так думают.",
                },
                shot="medium full",
                product="standing",
                friend=True,
                place="out",
                need=2,
            ),
            Beat(
                name="payoff",
                words={"en": "One last smile, very near.", "ru": "Последняя улыбка, совсем близко."},
                shot="close-up",
                place="out",
                need=3,
            ),
            _END,
        ),
    ),
    Idea(
        name="surprise",
        called={"en": "surprise", "ru": "сюрприз"},
        logline={"en": "A box, a secret, and {product} inside.", "ru": "Коробка, секрет, а внутри {product}."},
        beats=(
            Beat(
                name="hook",
                words={
                    "en": "A box stands there, and nobody knows whose it is.",
                    "ru": "Стоит коробка, и никто не знает, чья.",
                },
                shot="establishing",
                gift=True,
                friend=True,
                place="out",
                time="day",
                expression="surprised",
                need=1,
            ),
            Beat(
                name="problem",
                words={
                    "en": "{hero} walks around it and dares not touch it.",
                    "ru": "{hero} ходит вокруг и не решается тронуть.",
                },
                shot="medium full",
                gift=True,
                pose="walking",
                place="out",
                expression="neutral",
                need=3,
            ),
            Beat(
                name="turn",
                words={"en": "{friend} points: open it!", "ru": "{friend} показывает: открывай!"},
                shot="medium",
                gift=True,
                friend=True,
                pose="pointing",
                place="out",
                need=2,
            ),
            Beat(
                name="product",
                words={"en": "And out comes {product}. {reason}", "ru": "А там {product}. {reason}"},
                shot="medium",
                product="held",
                place="out",
                expression="surprised",
                need=1,
            ),
            Beat(
                name="payoff",
                words={"en": "Both throw up their arms.", "ru": "Все вскидывают руки."},
                shot="long",
                friend=True,
                product="standing",
                pose="arms raised",
                place="out",
                need=2,
            ),
            _END,
        ),
    ),
    Idea(
        name="before and after",
        called={"en": "before and after", "ru": "до и после"},
        logline={
            "en": "The same street twice: without {product}, and with it.",
            "ru": "Одна улица, два дня: без него и с ним. {product}.",
        },
        beats=(
            Beat(
                name="hook",
                words={"en": "Before. {hero} in the rain.", "ru": "До. {hero} под дождём."},
                shot="long",
                expression="sad",
                place="out",
                time="evening",
                rain=True,
                need=1,
            ),
            Beat(
                name="problem",
                words={"en": "{hero}'s face says the rest.", "ru": "Остальное {hero} говорит одним взглядом."},
                shot="close-up",
                expression="angry",
                place="out",
                rain=True,
                need=3,
            ),
            Beat(
                name="product",
                words={"en": "A cut, a flash: {product}.", "ru": "Смена кадра, вспышка: {product}."},
                shot="insert",
                product="insert",
                time="morning",
                need=1,
                weight=0.8,
            ),
            Beat(
                name="payoff",
                words={
                    "en": "After. The same place, and {hero} runs through the sun.",
                    "ru": "После. То же место, и {hero} бежит навстречу солнцу.",
                },
                shot="long",
                product="held",
                pose="running",
                place="out",
                time="day",
                need=1,
            ),
            Beat(
                name="proof",
                words={"en": "{hero} smiles into the camera. {reason}", "ru": "{hero} улыбается в камеру. {reason}"},
                shot="medium close-up",
                product="held",
                place="out",
                need=2,
            ),
            _END,
        ),
    ),
)
