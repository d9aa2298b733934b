"""The animatic: H.264 and AAC in an MP4 that plays from its first frame, cut to the voice.

The same board and the same voice give the same bytes.
"""

import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType

from storywright import files
from storywright.board import Panel, Storyboard
from storywright.export import film
from storywright.export.captions import Captions
from storywright.export.film import Take
from storywright.export.timeline import rate_of
from storywright.progress import Progress
from storywright.voice.track import Track

_X264 = {"preset": "superfast", "crf": "21", "x264-params": "bframes=0"}
"""Without B-frames, so that the first frame of the file is the first of the film for every player."""
_THREADS = 2
"""As many everywhere: another number would give other bytes."""
_BT709 = 1
_LANGUAGES = {"en": "eng", "ru": "rus"}


def write(
    board: Storyboard,
    folder: Path,
    path: Path,
    *,
    fps: float | str = 25,
    height: int = 720,
    captions: bool = False,
    supers: bool = False,
    track: Track | None = None,
    clips: Path | None = None,
) -> Path:
    """Write the film.

    `track` is its voice; without one it is silent. `captions` burns in what is said, `supers` the words on the screen.
    `clips` is a folder with moving pictures, each named by its panel's id, that stand in for the panel's still one.
    """
    heard = track or film.silent(board)
    exact, size = rate_of(fps).fps, film.frame_size(board.aspect, height)
    takes = film.takes(board, folder, heard.panel_seconds, exact)
    moving = film.clips_of(board, clips)
    written = Captions.of(board, heard, size, exact, spoken=captions, supers=supers)
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch) / "film.mp4"
        with (
            _Reel(draft, board, size, exact, heard) as reel,
            Progress("filming", takes[-1].start + takes[-1].frames) as progress,
        ):
            for take in takes:
                for number, frame in enumerate(film.shot_yuv(take, size, moving.get(take.panel.id, ()))):
                    reel.show(written.on(frame, take.start + number), first=number == 0)
                reel.sound(take)
                progress.advance(take.frames)
        files.write_bytes(path, draft.read_bytes())
    return path


class _Reel:
    """An MP4 that is being written, a take at a time."""

    def __init__(self, path: Path, board: Storyboard, size: tuple[int, int], fps: Fraction, heard: Track) -> None:
        self._heard, self._fps, self._shown, self._sounded = heard, fps, 0, 0
        self._file = av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"})
        self._file.metadata.update(_tags(board))
        self._video = self._file.add_stream("libx264", rate=fps, options=_X264)
        self._video.width, self._video.height = size
        self._video.pix_fmt, self._video.time_base = "yuv420p", 1 / fps
        context = self._video.codec_context
        context.thread_count, context.gop_size = _THREADS, round(2 * fps)
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        self._audio = self._file.add_stream("aac", rate=heard.rate, layout="mono", bit_rate=128_000)
        self._audio.metadata["language"] = _LANGUAGES[board.language]

    def __enter__(self) -> "_Reel":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._file.mux(self._video.encode(None))
            self._file.mux(self._audio.encode(None))
        self._file.close()

    def show(self, picture: np.ndarray, first: bool) -> None:
        """One frame; the first of a take can be jumped to."""
        frame = av.VideoFrame.from_ndarray(picture, "yuv420p")
        frame.pts, frame.time_base = self._shown, 1 / self._fps
        frame.pict_type = PictureType.I if first else PictureType.NONE
        frame.colorspace = frame.color_primaries = frame.color_trc = _BT709
        self._shown += 1
        self._file.mux(self._video.encode(frame))

    def sound(self, take: Take) -> None:
        """What is heard up to the end of the take, to a sample."""
        until = round(Fraction(take.start + take.frames) / self._fps * self._heard.rate)
        samples = self._heard.samples[self._sounded : until]
        samples = np.pad(samples, (0, until - self._sounded - len(samples)))
        if not len(samples):
            return
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis].astype(np.float32) / 32768, "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = self._heard.rate, self._sounded, Fraction(1, self._heard.rate)
        self._sounded = until
        self._file.mux(self._audio.encode(frame))


def _tags(board: Storyboard) -> dict[str, str]:
    told = {
        "title": board.title,
        "artist": ", ".join(_cast(board)),
        "album": board.brief.product.name if board.brief else "",
        "comment": board.logline,
        "description": _told(board.panels),
    }
    return {name: text for name, text in told.items() if text}


def _cast(board: Storyboard) -> list[str]:
    named = [member.name for member in board.brief.cast] if board.brief else []
    seen = [name for panel in board.panels for name in panel.cast]
    return list(dict.fromkeys([*named, *seen]))


def _told(panels: Sequence[Panel]) -> str:
    return " ".join(panel.action for panel in panels if panel.action)
