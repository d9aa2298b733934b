"""Pictures from strangers: known by their first bytes, measured before they are decoded, and drawn anew.

What is kept is a new PNG of the pixels alone: no metadata, no second file hidden behind the first.
"""

import io
import warnings

from PIL import Image, UnidentifiedImageError

from storywright.sources.web.decoding import GarbledError, TooLargeError

KINDS = frozenset(("image/png", "image/jpeg", "image/webp", "image/gif"))
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_LONGEST_SIDE_PX = 1_024


def redrawn(content: bytes, most_pixels: int) -> bytes:
    """The picture's first frame as a PNG of at most 1,024 pixels a side."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
                if picture.width * picture.height > most_pixels:
                    raise TooLargeError
                if picture.format == "JPEG":
                    picture.draft("RGB", (_LONGEST_SIDE_PX, _LONGEST_SIDE_PX))
                picture.thumbnail((_LONGEST_SIDE_PX, _LONGEST_SIDE_PX))
                plain = picture.convert("RGB")
    except Image.DecompressionBombError as error:
        raise TooLargeError from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise GarbledError(f"it is not a whole picture in one of the formats {', '.join(_FORMATS)}") from error
    made = io.BytesIO()
    plain.info.clear()
    plain.save(made, "PNG")
    return made.getvalue()
