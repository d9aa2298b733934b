"""Which models are served: the champion, followed by asking the registry every few seconds, or at once when it says so.

A new champion is fetched, opened beside the old one in a drawing room of its own and tried; only then requests get it,
all of them or by shares as the plan says (`rollout`), while requests under way finish with what they began. The crew
before stays open, so that a rollback is served at once: one that somebody decided, or this server itself because the
new crew fails, is slow or draws worse. What cannot be used is refused, and service goes on with what it has: the models
of now, else what was deployed here last, else the embedded ones.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from storywright import registry
from storywright.errors import BadInput
from storywright.registry import judging
from storywright.registry.traffic import PINNED
from storywright.registry.versions import Version
from storywright.server.desk import Desk
from storywright.server.drawing import asking, devices
from storywright.server.drawing.bench import Bench, Opener
from storywright.server.drawing.room import Host
from storywright.server.drawing.work import Asker, Opened
from storywright.server.figures import Figures, WatchedRoom
from storywright.server.metrics import Metrics
from storywright.server.problems import NotReady
from storywright.server.rollout import VARIABLE, Plan, Rollout, kind
from storywright.server.sampling import Sampling
from storywright.settings import Settings
from storywright.studio.director import Drawing
from storywright.studio.models import Models
from storywright.watch import deployment

_LOG = logging.getLogger("storywright.server")
_RETRY_SECONDS = 60.0
_LOOK_SECONDS = 0.2
"""Between two looks at how a new crew does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Crew:
    """The models that serve a request from its beginning to its end."""

    version: str
    """In the registry; empty for the embedded models."""
    digest: str
    """Of the bundle; empty for the embedded models."""
    origin: str
    """registry, deployment (while the registry is away) or embedded."""
    room: WatchedRoom
    """Where they draw, and what is known of how they do."""
    opened: Opened
    models: Models
    """For somebody who waits for a single panel."""
    folder: Path | None
    """Where they lie; None for the embedded ones."""

    @property
    def name(self) -> str:
        """As people call it."""
        return f"version {self.version}" if self.version else "the embedded models"

    @property
    def drawing(self) -> Drawing:
        """How pictures are drawn, as tuned."""
        return self.opened.drawing

    def models_for(self, asker: Asker) -> Models:
        """The same models for another, whose turn may come later."""
        return asking.models(self.room, self.opened, asker)


@dataclass(frozen=True, slots=True)
class _Serving:
    """Who serves; taken and replaced as a whole."""

    crew: Crew
    new: Crew | None = None
    """Gets a share of the requests, or none yet."""
    rollout: Rollout | None = None
    """How the newer of two crews does: `new`, or `crew` on its probation."""


class Following:
    """Keeps the crews that are served, and changes them when the champion changes."""

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        *,
        every_seconds: float = 10.0,
        opener: Opener | None = None,
        plan: Plan | None = None,
    ) -> None:
        """An `opener` opens the models in this process; without one, each device has a process of its own."""
        self._settings, self.metrics, self._every = settings, metrics, every_seconds
        self._bound = os.environ.get(PINNED, "")
        self._plan = Plan.parse(os.environ.get(VARIABLE, "")) if plan is None else plan
        self._hosts: Callable[[], list[Host]] = devices.processes if opener is None else lambda: [Bench(opener)]
        self.desk = Desk(metrics)
        self._serving: _Serving | None = None
        self._before: Crew | None = None
        self._rooms: list[WatchedRoom] = []
        self._refused: _Refusal | None = None
        self._withdrawing: tuple[str, str] | None = None
        """The version that failed in service and why, until the registry has heard it."""
        self._sampling: Sampling | None = None
        self._one_by_one = threading.Lock()
        self._stopped, self._woken = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._follow, name="following", daemon=True)
        self.notice = ""
        """Why what is served is not the champion; empty when all is well."""
        metrics.pictures.by_version = self._pictures_by_version

    @property
    def crew(self) -> Crew:
        """Who serves whoever has no name."""
        return self._now.crew

    def crew_for(self, who: str) -> Crew:
        """Who serves this user: while a new crew is tried, some get it, always the same ones."""
        now = self._now
        return now.new if now.new and now.rollout and now.rollout.has(who) else now.crew

    def crew_of(self, version: str) -> Crew | None:
        """The crew of a version, when it is served to anybody."""
        now = self._now
        crews = [now.crew, *([now.new] if now.new and now.rollout and now.rollout.stage.share else [])]
        return next((crew for crew in crews if crew.version == version), None)

    @property
    def coming(self) -> tuple[Crew, Rollout] | None:
        """The crew that is on its way into service or on probation there, and how it does."""
        now = self._serving
        return (now.new or now.crew, now.rollout) if now and now.rollout else None

    @property
    def ready(self) -> bool:
        """Whether anybody serves, and can draw."""
        return self._serving is not None and self._serving.crew.room.ready

    def start(self) -> None:
        """Open the first crew and follow from then on."""
        self._thread.start()

    def stop(self) -> None:
        """Follow no longer; what waits to be drawn is drawn."""
        self._stopped.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        if self._sampling:
            self._sampling.stop()
        for room in self._rooms:
            room.close()

    def look_now(self) -> None:
        """Ask the registry at once: somebody says that it changed."""
        self._woken.set()

    def check(self) -> None:
        """Ask once who is champion, and change to it if it can be used."""
        with self._one_by_one:
            self._check()

    def _check(self) -> None:
        champion, notice = None, ""
        try:
            self._withdraw()
            champion, notice = self._wanted()
            self.metrics.registry_up.set(1)
        except BadInput as error:
            self.metrics.registry_up.set(not isinstance(error, registry.RegistryAwayError))
            notice = str(error)
        if champion and not self._is_coming(champion):
            notice = " ".join(filter(None, (notice, self._change_to(champion))))
        if self._serving is None:
            notice = " ".join(filter(None, (notice, self._fall_back())))
        if champion:
            self.metrics.champion_served.set(self._is_coming(champion))
        elif not notice and self.crew.version:
            notice = f"The registry has no champion any longer: {self.crew.name} is served on."
        if notice and notice != self.notice:
            _LOG.warning("%s", notice)
        self.notice = notice

    def _wanted(self) -> tuple[Version | None, str]:
        """Who is to be served: the champion, or the version that this server is bound to."""
        if not self._bound:
            return judging.settle(self._settings)
        found = registry.find(self._bound, self._settings)
        return found, "" if found else f"{PINNED} names version {self._bound!r}, which the registry does not have."

    @property
    def _now(self) -> _Serving:
        if self._serving is None:
            raise NotReady(self.notice or "The models are still being opened: try again in a few seconds.", 5)
        return self._serving

    def _follow(self) -> None:
        while not self._stopped.is_set():
            self._woken.clear()
            try:
                self.check()
            except Exception:  # noqa: BLE001 - whatever it is, the crew of now serves on, and the next look may go well
                _LOG.exception("Looking for a new champion failed")
            self._wait()

    def _wait(self) -> None:
        """Until it is time to ask again; a new crew is looked at meanwhile."""
        until = time.monotonic() + self._every
        while not self._woken.is_set() and (left := until - time.monotonic()) > 0:
            if self.coming is None:
                self._woken.wait(left)
                continue
            self._woken.wait(min(left, _LOOK_SECONDS))
            try:
                with self._one_by_one:
                    self._look()
            except Exception:  # noqa: BLE001 - both crews serve on, and the next look may go well
                _LOG.exception("Looking at how the new models do failed")

    def _is_coming(self, champion: Version) -> bool:
        """Whether the champion is served, or on its way into service."""
        now = self._serving
        return now is not None and (_is(now.crew, champion) if now.new is None else _is(now.new, champion))

    def _change_to(self, champion: Version) -> str:
        """Serve the champion; returns why not, which is tried again after a while."""
        if self._withdrawing and self._withdrawing[0] == champion.number:
            return f"Version {champion.number} {self._withdrawing[1]}, which the registry has not heard yet."
        if self._serving and self._serving.new:
            self._give_up()  # another is champion before it was served to everybody
            if _is(self.crew, champion):
                return ""
        last = self._refused
        if last and last.champion == champion.digest and time.monotonic() - last.at < _RETRY_SECONDS:
            return last.why
        try:
            folder = registry.fetch(champion.number, self._settings)
            crew = self._opened(folder, champion.number, champion.digest, "registry")
        except BadInput as error:
            self.metrics.swaps.labels("refused").inc()
            self._refused = _Refusal(champion=champion.digest, why=str(error), at=time.monotonic())
            return str(error)
        self._refused = None
        now = self._serving
        if now is None or crew is self._before:  # the first one, or one that was served before
            return self._deploy(crew)
        return self._begin(now.crew, crew)

    def _begin(self, before: Crew, new: Crew) -> str:
        """Bring a new crew into service beside the one that serves."""
        self._stop_sampling()
        rollout = Rollout(self._plan, new.digest, new.room.figures, before.room.figures)
        self._sampling = Sampling(before.room, new.room)
        if rollout.stage.share == 1.0:
            return self._deploy(new, rollout)
        self._serving = _Serving(before, new, rollout)
        self._keep_rooms(before, new)
        self._enter(rollout)
        return ""

    def _enter(self, rollout: Rollout) -> None:
        """A stage begins."""
        now = self._now
        if self._sampling:
            self._sampling.shadow(rollout.stage.shadow)
        if rollout.stage.share == 1.0 and now.new:
            self.notice = self._deploy(now.new, rollout)
        self._show_shares()
        newer = now.new or now.crew
        _LOG.info("%s: %s", newer.name.capitalize(), rollout.stage.name)

    def _look(self) -> None:
        """See how a new crew does, and go on, end the watch, or go back."""
        if self.coming is None:
            return
        _, rollout = self.coming
        step = rollout.look()
        if step == "on":
            self._enter(rollout)
        elif step == "done":
            _LOG.info("%s stays", self.crew.name.capitalize())
            self._end_rollout()
        elif step == "back":
            self._go_back(rollout.reason)

    def _go_back(self, reason: str) -> None:
        """Serve the crew before, and let the registry know why."""
        now = self._now
        failed = now.new or now.crew
        self.metrics.rollbacks.labels(kind(reason)).inc()
        _LOG.error("%s failed in service and is gone back from (%s)", failed.name.capitalize(), reason)
        if now.new:
            self._give_up()
        elif self._before:
            self._deploy(self._before)
            self._before = None
            self._keep_rooms(self.crew)
        self._withdrawing = (failed.version, f"failed in service, {reason}")
        self._woken.set()  # the registry is told at once

    def _withdraw(self) -> None:
        """Let the version that failed be champion no longer; tried again until the registry has heard it."""
        if self._withdrawing:
            registry.withdraw(*self._withdrawing, self._settings)
            self._withdrawing = None

    def _give_up(self) -> None:
        """Serve the new crew to nobody."""
        self._end_rollout()
        self._keep_rooms(self.crew, self._before)

    def _end_rollout(self) -> None:
        """Whoever serves now serves everybody, and is not looked at any longer."""
        self._stop_sampling()
        self._serving = _Serving(self.crew)
        self._show_shares()

    def _stop_sampling(self) -> None:
        if self._sampling:
            self._sampling.stop()
            self._sampling = None

    def _deploy(self, crew: Crew, rollout: Rollout | None = None) -> str:
        """Write down what is found here when the registry is away, and serve it; returns what kept it from that."""
        try:
            if crew.folder is None:
                (self._settings.home / deployment.DEPLOYMENT).unlink(missing_ok=True)
            else:
                value = deployment.document(crew.folder, crew.version, self._previous(), self._settings)
                deployment.write(value, self._settings)
        except (BadInput, OSError) as error:
            problem = str(error)
        else:
            problem = ""
        self._serve(crew, rollout)
        return problem

    def _previous(self) -> Version | None:
        try:
            return registry.find(registry.PREVIOUS, self._settings)
        except BadInput:  # it is a note for people only
            return None

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
        room = WatchedRoom(self.desk, self._hosts(), Figures())
        opened = room.open(folder, version)
        models = asking.models(room, opened, Asker(kind="redraw"))
        return Crew(
            version=version, digest=digest, origin=origin, room=room, opened=opened, models=models, folder=folder
        )

    def _serve(self, crew: Crew, rollout: Rollout | None = None) -> None:
        """Let everybody get a crew; the one that served keeps its models open."""
        if rollout is None:
            self._stop_sampling()
        if self._serving:
            self._before = self._serving.crew
        self.notice = ""  # what it said was of the crew before
        self._serving = _Serving(crew, None, rollout)
        self._keep_rooms(crew, self._before)
        self.metrics.swaps.labels("served").inc()
        self.metrics.model_ready.set(1)
        self.metrics.model.clear()
        self.metrics.model.labels(crew.version or "embedded", crew.digest[:12], crew.origin).set(1)
        self._show_shares()
        _LOG.info("Serving %s", crew.name)

    def _keep_rooms(self, *crews: Crew | None) -> None:
        """Let all rooms but these rest: a board may still be drawn there."""
        kept = [crew.room for crew in crews if crew]
        self._rooms = [*dict.fromkeys([*self._rooms, *kept])]
        for room in self._rooms:
            if room not in kept:
                room.rest()

    def _pictures_by_version(self) -> dict[str, int]:
        """What users got from the crews that are open."""
        now = self._serving
        crews = [self._before, *([now.crew, now.new] if now else [])]
        return {crew.version or "embedded": crew.room.figures.num_given for crew in crews if crew}

    def _show_shares(self) -> None:
        shares = self.metrics.model_share
        shares.clear()
        if now := self._serving:
            share = now.rollout.stage.share if now.new and now.rollout else 0.0
            shares.labels(now.crew.version or "embedded").set(1 - share)
            if now.new:
                shares.labels(now.new.version).set(share)


def _is(crew: Crew, version: Version) -> bool:
    return (crew.version, crew.digest) == (version.number, version.digest)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Refusal:
    champion: str
    why: str
    at: float
