"""What can be asked of a bench, and who asks. Knows nothing of models, queues or processes."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from storywright.studio.director import Drawing
from storywright.studio.models import Models

Kind = Literal["image", "redraw", "board"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """For whom something is done, which decides when it is its turn."""

    kind: Kind = "redraw"
    """Somebody waits for an image or a redraw, so they go before boards."""
    user: str = ""
    begun: int = 0
    """When a board was asked for: one user's boards are drawn in that order."""
    patience: float | None = None
    """After so many seconds without an answer's beginning there is no use in it; None: any time will do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture that is wanted."""

    prompt: str
    size: tuple[int, int]
    steps: int
    guidance: float
    seed: int
    style: str | None = None
    negative: str = ""

    @property
    def bucket(self) -> Hashable:
        """What pictures have in common that are drawn together."""
        return self.size, self.steps, self.guidance, self.style, self.negative

    @property
    def effort(self) -> float:
        """How much there is to compute, in millions of pixels that are looked at."""
        return self.size[0] * self.size[1] * self.steps * (1 if self.guidance == 1 else 2) / 1e6


@dataclass(frozen=True, slots=True)
class Question:
    """A question to another model of the crew."""

    role: Literal["critic", "writer", "judge", "enlarger", "animator"]
    name: str
    words: tuple[Any, ...] = ()
    how: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """What is known of a crew's models once they are open."""

    known: Models
    """What their documents say of them; the models themselves stay where they were opened."""
    drawing: Drawing
    """As tuned."""
    languages: tuple[str, ...]
    """That the writer writes."""
    together: int = 8
    """Pictures that are worth drawing at once."""
    judges: bool = False
    """Whether there is who judges stories."""
    enlarges: bool = False
    """Whether there is what makes pictures larger."""
