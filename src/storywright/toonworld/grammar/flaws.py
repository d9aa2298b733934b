"""Stories with a flaw that is known, for those who learn to judge stories."""

from dataclasses import replace
from random import Random

from storywright.toonworld import scene as drawn
from storywright.toonworld.attributes import attributes
from storywright.toonworld.grammar.storyteller import Flaw, Story, StoryPanel
from storywright.toonworld.scene import Person

_FOREIGN, _BROKEN, _CAUSELESS = 0.3, 0.4, 0.6


def shuffled(story: Story, seed: int = 0) -> Story:
    """The same panels in another order; the more pairs stand the wrong way round, the lower the score."""
    random, count = Random(f"shuffled {story.story_id} {seed}"), len(story.panels)
    order = list(range(count))
    while _inversions(order) < count // 2:
        random.shuffle(order)
    score = 1 - _inversions(order) / (count * (count - 1) / 2)
    moved = tuple(place for place, panel in enumerate(order) if place != panel)
    return _flawed(story, [story.panels[i] for i in order], "shuffled", moved, score)


def mixed(story: Story, other: Story, seed: int = 0) -> Story:
    """One panel, not the first, comes from another story."""
    random = Random(f"mixed {story.story_id} {seed}")
    place, panels = random.randrange(1, len(story.panels)), list(story.panels)
    panels[place] = random.choice(other.panels)
    return _flawed(story, panels, "mixed", (place,), _FOREIGN)


def broken_look(story: Story, seed: int = 0) -> Story:
    """In one panel somebody has other hair and other clothes than in the rest."""
    random, panels = Random(f"broken look {story.story_id} {seed}"), list(story.panels)
    place, name = random.choice(_recognisable(panels))
    scene = panels[place].scene
    people = tuple(_other_looks(random, person) if person.name == name else person for person in scene.people)
    panels[place] = replace(panels[place], scene=replace(scene, people=people))
    return _flawed(story, panels, "broken look", (place,), _BROKEN)


def missing_cause(story: Story, seed: int = 0) -> Story:
    """The panel is gone that showed, untold, what a later caption tells."""
    random = Random(f"missing cause {story.story_id} {seed}")
    causes = sorted({clue.seen for clue in story.seen_not_told if clue.told > clue.seen + 1})
    place = random.choice(causes or list(range(1, len(story.panels) - 1)))
    panels = [panel for number, panel in enumerate(story.panels) if number != place]
    return _flawed(story, panels, "missing cause", (place,), _CAUSELESS)


def _flawed(story: Story, panels: list[StoryPanel], kind: str, places: tuple[int, ...], score: float) -> Story:
    name = f"{story.story_id}-{kind.replace(' ', '-')}"
    flaws = (*story.flaws, Flaw(kind, places))
    return replace(story, story_id=name, panels=tuple(panels), score=min(story.score, round(score, 4)), flaws=flaws)


def _inversions(order: list[int]) -> int:
    return sum(a > b for place, a in enumerate(order) for b in order[place + 1 :])


def _recognisable(panels: list[StoryPanel]) -> list[tuple[int, str]]:
    """Panels after the first, and whom one sees there well enough to know them again from a panel before."""
    seen_before: set[str] = set()
    found = []
    for place, panel in enumerate(panels):
        names = {
            person.name
            for person in panel.scene.people
            if person.name and any(value == person.top_colour for value in _clothes(panel))
        }
        found += [(place, name) for name in sorted(names & seen_before)]
        seen_before |= names
    return found


def _clothes(panel: StoryPanel) -> list[str]:
    return [value for name, value in attributes(panel.scene).items() if name.endswith(".top_colour")]


def _other_looks(random: Random, person: Person) -> Person:
    return replace(
        person,
        hair_colour=random.choice([colour for colour in drawn.HAIR_COLOURS if colour != person.hair_colour]),
        hair_length="short" if person.hair_length == "long" else "long",
        top_colour=random.choice([colour for colour in drawn.COLOURS if colour != person.top_colour]),
        bottom_colour=random.choice([colour for colour in drawn.COLOURS if colour != person.bottom_colour]),
    )
