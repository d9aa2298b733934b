"""MLflow's webhooks: what makes it tell a server that an alias moved, and how the server knows that it was MLflow.

What a message says is not believed: it is only a reason to look at once into the registry, which is looked into every
few seconds anyway. The signature is that of MLflow 3: an HMAC of the delivery's id, its time and its body.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from storywright.errors import BadInput
from storywright.registry.versions import asking
from storywright.settings import Settings

SECRET = "STORYWRIGHT_REGISTRY_SECRET"
"""The variable with the secret that MLflow signs with."""
PATH = "/api/v1/hooks/registry"
_NAME = "storywright-aliases"
_SHORTEST_SECRET = 16
_OLDEST_SECONDS = 300


def register(url: str, secret: str, settings: Settings | None = None) -> str:
    """Make MLflow tell the server at this address; one that is told already gets the new secret."""
    place = urlsplit(url)
    if place.scheme not in ("http", "https") or not place.hostname:
        raise BadInput(f"{url!r} is not the address of a server: write https://studio.example.org.")
    check_secret(secret)
    if not secret:
        raise BadInput(f"Set {SECRET}, here and for the server, to a secret such as `openssl rand -hex 24` writes.")
    target = url.rstrip("/").removesuffix(PATH) + PATH
    at = settings or Settings.from_environment()
    with asking(at) as client:
        events: Any = ["model_version_alias.created", "model_version_alias.deleted"]
        for known in client.list_webhooks():
            if known.url == target:
                client.update_webhook(known.webhook_id, secret=secret, events=events, status="ACTIVE")
                return target
        client.create_webhook(name=_NAME, url=target, events=events, secret=secret)
    return target


def check_secret(secret: str) -> None:
    """Refuse a secret that can be guessed; none at all closes the door."""
    if secret and len(secret) < _SHORTEST_SECRET:
        raise BadInput(f"{SECRET} has fewer than {_SHORTEST_SECRET} characters: make one with `openssl rand -hex 24`.")


def is_signed(headers: Mapping[str, str], body: bytes, secret: str, now: float | None = None) -> bool:
    """Whether MLflow sent this, and lately; never where the secret is short or there is none."""
    identity, moment = headers.get("X-MLflow-Delivery-Id", ""), headers.get("X-MLflow-Timestamp", "")
    if len(secret) < _SHORTEST_SECRET or not moment.isascii() or not moment.isdecimal():
        return False
    if abs((time.time() if now is None else now) - int(moment)) > _OLDEST_SECONDS:
        return False
    content = f"{identity}.{moment}.".encode() + body
    expected = base64.b64encode(hmac.new(secret.encode(), content, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(f"v1,{expected}".encode(), headers.get("X-MLflow-Signature", "").encode())
