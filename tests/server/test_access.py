"""Who may ask."""

import os
import socket
import subprocess
import sys

import pytest

from storywright.errors import BadInput
from storywright.server.access import Access

from .conftest import BRIEF, Start, Studio

KEY = "a-key-of-sixteen-letters"


def test_another_address_than_loopback_needs_a_key() -> None:
    with pytest.raises(BadInput, match="set STORYWRIGHT_API_KEY, or bind to 127"):
        Access(host="0.0.0.0")
    with pytest.raises(BadInput, match="fewer than 16"):
        Access(host="0.0.0.0", key="short")
    for host in ("127.0.0.1", "::1", "localhost", "127.0.0.53"):
        assert Access(host=host).loopback


def test_without_the_key_only_the_health_checks_answer(start: Start) -> None:
    studio = start(access=Access(host="0.0.0.0", key=KEY))
    for path in ("/", "/metrics", "/api/v1/models", "/static/studio.css"):
        refused = studio.client.get(path)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic")
    assert studio.client.get("/healthz").status_code == 200
    assert studio.client.get("/readyz").status_code == 200
    assert studio.client.get("/api/v1/models", headers={"Authorization": f"Bearer {KEY}"}).status_code == 200
    assert studio.client.get("/", auth=("anybody", KEY)).status_code == 200
    for wrong in ("Bearer other", "Bearer", "Basic !!!", f"Digest {KEY}", "Bearer ключ".encode()):
        assert studio.client.get("/api/v1/models", headers={"Authorization": wrong}).status_code == 401


def test_another_sites_page_cannot_use_the_studio_through_the_browser(studio: Studio) -> None:
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert studio.client.post("/api/v1/boards", json=BRIEF, headers=headers).status_code == 403
    own = {"Origin": studio.url, "Sec-Fetch-Site": "same-origin"}
    assert studio.client.post("/api/v1/images", json={"prompt": "a dog"}, headers=own).status_code == 200


def test_another_host_name_does_not_reach_a_server_on_loopback(studio: Studio) -> None:
    assert studio.client.get("/", headers={"Host": "elsewhere.example"}).status_code == 421
    assert studio.client.get("/", headers={"Host": "localhost:8000"}).status_code == 200


def test_a_request_that_is_too_large_or_of_unknown_size_is_refused(studio: Studio) -> None:
    assert studio.client.post("/api/v1/images", content=b"x" * ((1 << 20) + 1)).status_code == 413
    assert studio.client.post("/api/v1/images", content=iter([b"{", b"}"])).status_code == 413


def test_every_answer_forbids_what_the_page_does_not_need(studio: Studio) -> None:
    for path in ("/", "/api/v1/models", "/nothing", "/static/studio.css"):
        headers = studio.client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_busy_port_is_one_sentence_and_exit_code_2() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = serve("--port", str(port))
    assert done.returncode == 2
    assert done.stderr.strip().splitlines() == [
        f"storywright: The studio cannot be served at 127.0.0.1:{port}: another program uses the port; choose one with "
        f"`--port {port + 1}`, or end that program."
    ]


def test_an_open_address_without_a_key_is_one_sentence_and_exit_code_2() -> None:
    done = serve("--port", "0", "--host", "0.0.0.0")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def serve(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "STORYWRIGHT_API_KEY"}
    command = [sys.executable, "-m", "storywright", "serve", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
