"""Bring the champion's models out of the registry, as what the next round is compared with and trained on from.

Knows nothing of how they were trained, nor of who is deployed where.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from storywright import files, registry
from storywright.errors import BadInput
from storywright.registry import bundle as bundles
from storywright.settings import Settings
from storywright.steps import command
from storywright.steps.contract import makes
from storywright.watch import deployment


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Which models are fetched."""

    version: str
    """An alias such as champion, or a version's number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """None: it reads the registry."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The five parts of the bundle, and what a deployment says about it."""

    critic: Path = makes("critic")
    """A transformers CLIP directory."""
    illustrator: Path = makes("illustrator")
    """A diffusers pipeline directory."""
    motion: Path = makes("motion")
    """A diffusers motion adapter directory."""
    writer: Path = makes("writer")
    """A transformers directory."""
    settings: Path = makes("settings.json")
    """How they draw and write."""
    deployment: Path = makes("deployment.json")
    """Version, digests and settings, as `deploy` writes them."""


def outside(config: Config) -> str:
    """Another champion is another result."""
    found = registry.find(config.version, Settings.from_environment())
    return found.number if found else ""


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Fetch, check, and lay out by role."""
    at = Settings.from_environment()
    found = registry.find(config.version, at)
    if found is None:
        raise BadInput(
            f"The registry has no version {config.version!r} to go on from: "
            "make a first one with `python -m pipelines run training`."
        )
    folder = registry.fetch(found.number, at)
    bundle = bundles.read(folder / bundles.BUNDLE_FILE, found.number)
    for role in bundles.ROLES:
        source, target = folder / bundle.parts[role].artifact, getattr(outputs, role)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
    previous = registry.find(registry.PREVIOUS, at)
    files.write_json(outputs.deployment, deployment.document(folder, found.number, previous, at))


if __name__ == "__main__":
    command.main("fetch_champion")
