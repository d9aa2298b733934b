"""`storywright models`: what the registry holds, and which version is served."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from storywright.errors import BadInput, needs_extra

if TYPE_CHECKING:
    from storywright.registry import Version
    from storywright.registry.evidence import Scores
    from storywright.registry.gates import Policy


@click.group()
def models() -> None:
    """The studio's models in the registry: list, show, compare, promote, roll back."""


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_versions(as_json: bool) -> None:
    """List the versions, the newest first."""
    from storywright import registry

    found = registry.versions()
    if as_json:
        print(json.dumps([_facts(version) for version in found], indent=2))
        return
    if not found:
        print("No version was registered yet; the embedded models are served.")
        return
    print(f"{'version':>7}  {'made':<16}  {'gates':<6}  {'bundle':<12}  aliases")
    for version in found:
        gates, aliases = version.tags.get("gates", "-"), ", ".join(version.aliases)
        print(f"{version.number:>7}  {_moment(version)}  {gates:<6}  {version.digest[:12]:<12}  {aliases}".rstrip())


@models.command()
@click.argument("version")
def show(version: str) -> None:
    """Show a VERSION (a number or an alias): its parts, its gates, why it was or was not promoted."""
    from storywright import registry

    found = _found(version)
    paper = registry.attached(found.number, "decision.json")
    decision = json.loads(paper.read_text(encoding="utf-8")) if paper else None
    print(json.dumps(_facts(found) | {"decision": decision}, indent=2, ensure_ascii=False))


@models.command()
@click.argument("version")
def path(version: str) -> None:
    """Fetch a VERSION, check its files, and print the folder it lies in."""
    from storywright import registry

    print(registry.fetch(version))


@models.command()
@click.argument("version")
@click.option("--despite", metavar="REASON", help="Promote a version that the gates refused, and keep the reason.")
def promote(version: str, despite: str | None) -> None:
    """Make a VERSION the champion. It has to pass the gates, as they are now, beside the champion of now."""
    from storywright import registry
    from storywright.registry import judging

    found = _found(version)
    if despite:
        registry.fetch(found.number)
        registry.tag(found.number, {"promoted_despite": despite})
    else:
        judgement = judging.of_version(found.number, _policy_here())
        if not judgement.passed:
            raise BadInput(
                f"Version {found.number} did not pass the gates ({judgement.why}): train a better one, go back with "
                "`storywright models rollback`, or promote it with `--despite REASON`."
            )
    registry.promote(found.number)
    print(_now_served(found.number))


@models.command()
@click.option("--reason", default="by hand", show_default=True, help="Kept with the version that is left.")
def rollback(reason: str) -> None:
    """Make the champion before this one the champion again."""
    from storywright import registry

    print(_now_served(registry.rollback(reason=reason)))


@models.command()
@click.argument("url")
def hook(url: str) -> None:
    """Let MLflow tell the server at URL at once when an alias moves, signed with STORYWRIGHT_REGISTRY_SECRET."""
    from storywright.registry import hooks

    where = hooks.register(url, os.environ.get(hooks.SECRET, ""))
    print(f"MLflow tells {where} when an alias of the models moves.")


@models.command()
@click.argument("version")
@click.option("--percent", type=click.IntRange(0, 100), required=True, help="Of the requests; 0: back again.")
def traffic(version: str, percent: int) -> None:
    """Give a VERSION a share of a cluster's requests: between `kubectl get … -o json` and `kubectl replace -f -`."""
    from storywright.registry import traffic as clusters

    try:
        service = json.loads(sys.stdin.read())
    except ValueError as error:
        raise BadInput("What came in is not JSON: pipe `kubectl get inferenceservice studio -o json` here.") from error
    changed = clusters.split(service if isinstance(service, dict) else {}, version, percent)
    print(json.dumps(changed, indent=2))


@models.command()
@click.argument("first", default="champion")
@click.argument("second", default="challenger")
@click.option("--policy", help="The file with the metrics; mlflow/promotion.yaml, or what FIRST was promoted by.")
def compare(first: str, second: str, policy: str | None) -> None:
    """Compare two versions on the items both were scored on; positive is better for SECOND."""
    from storywright.registry import gates, judging
    from storywright.settings import Settings

    read = gates.read_policy(Path(policy)) if policy else _policy_here()
    chosen = (read or judging.policy_of(_found(first).number, Settings.from_environment())).compare
    _warn_of_critics(_found(first), _found(second), [name for name, one in chosen.metrics.items() if one.of_critic])
    found = gates.differences(chosen, _scores(second), _scores(first))
    if not found:
        raise BadInput(f"{first} and {second} share fewer than {chosen.min_items} scored items: evaluate both again.")
    print(f"{'metric':<16} {first:>12} {second:>12} {'difference':>11}  {chosen.confidence:.0%} interval")
    for one in found:
        values = f"{one.metric:<16} {one.champion:>12.4f} {one.challenger:>12.4f} {one.difference:>+11.4f}"
        print(f"{values}  {one.low:+.4f} to {one.high:+.4f}, {one.num_items} items")


@models.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--onnx", "as_onnx", is_flag=True, required=True, help="As ONNX networks with weights of eight bits.")
@click.option("--illustrator", help="Another illustrator's folder than the embedded one's.")
@click.option("--steps", type=click.IntRange(1, 8), help="Export the network that was taught to draw in so many steps.")
def export(folder: Path, as_onnx: bool, illustrator: str | None, steps: int | None) -> None:
    """Write the illustrator into FOLDER for small devices; `storywright image --illustrator FOLDER` draws with it."""
    with needs_extra("train", "Exporting"), needs_extra("onnx", "Exporting"):
        from storywright.illustrator import onnx_export
        from storywright.illustrator.model import STARTER, Illustrator
    made = onnx_export.export(Illustrator.open(illustrator or STARTER), folder, steps=steps or 0)
    size = sum(path.stat().st_size for path in made.iterdir()) / 1e6
    print(f"{made}: {size:.1f} MB. Draw with it by `storywright image PROMPT --illustrator {made}`.")


def _found(version: str) -> "Version":
    from storywright import registry

    found = registry.find(version)
    if found is None:
        known = ", ".join(one.number for one in registry.versions()) or "none so far"
        raise BadInput(f"There is no version or alias {version!r}; the versions are {known}.")
    return found


def _scores(version: str) -> "Scores":
    from storywright import registry
    from storywright.registry import evidence

    paper = registry.attached(version, evidence.SCORES)
    if paper is None:
        raise BadInput(f"Version {version} was registered without scores: promote it through the pipeline.")
    return evidence.read_scores(paper)[1]


def _policy_here() -> "Policy | None":
    """The gates of this folder, where it has any."""
    from storywright.registry import gates, judging

    return gates.read_policy(judging.USUAL_POLICY) if judging.USUAL_POLICY.is_file() else None


def _warn_of_critics(first: "Version", second: "Version", names: list[str]) -> None:
    if names and first.digests.get("critic") != second.digests.get("critic"):
        print(f"{', '.join(names)}: each version's own critic gave these, which say little beside each other.")


def _now_served(version: str) -> str:
    """Deploy on this machine what was made champion, and say so."""
    from storywright import registry
    from storywright.settings import Settings
    from storywright.watch import deployment

    at = Settings.from_environment()
    folder = registry.fetch(version, at)
    deployment.write(deployment.document(folder, version, registry.find(registry.PREVIOUS, at), at), at)
    return f"Version {version} is champion; servers change to it within seconds."


def _facts(version: "Version") -> dict[str, Any]:
    return {
        "version": version.number,
        "aliases": list(version.aliases),
        "made": _moment(version),
        "digest": version.digest,
        "gates": version.tags.get("gates", ""),
        "why": version.tags.get("gates.why", ""),
        "corpus_digest": version.tags.get("corpus_digest", ""),
        "package": version.tags.get("package", ""),
        "refused": version.tags.get("champion.refused", ""),
        "rolled_back": version.tags.get("rolled_back", ""),
        "digests": version.digests,
    }


def _moment(version: "Version") -> str:
    return datetime.fromtimestamp(version.made_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
