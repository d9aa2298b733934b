"""The pictures of a board, opened and brought to size."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

from storywright import files
from storywright.board import Panel, Storyboard
from storywright.errors import BadInput

_PAPER, _PENCIL = (240, 238, 234), (208, 204, 197)


def opened(board: Storyboard, folder: Path) -> list[Image.Image | None]:
    """The panels' pictures in order; None where a panel has none yet."""
    return [picture_of(number, panel, folder) for number, panel in enumerate(board.panels, 1)]


def picture_of(number: int, panel: Panel, folder: Path) -> Image.Image | None:
    """One panel's picture without transparency; a picture that is named and not there is named to the user."""
    if not panel.picture:
        return None
    path = files.inside(folder, panel.picture)
    try:
        with Image.open(path) as picture:
            return _on_white(picture)
    except FileNotFoundError as error:
        raise BadInput(
            f"Panel {number} ({panel.id}) has the picture {panel.picture}, which is not in {folder}: "
            "put the file back, or draw the panel again."
        ) from error
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise BadInput(f"Panel {number} ({panel.id}): {path} is not a picture that can be read ({error}).") from error


def fitted(picture: Image.Image | None, size: tuple[int, int]) -> Image.Image:
    """The whole picture in exactly this size, on white where its aspect is another; a crossed card for none."""
    if picture is None:
        return _no_picture(size)
    if abs(picture.width * size[1] - picture.height * size[0]) <= max(picture.size) * 2:
        return picture.resize(size, Image.Resampling.LANCZOS)
    return ImageOps.pad(picture, size, Image.Resampling.LANCZOS, color="white")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return picture.convert("RGB")


def _no_picture(size: tuple[int, int]) -> Image.Image:
    card = Image.new("RGB", size, _PAPER)
    pencil, (width, height) = ImageDraw.Draw(card), size
    pencil.line((0, 0, width, height), fill=_PENCIL, width=max(1, height // 180))
    pencil.line((0, height, width, 0), fill=_PENCIL, width=max(1, height // 180))
    return card
