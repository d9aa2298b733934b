"""Manuscripts: plain text, EPUB, XHTML, Fountain and Final Draft scripts, all as one `Manuscript`, and their rights."""

from storywright.sources.manuscripts.manuscript import Block, Emphasis, Manuscript, Passage, SceneHeading, num_words
from storywright.sources.manuscripts.reading import read
from storywright.sources.manuscripts.rights import Rights, declared, required

__all__ = [
    "Block",
    "Emphasis",
    "Manuscript",
    "Passage",
    "Rights",
    "SceneHeading",
    "declared",
    "num_words",
    "read",
    "required",
]
