"""The page in two languages: the same words in both catalogues, no word outside of them, and who gets which."""

import json
import re
from html.parser import HTMLParser
from typing import get_args

import httpx
import pytest

from storywright.board import Angle, Move, ShotSize, TimeOfDay
from storywright.export import FORMATS
from storywright.server.templates import PAGES
from storywright.server.words import FOLDER, LANGUAGES, preferred, words
from storywright.toonworld.scene import STYLES

from .conftest import Studio

TEMPLATES = sorted(PAGES.glob("*.html"))
EN, RU = (json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8")) for language in LANGUAGES)
SENTENCES = json.loads((FOLDER / "sentences.ru.json").read_text(encoding="utf-8"))
HOLES = re.compile(r"\{(\w+)\}")


def holes(text: str) -> set[str]:
    return set(HOLES.findall(text))


def test_both_catalogues_have_the_same_keys_and_each_text_the_same_holes() -> None:
    assert set(EN) == set(RU)
    assert [key for key in EN if holes(EN[key]) != holes(RU[key])] == []
    assert [english for english, russian in SENTENCES.items() if not holes(russian) <= holes(english)] == []
    counted = [key for key in EN if key.startswith("count.")]
    assert {EN[key].count("|") for key in counted} == {1}
    assert {RU[key].count("|") for key in counted} == {2}


def test_every_russian_text_is_russian() -> None:
    names = {"format.fcpxml", "format.fcp7", "format.fdx", "time."}  # of programs, and a dash
    assert [key for key, text in RU.items() if not re.search("[а-яё]", text.lower()) and key not in names] == []


class Bare(HTMLParser):
    """Words that stand in a template and not in a catalogue."""

    SPOKEN = ("aria-label", "placeholder", "title", "alt")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._code = 0
        self.feed(re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", "", text, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in ("style", "script")
        self.found += [
            value for name, value in attrs if name in self.SPOKEN and value and re.search(r"[^\W\d_]", value)
        ]

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        said = data.replace("storywright", "")
        if not self._code and re.search(r"[^\W\d_]", said):
            self.found.append(said.strip())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_has_bare_words_and_each_word_it_asks_for_is_there(template: object) -> None:
    text = template.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert Bare(text).found == []
    asked = re.findall(r"""\bt(?:\.count)?\("([a-z_.]+)"(?! ~)""", text)
    assert [key for key in asked if key not in EN] == []


def test_no_script_has_words_for_people() -> None:
    script = (PAGES / "static" / "studio.js").read_text(encoding="utf-8")
    code = re.sub(r"^\s*//.*$|\$\{[^}]*\}", "", script, flags=re.MULTILINE)
    assert re.findall(r"textContent = [\"'`][^\"'`]*[A-Za-z]{3}", code) == []
    assert re.findall(r"\.(?:alt|title|ariaLabel) = [\"'`]", code) == []


def test_every_word_of_the_documents_that_can_be_chosen_has_a_name_in_both_languages() -> None:
    kinds = {
        "shot": get_args(ShotSize), "angle": get_args(Angle), "move": get_args(Move), "style": STYLES,
        "time": get_args(TimeOfDay), "format": tuple(FORMATS),
    }  # fmt: skip
    assert [
        f"{kind}.{value}" for kind, values in kinds.items() for value in values if f"{kind}.{value}" not in RU
    ] == []


@pytest.mark.parametrize(
    ("accepts", "language"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("de-DE,de;q=0.9,ru;q=0.4,en;q=0.3", "ru"),
        ("en-GB,en;q=0.9,ru;q=0.8", "en"),
        ("ru;q=0,en", "en"),
        ("", "en"),
        ("fr", "en"),
        ("ru;q=nonsense;;,,", "en"),
    ],
)
def test_a_browser_gets_the_language_it_asks_for_first(accepts: str, language: str) -> None:
    assert preferred(accepts) == language


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1 кадр"), (2, "2 кадра"), (5, "5 кадров"), (11, "11 кадров"), (21, "21 кадр"), (24, "24 кадра")],
)  # fmt: skip
def test_russian_counts_in_three_forms(number: int, said: str) -> None:
    assert words("ru").count("count.panels", number) == said


def test_the_studios_sentences_are_told_in_russian_with_what_they_name() -> None:
    said = words("ru").said("There is no board 'ab12-1'.")
    assert said == "Доски 'ab12-1' нет."
    nested = words("ru").said(
        "Board b is at version 3 now, and version 2 was looked at: somebody else changed it. "
        "Look at it again, then repeat the change. What you see here is the board of now."
    )
    assert nested.startswith("Доска сейчас на версии 3")
    assert nested.endswith("какая она сейчас.")
    assert words("ru").said("What nobody translated.") == "What nobody translated."
    assert not words("ru").knows("What nobody translated.")


def test_the_page_follows_the_browser_until_its_reader_chooses(studio: Studio) -> None:
    browser = httpx.Client(base_url=studio.url, timeout=60, headers={"Accept": "text/html", "Accept-Language": "ru"})
    page = browser.get("/")
    assert '<html lang="ru"' in page.text
    assert "От брифа к трём раскадровкам" in page.text
    assert "Accept-Language" in page.headers["vary"]
    problem = browser.get("/orders/none")
    assert "Заказа &#39;none&#39; нет." in problem.text
    chosen = browser.post("/language", data={"to": "en", "back": "/help?x=1"})
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/help?x=1")
    assert '<html lang="en"' in browser.get("/").text
    assert "How the studio works" in browser.get("/help").text
    for elsewhere in ("https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example"):
        assert browser.post("/language", data={"to": "ru", "back": elsewhere}).headers["location"] == "/"
    assert browser.post("/language", data={"to": "fr", "back": "/"}).status_code == 422


def test_the_light_is_chosen_and_kept(studio: Studio) -> None:
    browser = httpx.Client(base_url=studio.url, timeout=60, headers={"Accept": "text/html"})
    assert 'data-theme="auto"' in browser.get("/").text
    browser.post("/theme", data={"to": "dark", "back": "/"})
    assert 'data-theme="dark"' in browser.get("/").text
    assert browser.post("/theme", data={"to": "neon", "back": "/"}).status_code == 422
