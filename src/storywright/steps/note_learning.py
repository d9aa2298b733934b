"""Keep with a version what it learned from users, and by which set of preferences.

So that whoever asks for their words to be deleted can be told which versions saw them, and whoever looks at a version
sees what changed and why. It is noted of versions that the gates refused as well: they were taught all the same.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from storywright import files, registry
from storywright.critic.preference import ABOUT
from storywright.settings import Settings
from storywright.steps import command
from storywright.steps.collect_feedback import PAIRS_FILE
from storywright.steps.contract import made_by, makes

SAW = "preferences"
"""The tag of a version with the digests of the sets that it learned from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """How it is noted."""

    papers: bool
    """Whether changes.md and the preference model's numbers are kept with the version beside the tag."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """Which version, what it was taught with, and what came of it."""

    decision: Path = made_by("promote")
    preferences: Path = made_by("collect_feedback")
    preference: Path = made_by("fit_preference")
    changes: Path = made_by("learn_preferences")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """What was noted."""

    note: Path = makes("note.json")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Tag the version where it learned anything, and keep the papers."""
    version = str(json.loads(inputs.decision.read_text(encoding="utf-8"))["version"])
    about = json.loads((inputs.preference / ABOUT).read_text(encoding="utf-8"))
    at = Settings.from_environment()
    saw = files.digest(inputs.preferences / PAIRS_FILE) if about["fitted"] else ""
    if saw:
        found = registry.find(version, at)
        before = found.tags.get(SAW, "") if found else ""
        registry.tag(version, {SAW: ",".join(dict.fromkeys([*filter(None, before.split(",")), saw]))}, at)
    if config.papers:
        registry.attach(version, {"changes.md": inputs.changes, ABOUT: inputs.preference / ABOUT}, settings=at)
    files.write_json(outputs.note, {"version": version, SAW: saw, "learned": about["fitted"]})


if __name__ == "__main__":
    command.main("note_learning")
