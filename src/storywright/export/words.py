"""The words that exports put around a board's own: labels, the terms of shots and moves, in the board's language."""

from storywright.board import Language, Panel

FIELDS = (
    "shot", "place", "cast", "action", "dialogue", "voice", "super", "sound", "drawn", "source", "prompt", "scores",
)  # fmt: skip
"""What a printed panel can say under its picture, in the order in which it says it."""
USUAL_FIELDS = ("shot", "action", "dialogue", "voice", "super", "sound", "drawn")
"""What it says unless somebody chooses."""

_RUSSIAN = {
    # labels
    "voice": "голос",
    "super": "титр",
    "sound": "звук",
    "cast": "в кадре",
    "drawn as": "нарисовано как",
    "source": "текст",
    "prompt": "запрос",
    "panel": "кадр",
    "seconds": "с",
    "version": "версия",
    "quality": "качество",
    "continued": "продолжение",
    "page": "страница",
    "not in the fonts": "нет в шрифтах",
    "no picture": "нет рисунка",
    # sizes
    "extreme close-up": "сверхкрупный план",
    "close-up": "крупный план",
    "medium close-up": "погрудный план",
    "medium": "поясной план",
    "medium full": "план по колено",
    "full": "в полный рост",
    "long": "общий план",
    "extreme long": "дальний план",
    "establishing": "адресный план",
    "insert": "деталь",
    # angles
    "eye level": "на уровне глаз",
    "high": "верхний ракурс",
    "low": "нижний ракурс",
    "bird's eye": "вид сверху",
    "worm's eye": "вид от земли",
    "over the shoulder": "через плечо",
    "dutch": "камера с наклоном",
    # moves
    "static": "статика",
    "pan": "панорама",
    "tilt": "вертикальная панорама",
    "zoom in": "зум: приближение",
    "zoom out": "зум: отдаление",
    "dolly": "наезд",
    "truck": "проезд",
    "tracking": "сопровождение",
    # times
    "morning": "утро",
    "day": "день",
    "evening": "вечер",
    "night": "ночь",
}
_ENGLISH = {"seconds": "s", "high": "high angle", "low": "low angle", "dutch": "dutch angle", "drawn as": "drawn as"}


def word(term: str, language: Language) -> str:
    """A label or a term of the trade in a language."""
    return _RUSSIAN[term] if language == "ru" else _ENGLISH.get(term, term)


def num_panels(count: int, language: Language) -> str:
    """So many panels, in words that agree with the number."""
    if language == "en":
        return f"{count} panel" if count == 1 else f"{count} panels"
    if count % 100 in (11, 12, 13, 14) or count % 10 not in (1, 2, 3, 4):
        return f"{count} кадров"
    return f"{count} кадр" if count % 10 == 1 else f"{count} кадра"


def shot(panel: Panel, language: Language) -> str:
    """Size, angle and move as people say them; what is as usual goes without saying."""
    told: list[str] = [panel.shot.size]
    told += [panel.shot.angle] if panel.shot.angle != "eye level" else []
    told += [panel.shot.move] if panel.shot.move != "static" else []
    return capital(", ".join(word(term, language) for term in told))


def place(panel: Panel, language: Language) -> str:
    """Where and when."""
    when = word(panel.time_of_day, language) if panel.time_of_day else ""
    return capital(", ".join(part for part in (panel.setting, when) if part))


def seconds(length: float, language: Language) -> str:
    """A length as it stands beside a panel: 2.5 s, or 2,5 с."""
    number = f"{length:.1f}"
    return f"{number.replace('.', ',') if language == 'ru' else number} {word('seconds', language)}"


def clock(seconds: float) -> str:
    """A place in the film: 0:07.5."""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


def capital(text: str) -> str:
    """The text with a capital first."""
    return text[:1].upper() + text[1:]
