"""What is deployed on this machine: `deployment.json` in the studio's home.

The registry says who is champion; this file says what was last brought here and tried, and is what remains when the
registry cannot be reached.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storywright import files
from storywright.errors import BadInput
from storywright.registry import bundle as bundles
from storywright.registry.versions import Version
from storywright.settings import Settings

DEPLOYMENT = "deployment.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """A bundle that lies in the local store and passed its trial."""

    version: str
    digest: str
    folder: Path


def document(folder: Path, version: str, previous: Version | None, at: Settings) -> dict[str, Any]:
    """What `deployment.json` says about the bundle in a folder, and about the one before it."""
    bundle = bundles.read(folder / bundles.BUNDLE_FILE, version)
    return {
        "version": version,
        "digest": bundle.digest,
        "digests": bundle.digests,
        "corpus_digest": bundle.corpus_digest,
        "folder": folder.relative_to(at.home).as_posix(),
        "settings": settings_of(folder, bundle),
        "previous": {"version": previous.number, "digest": previous.digest} if previous else None,
    }


def write(value: dict[str, Any], at: Settings) -> None:
    """Make it what is deployed here."""
    files.write_json(at.home / DEPLOYMENT, value)


def read(at: Settings) -> Deployment | None:
    """What is deployed here, its files checked; None before the first deployment."""
    path = at.home / DEPLOYMENT
    if not path.exists():
        return None
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        folder = files.inside(at.home, value["folder"])
        found = Deployment(version=str(value["version"]), digest=str(value["digest"]), folder=folder)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} does not say what is deployed: run `python -m storywright.steps.deploy`.") from error
    listing = folder / bundles.BUNDLE_FILE
    damage = bundles.read(listing).damage(folder) if listing.is_file() else [f"{listing.name} is missing"]
    if damage:
        raise BadInput(f"{folder} is not what was deployed: {damage[0]}. Run `python -m storywright.steps.deploy`.")
    return found


def gone(home: Path) -> list[str]:
    """What is missing of the files of what is deployed here, by their names alone; `read` also looks into them."""
    try:
        value = json.loads((home / DEPLOYMENT).read_text(encoding="utf-8"))
        folder = files.inside(home, value["folder"])
        known = bundles.read(folder / bundles.BUNDLE_FILE).files
        return [name for name in sorted(known) if not (folder / name).is_file()]
    except (BadInput, OSError, ValueError, KeyError, TypeError, AttributeError):
        return [DEPLOYMENT]


def settings_of(folder: Path, bundle: bundles.Bundle) -> dict[str, Any]:
    """The drawing and writing settings that were chosen for a bundle."""
    path = folder / bundle.parts["settings"].artifact
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: tune the models again.") from error
    if not isinstance(value, dict):
        raise BadInput(f"{path} must hold a mapping of settings: tune the models again.")
    return value
