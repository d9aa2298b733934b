"""The page in real Chromium, with its scripts and under its own content security policy: from a brief to its export."""

import datetime
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from storywright.server.ledger import DrawnPanel
from storywright.studio.director import Drawing
from storywright.watch import reports

from .conftest import Studio, _starting, stand_in

pytestmark = [pytest.mark.slow, pytest.mark.system("chromium")]

BRIEF = {
    "title": "Morning Run",
    "product": {"name": "Aqua Spark", "kind": "bottle"},
    "format": {"seconds": 60, "panels": 3},
}
_SLOW_MS = int(os.environ.get("STORYWRIGHT_BROWSER_MS", "60000"))
MODELS = stand_in()
_NOTE_FIRST_PICTURE = """
new MutationObserver(() => {
  const seen = document.querySelector(".slots img");
  if (!seen || window.waits) return;
  window.waits = true;
  seen.decode().then(() => (sessionStorage.firstSeen = Date.now() / 1000));
}).observe(document, { childList: true, subtree: true });
"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One server for the module."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, contextmanager(_starting)() as start:
        patch.setenv("STORYWRIGHT_HOME", str(home))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home}/mlflow.db")
        yield start(opener=lambda *_: (MODELS, Drawing(draws=1, steps=1)))


class Held:
    """A pen that draws when it is let."""

    def __init__(self) -> None:
        self._turns, self._draw = threading.Semaphore(0), MODELS.illustrator.draw

    def draw(self, *asked: Any, **how: Any) -> Any:
        assert self._turns.acquire(timeout=300), "nobody let the pen draw"
        return self._draw(*asked, **how)

    def let(self, times: int = 1_000) -> None:
        self._turns.release(times)

    def let_until(self, true: Callable[[], Any], seconds: float = 120) -> None:
        """Let it draw once more, until something has come of it."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "nothing came of it"
            self.let(1)
            time.sleep(0.3)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """Drawing waits, so that it can be watched however slow the machine is."""
    pen = Held()
    monkeypatch.setattr(MODELS.illustrator, "draw", pen.draw, raising=False)
    yield pen
    pen.let()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visitor(chromium: Any, studio: Studio) -> Iterator[Any]:
    """Opens pages as visitors of their own; whatever a page complains of fails the test."""
    contexts, complaints = [], list[str]()

    def visit(path: str, **how: Any) -> Any:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"} | how)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(_SLOW_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(f"{studio.url}{path}")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert [one for one in complaints if "status of 4" not in one] == []  # a refusal is an answer, and is tested as one


@pytest.fixture
def board(studio: Studio) -> str:
    """A board of three panels."""
    made = studio.client.post("/api/v1/boards", params={"candidates": 1}, json=BRIEF, timeout=120)
    assert made.status_code == 201, made.text
    return str(made.json()["boards"][0]["id"])


def until(page: Any, true: str) -> None:
    """Wait for an expression; the browser's own way of waiting would need what the page's security policy forbids."""
    end = time.monotonic() + _SLOW_MS / 1_000
    while not page.evaluate(true):
        assert time.monotonic() < end, f"{true} did not come true"
        page.wait_for_timeout(50)


def panels(page: Any) -> list[str]:
    return [str(one.get_attribute("id")) for one in page.locator(".edited > li").all()]


def version(studio: Studio, board: str) -> int:
    return int(studio.client.get(f"/api/v1/boards/{board}").headers["etag"].strip('"'))


def test_from_a_brief_to_three_candidates_a_choice_stars_and_the_files(
    visitor: Any, studio: Studio, held: Held
) -> None:
    page = visitor("/?example=morning-run")
    assert page.input_value("input[name=product]") == "Aqua Spark"
    page.fill("input[name=panels]", "2")
    page.fill("input[name=candidates]", "3")
    page.click("text=Draw the boards")
    page.wait_for_selector(".slots")
    assert page.locator(".candidate .slots li").count() == 6
    job = page.url.rsplit("/", 1)[1]
    held.let_until(lambda: studio.app.state.service.jobs.ledger.panels(job))
    page.wait_for_selector(".slots img")  # panels are seen before the boards are there
    held.let()
    page.wait_for_selector("article.candidate")
    boxes = [one.bounding_box() for one in page.locator("article.candidate").all()]
    assert len({round(box["y"]) for box in boxes}) == 1, "side by side"
    assert page.locator("article >> nth=0 >> meter").count() >= 3
    page.click("[aria-label='Choose this one: board 2']")
    page.wait_for_selector("article.chosen >> text=Your choice")
    page.fill("article.chosen input[name=value]", "It is funnier.")
    page.click("article.chosen .reason button")
    page.click("article.chosen [aria-label='4 of 5'] >> nth=0")
    page.wait_for_selector("article.chosen [aria-label='4 of 5'][aria-pressed=true]")
    page.click("article.chosen [aria-label='Not good'] >> nth=1")
    page.wait_for_selector("article.chosen [aria-label='Not good'][aria-pressed=true]")
    assert page.input_value("article.chosen .reason input[name=value]") == "It is funnier."
    page.click("article.chosen >> text=Edit, review, export")
    page.check("input[name=csv]")
    page.uncheck("input[name=pdf]")
    page.click(".formats button")
    page.wait_for_selector(".files a")
    with page.expect_download() as download:
        page.click(".files a")
    assert download.value.suggested_filename.endswith(".csv")


def test_the_first_picture_is_seen_within_a_second_of_being_finished(
    visitor: Any, studio: Studio, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, finished = studio.app.state.service.jobs.ledger, list[float]()
    noted = ledger.panel_done

    def note(job_id: str, drawn: DrawnPanel) -> None:
        noted(job_id, drawn)
        finished.append(time.time())

    monkeypatch.setattr(ledger, "panel_done", note)
    page = visitor("/?example=city-bike")
    page.add_init_script(_NOTE_FIRST_PICTURE)
    page.fill("input[name=panels]", "3")
    page.fill("input[name=candidates]", "2")
    page.click("text=Draw the boards")
    page.wait_for_selector(".slots")
    held.let_until(lambda: finished)
    until(page, "sessionStorage.firstSeen")
    took = float(page.evaluate("sessionStorage.firstSeen")) - finished[0]
    print(f"first picture seen {took:.2f} s after it was finished")
    assert took < 1.0


def test_a_panel_is_dragged_undone_by_keys_and_redone_and_drawn_again_by_choice(
    visitor: Any, studio: Studio, board: str
) -> None:
    page = visitor(f"/boards/{board}")
    first = panels(page)[0]
    page.locator(".edited > li >> nth=0").drag_to(
        page.locator(".edited > li >> nth=2"), source_position={"x": 90, "y": 60}
    )
    page.wait_for_selector(f".edited > li:nth-child(3)#{first}")
    page.keyboard.press("Control+z")
    page.wait_for_selector(f".edited > li:nth-child(1)#{first}")
    page.keyboard.press("Control+Shift+z")
    page.wait_for_selector(f".edited > li:nth-child(3)#{first}")
    page.locator("summary:text-is('Draw again') >> nth=1").click()
    page.locator("text=Draw four to choose from >> nth=1").click()
    chosen = page.locator("img[alt='Draw 3']").get_attribute("src")
    page.click("[aria-label='Use this one: draw 3']")
    page.wait_for_selector(f".edited > li:nth-child(2) img[src='{chosen}']")
    page.click("[aria-label='Split panel 1']")
    until(page, "document.querySelectorAll('.edited > li').length === 4")
    page.click("[aria-label='Merge panel 1 with the next']")
    until(page, "document.querySelectorAll('.edited > li').length === 3")
    page.click("[aria-label='Delete panel 3']")
    until(page, "document.querySelectorAll('.edited > li').length === 2")
    page.click("summary:text-is('Insert before the first panel')")
    page.fill(".insert textarea", "The sun rises.")
    page.click(".insert button")
    until(page, "document.querySelectorAll('.edited > li').length === 3")
    assert page.locator(".edited > li >> nth=0").locator("textarea[name=action]").input_value() == "The sun rises."


def test_words_are_written_in_place_saved_when_left_and_never_lost_to_another_answer(
    visitor: Any, studio: Studio, board: str
) -> None:
    page = visitor(f"/boards/{board}")
    one, two, _ = panels(page)
    page.fill(f"#{one}-action", "Mia laughs.")
    page.click(f"#{two}-action")  # leaving the panel saves it
    page.keyboard.type("And then: ")
    page.wait_for_selector("#editor[data-version='2']")
    kept = page.input_value(f"#{two}-action")
    assert kept.endswith("And then: ") or "And then: " in kept
    assert page.locator(f"#{two} .fields.dirty").count() == 1
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#editor[data-version='3']")
    now = studio.client.get(f"/api/v1/boards/{board}").json()["panels"]
    assert now[0]["action"] == "Mia laughs."
    assert "And then:" in now[1]["action"]
    page.locator(f"#{one}-more summary").click()
    page.fill(f"#{one}-dialogue", "Mia: Good morning.")
    page.select_option(f"#{one}-move", "zoom in")
    page.fill(f"#{one}-seconds", "1.5")
    page.focus("#undo")
    until(page, "Number(document.querySelector('#editor').dataset.version) > 3")
    panel = studio.client.get(f"/api/v1/boards/{board}").json()["panels"][0]
    assert (panel["dialogue"], panel["shot"]["move"], panel["seconds"]) == (
        [{"who": "Mia", "line": "Good morning."}], "zoom in", 1.5
    )  # fmt: skip


def test_two_browsers_edit_one_board_and_neither_loses_its_words(visitor: Any, studio: Studio, board: str) -> None:
    mine, yours = visitor(f"/boards/{board}"), visitor(f"/boards/{board}")
    name = panels(mine)[0]
    yours.fill(f"#{name}-action", "Yours.")
    mine.fill(f"#{name}-action", "Mine.")
    mine.press(f"#{name}-action", "Control+Enter")
    mine.wait_for_selector("#editor[data-version='2']")
    yours.wait_for_selector(".newer:not([hidden])")  # without anything being asked for
    yours.press(f"#{name}-action", "Control+Enter")
    yours.wait_for_selector("[role=alert] >> text=somebody else changed it")
    assert yours.input_value(f"#{name}-action") == "Yours.", "what was refused is still there"
    assert studio.client.get(f"/api/v1/boards/{board}").json()["panels"][0]["action"] == "Mine."
    yours.press(f"#{name}-action", "Control+Enter")
    yours.wait_for_selector("#editor[data-version='3']")
    assert studio.client.get(f"/api/v1/boards/{board}").json()["panels"][0]["action"] == "Yours."


def test_another_style_is_drawn_panel_by_panel_and_versions_are_compared_and_restored(
    visitor: Any, studio: Studio, board: str, held: Held
) -> None:
    page = visitor(f"/boards/{board}")
    page.select_option("select[name=style]", "watercolour")
    page.click("text=Redraw all")
    page.wait_for_selector(".watched progress")
    held.let()
    page.wait_for_selector("#editor[data-version='2']")
    page.click("a:text('Version 2')")
    assert page.locator(".compared").count() == 3
    pictures = {one.get_attribute("src") for one in page.locator(".compared img").all()}
    assert len(pictures) == 6
    page.click("text=Go back to version 1")
    page.wait_for_selector("#editor[data-version='3']")
    assert studio.client.get(f"/api/v1/boards/{board}").json()["style"] == "ink"


def test_the_film_plays_pauses_and_steps_by_keys(visitor: Any, board: str) -> None:
    page = visitor(f"/boards/{board}")
    page.click("#play")
    page.wait_for_selector("#film[open] img[src]")
    page.click("[aria-label=Pause]")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#film .at:text('2 / 3')")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("#film .at:text('1 / 3')")
    at = page.evaluate("document.querySelector('#film progress').value")
    page.wait_for_timeout(200)
    assert page.evaluate("document.querySelector('#film progress').value") == at
    page.keyboard.press("Escape")
    page.wait_for_selector("#film:not([open])", state="attached")


def test_a_client_follows_the_link_pins_a_comment_and_approves_and_the_owner_answers(
    visitor: Any, studio: Studio, board: str
) -> None:
    owner = visitor(f"/boards/{board}/reviews")
    owner.fill("input[name=name]", "Anna, Aqua Spark")
    owner.click("text=Make a link")
    link = owner.input_value(".url input")
    client = visitor(link.removeprefix(studio.url))
    client.click("summary:has-text('Comment on panel 2')")
    client.click(".reviewed > li:nth-child(2) .pinned", position={"x": 40, "y": 30})
    assert 0 < float(client.input_value(".reviewed > li:nth-child(2) .say-it input[name=x]")) < 1
    client.fill(".reviewed > li:nth-child(2) .say-it input[name=who]", "Anna")
    client.fill(".reviewed > li:nth-child(2) .say-it textarea", "Could the bottle be larger?")
    client.click(".reviewed > li:nth-child(2) .say-it button")
    client.wait_for_selector(".reviewed > li:nth-child(2) .pins circle", state="attached")
    client.click("#decision >> text=Approve")
    client.wait_for_selector(".verdict.approved >> text=version 1")
    editor = visitor(f"/boards/{board}")
    thread = editor.locator(".edited > li:nth-child(2) .thread")
    assert "Could the bottle be larger?" in thread.inner_text()
    thread.locator("textarea").fill("It is now.")
    thread.locator("text=Send").click()
    editor.wait_for_selector(".comment.ours >> text=It is now.")
    client.reload()
    assert client.locator(".comment.ours").inner_text().endswith("It is now.")
    owner.reload()
    owner.click("text=Revoke")
    owner.wait_for_selector("li.revoked")
    client.reload()
    client.wait_for_selector("[role=alert] >> text=was revoked")


def test_the_studio_in_russian_from_the_brief_to_the_editor(visitor: Any, studio: Studio) -> None:
    page = visitor("/words", locale="ru-RU")
    page.fill("textarea", "Десять секунд для «Зерно», кофе в красной кружке, 2 кадра. Тёплый тон.")
    page.click("text=Прочитать")
    page.wait_for_selector("text=Вот что понято.")
    assert page.input_value("input[name=panels]") == "2"
    page.fill("input[name=candidates]", "1")
    page.click("text=Нарисовать доски")
    page.click("text=Править, показать, выгрузить")
    page.wait_for_selector("text=2 кадра")
    english = re.findall(r"\b(?:Undo|Redraw|Panel|Version|Save|Export|Delete|Draw)\b", page.inner_text("body"))
    assert english == []
    page.click("header >> text=English")
    page.wait_for_selector("text=Undo")


def test_an_operator_goes_from_the_inbox_to_the_models_and_opens_a_report_of_drift_in_both_languages(
    visitor: Any, studio: Studio, tmp_path: Path
) -> None:
    (tmp_path / "briefs.html").write_text(
        "<title>far</title><p id=far></p><script>far.textContent = 'measured'</script>"
    )
    (tmp_path / "drift.json").write_text('{"scores": {"fit": 0.7}, "limits": {"fit": 0.6}, "drifted": ["fit"]}')
    reports.keep(tmp_path, studio.settings.home, datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC))
    page = visitor("/support")
    page.click("text=Models and drift")
    page.wait_for_selector("text=No new version is on its way")
    page.click("header >> text=Русский")
    page.wait_for_selector("text=Новой версии на подходе нет")
    assert "2026-11-20 12:00" in page.inner_text("table")
    assert re.findall(r"\b(?:Models|Drift|Reports|Version|Served)\b", page.inner_text("main")) == []
    page.click("table >> text=брифы")
    page.wait_for_selector("text=measured")


@pytest.mark.parametrize(
    "path", ["/", "/manuscript", "/boards/BOARD", "/boards/BOARD/reviews", "/help", "/support", "/models"]
)
def test_a_phone_shows_every_screen_without_scrolling_sideways(visitor: Any, board: str, path: str) -> None:
    page = visitor(path.replace("BOARD", board), viewport={"width": 390, "height": 844}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.evaluate(
        "[...document.querySelectorAll('.tools.small button, .rating button')].filter(b => b.offsetHeight < 24).length"
    )
    assert small == 0


def test_a_manuscript_is_declared_and_becomes_a_board(visitor: Any, studio: Studio) -> None:
    page = visitor("/manuscript")
    text = "The Lamp\n\nMia lights the lamp in the kitchen. The door opens. “Good evening,” says Tom. Mia smiles."
    page.fill("textarea[name=text]", text)
    page.fill("input[name=author]", "Ann Author")
    page.check("input[value=public]")
    page.click("text=Adapt it")
    page.click("text=Edit, review, export")
    assert page.locator(".edited > li").count() >= 1
    made = studio.client.get(f"/api/v1{page.evaluate('location.pathname')}").json()
    assert "Ann Author" in made["provenance"]["rights"]


def test_keys_alone_lead_from_the_brief_to_a_board_that_is_reordered(visitor: Any, studio: Studio) -> None:
    page = visitor("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")

    def tab_to(selector: str) -> None:
        for _ in range(160):
            page.keyboard.press("Tab")
            if page.evaluate("(name) => document.activeElement.matches(name)", selector):
                return
        raise AssertionError(f"{selector} is not reached by Tab")

    for selector, words in (("input[name=title]", "Run"), ("input[name=product]", "Aqua"), ("input[name=panels]", "2")):
        tab_to(selector)
        page.keyboard.type(words)
    tab_to("input[name=candidates]")
    page.keyboard.press("Control+a")
    page.keyboard.type("1")
    tab_to(".sheet > .go")
    page.keyboard.press("Enter")
    page.wait_for_selector("article.candidate")
    tab_to("article .button.go")
    page.keyboard.press("Enter")
    page.wait_for_selector(".edited")
    first = panels(page)[0]
    tab_to(f"#{first}-later")
    page.keyboard.press("Enter")
    page.wait_for_selector(f".edited > li:nth-child(2)#{first}")
