"""Small sources of stories, made for each test: rows of StoryReasoning, folders of pictures, films."""

import contextlib
import io
import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from storywright.corpus import shards
from storywright.corpus.schema import GROUNDING, PANELS
from storywright.sources.stories import sources
from storywright.sources.stories.intake import Counts, Intake
from storywright.sources.stories.story import Plan

Row = dict[str, Any]

HUB_FEATURES = {
    "story_id": {"dtype": "string", "_type": "Value"},
    "images": {"feature": {"_type": "Image"}, "_type": "List"},
    "frame_count": {"dtype": "int32", "_type": "Value"},
    "chain_of_thought": {"dtype": "string", "_type": "Value"},
    "story": {"dtype": "string", "_type": "Value"},
}
HUB_SCHEMA = pa.schema(
    [
        ("story_id", pa.string()),
        ("images", pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())]))),
        ("frame_count", pa.int32()),
        ("chain_of_thought", pa.string()),
        ("story", pa.string()),
    ],
    metadata={b"huggingface": json.dumps({"info": {"features": HUB_FEATURES}}).encode()},
)


def painted(seed: int, size: tuple[int, int] = (96, 54), shift: float = 0.0) -> np.ndarray:
    """A picture of coloured blots, another for every seed; the blots are `shift` pixels to the right."""
    rng = np.random.default_rng(seed)
    picture = np.full((size[1], size[0], 3), rng.integers(40, 255, 3), np.uint8)
    for _ in range(9):
        place, axes = rng.integers(0, size, 2), rng.integers(4, max(6, size[0] // 4), 2)
        colour = [int(part) for part in rng.integers(0, 255, 3)]
        cv2.ellipse(picture, (int(place[0] + shift), int(place[1])), axes.tolist(), 0, 0, 360, colour, -1, cv2.LINE_AA)
    return picture


def encoded(picture: np.ndarray, form: str = "PNG", **how: Any) -> bytes:
    made = io.BytesIO()
    Image.fromarray(picture).save(made, form, **how)
    return made.getvalue()


ANALYSIS = """## Image {n}

### Characters
| Character ID | Name | Description | Emotions | Actions | Narrative Function | Bounding Box |
|--------------|------|-------------|----------|---------|-------------------|--------------|
| char1 | James | Man in a grey coat | Calm, curious | Enters the room | Protagonist | 10,20,30,50 |

### Objects
| Object ID | Description | Function | Interaction | Narrative Function | Bounding Box |
|-----------|-------------|----------|------------|-------------------|--------------|
| obj1 | Cardboard box | Storage | Opened by James | Mystery | 40,30,60,44 |
| bg1 | Grey wall | Background | None | Sets the mood | 0,0,96,20 |

### Setting
| Setting Element | Description | Mood | Time | Narrative Function |
|-----------------|-------------|------|------|-------------------|
| Location | Sparse room {n} | Tense | Morning | Opens the story |
| Lighting | Soft daylight | Quiet | Morning | Calm before the storm |

"""
STRUCTURE = """## Narrative Structure

| Narrative Phase | Description | Key Events | Images |
|-----------------|-------------|-----------|--------|
| Introduction | James arrives | He opens the door | 1 |
| Development | He looks around | He finds a box | 2-3 |
| Conflict | It is locked | He pulls | 4 |
| Turning Point | It opens | A light | Image 5 |
| Conclusion | He leaves | The end | 6, 7 |
"""


def reasoning(number: int, frames: int = 5, **changes: Any) -> Row:
    """A row of StoryReasoning."""
    told = "\n\n".join(
        f"<gdi image{n}>\n<gdo char1>James</gdo> <gda char1>enters</gda> room {n} of house {number} and finds "
        f"<gdo obj1>a box</gdo> by <gdl bg1>the wall</gdl>.\n</gdi>"
        for n in range(1, frames + 1)
    )
    return {
        "story_id": str(number),
        "images": [{"bytes": encoded(painted(100 * number + n)), "path": None} for n in range(frames)],
        "frame_count": frames,
        "chain_of_thought": "".join(ANALYSIS.format(n=n) for n in range(1, frames + 1)) + STRUCTURE,
        "story": told,
    } | changes


def reasoning_file(path: Path, rows: Sequence[Row], group: int = 4) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), HUB_SCHEMA), path, row_group_size=group)
    return path


def pictures_folder(folder: Path, table: str, names: Sequence[str], encoding: str = "utf-8") -> Path:
    """A folder with these pictures and this metadata.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(encoded(painted(number), "JPEG" if name.endswith(".jpg") else "PNG"))
    (folder / "metadata.csv").write_bytes(table.encode(encoding))
    return folder


def shot(seed: int, frames: int, size: tuple[int, int] = (160, 90)) -> list[np.ndarray]:
    """A shot in which everything moves slowly."""
    return [painted(seed, size, shift=n / 8) for n in range(frames)]


def film(
    path: Path,
    frames: Sequence[np.ndarray],
    *,
    fps: int = 25,
    times: Sequence[float] | None = None,
    codec: str = "libx264",
    rotation: float = 0,
    pixel_aspect: Fraction | None = None,
    words: Path | None = None,
    words_language: str = "eng",
) -> Path:
    """A film of these frames, at a steady rate or at these times, with the words of an .srt file inside."""
    base = Fraction(1, 1_000)
    with contextlib.ExitStack() as stack:
        container = stack.enter_context(av.open(str(path), "w"))
        stream = container.add_stream(codec, rate=fps)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = base
        if codec == "libx264":
            stream.options = {"crf": "20", "preset": "ultrafast"}
        if rotation:
            stream.set_display_rotation(rotation)
        if pixel_aspect:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        said = stack.enter_context(av.open(str(words))) if words else None
        spoken = container.add_stream_from_template(said.streams.subtitles[0]) if said else None
        if said and spoken:
            spoken.metadata["language"] = words_language
            for packet in said.demux():
                if packet.pts is not None:
                    packet.stream = spoken
                    container.mux(packet)
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.time_base = base
            frame.pts = round(1_000 * (times[number] if times else number / fps))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


PLAN = Plan(date="2026-11-20")
OWNED = Plan(date="2026-11-20", licence="CC-BY-4.0", owner="The studio")


class Makers:
    """What the tests of stories are made with."""

    painted, encoded = staticmethod(painted), staticmethod(encoded)
    reasoning, reasoning_file = staticmethod(reasoning), staticmethod(reasoning_file)
    pictures_folder, shot, film = staticmethod(pictures_folder), staticmethod(shot), staticmethod(film)
    plan, owned = PLAN, OWNED

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"

    def take(self, *given: Path | str, plan: Plan = OWNED, shard_panels: int = 2_000) -> Counts:
        """Take sources in, as the command does."""
        with Intake(self.out, shard_panels) as intake:
            for source in given:
                intake.take(str(source), sources.units(str(source), plan))
            intake.finish()
            return intake.counts

    def panels(self) -> list[Row]:
        return self._rows("panels", PANELS)

    def grounding(self) -> list[Row]:
        return self._rows("grounding", GROUNDING)

    def rejected(self) -> list[Row]:
        return [json.loads(line) for line in (self.out / "rejected.jsonl").read_text(encoding="utf-8").splitlines()]

    def _rows(self, table: str, schema: pa.Schema) -> list[Row]:
        pieces = (piece for path in shards.of_table(self.out, table) for piece in shards.pieces(path, schema))
        return [row for piece in pieces for row in piece.to_pylist()]


@pytest.fixture
def makers(tmp_path: Path) -> Makers:
    return Makers(tmp_path)


@pytest.fixture(scope="module")
def makers_of_all(tmp_path_factory: pytest.TempPathFactory) -> Makers:
    """The same for what several tests look at."""
    return Makers(tmp_path_factory.mktemp("all"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A working folder of the test's own."""
    with contextlib.chdir(tmp_path):
        yield tmp_path
