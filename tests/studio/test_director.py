"""What a brief cannot ask for is said before anything is drawn, with the field and the remedy."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from storywright.board import Brief, Panel, parse
from storywright.cli.board import board as command
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.studio import card, plan
from storywright.studio.director import Director, Drawing
from storywright.studio.ideas import IDEAS
from storywright.studio.models import STARTER, Models
from storywright.studio.staging import Stage
from storywright.writer.proposals import Proposal


class Drawn:
    """An illustrator who gives a grey card."""

    def draw(self, prompts, **how):
        return [Image.new("RGB", (64, 36), "grey") for _ in prompts]


@pytest.fixture(scope="module")
def critic() -> Critic:
    return Critic.open(STARTER / "critic")


def brief(**more) -> Brief:
    return parse(Brief, {"title": "T", "product": {"name": "Aqua", "kind": "bottle"}} | more, "brief.yaml")


def checked(asked: Brief, folder: Path | None = None, *, free_words: bool = False):
    models = Models(critic=None, illustrator=None, writer=None, free_words=free_words)  # type: ignore[arg-type]
    return Director(models).checked(asked, 3, folder)


@pytest.mark.parametrize(
    ("language", "wish"), [("en", "a unicorn"), ("en", "freedom"), ("ru", "единорог"), ("ru", "справедливость")]
)
def test_a_mandatory_that_cannot_be_drawn_is_refused_by_its_field(language, wish):
    asked = brief(language=language, mandatories={"must_show": ["product", wish]})
    with pytest.raises(BadInput, match=rf"field mandatories.must_show.1: nothing like '{wish}'.*--illustrator"):
        checked(asked)
    checked(asked, free_words=True)


@pytest.mark.parametrize("wish", ["a brown dog", "the beach", "Mia", "an old man", "рыжая кошка", "пляж", "logo"])
def test_what_can_be_drawn_may_be_insisted_on(wish):
    checked(brief(mandatories={"must_show": ["product", wish]}))


def test_more_mandatories_than_there_is_room_for_are_refused():
    things = ["a dog", "a cat", "a book", "a lamp", "a ball"]
    with pytest.raises(BadInput, match=r"must_show: 2 panels have room for 2 things .* 5 must be .*format.panels"):
        checked(brief(format={"panels": 2, "seconds": 6}, mandatories={"must_show": things}))
    asked = brief(format={"panels": 6}, mandatories={"must_show": things})
    checked(asked)
    shown = [wish for moment in plan.moments(asked, IDEAS[0]) for wish in moment.shows]
    assert sorted(shown) == sorted(things)


def test_panels_that_do_not_fit_into_the_seconds_are_refused():
    with pytest.raises(BadInput, match=r"field format: 12 panels do not fit into 6 seconds: .* at most 8 panels"):
        brief(format={"seconds": 6, "panels": 12})


def test_an_asset_that_is_missing_is_named_by_its_field(tmp_path):
    asked = brief(assets=[{"name": "logo", "kind": "logo", "file": "logo.png"}])
    with pytest.raises(BadInput, match=r"field assets\.0\.file.*logo\.png"):
        checked(asked, tmp_path)
    Image.new("RGB", (20, 10)).save(tmp_path / "logo.png")
    assert checked(asked, tmp_path).logo is not None


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("empty.yaml", "", "a brief is a list of fields with at least `title` and `product"),
        ("empty.txt", " \n", "is empty: say in a sentence or two"),
        ("bare.yaml", "title: Run", "field product: Field required"),
        ("typo.yaml", "title: Run\nproduct: {name: A}\nstile: ink", "no such field"),
    ],
)
def test_a_brief_that_says_too_little_is_refused(tmp_path, name, text, message):
    (tmp_path / name).write_text(text, encoding="utf-8")
    refused(tmp_path / name, "--out", tmp_path / "out", message=message)
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_hold_the_boards_is_refused_before_anything_is_drawn(tmp_path):
    (tmp_path / "brief.yaml").write_text("title: Run\nproduct: {name: Aqua}\n")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "2").write_text("in the way")
    refused(tmp_path / "brief.yaml", "--out", tmp_path / "out", message="out/2 is a file")
    refused(tmp_path / "brief.yaml", "--out", tmp_path / "out" / "2" / "below", message="leads through a file")


class Telling:
    """A writer who proposes what he is given, and remembers what he was told."""

    languages = ("en",)

    def __init__(self, *proposals: tuple[str, float]) -> None:
        self.proposals, self.heard = [Proposal(text, score, [], "", "") for text, score in proposals], []

    def propose(self, story, **how):
        self.heard.append([told.caption for told in story])
        return self.proposals


@pytest.mark.parametrize(
    ("proposals", "kept"),
    [
        ([("Mia sits on a chair.", 0.9)], "Mia sits on a chair."),
        ([("Mia sits on a chair.", 0.3)], ""),  # not sure
        ([("Tom sits on a chair.", 0.9)], ""),  # who is not there
        ([("Mia holds a red bottle.", 0.9)], ""),  # the product comes later
        ([("Mia sits on the beach.", 0.9)], ""),  # the beat is at home
        ([("Mia frobnicates.", 0.9)], ""),  # cannot be drawn
    ],
)
def test_what_the_writer_tells_goes_with_the_ideas_line_where_it_keeps_to_the_beat(critic, proposals, kept):
    writer = Telling(*proposals)
    models = Models(critic=critic, illustrator=Drawn(), writer=writer)
    asked = brief(seed=0, format={"panels": 5}, cast=[{"name": "Mia", "looks": "woman with red hair"}])
    panels = Director(models, Drawing(draws=1)).boards(asked, 1)[0].board.panels
    lines = [moment.words for moment in plan.moments(asked, IDEAS[0])]
    lines[1] = f"{lines[1]} {kept}".strip()
    assert [panel.action for panel in panels] == lines
    assert writer.heard == [lines[:1]]  # once: a story begins as its idea does, and what sells is the client's


def test_what_is_written_changes_what_is_drawn():
    asked = brief(seed=0, format={"panels": 5})
    stage, moment = Stage(asked), plan.moments(asked, IDEAS[0])[1]
    assert "a red chair" in stage.set(moment, moment.words, 1, acts="Mia sits on a red chair.").prompt
    assert "chair" not in stage.set(moment, moment.words, 1).prompt


def test_diversity_is_of_words_and_of_pictures():
    one, same, other = (
        [Panel(id="p1", action=words), Panel(id="p2", action=words)]
        for words in ("Mia runs.", "Mia runs.", "Tom naps.")
    )
    alike, different = np.eye(2, 4, dtype=np.float32), np.eye(2, 4, k=2, dtype=np.float32)
    assert card.diversity((one, alike), [(same, alike)]).value == 0
    assert card.diversity((one, alike), [(other, alike)]).value == 0.5
    assert card.diversity((one, alike), [(other, different)]).value == 1
    assert card.diversity((one, alike), [(other, different), (same, alike)]).value == 0


def refused(*words: object, message: str) -> None:
    result = CliRunner().invoke(command, [str(word) for word in words])
    assert isinstance(result.exception, BadInput)
    assert message in str(result.exception)
