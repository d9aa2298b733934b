"""Contact sheets: many pictures on one page, each with a caption, for people to look at."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_GAP = 6
_PAGE, _TEXT = (250, 248, 243), (70, 66, 70)


def sheet(pictures: Sequence[np.ndarray], columns: int, captions: Sequence[str] | None = None) -> Image.Image:
    """The pictures, all of one size, in rows of so many."""
    height, width = pictures[0].shape[:2]
    strip = 16 if captions else 0
    rows = -(-len(pictures) // columns)
    page = Image.new("RGB", (columns * (width + _GAP) + _GAP, rows * (height + strip + _GAP) + _GAP), _PAGE)
    write = ImageDraw.Draw(page)
    for k, picture in enumerate(pictures):
        x, y = _GAP + k % columns * (width + _GAP), _GAP + k // columns * (height + strip + _GAP)
        page.paste(Image.fromarray(picture), (x, y))
        if captions:
            write.text((x + 1, y + height + 1), captions[k], fill=_TEXT, font=_fitting(captions[k], width))
    return page


def _fitting(caption: str, width: int) -> "ImageFont.FreeTypeFont | ImageFont.ImageFont":
    """The largest of the usual letters in which a caption is no wider than its picture."""
    fonts = [ImageFont.load_default(size) for size in (11, 10, 9, 8, 7)]
    return next((font for font in fonts if font.getlength(caption) <= width), fonts[-1])
