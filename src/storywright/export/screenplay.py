"""A board as a screenplay and back, whatever format it is written in.

Each panel is a shot line with a note in its margin (id, seconds, cast), its action, what is on screen and heard, and
its speeches; a scene heading stands where the place or the time changes. What a screenplay has no words for is kept
as data beside it. Reading back compares the script with the one that the kept board would give: what a person changed
comes from the script, the rest as it was.
"""

import json
import re
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from storywright.board import Angle, Language, Move, Panel, Shot, ShotSize, Storyboard, parse
from storywright.errors import BadInput
from storywright.export import words
from storywright.sources.manuscripts import Block, Manuscript
from storywright.sources.manuscripts.decoding import cleaned
from storywright.toonworld.scene import INDOORS, OUTDOORS

DATA_LINE = "Storywright keeps here what a screenplay has no words for; leave it for the board to come back whole."
"""What stands over the kept data."""

_SIZES = {"medium", "medium full", "full", "long", "extreme long", "establishing"}
"""Sizes that English scripts call a shot."""
_LABELS: Mapping[str, Mapping[Language, str]] = {
    "panel": {"en": "Panel", "ru": "Кадр"},
    "seconds": {"en": "Seconds", "ru": "Секунды"},
    "cast": {"en": "Cast", "ru": "В кадре"},
    "board": {"en": "Board", "ru": "Раскадровка"},
    "logline": {"en": "Logline", "ru": "Логлайн"},
    "aspect": {"en": "Aspect", "ru": "Формат"},
    "style": {"en": "Style", "ru": "Стиль"},
    "super": {"en": "SUPER", "ru": "ТИТР"},
    "sound": {"en": "SOUND", "ru": "ЗВУК"},
    "narrator": {"en": "NARRATOR (V.O.)", "ru": "ДИКТОР (ЗК)"},
    "inside": {"en": "INT. ", "ru": "ИНТ. "},
    "outside": {"en": "EXT. ", "ru": "НАТ. "},
}
_MEANING = {said.casefold(): name for name, by_language in _LABELS.items() for said in by_language.values()}
_FIELD = re.compile(r"([^:\n]{1,30}):[ \t]*(.*)")
_LABELLED = re.compile(r"(SUPER|ТИТР|SOUND|ЗВУК|SFX):\s*(.*)", re.DOTALL)
_OVER = re.compile(r"(?i)v\.?\s?o\.?|voice[- ]?over|з\.?\s?к\.?|за кадром")
_PARAGRAPHS = re.compile(r"\n\s*\n")
_SEPARATOR = "; "
_NOT_IN_XML = re.compile("[\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Element:
    """A piece of the script: its kind as manuscripts call it, its words and the notes in its margin."""

    kind: str
    text: str
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Told:
    """What the script says of one panel."""

    id: str = ""
    place: Block | None = None
    shot: Block | None = None
    notes: dict[str, str] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)


def elements(board: Storyboard) -> list[Element]:
    """The script of a board."""
    made: list[Element] = []
    place = ""
    for panel in board.panels:
        heading = _heading(panel, board.language)
        if heading and heading != place:
            place = heading
            made.append(Element("scene heading", heading))
        about = () if any(element.notes for element in made) else (_about(board),)
        made.append(Element("shot", _shot_line(panel.shot, board.language), (*about, _margin(panel, board.language))))
        made += _panel_elements(panel, board.language)
    return made or [Element("action", "", (_about(board),))]


def title_page(board: Storyboard) -> list[tuple[str, str]]:
    """The fields of the title page."""
    title = plain(board.title)
    return [
        *([("Title", title)] if title else []),
        ("Credit", "Раскадровка" if board.language == "ru" else "Storyboard"),
    ]


def data(board: Storyboard) -> str:
    """The whole board in one line of ASCII that no program changes on its way."""
    told = board.model_dump(mode="json", exclude_defaults=True) | {"schema_version": board.schema_version}
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def board_of(script: Manuscript, kept: str, path: Path, expected: Manuscript | None) -> Storyboard:
    """The board that a script tells; `kept` is its data, and `expected` the script that the data alone would give."""
    stored = stored_board(kept, path)
    told = list(_told(script.blocks))
    if not script.blocks and not kept:
        raise BadInput(f"{path} has no words in it: there is no board to read.")
    if stored is None or expected is None:
        notices = ["The kept data of the board was damaged: it was read from the script alone."] if kept else []
        return _from_script(script, told, path, notices)
    before = list(_told(expected.blocks))
    panels, notices = _with_changes(told, stored, before)
    changes: dict[str, Any] = {"panels": panels, "notices": [*stored.notices, *notices]}
    if script.title_page != expected.title_page:
        changes["title"] = script.title
    was = _board_fields(before)
    changes |= {name: value for name, value in _board_fields(told).items() if value != was.get(name)}
    return parse(Storyboard, stored.model_dump() | changes, str(path))


def stored_board(kept: str, path: Path) -> Storyboard | None:
    """The board that was kept as data; None where nothing was kept, or it was damaged."""
    try:
        value = json.loads(kept) if kept else None
    except (json.JSONDecodeError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    try:
        return parse(Storyboard, value, str(path))
    except BadInput:
        return None


def plain(text: str) -> str:
    """Words in one line, without characters that a file of text or XML cannot hold."""
    return " ".join(lines(text))


def lines(text: str) -> list[str]:
    """The lines of a text as a script can hold them, without empty ones."""
    text = _NOT_IN_XML.sub("", cleaned(text)[0])
    return [" ".join(line.split()) for line in text.split("\n") if line.strip()]


def _heading(panel: Panel, language: Language) -> str:
    place = plain(panel.setting)
    time = words.word(panel.time_of_day, language) if panel.time_of_day else ""
    if not place or not place[0].isalnum():
        return ""
    known = place.casefold()
    side = "inside" if known in INDOORS else "outside" if known in OUTDOORS else ""
    return (_LABELS[side][language] if side else "") + " - ".join(part for part in (place, time) if part).upper()


def _shot_line(shot: Shot, language: Language) -> str:
    size = words.word(shot.size, language)
    if language == "en" and shot.size in _SIZES:
        size += " shot"
    told = [size]
    told += [words.word(shot.angle, language)] if shot.angle != "eye level" else []
    told += [words.word(shot.move, language)] if shot.move != "static" else []
    return ", ".join(told).upper()


def _margin(panel: Panel, language: Language) -> str:
    seconds = f"{panel.seconds:.12g}"
    return _fields(
        language,
        panel=plain(panel.id) or "?",
        seconds=seconds.replace(".", ",") if language == "ru" else seconds,
        cast=_SEPARATOR.join(plain(name) for name in panel.cast),
    )


def _about(board: Storyboard) -> str:
    return _fields(
        board.language, board=plain(board.id), logline=plain(board.logline), aspect=board.aspect, style=board.style
    )


def _fields(language: Language, **values: str) -> str:
    return "\n".join(f"{_LABELS[name][language]}: {value}" for name, value in values.items() if value)


def _panel_elements(panel: Panel, language: Language) -> Iterator[Element]:
    for paragraph in _PARAGRAPHS.split(cleaned(panel.action)[0]):
        if text := "\n".join(lines(paragraph)):
            yield Element("action", text)
    for name, text in (("super", panel.super), ("sound", panel.sound)):
        if said := "\n".join(lines(text)):
            yield Element("action", f"{_LABELS[name][language]}: {said}")
    for line in panel.dialogue:
        yield from _speech(plain(line.who).upper() or "?", line.line)
    if plain(panel.voice_over):
        yield from _speech(_LABELS["narrator"][language], panel.voice_over)


def _speech(who: str, text: str) -> Iterator[Element]:
    yield Element("character", who)
    if said := "\n".join(lines(text)):
        yield Element("dialogue", said)


def _told(blocks: Sequence[Block]) -> Iterator[_Told]:
    """What belongs to each panel: from its shot line, or from its note, to the next one's.

    A script without such notes was written elsewhere: each of its actions is a panel, with the speeches after it.
    """
    own = any("panel" in _read_fields(block.text) for block in blocks if block.kind == "note")
    place: Block | None = None
    shot: Block | None = None
    about: dict[str, str] = {}
    current: _Told | None = None
    opened = True
    for block in blocks:
        fields = _read_fields(block.text) if block.kind == "note" else {}
        if block.kind == "scene heading":
            place, shot, opened = block, None, True
        elif block.kind == "shot":
            shot, opened = block, True
        elif "board" in fields and "panel" not in fields:
            about |= fields
        elif "panel" in fields or (block.kind != "note" and _opens(block, opened, own, current)):
            if current:
                yield current
            current = _Told(fields.get("panel", ""), place, shot, about | fields, [] if fields else [block])
            opened, shot, about = False, None, {}
        elif current:
            current.blocks.append(block)
    if current:
        yield current


def _opens(block: Block, opened: bool, own: bool, current: _Told | None) -> bool:
    if block.kind not in ("action", "centred", "character", "dialogue", "lyrics"):
        return False
    if opened or current is None:
        return True
    return not own and not block.speaker and block.kind != "dialogue" and _has_more_than_titles(current)


def _has_more_than_titles(told: _Told) -> bool:
    return any(block.speaker or block.kind == "action" for block in told.blocks)


def _read_fields(note: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in note.split("\n"):
        said = _FIELD.fullmatch(line.strip())
        name = _MEANING.get(said[1].casefold()) if said else None
        if said is None or name is None:
            return {}
        found[name] = said[2].strip()
    return found


def _visible(told: _Told, names: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a panel that a script shows."""
    shown: dict[str, Any] = {"action": [], "super": [], "sound": [], "dialogue": [], "voice_over": []}
    over = False
    for block in told.blocks:
        if block.kind == "character":
            over = any(_OVER.fullmatch(extension) for extension in block.extensions)
            if not over:
                shown["dialogue"].append((names.get(block.speaker.upper(), block.speaker), []))
        elif block.speaker:
            (shown["voice_over"] if over or not shown["dialogue"] else shown["dialogue"][-1][1]).append(block.text)
        elif block.kind in ("action", "centred", "lyrics", "dialogue"):
            labelled = _LABELLED.fullmatch(block.text)
            name = _MEANING.get(labelled[1].casefold(), "sound") if labelled else "action"
            shown[name].append(labelled[2] if labelled else block.text)
    spoken = ((who, "\n".join(said)) for who, said in shown["dialogue"])
    scene = told.place.scene if told.place else None
    return {
        "action": "\n\n".join(shown["action"]),
        "super": "\n".join(shown["super"]),
        "sound": "\n".join(shown["sound"]),
        "voice_over": "\n".join(shown["voice_over"]),
        "dialogue": [{"who": who, "line": said} for who, said in spoken if said],
        "setting": _lower(scene.place) if scene else "",
        "time_of_day": scene.time_of_day if scene else None,
        "shot": _shot(told.shot.text if told.shot else "").model_dump(),
        "cast": [names.get(name.upper(), name) for name in told.notes.get("cast", "").split(_SEPARATOR) if name],
        "seconds": _seconds(told.notes.get("seconds", "")),
    }


def _shot(line: str) -> Shot:
    """Size, angle and move that a shot line names, in English or Russian; the usual ones where it names none."""
    parts = {part.strip().casefold().removesuffix(" shot") for part in line.split(",")}

    def found(terms: Sequence[str]) -> str | None:
        said = ((term, {term, words.word(term, "en"), words.word(term, "ru")}) for term in terms)
        return next((term for term, names in said if names & parts), None)

    named = {"size": found(get_args(ShotSize)), "angle": found(get_args(Angle)), "move": found(get_args(Move))}
    return Shot.model_validate({name: term for name, term in named.items() if term})


def _seconds(said: str) -> float | None:
    try:
        seconds = float(said.replace(",", "."))
    except ValueError:
        return None
    return seconds if 0 < seconds < 100_000 else None


def _lower(text: str) -> str:
    return text.lower() if text.isupper() else text


def _with_changes(
    told: Sequence[_Told], stored: Storyboard, expected: Sequence[_Told]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The panels of the script, each as it was kept but for what the script says otherwise; and notes about them."""
    names = _names(stored)
    waiting: dict[str, deque[tuple[Panel, _Told]]] = defaultdict(deque)
    for kept, one in zip(stored.panels, expected, strict=False):
        waiting[one.id].append((kept, one))
    ids = {panel.id for panel in stored.panels}
    panels: list[dict[str, Any]] = []
    notices: list[str] = []
    for one in told:
        shown = _visible(one, names)
        if waiting[one.id]:
            panel, before = waiting[one.id].popleft()
            was = _visible(before, names)
            made = panel.model_dump() | {name: value for name, value in shown.items() if value != was[name]}
            made["seconds"] = made["seconds"] or panel.seconds
            known = [block.text for block in before.blocks]
        else:
            made, known = _new_panel(one, shown, ids), []
        panels.append(made)
        notices += _unplaced(one, made["id"], known)
    return panels, notices


def _from_script(script: Manuscript, told: Sequence[_Told], path: Path, notices: list[str]) -> Storyboard:
    """A board of a script that was written elsewhere, or whose data was taken out."""
    names = {name.upper(): name for one in told for name in one.notes.get("cast", "").split(_SEPARATOR) if name}
    about = _board_fields(told)
    ids: set[str] = set()
    panels: list[dict[str, Any]] = []
    for one in told:
        panels.append(_new_panel(one, _visible(one, names), ids))
        notices += _unplaced(one, panels[-1]["id"], [])
    made = {"id": path.stem or "board", "language": "ru" if script.language == "ru" else "en"} | about
    return parse(Storyboard, made | {"title": script.title, "panels": panels, "notices": notices}, str(path))


def _new_panel(told: _Told, shown: Mapping[str, Any], taken: set[str]) -> dict[str, Any]:
    """A panel that was not kept."""
    return {"id": _free(told.id, taken)} | {name: value for name, value in shown.items() if value is not None}


def _board_fields(told: Sequence[_Told]) -> dict[str, str]:
    """What the note about the board says."""
    notes = {name: value for one in told for name, value in one.notes.items()}
    fields = {"board": "id", "logline": "logline", "aspect": "aspect", "style": "style"}
    return {field: notes[name] for name, field in fields.items() if notes.get(name)}


def _unplaced(told: _Told, panel: str, known: Sequence[str]) -> list[str]:
    """What a board has no field for: transitions, synopses and notes."""
    kinds = ("note", "transition", "section", "synopsis")
    return [f"{panel}: {block.text}" for block in told.blocks if block.kind in kinds and block.text not in known]


def _names(board: Storyboard) -> dict[str, str]:
    """Names as the board writes them, by how a script does."""
    cast = [one.name for one in board.brief.cast] if board.brief else []
    written = [
        *cast,
        *(name for panel in board.panels for name in (*panel.cast, *(line.who for line in panel.dialogue))),
    ]
    return {plain(name).upper(): name for name in reversed(written) if plain(name)}


def _free(wished: str, taken: set[str]) -> str:
    """An id that no other panel has."""
    number = len(taken) + 1
    own = wished or f"p{number}"
    while own in taken:
        number += 1
        own = f"{wished or 'p'}{'-' if wished else ''}{number}"
    taken.add(own)
    return own
