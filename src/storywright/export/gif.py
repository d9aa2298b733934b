"""The film in small as GIF, for a chat: 256 colours a panel, moves at eight pictures a second."""

import io
from pathlib import Path

from PIL import Image

from storywright import files
from storywright.board import Storyboard
from storywright.export import film
from storywright.voice.track import Track

_HEIGHT, _FPS = 234, 8


def write(board: Storyboard, folder: Path, path: Path, *, track: Track | None = None) -> Path:
    """Write the film; with a voice it is as long as the voice needs, and silent all the same."""
    shown, lasting = [], []
    for slides in film.slides(board, folder, _HEIGHT, _FPS, track or film.silent(board)):
        colours = slides[len(slides) // 2].picture.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        for slide in slides:
            shown.append(slide.picture.quantize(palette=colours, dither=Image.Dither.NONE))
            lasting.append(slide.milliseconds)
    stream = io.BytesIO()
    shown[0].save(stream, "GIF", save_all=True, append_images=shown[1:], duration=lasting, loop=0, optimize=False)
    files.write_bytes(path, stream.getvalue())
    return path
