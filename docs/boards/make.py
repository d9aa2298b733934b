"""Draw the sheets of this folder: three candidates for each of the example briefs, with the shipped models.

    python docs/boards/make.py [BRIEF ...]        # about two minutes on two cores

Nothing is chosen by hand: these are the first three candidates of each brief, with its own seed.
"""

import argparse
import tempfile
from pathlib import Path

from PIL import Image

from storywright.board import read_brief
from storywright.export import png
from storywright.progress import track
from storywright.studio.director import Director
from storywright.studio.models import Models

FOLDER = Path(__file__).parent
BRIEFS = FOLDER.parents[1] / "examples" / "briefs"
_WIDTH = 1500
_QUALITY = 82


def main() -> None:
    """Write NAME.webp for each brief."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("briefs", nargs="*", type=Path, default=sorted(BRIEFS.glob("*.yaml")))
    director = Director(Models.open())
    for path in track(parser.parse_args().briefs, "drawing sheets"):
        sheet = stacked(_sheets(director, path))
        sheet.save(FOLDER / f"{path.stem}.webp", quality=_QUALITY, method=6)


def _sheets(director: Director, path: Path) -> list[Image.Image]:
    """Each candidate as `storywright export --to png` writes it."""
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, candidate in enumerate(director.boards(read_brief(path), 3, folder=path.parent)):
            folder = Path(scratch) / str(number)
            candidate.save(folder)
            with Image.open(png.write(candidate.board, folder, folder / "sheet.png")) as sheet:
                found.append(sheet.convert("RGB"))
    return found


def stacked(sheets: list[Image.Image]) -> Image.Image:
    """One below the other; upright pictures, whose sheets are tall, side by side."""
    beside = sheets[0].height > sheets[0].width
    wide = _WIDTH // len(sheets) if beside else _WIDTH
    small = [
        sheet.resize((wide, round(sheet.height * wide / sheet.width)), Image.Resampling.LANCZOS) for sheet in sheets
    ]
    size = (wide * len(small), max(s.height for s in small)) if beside else (wide, sum(s.height for s in small))
    page = Image.new("RGB", size, "white")
    at = 0
    for sheet in small:
        page.paste(sheet, (at, 0) if beside else (0, at))
        at += sheet.width if beside else sheet.height
    return page


if __name__ == "__main__":
    main()
