"""Reviews: a link for a client without an account, what can be done with it and what cannot."""

import re
import time
from typing import Any

import httpx
import pytest

from storywright.errors import BadInput
from storywright.server.access import Access
from storywright.studio.reviews import Closed, Reviews
from storywright.studio.store import NotKept
from storywright.watch import database

from .conftest import Start, Studio

KEY = "a-key-of-sixteen-letters"
DAY_MS = 86_400_000


class Clock:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.ms = time.time_ns() // 1_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reviews(clock: Clock, tmp_path: Any) -> Reviews:
    return Reviews(database.engine(f"sqlite:///{tmp_path / 'studio.db'}"), clock)


def test_a_link_is_good_until_it_expires_or_is_revoked(reviews: Reviews, clock: Clock) -> None:
    made = reviews.open("b1", 3, days=2, name="  Anna,   Aqua ")
    token = reviews.token(made)
    assert reviews.by_token(token) == made
    assert made.name == "Anna, Aqua"
    clock.ms += 2 * DAY_MS - 1_000
    assert reviews.by_token(token).version == 3
    clock.ms += 1_000
    with pytest.raises(Closed, match="has expired"):
        reviews.by_token(token)
    other = reviews.open("b1", 3, days=2)
    reviews.revoke(other.id)
    with pytest.raises(Closed, match="was revoked"):
        reviews.by_token(reviews.token(other))


def test_a_link_cannot_be_guessed_lengthened_or_turned_into_anothers(reviews: Reviews) -> None:
    token = reviews.token(reviews.open("b1", 1, days=1))
    other = reviews.token(reviews.open("b2", 1, days=300))
    name, _, signature = token.split(".")
    other_name, later, other_signature = other.split(".")
    forged = [
        f"{name}.{later}.{signature}", f"{other_name}.{later}.{signature}", f"{name}.{later}.{other_signature}",
        f"{name}.{later}.", name, "", "..", f"{token}x", token[:-1], f"{name}.zz.{signature}",
    ]  # fmt: skip
    for one in forged:
        with pytest.raises(NotKept, match="not a review link"):
            reviews.by_token(one)


def test_links_are_good_on_every_server_of_a_database(reviews: Reviews, tmp_path: Any) -> None:
    token = reviews.token(reviews.open("b1", 1, days=1))
    assert Reviews(database.engine(f"sqlite:///{tmp_path / 'studio.db'}")).by_token(token).board == "b1"


def test_what_is_said_is_kept_once_with_the_version_it_was_said_about(reviews: Reviews) -> None:
    made = reviews.open("b1", 3, days=1)
    first = reviews.say(made, " Larger, please. ", who="Anna", panel="p02", spot=(0.25, 0.5), key="k")
    assert reviews.say(made, " Larger, please. ", who="Anna", panel="p02", spot=(0.25, 0.5), key="k") == first
    moved = reviews.show(made.id, 5)
    answer = reviews.say(moved, "It is.", who="Kim", owner=True, answers=first.id)
    assert [(one.version, one.panel, one.owner, one.answers) for one in reviews.comments(board="b1")] == [
        (3, "p02", False, ""), (5, "p02", True, first.id)
    ]  # fmt: skip
    again = reviews.say(moved, "Thanks.", who="Anna", answers=answer.id)
    assert again.answers == first.id, "a thread has one level"
    assert reviews.settle(first.id).done
    assert not reviews.settle(first.id, False).done
    decision = reviews.decide(moved, "approved", who="Anna", key="d")
    reviews.decide(moved, "approved", who="Anna", key="d")
    assert [(one.verdict, one.version) for one in reviews.decisions(board="b1")] == [("approved", 5)]
    assert decision.version == 5


@pytest.mark.parametrize(
    ("do", "said"),
    [
        (lambda r, m: r.open("b", 1, days=0), "1 to 365 days"),
        (lambda r, m: r.say(m, "  ", who=""), "at least one word"),
        (lambda r, m: r.say(m, "x" * 4_001, who=""), "at most 4,000"),
        (lambda r, m: r.say(m, "x", who="y" * 81), "at most 80"),
        (lambda r, m: r.say(m, "x", who="", spot=(1.2, 0)), "between 0 and 1"),
        (lambda r, m: r.say(m, "x", who="", answers="none"), "no comment 'none'"),
        (lambda r, m: r.decide(m, "maybe", who=""), "'maybe' is not one of"),
        (lambda r, m: r.decide(m, "changes", who=""), "say what should be changed"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_a_sentence(reviews: Reviews, do: Any, said: str) -> None:
    made = reviews.open("b1", 1, days=1)
    with pytest.raises(BadInput, match=said):
        do(reviews, made)
    assert reviews.comments(board="b1") == []


def test_programs_make_list_and_revoke_links_and_read_what_was_said(studio: Studio) -> None:
    board = studio.made(candidates=1)["boards"][0]["id"]
    api = studio.client
    made = api.post("/api/v1/reviews", json={"board": board, "days": 3, "name": "Anna"})
    assert made.status_code == 201, made.text
    link = made.json()
    assert (link["state"], link["version"], link["board_version"]) == ("open", 1, 1)
    assert api.get(link["url"]).status_code == 200
    words = {"words": "Larger.", "who": "Anna", "panel": "p01", "owner": False}
    said = api.post(f"/api/v1/reviews/{link['id']}/comments", json=words)
    assert said.status_code == 201, said.text
    comment = said.json()["id"]
    assert api.put(f"/api/v1/reviews/{link['id']}/comments/{comment}", json={"done": True}).json()["done"]
    assert [one["words"] for one in api.get(f"/api/v1/reviews/{link['id']}/comments").json()] == ["Larger."]
    decided = api.post(f"/api/v1/reviews/{link['id']}/decisions", json={"verdict": "approved", "who": "Anna"})
    assert (decided.status_code, decided.json()["version"]) == (201, 1)
    edit = {"action": "edit", "panel": "p01", "field": "seconds", "value": 4.0}
    api.post(f"/api/v1/boards/{board}/revisions", json=edit, headers={"If-Match": '"1"'})
    now = api.get("/api/v1/reviews", params={"board": board}).json()
    assert [(one["verdict"], one["verdict_version"], one["board_version"]) for one in now] == [("approved", 1, 2)]
    assert api.delete(f"/api/v1/reviews/{link['id']}").json()["state"] == "revoked"
    assert api.get(link["url"]).status_code == 410
    assert len(api.get(f"/api/v1/reviews/{link['id']}/decisions").json()) == 1, "what was said stays"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/v1/reviews", {"board": "none"}, 404),
        ("POST", "/api/v1/reviews", {"board": "BOARD", "version": 9}, 404),
        ("POST", "/api/v1/reviews", {"board": "BOARD", "days": 0}, 422),
        ("POST", "/api/v1/reviews", {"board": "acme--1"}, 404),
        ("GET", "/api/v1/reviews/none", None, 404),
        ("DELETE", "/api/v1/reviews/none", None, 404),
        ("POST", "/api/v1/reviews/LINK/comments", {"words": "x", "panel": "p99"}, 404),
        ("POST", "/api/v1/reviews/LINK/decisions", {"verdict": "maybe"}, 422),
        ("PUT", "/api/v1/reviews/LINK/comments/none", {"done": True}, 404),
    ],
)
def test_what_is_not_there_or_not_allowed_is_a_problem(
    studio: Studio, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    board = studio.made(candidates=1)["boards"][0]["id"]
    link = studio.client.post("/api/v1/reviews", json={"board": board}).json()["id"]
    if body and body.get("board") == "BOARD":
        body = body | {"board": board}
    answer = studio.client.request(method, path.replace("LINK", link), json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_client_without_an_account_sees_comments_and_decides_and_reaches_nothing_else(start: Start) -> None:
    studio = start(access=Access(key=KEY))
    owner = httpx.Client(base_url=studio.url, timeout=60, headers={"Authorization": f"Bearer {KEY}"})
    brief = {"title": "Run", "product": {"name": "Aqua", "kind": "bottle"}, "format": {"seconds": 6, "panels": 2}}
    boards = owner.post("/api/v1/boards", params={"candidates": 2}, json=brief).json()["boards"]
    board, other = boards[0], boards[1]
    link = owner.post("/api/v1/reviews", json={"board": board["id"], "name": "Anna"}).json()

    client = httpx.Client(base_url=studio.url, timeout=60, follow_redirects=True, headers={"Accept": "text/html"})
    path = link["url"].removeprefix(studio.url)
    page = client.get(path)
    assert page.status_code == 200
    assert board["panels"][0]["action"] in page.text
    assert page.headers["referrer-policy"] == "same-origin"
    pictures = re.findall(rf'src="({re.escape(path)}/pictures/[0-9a-f]+\.png)"', page.text)
    assert len(pictures) == 2
    assert {client.get(one).headers["content-type"] for one in pictures} == {"image/png"}
    foreign = other["panels"][0]["picture"].removeprefix("panels/")
    assert client.get(f"{path}/pictures/{foreign}").status_code == 404
    assert client.get("/static/studio.css").status_code == 200
    for closed in (f"/boards/{board['id']}", f"/api/v1/boards/{board['id']}", "/support", "/api/v1/reviews"):
        refused = client.get(closed, follow_redirects=False)
        assert refused.status_code in (303, 401), closed

    said = {"who": "Анна", "words": "Larger <b>please</b>.", "panel": "p01", "x": "0.4", "y": "0.2", "key": "k"}
    page = client.post(f"{path}/comments", data=said)
    client.post(f"{path}/comments", data=said)
    assert "Larger &lt;b&gt;please&lt;/b&gt;." in page.text
    assert 'cx="40.0%"' in page.text
    assert 'value="Анна"' in page.text, "the name is remembered"
    assert len(owner.get(f"/api/v1/reviews/{link['id']}/comments").json()) == 1
    empty = client.post(f"{path}/decision", data={"who": "Анна", "verdict": "changes", "words": " "})
    assert (empty.status_code, "say what should be changed" in empty.text) == (422, True)
    page = client.post(f"{path}/decision", data={"who": "Анна", "verdict": "approved", "key": "d"})
    assert "Approved" in page.text

    owner.delete(f"/api/v1/reviews/{link['id']}")
    assert client.get(path).status_code == 410
    assert client.get(pictures[0]).status_code == 410
    assert client.post(f"{path}/comments", data=said).status_code == 410
    assert client.get(path[:-1]).status_code == 404


def test_the_owner_makes_a_link_sees_comments_beside_the_panel_answers_and_shows_a_newer_version(
    studio: Studio,
) -> None:
    board = studio.made(candidates=1)["boards"][0]["id"]
    owner = httpx.Client(base_url=studio.url, timeout=60, follow_redirects=True, headers={"Accept": "text/html"})
    page = owner.post(f"/boards/{board}/reviews", data={"name": "Anna", "days": "7"})
    path = re.findall(r'value="http[^"]*(/review/[^"]+)"', page.text)[0]
    assert "1 to 365 days" in owner.post(f"/boards/{board}/reviews", data={"days": "9999"}).text
    owner.post(f"{path}/comments", data={"who": "Anna", "words": "Larger.", "panel": "p02", "key": "k"})
    editor = owner.get(f"/boards/{board}").text
    assert "Larger." in editor.split('id="p02"')[1]
    assert "Larger." not in editor.split('id="p02"')[0]
    comment = re.findall(rf'action="/boards/{board}/comments/([0-9a-f]+)"', editor)[0]
    owner.post(f"/boards/{board}/comments/{comment}", data={"words": "It is now.", "who": "Kim", "done": "yes"})
    assert "It is now." in owner.get(path).text
    owner.post(f"/boards/{board}/revise", data={"version": "1", "do": "edit", "panel": "p02", "action": "Anna waves."})
    assert "Anna waves." not in owner.get(path).text, "the link shows what was sent"
    listed = owner.get(f"/boards/{board}/reviews").text
    assert "the board is at version 2 now" in listed
    link = studio.client.get("/api/v1/reviews", params={"board": board}).json()[0]["id"]
    owner.post(f"/boards/{board}/reviews/{link}", data={"do": "show"})
    shown = owner.get(path).text
    assert "Anna waves." in shown
    assert "You see version 2" in shown
    owner.post(f"{path}/decision", data={"who": "Anna", "verdict": "changes", "words": "Wave back.", "key": "d"})
    owner.post(f"/boards/{board}/step", data={"version": "2", "by": "undo"})
    editor = owner.get(f"/boards/{board}").text
    assert "A change is asked for" in editor
    assert "reviewed version 2; the board is at version 1 now" in editor
    owner.post(f"/boards/{board}/reviews/{link}", data={"do": "revoke"})
    assert owner.get(path).status_code == 410
