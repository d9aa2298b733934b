"""A factory of two small steps, run by Kubeflow's own local runner in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TINY = Path(__file__).parent / "tiny"
VALUES = {"grow": {"count": 3, "seed": 1, "ends": "well", "seconds": 0.0}, "shrink": {"factor": 2}}


class Garden:
    """The pipeline `garden` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"STORYWRIGHT_TRACKING": "off"}

    def run(self, *, again: bool = False, line_every: float = 10.0, **grow: object) -> subprocess.CompletedProcess[str]:
        values = VALUES | {"grow": VALUES["grow"] | grow}
        script = f"""
import sys
from garden import garden
from pipelines import running
from storywright.errors import BadInput

if __name__ == "__main__":
    running._LINE_EVERY_SECONDS = {line_every}
    try:
        print(running.run(garden, {values!r}, again={again}))
    except (BadInput, running.FailedStepError) as error:
        print(type(error).__name__, error, file=sys.stderr)
"""
        (self.folder / "go.py").write_text(script)
        return subprocess.run(
            [sys.executable, "go.py"], check=False, cwd=self.folder, capture_output=True, text=True, env=self._all()
        )

    def total(self) -> int:
        return int((self.folder / "factory/shrink/total.txt").read_text())

    def _all(self) -> dict[str, str]:
        return os.environ | {"PYTHONPATH": f"{TINY}:{ROOT}"} | self.environment


@pytest.fixture
def garden(tmp_path: Path) -> Garden:
    return Garden(tmp_path)


@pytest.fixture
def in_root(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository's folder as the working directory, with `pipelines` and `components` to import."""
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    return ROOT
