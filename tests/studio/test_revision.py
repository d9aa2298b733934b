"""Revising a board: each action changes what it names, and every other panel stays as it was."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from storywright.board import Panel, Storyboard, read_board
from storywright.cli.revise import revise as command
from storywright.errors import BadInput
from storywright.studio import revision, versions
from storywright.studio.redrawing import staged_again
from storywright.studio.revision import Drawn, Wish, asked, revise
from storywright.toonworld.drawing import draw as drawing


def drawn(board: Storyboard, wishes: Sequence[Wish]) -> list[Drawn]:
    """The drawn world in place of the illustrator: real pictures, and a fit that tells seeds apart."""
    made = []
    for wish in wishes:
        panel, scene = staged_again(board, wish)
        file = io.BytesIO()
        Image.fromarray(drawing(scene, (64, 36))).save(file, "PNG")
        made.append(Drawn(panel, file.getvalue(), (wish.panel.seed or 0) % 97 / 97))
    return made


def refused(board: Storyboard, wishes: Sequence[Wish]) -> list[Drawn]:
    raise AssertionError("nothing has to be drawn for this")


def board() -> Storyboard:
    told = ["Mia runs in the park. She stops.", "Mia holds a bottle.", "Mia smiles."]
    return Storyboard.model_validate(
        {
            "id": "b1",
            "title": "Morning",
            "brief": {
                "title": "Morning",
                "product": {"name": "Aqua"},
                "cast": [{"name": "Mia", "looks": "woman with long red hair and a yellow shirt"}],
            },
            "panels": [
                {
                    "id": f"p0{number}", "action": action, "cast": ["Mia"], "picture": f"panels/0{number}.png",
                    "seed": number, "seconds": 2.0, "setting": "park",
                    "prompt": "ink drawing, medium shot, a woman with long red hair in a yellow shirt, in the park",
                }
                for number, action in enumerate(told, start=1)
            ],
            "coverage": {"product": ["p02"]},
            "scores": [
                {"name": "coverage", "value": 1.0},
                {"name": "continuity", "value": 0.8},
            ],
        }
    )  # fmt: skip


def without(panels: list[Panel], *ids: str) -> list[dict]:
    return [panel.model_dump() for panel in panels if panel.id not in ids]


def test_a_panel_that_is_drawn_again_is_the_best_of_its_draws_and_the_others_stay() -> None:
    before = board()
    after = revise(before, revision.Redraw(panel="2", draws=4), drawn)
    new = after.board.panels[1]
    assert without(after.board.panels, "p02") == without(before.panels, "p02")
    assert new.picture != before.panels[1].picture
    assert list(after.pictures) == [new.picture]
    seeds = revision._new_seeds(before.panels[1], 4)
    assert new.seed == max(seeds, key=lambda seed: seed % 97)


def test_new_words_change_what_is_seen_and_keep_the_looks() -> None:
    after = revise(board(), revision.Redraw(panel="p01", words="Mia sits in the kitchen at night."), drawn)
    panel = after.board.panels[0]
    for seen in ("kitchen", "night", "sitting", "red hair", "yellow shirt"):
        assert seen in panel.prompt
    assert (panel.setting, panel.time_of_day, panel.cast) == ("kitchen", "night", ["Mia"])


def test_edited_fields_are_drawn_at_the_next_redo() -> None:
    edited = revise(
        board(), asked({"action": "edit", "panel": "1", "field": "shot.size", "value": "close-up"}), refused
    )
    assert edited.pictures == {}
    again = revise(edited.board, revision.Redraw(panel="1"), drawn)
    assert "close-up" in again.board.panels[0].prompt


def test_an_edit_that_is_no_field_or_no_value_is_refused_by_name() -> None:
    for field, value, said in [
        ("colour", "red", "no field 'colour'"),
        ("shot.lens", "50", "no field 'shot.lens'"),
        ("picture", "x.png", "no field 'picture'"),
        ("seconds", -1, "seconds"),
        ("shot.size", "tiny", "shot.size"),
    ]:
        with pytest.raises(BadInput, match=said):
            revise(board(), revision.Edit(panel="1", field=field, value=value), refused)


def test_an_inserted_panel_follows_its_neighbours_and_gets_an_id_of_its_own() -> None:
    after = revise(board(), revision.Insert(at=2, words="Mia waves."), drawn).board
    assert [panel.id for panel in after.panels] == ["p01", "p04", "p02", "p03"]
    assert after.panels[1].setting == "park" and after.panels[1].seconds == 2.0
    assert without(after.panels, "p04") == without(board().panels)


def test_a_deleted_panel_is_gone_and_what_it_covered_is_said_to_be_missing() -> None:
    after = revise(board(), revision.Delete(panel="p02"), refused).board
    assert [panel.id for panel in after.panels] == ["p01", "p03"]
    assert after.coverage == {"product": []}
    card = {score.name: score for score in after.scores}
    assert card["coverage"].value == 0 and "product" in card["coverage"].reason
    assert (card["continuity"].value, card["continuity"].version) == (0.8, 1)  # nobody measured it again


def test_the_last_panel_cannot_be_deleted() -> None:
    one = board()
    one.panels = one.panels[:1]
    with pytest.raises(BadInput, match="only panel"):
        revise(one, revision.Delete(panel="1"), refused)


def test_a_split_shares_time_and_words_out_and_merging_gives_both_back() -> None:
    halves = revise(board(), revision.Split(panel="1"), refused).board
    assert [panel.action for panel in halves.panels[:2]] == ["Mia runs in the park.", "She stops."]
    assert halves.seconds == board().seconds
    whole = revise(halves, revision.Merge(panel="1"), refused).board
    assert whole.panels[0].model_dump() == board().panels[0].model_dump()
    assert without(whole.panels, "p01") == without(board().panels, "p01")


def test_a_panel_that_covers_something_still_covers_it_when_it_was_merged_away() -> None:
    after = revise(board(), revision.Merge(panel="1"), refused).board
    assert after.coverage == {"product": ["p01"]}


def test_another_style_or_aspect_draws_every_panel_from_its_own_seed() -> None:
    styled = revise(board(), revision.Restyle(style="watercolour"), drawn).board
    assert [panel.seed for panel in styled.panels] == [1, 2, 3]
    assert all("watercolour" in panel.prompt for panel in styled.panels)
    framed = revise(board(), revision.Reframe(aspect="1:1"), drawn).board
    assert framed.aspect == "1:1" and framed.brief is not None and framed.brief.format.aspect == "1:1"
    with pytest.raises(BadInput, match="an aspect is two numbers"):
        revise(board(), revision.Reframe(aspect="wide"), refused)


def test_a_revision_that_is_none_is_refused_with_what_is_wrong() -> None:
    for value in ({"action": "explode"}, {"action": "move", "panel": "1"}, {}):
        with pytest.raises(BadInput, match="The revision's"):
            asked(value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = board()
    made.save(tmp_path)
    for panel in made.panels:
        path = tmp_path / panel.picture
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (64, 36), "white").save(path)
    return tmp_path


def test_every_action_undoes_and_redoes_to_the_byte(folder: Path) -> None:
    texts = [(folder / "board.json").read_bytes()]
    steps: list[revision.Revision] = [
        revision.Redraw(panel="1"), revision.Edit(panel="2", field="action", value="Mia drinks."),
        revision.Insert(at=4, words="Mia waves."), revision.Delete(panel="1"), revision.Move(panel="p04", to=1),
        revision.Split(panel="p03"), revision.Merge(panel="p03"), revision.Restyle(style="flat"),
        revision.Reframe(aspect="1:1"),
    ]  # fmt: skip
    for wished in steps:
        revised = revise(read_board(folder), wished, drawn)
        versions.keep(folder, revised.board, revised.pictures)
        texts.append((folder / "board.json").read_bytes())
    for text in reversed(texts[:-1]):
        versions.step(folder, -1)
        assert (folder / "board.json").read_bytes() == text
    with pytest.raises(BadInput, match="nothing to undo"):
        versions.step(folder, -1)
    for text in texts[1:]:
        versions.step(folder, 1)
        assert (folder / "board.json").read_bytes() == text
    for version in versions.versions(folder):
        assert all((folder / panel.picture).is_file() for panel in version.board.panels)


def test_a_change_after_an_undo_gives_up_what_was_undone(folder: Path) -> None:
    for words in ("one", "two"):
        edit = revision.Edit(panel="1", field="action", value=words)
        versions.keep(folder, revise(read_board(folder), edit, refused).board, {})
    versions.step(folder, -1)
    edit = revision.Edit(panel="1", field="action", value="three")
    versions.keep(folder, revise(read_board(folder), edit, refused).board, {})
    assert [v.board.panels[0].action for v in versions.versions(folder)][1:] == ["one", "three"]


def test_a_board_that_was_edited_by_hand_becomes_a_version_and_is_not_lost(folder: Path) -> None:
    edit = revision.Edit(panel="1", field="action", value="one")
    versions.keep(folder, revise(read_board(folder), edit, refused).board, {})
    by_hand = read_board(folder)
    by_hand.title = "By hand"
    by_hand.save(folder)
    edit = revision.Edit(panel="1", field="action", value="two")
    versions.keep(folder, revise(read_board(folder), edit, refused).board, {})
    assert versions.step(folder, -1).title == "By hand"


def test_changes_name_what_was_added_removed_moved_and_edited() -> None:
    before = board()
    after = revise(before, revision.Move(panel="p03", to=1), refused).board
    after = revise(after, revision.Edit(panel="p01", field="shot.size", value="long"), refused).board
    found = {change.panel: change for change in versions.changes(before, after)}
    assert {name: change.kind for name, change in found.items()} == {"p03": "moved", "p01": "changed"}
    fewer = revise(after, revision.Delete(panel="p02"), refused).board
    assert [(change.panel, change.kind) for change in versions.changes(after, fewer)] == [("p02", "removed")]
    assert [(change.panel, change.kind) for change in versions.changes(fewer, after)] == [("p02", "added")]
    assert found["p01"].fields == {"shot.size": ("medium", "long")}


def test_the_command_edits_undoes_and_lists(folder: Path, own_environment: None) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(command, [str(folder), *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    assert "p02 changed: seconds" in run("edit", "2", "seconds", "3.5")
    assert read_board(folder).panels[1].seconds == 3.5
    assert "Nothing changed" in run("edit", "2", "seconds", "3.5")
    assert "p03 moved" in run("move", "3", "1")
    assert "* " in run("versions")
    run("undo")
    assert [panel.id for panel in read_board(folder).panels] == ["p01", "p02", "p03"]
    run("redo")
    assert [panel.id for panel in read_board(folder).panels] == ["p03", "p01", "p02"]
    assert "p02 changed: seconds" in run("compare", "1", "2")
