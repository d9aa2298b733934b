"""Revising a board: what is asked for changes, and nothing else, to the byte.

A revision is a document, so that a command, the page and a program ask in the same words. Pictures are never
overwritten: a panel that is drawn anew gets a file of another name, so older versions of the board keep theirs. Knows
nothing about where versions are kept.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from storywright.board import Document, Origin, Panel, Score, Storyboard, Style, parse
from storywright.errors import BadInput
from storywright.studio import card

SHORTEST_SECONDS = 0.5
_NOT_EDITED = ("id", "picture", "scores", "provenance", "source")
_CLOSES = '.!?…»”"'


class Redraw(Document):
    """Draw a panel again: from another seed, or from other words."""

    action: Literal["redraw"] = "redraw"
    panel: str
    words: str = ""
    """What happens now; left out, what happened before."""
    seed: int | None = Field(default=None, ge=0)
    """Left out, new ones."""
    draws: int = Field(default=2, ge=1, le=16)
    """Pictures to choose from; a seed that is given makes one."""


class Edit(Document):
    """Change a field of a panel; the picture stays until it is drawn again."""

    action: Literal["edit"] = "edit"
    panel: str
    field: str
    """Its name, such as action, seconds or shot.size."""
    value: Any


class Insert(Document):
    """Put a new panel before the panel with this number (from 1); one past the last puts it at the end."""

    action: Literal["insert"] = "insert"
    at: int = Field(ge=1)
    words: str = Field(min_length=1)
    seconds: float | None = Field(default=None, gt=0)
    """Left out, as long as its neighbours are on average."""


class Delete(Document):
    """Take a panel out."""

    action: Literal["delete"] = "delete"
    panel: str


class Move(Document):
    """Put a panel to another place, numbered from 1."""

    action: Literal["move"] = "move"
    panel: str
    to: int = Field(ge=1)


class Split(Document):
    """Make two panels of one, each with its part of the time and of what is said."""

    action: Literal["split"] = "split"
    panel: str


class Merge(Document):
    """Make one panel of this one and the next; it keeps this one's picture."""

    action: Literal["merge"] = "merge"
    panel: str


class Restyle(Document):
    """Draw the whole board in another style, from the same seeds."""

    action: Literal["restyle"] = "restyle"
    style: Style


class Reframe(Document):
    """Draw the whole board in another aspect, from the same seeds."""

    action: Literal["reframe"] = "reframe"
    aspect: str


Revision = Annotated[
    Redraw | Edit | Insert | Delete | Move | Split | Merge | Restyle | Reframe, Field(discriminator="action")
]
_REVISION: TypeAdapter[Any] = TypeAdapter(Revision)


@dataclass(frozen=True, slots=True)
class Wish:
    """A panel that is to be drawn from its fields and its seed."""

    panel: Panel
    told_anew: bool = False
    """Whether its action says something else than what its prompt was made of."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A panel as it was drawn, its picture as PNG, and how well the two fit."""

    panel: Panel
    png: bytes
    fit: float


Draw = Callable[[Storyboard, Sequence[Wish]], list[Drawn]]
"""Draws panels of a board; their order is kept."""
Measure = Callable[[Storyboard, Mapping[str, bytes], Collection[str]], list[Score]]
"""Measures a board that has these new pictures by the scores with these names; what cannot be measured is left out."""


@dataclass(slots=True)
class Revised:
    """A board after a revision, and the pictures that it has in addition, by file."""

    board: Storyboard
    pictures: dict[str, bytes] = field(default_factory=dict)


def asked(value: Mapping[str, Any]) -> Revision:
    """Read a revision from a mapping, or say in a sentence what is wrong with it."""
    try:
        return _REVISION.validate_python(dict(value))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "action"
        raise BadInput(f"The revision's {where}: {first['msg']}.") from error


def revise(
    board: Storyboard, revision: Revision, draw: Draw, measure: Measure = lambda *_: [], version: int = 1
) -> Revised:
    """The board after this revision of a version.

    `draw` is called only for what has to be drawn, `measure` only for scores that the revision touched. A score that
    is not measured again stays, and says of which version it is.
    """
    revised = Revised(board.model_copy(deep=True))
    _DO[type(revision)](revised, revision, draw)
    revised.board.coverage = _still_covered(revised.board)
    revised.board.scores = _card(board, revised, measure, version)
    return revised


def panel_of(board: Storyboard, name: str) -> int:
    """The index of a panel that is named by its id or its number."""
    for index, panel in enumerate(board.panels):
        if panel.id == name:
            return index
    if name.isdigit() and 1 <= int(name) <= len(board.panels):
        return int(name) - 1
    known = ", ".join(panel.id for panel in board.panels)
    raise BadInput(f"The board has no panel {name!r}: it has {known}; numbers from 1 work too.")


def _redraw(revised: Revised, asked_for: Redraw, draw: Draw) -> None:
    index = panel_of(revised.board, asked_for.panel)
    panel = revised.board.panels[index]
    again = panel.model_copy(update={"action": asked_for.words or panel.action})
    seeds = [asked_for.seed] if asked_for.seed is not None else _new_seeds(panel, asked_for.draws)
    _place(revised, {index: _best(revised.board, again, seeds, draw, told_anew=again.action != panel.action)})


def _edit(revised: Revised, edit: Edit, draw: Draw) -> None:
    board = revised.board
    index = panel_of(board, edit.panel)
    value = board.panels[index].model_dump()
    *parents, last = edit.field.split(".")
    inner: Any = value
    for name in parents:
        inner = inner.get(name) if isinstance(inner, dict) else None
    if not isinstance(inner, dict) or last not in inner or edit.field.split(".")[0] in _NOT_EDITED:
        fields = [name for name in Panel.model_fields if name not in _NOT_EDITED]
        raise BadInput(
            f"A panel has no field {edit.field!r} to edit: choose {', '.join(fields)}, or such as shot.size."
        )
    if inner[last] == edit.value:
        return
    inner[last] = edit.value
    edited = parse(Panel, value, f"panel {board.panels[index].id}")
    edited.provenance.models = [*edited.provenance.models, Origin(role="person", name=f"edit of {edit.field}")]
    board.panels[index] = edited


def _insert(revised: Revised, insert: Insert, draw: Draw) -> None:
    board = revised.board
    if insert.at > len(board.panels) + 1:
        raise BadInput(f"A panel cannot be put at place {insert.at}: the board has {len(board.panels)} panels.")
    near = [board.panels[i] for i in (insert.at - 2, insert.at - 1) if 0 <= i < len(board.panels)]
    before = near[0] if near else Panel(id="p00")
    fresh = Panel(
        id=_new_id(board),
        shot=before.shot.model_copy(update={"move": "static"}),
        setting=before.setting,
        time_of_day=before.time_of_day,
        action=insert.words,
        seconds=insert.seconds or round(sum(panel.seconds for panel in near) / max(len(near), 1) or 2.5, 2),
        prompt=before.prompt,
    )
    board.panels = [*board.panels[: insert.at - 1], fresh, *board.panels[insert.at - 1 :]]
    _place(revised, {insert.at - 1: _best(board, fresh, _new_seeds(before, 2), draw, told_anew=True)})


def _delete(revised: Revised, delete: Delete, draw: Draw) -> None:
    board = revised.board
    index = panel_of(board, delete.panel)
    if len(board.panels) == 1:
        raise BadInput(
            f"{board.panels[index].id} is the only panel, and a board keeps at least one: redraw it instead."
        )
    board.panels = [panel for at, panel in enumerate(board.panels) if at != index]


def _move(revised: Revised, move: Move, draw: Draw) -> None:
    board = revised.board
    if move.to > len(board.panels):
        raise BadInput(f"A panel cannot be moved to place {move.to}: the board has {len(board.panels)} panels.")
    panels = list(board.panels)
    panels.insert(move.to - 1, panels.pop(panel_of(board, move.panel)))
    board.panels = panels


def _split(revised: Revised, split: Split, draw: Draw) -> None:
    board = revised.board
    index = panel_of(board, split.panel)
    whole = board.panels[index]
    if whole.seconds < 2 * SHORTEST_SECONDS:
        raise BadInput(f"{whole.id} stands {whole.seconds:g} s: two panels need at least {2 * SHORTEST_SECONDS:g} s.")
    first, second = _in_two(whole.action)
    spoken, more = _in_two(whole.voice_over)
    lines = (len(whole.dialogue) + 1) // 2
    half = round(whole.seconds / 2, 3)
    left = {"action": first, "voice_over": spoken, "dialogue": whole.dialogue[:lines], "seconds": half}
    right = {
        "id": _new_id(board), "action": second or first, "voice_over": more, "dialogue": whole.dialogue[lines:],
        "seconds": round(whole.seconds - half, 3), "super": "", "sound": "",
    }  # fmt: skip
    parts = [whole.model_copy(update=left, deep=True), whole.model_copy(update=right, deep=True)]
    board.panels = [*board.panels[:index], *parts, *board.panels[index + 1 :]]
    for panels in board.coverage.values():
        if whole.id in panels:
            panels.append(parts[1].id)


def _merge(revised: Revised, merge: Merge, draw: Draw) -> None:
    board = revised.board
    index = panel_of(board, merge.panel)
    if index + 1 == len(board.panels):
        raise BadInput(f"{board.panels[index].id} is the last panel, and nothing follows that it could be merged with.")
    first, second = board.panels[index : index + 2]
    both = {
        "action": _joined(first.action, second.action),
        "voice_over": _joined(first.voice_over, second.voice_over),
        "super": _joined(first.super, second.super),
        "sound": _joined(first.sound, second.sound),
        "dialogue": [*first.dialogue, *second.dialogue],
        "cast": list(dict.fromkeys([*first.cast, *second.cast])),
        "seconds": round(first.seconds + second.seconds, 3),
    }
    board.panels = [*board.panels[:index], first.model_copy(update=both, deep=True), *board.panels[index + 2 :]]
    for panels in board.coverage.values():
        if second.id in panels and first.id not in panels:
            panels[panels.index(second.id)] = first.id


def _restyle(revised: Revised, restyle: Restyle, draw: Draw) -> None:
    revised.board.style = restyle.style
    _draw_all(revised, draw)


def _reframe(revised: Revised, reframe: Reframe, draw: Draw) -> None:
    value = revised.board.model_dump()
    format_ = (value.get("brief") or {}).get("format")
    if format_:
        format_["aspect"] = reframe.aspect  # the brief knows what an aspect is, and is checked with the board
    revised.board = parse(Storyboard, value | {"aspect": reframe.aspect}, "the board")
    _draw_all(revised, draw)


_DO: dict[type, Callable[[Revised, Any, Draw], None]] = {
    Redraw: _redraw,
    Edit: _edit,
    Insert: _insert,
    Delete: _delete,
    Move: _move,
    Split: _split,
    Merge: _merge,
    Restyle: _restyle,
    Reframe: _reframe,
}


def _best(board: Storyboard, panel: Panel, seeds: list[int], draw: Draw, *, told_anew: bool) -> Drawn:
    wishes = [Wish(panel.model_copy(update={"seed": seed}), told_anew) for seed in seeds]
    return max(draw(board, wishes), key=lambda drawn: drawn.fit)


def _draw_all(revised: Revised, draw: Draw) -> None:
    drawn = draw(revised.board, [Wish(panel) for panel in revised.board.panels])
    _place(revised, dict(enumerate(drawn)))


def _place(revised: Revised, drawn: Mapping[int, Drawn]) -> None:
    for index, one in drawn.items():
        file = f"panels/{one.panel.id}-{hashlib.sha256(one.png).hexdigest()[:12]}.png"
        revised.pictures[file] = one.png
        revised.board.panels[index] = one.panel.model_copy(update={"picture": file})


def _new_seeds(panel: Panel, count: int) -> list[int]:
    texts = (f"{panel.id} {panel.seed} {number}" for number in range(count))
    return [int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) & 0x7FFFFFFF for text in texts]


def _new_id(board: Storyboard) -> str:
    taken = {panel.id for panel in board.panels} | {name for panels in board.coverage.values() for name in panels}
    return next(name for number in range(1, 10_000) if (name := f"p{number:02d}") not in taken)


def _in_two(words: str) -> tuple[str, str]:
    """Words cut after the sentence that ends nearest to the middle; a single sentence stays whole."""
    ends = [
        at + 1
        for at in range(len(words) - 1)
        if words[at] in _CLOSES and words[at + 1] == " " and words[at + 1 :].strip()
    ]
    if not ends:
        return words, ""
    cut = min(ends, key=lambda at: abs(at - len(words) / 2))
    return words[:cut].strip(), words[cut:].strip()


def _joined(first: str, second: str) -> str:
    return first if not second or second == first else f"{first} {second}".strip()


def _still_covered(board: Storyboard) -> dict[str, list[str]]:
    here = {panel.id for panel in board.panels}
    return {wish: [name for name in panels if name in here] for wish, panels in board.coverage.items()}


def _card(before: Storyboard, revised: Revised, measure: Measure, version: int) -> list[Score]:
    """The quality card as it is now: what panels say about themselves is summed up anew, what has to be measured
    between them is measured again, and what cannot be says of which version it is."""
    after = revised.board
    old = card.outdated(before, after)
    found = {score.name: _of_version(score, version) if score.name in old else score for score in after.scores}
    found |= {score.name: score for score in (card.alignment(after.panels), card.consistency(after.panels)) if score}
    if after.coverage != before.coverage:
        found[card.COVERAGE] = card.covered(after)
    if old:
        found |= {score.name: score for score in measure(after, revised.pictures, old)}
    return card.in_order(found.values())


def _of_version(score: Score, version: int) -> Score:
    return score if score.version else score.model_copy(update={"version": version})
