"""What speaks for a bundle: its evaluation, what the data's validation counted, and what people said.

It is read where the steps left it, or from what is kept with a version in the registry; both give the same. An
evaluation that did not end, or whose files belong to other models, is not refused here: `flaws` says what is wrong with
it, and a gate refuses. Knows nothing of MLflow, nor of what is good enough.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storywright import files
from storywright.errors import BadInput
from storywright.registry.bundle import Bundle

Scores = Mapping[str, Mapping[str, float]]
"""For each metric the score of each item of the test set."""

SCORES, BEHAVIOUR, COMPARED, COSTS, SEAL = (
    "scores.json", "behaviour.json", "compared.json", "costs.json", "evaluation.json",
)  # fmt: skip
"""Files of an evaluation's report; the last is written when all others are there."""
REPORT, METRICS, VALIDATION, HUMAN, POLICY = (
    "evaluation", "metrics.json", "validation.json", "human.json", "promotion.yaml",
)  # fmt: skip
"""Names under which papers are kept with a version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """How a test of behaviour went."""

    name: str
    passed: bool
    decided: bool
    """Whether there were enough cases to say."""
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """Challenger and champion on the same items, scored by one critic."""

    challenger: Scores
    champion: Scores
    champion_models: Mapping[str, str]
    """Who the champion was: the digest of each of its models."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Human:
    """What people preferred who did not know which was which."""

    champion: str
    """The version that it was compared with."""
    comparisons: int
    people: int
    win_rate: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Everything that the gates look at, besides the bundle itself."""

    corpus_digest: str
    scores: Scores
    evaluation: Mapping[str, float]
    validation: Mapping[str, float]
    behaviour: tuple[Behaviour, ...] | None = None
    """None where no behaviour was tested."""
    costs: Mapping[str, float] | None = None
    champion_costs: Mapping[str, float] | None = None
    """Measured in turns with the challenger's, on one machine."""
    compared: Compared | None = None
    human: Human | None = None
    flaws: tuple[str, ...] = field(default=())
    """Why the evaluation cannot be believed; empty when it ended and is of this bundle."""


def read(bundle: Bundle, *, report: Path, metrics: Path, validation: Path, human: Path | None = None) -> Evidence:
    """Read the papers; `bundle` is what they have to be about."""
    corpus_digest, scores = read_scores(report / SCORES)
    costs = _optional(report / COSTS)
    return Evidence(
        corpus_digest=corpus_digest,
        scores=scores,
        evaluation=numbers(metrics),
        validation=numbers(validation),
        behaviour=_behaviour(report / BEHAVIOUR),
        costs=_costs(report / COSTS, costs, "challenger"),
        champion_costs=_costs(report / COSTS, costs, "champion"),
        compared=_compared(report / COMPARED),
        human=read_human(human) if human else None,
        flaws=tuple(_flaws(bundle, report, _json(metrics))),
    )


def read_scores(path: Path) -> tuple[str, Scores]:
    """The corpus digest and the scores by metric and item."""
    value = _json(path)
    try:
        return str(value["corpus_digest"]), _scores(value["scores"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(
            f"{path} does not hold `corpus_digest` and `scores` by metric and item: evaluate again."
        ) from error


def read_human(path: Path) -> Human:
    """What people said."""
    value = _json(path)
    try:
        return Human(
            champion=str(value["champion"]),
            comparisons=int(value["comparisons"]),
            people=int(value["people"]),
            win_rate=float(value["win_rate"]),
            low=float(value["win_rate_low"]),
            high=float(value["win_rate_high"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path} does not say who won how many comparisons ({error}): write it again.") from error


def numbers(path: Path) -> dict[str, float]:
    """A flat file of numbers."""
    value = _json(path)
    try:
        return {str(name): float(number) for name, number in value.items()}
    except (TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{path} does not hold numbers by name: run the step that makes it again.") from error


def _flaws(bundle: Bundle, report: Path, evaluation: Mapping[str, Any]) -> list[str]:
    """What the seal says that is not so; the seal is written last, by an evaluation that came to its end."""
    if not (report / SEAL).is_file():
        return ["the evaluation did not come to its end: evaluate again"]
    seal = _json(report / SEAL)
    try:
        models, listed = dict(seal["models"]) | {"settings": seal["settings"]}, dict(seal["files"])
        metrics, complete = seal["metrics"], seal["complete"]
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{report / SEAL} does not say what was measured: evaluate again.") from error
    found = [] if complete is True else ["the evaluation did not come to its end: evaluate again"]
    others = sorted(role for role, digest in bundle.digests.items() if models.get(role) != digest)
    found += [f"the evaluation is of another {', '.join(others)}: evaluate again"] if others else []
    for name, digest in sorted(listed.items()):
        path = files.inside(report, name)
        if not path.is_file():
            found.append(f"{name} of the evaluation is missing")
        elif files.digest(path) != digest:
            found.append(f"{name} of the evaluation was altered")
    if files.digest_of(evaluation) != metrics:
        found.append("the evaluation's numbers were altered")
    return found


def _behaviour(path: Path) -> tuple[Behaviour, ...] | None:
    value = _optional(path)
    if value is None:
        return None
    try:
        return tuple(
            Behaviour(
                name=str(one["name"]), passed=one["passed"] is True, decided=one["decided"] is True, why=str(one["why"])
            )
            for one in value["tests"]
        )
    except (KeyError, TypeError) as error:
        raise BadInput(f"{path} does not say which test of behaviour passed: evaluate again.") from error


def _compared(path: Path) -> Compared | None:
    value = _optional(path)
    if value is None:
        return None
    try:
        return Compared(
            challenger=_scores(value["challenger"]["scores"]),
            champion=_scores(value["champion"]["scores"]),
            champion_models={str(role): str(digest) for role, digest in value["champion"]["models"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{path} does not hold the scores of challenger and champion: evaluate again.") from error


def _costs(path: Path, value: dict[str, Any] | None, whose: str) -> Mapping[str, float] | None:
    if value is None or value.get(whose) is None:
        return None
    try:
        return {str(name): float(number) for name, number in value[whose].items()}
    except (TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{path} does not hold what the {whose} costs: evaluate again.") from error


def _scores(value: Any) -> Scores:
    return {metric: {str(item): float(score) for item, score in by.items()} for metric, by in value.items()}


def _optional(path: Path) -> dict[str, Any] | None:
    return _json(path) if path.is_file() else None


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(
            f"{path} is not there: evaluate the models again with `python -m storywright.steps.evaluate`."
        ) from error
    except ValueError as error:
        raise BadInput(f"{path} is not JSON, or ends in the middle: run the step that makes it again.") from error
    if not isinstance(value, dict):
        raise BadInput(f"{path} must hold a mapping: run the step that makes it again.")
    return value
