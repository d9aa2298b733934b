"""What a brief cannot ask for is said before anything is drawn, with the field and the remedy."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from storywright.board import Brief, parse
from storywright.cli.board import board as command
from storywright.errors import BadInput
from storywright.studio import card, plan
from storywright.studio.director import Director
from storywright.studio.ideas import IDEAS
from storywright.studio.models import Models


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


def test_diversity_is_of_words_and_of_pictures():
    import numpy as np

    from storywright.board import Panel, Storyboard

    def told(name: str, *words: str) -> Storyboard:
        panels = [Panel(id=f"p{number}", action=action) for number, action in enumerate(words)]
        return Storyboard(id=name, title=name, panels=panels)

    one, same, other = told("a", "Mia runs.", "End."), told("b", "Mia runs.", "End."), told("c", "Tom sleeps.", "End.")
    alike, different = np.eye(2, 4, dtype=np.float32), np.eye(2, 4, k=2, dtype=np.float32)
    assert card.diversity(one, alike, [(same, alike)]).value == 0
    assert card.diversity(one, alike, [(other, alike)]).value == 0.5
    assert card.diversity(one, alike, [(other, different)]).value == 1
    assert card.diversity(one, alike, [(other, different), (same, alike)]).value == 0


def refused(*words: object, message: str) -> None:
    result = CliRunner().invoke(command, [str(word) for word in words])
    assert isinstance(result.exception, BadInput)
    assert message in str(result.exception)
