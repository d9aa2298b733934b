"""`storywright judge`: how well an illustrator keeps to its words, and how near its pictures are to drawings."""

import json
import shlex
import shutil
from pathlib import Path

import click

from storywright.errors import BadInput, needs_extra

_TITLE = "What the embedded judge and critic say of an illustrator"


@click.command()
@click.option("--model", help="Another illustrator than the embedded one: a folder, or a published one's name.")
@click.option("--judge", "judge_folder", type=click.Path(path_type=Path), help="Another judge's folder.")
@click.option("--critic", "critic_folder", type=click.Path(path_type=Path), help="Another critic's folder.")
@click.option("--count", type=click.IntRange(8, 5_000), default=500, show_default=True, help="Held-out prompts.")
@click.option("--steps", type=click.IntRange(1, 200), help="Denoising steps; default: what suits the model.")
@click.option("--guidance", type=float, help="How far pictures are led towards the words.")
@click.option("--sheet", type=click.Path(path_type=Path), help="Also write a sheet of the first 60 pictures, as PNG.")
@click.option(
    "--write",
    "pages",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Also put the figures into this Markdown page.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def judge(
    model: str | None,
    judge_folder: Path | None,
    critic_folder: Path | None,
    count: int,
    steps: int | None,
    guidance: float | None,
    sheet: Path | None,
    pages: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Draw held-out prompts and measure the pictures beside real drawings of the same words.

    A classifier that never helps to draw reads how much of the words is seen; each attribute is a share of what it
    reads in the drawings. The critic says how far pictures and drawings are apart (Fréchet distance), and how well
    pictures fit their words (CLIP score). A run that was ended goes on where it was.
    """
    if sheet and sheet.suffix != ".png":
        raise BadInput(f"{sheet} is no sheet's name: end it in .png.")
    for page in pages:
        if page.suffix != ".md":
            raise BadInput(f"{page} is no page in Markdown: end it in .md.")
    with needs_extra("serve", "Judging"):
        from storywright import files
        from storywright.critic.encoder import Critic
        from storywright.illustrator.model import STARTER, Illustrator
        from storywright.judge import closeness, measuring, network
        from storywright.judge.report import Report
        from storywright.settings import Settings
    opened, critic = (
        network.Judge.open(judge_folder or network.STARTER),
        Critic.open(critic_folder or STARTER.parent / "critic"),
    )
    illustrator = Illustrator.open(model or STARTER)
    held_out = measuring.held_out(count)
    scenes, prompts = [scene for scene, _ in held_out], [prompt for _, prompt in held_out]
    asked = files.digest_of([_digest(Path(model or STARTER)) or model, prompts, steps, guidance])
    work = Settings.from_environment().home / "judging" / asked[:16]
    made = measuring.pictures_of(illustrator, prompts, work, steps=steps, guidance=guidance)
    report = Report(
        measures=measuring.measured(opened, scenes, made),
        both=measuring.both_kept(opened, scenes, made),
        closeness=closeness.measured(critic, illustrator, held_out, made),
        count=count,
        command=_command(
            model=model,
            judge=judge_folder,
            critic=critic_folder,
            count=count,
            steps=steps,
            guidance=guidance,
            sheet=sheet,
            write=pages,
        ),
    )
    if sheet:
        measuring.sheet(made[:60], sheet)
    for page in pages:
        report.write_into(page, _TITLE)
    shutil.rmtree(work)
    print(json.dumps(report.as_json(), indent=2) if as_json else report.as_text())


def _digest(place: Path) -> str:
    """Changes with any weight of an illustrator's folder; empty for a published one's name."""
    from storywright import files
    from storywright.illustrator.sealed import SEAL

    if not place.is_dir():
        return ""
    return files.digest(place / SEAL if (place / SEAL).is_file() else place)


def _command(**options: object) -> str:
    """What was typed, without what is as usual."""
    words = ["storywright", "judge"]
    for name, value in options.items():
        for one in value if isinstance(value, tuple) else (value,):
            words += [] if one is None else [f"--{name}", str(one)]
    return shlex.join(words)
