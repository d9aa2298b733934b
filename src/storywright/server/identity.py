"""Signing in through a provider of identities: OpenID Connect, authorization code with PKCE.

The provider says who somebody is; its claims say in which workspace and with which role, and whoever has neither is not
let in. What is remembered between going there and coming back lies in the database, so that any server of the studio
can end what another began; the browser holds a word that binds the two. Knows nothing of routes and cookies.
"""

import hashlib
import ipaddress
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from sqlalchemy import BigInteger, Column, Engine, MetaData, String, Table, Text, delete, insert, select

from storywright.errors import BadInput
from storywright.server.callers import ROLES, Caller, Role
from storywright.studio import workspaces
from storywright.watch import database
from storywright.watch.database import now_ms

BACK = "/sign-in/callback"
_WAIT_SECONDS = 10.0
_REFRESH_SECONDS = 3_600.0
_ON_THE_WAY_MS = 10 * 60 * 1_000
_LEEWAY_SECONDS = 60
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""With a public key only: a shared secret, or none at all, proves nothing about who signed."""
_SUFFIX = "/.well-known/openid-configuration"

_TABLES = MetaData()
_ON_THE_WAY = Table(
    "sign_ins",
    _TABLES,
    Column("state", String(64), primary_key=True),  # SHA-256 of what the browser holds
    Column("verifier", String(128), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("next", Text, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """One provider, and what its claims mean here."""

    discovery: str
    """The URL that ends in /.well-known/openid-configuration (STORYWRIGHT_OIDC_DISCOVERY)."""
    client_id: str
    """As the provider knows this studio (STORYWRIGHT_OIDC_CLIENT_ID)."""
    client_secret: str = ""
    """Empty for a public client, which PKCE alone protects (STORYWRIGHT_OIDC_CLIENT_SECRET)."""
    public_url: str = ""
    """The address that people's browsers know the studio by (STORYWRIGHT_PUBLIC_URL)."""
    role_claim: str = "storywright_role"
    """A word or a list that has viewer, editor or admin in it (STORYWRIGHT_OIDC_ROLE_CLAIM)."""
    workspace_claim: str = "storywright_workspace"
    """The name of a workspace (STORYWRIGHT_OIDC_WORKSPACE_CLAIM)."""

    def __post_init__(self) -> None:
        if not self.client_id or not self.public_url:
            raise BadInput(
                "An identity provider needs STORYWRIGHT_OIDC_CLIENT_ID, and STORYWRIGHT_PUBLIC_URL with the address "
                "that browsers know the studio by."
            )
        if not self.discovery.endswith(_SUFFIX):
            raise BadInput(f"STORYWRIGHT_OIDC_DISCOVERY ends in {_SUFFIX}, and {self.discovery!r} does not.")
        for name, url in (("OIDC_DISCOVERY", self.discovery), ("PUBLIC_URL", self.public_url)):
            if not _safe(url):
                raise BadInput(f"STORYWRIGHT_{name} begins with https:// unless it is on loopback, got {url!r}.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Config | None":
        """The provider that the environment names; None when it names none."""
        if not environment.get("STORYWRIGHT_OIDC_DISCOVERY"):
            return None
        named = {
            "discovery": "OIDC_DISCOVERY", "client_id": "OIDC_CLIENT_ID", "client_secret": "OIDC_CLIENT_SECRET",
            "public_url": "PUBLIC_URL", "role_claim": "OIDC_ROLE_CLAIM", "workspace_claim": "OIDC_WORKSPACE_CLAIM",
        }  # fmt: skip
        given = {field: environment.get(f"STORYWRIGHT_{name}", "") for field, name in named.items()}
        return cls(**{field: value for field, value in given.items() if value})


class Provider:
    """One provider, asked about people."""

    def __init__(self, engine: Engine, config: Config) -> None:
        self._engine, self._config = engine, config
        self._lock, self._known, self._known_at = threading.Lock(), dict[str, Any](), 0.0
        database.make_tables(engine, _TABLES)

    @property
    def name(self) -> str:
        """The host that vouches."""
        return urlsplit(self._config.discovery).hostname or ""

    def begin(self, next_path: str) -> tuple[str, str]:
        """Where to send the browser, and the word that it has to come back with."""
        state, nonce, verifier, now = secrets.token_urlsafe(32), generate_token(32), generate_token(64), now_ms()
        with self._client() as client:
            url, _ = client.create_authorization_url(
                self._metadata()["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce
            )
        row = {
            "state": _digest(state), "verifier": verifier, "nonce": nonce, "next": next_path,
            "expires_ms": now + _ON_THE_WAY_MS,
        }  # fmt: skip
        with self._engine.begin() as connection:
            connection.execute(delete(_ON_THE_WAY).where(_ON_THE_WAY.c.expires_ms < now))
            connection.execute(insert(_ON_THE_WAY), row)
        return str(url), state

    def finish(self, *, state: str, code: str) -> tuple[Caller, str]:
        """Who came back, and where they wanted to go. A state is good for once."""
        with self._engine.begin() as connection:
            found = connection.execute(select(_ON_THE_WAY).where(_ON_THE_WAY.c.state == _digest(state))).first()
            connection.execute(delete(_ON_THE_WAY).where(_ON_THE_WAY.c.state == _digest(state)))
        if found is None or found.expires_ms < now_ms():
            raise BadInput("This way of signing in took too long or was used before: begin again.")
        claims = self._claims(code, found.verifier, found.nonce)
        return self._caller(claims), found.next

    def _claims(self, code: str, verifier: str, nonce: str) -> CodeIDToken:
        metadata = self._metadata()
        try:
            with self._client() as client:
                token = client.fetch_token(metadata["token_endpoint"], code=code, code_verifier=verifier)
            return self._read(str(token.get("id_token", "")), str(token.get("access_token", "")), nonce)
        except (OAuthError, JoseError, httpx.HTTPError, ValueError) as error:
            raise BadInput(f"{self.name} did not vouch for you ({_reason(error)}): begin again.") from error

    def _read(self, id_token: str, access_token: str, nonce: str) -> CodeIDToken:
        """The claims of a token that the provider signed for this studio and this sign-in."""
        token = None
        for fresh in (False, True):  # a provider may have changed its keys since they were read
            keys = KeySet.import_key_set(self._metadata(fresh=fresh)["keys"])
            try:
                token = jwt.decode(id_token, keys, registry=JWSRegistry(algorithms=_ALGORITHMS))
                break
            except (JoseError, ValueError):
                if fresh:
                    raise
        assert token is not None
        options = {
            "iss": {"essential": True, "value": self._metadata()["issuer"]},
            "aud": {"essential": True, "value": self._config.client_id},
            "nonce": {"essential": True, "value": nonce},
        }
        about = {"nonce": nonce, "client_id": self._config.client_id, "access_token": access_token}
        claims = CodeIDToken(token.claims, token.header, options, about)
        claims.validate(leeway=_LEEWAY_SECONDS)
        return claims

    def _caller(self, claims: Mapping[str, Any]) -> Caller:
        email = claims.get("email") if claims.get("email_verified", True) else None
        user = str(email or claims.get("preferred_username") or claims["sub"])[:64]
        role, workspace = _role(claims.get(self._config.role_claim)), claims.get(self._config.workspace_claim)
        if role is None or not isinstance(workspace, str):
            raise BadInput(
                f"{self.name} knows {user}, and says neither by {self._config.role_claim!r} nor by "
                f"{self._config.workspace_claim!r} what they may do here: ask whoever administers the accounts."
            )
        return Caller(user=user, workspace=workspaces.checked(workspace), role=role, by="session")

    def _metadata(self, *, fresh: bool = False) -> dict[str, Any]:
        """What the provider says of itself, and its public keys; asked for once an hour."""
        with self._lock:
            if self._known and not fresh and time.monotonic() - self._known_at < _REFRESH_SECONDS:
                return self._known
            try:
                with httpx.Client(timeout=_WAIT_SECONDS) as client:
                    said = client.get(self._config.discovery).raise_for_status().json()
                    self._check(said)
                    keys = client.get(said["jwks_uri"]).raise_for_status().json()
            except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                raise BadInput(
                    f"The identity provider {self.name} cannot be asked ({_reason(error)}): try again in a moment, or "
                    "sign in with a key."
                ) from error
            self._known, self._known_at = {**said, "keys": keys}, time.monotonic()
            return self._known

    def _check(self, said: Any) -> None:
        expected = self._config.discovery.removesuffix(_SUFFIX)
        if said["issuer"].rstrip("/") != expected:
            raise ValueError(f"its issuer is {said['issuer']!r} and not {expected!r}")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _safe(said[name]):
                raise ValueError(f"its {name} is not under https")

    def _client(self) -> OAuth2Client:
        config = self._config
        return OAuth2Client(
            client_id=config.client_id, client_secret=config.client_secret or None, scope="openid profile email",
            token_endpoint_auth_method="client_secret_basic" if config.client_secret else "none",
            redirect_uri=f"{config.public_url.rstrip('/')}{BACK}", code_challenge_method="S256", timeout=_WAIT_SECONDS,
        )  # fmt: skip


def _role(claim: Any) -> Role | None:
    """The highest of the roles that a claim names."""
    named = claim if isinstance(claim, list) else [claim]
    return next((role for role in reversed(ROLES) if role in named), None)


def _safe(url: Any) -> bool:
    """Whether nobody between can read along."""
    parts = urlsplit(str(url))
    return parts.scheme == "https" or (parts.scheme == "http" and _on_loopback(parts.hostname or ""))


def _on_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def _reason(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
