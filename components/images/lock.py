"""Write the locks of the images: each package that goes into one, at one version, with the hashes of its files.

    python components/images/lock.py            every lock, into components/images/locks
    python components/images/lock.py serve-cpu  this one alone

What an image holds is said by the extras of pyproject.toml, the versions by constraints.txt: an image has what the
tests ran with. Builds take the locks with `--require-hashes --no-deps`: nothing comes in that is not named there. Knows
nothing of Docker. Needs uv, from the extra `dev`; it asks the package indexes that pip is set up with.
"""

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

IMAGES = Path(__file__).resolve().parent
ROOT = IMAGES.parents[1]
LOCKS = IMAGES / "locks"

# What the images run on; a lock names the files of the other platforms too, where the packages are the same.
_PYTHON, _PLATFORM = "3.11", "x86_64-manylinux_2_36"
_PIPELINES = ("kfp", "kfp-kubernetes")

_HEAD = """\
# {purpose}
# Written by `python components/images/lock.py` from pyproject.toml and constraints.txt; tests/infra compares them.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """What one lock is made from."""

    purpose: str
    """The first line of the file."""
    extras: tuple[str, ...] = ()
    """Extras of pyproject.toml; with any, what storywright itself needs is in the lock too."""
    packages: tuple[str, ...] = ()
    """Further packages."""
    cuda: bool = False
    """PyTorch from the package index, with NVIDIA's libraries, in place of the build for CPUs."""


_DATA = Lock(purpose="The image data.", extras=("data",), packages=_PIPELINES)
# Preferences are learnt as low-rank weights, and a learnt style is put on a published illustrator, both by `styles`.
# ONNX is for machines without PyTorch, which no image is.
_TRAIN = {"extras": ("train", "monitor", "styles"), "packages": _PIPELINES}
_SERVE = {"extras": ("serve", "export", "voice", "monitor", "styles"), "packages": _PIPELINES}
LOCKED = {
    "data-cpu": _DATA,
    "train-cpu": Lock(purpose="The image train, for CPUs.", **_TRAIN),
    "train-cuda": Lock(purpose="The image train, for NVIDIA's GPUs.", **_TRAIN, cuda=True),
    "serve-cpu": Lock(purpose="The image serve, for CPUs.", **_SERVE),
    "serve-cuda": Lock(purpose="The image serve, for NVIDIA's GPUs.", **_SERVE, cuda=True),
    "mlflow": Lock(purpose="The image mlflow.", packages=("mlflow[auth]", "boto3", "psycopg2-binary")),
    "build": Lock(
        purpose="What builds the images and is in none of them.", packages=("pip", "setuptools", "cyclonedx-bom")
    ),
    "tests": Lock(
        purpose="What tests the images while they are built.", packages=("hypothesis", "pytest", "pytest-timeout")
    ),
}


def write(name: str) -> Path:
    """Resolve one lock anew; what stands in it stays where it still fits."""
    lock, path = LOCKED[name], LOCKS / f"{name}.txt"
    with tempfile.TemporaryDirectory() as folder:
        constraints, packages = Path(folder) / "constraints.txt", Path(folder) / "packages.in"
        constraints.write_text(_constraints(lock.cuda), encoding="utf-8")
        packages.write_text("\n".join(lock.packages), encoding="utf-8")
        made = Path(folder) / "made.txt"
        if path.exists():
            made.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
        sources = ["pyproject.toml", packages] if lock.extras else [packages]
        extras = [word for extra in lock.extras for word in ("--extra", extra)]
        subprocess.run(
            [sys.executable, "-m", "uv", "pip", "compile", *sources, *extras, "--constraint", constraints,
             "--output-file", made, "--generate-hashes", "--no-header", "--no-annotate", "--quiet",
             "--python-version", _PYTHON, "--python-platform", _PLATFORM, "--index-strategy", "unsafe-best-match"],
            cwd=ROOT, env=os.environ | _indexes(), check=True,
        )  # fmt: skip
        path.write_text(_HEAD.format(purpose=lock.purpose) + made.read_text(encoding="utf-8"), encoding="utf-8")
    return path


def _constraints(cuda: bool) -> str:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    # A version equals the same with a local word behind it, unless that is ruled out.
    return re.sub(r"^torch==([^+\n]+)\+cpu$", r"torch==\1,!=\1+cpu", text, flags=re.MULTILINE) if cuda else text


def _indexes() -> dict[str, str]:
    """Where pip looks for packages, in the words that uv, which does not read pip's settings, understands."""
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    found = dict(re.findall(r"^(?:global|user|site|:env:)\.([\w-]+)='(.*)'$", said, re.MULTILINE))
    places = {
        "UV_DEFAULT_INDEX": found.get("index-url", ""),
        "UV_INDEX": found.get("extra-index-url", ""),
        "UV_FIND_LINKS": found.get("find-links", "").replace(" ", ","),
        "SSL_CERT_FILE": found.get("cert", ""),
    }
    return {name: place for name, place in places.items() if place}


def main(names: list[str]) -> None:
    """Write the locks that are named, or all."""
    if unknown := [name for name in names if name not in LOCKED]:
        raise SystemExit(f"lock.py: there is no lock {unknown[0]!r}: choose among {', '.join(LOCKED)}.")
    for name in names or LOCKED:
        print(f"wrote {write(name).relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
