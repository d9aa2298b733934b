"""`storywright export`: a board as files that other programs open."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from storywright.errors import BadInput, needs_extra

if TYPE_CHECKING:
    from storywright.board import Storyboard
    from storywright.voice.track import Track


class _Names(click.ParamType):
    name = "NAME,NAME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        return tuple(part.strip() for part in str(value).split(",") if part.strip())


class _Numbers(click.ParamType):
    name = "N,N"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        parts = [part.strip() for part in str(value).split(",")]
        if not all(part.isdigit() for part in parts):
            self.fail(f"{value!r} is not a number, nor several such as 6,1.", param, ctx)
        return tuple(map(int, parts))


def _list_formats(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted:
        from storywright.export import FORMATS

        widest = max(map(len, FORMATS))
        print("\n".join(f"{name:{widest}}  {one.line}" for name, one in FORMATS.items()))
        ctx.exit()


@click.command()
@click.argument("board", type=click.Path(path_type=Path))
@click.option("--to", "formats", type=_Names(), default="pdf", help="Formats, such as pdf,mp4; or all.  [default: pdf]")
@click.option("--list", is_flag=True, is_eager=True, expose_value=False, callback=_list_formats, help="List formats.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("out"), help="The folder for the files.")
@click.option("--per-page", type=_Numbers(), help="pdf: panels a page, 1, 2, 3, 6 or 9; 6,1 gives a sheet and pages.")
@click.option("--fields", type=_Names(), help="pdf, png: what stands under a panel, such as shot,action,voice.")
@click.option("--logo", type=click.Path(path_type=Path), help="pdf, png: a picture for the corner.")
@click.option("--fps", type=float, help="Frames a second, as editors know them.  [default: 25]")
@click.option("--drop", is_flag=True, help="Timelines: drop-frame timecode at 29.97 and 59.94.")
@click.option("--portable", is_flag=True, help="Timelines: name pictures relative to the file.")
@click.option("--height", type=int, help="mp4: lines of the picture; an upright film is so wide.  [default: 720]")
@click.option("--captions", is_flag=True, help="mp4: burn in what is said.")
@click.option("--supers", is_flag=True, help="mp4: burn in the words on the screen.")
@click.option("--clips", type=click.Path(path_type=Path), help="mp4: a folder of moving pictures, named by panel id.")
@click.option(
    "--motion", type=_Names(), help="mp4: let the illustrator draw these panels as moving clips, such as 2,4; or all."
)
@click.option("--speakers", is_flag=True, help="srt: say who speaks.")
@click.option("--voice", default="espeak", help="The engine that speaks, or off.  [default: espeak]")
@click.option("--speed", type=click.FloatRange(0.5, 2.0), default=1.0, help="How fast it speaks.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def export(
    board: Path,
    formats: tuple[str, ...],
    out: Path,
    voice: str,
    speed: float,
    motion: tuple[str, ...] | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Export BOARD, a folder with a board.json, for a meeting, an editing program, a chat or the web.

    Each file is named by the board's title. Where one format fails the others are written all the same.
    """
    from storywright import export as exports
    from storywright.board import read_board
    from storywright.progress import Progress

    names, document = exports.known(formats), read_board(board)
    options = {name: value for name, value in chosen.items() if value not in (None, False, ())}
    made: list[tuple[str, Path]] = []
    notices = _left_out(document, board, names, options)
    failure: BadInput | None = None
    if motion:
        if "mp4" not in names or "clips" in options:
            raise BadInput("--motion draws the clips of an mp4: add --to mp4, and leave --clips out.")
        options["clips"] = _drawn_clips(document, board if board.is_dir() else board.parent, motion)
    if any("track" in exports.FORMATS[name].takes for name in names):
        try:
            track = _spoken(document, voice, speed)
            options["track"] = track
            notices += track.notices
        except BadInput as error:
            failure = error
            names = [name for name in names if "track" not in exports.FORMATS[name].takes]
    with Progress("exporting", len(names)) as progress:

        def finished(name: str, path: Path) -> None:
            made.append((name, path))
            progress.advance(note=name)

        try:
            exports.export(board, names, out, options=options, on_file=finished)
        except BadInput as error:
            failure = failure or error
    _tell(made, notices, as_json)
    if failure:
        raise failure


def _spoken(board: "Storyboard", engine: str, speed: float) -> "Track":
    """What is heard; with the voice off, what can be read at least."""
    with needs_extra("voice", "Speaking"):
        from storywright import voice
        from storywright.voice.track import track
    narrator = voice.open("silent" if engine == "off" else engine)
    try:
        return track(board, narrator, speed=speed)
    except BadInput as error:
        if engine == "off":
            raise
        raise BadInput(f"{error} Or export without a voice: --voice off.") from error


def _drawn_clips(board: "Storyboard", folder: Path, names: tuple[str, ...]) -> Path:
    """A folder with the clips of these panels, of what is deployed or else embedded."""
    with needs_extra("serve", "Drawing a clip"):
        from storywright import __version__
        from storywright.illustrator import model
        from storywright.illustrator import motion as temporal
        from storywright.registry import bundle as bundles
        from storywright.settings import Settings
        from storywright.studio import moving
        from storywright.watch import deployment
    panels = moving.wanted(board, names)
    deployed = deployment.read(Settings.from_environment())
    if deployed is None:
        animator = temporal.Animator.open(model.STARTER, temporal.STARTER)
    else:
        parts = bundles.read(deployed.folder / bundles.BUNDLE_FILE).parts
        drawn_by, moved_by = (deployed.folder / parts[role].artifact for role in ("illustrator", "motion"))
        animator = temporal.Animator.open(drawn_by, moved_by)
    return moving.draw(board, folder, panels, animator, deployed.digest if deployed else f"embedded {__version__}")


def _left_out(board: "Storyboard", place: Path, names: list[str], options: dict[str, Any]) -> list[str]:
    """What the pages cannot show."""
    if not {"pdf", "png"} & set(names):
        return []
    with needs_extra("export", "Exporting pages"):
        from storywright.export import page
    look = page.Look(**{name: options[name] for name in ("fields", "logo") if name in options})
    return page.notices(page.Sheet.of(board, place if place.is_dir() else place.parent, look))


def _tell(made: list[tuple[str, Path]], notices: list[str], as_json: bool) -> None:
    if as_json:
        told = [{"format": name, "path": str(path), "bytes": path.stat().st_size} for name, path in made]
        print(json.dumps({"files": told, "notices": notices}, indent=2, ensure_ascii=False))
        return
    for _, path in made:
        print(path)
    for notice in notices:
        print(notice)
