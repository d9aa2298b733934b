"""The rows of a shot list: what a production reads off a board, one panel a row.

What the CSV and the XLSX share. Knows nothing about either.
"""

import itertools
from dataclasses import dataclass

from storywright.board import Panel, Storyboard
from storywright.export import timeline as timelines
from storywright.export import words
from storywright.voice.track import Track

Cell = str | int | float

_HEADS = {
    "en": (
        "No.", "Panel", "In", "Out", "Seconds", "Shot", "Angle", "Move", "Setting", "Time", "Cast", "Action",
        "Dialogue", "Voice-over", "Super", "Sound", "Drawn as", "Picture",
    ),
    "ru": (
        "№", "Кадр", "Начало", "Конец", "Секунды", "План", "Ракурс", "Камера", "Место", "Время", "В кадре", "Действие",
        "Реплики", "Голос за кадром", "Титр", "Звук", "Нарисовано как", "Рисунок",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShotList:
    """A table with one row for each panel."""

    heads: tuple[str, ...]
    rows: list[tuple[Cell, ...]]


def shot_list(board: Storyboard, fps: float | str, drop: bool, track: Track | None) -> ShotList:
    """The board as a table, timed at a frame rate; with a track, as long as its voice."""
    rate = timelines.rate_of(fps, drop)
    seconds = track.panel_seconds if track else {panel.id: panel.seconds for panel in board.panels}
    edges = timelines.edges([seconds[panel.id] for panel in board.panels], rate.fps)
    rows: list[tuple[Cell, ...]] = []
    for number, (panel, (start, end)) in enumerate(zip(board.panels, itertools.pairwise(edges), strict=True), 1):
        times = rate.timecode(rate.start + start), rate.timecode(rate.start + end)
        rows.append((number, panel.id, *times, seconds[panel.id], *_words(panel, board)))
    return ShotList(_HEADS[board.language], rows)


def _words(panel: Panel, board: Storyboard) -> tuple[str, ...]:
    language = board.language
    terms = (panel.shot.size, panel.shot.angle, panel.shot.move)
    told = [words.capital(words.word(term, language)) for term in terms]
    told += [panel.setting, words.capital(words.word(panel.time_of_day, language)) if panel.time_of_day else ""]
    told += [", ".join(panel.cast), panel.action, "\n".join(f"{line.who}: {line.line}" for line in panel.dialogue)]
    told += [panel.voice_over, panel.super, panel.sound]
    told += ["\n".join(f"{said} → {drawn}" for said, drawn in panel.drawn_as.items()), panel.picture]
    return tuple(told)
