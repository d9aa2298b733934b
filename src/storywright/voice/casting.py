"""Who speaks with which voice: the same one over the whole board, and over every version of it.

The choice follows from a person's name and looks alone, so that it stays when panels move and when the engine is asked
again; it only makes room where two people would sound the same.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence

from storywright.board import Storyboard
from storywright.voice.speech import Kind, Voice

NARRATOR = ""
"""The name under which the voice of the narration is kept."""

_WORDS: tuple[tuple[Kind, str], ...] = (
    (
        "old woman",
        r"grandm\w+|granny|old (?:woman|lady)|elderly (?:woman|lady)|бабушк\w+|бабул\w+|старушк\w+|старух\w+",
    ),
    ("old man", r"grandpa|grandfather|grandad|old (?:man|gentleman)|elderly (?:man|gentleman)|дедушк\w+|старик\w*|дед"),
    ("child", r"child|kid|boy|girl|toddler|schoolboy|schoolgirl|son|daughter"),
    ("child", r"реб[её]н\w+|мальчи\w+|девочк\w+|школьни\w+|сын\w*|доч\w+"),
    ("woman", r"woman|lady|she|her|mother|mum|mom|mama|wife|aunt\w*|sister|queen|princess|duchess|mrs|ms|miss|madam"),
    ("woman", r"женщин\w+|девушк\w+|мам\w+|мать|матери|жен[аы]|т[её]т\w+|сестр\w+|госпож\w+|королев\w+|подруг\w+|она"),
    ("man", r"man|guy|gentleman|he|his|father|dad|papa|husband|uncle|brother|king|prince|duke|mr|sir|beard\w*"),
    ("man", r"мужчин\w+|парен\w+|парн\w+|пап[аы]|от[ец]ц?\w*|муж\w*|дяд\w+|брат\w*|господин\w*|корол[ья]|он|бород\w+"),
)
"""In this order: an old woman is a woman too, and the first that fits is the closest."""
_OLD = re.compile(r"\b(?:old|elderly|grey-haired|gray-haired|пожил\w+|стар\w+|седо\w+)\b")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WOMENS_NAMES = _names("""
alice amanda amy andrea angela anna anne barbara betty carol caroline catherine charlotte chloe claire daisy
diana dorothy eleanor eliza elizabeth ella ellen emily emma eva eve fiona florence grace hannah helen ida irene
isabel jane jenny jessica joan judy julia karen kate katherine kim laura lily linda lisa lucy maggie margaret
maria marie mary mia michelle molly nancy naomi natalie nina nora olga olivia pamela patricia paula rachel
rebecca rita rosa rose ruth sally sandra sara sarah sofia sophia sophie stella susan sylvia tina vera victoria
violet zoe
""")
_MENS_NAMES = _names("""
adam alan albert alex alfred andrew anthony arthur ben bill bob brian charles chris daniel dan david dennis
edward eric ethan felix frank fred gary george greg harry henry hugo ian igor ivan jack jacob james jason jeff
jim joe john jonathan joseph josh karl kevin larry leo liam louis luke mark martin matthew max michael mike
nathan neil nick noah oliver oscar otto patrick paul peter philip ralph ray richard rob robert roger ron sam
samuel scott sean simon stephen steve ted theo thomas tim toby tom tony victor vincent walter will william zack
""")
_RUSSIAN_MEN_IN_A = _names("""
никита илья лука фома кузьма савва ваня петя коля миша гриша лёша леша дима вася федя боря толя витя костя
серёжа сережа паша юра вова слава антоша данила папа дядя дедушка фока
""")
_ASIDE = re.compile(r"\s*\([^)]*\)\s*$")
_NEAREST: dict[Kind, tuple[Kind, ...]] = {
    "old woman": ("old woman", "woman"),
    "old man": ("old man", "man"),
    "child": ("child", "woman"),
    "woman": ("woman",),
    "man": ("man",),
    "": ("woman", "man"),
}


def cast(board: Storyboard, voices: Sequence[Voice]) -> dict[str, str]:
    """The voice of the narration and of everyone who speaks on the board, by name; the first voice narrates."""
    given = {NARRATOR: voices[0].name}
    looks = {member.name: member.looks for member in board.brief.cast} if board.brief else {}
    spoken = {line.who for panel in board.panels for line in panel.dialogue}
    # The brief's people first and in its order: a passer-by who gets a line later takes nobody's voice.
    known = {speaker(name): name for name in looks}
    people = [*known, *sorted({speaker(who) for who in spoken} - set(known))]
    by_person: dict[str, str] = {}
    for person in people:
        kind = kind_of(person, looks.get(known.get(person, ""), ""))
        by_person[person] = _choice(person, _fitting(kind, voices[1:] or voices), set(by_person.values()))
    return given | {who: by_person[speaker(who)] for who in sorted(spoken)}


def kind_of(name: str, looks: str) -> Kind:
    """Whom a person should sound like: by the looks, else by the name; empty where neither says."""
    return _by_words(looks) or _by_words(name) or _by_name(name)


def speaker(who: str) -> str:
    """One spelling for one person: scripts write MIA (V.O.) for Mia."""
    return _ASIDE.sub("", " ".join(who.split())).casefold() or who.casefold()


def _by_words(text: str) -> Kind:
    text = text.casefold()
    for kind, pattern in _WORDS:
        if re.search(rf"\b(?:{pattern})\b", text):
            if kind in ("woman", "man") and _OLD.search(text.split(" with ")[0].split(" с ")[0]):
                return "old woman" if kind == "woman" else "old man"
            return kind
    return ""


def _by_name(name: str) -> Kind:
    first = next(iter(re.findall(r"\w+", name.casefold())), "")
    if first in _WOMENS_NAMES:
        return "woman"
    if first in _MENS_NAMES or first in _RUSSIAN_MEN_IN_A:
        return "man"
    if re.fullmatch(r"[а-яё]{3,}", first):
        return "woman" if first[-1] in "ая" else "man" if first[-1] not in "оуыэюиеё" else ""
    return ""


def _fitting(kind: Kind, voices: Sequence[Voice]) -> list[Voice]:
    """The voices of that kind, else of the nearest, else those that say nothing about it, else all."""
    for near in _NEAREST[kind]:
        if found := [voice for voice in voices if voice.kind == near and kind]:
            return found
    if not kind and (grown := [voice for voice in voices if voice.kind in ("woman", "man", "")]):
        return grown
    return [voice for voice in voices if not voice.kind] or list(voices)


def _choice(person: str, voices: Iterable[Voice], taken: set[str]) -> str:
    """The voice that ranks first for this person among the free ones; where all are taken, among all."""
    ranked = sorted((hashlib.sha256(f"{person}\0{voice.name}".encode()).digest(), voice.name) for voice in voices)
    return next((name for _, name in ranked if name not in taken), ranked[0][1])
