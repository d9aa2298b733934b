"""The page in a real browser, with its scripts and under its own content security policy."""

from collections.abc import Iterator
from typing import Any

import pytest

from storywright.studio.director import Drawing

from .conftest import Start, stand_in

pytestmark = [pytest.mark.slow, pytest.mark.system("chromium")]


@pytest.fixture
def page() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        yield page
        browser.close()


def test_a_brief_becomes_a_board_that_is_dragged_undone_by_keys_and_redrawn_by_choice(page: Any, start: Start) -> None:
    studio = start(opener=lambda *_: (stand_in(seconds=0.5), Drawing(draws=1, steps=1)))
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(studio.url)
    for name, value in {"title": "Morning Run", "product": "Aqua Spark", "panels": "3", "candidates": "2"}.items():
        page.fill(f"input[name={name}]", value)
    page.click("text=Draw the boards")
    page.wait_for_selector(".strip img")  # the first panel is seen before the boards are there
    page.click("text=Edit, export >> nth=0")
    panels = page.locator(".edited > li")
    first = panels.nth(0).get_attribute("id")
    panels.nth(0).drag_to(panels.nth(2))
    page.wait_for_selector(f".edited > li:nth-child(3)#{first}")
    page.keyboard.press("Control+z")
    page.wait_for_selector(f".edited > li:nth-child(1)#{first}")
    page.locator("summary:has-text('Draw again') >> nth=1").click()
    page.locator("text=Draw four to choose from >> nth=1").click()
    chosen = page.locator("img[alt='Draw 3']").get_attribute("src")
    page.locator("[aria-label='Use draw 3']").click()
    page.wait_for_selector(f".edited > li:nth-child(2) img[src='{chosen}']")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert complaints == []
