"""Pictures of stories with a broken look: in one panel somebody has other hair and other clothes than in the rest.

They can be drawn wherever a corpus keeps the scene of each picture; elsewhere there are none, and the story score
learns from pictures that belong to other stories.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from storywright.corpus.reading import Panels
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.toonworld import drawing
from storywright.toonworld.grammar import Story, StoryPanel, broken_look
from storywright.toonworld.scene import Scene
from storywright.toonworld.words import scene_from_json
from storywright.training import cache
from storywright.writer.config import WriterConfig
from storywright.writer.material import BrokenLooks, encoded_pictures, picture_shape


def drawn(
    panels: Panels,
    stories: Sequence[range],
    config: WriterConfig,
    file: Path,
    seed: int,
    critic: Critic | None = None,
) -> BrokenLooks:
    """Draw them, and keep in `file` what the writer sees of them."""
    broken = [_broken(panels, rows, seed) for rows in stories]
    size = panels.size

    def encode(numbers: np.ndarray) -> np.ndarray:
        found = [broken[number] for number in numbers]
        blank = np.zeros((size[1], size[0], 3), np.uint8)
        pictures = [blank if one is None else drawing.draw(one[1], size) for one in found]
        return encoded_pictures([Image.fromarray(picture) for picture in pictures], config, critic)

    shape, dtype = picture_shape(config)
    if not broken:
        return BrokenLooks(np.zeros(0, np.int64), np.zeros((0, *shape), dtype))
    pictures = cache.encoded(
        file,
        encode,
        count=len(stories),
        shape=shape,
        dtype=dtype,
        digest=f"{panels.digest} {seed}",
        doing="drawing broken looks",
    )
    return BrokenLooks(np.array([-1 if one is None else one[0] for one in broken]), pictures)


def _broken(panels: Panels, rows: range, seed: int) -> tuple[int, Scene] | None:
    """Which panel of a story is broken, and its scene; None where that cannot be drawn."""
    columns = panels.rows(rows, ("scene", "caption", "story_id"))
    if not all(columns["scene"]):
        return None
    try:
        scenes = [scene_from_json(text) for text in columns["scene"]]
    except (ValueError, KeyError, TypeError, BadInput):
        return None
    told = [StoryPanel(scene, text, (), "") for scene, text in zip(scenes, columns["caption"], strict=True)]
    story = Story(columns["story_id"][0], "en", scenes[0].style, tuple(told))
    try:
        flawed = broken_look(story, seed)
    except IndexError:
        # Nobody is seen twice well enough to be known again.
        return None
    place = flawed.flaws[-1].panels[0]
    return place, flawed.panels[place].scene
