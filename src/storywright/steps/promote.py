"""Register what was trained as one bundle, put it to the gates, and make it champion when it passes them all.

The gates stand in `mlflow/promotion.yaml`. The evaluation's report has to hold `scores.json`: the digest of the corpus
and, for each metric, the score of every test item. It is kept with the version, so that the next challenger is
compared on the same items without drawing them again. Knows nothing of how models are trained or scored.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storywright import files, registry
from storywright.registry import card, gates
from storywright.registry.bundle import ROLES
from storywright.registry.gates import Gate, Scores
from storywright.settings import Settings
from storywright.steps import command
from storywright.steps.contract import made_by, makes


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """How a challenger is judged."""

    policy: str
    """The file with the gates."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """The five parts of a bundle, and the evidence for them."""

    critic: Path = made_by("train_critic")
    illustrator: Path = made_by("train_illustrator")
    motion: Path = made_by("train_motion")
    writer: Path = made_by("train_writer")
    settings: Path = made_by("tune")
    evaluation: Path = made_by("evaluate", "metrics")
    report: Path = made_by("evaluate")
    validation: Path = made_by("validate", "metrics")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """What was decided, and why."""

    decision: Path = makes("decision.json")


def outside(config: Config) -> str:
    """Who is champion."""
    champion = registry.find(registry.CHAMPION, Settings.from_environment())
    return champion.digest if champion else ""


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Register, judge, and move the aliases."""
    policy, at = gates.read_policy(Path(config.policy)), Settings.from_environment()
    corpus_digest, scores = gates.read_scores(inputs.report / gates.SCORES)
    parts = {role: getattr(inputs, role) for role in ROLES}
    bundle = registry.Bundle.of(parts, corpus_digest)
    evaluation = _numbers(inputs.evaluation)
    version = registry.register(bundle, at)
    registry.attach(version, {gates.SCORES: inputs.report / gates.SCORES, "evaluation": inputs.report}, evaluation, at)

    champion = registry.find(registry.CHAMPION, at)
    already = champion is not None and champion.number == version
    if not already:
        registry.challenge(version, at)
    found, compared = gates.judge(
        policy,
        bundle,
        evaluation=evaluation,
        validation=_numbers(inputs.validation),
        scores=scores,
        champion_scores=None if champion is None or already else _scores_of(champion.number, at),
    )
    found.append(_not_rolled_back(version, at))
    refused = [gate for gate in found if not gate.passed]
    decision = {
        "version": version,
        "digest": bundle.digest,
        "digests": bundle.digests,
        "corpus_digest": corpus_digest,
        "champion_before": champion.number if champion and not already else None,
        "promoted": not refused,
        "why": _why(refused, version, already),
    }
    files.write_json(outputs.decision, decision | gates.decision_document(found, compared))
    _record(version, outputs.decision, decision, at)
    registry.describe(version, card.written(bundle, version, evaluation), at)
    if not refused:
        registry.promote(version, at)


def _scores_of(version: str, at: Settings) -> Scores:
    """The champion's scores; empty when nobody kept them, so that the gates say that nothing can be compared."""
    path = registry.attached(version, gates.SCORES, at)
    return gates.read_scores(path)[1] if path else {}


def _not_rolled_back(version: str, at: Settings) -> Gate:
    """Whoever went back from a version does not want it promoted by the next run of the pipeline."""
    found = registry.find(version, at)
    if found and found.tags.get(registry.ROLLED_BACK):
        reason = f"somebody went back from version {version}: train another, or promote it by hand"
        return Gate(name="not rolled back", passed=False, reason=reason)
    return Gate(name="not rolled back", passed=True, reason="nobody went back from it")


def _record(version: str, document: Path, decision: dict[str, Any], at: Settings) -> None:
    # The staged file carries a name of its own; with the version it is called what a reader looks for.
    registry.attach(version, {"decision.json": document}, settings=at)
    outcome = "passed" if decision["promoted"] else "failed"
    registry.tag(version, {"gates": outcome, "gates.why": str(decision["why"])[:4_000]}, at)


def _why(refused: list[Gate], version: str, already: bool) -> str:
    if refused:
        return "; ".join(f"{gate.name}: {gate.reason}" for gate in refused)
    return f"version {version} is the champion already" if already else "every gate passed"


def _numbers(path: Path) -> dict[str, float]:
    numbers: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return numbers


if __name__ == "__main__":
    command.main("promote")
