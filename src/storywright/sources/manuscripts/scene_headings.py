"""What the heading of a scene says: inside or outside, where and when; in English and in Russian."""

import re

from storywright.board import TimeOfDay
from storywright.sources.manuscripts.manuscript import SceneHeading

_LONGEST = 300
# In Russian only as capitals: Нат and Пав may be people.
_IN, _OUT = "INT|(?-i:ИНТ|ПАВ)", "EXT|(?-i:ЭКСТ|НАТ)"
_BOTH = (
    rf"(?:{_IN})\.?\s*/\s*(?:{_OUT})|(?:{_OUT})\.?\s*/\s*(?:{_IN})|I\.?\s*/\s*E|E\.?\s*/\s*I"
    r"|(?-i:И\.?\s*/\s*[НЭ]|Н\.?\s*/\s*И)"
)
_PREFIX = re.compile(
    rf"(?:(?P<number>[0-9]+[A-Za-zА-Яа-я]?)[.)]?\s+)?"
    rf"(?:(?P<both>{_BOTH})|(?P<inside>{_IN})|(?P<outside>{_OUT})|(?P<set>EST))(?:\.\s*|\s+)(?:[-–—]\s*)?(?=\S)",
    re.IGNORECASE,
)
_SHOT = re.compile(
    r"(?:(?:EXTREME |MEDIUM )?CLOSE[- ]UP|CLOSE ON|ANGLE ON|INSERT|"
    r"(?:(?:EXTREME |MEDIUM )?(?:LONG|FULL|CLOSE)|WIDE|MEDIUM|ESTABLISHING|AERIAL|TRACKING|TWO|REVERSE) (?:SHOT|ANGLE)|"
    r"(?:СВЕРХ)?КРУПНЫЙ ПЛАН|(?:ПОГРУДНЫЙ|ПОЯСНОЙ|СРЕДНИЙ|ОБЩИЙ|ДАЛЬНИЙ|АДРЕСНЫЙ) ПЛАН|ПЛАН ПО КОЛЕНО|"
    r"В ПОЛНЫЙ РОСТ|ДЕТАЛЬ)\b"
)
_NUMBER_AFTER = re.compile(r"\s*#([\w.\-]{1,20})#\s*$")
_SEPARATOR = re.compile(r"\s+[-–—]{1,2}\s+|\s*[–—]\s*|\.\s+|\s+/\s+|,\s+")
_TIMES: tuple[tuple[TimeOfDay | None, str], ...] = (
    ("morning", "MORNING|DAWN|SUNRISE|DAYBREAK|УТРО|РАССВЕТ|ВОСХОД"),
    ("evening", "EVENING|DUSK|SUNSET|TWILIGHT|MAGIC HOUR|ВЕЧЕР|ЗАКАТ|СУМЕРКИ"),
    ("night", "NIGHT|MIDNIGHT|НОЧЬ|ПОЛНОЧЬ"),
    ("day", "DAY|DAYTIME|NOON|MIDDAY|AFTERNOON|ДЕНЬ|ПОЛДЕНЬ"),
    (None, "CONTINUOUS|LATER|SAME(?: TIME)?|MOMENTS LATER|PRESENT|ПОЗЖЕ|НЕПРЕРЫВНО|ТОГДА ЖЕ|ТО ЖЕ ВРЕМЯ|РЕЖИМ"),
)
_TIME_WORDS = tuple((time, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for time, words in _TIMES)
_LAST_WORD = re.compile(r"^(?P<place>.+?)\s+(?P<time>\S+)$", re.DOTALL)


def begins_scene(line: str) -> bool:
    """Whether a line is a scene heading by its first word."""
    return len(line) <= _LONGEST and _PREFIX.match(line) is not None


def is_shot(line: str) -> bool:
    """Whether a heading begins no scene but says how the camera sees what comes: `CLOSE ON THE LAMP`."""
    return _SHOT.match(line) is not None


def understood(line: str, number: str = "") -> tuple[str, SceneHeading]:
    """The heading without the number that stands after it, and what it says."""
    if len(line) > _LONGEST:
        return line, SceneHeading(number=number)
    if after := _NUMBER_AFTER.search(line):
        line, number = line[: after.start()], number or after[1]
    prefix = _PREFIX.match(line)
    if not prefix:
        return line, _placed(line.strip(), SceneHeading(number=number))
    rest = line[prefix.end() :].strip()
    if prefix["number"]:  # as shooting scripts have it, often on both sides
        number = number or prefix["number"]
        rest = rest.removesuffix(prefix["number"]).rstrip()
    inside, outside = bool(prefix["inside"] or prefix["both"]), bool(prefix["outside"] or prefix["both"])
    said = SceneHeading(inside, outside or bool(prefix["set"]), number=number)
    return line, _placed(rest, said)


def _placed(rest: str, said: SceneHeading) -> SceneHeading:
    """With the place and the time: the last part of the rest, where it is a time."""
    place, time = rest, ""
    separators = list(_SEPARATOR.finditer(rest))
    if separators and _time(rest[separators[-1].end() :])[0]:
        place, time = rest[: separators[-1].start()], rest[separators[-1].end() :]
    elif (said.interior or said.exterior) and not separators:
        last = _LAST_WORD.match(rest)
        if last and _time(last["time"])[0]:
            place, time = last["place"], last["time"]
    return SceneHeading(
        said.interior,
        said.exterior,
        place.rstrip(" -–—.,"),
        time.strip(),
        _time(time)[1] if time else None,
        said.number,
    )


def _time(words: str) -> tuple[bool, TimeOfDay | None]:
    """Whether these words are a time, and which."""
    if len(words) > 40:
        return False, None
    for time, pattern in _TIME_WORDS:
        if pattern.search(words):
            return True, time
    return False, None
