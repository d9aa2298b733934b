"""The page and the API of blind comparisons."""

import io
import json
import re
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from PIL import Image

from storywright import registry
from storywright.cli import storywright
from storywright.server.access import Access
from storywright.watch import comparing
from storywright.watch.comparing import Pair

from .conftest import Start, Studio

KEY = "a-key-of-sixteen-letters"


def laid_out(home: Path, count: int = 6) -> comparing.Comparison:
    old, new = (Image.new("RGB", (4, 4), colour) for colour in ("navy", "orange"))
    return comparing.begin(
        home, "1", "2", [(Pair(f"words {n}", "told so", "told so too"), old, new) for n in range(count)], repeats=2
    )


def looked_through(studio: Studio, user: str) -> int:
    """Prefers the orange side, as a program does for its people."""
    shown = studio.client.get("/api/v1/comparisons/latest/next", params={"user": user}).json()["shown"]
    count = 0
    while shown:
        left = Image.open(io.BytesIO(studio.client.get(shown["left"]).content))
        answer = "left" if left.getpixel((0, 0)) == (255, 165, 0) else "right"
        said = {"turn": shown["turn"], "answer": answer, "user": user}
        shown = studio.client.post("/api/v1/comparisons/latest/answers", json=said).json()["shown"]
        count += 1
    return count


def test_people_are_shown_pairs_until_they_have_seen_all_and_the_result_says_who_won(studio: Studio) -> None:
    name = laid_out(studio.settings.home).name
    assert [looked_through(studio, user) for user in ("mia", "tom", "eva")] == [8, 8, 8]
    found = studio.client.get(f"/api/v1/comparisons/{name}/result").json()
    assert (found["comparisons"], found["wins"], found["losses"], found["people"]) == (18, 18, 0, 3)
    assert found["win_rate"] > 0.8
    again = studio.client.post("/api/v1/comparisons/latest/answers", json={"turn": 0, "answer": "tie", "user": "mia"})
    assert again.status_code == 201
    assert studio.client.get(f"/api/v1/comparisons/{name}/result").json()["ties"] == 0


def test_whoever_has_their_words_deleted_is_in_no_result_any_more(studio: Studio) -> None:
    name = laid_out(studio.settings.home).name
    for user in ("mia", "tom"):
        looked_through(studio, user)
    assert studio.client.delete("/api/v1/feedback", params={"user": "mia"}).json()["num_deleted"] == 8
    assert studio.client.get(f"/api/v1/comparisons/{name}/result").json()["people"] == 1


def test_nothing_that_is_sent_says_which_version_is_which(studio: Studio) -> None:
    laid_out(studio.settings.home)
    answer = studio.client.get("/api/v1/comparisons/latest/next", params={"user": "mia"})
    page = studio.client.get("/compare", follow_redirects=True)
    picture = studio.client.get(answer.json()["shown"]["left"])
    for sent in (answer, page, picture):
        assert not re.search("champion|challenger", sent.text + str(sent.headers))


def test_the_page_takes_an_answer_and_goes_on(studio: Studio) -> None:
    name = laid_out(studio.settings.home, count=2).name
    browser = httpx.Client(base_url=studio.url, follow_redirects=True, timeout=30)
    for number in range(4):
        page = browser.get("/compare").text
        assert f"{number + 1} of 4" in page
        assert browser.get(re.findall(r'img src="(/api[^"]+)"', page)[0]).headers["content-type"] == "image/png"
        turn = re.findall(r'name="turn" value="(\d+)"', page)[0]
        assert browser.post("/compare", data={"turn": turn, "answer": "left"}).status_code == 200
    assert "Thank you" in browser.get("/compare").text
    assert studio.client.get(f"/api/v1/comparisons/{name}/result").json()["comparisons"] == 2
    other = httpx.Client(base_url=studio.url, follow_redirects=True, timeout=30)
    assert "1 of 4" in other.get("/compare").text


@pytest.mark.parametrize(
    "said",
    [{"turn": 3, "answer": "left"}, {"turn": 0, "answer": "both"}, {"turn": -1, "answer": "tie"}, {"answer": "tie"}],
)
def test_an_answer_that_cannot_be_is_refused(studio: Studio, said: dict[str, object]) -> None:
    laid_out(studio.settings.home)
    assert studio.client.post("/api/v1/comparisons/latest/answers", json=said | {"user": "mia"}).status_code == 422


def test_where_nothing_is_compared_the_page_says_so_and_the_api_knows_of_none(studio: Studio) -> None:
    assert "nothing to compare" in studio.client.get("/compare").text
    assert studio.client.get("/api/v1/comparisons/latest/next").status_code == 404
    assert studio.client.get("/api/v1/comparisons").json() == {"comparisons": []}


def test_who_has_no_key_sees_nothing_and_only_operators_see_the_result(start: Start) -> None:
    studio = start(access=Access(key=KEY))
    name = laid_out(studio.settings.home).name
    for path in ("/api/v1/comparisons/latest/next", f"/api/v1/comparisons/{name}/result"):
        assert studio.client.get(path).status_code == 401
        assert studio.client.get(path, headers={"Authorization": f"Bearer {KEY}"}).status_code == 200


def test_what_people_said_is_kept_with_the_version_where_a_gate_reads_it(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[str, object] = {}
    monkeypatch.setattr(
        registry, "attach", lambda version, papers: kept.update({version: json.loads(papers["human.json"].read_text())})
    )
    laid_out(studio.settings.home)
    nobody = CliRunner().invoke(storywright, ["blind", "attach"])
    assert "Nobody has compared anything yet" in str(nobody.exception)
    for user in ("mia", "tom"):
        looked_through(studio, user)
    done = CliRunner().invoke(storywright, ["blind", "attach"])
    assert done.exit_code == 0, done.exception
    paper = kept["2"]
    assert isinstance(paper, dict)
    assert (paper["champion"], paper["challenger"], paper["comparisons"], paper["people"]) == ("1", "2", 12, 2)
    assert paper["win_rate_low"] <= paper["win_rate"] <= paper["win_rate_high"]
