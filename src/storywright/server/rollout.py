"""How a new champion comes into service: by shares of the requests, watched beside the one before, or back again.

A plan says the stages. In a stage `shadow 20%` nobody gets the new crew's pictures, it only draws a share of the
requests a second time; in a stage `10%` that share of the users gets them, always the same users. After the last stage
everybody does, and the new crew is on probation for as many pictures as a stage has. It is gone back from when it
fails significantly more often than the crew before it, draws significantly slower or worse. One bad look is not
enough, and a look needs new pictures to look at. Knows nothing of how crews are opened, nor of the registry.
"""

import hashlib
import re
import time
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from storywright.errors import BadInput
from storywright.server.figures import Figures, Seen

VARIABLE = "STORYWRIGHT_ROLLOUT"
_LEAST = 8
"""So many of both crews have to be seen before any of them is called worse."""
_Z = 2.326  # one-sided 99 %
_RESAMPLES, _CONFIDENCE = 400, 0.99
_STAGE = re.compile(r"(shadow\s+)?(\d+(?:\.\d+)?)\s*%")
_OPTION = re.compile(r"(pictures|every|strikes|errors|slower|worse)\s+(\d+(?:\.\d+)?)\s*(%?)")

_WHOLE = {"pictures", "every", "strikes"}

Step = Literal["wait", "on", "done", "back"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A part of the way."""

    share: float
    """Of the users who get the new crew; 0 in the shadow."""
    shadow: float = 0.0
    """Of the pictures that it draws a second time, for nobody."""

    @property
    def name(self) -> str:
        """As a plan writes it."""
        return f"shadow {self.shadow:.0%}" if self.shadow else f"{self.share:.0%}"


EVERYBODY = Stage(share=1.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The stages, and when it is gone back."""

    stages: tuple[Stage, ...] = ()
    """Before everybody gets the new crew; none: they do at once."""
    pictures: int = 40
    """So many have to be drawn in a stage before the next begins."""
    every: int = 5
    """So many new ones are waited for between two looks."""
    strikes: int = 2
    """Bad looks one after the other, after which it is gone back."""
    errors: float = 0.02
    """Failing so much more often is no matter."""
    slower: float = 1.5
    """So many times the seconds of the crew before are no matter."""
    worse: float = 0.3
    """Fitting the words so much worse is no matter, in standard deviations of the crew before."""

    def __post_init__(self) -> None:
        if self.pictures < 1 or self.every < 1 or self.strikes < 1:
            raise ValueError("pictures, every and strikes must be at least 1")
        if any(not 0 <= one.share < 1 or not 0 <= one.shadow <= 1 for one in self.stages):
            raise ValueError("a stage is a share from 0% to below 100%")

    @classmethod
    def parse(cls, text: str) -> "Plan":
        """Read `shadow 20%, 10%, 50%, pictures 40`."""
        stages: list[Stage] = []
        options: dict[str, Any] = {}
        for word in filter(None, (one.strip() for one in text.split(","))):
            if match := _STAGE.fullmatch(word):
                share = float(match[2]) / 100
                stages.append(Stage(share=0.0, shadow=share) if match[1] else Stage(share=share))
            elif match := _OPTION.fullmatch(word):
                number = float(match[2]) / (100 if match[3] else 1)
                options[match[1]] = int(number) if match[1] in _WHOLE else number
            else:
                raise BadInput(
                    f"{VARIABLE}: {word!r} is neither a stage (`shadow 20%`, `10%`) nor one of pictures, every, "
                    "strikes, errors, slower and worse with a number."
                )
        try:
            return cls(stages=tuple(stages), **options)
        except ValueError as error:
            raise BadInput(f"{VARIABLE}: {error}.") from error


class Rollout:
    """One way of a new crew into service."""

    def __init__(self, plan: Plan, name: str, new: Figures, before: Figures) -> None:
        self.name, self._plan, self._new, self._before = name, plan, new, before
        self._stages = [*plan.stages, EVERYBODY]
        self._at, self._began, self._looked = 0, new.num_pictures, new.num_pictures
        self.began_ms = self.stage_began_ms = _now_ms()
        """When it began, and when the stage did in which it is; in milliseconds since 1970."""
        self.strikes, self.reason = 0, ""
        self._alone = 0

    @property
    def stage(self) -> Stage:
        """Where it is."""
        return self._stages[self._at]

    @property
    def num_pictures(self) -> int:
        """Drawn in this stage."""
        return self._new.num_pictures - self._began

    @property
    def wanted(self) -> int:
        """To be drawn in this stage."""
        return self._plan.pictures

    def has(self, who: str) -> bool:
        """Whether this user gets the new crew; the same ones do for the whole stage and in all later ones."""
        if self.stage.share in (0.0, 1.0):
            return self.stage.share == 1.0
        if not who:  # a visitor without a name: every so many of them
            self._alone += 1
            return (self._alone * 0.6180339887498949) % 1 < self.stage.share
        digest = hashlib.sha256(f"{self.name} {who}".encode()).digest()
        return int.from_bytes(digest[:6]) / 2**48 < self.stage.share

    def look(self) -> Step:
        """What the pictures since the last look lead to."""
        if self._new.num_pictures - self._looked < self._plan.every:
            return "wait"
        self._looked = self._new.num_pictures
        if reason := worse(self._plan, self._new.seen(), self._before.seen()):
            self.strikes, self.reason = self.strikes + 1, reason
            return "back" if self.strikes >= self._plan.strikes else "wait"
        self.strikes, self.reason = 0, ""
        if self.num_pictures < self._plan.pictures:
            return "wait"
        if self._at + 1 == len(self._stages):
            return "done"
        self._at, self._began, self.stage_began_ms = self._at + 1, self._new.num_pictures, _now_ms()
        return "on"


def worse(plan: Plan, new: Seen, before: Seen) -> str:
    """In which way the new crew is significantly worse than the one before it; empty when in none."""
    return _errors(plan, new, before) or _slower(plan, new, before) or _fits_worse(plan, new, before)


def kind(reason: str) -> str:
    """Which of the three ways a reason is: errors, latency or quality."""
    return reason.partition(":")[0]


def _now_ms() -> int:
    return int(time.time() * 1_000)


def _errors(plan: Plan, new: Seen, before: Seen) -> str:
    if len(new.outcomes) < _LEAST:
        return ""
    usual = float(before.outcomes.mean()) if len(before.outcomes) >= _LEAST else 0.0
    if _least_rate(new.outcomes) <= usual + plan.errors:
        return ""
    failed, count = int(new.outcomes.sum()), len(new.outcomes)
    return f"errors: {failed} of {count} works failed, and {usual:.1%} with the crew before"


def _least_rate(outcomes: np.ndarray) -> float:
    """The lower end of Wilson's interval for a rate."""
    n, p = len(outcomes), float(outcomes.mean())
    middle, spread = p + _Z**2 / (2 * n), _Z * np.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    return float((middle - spread) / (1 + _Z**2 / n))


def _slower(plan: Plan, new: Seen, before: Seen) -> str:
    ours, theirs = new.seconds, before.seconds
    if min(len(ours), len(theirs)) < _LEAST or np.median(ours) <= plan.slower * np.median(theirs):
        return ""
    times = np.median(_resampled(ours, 1), axis=1) / np.maximum(np.median(_resampled(theirs, 2), axis=1), 1e-9)
    if np.quantile(times, 1 - _CONFIDENCE) <= plan.slower:
        return ""
    return f"latency: drawing takes {np.median(ours) / max(np.median(theirs), 1e-9):.1f} times as long as before"


def _fits_worse(plan: Plan, new: Seen, before: Seen) -> str:
    ours, theirs = new.fits, before.fits
    if min(len(ours), len(theirs)) < _LEAST:
        return ""
    ours = np.where(np.isfinite(ours), ours, -1.0)  # no number fits as badly as can be
    spread = max(float(theirs.std()), 1e-6)
    if ours.mean() >= theirs.mean() - plan.worse * spread:
        return ""
    lost = (_resampled(ours, 1).mean(axis=1) - _resampled(theirs, 2).mean(axis=1)) / spread
    if np.quantile(lost, _CONFIDENCE) >= -plan.worse:
        return ""
    return f"quality: pictures fit their words by {ours.mean():.3f}, and by {theirs.mean():.3f} with the crew before"


def _resampled(values: np.ndarray, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return values[random.integers(len(values), size=(_RESAMPLES, len(values)))]
