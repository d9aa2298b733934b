"""The model card of a bundle, written from what is known about it: parts, corpus, evaluation, how it may be used.

What is not known is not made up: `lacking` names it, and the gate refuses a bundle whose card would have holes.
"""

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path

from storywright.registry.bundle import Bundle

WEIGHTS = ("critic", "illustrator", "motion", "writer")
_LONGEST_HEADER = 100 << 20
_DOES = {
    "critic": "says how well a picture fits its words",
    "illustrator": "draws a panel from words",
    "motion": "lets a panel move",
    "writer": "writes what happens in the next panel",
}


def lacking(bundle: Bundle, evaluation: Mapping[str, float]) -> list[str]:
    """What the card cannot say."""
    found = [f"the architecture of the {role}" for role in WEIGHTS if not _architecture(bundle.sources[role])]
    if not bundle.corpus_digest:
        found.append("what the models learned from")
    if not evaluation:
        found.append("how good they are")
    return found


def written(bundle: Bundle, version: str, evaluation: Mapping[str, float]) -> str:
    """The card as Markdown."""
    parts = [
        f"| {role} | {_DOES[role]} | {_architecture(bundle.sources[role])} | "
        f"{num_parameters(bundle.sources[role]) / 1e6:.2f} M | `{bundle.parts[role].digest[:12]}` |"
        for role in WEIGHTS
    ]
    numbers = [f"| {name} | {value:.6g} |" for name, value in sorted(evaluation.items())]
    lines = [
        f"# storywright-studio, version {version}",
        "",
        "Models that make storyboards together: from the panels so far to the next panel's words and picture.",
        "",
        "| part | what it does | architecture | parameters | digest |",
        "|---|---|---|---|---|",
        *parts,
        "",
        f"Settings chosen on the validation split: `{bundle.parts['settings'].digest[:12]}`. All files together: "
        f"{bundle.num_bytes / 1e6:.1f} MB. Made by storywright {bundle.package}.",
        "",
        "## What they learned from",
        "",
        f"The corpus with digest `{bundle.corpus_digest}`. Its card, beside it, names sources, owners and licences.",
        "",
        "## How good they are",
        "",
        "On the test split, which no model has seen; the report kept with this version shows pictures and failures.",
        "",
        "| measure | value |",
        "|---|---|",
        *numbers,
        "",
        "## Use and limits",
        "",
        "For drafts of storyboards that a person looks through. The illustrator knows the people, places and things of "
        "the corpus; words beyond them are mapped to the nearest, and the board says so. Not for pictures that pass as "
        "photographs, nor for anything decided without a person.",
        "",
    ]
    return "\n".join(lines)


def num_parameters(folder: Path) -> int:
    """How many numbers the weights in a folder hold."""
    shapes = [one["shape"] for path in sorted(folder.rglob("*.safetensors")) for one in (header(path) or {}).values()]
    return sum(math.prod(shape) for shape in shapes)


def header(path: Path) -> dict[str, dict[str, list[int]]] | None:
    """Name, type and shape of each tensor in a safetensors file; None when it is not one."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(size - 8, _LONGEST_HEADER):
            return None
        try:
            found = json.loads(file.read(length))
        except ValueError:
            return None
    if not isinstance(found, dict):
        return None
    tensors = {name: one for name, one in found.items() if name != "__metadata__"}
    return tensors if all(isinstance(one, dict) and "shape" in one for one in tensors.values()) else None


def _architecture(folder: Path) -> str:
    """What the libraries call it; empty when its configuration does not say."""
    for name in ("model_index.json", "config.json"):
        path = folder / name
        if path.is_file():
            try:
                config = json.loads(path.read_text(encoding="utf-8"))
            except ValueError:
                return ""
            named = config.get("_class_name") or next(iter(config.get("architectures") or []), "")
            return str(named or config.get("model_type", ""))
    return ""
