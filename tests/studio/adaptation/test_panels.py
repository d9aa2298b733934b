import itertools
import time

import pytest

from storywright.studio.adaptation import Adapter, Config, panels
from storywright.studio.adaptation.events import Event
from storywright.studio.adaptation.scenes import Scene
from storywright.toonworld.grammar import shots


@pytest.fixture(scope="module")
def board(example, rights, tmp_path_factory):
    made = Adapter(example, rights, tmp_path_factory.mktemp("out")).boards()
    return made[0].board


def test_every_panel_points_at_its_words(example, board):
    for panel in board.panels:
        assert 0 <= panel.source.start < panel.source.end <= len(example.text)
        first = panel.source.quote.split(" ")[0]
        assert example.text[panel.source.start :].lstrip("“«—- ").startswith(first.lstrip("“«—- "))


def test_panels_follow_the_text(board):
    starts = [panel.source.start for panel in board.panels]
    assert starts == sorted(starts)


def test_no_cut_jumps_within_a_place(board):
    for before, after in itertools.pairwise(board.panels):
        if not before.cast or before.setting != after.setting:
            continue
        earlier = shots.Shot(before.shot.size, before.shot.angle, before.setting, frozenset(before.cast))
        same = before.shot.size == after.shot.size and before.shot.angle == after.shot.angle
        assert not (same and shots.jumps(after.shot.size, after.setting, frozenset(after.cast), earlier))


def test_each_new_place_is_established(board):
    assert board.panels[0].shot.size == "establishing"
    arrivals = [after for before, after in itertools.pairwise(board.panels) if before.setting != after.setting]
    assert all(panel.shot.size in ("establishing", "extreme long", "long", "full") for panel in arrivals)


def test_a_panel_is_short_enough_to_read(board):
    assert all(len(panel.action.split()) <= 36 and len(panel.dialogue) <= 2 for panel in board.panels)
    assert all(panel.seconds >= 1.5 for panel in board.panels)


@pytest.mark.parametrize("count", [1, 5, 12])
def test_as_many_panels_as_wished_for_and_the_report_names_the_rest(example, rights, tmp_path, count):
    made = Adapter(example, rights, tmp_path, Config(panels=count)).boards()[0]
    assert len(made.board.panels) == count
    shown = sum(bool(panels) for panels in made.board.coverage.values())
    assert 0 < shown <= len(made.board.coverage)
    missing = [event.words for event in made.events if not event.panels]
    report = (tmp_path / "coverage.md").read_text(encoding="utf-8")
    assert missing or count > 5
    assert all(words in report.split("\n## ")[1] for words in missing)


def test_the_seconds_that_are_wished_for_are_shared_out_to_the_frame(example, rights, tmp_path):
    board = Adapter(example, rights, tmp_path, Config(seconds=60, panels=10)).boards()[0].board
    assert round(board.seconds, 6) == 60
    assert all(abs(panel.seconds * 25 - round(panel.seconds * 25)) < 1e-6 for panel in board.panels)


def test_every_event_is_in_the_coverage_and_ids_are_of_panels(board):
    ids = {panel.id for panel in board.panels}
    assert all(panels and set(panels) <= ids for panels in board.coverage.values())


def test_a_book_of_thousands_of_panels_is_cut_to_a_dozen_in_a_moment():
    told = [Scene([Event(f"Tom does {scene} {number}.", 0, 9, "deed", 1 + number / 9, []) for number in range(4)])
            for scene in range(1500)]  # fmt: skip
    started = time.process_time()
    shown = panels.grouped(told, 12)
    assert len(shown) == 12
    assert time.process_time() - started < 5
    assert len({id(panel.scene) for panel in shown}) == 12  # the last panel of a scene goes last
