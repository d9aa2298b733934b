"""Scenes: events in a row that share their place, their time and some of their people.

A script says where its scenes begin. In prose a chapter and a break begin one, and so does a change of place, of the
hour or of everybody who is there. Knows nothing about panels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from storywright.board import TimeOfDay
from storywright.studio.adaptation import places
from storywright.studio.adaptation.events import Event
from storywright.studio.adaptation.people import Character
from storywright.studio.adaptation.places import Place

_LEAST_EVENTS = 3
"""A scene that is shorter goes with the one before it."""
_SOON = 4
"""A place that is named later is where somebody goes."""
_LOOK_AHEAD = 4
"""So many events without anybody of the scene begin another."""


@dataclass(slots=True)
class Scene:
    """A run of events in one place at one time."""

    events: list[Event]
    place: Place = places.NOWHERE
    time: TimeOfDay | None = None
    inside: bool | None = None
    """What the heading of a script says; None where nothing is said."""
    heading: str = ""
    """The heading itself."""
    opens: bool = False
    """It opens a chapter, or follows a break."""
    cast: list[Character] = field(default_factory=list)
    """Everybody in it, the most frequent first."""


def split(events: Sequence[Event]) -> list[Scene]:
    """The scenes of a run of prose without a break."""
    runs: list[list[Event]] = []
    for index, event in enumerate(events):
        if not runs or _begins(runs[-1], events, index):
            runs.append([])
        runs[-1].append(event)
    return [scene(run, opens=number == 0) for number, run in enumerate(_without_short(runs))]


def scene(events: list[Event], **more: object) -> Scene:
    """These events as a scene, with what they say about place, time and people."""
    found = Scene(events, **more)  # type: ignore[arg-type]
    if not found.place.said:
        found.place = next((event.place for event in events[:_SOON] if event.place.said), places.NOWHERE)
    if found.time is None:
        found.time = next((event.time for event in events if event.time), None)
    counts: dict[Character, int] = {}
    for event in events:
        for person in event.people:
            final = person.final()
            counts[final] = counts.get(final, 0) + 1
    found.cast = sorted(counts, key=lambda person: -counts[person])
    return found


def _begins(run: list[Event], events: Sequence[Event], index: int) -> bool:
    event, last = events[index], run[-1]
    settled = next((e.place for e in run if e.place.said), places.NOWHERE)
    if event.place.head != last.place.head and settled.said:
        return True
    if event.time != last.time and last.time is not None:
        return True
    return event.block != last.block and _all_others(run, events[index : index + _LOOK_AHEAD])


def _all_others(run: list[Event], coming: Sequence[Event]) -> bool:
    here = {person.final() for event in run for person in event.people}
    there = [{person.final() for person in event.people} for event in coming]
    return len(coming) == _LOOK_AHEAD and bool(here) and all(there) and not any(here & people for people in there)


def _without_short(runs: list[list[Event]]) -> list[list[Event]]:
    found: list[list[Event]] = []
    for run in runs:
        if found and (len(found[-1]) < _LEAST_EVENTS or len(run) < _LEAST_EVENTS) and not _arrives(run, found[-1]):
            found[-1] += run
        else:
            found.append(list(run))
    return found


def _arrives(run: list[Event], before: list[Event]) -> bool:
    """Even a short run is a scene of its own when somebody comes to another place and the one before is no stub."""
    return run[0].new_place and len(before) >= _LEAST_EVENTS and len(run) >= 2
