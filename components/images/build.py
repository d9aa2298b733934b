"""Build the images of a commit: `make images`.

    python components/images/build.py          data, train, serve and mlflow, from the commit that is checked out
    python components/images/build.py serve --base python:3.11-slim-bookworm@sha256:…

Docker is sent the files of the commit and nothing else: no change that is not committed, no .git, nothing that git
ignores. So the tag, which is the commit, is true, and the same commit can be built anywhere. The list of what is in an
image (CycloneDX) is laid beside it, in dist/images. Needs Docker 20.10 or newer; packages come from the indexes that
pip is set up with. Knows nothing of registries and clusters.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "dist" / "images"
SBOM = "/usr/share/sbom/storywright.cdx.json"
TARGETS = {
    "data": "components/images/Dockerfile",
    "train": "components/images/Dockerfile",
    "serve": "components/images/Dockerfile",
    "mlflow": "mlflow/Dockerfile",
}
BASE = "python:3.11-slim-bookworm"

# Where PyTorch's builds for CPUs are found when pip is not set up with a place for them.
_CPU_TORCH = "https://download.pytorch.org/whl/cpu"
_SENT = (
    "LICENSE", "README.md", "components", "constraints.txt", "examples/briefs", "mlflow", "params.yaml", "pipelines",
    "pyproject.toml", "src", "tests/conftest.py", "tests/steps",
)  # fmt: skip


class Refusal(Exception):
    """The images cannot be built like this; the message says what to change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """One build of some images."""

    commit: str
    """The full hash of the commit."""
    base: str = BASE
    """The image that all stand on; with a digest behind it, its content is settled too."""
    accelerator: str = "cpu"
    """cpu or cuda."""
    docker: tuple[str, ...] = ("docker", "build")
    """The command that builds."""
    options: tuple[str, ...] = field(default=())
    """Further options of it, such as --network=host."""

    def image(self, target: str) -> str:
        """What an image is called on this machine."""
        return f"storywright-{target}:{self.commit}"

    def make(self, target: str, settings: Path) -> None:
        """Build one image; the build says on the terminal how it goes."""
        arguments = {
            "BASE": self.base,
            "ACCELERATOR": self.accelerator,
            "COMMIT": self.commit,
            "CREATED": _git("show", "--no-patch", "--format=%cI", self.commit),
        }
        command = [*self.docker, "--tag", self.image(target), "--target", target, "--file", TARGETS[target]]
        command += [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
        command += ["--secret", f"id=pip,src={settings}", *self.options]
        if bundle := _pip_settings().get("cert"):
            command += ["--secret", f"id=ca,src={bundle}"]
        with subprocess.Popen(["git", "archive", self.commit, *_SENT], cwd=ROOT, stdout=subprocess.PIPE) as files:
            done = subprocess.run(
                [*command, "-"], stdin=files.stdout, check=False, env=os.environ | {"DOCKER_BUILDKIT": "1"}
            )
        if done.returncode:
            raise Refusal(f"{self.image(target)} was not built: the reason stands above.")

    def lay_beside(self, target: str) -> Path:
        """Take the list of what is in an image out of it."""
        text = subprocess.run(
            [self.docker[0], "run", "--rm", "--network=none", "--entrypoint=cat", self.image(target), SBOM],
            check=True, stdout=subprocess.PIPE,
        ).stdout  # fmt: skip
        path = OUT / f"storywright-{target}-{self.commit[:12]}.cdx.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
        return path


def builder(client: str) -> tuple[str, ...]:
    """The words by which this client of Docker builds with BuildKit."""
    if not shutil.which(client):
        raise Refusal(f"{client} is not installed: install Docker, or name its client in the variable DOCKER.")
    if subprocess.run([client, "buildx", "version"], check=False, capture_output=True).returncode == 0:
        return (client, "buildx", "build", "--load")
    said = subprocess.run([client, "--version"], check=True, capture_output=True, text=True).stdout
    if int(re.search(r"(\d+)\.", said)[1]) >= 23:  # type: ignore[index]
        raise Refusal(f"{client} cannot build without its plugin buildx: install docker-buildx-plugin.")
    return (client, "build")


def _pip_settings() -> dict[str, str]:
    said = subprocess.run([sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True)
    return dict(re.findall(r"^(?:global|user|site|:env:)\.([\w-]+)='(.*)'$", said.stdout, re.MULTILINE))


def write_pip_settings(path: Path, accelerator: str) -> None:
    """What pip is told in the build: what it is told here. Builds see it as a secret, and no layer keeps it."""
    given = _pip_settings()
    known = {
        name: given[name] for name in ("index-url", "extra-index-url", "find-links", "trusted-host") if name in given
    }
    if accelerator == "cpu" and not known.keys() & {"extra-index-url", "find-links"}:
        known["extra-index-url"] = _CPU_TORCH
    if "cert" in given:
        known["cert"] = "/run/ca.crt"
    path.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in known.items()), encoding="utf-8")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Refusal(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout.strip()


def main(words: list[str]) -> None:
    """Build what is named, or all."""
    parser = argparse.ArgumentParser(description="Build the images of a commit.")
    parser.add_argument("targets", nargs="*", metavar="IMAGE", help=f"{', '.join(TARGETS)} (default: all)")
    parser.add_argument("--commit", default="HEAD", help="another commit than the one that is checked out")
    parser.add_argument("--base", default=BASE, help="the image that all stand on (default: %(default)s)")
    parser.add_argument("--accelerator", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--option", action="append", default=[], help="a further option for docker build")
    given = parser.parse_args(words)
    if unknown := [name for name in given.targets if name not in TARGETS]:
        raise Refusal(f"There is no image {unknown[0]!r}: choose among {', '.join(TARGETS)}.")
    build = Build(
        commit=_git("rev-parse", "--verify", f"{given.commit}^{{commit}}"),
        base=given.base,
        accelerator=given.accelerator,
        docker=builder(os.environ.get("DOCKER", "docker")),
        options=tuple(given.option),
    )
    if changed := _git("status", "--porcelain", "--", *_SENT):
        print(
            f"Not in the images, since it is not committed: {len(changed.splitlines())} changed files.", file=sys.stderr
        )
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "pip.conf"
        write_pip_settings(settings, given.accelerator)
        for target in given.targets or TARGETS:
            build.make(target, settings)
            sbom = build.lay_beside(target)
            num_parts = len(json.loads(sbom.read_text(encoding="utf-8"))["components"])
            print(f"{build.image(target)}  {sbom.relative_to(ROOT)} names {num_parts} parts", flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refusal as refusal:
        print(f"images: {refusal}", file=sys.stderr)
        raise SystemExit(2) from None
