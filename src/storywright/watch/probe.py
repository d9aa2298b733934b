"""The probe: orders a small board over HTTP as a user would, looks whether it came whole, and says so to Prometheus.

It has at most one board under way, cancels one that takes too long, and sends the same brief each time, so that the
pictures are kept once however often they are drawn. Knows nothing of the server but its API.
"""

import io
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from prometheus_client import CollectorRegistry, Counter, Gauge

from storywright.errors import BadInput

if TYPE_CHECKING:
    import httpx

TITLE = "A probe of the studio"
"""Of its brief; boards of this title are nobody's wish, and are left out of drift."""
BRIEF = {
    "title": TITLE,
    "product": {"name": "Probe", "kind": "bottle", "description": "a blue bottle"},
    "format": {"seconds": 3, "panels": 2, "aspect": "16:9"},
    "style": "flat",
    "seed": 7,
}
STAGES = ("order", "making", "pictures")
_BLANK = 2.0
_LOOK_SECONDS = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Which studio is tried, how often and how patiently."""

    url: str
    """Of the studio."""
    key: str = ""
    """Of an editor; empty where none is needed."""
    every_seconds: float = 600.0
    """From the beginning of one try to that of the next."""
    patience_seconds: float = 240.0
    """After which a board that is not made has failed, and is cancelled."""

    def __post_init__(self) -> None:
        address = urlsplit(self.url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise BadInput(f"{self.url!r} is no address of a studio: give one such as http://127.0.0.1:8000.")
        if self.every_seconds < 60:
            raise BadInput("A probe more often than once a minute would be load: choose 60 s or more.")
        if not 1 <= self.patience_seconds <= 3_600:
            raise BadInput("The patience of a probe has to be from 1 to 3600 seconds.")


@dataclass(kw_only=True, slots=True)
class Try:
    """How one try went."""

    problem: str = ""
    """Why no board came whole; empty when one did."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Of each stage that was reached."""

    @property
    def total_seconds(self) -> float:
        """Of all stages together."""
        return sum(self.seconds.values())


class Probe:
    """Tries a studio, and keeps count."""

    def __init__(self, config: Config) -> None:
        self.config, self.registry = config, CollectorRegistry()
        self._success = self._gauge("success", "1 when the last try got a whole board.")
        self._seconds = self._gauge("seconds", "How long the last whole board took.")
        self._stage_seconds = Gauge(
            "storywright_probe_stage_seconds", "How long a stage of the last try took.", ["stage"],
            registry=self.registry,
        )  # fmt: skip
        self._last = self._gauge("last_try_timestamp_seconds", "When it last tried.")
        self._tries = Counter(
            "storywright_probe_tries", "Tries, by how they went.", ["outcome"], registry=self.registry
        )
        for outcome in ("whole", "failed"):
            self._tries.labels(outcome)

    def once(self) -> Try:
        """Order a board and look at what comes."""
        import httpx  # the step that measures drift knows the probe's title where there is no client

        found = Try()
        headers = {"Authorization": f"Bearer {self.config.key}"} if self.config.key else {}
        try:
            with httpx.Client(base_url=self.config.url, headers=headers, timeout=30) as client:
                self._make(client, found)
        except httpx.HTTPError as error:
            found.problem = f"{self.config.url} does not answer ({type(error).__name__}: {error})"
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            found.problem = f"{self.config.url} answers what no studio answers ({type(error).__name__}: {error})"
        self._note(found)
        return found

    def go_on(self, stopped: threading.Event, told: Callable[[Try], None]) -> None:
        """Try until it is stopped; `told` hears of each."""
        while not stopped.is_set():
            began = time.monotonic()
            told(self.once())
            stopped.wait(max(0.0, self.config.every_seconds - (time.monotonic() - began)))

    def _make(self, client: "httpx.Client", found: Try) -> None:
        began = time.monotonic()
        answer = client.post(
            "/api/v1/boards",
            params={"candidates": 1, "wait": 0},
            json=BRIEF,
            headers={"Idempotency-Key": f"probe-{uuid.uuid4().hex}"},
        )
        if not _fine(answer, "An order", found):
            return
        job = answer.json()["id"]
        found.seconds["order"] = time.monotonic() - began
        board = self._made(client, job, found)
        if board is not None:
            began = time.monotonic()
            found.problem = _fault(client, board)
            found.seconds["pictures"] = time.monotonic() - began

    def _made(self, client: "httpx.Client", job: str, found: Try) -> dict[str, object] | None:
        began = time.monotonic()
        while time.monotonic() - began < self.config.patience_seconds:
            answer = client.get(f"/api/v1/jobs/{job}")
            if not _fine(answer, "The job", found):
                return None
            said = answer.json()
            if said["state"] in ("failed", "cancelled"):
                found.problem = f"the job {job} {said['state']}: {said['problem'] or 'no reason is told'}"
                return None
            if said["state"] == "done":
                found.seconds["making"] = time.monotonic() - began
                (board,) = said["boards"]
                return dict(board)
            time.sleep(_LOOK_SECONDS)
        client.delete(f"/api/v1/jobs/{job}")
        found.problem = f"the board was not made within {self.config.patience_seconds:g} s, and was cancelled"
        return None

    def _note(self, found: Try) -> None:
        self._last.set(time.time())
        self._success.set(not found.problem)
        self._tries.labels("failed" if found.problem else "whole").inc()
        for stage in STAGES:
            self._stage_seconds.labels(stage).set(found.seconds.get(stage, float("nan")))
        if not found.problem:
            self._seconds.set(found.total_seconds)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"storywright_probe_{name}", text, registry=self.registry)


def _fine(answer: "httpx.Response", what: str, found: Try) -> bool:
    if answer.is_success:
        return True
    said = answer.json().get("detail", "") if "json" in answer.headers.get("content-type", "") else ""
    found.problem = f"{what} was answered with {answer.status_code}{f': {said}' if said else ''}"
    return False


def _fault(client: "httpx.Client", board: dict[str, object]) -> str:
    """What is wrong with a board; empty when nothing is."""
    panels = board["panels"]
    if not isinstance(panels, list) or len(panels) != BRIEF["format"]["panels"]:  # type: ignore[index]
        return f"the board has {len(panels) if isinstance(panels, list) else 'no'} panels instead of two"
    for panel in panels:
        answer = client.get(f"/api/v1/boards/{board['id']}/panels/{panel['id']}.png")
        if not answer.is_success:
            return f"the picture of panel {panel['id']} was answered with {answer.status_code}"
        with Image.open(io.BytesIO(answer.content)) as picture:
            if np.asarray(picture.convert("L"), dtype=np.float32).std() < _BLANK:
                return f"the picture of panel {panel['id']} is blank"
        if not str(panel["action"]).strip():
            return f"panel {panel['id']} has no words"
    return ""
