"""The gates between challenger and champion, as `mlflow/promotion.yaml` sets them.

Each gate looks at one thing and says passed or not, and why. Scores are compared item by item with the champion's, so
that luck with the items does not decide; the interval of the difference comes from resampling the items. Knows nothing
about MLflow: it is given files and numbers.
"""

import json
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

Scores = Mapping[str, Mapping[str, float]]
"""For each metric the score of each item of the test set."""

SCORES = "scores.json"
"""Where an evaluation's report keeps them."""

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
class Policy:
    """What a challenger has to show."""

    compare: Comparing
    max_bytes: int
    """The whole bundle's size."""
    evaluation: dict[str, Limit] = field(default_factory=dict)
    """Bounds on the evaluation's numbers, champion or not."""
    validation: dict[str, Limit] = field(default_factory=dict)
    """Bounds on the numbers of the data's validation."""


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


def read_scores(path: Path) -> tuple[str, Scores]:
    """The corpus digest and the scores by metric and item."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        scores = {
            metric: {str(item): float(score) for item, score in by.items()} for metric, by in value["scores"].items()
        }
        return str(value["corpus_digest"]), scores
    except FileNotFoundError as error:
        raise BadInput(
            f"{path} is not there: evaluate the models again with `python -m storywright.steps.evaluate`."
        ) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(
            f"{path} does not hold `corpus_digest` and `scores` by metric and item: evaluate again."
        ) from error


def judge(
    policy: Policy,
    bundle: Bundle,
    *,
    evaluation: Mapping[str, float],
    validation: Mapping[str, float],
    scores: Scores,
    champion_scores: Scores | None,
) -> tuple[list[Gate], list[Difference]]:
    """All gates for a bundle; `champion_scores` is None as long as there is no champion."""
    gates = [
        _safe_weights(bundle),
        _model_card(bundle, evaluation),
        _size(policy, bundle),
        _within("data", policy.validation, validation, "the data's validation"),
        _within("evaluation", policy.evaluation, evaluation, "the evaluation"),
    ]
    if champion_scores is None:
        free = "there is no champion to compare with"
        gates += [Gate(name="not worse", passed=True, reason=free), Gate(name="better", passed=True, reason=free)]
        return gates, []
    found = differences(policy.compare, scores, champion_scores)
    return gates + _comparison(policy.compare, found), found


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


def _comparison(compare: Comparing, found: list[Difference]) -> list[Gate]:
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


def _within(name: str, limits: Mapping[str, Limit], numbers: Mapping[str, float], source: str) -> Gate:
    wrong = []
    for metric, limit in limits.items():
        if metric not in numbers:
            wrong.append(f"{source} does not say {metric}")
        elif not limit.at_least <= numbers[metric] <= limit.at_most:  # NaN fails too
            wrong.append(f"{metric} is {numbers[metric]:g}, allowed are {limit.at_least:g} to {limit.at_most:g}")
    return Gate(name=name, passed=not wrong, reason="; ".join(wrong) or f"{len(limits)} bounds kept")
