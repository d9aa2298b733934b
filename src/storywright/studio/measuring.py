"""Measures a board on the pictures that it keeps: whether they follow one another, their words, and a story.

What a panel says about itself stands in its scores; here is what only the whole board tells. The end frame, which is
the client's, is left out. Knows nothing about where pictures are kept, nor why a board is measured.
"""

import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from storywright import files
from storywright.board import BOARD_FILE, Panel, Score, Storyboard, read_board
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.studio import card
from storywright.studio.models import Models
from storywright.writer.ordering import FEWEST_PANELS
from storywright.writer.proposals import Told

_LOOKED_AT_PX = 108
"""No model here looks at a picture with fewer lines than this."""

Kept = Callable[[str], bytes]
"""The bytes of a picture, by what its panel calls it."""
Beside = tuple[Storyboard, Kept]
"""Another candidate for the same brief."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What is seen of a board's story."""

    board: Storyboard
    panels: list[Panel]
    """Those that have a picture, without the end frame."""
    pictures: list[Image.Image]
    """In small."""
    vectors: np.ndarray
    """As the critic sees them."""


def sight(critic: Critic, board: Storyboard, picture: Callable[[int], Image.Image | None]) -> Sight:
    """Look at a board; `picture` gives that of a panel by its place, or None where there is none."""
    told = {panel.id for panel in card.story_of(board)}
    found = [(panel, picture(at)) for at, panel in enumerate(board.panels) if panel.id in told]
    panels = [panel for panel, seen in found if seen is not None]
    small = [_small(seen) for _, seen in found if seen is not None]
    return Sight(board, panels, small, critic.of_pictures(small))


def scores(
    models: Models, seen: Sight, others: Sequence[Sight] = (), names: Collection[str] = card.BETWEEN_PANELS
) -> list[Score]:
    """The measures with these names, as far as there is something to measure them by."""
    panels, found = seen.panels, []
    if not panels:
        return []
    if card.SEQUENCE in names and len(panels) > 1:
        words = models.critic.of_words([panel.prompt or panel.action for panel in panels])
        found.append(card.sequence(words, seen.vectors, panels))
    if card.CONTINUITY in names:
        found.append(card.continuity(seen.vectors, panels))
    if card.STORY in names and models.judge is not None and len(panels) >= FEWEST_PANELS:
        told = [Told(picture, panel.action) for picture, panel in zip(seen.pictures, panels, strict=True)]
        found.append(card.story(models.judge.ordered(told), panels))
    beside = [(other.panels, other.vectors) for other in others if other.panels]
    if card.DIVERSITY in names and beside:
        found.append(card.diversity((panels, seen.vectors), beside))
    return found


class Measuring:
    """Measures a board again after a revision; a `revision.Measure`."""

    def __init__(self, models: Models, kept: Kept, others: Callable[[], Sequence[Beside]] = tuple) -> None:
        """`kept` reads the pictures that the board had before, `others` are the candidates it is compared with."""
        self._models, self._kept, self._others = models, kept, others

    def __call__(self, board: Storyboard, pictures: Mapping[str, bytes], names: Collection[str]) -> list[Score]:
        """The measures with these names, of a board with these new pictures."""

        def new_or_kept(name: str) -> bytes:
            return pictures[name] if name in pictures else self._kept(name)

        beside = self._others() if card.DIVERSITY in names else ()
        return scores(self._models, self._seen(board, new_or_kept), [self._seen(*one) for one in beside], names)

    def _seen(self, board: Storyboard, kept: Kept) -> Sight:
        return sight(self._models.critic, board, lambda at: _opened(board.panels[at], kept))


def in_folder(folder: Path) -> Kept:
    """The pictures of a board's folder."""
    return lambda name: files.inside(folder, name).read_bytes()


def beside(folder: Path, board: Storyboard) -> Iterator[Beside]:
    """The other candidates of this board's brief, where they lie beside it as `storywright board` writes them."""
    if not folder.resolve().name.isdigit():
        return
    for place in sorted(folder.resolve().parent.iterdir()):
        if place.name.isdigit() and place != folder.resolve() and (place / BOARD_FILE).is_file():
            try:
                other = read_board(place)
            except BadInput:
                continue  # broken by somebody: it is no candidate any more
            if other.id != board.id and _same_brief(other, board):
                yield other, in_folder(place)


def _same_brief(one: Storyboard, other: Storyboard) -> bool:
    """Whether they answer the same brief; the aspect of one may have been changed since."""
    briefs = [board.brief.model_dump(exclude={"format": {"aspect"}}) if board.brief else None for board in (one, other)]
    return briefs[0] is not None and briefs[0] == briefs[1]


def _opened(panel: Panel, kept: Kept) -> Image.Image | None:
    if not panel.picture:
        return None
    try:
        with Image.open(io.BytesIO(kept(panel.picture))) as picture:
            return picture.convert("RGB")
    except (OSError, UnidentifiedImageError, BadInput):
        return None  # a picture that is gone cannot be measured, and does not keep anybody from revising


def _small(picture: Image.Image) -> Image.Image:
    """No larger than it is looked at: it may have to go to another process."""
    return picture.convert("RGB").reduce(max(1, min(picture.size) // _LOOKED_AT_PX))
