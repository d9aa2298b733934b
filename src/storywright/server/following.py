"""Which models are served: the champion, followed by asking the registry every few seconds.

A new champion is fetched, opened beside the old one in a drawing room of its own and tried; only then the next request
gets it, while requests under way finish with what they began. The crew before stays open, so that a rollback is served
at once. What cannot be used is refused, and service goes on with what it has: the models of now, else what was deployed
here last, else the embedded ones.
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
from storywright.server.desk import Desk
from storywright.server.drawing import asking, devices
from storywright.server.drawing.bench import Bench, Opener
from storywright.server.drawing.room import Host, Room
from storywright.server.drawing.work import Asker, Opened
from storywright.server.metrics import Metrics
from storywright.server.problems import NotReady
from storywright.settings import Settings
from storywright.studio.director import Drawing
from storywright.studio.models import Models
from storywright.watch import deployment

_LOG = logging.getLogger("storywright.server")
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
    room: Room
    """Where they draw."""
    opened: Opened
    models: Models
    """For somebody who waits for a single panel."""

    @property
    def drawing(self) -> Drawing:
        """How pictures are drawn, as tuned."""
        return self.opened.drawing

    def models_for(self, asker: Asker) -> Models:
        """The same models for another, whose turn may come later."""
        return asking.models(self.room, self.opened, asker)


class Following:
    """Keeps the crew that is served, and changes it when the champion changes."""

    def __init__(
        self, settings: Settings, metrics: Metrics, *, every_seconds: float = 10.0, opener: Opener | None = None
    ) -> None:
        """An `opener` opens the models in this process; without one, each device has a process of its own."""
        self._settings, self.metrics, self._every = settings, metrics, every_seconds
        self._hosts: Callable[[], list[Host]] = devices.processes if opener is None else lambda: [Bench(opener)]
        self.desk = Desk(metrics)
        self._crew: Crew | None = None
        self._before: Crew | None = None
        self._rooms: list[Room] = []
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
        """Whether anybody serves, and can draw."""
        return self._crew is not None and self._crew.room.ready

    def start(self) -> None:
        """Open the first crew and follow from then on."""
        self._thread.start()

    def stop(self) -> None:
        """Follow no longer; what waits to be drawn is drawn."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        for room in self._rooms:
            room.close()

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
        crew = None
        try:
            folder = registry.fetch(champion.number, self._settings)
            crew = self._opened(folder, champion.number, champion.digest, "registry")
            previous = registry.find(registry.PREVIOUS, self._settings)
            deployment.write(deployment.document(folder, champion.number, previous, self._settings), self._settings)
        except BadInput as error:
            if crew is not None and crew is not self._before:
                crew.room.close()
            self.metrics.swaps.labels("refused").inc()
            self._refused = _Refusal(champion=champion.digest, why=str(error), at=time.monotonic())
            return str(error)
        self._refused = None
        self._serve(crew)
        return ""

    def _fall_back(self) -> str:
        """The first crew when no champion can be used: what was deployed here last, else the embedded models."""
        notice = ""
        try:
            if last := deployment.read(self._settings):
                self._serve(self._opened(last.folder, last.version, last.digest, "deployment"))
                return ""
        except BadInput as error:
            notice = str(error)
        try:
            self._serve(self._opened(None, "", "", "embedded"))
        except BadInput as error:
            notice = str(error)
        return notice

    def _opened(self, folder: Path | None, version: str, digest: str, origin: str) -> Crew:
        """Open a crew beside the one that serves; the one that served before is open still."""
        if self._before and (self._before.version, self._before.digest) == (version, digest):
            return self._before
        room = Room(self.desk, self._hosts())
        opened = room.open(folder, version)
        models = asking.models(room, opened, Asker(kind="redraw"))
        return Crew(version=version, digest=digest, origin=origin, room=room, opened=opened, models=models)

    def _serve(self, crew: Crew) -> None:
        self._crew, self._before = crew, self._crew
        kept = [one.room for one in (self._crew, self._before) if one]
        for room in self._rooms:
            if room not in kept:
                room.rest()  # a board may still be drawn there
        self._rooms = [*dict.fromkeys([*self._rooms, crew.room])]
        self.metrics.swaps.labels("served").inc()
        self.metrics.model_ready.set(1)
        self.metrics.model.clear()
        self.metrics.model.labels(crew.version or "embedded", crew.digest[:12], crew.origin).set(1)
        _LOG.info("Serving %s", f"version {crew.version}" if crew.version else "the embedded models")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Refusal:
    champion: str
    why: str
    at: float
