"""The trial of a bundle before anybody is served from it: it opens, draws a panel and proposes a caption.

A bundle that fails here was whole when it was registered, and still cannot be used: made for other library versions,
or trained into nonsense. Knows nothing about the registry or who wants to know.
"""

from pathlib import Path

import numpy as np

from storywright.errors import BadInput
from storywright.registry import bundle as bundles
from storywright.registry.bundle import Bundle
from storywright.studio.models import Models
from storywright.writer.model import Told

_BLANK = 2.0
"""A picture whose grey values spread less than this shows nothing."""


def opened(folder: Path, version: str = "", device: str = "cpu") -> tuple[Bundle, Models]:
    """Open the models of a bundle's folder."""
    bundle = bundles.read(folder / bundles.BUNDLE_FILE, version)
    folders = {role: folder / bundle.parts[role].artifact for role in ("critic", "illustrator", "writer")}
    try:
        models = Models.open(folders, version=version, corpus_digest=bundle.corpus_digest, device=device)
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        raise BadInput(f"Version {version} cannot be opened ({_said(error)}): promote another.") from error
    return bundle, models


def try_out(models: Models, *, prompt: str, steps: int, seed: int, name: str = "The bundle") -> None:
    """Draw one panel and propose one caption; BadInput says what came out wrong."""
    try:
        picture = models.illustrator.draw([prompt], steps=steps, seeds=[seed])[0]
        proposals = models.writer.propose([Told(picture, prompt)], brief=prompt, language="en", count=1, seed=seed)
        fit = float(models.critic.fit([prompt], [picture])[0])
    except (ValueError, RuntimeError, IndexError, KeyError) as error:
        raise BadInput(f"{name} does not work ({_said(error)}): promote another, or roll back.") from error
    wrong = ""
    if np.asarray(picture.convert("L"), dtype=np.float32).std() < _BLANK:
        wrong = "it drew a blank panel"
    elif not proposals or not proposals[0].caption.strip():
        wrong = "it proposed no caption"
    elif not np.isfinite(fit):
        wrong = "its critic scored a panel with no number"
    if wrong:
        raise BadInput(f"{name} does not work ({wrong}): promote another, or roll back.")


def _said(error: Exception) -> str:
    lines = str(error).strip().split("\n")
    return (lines[0] or type(error).__name__)[:200].rstrip(".")
