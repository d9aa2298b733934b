"""Pictures that a user gives: a reference, a picture to repair, the mask of what to repair. Refused by name or opened.

Knows nothing about drawing.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from storywright.corpus.pictures import FORMATS
from storywright.errors import BadInput

Given = Image.Image | Path | str
"""A picture, or its file."""
_MOST_PIXELS = 50_000_000
_HALF = 128


def picture(given: Given, called: str) -> Image.Image:
    """It as RGB, what is transparent on white; `called` is what a message calls it."""
    layer = _opened(given, called)
    if layer.mode in ("RGBA", "LA", "PA") or "transparency" in layer.info:
        layer = layer.convert("RGBA")
        layer = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return layer.convert("RGB")


def mask(given: Given, size: tuple[int, int]) -> np.ndarray:
    """Where it is white, bool (height, width), for a picture of this size; what is transparent counts as black."""
    layer = _opened(given, "The mask")
    if layer.size != size:
        raise BadInput(
            f"The mask has {layer.width}x{layer.height} pixels and the picture {size[0]}x{size[1]}: make them alike."
        )
    layer = layer.convert("RGBA")
    where = np.asarray(Image.alpha_composite(Image.new("RGBA", size, "black"), layer).convert("L")) >= _HALF
    if not where.any():
        raise BadInput("The mask is black, so there is nothing to repair: paint white what is to be drawn anew.")
    if where.all():
        raise BadInput("The mask is white all over, so nothing would stay: draw the picture anew without it.")
    return where


def _opened(given: Given, called: str) -> Image.Image:
    if isinstance(given, Image.Image):
        return given
    try:
        with Image.open(given, formats=FORMATS) as found:
            if found.width * found.height > _MOST_PIXELS:
                raise BadInput(f"{called} {given} has over {_MOST_PIXELS:,} pixels: save it smaller.")
            return ImageOps.exif_transpose(found)
    except FileNotFoundError as error:
        raise BadInput(f"{called} {given} is not there: check its name.") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadInput(f"{called} {given} is no picture that can be read: save it as PNG, JPEG or WebP.") from error
