"""The film in small as WebP, for a chat or a page: all colours, moves at eight pictures a second."""

import io
from pathlib import Path

from storywright import files
from storywright.board import Storyboard
from storywright.export import film
from storywright.voice.track import Track

_HEIGHT, _FPS = 270, 8


def write(board: Storyboard, folder: Path, path: Path, *, track: Track | None = None) -> Path:
    """Write the film; with a voice it is as long as the voice needs, and silent all the same."""
    told = film.slides(board, folder, _HEIGHT, _FPS, track or film.silent(board))
    slides = [slide for panel in told for slide in panel]
    lasting = [slide.milliseconds for slide in slides]
    first, *others = (slide.picture for slide in slides)
    stream = io.BytesIO()
    first.save(stream, "WEBP", save_all=True, append_images=others, duration=lasting, loop=0, quality=78, method=0)
    files.write_bytes(path, stream.getvalue())
    return path
