"""A manuscript in a language that is not read here, told in its own sentences.

Every sentence is an event in its place, so that boards, spans and coverage are made as of any other manuscript.
Knows nothing about what the sentences mean: there is nobody in them, and no place.
"""

import re

from storywright.board import TimeOfDay
from storywright.sources.manuscripts import Manuscript
from storywright.studio.adaptation.events import Event

_TOLD = ("paragraph", "verse", "action", "dialogue", "lyrics")
_SENTENCE = re.compile(r"[^\s.!?…。！？][^.!?…。！？]*(?:[.!?…。！？]+[”»\"'’」』）)]*|$)")


class Verbatim:
    """Tells a manuscript block by block, as `events.Teller` does."""

    def __init__(self, manuscript: Manuscript) -> None:
        self._manuscript = manuscript

    def begin(self, place: str = "", time: TimeOfDay | None = None, forget: bool = False) -> None:
        """A scene begins, wherever it is."""

    def tell(self, index: int) -> list[Event]:
        """The sentences of a block."""
        block = self._manuscript.blocks[index]
        if block.kind not in _TOLD:
            return []
        return [
            Event(
                " ".join(match[0].split()), block.start + match.start(), block.start + match.end(), "sight", 1.0, [],
                block=index, sentence=number, about=block.speaker,
            )
            for number, match in enumerate(_SENTENCE.finditer(block.text))
        ]  # fmt: skip
