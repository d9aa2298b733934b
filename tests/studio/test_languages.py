"""Words in a language that is neither written nor read here: said on the board, and never taken for something else."""

from pathlib import Path

import pytest
from PIL import Image

from storywright.board import Brief, parse
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.sources.manuscripts import language
from storywright.studio import briefs, languages
from storywright.studio.director import Director, Drawing
from storywright.studio.models import STARTER, Models
from storywright.studio.staging import Stage
from storywright.writer.proposals import Proposal

FRENCH = (
    "Un film de 8 secondes pour Eau Vive, une eau pétillante dans une bouteille bleue. Une jeune femme aux cheveux "
    "roux court dans le parc, elle est fatiguée, puis elle boit et sourit."
)
JAPANESE = "朝のランニングのための炭酸水「アクアスパーク」の15秒のコマーシャル。赤い髪の女性が公園を走り、微笑む。"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (FRENCH, "fr"),
        (JAPANESE, "ja"),
        ("Das ist die beste Bank der Stadt, und sie ist nicht weit von dem Haus.", "de"),
        ("모두를 위한 새로운 커피입니다", "ko"),
        ("我们的咖啡是最好的咖啡", "zh"),
        ("Це найкраща кава в нашому місті, і її люблять усі", "uk"),
        ("Sparkling water in a recycled bottle, the first sip of the day.", "en"),
        ("Газированная вода в бутылке, первый глоток дня.", "ru"),
    ],
)
def test_the_language_of_words_is_known(text: str, code: str) -> None:
    assert language.code_of(text) == code
    assert languages.unknown_in(text) == (None if code in ("en", "ru") else code)


@pytest.mark.parametrize("words", ["", "Café Olé", "Wunderbar", "El Niño 500"])
def test_a_name_or_two_are_in_no_language(words: str) -> None:
    assert languages.unknown_in(words) is None


@pytest.mark.parametrize(
    ("text", "name", "seconds", "called"),
    [(FRENCH, "Eau Vive", 8, "French"), (JAPANESE, "アクアスパーク", 15, "Japanese")],
)
def test_a_brief_in_words_of_another_language_keeps_its_name_and_numbers_and_nothing_is_made_of_the_rest(
    text: str, name: str, seconds: float, called: str
) -> None:
    read = briefs.from_text(text)
    assert (read.brief.product.name, read.brief.format.seconds, read.brief.language) == (name, seconds, "en")
    assert read.brief.product.kind == "" and read.brief.cast == []
    assert f"this brief is in {called}" in read.notices[0]


def test_a_brief_in_fields_that_asks_for_another_language_is_answered_in_english_with_a_notice(tmp_path: Path) -> None:
    file = tmp_path / "brief.yaml"
    file.write_text("title: Run\nproduct: {name: Aqua}\nlanguage: fr-CA\n", encoding="utf-8")
    read = briefs.read(file)
    assert read.brief.language == "en" and "this brief is in French" in read.notices[0]
    file.write_text("title: Run\nproduct: {name: Aqua}\nlanguage: RU\n", encoding="utf-8")
    assert briefs.read(file).brief.language == "ru" and briefs.read(file).notices == []
    file.write_text("title: Run\nproduct: {name: Aqua}\nlanguage: [fr]\n", encoding="utf-8")
    with pytest.raises(BadInput, match="field language"):
        briefs.read(file)


class Listening:
    """A writer who remembers what the brief was said to be."""

    languages = ("en", "ru")

    def __init__(self) -> None:
        self.heard: list[str] = []

    def propose(self, story: object, *, brief: str, **_: object) -> list[Proposal]:
        self.heard.append(brief)
        return [Proposal("Somebody smiles.", 0.9, [], "", "")]


class Drawn:
    """An illustrator who gives a grey card."""

    def draw(self, prompts: list[str], **_: object) -> list[Image.Image]:
        return [Image.new("RGB", (64, 36), "grey") for _ in prompts]


@pytest.mark.parametrize(("written", "said"), [("en", "this brief is in French"), ("ru", "язык брифа — французский")])
def test_the_board_says_it_and_the_writer_is_told_no_words_that_it_cannot_read(written: str, said: str) -> None:
    writer = Listening()
    models = Models(critic=Critic.open(STARTER / "critic"), illustrator=Drawn(), writer=writer)  # type: ignore[arg-type]
    product = {"name": "Eau Vive", "kind": "bottle", "description": "une eau pétillante dans une bouteille bleue"}
    fields = {"title": "T", "product": product, "proposition": "la première gorgée du jour", "language": written}
    brief = parse(Brief, fields | {"format": {"panels": 5}, "seed": 0}, "b")
    made = Director(models, Drawing(draws=1)).boards(brief, 1)[0].board
    assert said in made.notices[0]
    assert set(writer.heard) == {"Eau Vive"}
    assert Stage(brief.model_copy(update={"proposition": "the first sip"}, deep=True)).unread == "fr"
