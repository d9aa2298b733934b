"""The frames of a film: each panel's picture seen by its camera, as long as the panel stands.

Cuts are rounded on the whole film and not panel by panel, so that the film is as long as its panels together, to a
frame. Knows nothing about files: the formats ask for frames and write them.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image, ImageSequence, UnidentifiedImageError

from storywright.board import Move, Panel, Storyboard, picture_size
from storywright.errors import BadInput
from storywright.export import camera, pictures
from storywright.export.timeline import edges
from storywright.voice import open as open_voice
from storywright.voice.track import Track, track

_TO_YUV = np.array(
    [
        [0.18258588, 0.61423059, 0.06200706, 16.0],
        [-0.10064373, -0.33857195, 0.43921569, 128.0],
        [0.43921569, -0.39894216, -0.04027352, 128.0],
    ],
    np.float32,
)
"""From RGB to luma and two chromas as high-definition television has them (BT.709, limited range)."""
_CLIP_SUFFIXES = (".mp4", ".webp", ".gif", ".png")


@dataclass(frozen=True, slots=True)
class Take:
    """A panel in the film."""

    panel: Panel
    picture: Image.Image | None
    start: int
    """Its first frame."""
    frames: int
    """How many it has."""


@dataclass(frozen=True, slots=True)
class Slide:
    """A picture that stands for a while."""

    picture: Image.Image
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Plate:
    """A picture at the size that its camera needs, in planes of which the chroma ones are half as large."""

    planes: tuple[np.ndarray, ...]
    move: Move


def silent(board: Storyboard) -> Track:
    """A film without a voice: the panels as long as the board says, and what could be read under them."""
    return track(board, open_voice("silent"))


def frame_size(aspect: str, height: int) -> tuple[int, int]:
    """Width and height in even pixels; for an upright film the smaller number is the width."""
    if not 64 <= height <= 4320:
        raise BadInput(f"A film is 64 to 4320 pixels high, and {height} were asked for.")
    height += height % 2
    fine_width, fine_height = picture_size(aspect, 100 * height)
    shape = fine_width / fine_height
    return (round(height * shape / 2) * 2, height) if shape >= 1 else (height, round(height / shape / 2) * 2)


def takes(board: Storyboard, folder: Path, seconds: dict[str, float], fps: Fraction) -> list[Take]:
    """The panels with their frames: each begins at the frame nearest to its time, and has one at least."""
    if not board.panels:
        raise BadInput(f"The board {board.title!r} has no panels to make a film of: give it one.")
    cuts = itertools.pairwise(edges([seconds[panel.id] for panel in board.panels], fps))
    shown = zip(board.panels, pictures.opened(board, folder), cuts, strict=True)
    return [Take(panel, picture, start, end - start) for panel, picture, (start, end) in shown]


def shot_yuv(take: Take, size: tuple[int, int], clip: Sequence[Image.Image] = ()) -> Iterator[np.ndarray]:
    """The take's frames as encoders want them, (height * 3 / 2, width): luma, then the two chromas at half the size.

    A still that nothing moves is the same array again and again.
    """
    width, height = size
    shown: Sequence[Image.Image | None] = clip or [take.picture]
    frame, plate, standing = np.empty(0, np.uint8), None, -1
    for number in range(take.frames):
        at = number * len(shown) // take.frames
        if at != standing or plate is None:
            plate, standing = _yuv_plate(shown[at], take.panel.shot.move, size), at
        elif take.panel.shot.move == "static":
            yield frame
            continue
        frame = np.empty((height * 3 // 2, width), np.uint8)
        _film(plate, _view(take, number), _planes(frame, size))
        yield frame


def slides(board: Storyboard, folder: Path, height: int, fps: int, heard: Track) -> Iterator[list[Slide]]:
    """The film for formats that show each picture as long as it likes: for each panel its pictures.

    They stand as long as the film does, to a hundredth of a second; what does not move is one picture.
    """
    size = frame_size(board.aspect, height)
    for take in takes(board, folder, heard.panel_seconds, Fraction(fps)):
        times = [100 * (take.start + number) // fps * 10 for number in range(take.frames + 1)]
        if take.panel.shot.move == "static":
            times = [times[0], times[-1]]
        plate = Plate((_large(take.picture, take.panel.shot.move, size),), take.panel.shot.move)
        shown = []
        for number, (begins, ends) in enumerate(itertools.pairwise(times)):
            frame = np.empty((size[1], size[0], 3), np.uint8)
            _film(plate, _view(take, number), (frame,))
            shown.append(Slide(Image.fromarray(frame), ends - begins))
        yield shown


def luma_and_chroma(frame: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three planes of a frame, to be drawn into."""
    return _planes(frame, size)


def clips_of(board: Storyboard, folder: Path | None) -> dict[str, list[Image.Image]]:
    """For each panel id its moving pictures: a folder of that name with PNG frames, or a .mp4, .webp, .gif or .png."""
    if folder is None:
        return {}
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder of clips: give one that has for each panel a folder of frames.")
    found = {panel.id: _clip(folder, panel.id) for panel in board.panels}
    return {panel: clip for panel, clip in found.items() if clip}


def _clip(folder: Path, panel: str) -> list[Image.Image]:
    frames = sorted((folder / panel).glob("*.png")) if (folder / panel).is_dir() else []
    moving = [file for suffix in _CLIP_SUFFIXES if (file := folder / f"{panel}{suffix}").is_file()]
    shown: list[Image.Image] = []
    for path in frames or moving[:1]:
        try:
            shown += _film_frames(path) if path.suffix == ".mp4" else _pictures(path)
        except (UnidentifiedImageError, OSError, SyntaxError, av.FFmpegError) as error:
            raise BadInput(f"The clip {path} cannot be read ({error}): make it again.") from error
    return shown


def _film_frames(path: Path) -> list[Image.Image]:
    with av.open(str(path)) as opened:
        return [frame.to_image() for frame in opened.decode(video=0)]


def _pictures(path: Path) -> list[Image.Image]:
    with Image.open(path) as picture:
        return [frame.convert("RGB") for frame in ImageSequence.Iterator(picture)]


def _view(take: Take, number: int) -> camera.View:
    return camera.view(take.panel.shot.move, number / max(take.frames - 1, 1), take.panel.seconds)


def _large(picture: Image.Image | None, move: Move, size: tuple[int, int]) -> np.ndarray:
    """The picture so large that the closest view of it has a pixel for each of the film's."""
    closest = camera.closest(move)
    return np.asarray(pictures.fitted(picture, (_even(size[0] / closest), _even(size[1] / closest))))


def _yuv_plate(picture: Image.Image | None, move: Move, size: tuple[int, int]) -> Plate:
    yuv = cv2.transform(_large(picture, move, size), _TO_YUV)
    half = (yuv.shape[1] // 2, yuv.shape[0] // 2)
    chroma = (cv2.resize(yuv[:, :, k], half, interpolation=cv2.INTER_AREA) for k in (1, 2))
    return Plate((np.ascontiguousarray(yuv[:, :, 0]), *chroma), move)


def _film(plate: Plate, view: camera.View, into: Sequence[np.ndarray]) -> None:
    """What the camera sees of the plate, at places between its pixels where it is there."""
    left, top, _, _ = view.box
    for plane, frame in zip(plate.planes, into, strict=True):
        across = view.scale * plane.shape[1] / frame.shape[1]
        down = view.scale * plane.shape[0] / frame.shape[0]
        x = left * plane.shape[1] + across / 2 - 0.5
        y = top * plane.shape[0] + down / 2 - 0.5
        cv2.warpAffine(
            plane,
            np.array([[across, 0, x], [0, down, y]]),
            (frame.shape[1], frame.shape[0]),
            dst=frame,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )


def _planes(frame: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    width, height = size
    flat, pixels = frame.reshape(-1), width * height
    half = (height // 2, width // 2)
    return (
        flat[:pixels].reshape(height, width),
        flat[pixels : pixels + pixels // 4].reshape(half),
        flat[pixels + pixels // 4 :].reshape(half),
    )


def _even(length: float) -> int:
    return math.ceil(length / 2) * 2
