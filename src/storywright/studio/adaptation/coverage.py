"""Which events the panels show and which they leave out, for people to read and programs to check."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storywright.board import Language
from storywright.studio.adaptation.events import Event


@dataclass(frozen=True, slots=True)
class Covered:
    """An event of the manuscript and the panels that show it."""

    words: str
    start: int
    end: int
    quote: str
    """Its place in the manuscript, shortened."""
    who: tuple[str, ...]
    where: str
    when: str
    kind: str
    weight: float
    chapter: str
    board: str
    panels: tuple[str, ...]


def named(events: Sequence[Event]) -> dict[int, str]:
    """For each event, by its number, the words that name it; the same words twice are told apart."""
    seen: dict[str, int] = {}
    found = {}
    for number, event in enumerate(events):
        count = seen[event.words] = seen.get(event.words, 0) + 1
        found[number] = event.words if count == 1 else f"{event.words} ({count})"
    return found


def share(events: Iterable[Covered]) -> float:
    """How many of the events are shown, from 0 to 1."""
    found = list(events)
    return sum(bool(event.panels) for event in found) / len(found) if found else 1.0


def markdown(title: str, events: Sequence[Covered], cast: Sequence[dict[str, str]], language: Language) -> str:
    """The report for people: what no panel shows first."""
    words = _WORDS[language]
    missing = [event for event in events if not event.panels]
    shown = len(events) - len(missing)
    lines = [f"# {title}", "", words["sum"].format(shown=shown, total=len(events), share=share(events)), ""]
    lines += [f"## {words['missing']}", ""]
    lines += [f"- {event.words} ({event.start}–{event.end}: {event.quote})" for event in missing] or [words["none"]]
    lines += ["", f"## {words['events']}", ""]
    chapter = None
    for event in events:
        if event.chapter != chapter and event.chapter:
            lines += ["", f"### {event.chapter}", ""]
        chapter = event.chapter
        where = ", ".join(part for part in (event.where, event.when) if part)
        panels = ", ".join(event.panels) or "–"
        lines.append(f"- {panels}: {event.words}{f' [{where}]' if where else ''}")
    lines += ["", f"## {words['cast']}", ""]
    lines += [f"- {one['name']}: {one['looks']} ({one['source']})" for one in cast]
    return "\n".join(lines) + "\n"


_WORDS = {
    "en": {
        "sum": "{shown} of {total} events are shown ({share:.0%}).",
        "missing": "Shown by no panel",
        "none": "Every event is shown.",
        "events": "Events and the panels that show them",
        "cast": "Cast",
    },
    "ru": {
        "sum": "Показано событий: {shown} из {total} ({share:.0%}).",
        "missing": "Не показано ни в одном кадре",
        "none": "Показано каждое событие.",
        "events": "События и кадры, которые их показывают",
        "cast": "Действующие лица",
    },
}
