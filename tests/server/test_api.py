"""The API over HTTP, on a real server and a real database."""

import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import text

from storywright.board import json_schemas
from storywright.studio.director import Drawing
from storywright.studio.models import Models
from storywright.watch import database, feedback

from .conftest import BRIEF, Start, Studio, _until, stand_in


def test_it_is_alive_and_ready_with_the_embedded_models_before_anything_is_promoted(studio: Studio) -> None:
    assert studio.client.get("/healthz").text == "ok\n"
    assert studio.client.get("/readyz").text == "ok, serving the embedded models\n"
    served = studio.client.get("/api/v1/models").json()
    assert (served["version"], served["origin"], served["notice"]) == ("", "embedded", "")
    assert [model["role"] for model in served["models"]] == ["critic", "illustrator", "writer"]


def test_it_is_alive_but_not_ready_while_no_models_can_be_opened(start: Start) -> None:
    from storywright.errors import BadInput

    def fails(*_: object) -> None:
        raise BadInput("The critic's folder starter/critic is not there: train one, or name another folder.")

    studio = start(opener=fails)
    assert studio.client.get("/healthz").status_code == 200
    answer = studio.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "critic's folder" in answer.json()["detail"]


def test_the_schemas_are_the_documents_own(studio: Studio) -> None:
    assert studio.client.get("/api/v1/schema").json() == json_schemas()


def test_a_picture_has_the_asked_aspect_and_the_same_words_and_seed_give_the_same_bytes(studio: Studio) -> None:
    wanted = {"prompt": "a dog in the park", "aspect": "9:16", "seed": 5}
    first, again = (studio.client.post("/api/v1/images", json=wanted) for _ in range(2))
    assert first.headers["content-type"] == "image/png"
    assert first.headers["x-storywright-version"] == "embedded"
    assert first.content == again.content
    width, height = Image.open(io.BytesIO(first.content)).size
    assert abs(width / height - 9 / 16) < 0.02
    assert studio.client.post("/api/v1/images", json=wanted | {"seed": 6}).content != first.content


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/api/v1/images", {"prompt": ""}, "Field prompt"),
        ("/api/v1/images", {"prompt": "a dog", "aspect": "wide"}, "two numbers such as 16:9"),
        ("/api/v1/images", {"prompt": "a dog", "colour": "red"}, "Field colour"),
        ("/api/v1/boards", {"title": "No product"}, "Field product"),
        ("/api/v1/boards", BRIEF | {"format": {"seconds": 3, "panels": 9}}, "at most 4 panels"),
        ("/api/v1/boards?candidates=9", BRIEF, "candidates"),
        ("/api/v1/feedback", {"board": "x", "kind": "choice"}, "dempotency"),
    ],
)
def test_what_a_program_gets_wrong_is_a_problem_that_names_the_field(
    studio: Studio, path: str, body: object, said: str
) -> None:
    answer = studio.client.post(path, json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 422
    assert said in problem["detail"]


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/v1/boards/no", "/api/v1/jobs/no", "/api/v1/boards/no/panels/p01.png"]
)
def test_what_is_not_there_is_a_404_problem(studio: Studio, path: str) -> None:
    answer = studio.client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_brief_becomes_boards_whose_documents_and_pictures_can_be_fetched(studio: Studio) -> None:
    order = studio.made(candidates=2)
    assert (order["state"], order["num_drawn"], order["num_panels"]) == ("done", 4, 4)
    assert len({board["id"] for board in order["boards"]}) == 2
    for board in order["boards"]:
        assert studio.client.get(f"/api/v1/boards/{board['id']}").json() == board
        for panel in board["panels"]:
            picture = studio.client.get(f"/api/v1/boards/{board['id']}/panels/{panel['id']}.png")
            assert Image.open(io.BytesIO(picture.content)).format == "PNG"
    unknown = studio.client.get(f"/api/v1/boards/{board['id']}/panels/p99.png")
    assert "its panels are p01, p02" in unknown.json()["detail"]


def test_an_order_that_takes_long_is_answered_at_once_and_looked_up_until_it_is_done(start: Start) -> None:
    studio = start(opener=lambda *_: (stand_in(seconds=0.1), Drawing(draws=1, steps=1)))
    answer = studio.client.post("/api/v1/boards", params={"wait": 0}, json=BRIEF)
    assert answer.status_code == 202
    while (state := studio.client.get(answer.headers["location"]).json())["state"] != "done":
        assert state["state"] in ("waiting", "working")
        time.sleep(0.05)
    assert len(state["boards"]) == 3


def test_the_same_key_is_the_same_order_also_on_another_server(start: Start) -> None:
    first, second = start(), start()
    headers = {"Idempotency-Key": "an-order"}
    answers = [
        studio.client.post("/api/v1/boards", json=BRIEF, headers=headers).json() for studio in (first, first, second)
    ]
    assert len({answer["id"] for answer in answers}) == 1
    assert answers[0]["boards"] == answers[2]["boards"]
    other = first.client.post("/api/v1/boards", json=BRIEF | {"title": "Another"}, headers=headers)
    assert "used for another order" in other.json()["detail"]


def test_an_order_that_cannot_be_drawn_says_why_and_the_next_one_is_drawn(start: Start) -> None:
    models = stand_in()
    works = models.illustrator.draw
    studio = start(opener=lambda *_: (models, Drawing(draws=1, steps=1)))

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("out of memory")

    studio.app.state.service.jobs.backoff_seconds = 0.01
    models.illustrator.draw = fails  # type: ignore[method-assign, assignment]
    answer = studio.client.post("/api/v1/boards", json=BRIEF)
    assert answer.status_code == 500
    assert "went wrong while drawing" in answer.json()["detail"]
    models.illustrator.draw = works  # type: ignore[method-assign]
    assert len(studio.made()["boards"]) == 3


def test_pictures_are_drawn_together_and_who_finds_the_desk_full_is_told_when_to_come_again(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storywright.server import desk

    monkeypatch.setitem(desk.PLACES, "image", 16)
    models = stand_in(seconds=0.15)
    studio = start(opener=lambda *_: (models, Drawing()))
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda n: studio.client.post("/api/v1/images", json={"prompt": f"dog {n}"}), range(40)))
    full = [answer for answer in answers if answer.status_code == 503]
    assert {answer.status_code for answer in answers} == {200, 503}
    assert len(answers) - len(full) >= 16
    assert all(1 <= int(answer.headers["retry-after"]) <= 20 for answer in full)
    assert models.illustrator.most_busy == 1  # type: ignore[attr-defined]
    batches = studio.client.get("/metrics").text.partition("storywright_drawing_batch_pictures_count ")[2]
    assert float(batches.split()[0]) < len(answers) - len(full), "fewer batches than pictures"
    assert studio.client.post("/api/v1/images", json={"prompt": "a dog"}).status_code == 200


def test_feedback_is_written_before_it_is_acknowledged_and_a_repeated_key_is_written_once(studio: Studio) -> None:
    board = studio.made()["boards"][0]
    said = {"board": board["id"], "panel": "p01", "kind": "rating", "value": "4", "user": "mia"}
    answers = [studio.client.post("/api/v1/feedback", json=said, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    written = list(feedback.read(database.engine(studio.settings.database_url)))
    assert [(one.key, one.value, one.user) for one in written] == [("k1", "4", "mia")]
    other = studio.client.post("/api/v1/feedback", json=said | {"value": "1"}, headers={"Idempotency-Key": "k1"})
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"board": "nothing"}, 404, "no board 'nothing'"),
        ({"panel": "p77"}, 404, "its panels are p01, p02"),
        ({"value": "6"}, 422, "from 1 to 5"),
        ({"kind": "applause"}, 422, "Field kind"),
        ({"kind": "choice"}, 422, "leave the panel out"),
        ({"kind": "edit", "value": " "}, 422, "the words"),
    ],
)
def test_feedback_about_nothing_is_refused(studio: Studio, change: dict[str, str], status: int, said: str) -> None:
    board = studio.made()["boards"][0]["id"]
    usual = {"board": board, "panel": "p01", "kind": "rating", "value": "4"}
    answer = studio.client.post("/api/v1/feedback", json=usual | change, headers={"Idempotency-Key": "k"})
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert not list(feedback.read(database.engine(studio.settings.database_url)))


def test_feedback_from_many_at_once_is_all_there(studio: Studio) -> None:
    board = studio.made()["boards"][0]["id"]

    def say(number: int) -> int:
        said = {"board": board, "kind": "choice", "user": f"user-{number}"}
        return studio.client.post("/api/v1/feedback", json=said, headers={"Idempotency-Key": str(number)}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(say, range(60))) == {201}
    assert len(list(feedback.read(database.engine(studio.settings.database_url)))) == 60


def test_a_commit_is_on_the_disk_when_it_returns(studio: Studio) -> None:
    with database.engine(studio.settings.database_url).connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL


def test_metrics_count_by_route_and_never_by_path(studio: Studio) -> None:
    for path in ("/api/v1/boards/one", "/api/v1/boards/two", "/somewhere/else", "/.env"):
        studio.client.get(path)
    text = studio.client.get("/metrics").text
    for route in ("/api/v1/boards/{board_id}", "unmatched"):
        asked = f'{{http_request_method="GET",http_response_status_code="404",http_route="{route}"}} 2.0'
        assert f"http_server_request_duration_seconds_count{asked}" in text
    assert "somewhere" not in text
    assert 'storywright_model_info{digest="",origin="embedded",version="embedded"} 1.0' in text


def test_a_request_under_way_when_the_server_stops_is_answered(start: Start) -> None:
    studio = start(opener=lambda *_: (stand_in(seconds=0.6), Drawing()))
    answers: list[int] = []
    asking = threading.Thread(
        daemon=True,
        target=lambda: answers.append(studio.client.post("/api/v1/images", json={"prompt": "a dog"}).status_code),
    )
    asking.start()
    time.sleep(0.2)
    studio.stop()
    asking.join(timeout=60)
    assert answers == [200]


def noting(studio_models: Models) -> list[str]:
    """The prompts that a stand-in draws, as it begins with them."""
    noted: list[str] = []
    draw = studio_models.illustrator.draw

    def noting_draw(prompts: list[str], **how: Any) -> Any:
        noted.extend(prompts)
        return draw(prompts, **how)

    studio_models.illustrator.draw = noting_draw  # type: ignore[method-assign, assignment]
    return noted


def asked_in_a_thread(studio: Studio, prompt: str) -> threading.Thread:
    asking = threading.Thread(target=studio.client.post, args=("/api/v1/images",), kwargs={"json": {"prompt": prompt}})
    asking.start()
    return asking


def test_a_picture_whose_client_has_gone_is_not_drawn(start: Start) -> None:
    models = stand_in(seconds=1.5)
    noted = noting(models)
    studio = start(opener=lambda *_: (models, Drawing()))
    first = asked_in_a_thread(studio, "first")
    _until(lambda: noted == ["first"])
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{studio.url}/api/v1/images", json={"prompt": "gone"}, timeout=0.3)
    assert studio.client.post("/api/v1/images", json={"prompt": "after"}).status_code == 200
    first.join()
    assert noted == ["first", "after"]


def test_a_picture_whose_turn_does_not_come_in_the_time_that_was_given_is_given_up(start: Start) -> None:
    models = stand_in(seconds=1.5)
    noted = noting(models)
    studio = start(opener=lambda *_: (models, Drawing()))
    first = asked_in_a_thread(studio, "first")
    _until(lambda: noted == ["first"])
    answer = studio.client.post("/api/v1/images", json={"prompt": "late"}, headers={"Prefer": "wait=1"})
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    first.join()
    assert noted == ["first"]


@pytest.mark.parametrize(
    ("method", "path", "how", "status"),
    [
        ("PUT", "/api/v1/images", {}, 405),
        ("POST", "/api/v1/jobs/x", {}, 405),
        ("POST", "/api/v1/images", {"content": "a dog", "headers": {"Content-Type": "text/plain"}}, 415),
        ("POST", "/api/v1/images", {"content": b"x" * (2 << 20), "headers": {"Content-Type": "application/json"}}, 413),
        ("POST", "/api/v1/images", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 422),
        ("POST", "/api/v1/manuscripts", {"data": {"author": "A. Chekhov"}}, 422),
        ("GET", "/api/v1/nothing", {}, 404),
    ],
)
def test_every_refusal_is_a_problem_document(
    studio: Studio, method: str, path: str, how: dict[str, Any], status: int
) -> None:
    answer = studio.client.request(method, path, **how)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    if status == 405:
        assert answer.headers["allow"] == {"/api/v1/images": "POST", "/api/v1/jobs/x": "DELETE, GET"}[path]


def test_a_manuscript_that_is_sent_becomes_a_board_whose_panels_point_at_its_sentences(studio: Studio) -> None:
    told = "Anna opened the door of the kitchen. She took a red bottle from the table. Then she ran into the street.\n"
    form = {"author": "Nobody", "public_domain": "true", "style": "flat", "panels": "2"}
    answer = studio.client.post(
        "/api/v1/manuscripts", data=form, files={"file": ("door.txt", told)}, headers={"Prefer": "wait=30"}
    )
    assert answer.status_code == 201, answer.text
    job = answer.json()
    assert (job["kind"], job["state"]) == ("adapt", "done")
    board = job["boards"][0]
    assert all(panel["source"]["quote"] in told for panel in board["panels"])
    assert studio.client.get(job["files"][0]).status_code == 200
    refused = studio.client.post("/api/v1/manuscripts", data={"author": "Somebody", "text": told})
    assert (refused.status_code, "right" in refused.json()["detail"]) == (422, True)


def test_a_manuscript_in_a_language_that_is_not_read_becomes_a_board_of_words_that_says_so(studio: Studio) -> None:
    told = "Marie sortit de la maison et elle ferma la porte. Le chat ne la suivit pas, et il dort."
    form = {"author": "Nobody", "public_domain": "true"}
    answer = studio.client.post(
        "/api/v1/manuscripts", data=form, files={"file": ("porte.txt", told)}, headers={"Prefer": "wait=30"}
    )
    assert answer.status_code == 201, answer.text
    board = answer.json()["boards"][0]
    assert "This manuscript is in French" in board["notices"][0]
    assert board["panels"][0]["action"].startswith("Marie sortit") and not board["panels"][0]["picture"]
    for path in (f"/boards/{board['id']}", f"/orders/{answer.json()['id']}"):
        page = studio.client.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 200 and "Marie sortit" in page.text


def test_the_description_has_an_example_for_every_body_and_says_what_errors_look_like(studio: Studio) -> None:
    document = studio.client.get("/api/v1/openapi.json").json()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert "default" in operation["responses"], (method, path)
            for kind, body in operation.get("requestBody", {}).get("content", {}).items():
                if kind.startswith("image/"):
                    continue
                schema = body["schema"]
                named = document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
                fields = named.get("properties", {}).values()
                shown = "example" in body or "examples" in body or "example" in named or "examples" in named
                assert shown or any("examples" in field for field in fields), (method, path)
