"""Take a picture of every screen of the studio, and write the guide with them: `python docs/screens.py`.

A studio is begun on loopback with the embedded models, a small board is drawn from each of two briefs, revised and
reviewed, and Chromium looks at it. `--check` writes nothing and fails when the guide in docs/ is not the page's own.
"""

import argparse
import io
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from storywright.progress import track

DOCS = Path(__file__).parent
PAGES = DOCS.parent / "src" / "storywright" / "server" / "pages"
SCREENS = DOCS / "screens"
GUIDES = {"en": DOCS / "guide.md", "ru": DOCS / "guide.ru.md"}
CHROMIUM = "/usr/bin/chromium"
_BRIEF = {
    "title": "Morning Run",
    "product": {"name": "Aqua Spark", "kind": "bottle", "description": "sparkling water in a recycled blue bottle"},
    "proposition": "the first sip of the day",
    "audience": "commuters, 25 to 40",
    "insight": "mornings begin too fast",
    "tone": "warm, playful",
    "call_to_action": "Take a sip.",
    "mandatories": {"must_show": ["product"], "legal": "Please recycle."},
    "cast": [{"name": "Mia", "looks": "woman with long red hair and a yellow shirt"}],
    "format": {"seconds": 8, "panels": 4},
    "style": "flat",
}
_WIDE, _PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
_WIDTH_PX, _TALLEST_PX = 1100, 1500
_ALL_IS_THERE = """document.fonts.status === "loaded" && [...document.images].every(
  (one) => one.complete || (one.loading === "lazy" && one.getBoundingClientRect().top > innerHeight))"""


def main() -> None:
    """Take the pictures, or check the guide."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true", help="only compare the guide with the page's")
    arguments.add_argument(
        "--guide", action="store_true", help="only write the guide, with the pictures that are there"
    )
    arguments.add_argument("--url", help="a studio that runs already, with no boards in it")
    asked = arguments.parse_args()
    if asked.check:
        sys.exit(_check() or 0)
    if asked.url:
        _take(asked.url)
    elif not asked.guide:
        with _studio() as url:
            _take(url)
    for language, path in GUIDES.items():
        path.write_text(_guide(language), encoding="utf-8")
    taken = list(SCREENS.glob("*.webp"))
    size = sum(path.stat().st_size for path in taken)
    sys.stdout.write(f"{len(taken)} screens, {size / 1e6:.2f} MB\n")


def _check() -> str:
    """What is wrong with the guide in docs/; empty when nothing is."""
    stale = [path.name for language, path in GUIDES.items() if path.read_text(encoding="utf-8") != _guide(language)]
    return f"{' and '.join(stale)} differ from the page's guide: run `python docs/screens.py`." if stale else ""


def _guide(language: str) -> str:
    """The page's guide with pictures where it names a screen."""
    text = (PAGES / "guide" / f"{language}.md").read_text(encoding="utf-8")
    suffix = "" if language == "en" else f"-{language}"

    def picture(match: re.Match[str]) -> str:
        found = [name for name in (f"{match[1]}{suffix}", match[1]) if (SCREENS / f"{name}.webp").is_file()]
        return f"![{match[1]}](screens/{found[0]}.webp)\n\n" if found else ""

    return re.sub(r"<!-- screen: (\w+) -->\n*", picture, text)


@contextmanager
def _studio() -> Iterator[str]:
    """A studio of its own, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {
            "STORYWRIGHT_HOME": home, "MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db", "STORYWRIGHT_API_KEY": "",
        }  # fmt: skip
        command = [sys.executable, "-m", "storywright", "serve", "--port", "0"]
        server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+", server.stdout.readline())
            assert found is not None, "the studio did not begin"
            yield found[0]
        finally:
            server.terminate()
            server.wait(timeout=60)


def _take(url: str) -> None:
    from playwright.sync_api import sync_playwright

    SCREENS.mkdir(exist_ok=True)
    with sync_playwright() as tools, httpx.Client(base_url=url, timeout=600) as api:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        _wait_until_ready(api)
        paths = _made(api, lambda job: _shot(browser, url, "drawing", f"/orders/{job}", wait="li:nth-child(2) img"))
        for name, path, how in track(_wanted(paths), "looking at the screens"):
            _shot(browser, url, name, path, **how)
        browser.close()


def _wanted(paths: dict[str, str]) -> list[tuple[str, str, dict[str, Any]]]:
    """The name of each picture, where it is taken, and how."""
    russian, dark, phone = {"locale": "ru-RU"}, {"color_scheme": "dark"}, {"viewport": _PHONE}
    return [
        ("home", "/?example=morning-run", {}),
        ("home-ru", "/?example=utrenniy-kofe", russian),
        ("home-phone", "/", phone),
        ("words", "/words", {}),
        ("manuscript", "/manuscript", {}),
        ("candidates", paths["order"], {}),
        ("candidates-dark", paths["order"], dark),
        ("editor", paths["board"], {}),
        ("editor-dark", paths["board"], dark),
        ("editor-ru", paths["board"], russian),
        ("editor-phone", paths["board"], phone),
        ("versions", f"{paths['board']}/versions", {}),
        ("reviews", f"{paths['board']}/reviews", {}),
        ("review", paths["review"], {}),
        ("review-phone", paths["review"], phone | dark),
        ("film", paths["board"], {"click": "#play", "tall": False}),
        ("help", "/help", {}),
        ("report", f"/help/report?board={paths['board'].rsplit('/', 1)[1]}", {}),
        ("support", "/support", {}),
    ]


def _made(api: httpx.Client, on_order: Any) -> dict[str, str]:
    """A board that was revised and reviewed, and a report."""
    params: dict[str, Any] = {"candidates": 3, "wait": 0}
    job = api.post("/api/v1/boards", params=params, json=_BRIEF).raise_for_status().json()["id"]
    on_order(job)
    state = _ended(api, job)
    board = state["boards"][0]["id"]
    edit = {"action": "edit", "panel": "p02", "field": "super", "value": "No sugar."}
    api.post(f"/api/v1/boards/{board}/revisions", json=edit, headers={"If-Match": '"1"'}).raise_for_status()
    redraw = {"action": "redraw", "panel": "p03", "words": "Mia laughs and drinks from the bottle in the park."}
    api.post(f"/api/v1/boards/{board}/revisions", json=redraw, headers={"If-Match": '"2"'}).raise_for_status()
    link = api.post("/api/v1/reviews", json={"board": board, "name": "Anna, Aqua Spark"}).raise_for_status().json()
    said = f"/api/v1/reviews/{link['id']}"
    first = {"words": "Could the bottle be larger here?", "who": "Anna", "panel": "p02", "owner": False}
    asked = api.post(f"{said}/comments", json=first).raise_for_status().json()
    api.post(f"{said}/comments", json={"words": "It will be.", "who": "Kim", "answers": asked["id"]}).raise_for_status()
    decided = {"verdict": "changes", "words": "The bottle larger, then it is perfect.", "who": "Anna"}
    api.post(f"{said}/decisions", json=decided).raise_for_status()
    report = {"words": "The second panel was blank for a moment.", "contact": "anna@example.org", "board": board}
    api.post("/help/report", data=report)
    return {
        "order": f"/orders/{job}",
        "board": f"/boards/{board}",
        "review": link["url"].removeprefix(str(api.base_url)),
    }


def _shot(
    browser: Any, url: str, name: str, path: str, wait: str = "", click: str = "", tall: bool = True, **how: Any
) -> None:
    context = browser.new_context(**{"viewport": _WIDE, "locale": "en-GB"} | how)
    page = context.new_page()
    page.set_default_timeout(300_000)
    page.goto(url.rstrip("/") + "/" + path.lstrip("/"))
    if wait:
        page.wait_for_selector(wait)
    if click:
        page.click(click)
    if tall:
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": page.viewport_size["width"], "height": min(height, _TALLEST_PX)})
    while not page.evaluate(_ALL_IS_THERE):
        page.wait_for_timeout(50)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.thumbnail((_WIDTH_PX, 4_000), Image.Resampling.LANCZOS)
    picture.save(SCREENS / f"{name}.webp", quality=80, method=6)
    context.close()


def _ended(api: httpx.Client, job: str, seconds: float = 900) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state: dict[str, Any] = api.get(f"/api/v1/jobs/{job}").raise_for_status().json()
        if state["state"] == "done":
            return state
        assert state["state"] in ("waiting", "working"), state["problem"]
        time.sleep(0.5)
    raise TimeoutError(f"job {job} took over {seconds:g} s")


def _wait_until_ready(api: httpx.Client, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if api.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise TimeoutError("the studio's models were not opened in time")


if __name__ == "__main__":
    main()
