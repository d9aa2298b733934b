"""Which models are served: the champion, followed by asking the registry every few seconds.

A new champion is fetched, opened beside the old one and tried; only then the next request gets it, while requests
under way finish with what they began. What cannot be used is refused, and service goes on with what it has: the models
of now, else what was deployed here last, else the embedded ones.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from storywright import registry
from storywright.errors import BadInput
from storywright.registry.versions import Version
from storywright.server.metrics import Metrics
from storywright.server.problems import NotReady
from storywright.settings import Settings
from storywright.studio.director import Drawing
from storywright.studio.models import Models
from storywright.watch import deployed, deployment, trial

_LOG = logging.getLogger("storywright.server")
_TRIAL_PROMPT = "a woman with long red hair and a yellow shirt stands in the park and holds a blue bottle, day"
_TRIAL_STEPS = 4
_RETRY_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Crew:
    """The models that serve a request from its beginning to its end."""

    version: str
    """In the registry; empty for the embedded models."""
    digest: str
    """Of the bundle; empty for the embedded models."""
    origin: str
    """registry, deployment (while the registry is away) or embedded."""
    models: Models
    drawing: Drawing


Opener = Callable[[Path | None, str], tuple[Models, Drawing]]


def open_crew(folder: Path | None, version: str) -> tuple[Models, Drawing]:
    """Open and try the bundle in a folder; the embedded models without one."""
    if folder is None:
        return Models.open(), Drawing()
    models, drawing = deployed.opened(folder, version)
    trial.try_out(models, prompt=_TRIAL_PROMPT, steps=_TRIAL_STEPS, seed=7, name=f"Version {version}")
    return models, drawing


class Following:
    """Keeps the crew that is served, and changes it when the champion changes."""

    def __init__(
        self, settings: Settings, metrics: Metrics, *, every_seconds: float = 10.0, opener: Opener = open_crew
    ) -> None:
        self._settings, self.metrics, self._every, self._open = settings, metrics, every_seconds, opener
        self._crew: Crew | None = None
        self._refused: _Refusal | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="following", daemon=True)
        self.notice = ""
        """Why what is served is not the champion; empty when all is well."""

    @property
    def crew(self) -> Crew:
        """Who serves now."""
        if self._crew is None:
            raise NotReady(self.notice or "The models are still being opened: try again in a few seconds.", 5)
        return self._crew

    @property
    def ready(self) -> bool:
        """Whether anybody serves."""
        return self._crew is not None

    def start(self) -> None:
        """Open the first crew and follow from then on."""
        self._thread.start()

    def stop(self) -> None:
        """Follow no longer."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def check(self) -> None:
        """Ask once who is champion, and change to it if it can be used."""
        champion, notice = None, ""
        try:
            champion = registry.find(registry.CHAMPION, self._settings)
            self.metrics.registry_up.set(1)
        except BadInput as error:
            self.metrics.registry_up.set(0)
            notice = str(error)
        if champion and not self._serves(champion):
            notice = self._change_to(champion)
        if self._crew is None:
            notice = " ".join(filter(None, (notice, self._fall_back())))
        if champion:
            self.metrics.champion_served.set(self._serves(champion))
        if notice and notice != self.notice:
            _LOG.warning("%s", notice)
        self.notice = notice

    def _follow(self) -> None:
        while not self._stopped.is_set():
            try:
                self.check()
            except Exception:  # noqa: BLE001 - whatever it is, the crew of now serves on, and the next look may go well
                _LOG.exception("Looking for a new champion failed")
            self._stopped.wait(self._every)

    def _serves(self, champion: Version) -> bool:
        return self._crew is not None and (self._crew.version, self._crew.digest) == (champion.number, champion.digest)

    def _change_to(self, champion: Version) -> str:
        """Serve the champion; returns why not, which is tried again after a while."""
        last = self._refused
        if last and last.champion == champion.digest and time.monotonic() - last.at < _RETRY_SECONDS:
            return last.why
        try:
            folder = registry.fetch(champion.number, self._settings)
            models, drawing = self._open(folder, champion.number)
            previous = registry.find(registry.PREVIOUS, self._settings)
            deployment.write(deployment.document(folder, champion.number, previous, self._settings), self._settings)
        except BadInput as error:
            self.metrics.swaps.labels("refused").inc()
            self._refused = _Refusal(champion=champion.digest, why=str(error), at=time.monotonic())
            return str(error)
        self._refused = None
        self._serve(champion.number, champion.digest, "registry", models, drawing)
        return ""

    def _fall_back(self) -> str:
        """The first crew when no champion can be used: what was deployed here last, else the embedded models."""
        notice = ""
        try:
            if last := deployment.read(self._settings):
                self._serve(last.version, last.digest, "deployment", *self._open(last.folder, last.version))
                return ""
        except BadInput as error:
            notice = str(error)
        try:
            self._serve("", "", "embedded", *self._open(None, ""))
        except BadInput as error:
            notice = str(error)
        return notice

    def _serve(self, version: str, digest: str, origin: str, models: Models, drawing: Drawing) -> None:
        self._crew = Crew(version=version, digest=digest, origin=origin, models=models, drawing=drawing)
        self.metrics.swaps.labels("served").inc()
        self.metrics.model_ready.set(1)
        self.metrics.model.clear()
        self.metrics.model.labels(version or "embedded", digest[:12], origin).set(1)
        _LOG.info("Serving %s", f"version {version}" if version else "the embedded models")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Refusal:
    champion: str
    why: str
    at: float
