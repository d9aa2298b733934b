import json
from dataclasses import replace

import pytest

from storywright.board import read_board
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.illustrator.model import Illustrator
from storywright.sources import manuscripts
from storywright.sources.manuscripts import rights as declarations
from storywright.studio.adaptation import Adapter, Config
from storywright.studio.director import Drawing
from storywright.studio.models import STARTER, Models

TWO_SCENES = """Tom Reed opened the door of the kitchen and sat down.

* * *

In the forest Ann Lee lit a lamp. Ann waved.
"""
DRAWING = Drawing(draws=1, steps=1)


class Interrupted(Illustrator):
    """Draws one scene, and then somebody presses Ctrl-C."""

    @classmethod
    def like(cls, illustrator: Illustrator) -> "Interrupted":
        made = object.__new__(cls)
        made.__dict__.update(illustrator.__dict__)
        made.calls = 0
        return made

    def draw(self, *args, **more):
        self.calls += 1
        if self.calls > 1:
            raise KeyboardInterrupt
        return super().draw(*args, **more)


class Counting(Interrupted):
    def draw(self, *args, **more):
        self.calls += 1
        return Illustrator.draw(self, *args, **more)


@pytest.fixture(scope="module")
def models() -> Models:
    critic, illustrator = Critic.open(STARTER / "critic"), Illustrator.open(STARTER / "illustrator")
    return Models(critic=critic, illustrator=illustrator, writer=None)


def test_a_run_that_was_killed_goes_on_and_ends_like_one_that_was_not(written, rights, models, tmp_path):
    manuscript = written(TWO_SCENES)
    whole = Adapter(manuscript, rights, tmp_path / "whole", Config(), models, DRAWING).boards()[0]
    killed = replace(models, illustrator=Interrupted.like(models.illustrator))
    with pytest.raises(KeyboardInterrupt):
        Adapter(manuscript, rights, tmp_path / "out", Config(), killed, DRAWING).boards()
    assert (tmp_path / "out" / "panels" / "01.png").is_file()
    assert not (tmp_path / "out" / "board.json").exists()
    counting = replace(models, illustrator=Counting.like(models.illustrator))
    again = Adapter(manuscript, rights, tmp_path / "out", Config(), counting, DRAWING).boards()[0]
    assert counting.illustrator.calls == 1
    assert again.board == whole.board
    for panel in whole.board.panels:
        assert (whole.folder / panel.picture).read_bytes() == (again.folder / panel.picture).read_bytes()


def test_a_finished_board_is_not_drawn_again_unless_its_words_change(written, rights, models, tmp_path):
    counting = replace(models, illustrator=Counting.like(models.illustrator))
    manuscript, out = written(TWO_SCENES), tmp_path / "out"
    Adapter(manuscript, rights, out, Config(), counting, DRAWING).boards()
    before = counting.illustrator.calls
    Adapter(manuscript, rights, out, Config(), counting, DRAWING).boards()
    assert counting.illustrator.calls == before
    Adapter(manuscript, rights, out, Config(style="flat"), counting, DRAWING).boards()
    assert counting.illustrator.calls > before


def test_the_declaration_travels_with_every_panel(adapted, rights):
    board = read_board(adapted(TWO_SCENES)[0].folder)
    assert declarations.of(board.provenance) == rights
    assert all(declarations.of(panel.provenance) == rights for panel in board.panels)


def test_the_same_manuscript_gives_the_same_board(written, rights, tmp_path):
    manuscript = written(TWO_SCENES)
    one = Adapter(manuscript, rights, tmp_path / "one").boards()[0].board
    other = Adapter(manuscript, rights, tmp_path / "two").boards()[0].board
    assert one == other


def test_a_long_manuscript_is_a_board_a_chapter_and_one_report(adapted, tmp_path):
    chapter = "Tom Reed opened the door and ran into the forest. Ann Lee waved. “Run!” cried Ann.\n\n" * 60
    text = "\n\n".join(f"Chapter {number}\n\n{chapter}" for number in (1, 2, 3, 4))
    made = adapted(text)
    assert len(made) >= 4
    assert len({one.folder for one in made}) == len(made)
    assert all(len(one.board.panels) <= 60 for one in made)
    report = json.loads((tmp_path / "out" / "coverage.json").read_text(encoding="utf-8"))
    assert len(report["events"]) == sum(len(one.events) for one in made)
    assert all((one.folder / "coverage.md").is_file() for one in made)


def test_one_chapter_can_be_asked_for_by_number_or_title(adapted):
    text = "Chapter One: Home\n\nTom Reed slept. Tom woke and ran.\n\nChapter Two: Away\n\nAnn Lee rowed. Ann fell.\n"
    assert "Ann" in adapted(text, chapter="2")[0].board.panels[0].cast
    assert "Tom" in adapted(text, chapter="home")[0].board.panels[0].cast
    with pytest.raises(BadInput, match=r"no chapter .* 1 .*Home, 2 .*Away"):
        adapted(text, chapter="7")


def test_a_script_with_only_dialogue_shows_who_speaks_and_says_so(adapted):
    script = "ANN\nWhere were you?\n\nTOM\nOut.\n\nANN\nAll night?\n\nTOM\nAll night.\n"
    board = adapted(script, "talk.fountain")[0].board
    assert [line.who for panel in board.panels for line in panel.dialogue] == ["Ann", "Tom", "Ann", "Tom"]
    assert any("only dialogue" in notice for notice in board.notices)


def test_headings_of_a_script_say_where_and_when(adapted):
    script = "INT. KITCHEN - NIGHT\n\nTom opens the fridge.\n\nEXT. BEACH - MORNING\n\nAnn runs into the water.\n"
    panels = adapted(script, "script.fountain")[0].board.panels
    assert [(panel.setting, panel.time_of_day) for panel in panels] == [("Kitchen", "night"), ("Beach", "morning")]


@pytest.mark.parametrize(
    ("text", "wishes", "message"),
    [
        ("12. 34. 56.", {}, "somebody does or says something"),
    ],
)
def test_what_cannot_be_adapted_is_refused_with_the_remedy(adapted, text, wishes, message):
    with pytest.raises(BadInput, match=message):
        adapted(text, **wishes)


@pytest.mark.parametrize("wishes", [{"panels": 0}, {"panels": 61}, {"seconds": 6, "panels": 12}, {"seconds": -1}])
def test_contradictory_wishes_are_refused(wishes):
    with pytest.raises(ValueError, match=r"panels|seconds"):
        Config(**wishes)


def test_a_place_that_cannot_hold_a_folder_is_refused_before_the_work(written, rights, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(BadInput, match="is a file"):
        Adapter(written(TWO_SCENES), rights, tmp_path / "taken").boards()
    with pytest.raises(BadInput, match="leads through a file"):
        Adapter(written(TWO_SCENES), rights, tmp_path / "taken" / "below").boards()


@pytest.mark.parametrize(
    ("text", "called", "first", "panels"),
    [
        ("Marie sortit de la maison et elle ferma la porte. Le chat ne la suivit pas. Il dort.", "French", "Marie", 2),
        ("吾輩は猫である。名前はまだ無い。\n\nどこで生れたかとんと見当がつかぬ。", "Japanese", "吾輩は猫である。", 2),
    ],
)
def test_a_manuscript_in_a_language_that_is_not_read_becomes_a_board_of_its_own_sentences(
    rights, models, tmp_path, text, called, first, panels
):
    path = tmp_path / "book.txt"
    path.write_text(text, encoding="utf-8")
    adapter = Adapter(manuscripts.read(path), rights, tmp_path / "out", Config(), models, DRAWING)
    made = adapter.boards()[0]
    told = made.board.panels
    assert len(told) == panels and told[0].action.startswith(first)
    for panel in told:
        assert panel.source is not None and panel.source.quote in text.replace("\n", " ")
        assert not (panel.picture or panel.prompt or panel.cast or panel.voice_over or panel.drawn_as)
    assert f"This manuscript is in {called}" in made.board.notices[0] == adapter.notices[0]
    assert made.board.scores[0].value == 1
