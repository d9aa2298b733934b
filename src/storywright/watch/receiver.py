"""From an alert to a retraining: what Alertmanager's webhook brings is looked through, and one is started once.

An alert counts when it fires, carries the label `retrain: "yes"`, and has not led to a retraining before. While one is
at work, or a cool-down has not passed since the last one, nothing is started, and the alert is looked at again when
Alertmanager repeats it. What could not be started is forgotten, so that it is tried again. Knows nothing of what
drifts, nor of how a retraining is done: that is the starter's.
"""

import dataclasses
import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

from storywright import files
from storywright.errors import BadInput

LABEL = "retrain"
"""The label that marks an alert which a retraining can put right; its value is `yes`."""
SIGNATURE = "X-Signature-256"
"""The header with `sha256=` and the hexadecimal HMAC of the body, for senders that sign instead of sending a token."""

_LOG = logging.getLogger("storywright.receiver")
_LARGEST_BYTES = 1 << 20
_MOST_REMEMBERED = 1_000
_SHORTEST_TOKEN = 16
_PATIENCE_SECONDS = 10
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class NotStartedError(Exception):
    """A retraining could not be started now; it may be tried again."""


class Starter(Protocol):
    """What starts retrainings."""

    def at_work(self) -> str:
        """The retraining that is at work, in words; empty when none is."""
        ...

    def start(self, reason: str) -> str:
        """Start one and say where it can be watched; raises NotStartedError."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Who may bring alerts, and how often one may lead to a retraining."""

    memory: Path
    """The file in which it is kept what was started and why, so that a restart starts nothing twice."""
    token: str = ""
    """What a sender has to know; empty: everybody who reaches the address may send."""
    cool_down_seconds: float = 24 * 3600.0
    """How long after a retraining no other is started."""

    def __post_init__(self) -> None:
        if self.token and len(self.token) < _SHORTEST_TOKEN:
            raise BadInput(
                f"The token in STORYWRIGHT_ALERTS_TOKEN has {len(self.token)} characters: "
                f"give it {_SHORTEST_TOKEN} or more, such as `openssl rand -hex 24` writes."
            )
        if self.cool_down_seconds < 0:
            raise BadInput(f"The cool-down must not be negative, got {self.cool_down_seconds:g} s.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sender is told."""

    status: HTTPStatus
    said: str


@dataclass(slots=True)
class _Memory:
    """What was started, and for which alerts."""

    started_at: float = 0.0
    reason: str = ""
    place: str = ""
    answered: dict[str, str] = dataclasses.field(default_factory=dict)
    """By the fingerprint of an alert, since when it fired when it led to a retraining."""


class Receiver:
    """Decides what an alert leads to; several threads may ask it."""

    def __init__(self, config: Config, starter: Starter, now: Callable[[], float] = time.time) -> None:
        self._config, self._starter, self._now = config, starter, now
        self._memory = _remembered(config.memory)
        self._one_by_one = threading.Lock()

    def alerts(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Look through what Alertmanager sent, and start a retraining where it asks for one."""
        if not self._may_send(headers, body):
            return Answer(
                HTTPStatus.UNAUTHORIZED, f"Send the token as `Authorization: Bearer …`, or sign: {SIGNATURE}."
            )
        try:
            sent = _alerts(body)
        except BadInput as error:
            return Answer(HTTPStatus.BAD_REQUEST, str(error))
        with self._one_by_one:
            answer = self._decided([one for one in sent if _asks(one)])
        _LOG.log(logging.INFO if answer.status < HTTPStatus.BAD_REQUEST else logging.ERROR, "%s", answer.said)
        return answer

    def notices(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Write down what concerns a person, for where nobody is told in another way."""
        if not self._may_send(headers, body):
            return Answer(
                HTTPStatus.UNAUTHORIZED, f"Send the token as `Authorization: Bearer …`, or sign: {SIGNATURE}."
            )
        try:
            sent = _alerts(body)
        except BadInput as error:
            return Answer(HTTPStatus.BAD_REQUEST, str(error))
        for one in sent:
            _LOG.warning("%s: %s %s", one["status"], _name(one), one.get("annotations", {}).get("summary", ""))
        return Answer(HTTPStatus.OK, f"{len(sent)} written down.")

    def health(self) -> dict[str, Any]:
        """What was started last, and whether it is at work."""
        kept = self._memory
        return {"last_started": kept.started_at or None, "reason": kept.reason, "place": kept.place}

    def _decided(self, asking: list[dict[str, Any]]) -> Answer:
        if not asking:
            return Answer(HTTPStatus.OK, f'Nothing to do: no alert fires with the label {LABEL}="yes".')
        new = [one for one in asking if self._memory.answered.get(one["fingerprint"]) != one["startsAt"]]
        if not new:
            return Answer(HTTPStatus.OK, f"Nothing to do: {_names(asking)} led to a retraining before.")
        if (left := self._memory.started_at + self._config.cool_down_seconds - self._now()) > 0:
            return Answer(HTTPStatus.OK, f"{_names(new)} waits: the cool-down lasts {left / 3600:.1f} h more.")
        try:
            if at_work := self._starter.at_work():
                return Answer(HTTPStatus.OK, f"{_names(new)} waits: {at_work} is at work.")
            place = self._starter.start(f"Alertmanager: {_names(new)}")
        except NotStartedError as error:
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, f"{_names(new)}: no retraining was started. {error}")
        self._remember(new, place)
        return Answer(HTTPStatus.ACCEPTED, f"{_names(new)}: a retraining was started, {place}.")

    def _remember(self, answered: list[dict[str, Any]], place: str) -> None:
        kept = self._memory.answered | {one["fingerprint"]: one["startsAt"] for one in answered}
        newest = dict(sorted(kept.items(), key=lambda one: one[1])[-_MOST_REMEMBERED:])
        self._memory = _Memory(self._now(), _names(answered), place, newest)
        files.write_json(self._config.memory, dataclasses.asdict(self._memory))

    def _may_send(self, headers: Mapping[str, str], body: bytes) -> bool:
        token = self._config.token.encode()
        if not token:
            return True
        signature = "sha256=" + hmac.new(token, body, hashlib.sha256).hexdigest()
        told, signed = headers.get("Authorization", ""), headers.get(SIGNATURE, "")
        return hmac.compare_digest(told.encode(), b"Bearer " + token) or hmac.compare_digest(
            signed.encode(), signature.encode()
        )


def serve(receiver: Receiver, host: str, port: int, *, token: str = "") -> ThreadingHTTPServer:
    """A server that hands what comes in to the receiver; call `serve_forever` on it."""
    if host not in _LOOPBACK and not token:
        raise BadInput(
            f"The receiver would listen at {host}, where others reach it, and asks nobody for a token: "
            "set STORYWRIGHT_ALERTS_TOKEN, or keep to --host 127.0.0.1."
        )
    try:
        return ThreadingHTTPServer((host, port), _handler(receiver))
    except OSError as error:
        raise BadInput(
            f"The receiver cannot listen at {host}:{port} ({error.strerror}): choose another --port or --host."
        ) from error


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    ways = {"/alerts": receiver.alerts, "/notices": receiver.notices}

    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE_SECONDS  # for a sender that says nothing

        def do_GET(self) -> None:
            if self.path != "/healthz":
                self._answer(HTTPStatus.NOT_FOUND, {"said": "There are /alerts, /notices and /healthz."})
                return
            self._answer(HTTPStatus.OK, receiver.health())

        def do_POST(self) -> None:
            way = ways.get(self.path)
            length = self.headers.get("Content-Length", "")
            if way is None:
                self._answer(HTTPStatus.NOT_FOUND, {"said": "There are /alerts, /notices and /healthz."})
            elif not length.isdigit():
                self._answer(HTTPStatus.LENGTH_REQUIRED, {"said": "Send a body with a Content-Length."})
            elif int(length) > _LARGEST_BYTES:
                self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"said": f"At most {_LARGEST_BYTES} bytes."})
            else:
                answer = way(dict(self.headers.items()), self.rfile.read(int(length)))
                self._answer(answer.status, {"said": answer.said})

        def log_message(self, form: str, *values: object) -> None:
            _LOG.debug(form, *values)

        def _answer(self, status: HTTPStatus, said: dict[str, Any]) -> None:
            content = json.dumps(said, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler


def _alerts(body: bytes) -> list[dict[str, Any]]:
    """The alerts of a message in the form of Alertmanager's webhook, version 4."""
    try:
        sent = json.loads(body)
        if sent["version"] != "4":
            raise BadInput(f"The message has version {sent['version']!r}: Alertmanager's webhook sends version 4.")
        found = [dict(one) for one in sent["alerts"]]
        for one in found:
            if not all(isinstance(one[key], str) and one[key] for key in ("status", "fingerprint", "startsAt")):
                raise ValueError
            if not all(isinstance(one.get(key, {}), dict) for key in ("labels", "annotations")):
                raise ValueError
    except BadInput:
        raise
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput(
            "The message is not one of Alertmanager's webhook: it needs `version` and `alerts`, each with `status`, "
            "`labels`, `startsAt` and `fingerprint`."
        ) from error
    return found


def _asks(alert: dict[str, Any]) -> bool:
    return bool(alert["status"] == "firing" and alert.get("labels", {}).get(LABEL) == "yes")


def _name(alert: dict[str, Any]) -> str:
    labels = alert.get("labels", {})
    return " ".join(str(labels[name]) for name in ("alertname", "column") if name in labels) or alert["fingerprint"]


def _names(alerts: list[dict[str, Any]]) -> str:
    return ", ".join(dict.fromkeys(_name(one) for one in alerts))[:500]


def _remembered(path: Path) -> _Memory:
    if not path.exists():
        return _Memory()
    try:
        return _Memory(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise BadInput(
            f"{path} is not what the receiver keeps there: remove it, and the next alert starts a retraining."
        ) from error
