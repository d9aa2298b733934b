"""What a training in another process shows goes through a file to who watches here: figures and sample sheets.

Knows nothing of what the figures mean.
"""

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from storywright.training import watching

if TYPE_CHECKING:
    from PIL import Image

_SEEN = "seen.jsonl"
_LOOK_EVERY_SECONDS = 1.0


class Told:
    """An observer in the process that trains: writes down what it is shown."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._sheets = folder, 0

    def figures(self, step: int, values: Mapping[str, float]) -> None:
        """Write numbers down."""
        self._write({"step": step, "figures": dict(values)})

    def sheet(self, step: int, name: str, picture: "Image.Image") -> None:
        """Write a picture down."""
        self._sheets += 1
        path = self._folder / f"sheet-{self._sheets:04d}.png"
        picture.save(path)
        self._write({"step": step, "sheet": path.name, "name": name})

    def _write(self, line: dict[str, object]) -> None:
        with (self._folder / _SEEN).open("a", encoding="utf-8") as seen:
            seen.write(json.dumps(line) + "\n")


@contextlib.contextmanager
def passed_on(folder: Path) -> Iterator[None]:
    """While the block lasts, what is written down in the folder is shown to who watches here."""
    observer = watching.observer()
    if observer is None:
        yield
        return
    (folder / _SEEN).unlink(missing_ok=True)
    ended = threading.Event()
    reader = threading.Thread(target=_read, args=(folder, observer, ended), name="relaying", daemon=True)
    reader.start()
    try:
        yield
    finally:
        ended.set()
        reader.join()


def _read(folder: Path, observer: watching.Observer, ended: threading.Event) -> None:
    place = 0
    while True:
        last = ended.wait(_LOOK_EVERY_SECONDS)
        if (folder / _SEEN).exists():
            with (folder / _SEEN).open("rb") as seen:
                seen.seek(place)
                for line in seen:
                    if not line.endswith(b"\n"):  # it is being written
                        break
                    place += len(line)
                    _show(folder, observer, json.loads(line))
        if last:
            return


def _show(folder: Path, observer: watching.Observer, line: dict[str, object]) -> None:
    step = int(str(line["step"]))
    if isinstance(figures := line.get("figures"), dict):
        observer.figures(step, figures)
        return
    from PIL import Image

    with Image.open(folder / str(line["sheet"])) as picture:
        observer.sheet(step, str(line["name"]), picture)
