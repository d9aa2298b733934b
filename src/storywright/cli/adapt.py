"""`storywright adapt`: from a chapter, a book or a script to storyboards."""

import html as escaping
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from storywright.errors import BadInput, needs_extra

if TYPE_CHECKING:
    from storywright.sources.manuscripts import Rights
    from storywright.studio.adaptation import Adapter, Made

_RIGHTS_SUFFIX = ".rights.json"
_INTERRUPTED = 130
"""The exit code of what Ctrl-C ended, as shells have it."""
_FEW_BOARDS = 3
"""Of so many the notices are printed; those of a book stand on its boards."""


@click.command()
@click.argument("manuscripts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=Path("out"), help="The folder for the boards.")
@click.option("--chapter", default="", help="Only this chapter, by its number or title.")
@click.option("--panels", type=click.IntRange(1, 60), help="Panels on each board; default: what the chapter needs.")
@click.option("--seconds", type=float, help="Length of each board; default: what it takes to read and hear it.")
@click.option(
    "--style", type=click.Choice(["flat", "pencil", "ink", "watercolour"]), default="ink", help="How it is drawn."
)
@click.option("--aspect", default="16:9", help="Width to height, such as 16:9, 1:1, 9:16 or 4:3.")
@click.option(
    "--language", type=click.Choice(["en", "ru"]), help="The manuscript's language, where it is guessed wrong."
)
@click.option("--seed", type=click.IntRange(min=0), default=7, help="The same seed gives the same boards.")
@click.option("--draws", type=click.IntRange(1, 16), default=2, help="Pictures for each panel; the critic keeps one.")
@click.option("--steps", type=click.IntRange(1, 100), help="Denoising steps for each picture; default: as tuned.")
@click.option(
    "--illustrator",
    metavar="NAME",
    help="Another illustrator: a pipeline's folder, or a published one's name on the Hub. Nothing is mapped then.",
)
@click.option("--no-pictures", is_flag=True, help="Boards of words alone.")
@click.option("--author", default="", help="Who wrote it.")
@click.option("--owner", default="", help="Who owns the rights.")
@click.option("--licence", default="", help="By what the owner lets it be adapted.")
@click.option("--public-domain", is_flag=True, help="Nobody owns it any more.")
@click.option(
    "--rights", type=click.Path(path_type=Path), help="A JSON file that says these; default: NAME.rights.json."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def adapt(
    manuscripts: tuple[Path, ...],
    out: Path,
    chapter: str,
    panels: int | None,
    seconds: float | None,
    style: str,
    aspect: str,
    language: str | None,
    seed: int,
    draws: int,
    steps: int | None,
    illustrator: str | None,
    no_pictures: bool,
    author: str,
    owner: str,
    licence: str,
    public_domain: bool,
    rights: Path | None,
    as_json: bool,
) -> None:
    """Turn each MANUSCRIPT into storyboards whose panels point at their sentences, with a report of what they show.

    A MANUSCRIPT is plain text, EPUB, XHTML, Fountain or Final Draft FDX, in English or Russian. Its rights are declared
    first: with --author and --public-domain, or --author, --owner and --licence, or in a file. A short one becomes one
    board, a long one a board for each chapter. A run that was stopped goes on when it is started again.
    """
    from dataclasses import replace

    started = time.monotonic()
    with needs_extra("serve", "Adapting a manuscript"):
        from storywright.board import Format
        from storywright.board import parse as parse_document
        from storywright.settings import Settings
        from storywright.sources.manuscripts import read
        from storywright.studio import director, output
        from storywright.studio.adaptation import Adapter, Config
        from storywright.watch.deployed import deployed_models
    parse_document(Format, {"aspect": aspect}, "--aspect")
    try:
        wished = {"panels": panels, "seconds": seconds, "chapter": chapter, "style": style, "aspect": aspect}
        config = Config(**wished, language=language, seed=seed)  # type: ignore[arg-type]
    except ValueError as error:
        raise BadInput(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    declared = [_rights(path, rights, author, owner, licence, public_domain) for path in manuscripts]
    sources = [read(path) for path in manuscripts]
    output.refuse_unwritable(out)
    models, drawing = (None, None) if no_pictures else deployed_models(Settings.from_environment())
    if models is not None and drawing is not None:
        if illustrator:
            models, drawing = director.with_illustrator(models, drawing, illustrator)
        drawing = replace(drawing, draws=draws, steps=steps or drawing.steps)
    results: list[dict[str, object]] = []
    num_boards = 0
    for path, source, own in zip(manuscripts, sources, declared, strict=True):
        folder = out / path.stem if len(manuscripts) > 1 else out
        adapter = Adapter(source, own, folder, config, models, drawing)
        made = _adapted(adapter, folder)
        page = _index(source.title, folder, made)
        results.append(_summary(path, folder, page, made))
        num_boards += len(made)
        if not as_json:
            _print(results[-1], made, adapter.notices)
    if as_json:
        print(json.dumps(results, indent=2, ensure_ascii=False))
    else:
        print(f"{num_boards} boards in {time.monotonic() - started:.0f} s.")


def _adapted(adapter: "Adapter", folder: Path) -> "list[Made]":
    """The boards; whoever stops half-way is told what stands."""
    finished: list[Made] = []

    def keep(one: "Made") -> None:
        finished.append(one)
        _write_page(one)

    try:
        return adapter.boards(on_board=keep)
    except KeyboardInterrupt:
        print(
            f"Stopped. {len(finished)} finished boards stand in {folder}, and every scene that was drawn is kept: "
            "start the same command again to go on.",
            file=sys.stderr,
        )
        raise click.exceptions.Exit(_INTERRUPTED) from None


def _rights(
    manuscript: Path, file: Path | None, author: str, owner: str, licence: str, public_domain: bool
) -> "Rights":
    """What was declared: by the flags, in the file that is named, or in one that lies beside the manuscript."""
    from storywright.board import parse
    from storywright.sources.manuscripts import Rights, declared

    beside = manuscript.with_name(f"{manuscript.stem}{_RIGHTS_SUFFIX}")
    if file is None and not (author or owner or licence or public_domain) and beside.is_file():
        file = beside
    if file is None:
        return declared(author=author, owner=owner, licence=licence, public_domain=public_domain)
    try:
        value = json.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise BadInput(f"--rights {file} does not exist: check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"--rights {file} cannot be read as UTF-8 text: {error}.") from error
    except json.JSONDecodeError as error:
        raise BadInput(f"{file}, line {error.lineno}: this is not JSON: {error.msg}.") from error
    if not isinstance(value, dict):
        raise BadInput(f"{file}: a declaration is a JSON object with author, and owner and licence or public_domain.")
    return parse(Rights, value, str(file))


def _write_page(made: "Made") -> None:
    from storywright.export import html

    html.write(made.board, made.folder, made.folder / "index.html")


def _index(title: str, folder: Path, made: "list[Made]") -> Path:
    """The list of the boards, where there are several."""
    from storywright import files

    page = folder / "index.html"
    if len(made) == 1 and made[0].folder == folder:
        return page
    rows = "".join(
        f'<li><a href="{escaping.escape(one.folder.name)}/index.html">{escaping.escape(one.board.title)}</a>'
        f"<span>{len(one.board.panels)} · {one.board.seconds / 60:.1f} min</span></li>"
        for one in made
    )
    files.write_text(
        page,
        f'<!doctype html>\n<html lang="{made[0].board.language}"><head><meta charset="utf-8">'
        f"<title>{escaping.escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{escaping.escape(title)}</h1><ol>{rows}</ol>"
        '<p><a href="coverage.md">coverage.md</a></p></body></html>\n',
    )
    return page


_STYLE = """
:root { --paper: #faf7f2; --ink: #22201d; --soft: #6d675f; --line: #ddd5c9; }
@media (prefers-color-scheme: dark) { :root { --paper: #1b1a18; --ink: #ece7df; --soft: #a49c91; --line: #3a3631; } }
body { margin: 0 auto; padding: 3rem 1.5rem; max-width: 46rem; background: var(--paper); color: var(--ink);
       font: 16px/1.5 "IBM Plex Sans", Inter, "Segoe UI", system-ui, sans-serif; }
a { color: inherit; } li { padding: 0.4rem 0; border-bottom: 1px solid var(--line); }
li span { float: right; color: var(--soft); } h1 { font-size: 1.6rem; } ol { padding-left: 1.6rem; }
"""


def _summary(manuscript: Path, folder: Path, page: Path, made: "list[Made]") -> dict[str, object]:
    events = [event for one in made for event in one.events]
    shown = sum(bool(event.panels) for event in events)
    return {
        "manuscript": str(manuscript),
        "page": str(page),
        "coverage": str(folder / "coverage.md"),
        "boards": [str(one.folder) for one in made],
        "panels": sum(len(one.board.panels) for one in made),
        "events": len(events),
        "events_shown": shown,
    }


def _print(result: dict[str, object], made: "list[Made]", notices: list[str]) -> None:
    if len(made) > _FEW_BOARDS:
        print("".join(f"{notice}\n" for notice in notices), end="")
    for one in made:
        print(
            f"{one.folder}/board.json  {one.board.title}  ({len(one.board.panels)} panels, {one.board.seconds:.0f} s)"
        )
        if len(made) <= _FEW_BOARDS:
            print("".join(f"  {notice}\n" for notice in one.board.notices), end="")
    print(f"{result['events_shown']} of {result['events']} events are shown; {result['coverage']} names the others.")
    print(f"Open {result['page']}.")
