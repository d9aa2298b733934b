"""Stories and single scenes of the drawn world, without end."""

from storywright.toonworld.grammar.flaws import broken_look, missing_cause, mixed, shuffled
from storywright.toonworld.grammar.plots import PLOTS
from storywright.toonworld.grammar.portraits import portrait, portraits, wording_of
from storywright.toonworld.grammar.storyteller import Flaw, SeenNotTold, Story, StoryPanel, shows, stories, story

__all__ = [
    "PLOTS",
    "Flaw",
    "SeenNotTold",
    "Story",
    "StoryPanel",
    "broken_look",
    "missing_cause",
    "mixed",
    "portrait",
    "portraits",
    "shows",
    "shuffled",
    "stories",
    "story",
    "wording_of",
]
