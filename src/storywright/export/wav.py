"""WAV: what is heard in the film, as long as the film, for an editor's sound track."""

from pathlib import Path

from storywright.board import Storyboard
from storywright.voice.silent import Silent
from storywright.voice.track import Track
from storywright.voice.track import track as tracked


def write(board: Storyboard, folder: Path, path: Path, *, track: Track | None = None) -> Path:
    """Write the film's voice; without one, the film's silence."""
    return (track or tracked(board, Silent())).save(path)
