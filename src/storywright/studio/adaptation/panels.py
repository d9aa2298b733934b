"""Events into panels: what is told in one picture, how much of it there is room for, and how the camera sees it.

Each new place is established, people who talk are seen in turn, a turn of the story is seen from near, and no cut
jumps. Knows nothing about the drawn world but its shots.
"""

import heapq
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from storywright.board import Angle, Language, Move, ShotSize
from storywright.studio.adaptation.events import Event
from storywright.studio.adaptation.lexicon import words_of
from storywright.studio.adaptation.people import Character
from storywright.studio.adaptation.scenes import Scene
from storywright.studio.plan import FRAMES_A_SECOND, shared_out
from storywright.toonworld.grammar import shots

MOST_PANELS = 60
"""On one board."""
_MOST_WORDS, _MOST_LINES, _MOST_PEOPLE = 30, 2, 3
"""In one panel that joins events."""
_WORDS_A_SECOND = 2.6
_SHORTEST_SECONDS = 1.6
_UNSPACED, _SIGNS_A_WORD = re.compile("[\u3040-\u30ff\u3400-\u9fff]"), 2.5


@dataclass(slots=True)
class Shown:
    """What one panel shows."""

    events: list[Event]
    scene: Scene
    size: ShotSize = "medium full"
    angle: Angle = "eye level"
    move: Move = "static"
    seconds: float = 2.0
    reverse: list[Character] = field(default_factory=list)
    """In a conversation: who speaks, then who listens."""

    @property
    def people(self) -> list[Character]:
        """Everybody in it, the one who acts or speaks first."""
        found = [person.final() for event in self.events for person in event.people if not event.heard_only]
        return list(dict.fromkeys(found))

    @property
    def lines(self) -> list[Event]:
        """What is said."""
        return [event for event in self.events if event.line]

    @property
    def deeds(self) -> list[Event]:
        """What is done."""
        return [event for event in self.events if not event.line]

    @property
    def weight(self) -> float:
        """What its heaviest event weighs."""
        return max(event.weight for event in self.events)


def grouped(scenes: Sequence[Scene], most: int | None = None) -> list[Shown]:
    """The panels of these scenes; where `most` are wished for, neighbours are joined and the lightest go."""
    found = [panel for scene in scenes for panel in _of_scene(scene)]
    if most is not None and len(found) < most:
        _divide(found, most)
    if most is not None and len(found) > most:
        _fit(found, most)
    return found


def filmed(panels: list[Shown], language: Language, seconds: float | None = None) -> None:
    """Give each panel its shot and its time."""
    _frame(panels)
    weights = [_reading_seconds(panel, language) for panel in panels]
    if seconds is not None:
        for panel, share in zip(panels, shared_out(seconds, weights), strict=True):
            panel.seconds = max(share, 1 / FRAMES_A_SECOND)
        return
    for panel, weight in zip(panels, weights, strict=True):
        panel.seconds = round(weight * FRAMES_A_SECOND) / FRAMES_A_SECOND


# What is told in one picture.


def _of_scene(scene: Scene) -> list[Shown]:
    found: list[Shown] = []
    for event in scene.events:
        if found and _belongs(found[-1], event):
            found[-1].events.append(event)
        else:
            found.append(Shown([event], scene))
    return found


def _belongs(panel: Shown, event: Event) -> bool:
    """Whether an event is seen in the same picture as those before it."""
    last = panel.events[-1]
    if event.sudden or event.new_place or _num_words(panel) + len(event.words.split()) > _MOST_WORDS:
        return False
    lead, other = _lead(last), _lead(event)
    same_lead = lead is other and lead is not None
    if event.line:
        return same_lead and event.block == last.block and not panel.lines and len(panel.events) == 1
    if last.line:
        return same_lead and event.block == last.block and len(panel.events) == 1
    short = _num_words(panel) + len(event.words.split()) <= 18
    follows = event.block == last.block and len(panel.events) < 2
    return short and follows and (same_lead or other is None)


def _lead(event: Event) -> Character | None:
    return event.people[0].final() if event.people else None


def _num_words(panel: Shown) -> int:
    return sum(len(event.words.split()) for event in panel.events)


def _divide(panels: list[Shown], wanted: int) -> None:
    """One event a panel, until there are as many as wished for or no two together."""
    index = 0
    while len(panels) < wanted and index < len(panels):
        panel = panels[index]
        if len(panel.events) > 1:
            panels[index : index + 1] = [Shown([event], panel.scene) for event in panel.events]
        index += 1


def _fit(panels: list[Shown], most: int) -> None:
    """Join what can be seen together, the shortest first; leave out what weighs least."""
    crowd = _Crowd(panels)
    while len(crowd.left) > most:
        crowd.shrink()
    panels[:] = [panels[at] for at in sorted(crowd.left)]


class _Crowd:
    """Panels of which there are too many, with what it costs to do without each; a book has thousands."""

    def __init__(self, panels: list[Shown]) -> None:
        self._panels, self.left = panels, set(range(len(panels)))
        self._before = {at: at - 1 for at in range(1, len(panels))}
        self._after = {at: at + 1 for at in range(len(panels) - 1)}
        self._of_scene: dict[int, set[int]] = {}
        for at, panel in enumerate(panels):
            self._of_scene.setdefault(id(panel.scene), set()).add(at)
        self._costs: dict[tuple[str, int], float] = {}
        self._joins: list[tuple[float, int]] = []
        self._drops: list[tuple[float, int]] = []
        for at in range(len(panels)):
            self._weigh(at)

    def shrink(self) -> None:
        """One panel fewer."""
        cost, at = self._cheapest("join", self._joins)
        weight, lightest = self._cheapest("drop", self._drops)
        if cost <= weight:
            gone = self._after[at]
            self._panels[at].events += self._panels[gone].events
        else:
            gone = lightest
        self._remove(gone)

    def _remove(self, gone: int) -> None:
        before, after = self._before.pop(gone, None), self._after.pop(gone, None)
        for here, other, sides in ((before, after, self._after), (after, before, self._before)):
            if here is not None and other is not None:
                sides[here] = other
            elif here is not None:
                sides.pop(here)
        self.left.remove(gone)
        self._costs.pop(("join", gone), None)
        self._costs.pop(("drop", gone), None)
        scene = self._of_scene[id(self._panels[gone].scene)]
        scene.remove(gone)
        changed = [before, after, *(scene if len(scene) == 1 else ())]
        if before is not None:
            changed.append(self._before.get(before))
        for at in {one for one in changed if one is not None}:
            self._weigh(at)

    def _weigh(self, at: int) -> None:
        """What joining this panel with the next, and leaving it out, cost now."""
        panel, after = self._panels[at], self._after.get(at)
        self._costs.pop(("join", at), None)
        if after is not None:
            self._costs["join", at] = cost = _join_cost(panel, self._panels[after])
            heapq.heappush(self._joins, (cost, at))
        alone = len(self._of_scene[id(panel.scene)]) == 1
        self._costs["drop", at] = cost = panel.weight + 0.2 * len(panel.events) + 0.5 * alone
        heapq.heappush(self._drops, (cost, at))

    def _cheapest(self, what: str, heap: list[tuple[float, int]]) -> tuple[float, int]:
        while self._costs.get((what, heap[0][1])) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0]


def _join_cost(one: Shown, other: Shown) -> float:
    people = len({*one.people, *other.people})
    lines, words = len(one.lines) + len(other.lines), _num_words(one) + _num_words(other)
    if one.scene is not other.scene or people > _MOST_PEOPLE or lines > _MOST_LINES or words > _MOST_WORDS:
        return float("inf")
    return 0.4 + words / _MOST_WORDS + 0.3 * (one.people[:1] != other.people[:1])


# How the camera sees it.


def _frame(panels: Sequence[Shown]) -> None:
    before: shots.Shot | None = None
    for index, panel in enumerate(panels):
        earlier = panels[index - 1] if index else None
        opens = earlier is None or earlier.scene is not panel.scene
        changes = earlier is None or earlier.scene.place.head != panel.scene.place.head or panel.scene.opens
        wished = _wishes(panel, earlier, opens, changes)
        place = panel.scene.place.head
        subject = frozenset(person.name for person in panel.people)
        panel.size = next(
            (size for size in (*wished, *_USUAL) if before is None or not _jumps(size, place, subject, before)),
            wished[0],
        )
        panel.angle = _angle(panel, before)
        panel.move = _move(panel)
        before = shots.Shot(panel.size, panel.angle, place, subject)


_USUAL: tuple[ShotSize, ...] = ("medium full", "medium close-up", "full", "close-up", "long")
"""Where every size that suits would jump, the first of these that does not."""


def _jumps(size: ShotSize, place: str, subject: frozenset[str], before: shots.Shot) -> bool:
    return shots.jumps(size, place, subject, before)


def _wishes(panel: Shown, earlier: Shown | None, opens: bool, changes: bool) -> list[ShotSize]:
    """Sizes that would suit, the best first."""
    event = panel.events[0]
    if opens and changes:
        return ["establishing", "extreme long", "long"]
    if opens:
        return ["long", "full"]
    if panel.lines and len(panel.lines) == len(panel.events):
        speaker = panel.lines[0].speaker
        talking = earlier is not None and bool(earlier.lines)
        if len({one.speaker for one in panel.lines}) > 1:
            return ["medium full", "full", "long"]
        if event.kind == "thought":
            return ["close-up", "medium", "extreme close-up"]
        if not talking and len(panel.people) > 1:
            return ["medium full", "full"]
        again = earlier is not None and earlier.lines and earlier.lines[-1].speaker is speaker
        return ["close-up", "medium"] if again else ["medium close-up", "medium", "close-up"]
    if event.sudden or event.feels:
        return ["close-up", "medium close-up", "medium"] if panel.people else ["full", "long"]
    if any(one.moves for one in panel.events):
        return ["long", "full", "extreme long"]
    if not panel.people:
        return ["long", "full", "medium full"]
    if event.kind == "sight":
        return ["medium close-up", "close-up", "medium full"]
    return ["medium full", "medium", "full"]


def _angle(panel: Shown, before: shots.Shot | None) -> Angle:
    if len(panel.people) > 1 and panel.size in ("medium close-up", "medium") and panel.lines:
        return "over the shoulder"
    verbs = {event.verb for event in panel.deeds}
    if verbs & _FROM_ABOVE:
        return "high"
    if verbs & _FROM_BELOW:
        return "low"
    return "eye level"


_FROM_ABOVE = words_of("fall drop sink cry weep crawl kneel упасть заплакать плакать утонуть опуститься лечь")
_FROM_BELOW = words_of("climb rise shout stand jump взобраться подняться вскочить закричать крикнуть")


def _move(panel: Shown) -> Move:
    if panel.size in ("establishing", "extreme long"):
        return "pan"
    if any(event.verb in ("fall", "drop", "упасть", "взобраться", "climb") for event in panel.deeds):
        return "tilt"
    if any(event.moves for event in panel.deeds) and panel.people:
        return "tracking"
    if panel.size in ("close-up", "extreme close-up") and any(e.kind == "thought" or e.sudden for e in panel.events):
        return "zoom in"
    return "static"


def _reading_seconds(panel: Shown, language: Language) -> float:
    spoken = sum(_length(event.line) for event in panel.lines)
    read = sum(_length(event.words) for event in panel.deeds) * (0.5 if spoken else 1.0)
    rate = _WORDS_A_SECOND * (0.85 if language == "ru" else 1.0)
    return max(_SHORTEST_SECONDS, 0.6 + (spoken + read) / rate)


def _length(words: str) -> float:
    """In words; where no spaces stand between them, so many signs are about one."""
    unspaced = len(_UNSPACED.findall(words))
    return len(words.split()) + unspaced / _SIGNS_A_WORD
