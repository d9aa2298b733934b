"""`storywright image` and `storywright video`: from words to pictures and to moving clips, without a board."""

import os
import time
from pathlib import Path
from typing import Any

import click

from storywright.errors import BadInput, needs_extra

_MODEL = click.option(
    "--illustrator",
    "--model",
    "model",
    metavar="NAME",
    help="Another illustrator: a folder, or a published one's name on the Hub such as stabilityai/sd-turbo.",
)
_DEVICE = click.option("--device", default="cpu", show_default=True, help="Where it draws, such as cuda.")


_FILE = click.Path(dir_okay=False, path_type=Path)


class _Size(click.ParamType):
    name = "WIDTHxHEIGHT"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        width, times, height = value.lower().partition("x")
        if not (times and width.isdigit() and height.isdigit()):
            self.fail(f"{value!r} is not a size such as 192x108.", param, ctx)
        return int(width), int(height)


@click.command()
@click.argument("prompts", nargs=-1, required=True, metavar="PROMPT...")
@click.option("--out", type=click.Path(path_type=Path), default=Path("out"), help="The folder for the pictures.")
@click.option("--size", type=_Size(), help="Width and height in pixels; default: the model's own.")
@click.option("--style", help="A style that the model knows, such as ink, or one that was learnt.")
@click.option("--strength", type=click.FloatRange(0, 4), help="How strongly a learnt style is put on.")
@click.option("--steps", type=click.IntRange(1, 200), help="Denoising steps; default: what suits the model.")
@click.option("--guidance", type=float, help="How far the picture is led towards the words.")
@click.option("--negative", default="", help="Words to lead away from.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="The first picture's; the next has the next.")
@click.option("--count", type=click.IntRange(1, 64), default=1, help="Pictures for each prompt.")
@click.option("--reference", type=_FILE, help="A picture of whom the prompt calls 'a person'.")
@click.option("--repair", "repaired", type=_FILE, help="A picture that is drawn anew where --mask is white.")
@click.option("--mask", type=_FILE, help="As large as that picture: white where it is drawn anew.")
@_MODEL
@_DEVICE
def image(
    prompts: tuple[str, ...],
    out: Path,
    size: tuple[int, int] | None,
    style: str | None,
    strength: float | None,
    steps: int | None,
    guidance: float | None,
    negative: str,
    seed: int,
    count: int,
    reference: Path | None,
    repaired: Path | None,
    mask: Path | None,
    model: str | None,
    device: str,
) -> None:
    """Draw each PROMPT. The same words and seed give the same picture.

    With --repair and --mask a region of a picture is drawn anew, and the rest stays as it was, to the byte; PROMPT then
    says what the whole picture shows.
    """
    from storywright.progress import track

    if bool(repaired) != bool(mask):
        raise BadInput(
            "A repair needs both, the picture after --repair and the mask of what to draw anew after --mask."
        )
    if repaired and size:
        raise BadInput("A repaired picture keeps its size: leave --size out.")
    _refuse_place(out)
    illustrator, strong = _opened(model, device, strength, special=bool(reference or repaired))
    how: dict[str, Any] = {"steps": steps, "guidance": guidance, "style": style, "negative": negative, **strong}
    if reference:
        from storywright.illustrator import given

        shown = given.picture(reference, "The reference")
        how |= {"reference": shown} if repaired else {"references": [shown]}
    wanted = [prompt for prompt in prompts for _ in range(count)]
    started = time.monotonic()
    for number, prompt in enumerate(track(wanted, "drawing")):
        if repaired:
            drawn = illustrator.repair(repaired, mask, prompt, seed=seed + number, **how)
        else:
            (drawn,) = illustrator.draw([prompt], size=size, seeds=[seed + number], **how)
        out.mkdir(parents=True, exist_ok=True)
        drawn.save(out / f"{number + 1:02d}.png")
    if size and (computed := illustrator.computed(size)) != size:
        print(f"Drawn at {computed[0]}x{computed[1]}, the nearest that it can, and fitted to {size[0]}x{size[1]}.")
    print(f"{len(wanted)} pictures in {out} in {time.monotonic() - started:.1f} s.")


def _refuse_place(folder: Path) -> None:
    """Refuse a folder that cannot be made or written into."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise BadInput(f"{folder} cannot be a folder for pictures, since {there} is {_fault(there)}: name another one.")


def _fault(place: Path) -> str:
    return "not yours to write into" if place.is_dir() else "a file"


def _opened(model: str | None, device: str, strength: float | None, *, special: bool) -> tuple[Any, dict[str, Any]]:
    """The illustrator, and what only one with PyTorch takes; `special` is what only that can do."""
    if model and (Path(model) / "portable.json").is_file():
        if special:
            raise BadInput(
                f"{model} is for small devices, and neither repairs nor takes references: use what it is of."
            )
        with needs_extra("onnx", "Drawing without PyTorch"):
            from storywright.illustrator.portable import Portable
        return Portable.open(Path(model)), {}
    with needs_extra("serve", "Drawing"):
        from storywright.illustrator.model import STARTER, Illustrator
    return Illustrator.open(model or STARTER, device), {"style_strength": strength}


@click.command()
@click.argument("prompt")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("out/clip.mp4"), help="A .mp4, .webp, .gif or .png file."
)
@click.option("--frames", type=click.IntRange(2, 16), default=8, help="Frames that are drawn.")
@click.option("--seconds", type=click.FloatRange(0.1, 60), default=2.0, help="How long the clip lasts.")
@click.option("--style", default="", help="A style that the model knows, such as ink, or one that was learnt.")
@click.option("--strength", type=click.FloatRange(0, 4), help="How strongly a learnt style is put on.")
@click.option("--size", type=_Size(), help="Width and height in pixels; default: the model's own.")
@click.option("--steps", type=click.IntRange(1, 200), help="Denoising steps; default: what suits the model.")
@click.option("--seed", type=click.IntRange(min=0), default=0)
@_MODEL
@click.option("--motion", type=click.Path(path_type=Path), help="A folder with other temporal layers.")
def video(
    prompt: str,
    out: Path,
    frames: int,
    seconds: float,
    style: str,
    strength: float | None,
    size: tuple[int, int] | None,
    steps: int | None,
    seed: int,
    model: str | None,
    motion: Path | None,
) -> None:
    """Draw PROMPT as a moving clip: a few frames are drawn, and what lies between them is interpolated."""
    with needs_extra("serve", "Drawing a clip"), needs_extra("export", "Writing a clip"):
        from storywright.export import clip
        from storywright.studio.generation import TextToVideoModel
    if out.suffix.lower() not in clip.SUFFIXES:
        raise BadInput(f"{out} is not a file for moving pictures: name it .mp4, .webp, .gif or .png.")
    _refuse_place(out.parent)
    started = time.monotonic()
    drawn = TextToVideoModel(model, motion).generate(
        prompt,
        duration_seconds=seconds,
        frames=frames,
        style=style,
        style_strength=strength,
        size=size,
        steps=steps,
        seed=seed,
    )
    drawn.save(out)
    print(f"{frames} frames, {seconds:g} s, in {out} after {time.monotonic() - started:.1f} s.")
