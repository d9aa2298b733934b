"""`storywright board`: from a brief to storyboards."""

import json
import time
from dataclasses import replace
from pathlib import Path

import click

from storywright.errors import BadInput, needs_extra

_WIDEST_NAME = len("соответствие")


@click.command()
@click.argument("briefs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=Path("out"), help="The folder for the boards.")
@click.option("--candidates", type=click.IntRange(1, 6), default=3, help="Boards for each brief.")
@click.option("--draws", type=click.IntRange(1, 16), default=2, help="Pictures for each panel; the critic keeps one.")
@click.option("--steps", type=click.IntRange(1, 100), help="Denoising steps for each picture; default: as tuned.")
@click.option("--seed", type=click.IntRange(min=0), help="Another seed than the brief's.")
@click.option(
    "--writer",
    metavar="NAME",
    help="Another writer: a folder, transformers:NAME, or endpoint:MODEL@URL with its key in STORYWRIGHT_LLM_KEY.",
)
@click.option(
    "--illustrator",
    metavar="NAME",
    help="Another illustrator: a pipeline's folder, or a published one's name on the Hub. Nothing is mapped then.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def board(
    briefs: tuple[Path, ...],
    out: Path,
    candidates: int,
    draws: int,
    steps: int | None,
    seed: int | None,
    writer: str | None,
    illustrator: str | None,
    as_json: bool,
) -> None:
    """Turn each BRIEF into storyboards, each candidate following another idea.

    A BRIEF is a YAML or JSON file, of which only `title` and `product: {name: …}` are required; or plain text (.txt),
    out of which the fields are read. The models are the promoted ones, or the embedded ones where nothing was promoted
    yet.
    """
    started = time.monotonic()
    with needs_extra("serve", "Drawing a board"):
        from storywright.export import html, quality
        from storywright.progress import Progress
        from storywright.settings import Settings
        from storywright.studio import briefs as reading
        from storywright.studio import director, output, plan
        from storywright.watch.deployed import deployed_models
    another = {} if seed is None else {"seed": seed}
    understood = [(path, reading.read(path)) for path in briefs]
    folders = [out / path.stem if len(briefs) > 1 else out for path in briefs]
    for place in (folder / f"{number + 1}" for folder in folders for number in range(candidates)):
        output.refuse_unwritable(place)
    models, drawing = deployed_models(Settings.from_environment())
    if writer:
        models = models.with_writer(writer)
    if illustrator:
        models, drawing = director.with_illustrator(models, drawing, illustrator)
    directing = director.Director(models, replace(drawing, draws=draws, steps=steps or drawing.steps))
    wanted = [(path, read, read.brief.model_copy(update=another)) for path, read in understood]
    for path, _, brief in wanted:
        try:
            directing.checked(brief, candidates, path.parent)
        except BadInput as error:
            raise BadInput(str(error).replace("The brief", str(path), 1)) from error
    made = []
    for (path, read, brief), folder in zip(wanted, folders, strict=True):
        for notice in () if as_json else read.notices:
            print(notice)
        with Progress(f"drawing {brief.title}", candidates * plan.num_panels(brief)) as progress:
            boards = directing.boards(brief, candidates, on_panel=lambda *_: progress.advance(), folder=path.parent)
        for candidate in boards:
            candidate.board.notices = list(dict.fromkeys([*read.notices, *candidate.board.notices]))
        saved = [(one.save(folder / f"{number + 1}").parent, one.board) for number, one in enumerate(boards)]
        page = html.compare([(one, place) for place, one in saved], folder / "index.html")
        made.append({"brief": str(path), "page": str(page), "boards": [str(place) for place, _ in saved]})
        if not as_json:
            for place, one in saved:
                print(f"{place}/board.json  {one.title}")
                for line in quality.card(one):
                    print(f"  {line.name:{_WIDEST_NAME}} {line.value}  {line.reason}")
            print(f"Open {page} to see them side by side.")
    if as_json:
        print(json.dumps(made, indent=2, ensure_ascii=False))
    else:
        print(f"{sum(len(one['boards']) for one in made)} boards in {time.monotonic() - started:.0f} s.")
