"""`storywright revise`: change one thing of a board, and go back and forth between its versions."""

import functools
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from storywright.errors import BadInput, needs_extra

if TYPE_CHECKING:
    from storywright.board import Score, Storyboard
    from storywright.studio.director import Drawing
    from storywright.studio.models import Models
    from storywright.studio.revision import Drawn, Wish


@dataclass(frozen=True)
class _Asked:
    """What all actions are told."""

    folder: Path
    as_json: bool
    illustrator: str | None

    @functools.cached_property
    def crew(self) -> "tuple[Models, Drawing]":
        """The models, opened when something is drawn or measured and not before."""
        from storywright.settings import Settings
        from storywright.studio import director
        from storywright.watch.deployed import deployed_models

        crew = deployed_models(Settings.from_environment())
        return director.with_illustrator(*crew, self.illustrator) if self.illustrator else crew


@click.group()
@click.argument("board", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print what changed as JSON.")
@click.option("--illustrator", metavar="NAME", help="Draw with another: a pipeline's folder, or its name on the Hub.")
@click.pass_context
def revise(context: click.Context, board: Path, as_json: bool, illustrator: str | None) -> None:
    """Change one thing of the board in the folder BOARD; everything else stays as it is, to the byte.

    A PANEL is named by its number, from 1, or by its id. Every change is kept as a version: `undo` and `redo` go back
    and forth, `versions` lists them, `compare` says what differs.
    """
    context.obj = _Asked(board.parent if board.is_file() else board, as_json, illustrator)


@revise.command()
@click.argument("panel", required=False)
@click.option("--words", default="", help="What happens now; left out, what happened before.")
@click.option("--seed", type=click.IntRange(min=0), help="A seed of your choice; left out, new ones.")
@click.option("--draws", type=click.IntRange(1, 16), default=2, show_default=True, help="Pictures to choose from.")
@click.pass_obj
def redo(obj: _Asked, panel: str | None, words: str, seed: int | None, draws: int) -> None:
    """Draw PANEL again; without a PANEL, take back the last undo."""
    if panel is None:
        if words or seed is not None:
            raise BadInput("Name the PANEL that is to be drawn again, such as `redo 3`.")
        _step(obj, 1)
    else:
        _revise(obj, {"action": "redraw", "panel": panel, "words": words, "seed": seed, "draws": draws})


@revise.command()
@click.argument("panel")
@click.argument("field")
@click.argument("value")
@click.pass_obj
def edit(obj: _Asked, panel: str, field: str, value: str) -> None:
    """Set a FIELD of PANEL to VALUE, such as `edit 3 shot.size close-up` or `edit 2 seconds 3.5`.

    VALUE is read as YAML: `[{who: Mia, line: Hello.}]` is a dialogue. The picture stays until `redo PANEL`.
    """
    _revise(obj, {"action": "edit", "panel": panel, "field": field, "value": _value(value)})


@revise.command()
@click.argument("at", type=click.IntRange(min=1))
@click.argument("words")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="How long it stands.")
@click.pass_obj
def insert(obj: _Asked, at: int, words: str, seconds: float | None) -> None:
    """Put a new panel, in which WORDS happen, at place AT."""
    _revise(obj, {"action": "insert", "at": at, "words": words, "seconds": seconds})


@revise.command()
@click.argument("panel")
@click.pass_obj
def delete(obj: _Asked, panel: str) -> None:
    """Take PANEL out."""
    _revise(obj, {"action": "delete", "panel": panel})


@revise.command()
@click.argument("panel")
@click.argument("to", type=click.IntRange(min=1))
@click.pass_obj
def move(obj: _Asked, panel: str, to: int) -> None:
    """Put PANEL to the place TO."""
    _revise(obj, {"action": "move", "panel": panel, "to": to})


@revise.command()
@click.argument("panel")
@click.pass_obj
def split(obj: _Asked, panel: str) -> None:
    """Make two panels of PANEL, each with its part of the time and of the words."""
    _revise(obj, {"action": "split", "panel": panel})


@revise.command()
@click.argument("panel")
@click.pass_obj
def merge(obj: _Asked, panel: str) -> None:
    """Make one panel of PANEL and the next."""
    _revise(obj, {"action": "merge", "panel": panel})


@revise.command()
@click.argument("style")
@click.pass_obj
def style(obj: _Asked, style: str) -> None:
    """Draw the whole board in another STYLE, from the same seeds."""
    _revise(obj, {"action": "restyle", "style": style})


@revise.command()
@click.argument("aspect")
@click.pass_obj
def aspect(obj: _Asked, aspect: str) -> None:
    """Draw the whole board in another ASPECT, such as 1:1, from the same seeds."""
    _revise(obj, {"action": "reframe", "aspect": aspect})


@revise.command()
@click.pass_obj
def undo(obj: _Asked) -> None:
    """Go back to the version before."""
    _step(obj, -1)


@revise.command()
@click.pass_obj
def versions(obj: _Asked) -> None:
    """List the versions; a star marks where the board is."""
    from storywright.studio import versions as kept

    folder, as_json = obj.folder, obj.as_json
    found = kept.versions(folder)
    if as_json:
        print(json.dumps([{"number": v.number, "current": v.current, "panels": len(v.board.panels)} for v in found]))
        return
    for before, version in zip([None, *found], found, strict=False):
        told = "; ".join(_told(kept.changes(before.board, version.board))) if before else "as it was made"
        print(f"{'*' if version.current else ' '} {version.number:3d}  {told or 'the board as a whole'}")


@revise.command()
@click.argument("before", type=int)
@click.argument("after", type=int)
@click.pass_obj
def compare(obj: _Asked, before: int, after: int) -> None:
    """Say what differs between two versions."""
    from storywright.studio import versions as kept

    folder, as_json = obj.folder, obj.as_json
    found = {version.number: version.board for version in kept.versions(folder)}
    for number in (before, after):
        if number not in found:
            raise BadInput(f"{folder} has no version {number}: it has {', '.join(map(str, found))}.")
    _report(kept.changes(found[before], found[after]), as_json, "They are the same.")


def _revise(obj: _Asked, value: dict[str, Any]) -> None:
    folder, as_json = obj.folder, obj.as_json
    with needs_extra("serve", "Revising a board"):
        from storywright.board import read_board
        from storywright.studio import revision, versions
    asked = revision.asked({name: part for name, part in value.items() if part is not None})
    before = read_board(folder)

    def draw(board: "Storyboard", wishes: "Sequence[Wish]") -> "list[Drawn]":
        from storywright.studio.redrawing import Redrawing

        return Redrawing(*obj.crew, folder)(board, wishes)

    def measure(board: "Storyboard", pictures: Mapping[str, bytes], names: Collection[str]) -> "list[Score]":
        from storywright.studio.measuring import Measuring, beside, in_folder

        models, _ = obj.crew
        return Measuring(models, in_folder(folder), lambda: list(beside(folder, before)))(board, pictures, names)

    revised = revision.revise(before, asked, draw, measure, versions.number(folder))
    found = versions.changes(before, revised.board)
    if revised.board != before:
        versions.keep(folder, revised.board, revised.pictures)
    _report(found, as_json, "Nothing changed: it was so already." if revised.board == before else "Done.")


def _step(obj: _Asked, by: int) -> None:
    from storywright.board import read_board
    from storywright.studio import versions

    folder, as_json = obj.folder, obj.as_json
    before = read_board(folder)
    _report(versions.changes(before, versions.step(folder, by)), as_json, "Done.")


def _value(text: str) -> Any:
    try:
        return yaml.safe_load(text) if text else text
    except yaml.YAMLError:
        return text  # words with a colon or a quotation mark are words


def _report(changes: list[Any], as_json: bool, otherwise: str) -> None:
    if as_json:
        print(json.dumps([{"panel": c.panel, "kind": c.kind, "fields": c.fields} for c in changes], ensure_ascii=False))
    else:
        print("\n".join(_told(changes)) or otherwise)


def _told(changes: list[Any]) -> list[str]:
    return [f"{c.panel} {c.kind}" + (f": {', '.join(c.fields)}" if c.fields else "") for c in changes]
