"""What was found about an illustrator, as JSON, for a terminal, and as a section of a page in Markdown.

A section that stands already is replaced, and the rest of its page stays as it is. Knows nothing about measuring.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from storywright import files
from storywright.judge.closeness import Closeness
from storywright.judge.measuring import Measure

HEADING = "Figures"
BARS = {
    **dict.fromkeys(("setting", "time", "shot", "style", "num_people"), 0.97),
    **dict.fromkeys(("hair_colour", "hair_length", "hat", "top", "top_colour", "bottom_colour", "prop colour"), 0.90),
    "prop kind": 0.92,
    "pose": 0.80,
}
"""What an illustrator should keep of what is read in drawings."""
_BOTH_BAR, _CLIP_BAR = 0.80, 0.03


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found."""

    measures: Sequence[Measure]
    both: float
    """Of pictures with two people, the share in which each has their own top's colour."""
    closeness: Closeness
    count: int
    command: str
    """What gave the figures."""

    def as_json(self) -> dict[str, Any]:
        """As numbers by name."""
        near = self.closeness
        return {
            "measures": {
                one.name: {"share": one.share, "drawn": one.drawn, "made": one.made, "asked": one.asked}
                for one in self.measures
            },
            "two people keep their own colours": self.both,
            **asdict(near),
            "clip_share": near.clip_share,
            "count": self.count,
        }

    def as_text(self) -> str:
        """For a terminal."""
        lines = [f"{'':14} share  drawings  pictures  asked"]
        lines += [
            f"{one.name:14} {one.share:5.2f}  {one.drawn:8.2f}  {one.made:8.2f}  {one.asked:5d}"
            for one in self.measures
        ]
        return "\n".join([*lines, *self._told()])

    def as_markdown(self) -> str:
        """The body of a section."""
        rows = [
            f"| {one.name.replace('_', ' ')} | {one.share:.2f} | {_bar(one.name)} | {one.drawn:.2f} | {one.made:.2f} "
            f"| {one.asked} |"
            for one in self.measures
        ]
        head = [
            "| | share of drawings' | bar | read of drawings | read of pictures | asked |",
            "|---|---|---|---|---|---|",
        ]
        told = "\n".join(f"- {line}" for line in self._told())
        return f"`{self.command}`\n\n" + "\n".join([*head, *rows]) + f"\n\n{told}"

    def write_into(self, page: Path, title: str) -> None:
        """Put the section into a page, in the place where it stood or at the end."""
        text = page.read_text(encoding="utf-8") if page.is_file() else f"# {title}\n"
        section = f"## {HEADING}\n\n{self.as_markdown()}\n\n"
        stood = re.compile(rf"^## {HEADING}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
        text = stood.sub(lambda _: section, text) if stood.search(text) else f"{text.rstrip()}\n\n{section}"
        files.write_text(page, text.rstrip() + "\n")

    def _told(self) -> list[str]:
        near = self.closeness
        rebuilt = "not measured" if near.frechet_rebuilt is None else f"{near.frechet_rebuilt:.4f}"
        return [
            f"Of pictures with two people, both keep their own top's colour in {self.both:.2f} (bar: {_BOTH_BAR:.2f}).",
            "Fréchet distance from drawings of the same words, on the critic's features: "
            f"{near.frechet:.4f}; of what the autoencoder makes of those drawings: {rebuilt} (bar: below twice that); "
            f"of drawings of other words: {near.frechet_other:.4f}.",
            f"CLIP score: {near.clip_score:.3f}; of the drawings: {near.clip_score_drawn:.3f}; that is a share of "
            f"{near.clip_share:.3f} (bar: within {_CLIP_BAR:.2f} of 1).",
        ]


def _bar(name: str) -> str:
    return f"{BARS[name]:.2f}" if name in BARS else ""
