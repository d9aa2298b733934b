"""Learns a style from drawings in changed colours, and shows prompts drawn without it and with it on one sheet.

    python benchmarks/show_style.py --out docs/results/illustrator/style.png            # two minutes on two cores

The drawings are of the drawn world, their colours changed to a dusk of violet and orange. The prompts on the sheet are
not among those that the style was learnt with. Printed is how far colours are from the dusk, without it and with it.
"""

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from storywright.illustrator import lora, styles
from storywright.illustrator.model import STARTER, Illustrator
from storywright.toonworld.drawing import draw
from storywright.toonworld.grammar import portrait

DARK, LIGHT = np.array([38, 16, 78.0]), np.array([255, 196, 96.0])
LEARN_SEED, SHOW_SEED = 401, 402


def main() -> None:
    """Learn, draw and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rows", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as place:
        os.environ["STORYWRIGHT_HOME"] = place
        illustrator, shown = Illustrator.open(STARTER), _drawings(args.pictures, Path(place) / "pictures")
        config = lora.Config(steps=args.steps, threads=args.threads)
        made = lora.learn("dusk", Path(place) / "pictures", illustrator, config)
        print(f"loss {made.loss_before:.4f} to {made.loss_after:.4f}, {_size(made.folder):.2f} MB")
        words = [portrait(SHOW_SEED, number)[1] for number in range(args.rows)]
        seeds = list(range(args.rows))
        without = illustrator.draw(words, seeds=seeds)
        with_style = illustrator.draw(words, seeds=seeds, style="dusk")
    for name, pictures in (("learnt from", shown), ("without", without), ("with", with_style)):
        print(
            f"{name}: {np.mean([_from_dusk(picture) for picture in pictures]):.1f} grey levels from the dusk's colours"
        )
    args.out.parent.mkdir(parents=True, exist_ok=True)
    _sheet(shown[: args.rows], without, with_style).save(args.out)


def dusk(picture: np.ndarray) -> Image.Image:
    """A picture's light in the colours between violet and orange, with a fifth of its own colours left."""
    light = picture.astype(float).mean(2, keepdims=True) / 255
    return Image.fromarray((0.8 * (DARK + (LIGHT - DARK) * light) + 0.2 * picture).clip(0, 255).astype(np.uint8))


def _drawings(count: int, folder: Path) -> list[Image.Image]:
    folder.mkdir(parents=True)
    made = []
    for number in range(count):
        scene, words = portrait(LEARN_SEED, number)
        made.append(dusk(draw(scene, (192, 108))))
        made[-1].save(folder / f"{number:03d}.png")
        (folder / f"{number:03d}.txt").write_text(words)
    return made


def _from_dusk(picture: Image.Image) -> float:
    pixels = np.asarray(picture.convert("RGB"), float)
    light = pixels.mean(2, keepdims=True) / 255
    return float(np.abs(pixels - (DARK + (LIGHT - DARK) * light)).mean())


def _size(folder: Path) -> float:
    return (folder / styles.WEIGHTS).stat().st_size / 1e6


def _sheet(*columns: list[Image.Image]) -> Image.Image:
    width, height = columns[0][0].size
    sheet = Image.new("RGB", (3 * (width + 8) + 8, len(columns[0]) * (height + 8) + 26), "white")
    pen = ImageDraw.Draw(sheet)
    for column, (title, pictures) in enumerate(
        zip(("learnt from", "the illustrator", "in the style"), columns, strict=True)
    ):
        pen.text((8 + column * (width + 8), 6), title, "black")
        for row, picture in enumerate(pictures):
            sheet.paste(picture, (8 + column * (width + 8), 24 + row * (height + 8)))
    return sheet


if __name__ == "__main__":
    main()
