"""`storywright judge`: how well an illustrator keeps to its words."""

import json
from pathlib import Path

import click

from storywright.errors import BadInput, needs_extra


@click.command()
@click.option("--model", type=click.Path(path_type=Path), help="Another illustrator's folder than the embedded one's.")
@click.option("--judge", "judge_folder", type=click.Path(path_type=Path), help="Another judge's folder.")
@click.option("--count", type=click.IntRange(8, 5_000), default=500, show_default=True, help="Held-out prompts.")
@click.option("--steps", type=click.IntRange(1, 200), help="Denoising steps; default: what suits the model.")
@click.option("--guidance", type=float, help="How far pictures are led towards the words.")
@click.option("--sheet", type=click.Path(path_type=Path), help="Also write a sheet of the first 60 pictures, as PNG.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def judge(
    model: Path | None,
    judge_folder: Path | None,
    count: int,
    steps: int | None,
    guidance: float | None,
    sheet: Path | None,
    as_json: bool,
) -> None:
    """Draw held-out prompts and read, with a classifier that never helps to draw, how much of the words is seen.

    Each attribute is a share of what the judge reads in real drawings of the same words.
    """
    if sheet and sheet.suffix != ".png":
        raise BadInput(f"{sheet} is no sheet's name: end it in .png.")
    with needs_extra("serve", "Judging"):
        from storywright.illustrator.model import STARTER, Illustrator
        from storywright.judge import measuring, network
        from storywright.progress import track
    opened, illustrator = network.Judge.open(judge_folder or network.STARTER), Illustrator.open(model or STARTER)
    held_out = measuring.held_out(count)
    made = []
    for first in track(range(0, len(held_out), illustrator.at_once), "drawing"):
        words = [prompt for _, prompt in held_out[first : first + illustrator.at_once]]
        seeds = range(first, first + len(words))
        made += illustrator.draw(words, seeds=seeds, steps=steps, guidance=guidance)
    scenes = [scene for scene, _ in held_out]
    found = measuring.measured(opened, scenes, made)
    both = measuring.both_kept(opened, scenes, made)
    if sheet:
        measuring.sheet(made[:60], sheet)
    if as_json:
        rows = {
            one.name: {"share": one.share, "drawn": one.drawn, "made": one.made, "asked": one.asked} for one in found
        }
        print(json.dumps({"measures": rows, "two people keep their own colours": both, "count": count}, indent=2))
        return
    print(f"{'':14} share  drawings  pictures  asked")
    for one in found:
        print(f"{one.name:14} {one.share:5.2f}  {one.drawn:8.2f}  {one.made:8.2f}  {one.asked:5d}")
    print(f"Of pictures with two people, both keep their own top's colour in {both:.2f}.")
