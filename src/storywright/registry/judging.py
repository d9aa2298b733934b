"""Puts a version to the gates by what is kept with it, and sees to it that nobody else becomes champion.

The step `promote` judges what it has just registered; the command line, and a server that finds that somebody moved
the alias in MLflow, judge again from the registry, so that all go by the same gates. Knows nothing of who serves whom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storywright.errors import BadInput
from storywright.registry import bundle as bundles
from storywright.registry import evidence as papers
from storywright.registry import gates
from storywright.registry.bundle import Bundle
from storywright.registry.evidence import Evidence, Scores
from storywright.registry.gates import Champion, Difference, Gate, Policy
from storywright.registry.versions import (
    CHAMPION,
    RegistryAwayError,
    Version,
    fetch,
    find,
    go_back_by_hand,
    promote,
    put_back,
    standing,
    was_champion,
)
from storywright.registry.versions import papers as kept_papers
from storywright.settings import Settings

USUAL_POLICY = Path("mlflow/promotion.yaml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """How a version did at the gates."""

    gates: list[Gate]
    compared: list[Difference]
    champion: str | None
    """The version that it was compared with."""

    @property
    def passed(self) -> bool:
        """Whether every gate was passed."""
        return all(gate.passed for gate in self.gates)

    @property
    def why(self) -> str:
        """What refused it, in words."""
        refused = [f"{gate.name}: {gate.reason}" for gate in self.gates if not gate.passed]
        return "; ".join(refused) or "every gate passed"


def judge(
    policy: Policy,
    bundle: Bundle,
    evidence: Evidence,
    champion: Version | None,
    at: Settings,
    also: Sequence[Gate] = (),
) -> Judgement:
    """Put a bundle to the gates, beside a champion where there is one; `also` is what else was looked at."""
    beside = None
    if champion:
        scores = _scores_of(champion.number, at)
        beside = Champion(number=champion.number, digests=champion.digests, scores=scores)
    found, compared = gates.judge(policy, bundle, evidence, beside)
    return Judgement(gates=[*found, *also], compared=compared, champion=champion.number if champion else None)


def of_version(version: str, policy: Policy | None = None, settings: Settings | None = None) -> Judgement:
    """Put a registered version to the gates, by its files and papers as the registry has them now."""
    at = settings or Settings.from_environment()
    now = standing(at)
    champion = find(now.approved, at) if now.approved else None
    if champion and champion.number == version:
        champion = None
    chosen = policy or policy_of(champion.number if champion else version, at)
    folder = fetch(version, at)
    bundle = bundles.read(folder / bundles.BUNDLE_FILE, version).lying(folder)
    wanted = (papers.SCORES, papers.REPORT, papers.METRICS, papers.VALIDATION, papers.HUMAN)
    with kept_papers(version, wanted, at) as kept:
        _whole(kept, version)
        human = kept / papers.HUMAN
        evidence = papers.read(
            bundle,
            report=kept / papers.REPORT,
            metrics=kept / papers.METRICS,
            validation=kept / papers.VALIDATION,
            human=human if human.is_file() else None,
        )
    return judge(chosen, bundle, evidence, champion, at)


def settle(settings: Settings | None = None) -> tuple[Version | None, str]:
    """Who is champion, after a look at whether that was approved; and what there is to say about it.

    Where somebody moved the alias in MLflow, the version passes the same gates or the alias is put back, with the
    reason as a tag. Going back to the champion before needs none, as with `storywright models rollback`.
    """
    at = settings or Settings.from_environment()
    now = standing(at)
    if now.champion is None or not now.by_hand:
        if now.champion and now.unfinished:
            promote(now.champion.number, at)
        return now.champion, ""
    number = now.champion.number
    before = now.previous
    if before and before.number == number and was_champion(before):
        go_back_by_hand(at)
        return find(number, at), ""
    refused = _refusal(number, at)
    if not refused:
        promote(number, at)
        return find(number, at), ""
    stands = put_back(number, refused, at)
    said = f"version {stands} is champion again" if stands else "there is no champion"
    return (
        find(CHAMPION, at),
        f"Version {number} was made champion in MLflow and was put back ({refused}): {said}.",
    )


def policy_of(version: str, at: Settings) -> Policy:
    """The gates as they were when a version passed them; where none are kept with it, those of this folder."""
    with kept_papers(version, (papers.POLICY,), at) as kept:
        path = kept / papers.POLICY
        return gates.read_policy(path if path.is_file() else USUAL_POLICY)


def document(judgement: Judgement) -> dict[str, Any]:
    """The gates and comparisons as they stand in `decision.json`."""
    return gates.decision_document(judgement.gates, judgement.compared)


def _refusal(version: str, at: Settings) -> str:
    """Why a version may not be champion; empty when it may."""
    try:
        judgement = of_version(version, settings=at)
    except RegistryAwayError:
        raise  # nothing is known against it
    except BadInput as error:
        return str(error).rstrip(".")
    return "" if judgement.passed else judgement.why


def _scores_of(version: str, at: Settings) -> Scores:
    with kept_papers(version, (papers.SCORES,), at) as kept:
        path = kept / papers.SCORES
        return papers.read_scores(path)[1] if path.is_file() else {}


def _whole(kept: Path, version: str) -> None:
    for name in (papers.REPORT, papers.METRICS, papers.VALIDATION):
        if not (kept / name).exists():
            raise BadInput(
                f"Version {version} was never put to the gates ({name} is not kept with it): promote it through the "
                "pipeline."
            )
