"""Pictures that people upload: known by their content and not by their name, and written anew before they are kept."""

import io
import threading

from PIL import Image, ImageOps, UnidentifiedImageError

from storywright.errors import BadInput
from storywright.studio.store import Store

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_PIXELS = 40_000_000
_SIDE_PX = 2048
_AT_ONCE = threading.Semaphore(2)
"""Pictures that are decoded at the same time: each may need half a gigabyte."""


def kept(store: Store, content: bytes, name: str) -> str:
    """Keep a picture as PNG without what else its file held, and say its name in the store's folder."""
    try:
        with _AT_ONCE, Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise BadInput(f"{name} has over {MOST_PIXELS:,} pixels: save it smaller.")
            opened.draft("RGB", (_SIDE_PX, _SIDE_PX))  # a large JPEG is decoded no larger than it is kept
            picture = ImageOps.exif_transpose(opened).convert("RGBA")
            picture.thumbnail((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS)
    except Image.DecompressionBombError as error:
        raise BadInput(f"{name} has over {MOST_PIXELS:,} pixels: save it smaller.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{name} is no picture that can be read: save it as PNG, JPEG or WebP.") from error
    file = io.BytesIO()
    picture.save(file, "PNG")
    return store.place_of(store.put_picture(file.getvalue()))
