"""The modules hold what they promise; against a mocked provider, so no account is needed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "terraform"
pytestmark = pytest.mark.system("terraform")


def terraform(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["terraform", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TF_IN_AUTOMATION": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns(".terraform")
    return Path(shutil.copytree(ROOT, tmp_path / "terraform", ignore=ignored))


def test_the_code_is_in_canonical_form():
    assert terraform(ROOT, "fmt", "-check", "-recursive") == ""


def test_the_storage_is_closed_versioned_and_encrypted(copy):
    module = copy / "modules" / "storage"
    terraform(module, "init", "-input=false")
    assert "3 passed, 0 failed" in terraform(module, "test", "-no-color")


def test_the_development_environment_is_valid_with_the_locked_provider(copy):
    environment = copy / "envs" / "dev"
    terraform(environment, "init", "-input=false", "-lockfile=readonly")
    assert "valid" in terraform(environment, "validate", "-no-color")
