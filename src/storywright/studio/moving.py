"""Panels as moving clips, drawn by the illustrator's temporal layers from the panel's own words and seed.

A clip is kept beside the pictures, `clips/ID.mp4`, and is drawn again only when what it was made from has changed. The
end frame stands still: words that move cannot be read.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from storywright import files
from storywright.board import Panel, Storyboard
from storywright.errors import BadInput
from storywright.export import clip
from storywright.illustrator.motion import Animator
from storywright.progress import track
from storywright.studio.director import native_size
from storywright.studio.endframe import COMPOSED
from storywright.studio.revision import panel_of

FOLDER = "clips"
_FPS = 25


@dataclass(frozen=True, kw_only=True, slots=True)
class Moving:
    """How clips are drawn."""

    frames: int = 8
    """Drawn; what lies between them is found along the flow from one to the next."""
    steps: int | None = None
    """Left out, what suits the illustrator."""

    def __post_init__(self) -> None:
        if self.frames < 2:
            raise ValueError(f"a clip has at least 2 frames, got {self.frames}")


def wanted(board: Storyboard, names: Sequence[str]) -> list[Panel]:
    """The panels of these numbers or ids, or all of them, that can move."""
    chosen = board.panels if "all" in names else [board.panels[panel_of(board, name)] for name in names]
    still = [panel for panel in chosen if COMPOSED in panel.provenance.settings]
    if still and "all" not in names:
        raise BadInput(f"{still[0].id} is composed of words and pictures and stands still: choose other panels.")
    return [panel for panel in chosen if panel not in still]


def draw(
    board: Storyboard,
    folder: Path,
    panels: Sequence[Panel],
    animator: Animator,
    made_by: str,
    how: Moving | None = None,
) -> Path:
    """Draw the clips that are not there yet; the folder that they lie in. `made_by` tells one animator from another."""
    how = how or Moving()
    for panel in track(panels, "drawing clips"):
        path = files.inside(folder, f"{FOLDER}/{panel.id}.mp4")
        made_from = files.digest_of([panel.prompt, panel.seed, panel.seconds, board.aspect, made_by, str(how)])
        note = path.with_suffix(".json")
        if path.is_file() and _noted(note) == made_from:
            continue
        frames = animator.draw(
            panel.prompt or panel.action,
            frames=how.frames,
            size=native_size(board.aspect),
            steps=how.steps,
            seed=panel.seed or 0,
        )
        clip.write(frames, panel.seconds, path, fps=_FPS)
        files.write_json(note, {"made_from": made_from, "seed": panel.seed, "prompt": panel.prompt})
    return folder / FOLDER


def _noted(note: Path) -> str:
    try:
        return str(json.loads(note.read_text(encoding="utf-8"))["made_from"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
