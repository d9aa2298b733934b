"""What a writer is told and what it proposes, whichever kind of writer it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PIL import Image

if TYPE_CHECKING:
    from storywright.writer.decoding import Decoding


@dataclass(frozen=True, slots=True)
class Told:
    """A panel of the story so far."""

    picture: Image.Image | None
    """None where it was not drawn."""
    caption: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the next panel could tell."""

    caption: str
    score: float
    """How sure the writer is, between 0 and 1: the mean chance of a piece, or what a language model says itself."""
    tags: list[str]
    """What the panel would be about."""
    phase: str
    """Where in a story it would stand; empty where the writer knows no phases."""
    why: str
    """What of the story the writer looked back at."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """How whole a story is beside the same panels in other orders."""

    better: float
    """The share of other orders that are judged less whole, between 0 and 1."""
    strange: list[float]
    """For each panel, how surely it does not belong to its place, between 0 and 1."""


class Judges(Protocol):
    """Who judges whether panels are a story in their order: the writer that is trained here."""

    def ordered(self, story: Sequence[Told]) -> Ordered:
        """Compare a story of at least three panels with the same panels in other orders."""
        ...


class Proposes(Protocol):
    """A writer: the one that is trained here, or a language model in its place."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Which it writes."""
        ...

    def with_decoding(self, decoding: "Decoding") -> "Proposes":
        """The same writer, searching in another way where it can."""
        ...

    def propose(
        self, story: Sequence[Told], *, brief: str = "", language: str = "en", count: int = 3, seed: int = 0
    ) -> list[Proposal]:
        """At most `count` different captions for the next panel, the surest first; none that was told already."""
        ...
