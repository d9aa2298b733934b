"""Who may ask: every route with nobody, a viewer, an editor, an admin, and somebody of another workspace."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount
from starlette.testclient import TestClient

from storywright.board import Brief, Panel, Product, Storyboard
from storywright.cli import storywright
from storywright.errors import BadInput
from storywright.server.access import Access
from storywright.server.app import make_app
from storywright.server.rules import OWNED, Rules, allows, unexplained
from storywright.server.service import Service
from storywright.settings import Settings
from storywright.studio import workspaces
from storywright.watch import boards, database
from storywright.watch.boards import Made

OPERATOR_KEY = "a-key-of-sixteen-letters"
JOB, ACME_JOB = "0123456789abcdef", "acme--0123456789abcdef"
PNG = b"\x89PNG acme's own picture"


class Office:
    """A studio with two workspaces, reached without a socket; nothing is drawn in it."""

    def __init__(self, access: Access | None = None, base_url: str = "http://studio.example") -> None:
        self.settings = Settings.from_environment()
        self.app = make_app(self.settings, access=access or Access(host="0.0.0.0", key=OPERATOR_KEY))
        self.base_url = base_url
        self.service: Service = self.app.state.service
        for job in (JOB, ACME_JOB):
            self._fill(job)
        self.keys: dict[str, str] = {}
        for workspace in ("studio", "acme"):
            for role in ("viewer", "editor", "admin"):
                _, token = self.service.door.keys.make(f"{role} {workspace}", workspace=workspace, role=role, days=1)
                self.keys[f"{workspace} {role}"] = token

    def client(self, who: str = "", **headers: str) -> TestClient:
        """Somebody's client: `acme viewer`, or nobody's."""
        if who:
            headers["Authorization"] = f"Bearer {self.keys.get(who, who)}"
        return TestClient(
            self.app, base_url=self.base_url, headers=headers, raise_server_exceptions=False, follow_redirects=False
        )

    def _fill(self, job: str) -> None:
        service = self.service.within(workspaces.of(job))
        service.jobs.ledger.enter(job, "boards", {"brief": {}, "candidates": 1}, user="mia", num_panels=1)
        service.jobs.cancel(job)
        brief = Brief(title=f"Morning Run of {job}", product=Product(name="Aqua Spark"))
        panel = Panel(id="p01", action="Mia runs.", picture="panels/01.png")
        board = Storyboard(id=f"{job}-1", title=f"Morning Run of {job}", brief=brief, panels=[panel])
        folder = self.settings.home / "boards" / board.id
        (folder / "panels").mkdir(parents=True)
        (folder / "panels" / "01.png").write_bytes(PNG)
        board.save(folder)
        made = Made(id=board.id, asked=job, brief=brief, folder=f"boards/{board.id}", version="", made_ms=1)
        boards.note(database.engine(self.settings.database_url), [made])
        service.store.add(board, {"panels/01.png": PNG + job.encode()}, job=job)


@pytest.fixture
def office(own_environment: None) -> Iterator[Office]:
    yield Office()


def routes(app: Any) -> list[tuple[str, str]]:
    found = []
    for way in iter_route_contexts([route for route in app.routes if not isinstance(route, Mount)]):
        found += [(method, str(way.path)) for method in sorted(way.methods or ()) if method != "HEAD"]
    return found


def filled(path: str, job: str) -> str:
    """An address with the ids of a job and its board in it."""
    values = {"board_id": f"{job}-1", "job_id": job, "order_id": job, "panel": "p01", "number": "1"}
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda match: values.get(match[1], "nothing"), path)


def test_every_route_is_closed_to_strangers_unless_it_says_otherwise(office: Office) -> None:
    rules, open_to_anybody = Rules(office.app.routes), []
    client = office.client()
    for method, path in routes(office.app):
        rule, _ = rules.find(method, filled(path, JOB))
        answer = client.request(method, filled(path, JOB))
        if rule.needs == "anybody":
            open_to_anybody.append(path)
            assert answer.status_code != 401 or path == "/sign-in", (method, path)
        else:
            assert answer.status_code == 401, (method, path, answer.status_code)
    assert client.get("/static/studio.css").status_code == 200
    assert client.get("/nothing").status_code == 401
    beyond = {path for path in open_to_anybody if not path.startswith(("/review/", "/v2/health/", "/sign-"))}
    assert beyond == {
        "/healthz",
        "/readyz",
        "/language",
        "/theme",
        "/api/v1/hooks/registry",
    }  # the last asks for a signature


def test_every_parameter_of_a_path_is_explained_or_the_route_is_for_operators(office: Office) -> None:
    rules = Rules(office.app.routes)
    for method, path in routes(office.app):
        rule, _ = rules.find(method, filled(path, JOB))
        if unexplained(path) and rule.needs != "operator":
            assert not set(re.findall(r"\{(\w+)", path)) & OWNED or rule.owned, path


def test_a_viewer_reads_and_changes_nothing(office: Office) -> None:
    client = office.client("studio viewer")
    rules = Rules(office.app.routes)
    for method, path in routes(office.app):
        rule, _ = rules.find(method, filled(path, JOB))
        if path.startswith("/sign-in"):  # it has refusals of its own
            continue
        answer = client.request(method, filled(path, JOB), headers={"Origin": office.base_url})
        allowed = rule.needs in ("anybody", "viewer")
        assert (answer.status_code == 403) is not allowed, (method, path, answer.status_code, answer.text[:200])


def test_an_editor_changes_what_is_theirs_and_administers_nothing(office: Office) -> None:
    client = office.client("studio editor")
    rules = Rules(office.app.routes)
    for method, path in routes(office.app):
        rule, _ = rules.find(method, filled(path, JOB))
        if method == "DELETE" and "feedback" not in path:
            continue
        if path.startswith("/sign-in"):  # it has refusals of its own
            continue
        answer = client.request(method, filled(path, JOB))
        allowed = rule.needs in ("anybody", "viewer", "editor")
        assert (answer.status_code == 403) is not allowed, (method, path, answer.status_code, answer.text[:200])


def test_nothing_of_another_workspace_can_be_named_listed_or_looked_at(office: Office) -> None:
    client = office.client("studio admin")
    rules = Rules(office.app.routes)
    for method, path in routes(office.app):
        rule, _ = rules.find(method, filled(path, ACME_JOB))
        answer = client.request(method, filled(path, ACME_JOB))
        if rule.owned:
            assert answer.status_code == 404, (method, path, answer.status_code)
        elif "audit" not in path:
            assert "Morning Run of acme" not in answer.text, (method, path)
    client = office.client("acme admin")
    for method, path in routes(office.app):
        rule, _ = rules.find(method, filled(path, JOB))
        answer = client.request(method, filled(path, JOB))
        if rule.owned:
            assert answer.status_code == 404, (method, path, answer.status_code)
        if rule.needs == "operator":
            assert answer.status_code == 403, (method, path, answer.status_code)
        assert f"Morning Run of {JOB}" not in answer.text, (method, path)


def test_a_workspace_has_its_own_boards_pictures_feedback_and_idempotency_keys(office: Office) -> None:
    said = {"kind": "choice"}
    ours, theirs = office.client("studio editor"), office.client("acme editor")
    for client, job in ((ours, JOB), (theirs, ACME_JOB)):
        assert [one["id"] for one in client.get("/api/v1/boards").json()["boards"]] == [f"{job}-1"]
        picture = client.get("/api/v1/boards").json()["boards"][0]["picture"]
        assert client.get(picture).content == PNG + job.encode()
        other = theirs if client is ours else ours
        assert other.get(picture).status_code == 404
        written = client.post(
            "/api/v1/feedback", json=said | {"board": f"{job}-1"}, headers={"Idempotency-Key": "the same"}
        )
        assert written.status_code == 201, written.text
        foreign = other.post("/api/v1/feedback", json=said | {"board": f"{job}-1"}, headers={"Idempotency-Key": "k"})
        assert foreign.status_code == 404
    assert len(ours.get("/api/v1/feedback").json()["words"]) == 1


def test_a_route_with_a_parameter_that_nobody_explained_is_for_operators_only() -> None:
    from fastapi import FastAPI

    app = FastAPI()
    app.get("/vaults/{vault}")(lambda vault: vault)
    app.get("/shelves/{shelf}")(allows("viewer", free=("shelf",))(lambda shelf: shelf))
    rules = Rules(app.routes)
    assert rules.find("GET", "/vaults/1")[0].needs == "operator"
    assert rules.find("GET", "/shelves/1")[0].needs == "viewer"
    assert rules.find("DELETE", "/shelves/1")[0].needs == "viewer"


def test_a_plain_path_behind_a_pattern_has_the_rule_of_the_pattern_that_answers_it() -> None:
    from fastapi import FastAPI

    app = FastAPI()
    app.get("/boxes/{board_id}")(lambda board_id: board_id)
    app.get("/boxes/all")(allows("anybody")(lambda: "never asked"))
    assert Rules(app.routes).find("GET", "/boxes/all")[0].needs == "viewer"


def test_a_foreign_board_looks_as_one_that_is_not_there(office: Office) -> None:
    client = office.client("studio admin")
    foreign = client.get(f"/api/v1/boards/{ACME_JOB}-1").json()
    missing = client.get("/api/v1/boards/acme--none-1").json()
    assert foreign["detail"].replace(f"{ACME_JOB}-1", "X") == missing["detail"].replace("acme--none-1", "X")


@pytest.mark.parametrize(
    "wrong", ["Bearer other", "Bearer", "Basic dXNlcjprZXk=", f"Digest {OPERATOR_KEY}", "Bearer ключ".encode()]
)
def test_what_is_no_key_opens_nothing(office: Office, wrong: str | bytes) -> None:
    answer = office.client().get("/api/v1/models", headers={"Authorization": wrong})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="storywright"'


def test_another_address_than_loopback_needs_a_key_or_a_provider() -> None:
    with pytest.raises(BadInput, match="storywright keys make"):
        Access(host="0.0.0.0")
    with pytest.raises(BadInput, match="fewer than 16"):
        Access(host="0.0.0.0", key="short")
    with pytest.raises(BadInput, match="STORYWRIGHT_PROBE_KEY has fewer than 16"):
        Access(host="0.0.0.0", key=OPERATOR_KEY, probe_key="short")
    with pytest.raises(BadInput, match="give the probe another"):
        Access(host="0.0.0.0", key=OPERATOR_KEY, probe_key=OPERATOR_KEY)
    assert Access(host="0.0.0.0", keys_made=True) and Access(host="::", provider=True)
    for host in ("127.0.0.1", "::1", "localhost", "127.0.0.53"):
        assert Access(host=host).free


def test_the_probes_key_of_the_environment_opens_the_probes_workspace_and_no_other(own_environment: None) -> None:
    probe = "a-key-for-the-probe"
    client = Office(Access(host="0.0.0.0", key=OPERATOR_KEY, probe_key=probe)).client(probe)
    me = client.get("/api/v1/me").json()
    assert (me["user"], me["workspace"], me["role"]) == ("probe", "probe", "editor")
    assert client.get("/api/v1/boards").json()["boards"] == []
    assert client.get(f"/api/v1/boards/{JOB}-1").status_code == 404
    assert client.get("/metrics").status_code == 403
    assert client.post("/sign-in", data={"key": probe}).status_code == 401, "a person has a key of their own"


@pytest.mark.parametrize("variable", ["STORYWRIGHT_API_KEY", "STORYWRIGHT_PROBE_KEY", "STORYWRIGHT_REGISTRY_SECRET"])
def test_a_secret_that_can_be_guessed_keeps_a_server_from_starting_and_is_named(
    own_environment: None, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "short")
    done = CliRunner().invoke(storywright, ["serve", "--port", "0"])
    assert isinstance(done.exception, BadInput)
    assert str(done.exception).startswith(f"{variable} has fewer than 16 characters: make one with")


def test_a_person_exchanges_a_key_for_a_session_and_leaves_again(office: Office) -> None:
    page = {"Accept": "text/html"}
    browser = office.client()
    sent = browser.get("/?a=1", headers=page)
    assert sent.headers["location"] == "/sign-in?next=%2F%3Fa%3D1"
    assert browser.get("/sign-in?next=/boards/x").status_code == 200
    wrong = browser.post("/sign-in", data={"key": "nonsense", "next": "/"})
    assert wrong.status_code == 401
    signed = browser.post("/sign-in", data={"key": office.keys["studio editor"], "next": "//evil.example"})
    assert (signed.status_code, signed.headers["location"]) == (303, "/")
    cookie = signed.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie
    me = browser.get("/api/v1/me").json()
    assert (me["user"], me["role"], me["by"]) == ("editor studio", "editor", "session")
    assert browser.get("/api/v1/me").headers["cache-control"] == "private, no-cache"
    out = browser.post("/sign-out", headers={"Origin": office.base_url})
    assert out.headers["location"] == "/sign-in"
    browser.cookies.set("storywright", cookie.split("=", 1)[1].split(";")[0])
    assert browser.get("/api/v1/me").status_code == 401


def test_the_operators_sessions_end_when_the_operators_key_changes(own_environment: None) -> None:
    with_old = Office(Access(host="0.0.0.0", key=OPERATOR_KEY)).client()
    signed = with_old.post("/sign-in", data={"key": OPERATOR_KEY})
    secret = signed.headers["set-cookie"].split("=", 1)[1].split(";")[0]
    assert with_old.get("/api/v1/me").json()["user"] == "operator"
    for key, status in ((OPERATOR_KEY, 200), (f"another-{OPERATOR_KEY}", 401)):
        app = make_app(Settings.from_environment(), access=Access(host="0.0.0.0", key=key))
        later = TestClient(app, base_url="http://studio.example", cookies={"storywright": secret})
        assert later.get("/api/v1/me").status_code == status


def test_a_session_changes_nothing_without_saying_where_the_change_comes_from(office: Office) -> None:
    browser = office.client()
    browser.post("/sign-in", data={"key": office.keys["studio editor"]})
    change = {"remembers": True}
    assert browser.put("/api/v1/me", json=change).status_code == 403
    for headers in (
        {"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "same-origin", "Origin": "http://studio.example.evil"},
    ):  # fmt: skip
        assert browser.put("/api/v1/me", json=change, headers=headers).status_code == 403, headers
    assert browser.put("/api/v1/me", json=change, headers={"Origin": office.base_url}).status_code == 200


def test_under_tls_cookies_are_secure_and_browsers_are_told_to_stay_there(own_environment: None) -> None:
    office = Office(base_url="https://studio.example")
    browser = office.client()
    signed = browser.post("/sign-in", data={"key": office.keys["studio viewer"]})
    assert signed.headers["set-cookie"].startswith("__Host-storywright=")
    assert "Secure" in signed.headers["set-cookie"] and "Path=/" in signed.headers["set-cookie"]
    assert browser.get("/api/v1/me").status_code == 200
    assert "max-age=31536000" in browser.get("/api/v1/me").headers["strict-transport-security"]


def test_every_answer_forbids_what_the_page_does_not_need(office: Office) -> None:
    client = office.client("studio viewer")
    for path in ("/api/v1/models", "/nothing", "/static/studio.css", "/sign-in"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] in ("same-origin", "no-referrer")
        assert "strict-transport-security" not in headers


def test_no_template_holds_a_script_or_a_style_that_the_policy_would_refuse() -> None:
    from storywright.server.templates import PAGES

    for template in sorted(PAGES.glob("*.html")):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=", text), template.name


def test_another_sites_page_cannot_use_a_studio_on_loopback_through_the_browser(own_environment: None) -> None:
    client = Office(Access(), base_url="http://localhost:8000").client()
    wanted = {"remembers": False}
    client.cookies.set("studio_user", "mia")
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert client.put("/api/v1/me", json=wanted, headers=headers).status_code == 403
    assert client.put("/api/v1/me", json=wanted).status_code == 200
    assert client.get("/api/v1/me", headers={"Host": "elsewhere.example"}).status_code == 421
    assert client.get("/api/v1/me", headers={"Host": "[::1"}).status_code == 421
    assert client.get("/healthz", headers={"Host": "10.0.0.7:8000"}).status_code == 200


def test_a_studio_with_names_answers_to_no_other(own_environment: None) -> None:
    access = Access(host="0.0.0.0", key=OPERATOR_KEY, host_names=("studio.example",))
    client = Office(access).client("studio viewer")
    assert client.get("/api/v1/models", headers={"Host": "elsewhere.example"}).status_code == 421
    assert client.get("/api/v1/me").status_code == 200


def test_a_request_that_is_too_large_or_of_unknown_size_is_refused(office: Office) -> None:
    client = office.client("studio editor")
    assert client.post("/api/v1/images", content=b"x" * ((1 << 20) + 1)).status_code == 413
    assert client.post("/api/v1/images", content=iter([b"{", b"}"])).status_code == 413


def test_the_audit_log_says_who_did_what_and_cannot_be_changed(office: Office) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    client = office.client("acme editor")
    client.put("/api/v1/me", json={"remembers": True})
    client.delete(f"/api/v1/jobs/{JOB}")
    client.get("/api/v1/boards")
    assert client.get("/api/v1/audit").status_code == 403
    office.client().post("/sign-in", data={"key": "wrong"})
    acts = office.client("acme admin").get("/api/v1/audit").json()["acts"]
    assert [(act["user"], act["what"], act["status"]) for act in acts] == [
        ("editor acme", "GET /api/v1/audit", 403),
        ("editor acme", "DELETE /api/v1/jobs/{job_id}", 404),
        ("editor acme", "PUT /api/v1/me", 200),
    ]
    assert (acts[1]["about"], acts[1]["role"], acts[1]["by"]) == (f"job_id={JOB}", "editor", "key")
    assert {act["workspace"] for act in acts} == {"acme"}
    everything = office.client("studio admin").get("/api/v1/audit?limit=1").json()
    assert everything["next"]
    assert (everything["acts"][0]["what"], everything["acts"][0]["status"]) == ("POST /sign-in", 401)
    for change in ("UPDATE audit SET status = 200", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="append-only"), office.service.engine.begin() as connection:
            connection.execute(text(change))


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
    assert "storywright keys make" in done.stderr


def serve(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "STORYWRIGHT_API_KEY"}
    command = [sys.executable, "-m", "storywright", "serve", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
