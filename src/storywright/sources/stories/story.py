"""What every source of stories gives: whole stories, and what it could not take, with the reason."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from storywright.sources.rights import Rights


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is the same for everything that is brought in at once."""

    date: str
    """The day that the rows carry, ISO 8601."""
    licence: str = ""
    """The licence of what does not name its own."""
    owner: str = ""
    """Whose that is."""
    language: str = "en"
    """The language of the captions that do not name theirs."""
    longest_px: int = 1_024
    """Pictures with a longer side are made smaller; the others stay as they are, byte for byte."""
    scene_seconds: float = 1.0
    """What is shorter in a film is no scene of its own."""
    most_panels: int = 16
    """A film with more scenes becomes several stories."""

    def __post_init__(self) -> None:
        if self.longest_px < 16 or self.most_panels < 1 or self.scene_seconds <= 0:
            raise ValueError("longest_px must be at least 16, most_panels at least 1, and scene_seconds positive")


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """One picture with its words."""

    picture: bytes
    """PNG or JPEG."""
    name: str
    """The picture's file or place, for people."""
    prompt: str
    caption: str
    style: str = ""
    tags: tuple[str, ...] = ()
    phase: str = ""
    things: tuple[dict[str, Any], ...] = ()
    """What is known to be in it: rows of the table `grounding`, without the columns that say which panel."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """A whole story; one with a hole is rejected."""

    story_id: str
    language: str
    rights: Rights
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """What was not taken."""

    item: str
    """The story, the picture or the film."""
    origin: str
    """Where it is, down to the line where there is one."""
    reason: str


Things = Iterator[Story | Rejected]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """A part of a source that is taken in as a whole, and taken again only when it has changed."""

    key: str
    """Its name, the same in every run."""
    fingerprint: str
    """What tells its content, and all that decides how it is read, from another's."""
    read: Callable[[Collection[str]], Things] = field(repr=False)
    """Gives its stories; it is told which ones are in already and need not be given again."""
