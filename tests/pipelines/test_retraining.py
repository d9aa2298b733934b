"""The retraining as a graph: nothing can be promoted or deployed before everything that can fail has succeeded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=["demo", "full"])
def tasks(request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """The tasks behind the condition, and on what each waits."""
    text = (ROOT / f"pipelines/compiled/retraining-{request.param}.yaml").read_text(encoding="utf-8")
    components = next(yaml.safe_load_all(text))["components"]
    inner = next(value for name, value in components.items() if name.startswith("comp-condition"))
    found: dict[str, dict[str, Any]] = inner["dag"]["tasks"]
    return found


def before(tasks: dict[str, dict[str, Any]], name: str) -> Iterator[str]:
    for task in tasks[name].get("dependentTasks", []):
        yield task
        yield from before(tasks, task)


def test_the_gates_come_after_everything_that_can_fail_and_the_service_after_the_gates(
    tasks: dict[str, dict[str, Any]],
) -> None:
    behind = {"deploy", "note-learning", "promote"}
    assert set(before(tasks, "promote")) == set(tasks) - behind
    for name in ("deploy", "note-learning"):
        assert "promote" in set(before(tasks, name))


def test_what_is_evaluated_promoted_and_moved_is_what_learned_from_users(tasks: dict[str, dict[str, Any]]) -> None:
    learned = {
        "evaluate": ("illustrator", "writer"),
        "promote": ("illustrator", "writer"),
        "train-motion": ("illustrator",),
    }
    for name, roles in learned.items():
        for role in roles:
            source = tasks[name]["inputs"]["artifacts"][role]["taskOutputArtifact"]["producerTask"]
            assert source == "learn-preferences", f"{name} takes its {role} from {source}"
