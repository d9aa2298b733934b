"""Words for scenes, scenes for words: the illustrator's prompt, the story's caption, and what a description means."""

from storywright.toonworld.words.captions import TELLABLE, caption
from storywright.toonworld.words.prompts import MAX_TOKENS, num_tokens, prompt
from storywright.toonworld.words.reading import Understood, scene_from_words
from storywright.toonworld.words.records import scene_from_json, scene_to_json

__all__ = [
    "MAX_TOKENS",
    "TELLABLE",
    "Understood",
    "caption",
    "num_tokens",
    "prompt",
    "scene_from_json",
    "scene_from_words",
    "scene_to_json",
]
