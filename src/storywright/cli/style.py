"""`storywright style`: styles that are learnt from pictures."""

import time
from pathlib import Path

import click

from storywright.errors import needs_extra


@click.group()
def style() -> None:
    """Styles learnt from pictures: learn, list, remove. `--style NAME` draws in one."""


@style.command()
@click.argument("name")
@click.argument("pictures", type=click.Path(path_type=Path))
@click.option("--illustrator", help="Learn it for this illustrator: a folder or a name on the Hub.")
@click.option("--steps", type=click.IntRange(1, 100_000), default=200, show_default=True, help="Learning steps.")
@click.option("--batch", type=click.IntRange(1, 256), default=4, show_default=True, help="Pictures in a step.")
@click.option("--rank", type=click.IntRange(1, 256), default=16, show_default=True, help="How much it can hold.")
@click.option("--words", default="", help="Words that stand for the style before every prompt.")
@click.option("--strength", type=click.FloatRange(0, 4), default=1.0, show_default=True, help="Its usual strength.")
@click.option("--no-mirror", is_flag=True, help="Do not learn from mirror images, as when there is writing in them.")
@click.option("--seed", type=click.IntRange(min=0), default=0)
@click.option("--device", default="cpu", show_default=True, help="Where it is learnt, such as cuda.")
def learn(
    name: str,
    pictures: Path,
    illustrator: str | None,
    steps: int,
    batch: int,
    rank: int,
    words: str,
    strength: float,
    no_mirror: bool,
    seed: int,
    device: str,
) -> None:
    """Learn the style NAME from the folder PICTURES.

    What is in a picture is said in a .txt file of its name, or in a metadata.csv with the columns file_name and
    caption; the more is said, the more of what remains is taken for the style.
    """
    with needs_extra("train", "Learning a style"), needs_extra("styles", "Learning a style"):
        from storywright.illustrator import lora
        from storywright.illustrator.model import STARTER, Illustrator
    started = time.monotonic()
    config = lora.Config(
        steps=steps, batch=batch, rank=rank, words=words, strength=strength, mirrored=not no_mirror, seed=seed
    )
    opened = Illustrator.open(illustrator or STARTER, device)
    made = lora.learn(name, pictures, opened, config, called=illustrator or "ours")
    print(
        f"Learnt {made.name} from {made.num_pictures} pictures in {time.monotonic() - started:.0f} s: the loss on them "
        f"fell from {made.loss_before:.3f} to {made.loss_after:.3f}. Draw with it by "
        f"`storywright image PROMPT --style {made.name}`."
    )


@style.command("list")
def list_styles() -> None:
    """List the styles that were learnt."""
    with needs_extra("serve", "Styles"):
        from storywright.illustrator import styles
    found = styles.known()
    if not found:
        print("No style was learnt yet: `storywright style learn NAME PICTURES/` makes one.")
    for one in found:
        words = f", with the words “{one.words}”" if one.words else ""
        print(f"{one.name:<20} {one.num_pictures:>5} pictures, {one.steps} steps, for {one.illustrator}{words}")


@style.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def remove(names: tuple[str, ...]) -> None:
    """Forget each style NAME."""
    with needs_extra("serve", "Styles"):
        from storywright.illustrator import styles
    for name in names:
        styles.remove(name)
        print(f"Removed {name}.")
