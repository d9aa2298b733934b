"""`storywright blind`: people compare two versions without knowing which is which."""

import json
import tempfile
from pathlib import Path
from typing import Any

import click

from storywright.errors import BadInput, needs_extra


@click.group()
def blind() -> None:
    """Blind comparisons of two versions by people: begin one, see the result, keep it with the version."""


@blind.command()
@click.argument("challenger", default="challenger")
@click.option("--champion", default="champion", show_default=True, help="The version or alias to compare it with.")
@click.option("--pairs", "count", default=24, show_default=True, type=click.IntRange(1, 500), help="How many panels.")
@click.option("--repeats", default=4, show_default=True, type=click.IntRange(0, 100), help="Pairs that come twice.")
@click.option("--held-out", is_flag=True, help="Panels of the drawn world, also where people asked for others.")
@click.option("--seed", default=7, show_default=True, help="Of the drawings; both versions draw with the same.")
def begin(challenger: str, champion: str, count: int, repeats: int, held_out: bool, seed: int) -> None:
    """Make the same panels with the CHALLENGER and the champion, and lay them out at /compare of the studio."""
    from storywright.settings import Settings

    with needs_extra("train", "Comparing"):
        from storywright.watch import comparing, database, deployed, exhibits
    from storywright import registry

    at = Settings.from_environment()
    old, new = (_number(name) for name in (champion, challenger))
    wanted = [] if held_out else exhibits.newest(database.engine(at.database_url), at, count)
    wanted = wanted or exhibits.drawn_world(count, seed)
    before, after = (deployed.opened(registry.fetch(number, at), number) for number in (old, new))
    made = comparing.begin(at.home, old, new, exhibits.pairs(wanted, before, after, seed), repeats=repeats)
    print(f"{made.name}: {len(made.pairs)} pairs. People compare them at /compare of the studio;")
    print(f"the result: storywright blind result {made.name}")


@blind.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def result(name: str | None, as_json: bool) -> None:
    """Show what people think in a comparison, by its NAME or the newest."""
    document = _document(name)
    if as_json:
        print(json.dumps(document, indent=2))
        return
    low, high = document["win_rate_low"], document["win_rate_high"]
    print(f"version {document['challenger']} is preferred to {document['champion']} in {document['win_rate']:.0%}")
    print(f"  interval      {low:.0%} to {high:.0%}, of {document['comparisons']} comparisons by {document['people']}")
    print(f"  wins          {document['wins']}, losses {document['losses']}, ties {document['ties']}")
    score_low, score_high = _shown(document["score_low"]), _shown(document["score_high"])
    print(f"  Bradley-Terry {document['score']:+.2f} ({score_low} to {score_high})")
    print(f"  left side     {document['left_bias']:+.2f}")
    for user, why in document["left_out"].items():
        print(f"  left out      {user}: {why}")


@blind.command()
@click.argument("name", required=False)
def attach(name: str | None) -> None:
    """Keep the result of a comparison with the challenger, where the gates before promotion read it."""
    from storywright import files, registry
    from storywright.registry import evidence

    document = _document(name)
    if not document["people"]:
        raise BadInput("Nobody has compared anything yet: show people the page /compare first.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / evidence.HUMAN
        files.write_json(path, document)
        registry.attach(document["challenger"], {evidence.HUMAN: path})
    print(f"Version {document['challenger']} now carries what {document['people']} people said.")


def _number(name: str) -> str:
    from storywright import registry

    if (found := registry.find(name)) is None:
        raise BadInput(f"There is no version or alias {name!r}: see `storywright models list`.")
    return found.number


def _document(name: str | None) -> dict[str, Any]:
    from storywright.settings import Settings
    from storywright.watch import comparing, database

    at = Settings.from_environment()
    known = comparing.listed(at.home)
    if not name and not known:
        raise BadInput("Nothing was compared yet: begin with `storywright blind begin`.")
    chosen = comparing.find(at.home, name) if name else known[0]
    return comparing.document(chosen, comparing.result(database.engine(at.database_url), chosen))


def _shown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:+.2f}"
