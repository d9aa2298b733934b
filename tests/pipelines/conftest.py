"""A miniature of the house: its own pipelines and step contract, with two small steps in place of the real ones."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MINIATURE = Path(__file__).parent / "miniature"
FLOOR = ("__init__", "board", "errors", "files", "progress", "settings", "tracking")
WATCHING = ("__init__", "watching")
CALLERS = ("__init__", "command", "contract", "stamp")


class House:
    """A checkout with the pipelines of the real one; `training` grows numbers and adds them up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        package = folder / "src" / "storywright"
        (package / "steps").mkdir(parents=True)
        (package / "training").mkdir()
        for name in FLOOR:
            shutil.copy(ROOT / "src/storywright" / f"{name}.py", package)
        for name in CALLERS:
            shutil.copy(ROOT / "src/storywright/steps" / f"{name}.py", package / "steps")
        for name in WATCHING:
            shutil.copy(ROOT / "src/storywright/training" / f"{name}.py", package / "training")
        shutil.copytree(ROOT / "src/storywright/steps/launching", package / "steps" / "launching")
        shutil.copytree(ROOT / "pipelines", folder / "pipelines", ignore=shutil.ignore_patterns("compiled"))
        shutil.copy(ROOT / "constraints.txt", folder)
        shutil.copytree(MINIATURE, folder, dirs_exist_ok=True)
        self.environment = {"STORYWRIGHT_TRACKING": "off"}

    def run(self, *arguments: str, pipeline: str = "training") -> subprocess.CompletedProcess[str]:
        return self.python("-m", "pipelines", "run", pipeline, *arguments)

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.call(sys.executable, *arguments)

    def call(self, *command: str) -> subprocess.CompletedProcess[str]:
        # As in an activated environment: DVC calls plain `python`.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {"PYTHONPATH": str(self.folder / "src"), "PATH": path} | self.environment
        return subprocess.run(
            command, check=False, cwd=self.folder, capture_output=True, text=True, env=environment, timeout=900
        )

    def path(self, name: str) -> Path:
        return self.folder / name

    def total(self) -> int:
        return int(self.path("factory/shrink/total.txt").read_text())


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def in_root(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository's folder as the working directory, with `pipelines` and `components` to import."""
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    return ROOT
