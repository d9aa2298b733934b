"""Boards that are edited: over HTTP by programs, and by forms as a browser without scripts sends them."""

from typing import Any

import httpx
import pytest

from storywright.board import Brief
from storywright.server import editing
from storywright.studio import revision

from .conftest import BRIEF, Studio, _until


def revise(studio: Studio, board: str, asked: dict[str, Any], version: int, **headers: str) -> httpx.Response:
    sent = {"If-Match": f'"{version}"'} | headers
    return studio.client.post(f"/api/v1/boards/{board}/revisions", json=asked, headers=sent)


def edit(words: str) -> dict[str, str]:
    return {"action": "edit", "panel": "p01", "field": "action", "value": words}


def test_a_revision_changes_what_was_asked_for_and_undo_and_redo_go_back_and_forth(studio: Studio) -> None:
    made = studio.made(candidates=1)["boards"][0]
    url = f"/api/v1/boards/{made['id']}"
    answer = revise(studio, made["id"], edit("Mia laughs."), 1)
    assert (answer.status_code, answer.headers["etag"]) == (201, '"2"')
    assert answer.headers["location"] == f"{url}/versions/2"
    after = answer.json()
    assert after["panels"][0]["action"] == "Mia laughs."
    assert after["panels"][1] == made["panels"][1]
    undone = studio.client.post(f"{url}/undo", headers={"If-Match": '"2"'})
    assert (undone.json(), undone.headers["etag"]) == (made, '"1"')
    redone = studio.client.post(f"{url}/redo", headers={"If-Match": '"1"'})
    assert redone.json() == after == studio.client.get(url).json()
    assert studio.client.get(url, headers={"If-None-Match": '"2"'}).status_code == 304
    versions = studio.client.get(f"{url}/versions").json()
    assert [(one["number"], one["parent"], one["current"]) for one in versions] == [(1, 0, False), (2, 1, True)]
    changes = studio.client.get(f"{url}/changes", params={"before": 1, "after": 2}).json()
    assert [(one["panel"], one["kind"]) for one in changes] == [("p01", "changed")]
    assert changes[0]["fields"] == {"action": [made["panels"][0]["action"], "Mia laughs."]}


def test_two_editors_do_not_overwrite_each_other_and_a_repeated_key_changes_once(studio: Studio) -> None:
    board = studio.made(candidates=1)["boards"][0]["id"]
    assert revise(studio, board, edit("First."), 1, **{"Idempotency-Key": "k"}).status_code == 201
    again = revise(studio, board, edit("First."), 1, **{"Idempotency-Key": "k"})
    assert (again.status_code, again.headers["etag"]) == (201, '"2"')
    late = revise(studio, board, edit("Second."), 1)
    assert (late.status_code, late.headers["content-type"]) == (412, "application/problem+json")
    assert "is at version 2 now" in late.json()["detail"]
    assert studio.client.get(f"/api/v1/boards/{board}").json()["panels"][0]["action"] == "First."


@pytest.mark.parametrize(
    ("asked", "match", "status", "said"),
    [
        (edit("x"), "", 428, 'If-Match: "1"'),
        (edit("x"), "newest", 422, "a version is a number"),
        (edit("x"), '"7"', 404, "no version 7"),
        ({"action": "fly"}, '"1"', 422, "fly"),
        ({"action": "delete", "panel": "p99"}, '"1"', 422, "no panel 'p99'"),
        ({"action": "edit", "panel": "p01", "field": "id", "value": "x"}, '"1"', 422, "no field 'id'"),
        ({"action": "edit", "panel": "p01", "field": "seconds", "value": -1}, '"1"', 422, "greater than 0"),
    ],
)
def test_a_revision_that_cannot_be_made_is_a_problem_and_changes_nothing(
    studio: Studio, asked: dict[str, Any], match: str, status: int, said: str
) -> None:
    board = studio.made(candidates=1)["boards"][0]["id"]
    headers = {"If-Match": match} if match else {}
    answer = studio.client.post(f"/api/v1/boards/{board}/revisions", json=asked, headers=headers)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["detail"]
    assert studio.client.get(f"/api/v1/boards/{board}").headers["etag"] == '"1"'


def test_a_panel_gets_the_very_picture_that_was_chosen_among_its_draws_without_another_drawing(studio: Studio) -> None:
    board = studio.made(candidates=1)["boards"][0]["id"]
    draws = studio.client.post(f"/api/v1/boards/{board}/panels/p02/draws", json={"draws": 4}).json()
    assert len({one["picture"] for one in draws}) == 4
    assert [one["fit"] for one in draws] == sorted((one["fit"] for one in draws), reverse=True)
    assert studio.client.get(f"/api/v1/boards/{board}").headers["etag"] == '"1"'
    pen = studio.following.crew.models.illustrator
    pen.draw = None  # type: ignore[assignment, method-assign]
    chosen = revise(studio, board, {"action": "redraw", "panel": "p02", "seed": draws[-1]["seed"]}, 1).json()
    assert chosen["panels"][1]["picture"].removeprefix("panels/") in draws[-1]["picture"]
    kept = studio.client.get(draws[-1]["picture"])
    assert kept.headers["cache-control"].endswith("immutable")
    assert kept.content == studio.client.get(f"/api/v1/boards/{board}/panels/p02.png").content


def test_boards_are_listed_in_pages_and_a_board_is_exported_as_a_job_whose_files_can_be_fetched(studio: Studio) -> None:
    studio.made(candidates=3)
    listed, url = [], "/api/v1/boards?limit=2"
    while url:
        answer = studio.client.get(url).json()
        listed += answer["boards"]
        url = answer["next"]
    assert len({one["id"] for one in listed}) == 3
    board = listed[0]["id"]
    answers = [
        studio.client.post(f"/api/v1/boards/{board}/exports", json={"formats": ["csv", "zip"]}) for _ in range(2)
    ]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.headers["location"] for answer in answers}) == 1
    _until(lambda: studio.client.get(answers[0].headers["location"]).json()["state"] == "done")
    files = studio.client.get(answers[0].headers["location"]).json()["files"]
    assert {file.rsplit(".")[-1] for file in files} == {"csv", "zip"}
    table = studio.client.get(next(file for file in files if file.endswith(".csv")))
    assert table.status_code == 200
    assert "attachment" in table.headers["content-disposition"]
    outside = files[0].rsplit("/", 1)[0]
    assert studio.client.get(f"{outside}/..%2F..%2Fstudio.db").status_code == 404
    unknown = studio.client.post(f"/api/v1/boards/{board}/exports", json={"formats": ["scroll"]})
    assert "There is no format 'scroll'" in unknown.json()["detail"]


def test_a_brief_that_is_sent_reads_no_file_of_the_server(studio: Studio) -> None:
    brief = BRIEF | {"assets": [{"name": "logo", "kind": "logo", "file": "logo.png"}]}
    answer = studio.client.post("/api/v1/boards", json=brief)
    assert (answer.status_code, "assets.0.file" in answer.json()["detail"]) == (422, True)


def test_the_editor_revises_by_forms_without_scripts_and_tells_who_was_late(studio: Studio) -> None:
    made = studio.made(candidates=1)["boards"][0]
    browser = httpx.Client(base_url=studio.url, follow_redirects=True, timeout=60, headers={"Accept": "text/html"})
    url = f"/boards/{made['id']}"
    assert made["panels"][0]["action"] in browser.get(url).text
    form = {"version": "1", "key": "k", "do": "edit", "panel": "p01", "seconds": "3,5", "super": "<b>Now</b>"}
    page = browser.post(f"{url}/revise", data=form)
    assert page.status_code == 200
    assert "&lt;b&gt;Now&lt;/b&gt;" in page.text
    now = studio.client.get(f"/api/v1/boards/{made['id']}").json()["panels"]
    assert (now[0]["seconds"], now[0]["super"]) == (3.5, "<b>Now</b>")
    assert (now[0]["action"], now[1]) == (made["panels"][0]["action"], made["panels"][1])
    late = browser.post(f"{url}/revise", data={"version": "1", "key": "l", "do": "move", "panel": "p01", "to": "2"})
    assert late.status_code == 409
    assert "What you see here is the board of now" in late.text
    wrong = browser.post(f"{url}/revise", data={"version": "3", "key": "m", "do": "merge", "panel": "p02"})
    assert (wrong.status_code, "is the last panel" in wrong.text) == (422, True)
    browser.post(f"{url}/step", data={"version": "3", "by": "undo"})
    assert studio.client.get(f"/api/v1/boards/{made['id']}").headers["etag"] == '"2"'
    choices = browser.post(f"{url}/draws", data={"panel": "p01", "words": "Mia laughs."}).text
    assert choices.count(">Use this one<") == 4
    assert "<dt>Seconds</dt>" in browser.get(f"{url}/versions", params={"before": 1, "after": 3}).text
    assert "Choose at least one format" in browser.post(f"{url}/export", data={}).text


def test_the_published_examples_are_revisions_and_briefs_that_are_understood(studio: Studio) -> None:
    paths = studio.client.get("/api/v1/openapi.json").json()["paths"]
    examples = {
        path: [
            one["value"]
            for one in paths[path]["post"]["requestBody"]["content"]["application/json"]["examples"].values()
        ]
        for path in ("/api/v1/boards/{board_id}/revisions", "/api/v1/boards")
    }
    asked = [revision.asked(one) for one in examples["/api/v1/boards/{board_id}/revisions"]]
    assert len({type(one) for one in asked}) == len(asked) == 9
    assert [Brief.model_validate(one).title for one in examples["/api/v1/boards"]] == ["Morning Run", "Morning Run"]


def test_what_a_revision_touched_of_the_card_is_measured_again_and_else_says_its_version(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editing, "_PATIENCE_SECONDS", 60.0)  # however busy the machine is
    board = studio.made(candidates=2)["boards"][0]
    before = {score["name"]: score for score in board["scores"]}
    assert "a single panel" in before["continuity"]["reason"]  # beside the end frame
    inserted = revise(studio, board["id"], {"action": "insert", "at": 1, "words": "Mia waves."}, 1).json()
    now = {score["name"]: score for score in inserted["scores"]}
    assert "largest jump" in now["continuity"]["reason"]
    assert now["diversity"]["reason"] != before["diversity"]["reason"]  # beside the other board, as it is
    assert {score["version"] for score in inserted["scores"]} == {None}
    studio.following.crew.room.close(seconds=1)
    moved = revise(studio, board["id"], {"action": "move", "panel": "1", "to": 2}, 2).json()
    later = {score["name"]: score for score in moved["scores"]}
    assert later["continuity"] == now["continuity"] | {"version": 2}
    assert later["coverage"] == now["coverage"]
    page = studio.client.get(f"/boards/{board['id']}", headers={"Accept-Language": "ru"}).text
    assert "по версии 2" in page
