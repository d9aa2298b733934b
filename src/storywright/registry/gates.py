"""The gates between challenger and champion, as `mlflow/promotion.yaml` sets them.

Each gate looks at one thing and says passed or not, and why. Scores are compared item by item with the champion's, so
that luck with the items does not decide; the interval of the difference comes from resampling the items. Knows nothing
about MLflow: it is given a bundle and its evidence.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from pydantic import TypeAdapter, ValidationError

from storywright.errors import BadInput
from storywright.registry import card
from storywright.registry.bundle import Bundle
from storywright.registry.evidence import Evidence, Human, Scores

_RUNS_CODE = {
    ".bin",
    ".ckpt",
    ".h5",
    ".joblib",
    ".npy",
    ".npz",
    ".onnx",
    ".pb",
    ".pickle",
    ".pkl",
    ".pt",
    ".pth",
    ".py",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """Bounds on a number of the evaluation or the validation."""

    at_least: float = float("-inf")
    at_most: float = float("inf")

    def __post_init__(self) -> None:
        if self.at_least > self.at_most:
            raise ValueError(f"at_least {self.at_least:g} is above at_most {self.at_most:g}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """How a metric is compared with the champion's."""

    better: Literal["higher", "lower"] = "higher"
    tolerance: float = 0.0
    """So much worse is no matter, in the metric's own unit."""
    of_critic: bool = False
    """Whether the bundle's own critic scores it, so that two critics' scores say nothing beside each other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparing:
    """How challenger and champion are compared."""

    metrics: dict[str, Metric]
    confidence: float = 0.95
    resamples: int = 2_000
    min_items: int = 20
    """With fewer common items nothing is decided."""
    seed: int = 7

    def __post_init__(self) -> None:
        if not self.metrics:
            raise ValueError("compare needs at least one metric")
        if not 0.5 < self.confidence < 1:
            raise ValueError(f"confidence lies between 0.5 and 1, got {self.confidence:g}")
        if self.resamples < 100 or self.min_items < 2:
            raise ValueError("compare needs 100 resamples and 2 items or more")


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """When a blind comparison by people counts. There need not be one."""

    min_comparisons: int = 20
    """With fewer it is not finished, and says nothing."""
    min_people: int = 1
    win_rate: Limit = field(default_factory=lambda: Limit(at_least=0.5))
    """A challenger whose whole interval lies outside is refused."""

    def __post_init__(self) -> None:
        if self.min_comparisons < 1 or self.min_people < 1:
            raise ValueError("people needs 1 comparison by 1 person or more")


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What a challenger has to show."""

    compare: Comparing
    max_bytes: int
    """The whole bundle's size."""
    evaluation: dict[str, Limit] = field(default_factory=dict)
    """Bounds on the evaluation's numbers, champion or not."""
    validation: dict[str, Limit] = field(default_factory=dict)
    """Bounds on the numbers of the data's validation."""
    costs: dict[str, Limit] = field(default_factory=dict)
    """Bounds on what a panel and a caption cost: seconds and memory."""
    times_champion: dict[str, float] = field(default_factory=dict)
    """At most so many times what it costs with the champion, measured in turns on one machine."""
    behaviour_tests: int = 0
    """So many tests of behaviour have to have been decided. Whatever their number, none may have failed."""
    people: People = field(default_factory=People)

    def __post_init__(self) -> None:
        if self.behaviour_tests < 0 or any(times <= 0 for times in self.times_champion.values()):
            raise ValueError("behaviour_tests must not be negative, and times_champion must be positive")


@dataclass(frozen=True, kw_only=True, slots=True)
class Champion:
    """Whom a challenger has to match."""

    number: str
    digests: Mapping[str, str]
    """Of each part of its bundle."""
    scores: Scores
    """Empty where nobody kept them: then nothing can be compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """The outcome of one gate."""

    name: str
    passed: bool
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Challenger minus champion on the items both were scored on; positive is better."""

    metric: str
    challenger: float
    champion: float
    difference: float
    low: float
    high: float
    num_items: int

    @property
    def shown(self) -> str:
        """As a person reads it."""
        return f"{self.metric} {self.difference:+.4g} ({self.low:+.4g} to {self.high:+.4g} on {self.num_items} items)"


def read_policy(path: Path) -> Policy:
    """Read the gates from YAML."""
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
        return TypeAdapter(Policy).validate_python(value)
    except FileNotFoundError as error:
        raise BadInput(f"{path} does not exist: run this in the project's folder, or name the file.") from error
    except yaml.YAMLError as error:
        raise BadInput(f"{path} is not YAML: {' '.join(str(error).split())}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise BadInput(f"{path}, {where}: {first['msg'].removeprefix('Value error, ')}.") from error


def judge(
    policy: Policy, bundle: Bundle, evidence: Evidence, champion: Champion | None
) -> tuple[list[Gate], list[Difference]]:
    """All gates for a bundle; there is no champion before the first promotion."""
    gates = [
        _safe_weights(bundle),
        _model_card(bundle, evidence.evaluation),
        _size(policy, bundle),
        _within("data", policy.validation, evidence.validation, "the data's validation"),
        _evaluation(policy, bundle, evidence),
        _behaviour(policy, evidence),
        _costs(policy, evidence),
        _people(policy.people, evidence.human, champion),
    ]
    if champion is None:
        free = "there is no champion to compare with"
        gates += [Gate(name="not worse", passed=True, reason=free), Gate(name="better", passed=True, reason=free)]
        return gates, []
    ours, theirs, incomparable = _side_by_side(policy.compare, bundle, evidence, champion)
    found = differences(policy.compare, ours, theirs)
    return gates + _comparison(policy.compare, found, incomparable), found


def differences(compare: Comparing, challenger: Scores, champion: Scores) -> list[Difference]:
    """For each metric the mean difference on common items and its bootstrap interval."""
    found = []
    for name, metric in compare.metrics.items():
        ours, theirs = challenger.get(name, {}), champion.get(name, {})
        items = sorted(ours.keys() & theirs.keys())
        if len(items) < compare.min_items:
            continue
        a, b = np.array([ours[i] for i in items]), np.array([theirs[i] for i in items])
        gain = (a - b) if metric.better == "higher" else (b - a)
        low, high = _interval(gain, compare)
        found.append(
            Difference(
                metric=name,
                challenger=float(a.mean()),
                champion=float(b.mean()),
                difference=float(gain.mean()),
                low=low,
                high=high,
                num_items=len(items),
            )
        )
    return found


def decision_document(gates: list[Gate], found: list[Difference]) -> dict[str, Any]:
    """The gates and comparisons as they stand in `decision.json`."""
    return {"gates": [asdict(gate) for gate in gates], "compared": [asdict(difference) for difference in found]}


def _interval(gain: np.ndarray, compare: Comparing) -> tuple[float, float]:
    random = np.random.default_rng(compare.seed)
    means = gain[random.integers(len(gain), size=(compare.resamples, len(gain)))].mean(axis=1)
    tail = (1 - compare.confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def _side_by_side(
    compare: Comparing, bundle: Bundle, evidence: Evidence, champion: Champion
) -> tuple[Scores, Scores, list[str]]:
    """The scores of both, and the metrics that cannot be compared because two critics gave them."""
    beside = evidence.compared
    if beside and all(champion.digests.get(role) == digest for role, digest in beside.champion_models.items()):
        return beside.challenger, beside.champion, []
    if bundle.digests["critic"] == champion.digests.get("critic"):
        return evidence.scores, champion.scores, []
    foreign = [name for name, metric in compare.metrics.items() if metric.of_critic]
    return evidence.scores, champion.scores, foreign


def _comparison(compare: Comparing, found: list[Difference], incomparable: list[str]) -> list[Gate]:
    if incomparable:
        reason = (
            f"{', '.join(incomparable)} cannot be compared: the critics of champion and challenger differ; evaluate "
            "the challenger beside the champion"
        )
        return [Gate(name=name, passed=False, reason=reason) for name in ("not worse", "better")]
    if missing := sorted(compare.metrics.keys() - {difference.metric for difference in found}):
        reason = (
            f"{', '.join(missing)} cannot be compared: champion and challenger share fewer than {compare.min_items} "
            "scored items; evaluate both on the same test set"
        )
        return [Gate(name=name, passed=False, reason=reason) for name in ("not worse", "better")]
    worse = [d.shown for d in found if d.high < -compare.metrics[d.metric].tolerance]
    better = [d.shown for d in found if d.low > 0]
    return [
        Gate(
            name="not worse",
            passed=not worse,
            reason=f"worse than the champion: {'; '.join(worse)}" if worse else "no metric is significantly worse",
        ),
        Gate(
            name="better",
            passed=bool(better),
            reason=f"better than the champion: {'; '.join(better)}" if better else "no metric is significantly better",
        ),
    ]


def _safe_weights(bundle: Bundle) -> Gate:
    wrong = [name for name in bundle.files if Path(name).suffix.lower() in _RUNS_CODE]
    found = [name for name in bundle.files if name.endswith(".safetensors")]
    wrong += [name for name in found if card.header(_source_of(bundle, name)) is None]
    bare = [role for role in card.WEIGHTS if not any(name.startswith(f"{role}/") for name in found)]
    if wrong:
        reason = f"not plain safetensors: {', '.join(sorted(wrong)[:5])}"
    elif bare:
        reason = f"no safetensors in {', '.join(bare)}"
    else:
        reason = f"{len(found)} files of weights, all safetensors"
    return Gate(name="weights", passed=not wrong and not bare, reason=reason)


def _source_of(bundle: Bundle, name: str) -> Path:
    role, _, inner = name.partition("/")
    return bundle.sources[role] / inner


def _model_card(bundle: Bundle, evaluation: Mapping[str, float]) -> Gate:
    missing = card.lacking(bundle, evaluation)
    reason = f"its card would not say {', '.join(missing)}" if missing else "its card can say all it has to"
    return Gate(name="model card", passed=not missing, reason=reason)


def _size(policy: Policy, bundle: Bundle) -> Gate:
    reason = f"{bundle.num_bytes / 1e6:.1f} MB of {policy.max_bytes / 1e6:.1f} MB"
    return Gate(name="size", passed=bundle.num_bytes <= policy.max_bytes, reason=reason)


def _evaluation(policy: Policy, bundle: Bundle, evidence: Evidence) -> Gate:
    """It came to its end, is of these models, and scored enough items by every metric that is compared."""
    wrong = list(evidence.flaws)
    if evidence.corpus_digest != bundle.corpus_digest:
        wrong.append("it was made on another corpus than the models learned from")
    for metric in policy.compare.metrics:
        scores = evidence.scores.get(metric, {})
        if len(scores) < policy.compare.min_items:
            wrong.append(f"{metric} was given to {len(scores)} items, {policy.compare.min_items} are needed")
        elif not np.isfinite(list(scores.values())).all():
            wrong.append(f"{metric} of some items is not a number")
    if wrong:
        return Gate(name="evaluation", passed=False, reason="; ".join(wrong))
    return _within("evaluation", policy.evaluation, evidence.evaluation, "the evaluation")


def _behaviour(policy: Policy, evidence: Evidence) -> Gate:
    tests = evidence.behaviour or ()
    decided = [test for test in tests if test.decided]
    failed = [f"{test.name} ({test.why})" for test in decided if not test.passed]
    if failed:
        reason = f"failed: {'; '.join(failed[:5])}"
    elif len(decided) < policy.behaviour_tests:
        reason = f"{len(decided)} tests of behaviour were decided, {policy.behaviour_tests} are needed"
    else:
        reason = f"{len(decided)} tests of behaviour held"
    return Gate(name="behaviour", passed=not failed and len(decided) >= policy.behaviour_tests, reason=reason)


def _costs(policy: Policy, evidence: Evidence) -> Gate:
    ours, theirs = evidence.costs or {}, evidence.champion_costs or {}
    gate = _within("costs", policy.costs, ours, "the evaluation")
    wrong = [] if gate.passed else [gate.reason]
    for name, most in policy.times_champion.items():
        if name in theirs and not ours.get(name, float("nan")) <= most * theirs[name]:  # nothing said fails too
            times = ours.get(name, float("nan")) / theirs[name] if theirs[name] else float("inf")
            wrong.append(f"{name} is {times:.2f} times the champion's, allowed are {most:g}")
    return Gate(name="costs", passed=not wrong, reason="; ".join(wrong) or gate.reason)


def _people(policy: People, human: Human | None, champion: Champion | None) -> Gate:
    """What people said counts where they said enough of it, about this champion."""
    if human is None:
        return Gate(name="people", passed=True, reason="people were not asked")
    said = f"{human.win_rate:.0%} of {human.comparisons} comparisons by {human.people} people"
    if champion is None or human.champion != champion.number:
        return Gate(name="people", passed=True, reason=f"it was compared with version {human.champion}: not counted")
    if human.comparisons < policy.min_comparisons or human.people < policy.min_people:
        return Gate(name="people", passed=True, reason=f"{said}: too few to count")
    inside = human.high >= policy.win_rate.at_least and human.low <= policy.win_rate.at_most
    reason = f"preferred in {said} ({human.low:.0%} to {human.high:.0%})"
    return Gate(name="people", passed=inside, reason=reason)


def _within(name: str, limits: Mapping[str, Limit], numbers: Mapping[str, float], source: str) -> Gate:
    wrong = []
    for metric, limit in limits.items():
        if metric not in numbers:
            wrong.append(f"{source} does not say {metric}")
        elif not limit.at_least <= numbers[metric] <= limit.at_most:  # NaN fails too
            wrong.append(f"{metric} is {numbers[metric]:g}, allowed are {limit.at_least:g} to {limit.at_most:g}")
    return Gate(name=name, passed=not wrong, reason="; ".join(wrong) or f"{len(limits)} bounds kept")
