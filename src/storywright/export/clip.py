"""A few drawn frames as a clip of any length: what lies between two is found along the flow from one to the other.

Knows nothing about boards.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

from storywright import files
from storywright.errors import BadInput

SUFFIXES = (".mp4", ".webp", ".gif", ".png")
_PICTURES_A_SECOND = 12
"""Of the formats that keep every picture by itself."""


def write(frames: Sequence[Image.Image], seconds: float, path: Path, *, fps: int = 24) -> Path:
    """Write the frames so that they last so many seconds."""
    if path.suffix.lower() not in SUFFIXES:
        raise BadInput(
            f"{path} is no name for moving pictures: end it in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}."
        )
    if not frames:
        raise BadInput("A clip of no frames cannot be written: draw two at least.")
    moving = path.suffix.lower() == ".mp4"
    count = max(1, round(seconds * (fps if moving else min(fps, _PICTURES_A_SECOND))))
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch) / path.name
        if moving:
            _film(stretched(frames, count), draft, fps)
        else:
            first, *others = (Image.fromarray(frame) for frame in stretched(frames, count))
            step = round(seconds * 1000 / count)
            first.save(draft, save_all=True, append_images=others, duration=step, loop=0, lossless=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_bytes(path, draft.read_bytes())
    return path


def stretched(frames: Sequence[Image.Image], count: int) -> Iterator[np.ndarray]:
    """So many frames, evenly over the time of those that were drawn; the first and the last are the drawn ones."""
    drawn = [np.asarray(frame.convert("RGB")) for frame in frames]
    ways: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for number in range(count):
        place = number * (len(drawn) - 1) / max(count - 1, 1)
        before = min(int(place), max(len(drawn) - 2, 0))
        share = place - before
        if share < 1e-6 or len(drawn) == 1:
            yield drawn[before]
        elif share > 1 - 1e-6:
            yield drawn[before + 1]
        else:
            if before not in ways:
                ways = {before: _flows(drawn[before], drawn[before + 1])}
            yield _between(drawn[before], drawn[before + 1], *ways[before], share)


def _flows(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second)]
    none = np.zeros((*grey[0].shape, 2), np.float32)
    return finder.calc(grey[0], grey[1], none.copy()), finder.calc(grey[1], grey[0], none.copy())


def _between(first: np.ndarray, second: np.ndarray, there: np.ndarray, back: np.ndarray, share: float) -> np.ndarray:
    """Both frames carried towards the moment between them, and mixed."""
    carried = [_carried(first, back, share), _carried(second, there, 1 - share)]
    return cv2.addWeighted(carried[0], 1 - share, carried[1], share, 0)


def _carried(frame: np.ndarray, flow: np.ndarray, share: float) -> np.ndarray:
    height, width = flow.shape[:2]
    across, down = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    x, y = across + share * flow[..., 0], down + share * flow[..., 1]
    return cv2.remap(frame, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _film(frames: Iterator[np.ndarray], path: Path, fps: int) -> None:
    with av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as file:
        stream = file.add_stream(
            "libx264", rate=fps, options={"preset": "fast", "crf": "16", "x264-params": "bframes=0"}
        )
        stream.pix_fmt, stream.codec_context.thread_count = "yuv420p", 1
        for number, frame in enumerate(frames):
            height, width = (side - side % 2 for side in frame.shape[:2])
            if number == 0:
                stream.width, stream.height = width, height
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[:height, :width]), "rgb24")))
        file.mux(stream.encode(None))
