"""The pictures of the corpus: whether one is sound, and its pixels."""

import io
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from storywright.errors import BadInput

Thing = TypeVar("Thing")
Found = TypeVar("Found")

FORMATS = ("PNG", "JPEG", "WEBP")
_MODES = ("RGB", "RGBA", "L", "LA", "P", "1")
_MAX_PIXELS = 50_000_000
_AT_ONCE = 64
_PNG_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_ENDINGS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9"}


@dataclass(frozen=True, slots=True)
class Health:
    """What is to know about a picture before anybody learns from it."""

    fault: str
    """Why it cannot be used; empty when it can."""
    width: int = 0
    height: int = 0
    blank: float = 0.0
    """The share of its pixels that have its most frequent brightness."""


def examined(content: bytes | None) -> Health:
    """Decode a picture strictly: what a browser would still show in part counts as broken."""
    if not content:
        return Health("there are no bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
        if image.width * image.height > _MAX_PIXELS:
            return Health(f"{image.width}x{image.height} pixels are too many")
        if image.mode not in _MODES:
            return Health(f"its colours are {image.mode}: save it as RGB")
        histogram = image.convert("L").histogram()
    except UnidentifiedImageError:
        return Health(f"it is none of {', '.join(FORMATS)}")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        return Health(str(error) or type(error).__name__)
    ending = _ENDINGS.get(image.format or "", b"")
    if ending not in content[-64:]:
        return Health("the end of the file is missing")
    return Health("", image.width, image.height, round(max(histogram) / (image.width * image.height), 4))


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height as the picture's header says; zeros when it says nothing that can be understood."""
    if content[:16] == _PNG_HEAD:  # the corpus is mostly made of these, and Pillow takes long to say so
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS).size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return 0, 0


def pixels(content: bytes | memoryview) -> np.ndarray:
    """A picture as (height, width, 3) uint8 in RGB."""
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB) if len(content) else None
    if decoded is None:
        raise BadInput("the picture cannot be decoded")
    return decoded


def each(look: Callable[[Thing], Found], things: Sequence[Thing], executor: Executor) -> list[Found]:
    """What `look` finds in each thing, in order; several go into a task, which alone would cost as much as decoding."""
    parts = (things[at : at + _AT_ONCE] for at in range(0, len(things), _AT_ONCE))
    return [found for part in executor.map(lambda part: [look(one) for one in part], parts) for found in part]


def fitted(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A picture at another width and height: scaled to cover it, and what stands over cut off evenly."""
    width, height = size
    if picture.shape[:2] == (height, width):
        return picture
    scale = max(width / picture.shape[1], height / picture.shape[0])
    covering = max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale))
    scaled = cv2.resize(picture, covering, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    left, top = (covering[0] - width) // 2, (covering[1] - height) // 2
    return scaled[top : top + height, left : left + width]
