"""Every screen in both lights before axe-core, and the order in which Tab goes through them."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from storywright.studio.director import Drawing
from storywright.watch import reports

from .conftest import Studio, _starting, stand_in

pytestmark = [pytest.mark.slow, pytest.mark.system("chromium")]

AXE = (Path(__file__).parent / "axe" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BRIEF = {
    "title": "Morning Run",
    "product": {"name": "Aqua Spark", "kind": "bottle"},
    "format": {"seconds": 6, "panels": 2},
}
SCREENS = (
    "/?example=morning-run", "/words", "/manuscript", "/orders/JOB", "/boards/BOARD",
    "/boards/BOARD/versions?before=1&after=2",
    "/boards/BOARD/reviews", "/review/TOKEN", "/help", "/help/report?board=BOARD", "/support", "/support/TICKET",
    "/models", "/orders/none", "/sign-in",
)  # fmt: skip


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, contextmanager(_starting)() as start:
        patch.setenv("STORYWRIGHT_HOME", str(home))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home}/mlflow.db")
        yield start(opener=lambda *_: (stand_in(), Drawing(draws=1, steps=1)))


@pytest.fixture(scope="module")
def names(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A board with everything on it that a screen can show, and a report of drift."""
    report = tmp_path_factory.mktemp("report")
    (report / "briefs.html").write_text("<p>far</p>")
    (report / "drift.json").write_text('{"scores": {"fit": 0.7}, "limits": {"fit": 0.6}, "drifted": ["fit"]}')
    api = studio.client
    made = api.post("/api/v1/boards", params={"candidates": 2}, json=BRIEF, timeout=120).json()
    board = made["boards"][0]["id"]
    edit = {"action": "edit", "panel": "p01", "field": "dialogue", "value": [{"who": "Mia", "line": "Morning."}]}
    api.post(f"/api/v1/boards/{board}/revisions", json=edit, headers={"If-Match": '"1"'}).raise_for_status()
    link = api.post("/api/v1/reviews", json={"board": board, "name": "Anna"}).json()
    said = f"/api/v1/reviews/{link['id']}"
    client = {"words": "Larger.", "who": "Anna", "panel": "p01", "owner": False}
    first = api.post(f"{said}/comments", json=client).json()
    api.post(f"{said}/comments", json={"words": "It is.", "answers": first["id"], "who": "Kim"}).raise_for_status()
    api.post(f"{said}/decisions", json={"verdict": "changes", "words": "Larger.", "who": "Anna"}).raise_for_status()
    reports.keep(report, studio.settings.home, datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC))
    ticket = studio.app.state.service.inbox.report("It hums.", facts={"page": "/"}, contact="ana@example.org")
    return {"JOB": made["id"], "BOARD": board, "TOKEN": link["url"].rsplit("/", 1)[1], "TICKET": ticket.id}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


def filled(path: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        path = path.replace(name, value)
    return path


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_screen(chromium: Any, studio: Studio, names: dict[str, str], theme: str) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.add_cookies([{"name": "studio_theme", "value": theme, "url": studio.url}])
    page = context.new_page()
    found = []
    for screen in SCREENS:
        page.goto(studio.url + filled(screen, names))
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        page.evaluate(AXE)
        result = page.evaluate("(tags) => axe.run(document, { runOnly: tags, resultTypes: ['violations'] })", RULES)
        for violation in result["violations"]:
            nodes = [f"{node['html'][:160]}: {node['failureSummary'][:200]}" for node in violation["nodes"][:3]]
            found.append((screen, violation["id"], nodes))
    context.close()
    assert found == []


def test_the_film_has_a_name_and_every_button_of_it_too(chromium: Any, studio: Studio, names: dict[str, str]) -> None:
    page = chromium.new_page()
    page.goto(f"{studio.url}/boards/{names['BOARD']}")
    page.click("#play")
    page.wait_for_selector("#film[open]")
    page.evaluate(AXE)
    result = page.evaluate("(tags) => axe.run('#film', { runOnly: tags, resultTypes: ['violations'] })", RULES)
    page.close()
    assert [violation["id"] for violation in result["violations"]] == []


@pytest.mark.parametrize("screen", ["/", "/orders/JOB", "/boards/BOARD", "/review/TOKEN"])
def test_tab_goes_through_a_screen_as_it_is_read(
    chromium: Any, studio: Studio, names: dict[str, str], screen: str
) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 844})  # one column: what is read is what lies below
    page.goto(studio.url + filled(screen, names))
    reached = []
    for _ in range(300):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "(() => { const e = document.activeElement; if (e === document.body) return null; e.dataset.number ||= "
            "String(++window.numbered || (window.numbered = 1)); const b = e.getBoundingClientRect(); const s = "
            "getComputedStyle(e); return { number: Number(e.dataset.number), order: [...document.querySelectorAll('*')]"
            ".indexOf(e), seen: b.width > 0 && s.visibility === 'visible', ring: s.outlineStyle !== 'none' || "
            "e.matches('.place textarea, select, input'), tab: e.tabIndex }; })()"
        )
        if at is None or at["number"] in {one["number"] for one in reached}:
            break
        reached.append(at)
    page.close()
    assert len(reached) > 10
    assert [one["order"] for one in reached] == sorted(one["order"] for one in reached)
    assert all(one["tab"] == 0 and one["seen"] and one["ring"] for one in reached), "each is seen and has a ring"
