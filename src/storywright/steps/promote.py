"""Register what was trained as one bundle, put it to the gates, and make it champion when it passes them all.

The gates stand in `mlflow/promotion.yaml`. What speaks for a version is kept with it: the evaluation's report with the
score of every test item, so that the next challenger is compared on the same items without drawing them again; what the
data's validation counted; and the gates themselves. Knows nothing of how models are trained or scored.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storywright import files, registry
from storywright.registry import card, evidence, gates, judging
from storywright.registry.bundle import ROLES
from storywright.registry.gates import Gate
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
    path, at = Path(config.policy), Settings.from_environment()
    policy = gates.read_policy(path)
    corpus_digest, _ = evidence.read_scores(inputs.report / evidence.SCORES)
    bundle = registry.Bundle.of({role: getattr(inputs, role) for role in ROLES}, corpus_digest)
    evidence.read(bundle, **_papers(inputs))  # what cannot be read is refused before anything is registered
    version = registry.register(bundle, at)
    _keep(version, path, inputs, at)

    champion, _ = judging.settle(at)
    already = champion is not None and champion.number == version
    if not already:
        registry.challenge(version, at)
    with registry.papers(version, (evidence.HUMAN,), at) as kept:
        human = kept / evidence.HUMAN
        found = evidence.read(bundle, **_papers(inputs), human=human if human.is_file() else None)
    also = [_not_rolled_back(version, at)]
    judgement = judging.judge(policy, bundle, found, None if already else champion, at, also)
    decision = {
        "version": version,
        "digest": bundle.digest,
        "digests": bundle.digests,
        "corpus_digest": corpus_digest,
        "champion_before": judgement.champion,
        "promoted": judgement.passed,
        "why": f"version {version} is the champion already" if already and judgement.passed else judgement.why,
    }
    files.write_json(outputs.decision, decision | judging.document(judgement))
    _record(version, outputs.decision, decision, at)
    registry.describe(version, card.written(bundle, version, found, judgement.gates), at)
    if judgement.passed:
        registry.promote(version, at)


def _papers(inputs: Inputs) -> dict[str, Path]:
    return {"report": inputs.report, "metrics": inputs.evaluation, "validation": inputs.validation}


def _keep(version: str, policy: Path, inputs: Inputs, at: Settings) -> None:
    """Keep the evidence with the version, and the gates that it was put to: it may have to be judged again."""
    kept = {
        evidence.REPORT: inputs.report,
        evidence.SCORES: inputs.report / evidence.SCORES,
        evidence.METRICS: inputs.evaluation,
        evidence.VALIDATION: inputs.validation,
        evidence.POLICY: policy,
    }
    registry.attach(version, kept, evidence.numbers(inputs.evaluation), at)


def _not_rolled_back(version: str, at: Settings) -> Gate:
    """Whoever went back from a version does not want it promoted by the next run of the pipeline."""
    found = registry.find(version, at)
    if found and found.tags.get(registry.ROLLED_BACK):
        why = found.tags[registry.ROLLED_BACK]
        reason = f"version {version} was gone back from ({why}): train another, or promote it by hand"
        return Gate(name="not rolled back", passed=False, reason=reason)
    return Gate(name="not rolled back", passed=True, reason="it was not gone back from")


def _record(version: str, document: Path, decision: dict[str, Any], at: Settings) -> None:
    # The staged file carries a name of its own; with the version it is called what a reader looks for.
    registry.attach(version, {"decision.json": document}, settings=at)
    outcome = "passed" if decision["promoted"] else "failed"
    registry.tag(version, {"gates": outcome, "gates.why": str(decision["why"])[:4_000]}, at)


if __name__ == "__main__":
    command.main("promote")
