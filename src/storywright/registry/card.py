"""The model card of a bundle, written from what is known about it: parts, corpus, evaluation, how it may be used.

What is not known is not made up: `lacking` names it, and the gate refuses a bundle whose card would have holes.
"""

import json
import math
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from storywright.registry.bundle import Bundle
from storywright.registry.evidence import Evidence

WEIGHTS = ("critic", "illustrator", "motion", "writer")
_LONGEST_HEADER = 100 << 20
_DOES = {
    "critic": "says how well a picture fits its words",
    "illustrator": "draws a panel from words",
    "motion": "lets a panel move",
    "writer": "writes what happens in the next panel",
}


class Outcome(Protocol):
    """How one gate went."""

    @property
    def name(self) -> str:
        """What was looked at."""

    @property
    def passed(self) -> bool:
        """Whether it is good enough."""

    @property
    def reason(self) -> str:
        """Why."""


def lacking(bundle: Bundle, evaluation: Mapping[str, float]) -> list[str]:
    """What the card cannot say."""
    found = [f"the architecture of the {role}" for role in WEIGHTS if not _architecture(bundle.sources[role])]
    if not bundle.corpus_digest:
        found.append("what the models learned from")
    if not evaluation:
        found.append("how good they are")
    return found


def written(bundle: Bundle, version: str, evidence: Evidence, gates: Sequence[Outcome]) -> str:
    """The card as Markdown."""
    parts = [
        f"| {role} | {_DOES[role]} | {_architecture(bundle.sources[role])} | "
        f"{num_parameters(bundle.sources[role]) / 1e6:.2f} M | `{bundle.parts[role].digest[:12]}` |"
        for role in WEIGHTS
    ]
    numbers = [f"| {name} | {value} |" for name, value in _figures(evidence.evaluation)]
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
        *_more(evidence),
        "## What the gates said",
        "",
        *(f"- {gate.name}: {'passed' if gate.passed else '**refused**'}, {gate.reason}" for gate in gates),
        "",
        "## Use and limits",
        "",
        "For drafts of storyboards that a person looks through. The illustrator knows the people, places and things of "
        "the corpus; words beyond them are mapped to the nearest, and the board says so. Not for pictures that pass as "
        "photographs, nor for anything decided without a person.",
        "",
    ]
    return "\n".join(lines)


def _figures(evaluation: Mapping[str, float]) -> list[tuple[str, str]]:
    """The numbers, each with its interval where it has one."""
    ends = {f"{name}_{end}" for name in evaluation for end in ("low", "high")}
    shown = []
    for name, value in sorted(evaluation.items()):
        if name not in ends:
            low, high = evaluation.get(f"{name}_low"), evaluation.get(f"{name}_high")
            interval = "" if low is None or high is None else f" ({low:.4g} to {high:.4g})"
            shown.append((name, f"{value:.6g}{interval}"))
    return shown


def _more(evidence: Evidence) -> list[str]:
    """Costs, behaviour and what people said, where they are known."""
    lines = []
    if evidence.costs:
        costs = ", ".join(f"{name} {value:.4g}" for name, value in sorted(evidence.costs.items()))
        lines += [f"What it costs, on the machine of the evaluation: {costs}.", ""]
    if evidence.behaviour:
        held = sum(test.passed for test in evidence.behaviour)
        lines += [f"Of {len(evidence.behaviour)} tests of behaviour {held} held.", ""]
    if human := evidence.human:
        lines += [
            f"In {human.comparisons} blind comparisons with version {human.champion}, {human.people} people preferred "
            f"it in {human.win_rate:.0%} ({human.low:.0%} to {human.high:.0%}).",
            "",
        ]
    return lines


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
