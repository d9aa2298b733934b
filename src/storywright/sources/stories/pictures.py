"""Pictures as they are taken in: whole, upright, opaque, without hidden extras, and not too large.

What is already so stays as it is, byte for byte. Its size is read before anything is decoded, so that a small file
cannot unfold into a large memory.
"""

import io
import warnings
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 64_000_000
_MOST_PIXELS = 50_000_000
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
_KEPT = {("PNG", "RGB"), ("PNG", "L"), ("JPEG", "RGB"), ("JPEG", "L")}
_ENDINGS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9"}
_TOLD = frozenset(("exif", "xmp", "photoshop", "transparency"))
_JPEG_QUALITY = 95
_PAPER = (255, 255, 255)


class UnusableError(Exception):
    """A picture that cannot be taken; the message says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture as the corpus keeps it."""

    content: bytes
    scale: float
    """How much smaller it is than it was: 1.0 when it is as it was."""


def taken(content: bytes, longest_px: int) -> Taken:
    """The picture as it is when it is fit, and otherwise drawn anew."""
    if not content:
        raise UnusableError("there are no bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
                if picture.width * picture.height > _MOST_PIXELS:
                    raise UnusableError(
                        f"{picture.width}x{picture.height} pixels are too many; {_MOST_PIXELS:,} are the most"
                    )
                return _taken(picture, content, longest_px)
    except Image.DecompressionBombError as error:
        raise UnusableError(f"it has too many pixels; {_MOST_PIXELS:,} are the most") from error
    except UnidentifiedImageError as error:
        raise UnusableError(f"it is no picture in one of the formats {', '.join(_FORMATS)}") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise UnusableError(f"it is damaged ({str(error).rstrip('.') or type(error).__name__})") from error


def encoded(picture: Image.Image) -> bytes:
    """A picture as JPEG with all its colour."""
    made = io.BytesIO()
    picture.info.clear()
    picture.save(made, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return made.getvalue()


def _taken(picture: Image.Image, content: bytes, longest_px: int) -> Taken:
    form, longest = picture.format or "", max(picture.size)
    if form == "JPEG" and longest > longest_px:
        picture.draft("RGB", (longest_px, longest_px))
    upright = picture.getexif().get(ExifTags.Base.Orientation, 1) == 1
    plain = (form, picture.mode) in _KEPT and not _TOLD & set(picture.info)
    picture.load()
    if plain and upright and longest <= longest_px and _ENDINGS[form] in content[-64:]:
        return Taken(content, 1.0)
    drawn = _opaque(ImageOps.exif_transpose(picture))
    if max(drawn.size) > longest_px:
        drawn.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    return Taken(encoded(drawn), max(drawn.size) / longest)


def _opaque(picture: Image.Image) -> Image.Image:
    """A picture in RGB; where it is transparent, paper shows through."""
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        paper = Image.new("RGBA", layer.size, (*_PAPER, 255))
        return Image.alpha_composite(paper, layer).convert("RGB")
    if picture.mode.startswith("I;16"):
        # Pillow would cut the upper half off instead of scaling it.
        picture = picture.point(lambda value: value / 257).convert("L")
    return picture.convert("RGB")
