"""The models that make boards on this machine: what is deployed, or the embedded ones before the first promotion."""

import dataclasses
from pathlib import Path

from storywright.errors import BadInput
from storywright.registry import bundle as bundles
from storywright.settings import Settings
from storywright.studio.director import Drawing
from storywright.studio.models import Models
from storywright.watch import deployment, trial
from storywright.writer.decoding import Decoding


def deployed_models(at: Settings) -> tuple[Models, Drawing]:
    """The models, and how pictures are drawn with them."""
    deployed = deployment.read(at)
    return opened(deployed.folder, deployed.version) if deployed else (Models.open(), Drawing())


def deployed_version(at: Settings) -> str:
    """What tells one deployment from another; empty for the embedded models."""
    deployed = deployment.read(at)
    return f"{deployed.version} {deployed.digest}" if deployed else ""


def opened(folder: Path, version: str) -> tuple[Models, Drawing]:
    """The models in a bundle's folder, set as they were tuned."""
    _, models = trial.opened(folder, version)
    drawing, decoding = tuned(folder)
    return dataclasses.replace(models, writer=models.writer.with_decoding(decoding)), drawing


def tuned(folder: Path) -> tuple[Drawing, Decoding]:
    """How pictures are drawn and words are searched with the bundle in a folder; what was not tuned is as usual."""
    chosen = deployment.settings_of(folder, bundles.read(folder / bundles.BUNDLE_FILE))
    known = {field.name for field in dataclasses.fields(Drawing)}
    try:
        drawing = Drawing(**{name: value for name, value in chosen.get("drawing", {}).items() if name in known})
        return drawing, Decoding(**chosen.get("writing", {}))
    except (ValueError, TypeError, AttributeError) as error:
        raise BadInput(f"The settings in {folder} cannot be used ({error}): tune the models again.") from error
