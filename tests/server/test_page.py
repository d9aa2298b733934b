"""The page as a browser without scripts sees it."""

import re
import time
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from storywright.server.templates import PAGES
from storywright.watch import database, feedback

from .conftest import Start, Studio

FORM = {
    "title": "Morning Run",
    "product": "Aqua Spark",
    "kind": "bottle",
    "seconds": "6",
    "panels": "2",
    "candidates": "2",
}


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for found, attrs in self.tags if found == tag]


@pytest.fixture
def browser(studio: Studio) -> httpx.Client:
    return httpx.Client(base_url=studio.url, follow_redirects=True, timeout=30, headers={"Accept": "text/html"})


def ordered(browser: httpx.Client) -> Page:
    answer = browser.post("/orders", data=FORM | {"key": "one-form"})
    end = time.monotonic() + 90
    while 'http-equiv="refresh"' in answer.text and time.monotonic() < end:
        time.sleep(0.02)
        answer = browser.get(str(answer.url))
    assert answer.status_code == 200
    return Page(answer.text)


def test_a_brief_becomes_boards_on_the_page_and_appears_under_lately(browser: httpx.Client) -> None:
    page = ordered(browser)
    assert len(page.all("article")) == 2
    pictures = [image["src"] for image in page.all("img") if "pictures" in image["src"]]
    assert len(pictures) == 4
    assert all(browser.get(source).headers["content-type"] == "image/png" for source in pictures)
    assert "Morning Run" in Page(browser.get("/").text).text


def test_sending_the_form_twice_draws_once(browser: httpx.Client) -> None:
    ordered(browser)
    ordered(browser)
    assert len([link for link in Page(browser.get("/").text).all("a") if link["href"].startswith("/orders/")]) == 1


def test_a_choice_stars_and_better_words_are_kept_and_shown_again(studio: Studio, browser: httpx.Client) -> None:
    page = ordered(browser)
    board = page.all("article")[1]["id"]
    key = next(field["value"] for field in page.all("input") if field.get("name") == "key")
    url = f"/orders/{board.rsplit('-', 1)[0]}/feedback"
    said = [
        {"kind": "choice"},
        {"kind": "rating", "panel": "p01", "value": "4"},
        {"kind": "edit", "panel": "p02", "value": "Mia laughs."},
        {"kind": "edit", "panel": "p02", "value": "Mia laughs."},
    ]
    for words in said:
        answer = browser.post(url, data={"key": key, "board": board} | words)
    page = Page(answer.text)
    assert "Your choice" in page.text
    assert "Mia laughs." in page.text
    assert len([button for button in page.all("button") if button.get("class") == "on"]) == 4
    written = list(feedback.read(database.engine(studio.settings.database_url)))
    assert [one.kind for one in written] == ["choice", "rating", "edit"]
    assert len({one.user for one in written}) == 1
    assert written[0].user


def test_another_visitor_does_not_see_what_this_one_said(studio: Studio, browser: httpx.Client) -> None:
    board = ordered(browser).all("article")[0]["id"]
    order = board.rsplit("-", 1)[0]
    browser.post(f"/orders/{order}/feedback", data={"key": "k", "board": board, "kind": "choice"})
    assert "Your choice" in browser.get(f"/orders/{order}").text
    assert "Your choice" not in httpx.get(f"{studio.url}/orders/{order}").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"product": " "}, "field product.name"),
        ({"panels": "60"}, "60 panels do not fit"),
        ({"candidates": "many"}, "Boards is a whole number from 1 to 6"),
        ({"seed": "-1"}, "field seed"),
        ({"style": "oil"}, "field style"),
    ],
)
def test_a_brief_that_cannot_be_drawn_comes_back_with_its_words_and_the_reason(
    browser: httpx.Client, change: dict[str, str], said: str
) -> None:
    answer = browser.post("/orders", data=FORM | {"title": "Kept & <quoted>"} | change)
    assert answer.status_code == 422
    page = Page(answer.text)
    assert said in page.text
    assert next(field["value"] for field in page.all("input") if field.get("name") == "title") == "Kept & <quoted>"


def test_words_from_outside_are_shown_and_never_run(browser: httpx.Client) -> None:
    answer = browser.post("/orders", data=FORM | {"title": "<script>alert(1)</script>", "seconds": "0"})
    assert "<script" not in answer.text.lower()
    assert "&lt;script&gt;" in answer.text


def test_what_is_missing_is_a_page_for_a_person(browser: httpx.Client) -> None:
    answer = browser.get("/orders/none")
    assert answer.status_code == 404
    assert "There is no job" in Page(answer.text).text


def test_the_page_uses_nothing_from_elsewhere(browser: httpx.Client) -> None:
    ordered(browser)
    home = browser.get("/")
    for tag, attrs in Page(home.text).tags:
        for name in ("src", "href", "action"):
            assert attrs.get(name, "/").startswith(("/", "#")), (tag, attrs)
    style = browser.get("/static/studio.css").text
    assert not re.search(r"@import|https?:", style)
    assert {browser.get(f"/static/{font}").status_code for font in re.findall(r'url\("([^"]+)"\)', style)} == {200}


def test_every_field_and_button_has_a_name_a_screen_reader_can_say(browser: httpx.Client) -> None:
    for text in (
        browser.get("/").text,
        browser.get(str(browser.post("/orders", data=FORM | {"key": "one-form"}).url)).text,
    ):
        named = 0
        for tag, attrs in Page(text).tags:
            named += tag == "label"
            if tag in ("input", "select", "textarea") and attrs.get("type") != "hidden":
                named -= 1
        assert named == 0, "one label around each field"
        for image in Page(text).all("img"):
            assert "alt" in image


def test_a_person_without_models_is_told_to_wait(start: Start) -> None:
    from storywright.errors import BadInput

    def fails(*_: object) -> None:
        raise BadInput("no models")

    studio = start(opener=fails)
    assert "still being opened" in studio.client.get("/", headers={"Accept": "text/html"}).text


def test_the_pages_examples_are_those_of_the_repository() -> None:
    own, theirs = PAGES / "examples", Path(__file__).parents[2] / "examples" / "briefs"
    assert {path.name: path.read_bytes() for path in own.glob("*.yaml")} == {
        path.name: path.read_bytes() for path in theirs.glob("*.yaml")
    }


def test_words_in_a_language_that_the_writer_does_not_know_are_answered_with_a_notice_before_and_on_the_board(
    browser: httpx.Client,
) -> None:
    words = "Un film de 6 secondes pour Eau Vive, une eau dans une bouteille bleue, pour les matins de la ville."
    understood = browser.post("/words", data={"words": words})
    assert "this brief is in French" in understood.text
    assert "язык брифа — французский" in browser.post(
        "/words", data={"words": words}, headers={"Accept-Language": "ru"}
    ).text  # fmt: skip
    form = FORM | {"product": "Eau Vive", "description": "une eau dans une bouteille bleue", "key": "french"}
    answer = browser.post("/orders", data=form | {"candidates": "1"})
    end = time.monotonic() + 90
    while 'http-equiv="refresh"' in answer.text and time.monotonic() < end:
        time.sleep(0.02)
        answer = browser.get(answer.url.path)
    assert "this brief is in French" in answer.text
