"""The last frame of an advertisement: the product's picture, logo, line, call to action and what the law wants.

Composed from the brief's own files where it has them: a product picture stands on the drawn one, and a logo takes the
place of the name. Knows nothing about how the picture was drawn.
"""

from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from storywright import files
from storywright.board import Asset, Brief, picture_size
from storywright.errors import BadInput
from storywright.export.typeface import FONTS, Face, balanced, runs, width, wrapped

COMPOSED, END_FRAME = "composed", "end frame"
"""The setting of a panel whose picture is more than what the illustrator drew, and its value for the last frame."""
_HEIGHT_PX = {True: 576, False: 1024}
"""Of a lying and of an upright frame: words need more pixels than a drawing."""
_MOST_PIXELS = 40_000_000
_PAPER, _INK, _SOFT, _MARK = (250, 247, 242), (34, 32, 29), (109, 103, 95), (180, 68, 31)
_WORDS_SHARE = 0.42
_LEADING = 1.22


@dataclass(frozen=True, slots=True)
class Assets:
    """What the brief brings along, opened."""

    logo: Image.Image | None = None
    product: Image.Image | None = None
    paths: dict[str, Path] = field(default_factory=dict)
    """Each file by its name in the brief, for the board's own folder."""


def opened(brief: Brief, folder: Path | None) -> Assets:
    """The brief's logo and product picture; `folder` is where its paths begin. A file that is missing is named."""
    found: dict[str, Image.Image] = {}
    paths = {}
    for index, asset in enumerate(brief.assets):
        if asset.file and asset.kind != "font":
            picture = _opened(asset, index, folder or Path())
            found.setdefault(asset.kind, picture)
            paths[asset.file] = files.inside(folder or Path(), asset.file)
    return Assets(logo=found.get("logo"), product=found.get("product"), paths=paths)


def composed(drawn: Image.Image, brief: Brief, assets: Assets) -> Image.Image:
    """The end frame: the picture on one side, the words on paper on the other; an upright one has them below."""
    width_px, height_px = _size(brief.format.aspect)
    lying = width_px >= height_px
    frame = Image.new("RGB", (width_px, height_px), _PAPER)
    words = round((width_px if lying else height_px) * _WORDS_SHARE)
    shown = (width_px - words, height_px) if lying else (width_px, height_px - words)
    # The product stands on the left of a picture that was drawn with room for words.
    frame.paste(ImageOps.fit(drawn.convert("RGB"), shown, Image.Resampling.LANCZOS, centering=(0.0, 0.6)), (0, 0))
    if assets.product:
        _stand(frame, assets.product, shown)
    corner = (shown[0], 0) if lying else (0, shown[1])
    room = (words, height_px) if lying else (width_px, words)
    _write(frame, corner, room, brief, assets.logo)
    return frame


def _size(aspect: str) -> tuple[int, int]:
    lying = picture_size(aspect, 100)[0] >= 100
    return picture_size(aspect, _HEIGHT_PX[lying])


def _opened(asset: Asset, index: int, folder: Path) -> Image.Image:
    where = f"The brief, field assets.{index}.file"
    path = files.inside(folder, asset.file)
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise BadInput(f"{where}: {path} has over {_MOST_PIXELS:,} pixels: save it smaller.")
            return ImageOps.exif_transpose(picture).convert("RGBA")
    except FileNotFoundError as error:
        raise BadInput(
            f"{where}: {path} does not exist: paths begin at the brief's folder; or leave `file` out and describe it."
        ) from error
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise BadInput(f"{where}: {path} is no picture that can be read: save it as PNG or JPEG.") from error


def _stand(frame: Image.Image, product: Image.Image, shown: tuple[int, int]) -> None:
    """The client's own product picture over the drawn one, which is veiled behind it."""
    veil = Image.new("RGB", shown, _PAPER)
    frame.paste(Image.blend(frame.crop((0, 0, *shown)), veil, 0.55), (0, 0))
    fitted = ImageOps.contain(product, (round(shown[0] * 0.7), round(shown[1] * 0.78)), Image.Resampling.LANCZOS)
    frame.paste(fitted, ((shown[0] - fitted.width) // 2, (shown[1] - fitted.height) // 2), fitted)


@dataclass(frozen=True, slots=True)
class _Text:
    """A text broken into lines."""

    lines: list[str]
    face: Face
    size: float
    colour: tuple[int, int, int]

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * _LEADING

    def write(self, pen: ImageDraw.ImageDraw, x: float, y: float) -> None:
        for number, line in enumerate(self.lines):
            _line(pen, x, y + number * self.size * _LEADING, line, self.face, self.size, self.colour)


def _write(
    frame: Image.Image, corner: tuple[int, int], room: tuple[int, int], brief: Brief, logo: Image.Image | None
) -> None:
    """Logo or name, line and call to action about the middle, the legal line at the foot; long ones are set smaller."""
    unit = min(room[0] / 22, room[1] / 16)
    margin = round(1.6 * unit)
    wide, high = room[0] - 2 * margin, room[1] - 2 * margin
    mark = ImageOps.contain(logo, (wide, round(room[1] * 0.3)), Image.Resampling.LANCZOS) if logo else None
    while True:
        texts, legal, gap = _texts(brief, unit, wide, named=not mark), _legal(brief, unit, wide), 1.1 * unit
        tall = sum(text.height + gap for text in texts) + (mark.height + gap if mark else 0)
        if tall + legal.height <= high or unit < 4:
            break
        unit *= 0.92
    pen = ImageDraw.Draw(frame)
    x, y = corner[0] + margin, corner[1] + margin + max(0.0, (high - legal.height - tall) / 2)
    if mark:
        frame.paste(mark, (x, round(y)), mark)
        y += mark.height + gap
    for text in texts:
        text.write(pen, x, y)
        y += text.height + gap
    legal.write(pen, x, corner[1] + room[1] - margin - legal.height)


def _texts(brief: Brief, unit: float, wide: float, *, named: bool) -> list[_Text]:
    said: list[tuple[str, Face, float, tuple[int, int, int]]] = [
        (brief.product.name if named else "", "semibold", 2.5 * unit, _INK),
        (brief.proposition[:1].upper() + brief.proposition[1:], "regular", 1.45 * unit, _INK),
        (brief.call_to_action, "semibold", 1.45 * unit, _MARK),
    ]
    return [_Text(balanced(text, face, size, wide), face, size, colour) for text, face, size, colour in said if text]


def _legal(brief: Brief, unit: float, wide: float) -> _Text:
    size = 0.85 * unit
    return _Text(wrapped(brief.mandatories.legal, "regular", size, wide), "regular", size, _SOFT)


def _line(
    pen: ImageDraw.ImageDraw, x: float, y: float, text: str, face: Face, size: float, colour: tuple[int, int, int]
) -> None:
    for run in runs(text, face):
        pen.text((x, y), run.text, fill=colour, font=ImageFont.truetype(str(FONTS[run.face]), round(size)))
        x += width(run.text, run.face, size)
