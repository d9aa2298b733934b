"""The first champion: the embedded models, evaluated on a small drawn corpus and put to the gates, in one process.

Also what a later challenger goes through that no pipeline made. Run in the demonstration's working folder.
"""

import sys
from pathlib import Path

from storywright import files
from storywright.settings import FACTORY
from storywright.steps import command, contract

STARTER = Path(command.__file__).parent.parent / "starter"
SETTINGS = {"drawing": {"draws": 1, "steps": 4, "guidance": 3.0}, "writing": {"method": "beam", "beams": 2}}


def found() -> None:
    """Make the material, evaluate the embedded models, promote them, deploy them."""
    for step in ("scrape", "draw", "validate", "preprocess"):
        contract.call(step, values(step))
    settings = FACTORY / "tune" / "settings.json"
    files.write_json(settings, SETTINGS)
    parts = {role: STARTER / role for role in ("critic", "illustrator", "motion", "writer")} | {"settings": settings}
    challenge(parts, "", policy="first.yaml")
    decision = contract.output_paths("promote")["decision"]
    contract.call("deploy", values("deploy"), {"decision": decision})


def challenge(parts: dict[str, Path], part: str, *, policy: str = "promotion.yaml", **beside: Path) -> None:
    """Evaluate a bundle, beside the champion where there is one, and put it to the gates."""
    evaluated = contract.output_paths("evaluate", part=part)
    contract.call("evaluate", values("evaluate"), {**parts, **beside}, evaluated)
    papers = {"evaluation": evaluated["metrics"], "report": evaluated["report"]}
    contract.call(
        "promote",
        values("promote") | {"policy": policy},
        {**parts, **papers},
        contract.output_paths("promote", part=part),
    )


def values(step: str) -> dict[str, object]:
    """The step's values in params.yaml."""
    return command.read_params()[step]


if __name__ == "__main__":
    if len(sys.argv) == 1:
        found()
    else:  # founding.py NAME FOLDER: a challenger whose parts lie in a folder, beside the champion's in another
        name, folder, champion = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
        roles = ("critic", "illustrator", "motion", "writer")
        wanted = {role: folder / role for role in roles} | {"settings": folder / "settings.json"}
        before = {f"champion_{role}": champion / role for role in ("critic", "illustrator", "writer")}
        before |= {"champion_settings": champion / "settings.json"}
        liked = contract.output_paths("fit_preference")["preference"]
        challenge(wanted, name, **before, preference=liked)
