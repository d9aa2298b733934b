"""The quality card: what is measured between panels, what a revision touches of it, and how it is told."""

import io
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from storywright.board import Panel, Score, Storyboard, parse, read_board
from storywright.cli.revise import revise as command
from storywright.critic.encoder import Critic
from storywright.export import quality
from storywright.studio import card, measuring, revision
from storywright.studio.models import STARTER, Models
from storywright.toonworld.drawing import draw
from storywright.toonworld.grammar import story
from storywright.toonworld.words import prompt
from storywright.writer.model import Writer

END = {"composed": "end frame"}


@pytest.fixture(scope="module")
def models() -> Models:
    writer = Writer.open(STARTER / "writer")
    return Models(critic=Critic.open(STARTER / "critic"), illustrator=None, writer=writer, judge=writer)  # type: ignore[arg-type]


def told(number: int) -> tuple[Storyboard, dict[str, bytes]]:
    """A story of the drawn world as a board, and its pictures."""
    panels, pictures = [], {}
    for at, one in enumerate(story(880_100, number, "en").panels, 1):
        stream = io.BytesIO()
        Image.fromarray(draw(one.scene, (192, 108))).save(stream, "PNG")
        name = f"panels/{at:02d}.png"
        pictures[name] = stream.getvalue()
        panels.append({"id": f"p{at:02d}", "action": one.caption, "prompt": prompt(one.scene), "picture": name})
    brief = {"title": "T", "product": {"name": "A"}}
    return parse(Storyboard, {"id": f"b{number}", "title": "T", "brief": brief, "panels": panels}, "b"), pictures


def measured(models: Models, board: Storyboard, pictures: Mapping[str, bytes]) -> dict[str, Score]:
    found = measuring.Measuring(models, pictures.__getitem__)(board, {}, card.BETWEEN_PANELS)
    return {score.name: score for score in found}


def test_a_story_in_its_order_and_with_its_own_words_is_told_from_one_that_is_not(models: Models) -> None:
    better: dict[str, list[float]] = {"story": [], "sequence": []}
    for number in range(3):
        board, pictures = told(number)
        mixed = board.model_copy(deep=True)
        mixed.panels = mixed.panels[1::2] + mixed.panels[::2]
        swapped = board.model_copy(deep=True)
        prompts = [panel.prompt for panel in board.panels]
        for panel, words in zip(swapped.panels, [*prompts[1:], prompts[0]], strict=True):
            panel.prompt = words
        whole = measured(models, board, pictures)
        better["story"].append(whole["story"].value - measured(models, mixed, pictures)["story"].value)
        better["sequence"].append(whole["sequence"].value - measured(models, swapped, pictures)["sequence"].value)
    assert np.mean(better["story"]) > 0.4 and np.mean(better["sequence"]) > 0.4


def test_the_weakest_panel_of_the_sequence_is_the_one_with_anothers_words(models: Models) -> None:
    board, pictures = told(0)
    board.panels[2].prompt = board.panels[0].prompt
    reason = measured(models, board, pictures)["sequence"].reason
    assert "weakest is p03, which may be taken for p01" in reason


def test_the_end_frame_belongs_to_the_client_and_is_not_measured(models: Models) -> None:
    board, pictures = told(0)
    without = board.model_copy(deep=True)
    without.panels = without.panels[:-1]
    board.panels[-1].provenance.settings.update(END)
    assert measured(models, board, pictures) == measured(models, without, pictures)


def test_a_board_without_pictures_or_with_two_panels_says_only_what_it_can(models: Models) -> None:
    board, pictures = told(0)
    short = board.model_copy(update={"panels": board.panels[:2]}, deep=True)
    assert set(measured(models, short, pictures)) == {"sequence", "continuity"}
    for panel in short.panels:
        panel.picture = ""
    assert measured(models, short, pictures) == {}


def test_a_long_story_is_judged_in_parts(models: Models) -> None:
    boards = [told(number) for number in range(3)]
    panels = [
        panel.model_copy(update={"id": f"{board.id}{panel.id}", "picture": f"{board.id}/{panel.picture}"})
        for board, _ in boards
        for panel in board.panels
    ]
    pictures = {f"{board.id}/{name}": png for board, own in boards for name, png in own.items()}
    assert len(panels) > 12
    found = measured(models, boards[0][0].model_copy(update={"panels": panels}), pictures)
    assert 0 <= found["story"].value <= 1


def scored(*names: str) -> list[Score]:
    return [Score(name=name, value=0.5, reason="once") for name in names]


def revised(board: Storyboard, asked: revision.Revision, measure: revision.Measure, version: int = 4) -> Storyboard:
    return revision.revise(board, asked, lambda *_: pytest.fail("nothing is drawn"), measure, version).board


@pytest.mark.parametrize(
    ("asked", "touched"),
    [
        (revision.Edit(panel="1", field="seconds", value=9), set()),
        (revision.Edit(panel="1", field="voice_over", value="Hello."), set()),
        (revision.Edit(panel="1", field="action", value="Mia waves."), {"story", "diversity"}),
        (revision.Move(panel="1", to=3), {"sequence", "continuity", "story", "diversity"}),
        (revision.Delete(panel="2"), {"sequence", "continuity", "story", "diversity"}),
    ],
)
def test_a_revision_has_measured_again_what_it_touched_and_keeps_the_rest(
    asked: revision.Revision, touched: set[str]
) -> None:
    board, _ = told(0)
    board.scores = scored(*card.BETWEEN_PANELS)
    wanted: list[str] = []

    def measure(_board: Storyboard, _pictures: Mapping[str, bytes], names: Collection[str]) -> list[Score]:
        wanted.extend(names)
        return [Score(name=name, value=0.75, reason="again") for name in names if name != "diversity"]

    after = {score.name: score for score in revised(board, asked, measure).scores}
    assert set(wanted) == touched
    for name in card.BETWEEN_PANELS:
        again = name in touched and name != "diversity"
        assert after[name].reason == ("again" if again else "once")
        # What nobody could measure says of which version it is, and nothing else does.
        assert after[name].version == (4 if name in touched and not again else None)


def test_a_score_that_is_twice_not_measured_says_the_version_that_it_is_really_of() -> None:
    board, _ = told(0)
    board.scores = scored("diversity")
    once = revised(board, revision.Move(panel="1", to=2), lambda *_: [], version=2)
    twice = revised(once, revision.Move(panel="1", to=2), lambda *_: [], version=3)
    assert [score.version for score in twice.scores] == [2]


@pytest.fixture
def candidates(tmp_path: Path) -> Path:
    for number in (1, 2):
        board, pictures = told(number)
        board.scores = [*scored("diversity", "continuity"), Score(name="coverage", value=1.0, reason="kept")]
        for name, png in pictures.items():
            path = tmp_path / str(number) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png)
        board.save(tmp_path / str(number))
    return tmp_path


def test_the_command_measures_again_and_finds_the_other_candidate_beside_the_board(
    candidates: Path, own_environment: None
) -> None:
    done = CliRunner().invoke(command, [str(candidates / "1"), "move", "2", "1"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    after = {score.name: score for score in read_board(candidates / "1").scores}
    assert list(after) == ["sequence", "continuity", "story", "coverage", "diversity"]
    assert after["coverage"].reason == "kept" and after["continuity"].value != 0.5
    assert "nearest other candidate" in after["diversity"].reason
    assert all(score.version is None for score in after.values())


def test_a_picture_that_is_gone_keeps_nobody_from_revising(models: Models, tmp_path: Path) -> None:
    board, pictures = told(0)
    for name, png in list(pictures.items())[1:]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png)
    found = measuring.Measuring(models, measuring.in_folder(tmp_path))(board, {}, card.BETWEEN_PANELS)
    assert {score.name for score in found} == {"sequence", "continuity", "story"}


@pytest.mark.parametrize(
    ("reason", "russian"),
    [
        (
            "share of hair, clothes and product colours that the critic reads right, mean over panels; "
            "weakest is p02: Mia's hair read as black, bottle read as blue",
            "слабее всех p02: волосы (Mia) приняты за чёрные, бутылка принята за синюю",
        ),
        ("5 of 9 events are shown; coverage.md names the others", "показано 5 из 9 событий"),
        ("a reason from elsewhere", "a reason from elsewhere"),
    ],
)
def test_reasons_are_told_in_russian(reason: str, russian: str) -> None:
    assert russian in quality.said(reason, "ru")
    assert quality.said(reason, "en") == reason


def test_every_reason_that_a_card_gives_is_told_in_russian(models: Models) -> None:
    board, pictures = told(0)
    other, more = told(1)
    board.coverage, board.language = {"product": ["p01"], "logo": []}, "ru"
    measure = measuring.Measuring(models, pictures.__getitem__, lambda: [(other, more.__getitem__)])
    for panel in board.panels:
        panel.scores = [card.fit(0.8), card.looks(0.5, "hair read as grey")]
    board.scores = card.in_order([*card.told_by_panels(board), *measure(board, {}, card.BETWEEN_PANELS)])
    board.scores[1].version = 3
    lines = quality.card(board)
    own_words = " ".join(panel.action for panel in board.panels)
    assert [line.name for line in lines] == [
        "соответствие", "порядок", "постоянство", "связность", "история", "полнота", "разнообразие"
    ]  # fmt: skip
    assert lines[1].reason.endswith("измерено на версии 3") and "," in lines[0].value
    for line in lines:
        said = line.reason.replace("product", "").replace("logo", "")
        english = [word for word in said.split() if word.isascii() and word.isalpha() and word not in own_words]
        assert not english, line.reason


def test_a_picture_outside_of_the_boards_folder_is_not_read(models: Models) -> None:
    board = Storyboard(id="b", title="T", panels=[Panel(id="p1", action="Mia runs.", picture="../outside.png")])
    found = measuring.Measuring(models, measuring.in_folder(Path("here")))(board, {}, card.BETWEEN_PANELS)
    assert found == []
