"""The models that are deployed on this machine, or the embedded ones before the first promotion."""

import json
from typing import Any

from storywright import files
from storywright.errors import BadInput
from storywright.settings import Settings
from storywright.studio.models import Models
from storywright.watch import trial


def deployed_models(at: Settings | None = None) -> tuple[Models, dict[str, Any]]:
    """The models, and the drawing settings that were tuned for them (none for the embedded ones)."""
    at = at or Settings.from_environment()
    deployed = _document(at)
    if deployed is None:
        return Models.open(), {}
    _, models = trial.opened(files.inside(at.home, deployed["folder"]), str(deployed["version"]))
    return models, deployed["settings"].get("drawing", {})


def deployed_version(at: Settings) -> str:
    """What tells one deployment from another; empty for the embedded models."""
    deployed = _document(at)
    return "" if deployed is None else f"{deployed['version']} {deployed['digest']}"


def _document(at: Settings) -> dict[str, Any] | None:
    path = at.home / "deployment.json"
    try:
        deployed: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: run `storywright models rollback` to write it anew.") from error
    if missing := [name for name in ("version", "digest", "folder", "settings") if name not in deployed]:
        raise BadInput(f"{path} does not name its {missing[0]}: run `storywright models rollback` to write it anew.")
    return deployed
