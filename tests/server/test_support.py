"""Reports of problems: what goes along, what never does, and how they are worked off."""

import json
import logging
import re
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from storywright.cli.support import support as command
from storywright.server.support import RecentLines, redacted

from .conftest import Studio


@pytest.fixture
def browser(studio: Studio) -> httpx.Client:
    return httpx.Client(base_url=studio.url, timeout=60, follow_redirects=True, headers={"Accept": "text/html"})


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ({"STORYWRIGHT_API_KEY": "hunter2hunter2"}, "hunter2"),
        ({"deep": [{"password": "hunter2"}]}, "hunter2"),
        ("postgresql://studio:hunter2@db/studio", "hunter2"),
        ("Authorization: Bearer hunter2.hunter2", "hunter2"),
        ("GET /review/0123456789abcdef.6721.hunter2hunter2", "hunter2"),
        ("failed with password=hunter2 and more", "hunter2"),
        ('{"api_key": "hunter2"}', "hunter2"),
        ("hf_hunter2hunter2", "hunter2"),
    ],
)
def test_nothing_that_looks_like_a_secret_is_kept(value: Any, secret: str) -> None:
    assert secret not in json.dumps(redacted(value))


def test_what_is_no_secret_is_kept() -> None:
    said = {"panel": "p02", "seed": 7, "models": ["critic 1.0"], "words": "The password field is too small."}
    assert redacted(said) == said


def test_the_servers_last_warnings_go_along() -> None:
    recent = RecentLines()
    log = logging.Logger("storywright.test")
    log.addHandler(recent)
    log.info("all is well")
    for number in range(60):
        log.warning("number %d", number)
    assert len(recent.lines) == 40
    assert recent.lines[-1].endswith("number 59")


def test_a_report_carries_the_boards_provenance_and_the_servers_state_and_is_answered(
    studio: Studio, browser: httpx.Client
) -> None:
    board = studio.made(candidates=1)["boards"][0]["id"]
    form = browser.get("/help/report", params={"board": board, "back": f"/boards/{board}"}).text
    key = re.findall(r'name="key" value="(\w+)"', form)[0]
    said = {"key": key, "board": board, "page": f"/boards/{board}", "contact": "ana@example.org",
            "words": "The picture is gone.\nMy token=abcdef123 was in the address."}  # fmt: skip
    page = browser.post("/help/report", data=said)
    again = browser.post("/help/report", data=said)
    assert page.status_code == 200
    assert page.url == again.url, "sent twice, filed once"
    ticket = str(page.url).rsplit("/", 1)[1]
    shown = runner("show", ticket, "--json")
    facts = json.loads(shown)["facts"]
    assert facts["board"]["version"] == 1
    assert [panel["id"] for panel in facts["board"]["panels"]] == ["p01", "p02"]
    assert {origin["role"] for origin in facts["board"]["panels"][0]["provenance"]["models"]} >= {
        "illustrator",
        "critic",
    }
    assert facts["server"]["ready"] is True
    assert "abcdef123" not in shown
    stranger = httpx.get(f"{studio.url}/help/tickets/{ticket}", headers={"Accept": "text/html"})
    assert stranger.status_code == 404, "a report is its reporter's"

    assert "The picture is gone." in runner("list")
    assert "answered" in runner("answer", ticket, "It is back.", "--who", "Kim")
    assert "It is back." in browser.get(f"/help/tickets/{ticket}").text
    assert "closed" in runner("close", ticket)
    assert "Nothing is waiting." in runner("list")
    browser.post(f"/help/tickets/{ticket}", data={"words": "Gone again."})
    assert "open" in runner("list")
    assert "Gone again." in runner("show", ticket)


def test_an_operator_works_the_inbox_off_in_the_page(browser: httpx.Client) -> None:
    browser.post("/help/report", data={"words": "It <i>hums</i>.", "key": "one"})
    inbox = browser.get("/support").text
    assert "It &lt;i&gt;hums&lt;/i&gt;." in inbox
    path = re.findall(r'href="(/support/[0-9a-f]+)"', inbox)[0]
    answered = browser.post(path, data={"do": "answer", "words": "We listen.", "who": "Kim"}).text
    assert "We listen." in answered
    empty = browser.post(path, data={"do": "answer", "words": " "})
    assert empty.status_code == 422
    assert "Nothing is waiting." in browser.post(path, data={"do": "close"}).text
    assert "It &lt;i&gt;hums&lt;/i&gt;." in browser.get("/support", params={"show": "all"}).text
    browser.post(path, data={"do": "open"})
    assert path in browser.get("/support").text


def test_an_empty_report_and_an_unknown_board_are_told_in_a_sentence(browser: httpx.Client) -> None:
    empty = browser.post("/help/report", data={"words": "  ", "key": "k"})
    assert (empty.status_code, "say in a sentence what went wrong" in empty.text) == (422, True)
    missing = browser.post("/help/report", data={"words": "My board is gone.", "board": "none", "key": "l"})
    assert missing.status_code == 200
    assert json.loads(runner("show", str(missing.url).rsplit("/", 1)[1], "--json"))["facts"]["board"] == "not there"


def runner(*arguments: str) -> str:
    done = CliRunner().invoke(command, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output
