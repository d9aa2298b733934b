"""Signing in through a provider of identities: a small real one on loopback, with keys and codes of its own."""

import base64
import hashlib
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from starlette.testclient import TestClient

from storywright.errors import BadInput
from storywright.server.access import Access
from storywright.server.app import make_app
from storywright.server.identity import Config
from storywright.settings import Settings

CLIENT, SECRET, STUDIO = "studio", "a-secret-of-the-client", "http://127.0.0.1:8000"


class House:
    """A provider: people are whoever `claims` says; `twist` makes it misbehave."""

    def __init__(self) -> None:
        self.key, self.codes = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}), dict[str, dict[str, str]]()
        self.claims: dict[str, Any] = {
            "sub": "7", "email": "anna@acme.example", "email_verified": True,
            "storywright_role": ["viewer", "editor"], "storywright_workspace": "acme",
        }  # fmt: skip
        self.twist: dict[str, Any] = {}
        self.app = FastAPI()
        self.app.get("/.well-known/openid-configuration")(self.discovery)
        self.app.get("/keys")(lambda: KeySet([self.key]).as_dict(private=False))
        self.app.get("/authorize")(self.authorize)
        self.app.post("/token")(self.token)
        self.url = ""

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.twist.get("issuer", self.url), "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
        }  # fmt: skip

    def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == CLIENT and "openid" in asked["scope"].split()
        code = hashlib.sha256(asked["state"].encode()).hexdigest()
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}")

    def token(
        self, request: Request, code: str = Form(), code_verifier: str = Form(), redirect_uri: str = Form()
    ) -> Response:
        asked = self.codes.pop(code, None)  # a code is good for once
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).decode().rstrip("=")
        if (
            asked is None or request.headers.get("authorization") != f"Basic {basic}"
            or challenge != asked["code_challenge"] or redirect_uri != asked["redirect_uri"]
        ):  # fmt: skip
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]
        } | self.claims | self.twist.get("claims", {})  # fmt: skip
        header = {"alg": "RS256", "kid": "one"} | self.twist.get("header", {})
        signed = jwt.encode(header, claims, self.twist.get("key", self.key), algorithms=["RS256", "HS256"])
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": signed})


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    house = House()
    server = uvicorn.Server(uvicorn.Config(house.app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    house.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield house
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture
def browser(house: House, own_environment: None) -> TestClient:
    house.twist = {}
    config = Config(
        discovery=f"{house.url}/.well-known/openid-configuration", client_id=CLIENT, client_secret=SECRET,
        public_url=STUDIO,
    )  # fmt: skip
    app = make_app(Settings.from_environment(), access=Access(provider=True, limits="off"), provider=config)
    return TestClient(app, base_url=STUDIO, follow_redirects=False)


def gone_and_back(browser: TestClient, target: str = "/") -> httpx.Response:
    """Go to the provider and come back, as a browser does."""
    sent = browser.get(f"/sign-in/with-provider?next={target}")
    assert sent.status_code == 303
    back = httpx.get(sent.headers["location"], follow_redirects=False).headers["location"]
    assert back.startswith(f"{STUDIO}/sign-in/callback?")
    return browser.get(back)


def test_the_claims_say_who_one_is_in_which_workspace_with_the_highest_of_the_roles(
    house: House, browser: TestClient
) -> None:
    assert browser.get("/api/v1/me").status_code == 401, "with a provider loopback is not free either"
    assert "127.0.0.1" in browser.get("/sign-in").text
    back = gone_and_back(browser, "/help")
    assert (back.status_code, back.headers["location"]) == (303, "/help")
    me = browser.get("/api/v1/me").json()
    assert (me["user"], me["workspace"], me["role"]) == ("anna@acme.example", "acme", "editor")


def test_a_way_back_is_good_for_once_and_in_the_browser_that_began_it(house: House, browser: TestClient) -> None:
    sent = browser.get("/sign-in/with-provider")
    back = httpx.get(sent.headers["location"], follow_redirects=False).headers["location"]
    stranger = TestClient(browser.app, base_url=STUDIO, follow_redirects=False)
    assert stranger.get(back).status_code == 403
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert browser.get(back).status_code == 303
    browser.cookies.set("storywright_sign_in", state, path="/sign-in/callback")
    assert browser.get(back).status_code == 403


OTHER = RSAKey.generate_key(2048, {"kid": "one"})


@pytest.mark.parametrize(
    "twist",
    [
        {"claims": {"aud": "another-client"}},
        {"claims": {"aud": ["studio", "another"], "azp": "another"}},
        {"claims": {"iss": "https://elsewhere.example"}},
        {"claims": {"nonce": "of another sign-in"}},
        {"claims": {"exp": 1}},
        {"claims": {"storywright_role": "owner"}},
        {"claims": {"storywright_workspace": "Not/A/Name"}},
        {"claims": {"storywright_workspace": None}},
        {"key": OTHER},
        {"header": {"alg": "HS256"}, "key": OctKey.import_key("0" * 64)},
        {"issuer": "https://elsewhere.example"},
    ],
    ids=[
        "another client",
        "another party",
        "another issuer",
        "another sign-in",
        "expired",
        "no role",
        "no workspace",
        "nothing said",
        "another key",
        "a shared secret",
        "an issuer that is not where it was asked",
    ],
)
def test_what_the_provider_did_not_say_about_this_sign_in_lets_nobody_in(
    house: House, browser: TestClient, twist: dict[str, Any]
) -> None:
    house.twist = twist
    sent = browser.get("/sign-in/with-provider")
    if sent.status_code != 303:
        assert sent.status_code == 503 and "issuer" in sent.text
        return
    back = httpx.get(sent.headers["location"], follow_redirects=False).headers["location"]
    answer = browser.get(back)
    assert answer.status_code == 403
    assert browser.get("/api/v1/me").status_code == 401


def test_a_provider_that_changed_its_keys_is_asked_for_the_new_ones(
    house: House, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gone_and_back(browser).status_code == 303
    monkeypatch.setattr(house, "key", RSAKey.generate_key(2048, {"kid": "two", "use": "sig"}))
    house.twist = {"header": {"kid": "two"}}
    assert gone_and_back(browser).status_code == 303


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"discovery": "https://id.example/"}, "ends in"),
        ({"discovery": "http://id.example/.well-known/openid-configuration"}, "begins with https"),
        ({"public_url": "http://studio.example"}, "begins with https"),
        ({"client_id": ""}, "STORYWRIGHT_OIDC_CLIENT_ID"),
    ],
)
def test_a_provider_that_anybody_between_could_imitate_is_refused(change: dict[str, str], said: str) -> None:
    usual = {
        "discovery": "https://id.example/.well-known/openid-configuration", "client_id": CLIENT,
        "public_url": "https://studio.example",
    }  # fmt: skip
    with pytest.raises(BadInput, match=said):
        Config(**(usual | change))
