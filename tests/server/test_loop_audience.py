"""The demonstration's audience at a real server, and what the loop makes of what it says."""

import importlib.util
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from storywright.critic.preference import Preference
from storywright.steps import contract
from storywright.steps.fit_preference import picture_of

from .conftest import BRIEF, Studio

_PLACE = Path(__file__).parents[2] / "examples" / "loop" / "audience.py"
_SPEC = importlib.util.spec_from_file_location("loop_audience", _PLACE)
assert _SPEC and _SPEC.loader
audience: Any = importlib.util.module_from_spec(_SPEC)
sys.modules["loop_audience"] = audience
_SPEC.loader.exec_module(audience)

STARTER = Path(contract.__file__).parent.parent / "starter" / "critic"
SCREENING = {
    "burst_words": 60, "burst_seconds": 20.0, "changes": 0.5, "min_judged": 6, "same_place": 12, "min_users": 2,
}  # fmt: skip


@pytest.fixture
def spoken(studio: Studio) -> list[Any]:
    """Six people ordered ten times and said what they like; somebody shouted."""
    visits, people = audience.Visits(studio.url), audience.public("user", 6, seed=1)
    ordered = visits.order([BRIEF | {"seed": number} for number in range(10)], candidates=3)
    for number, boards in enumerate(ordered):
        for turn in range(3):
            visits.judge(people[(number + 2 * turn) % 6], boards, number)
    visits.make_noise("shouter", ordered[0])
    return people


def test_hidden_tastes_become_a_preference_model_that_agrees_with_people_and_not_with_noise(
    spoken: list[Any], tmp_path: Path
) -> None:
    names = ("preferences", "left_out", "briefs", "prompts", "metrics")
    outputs = {name: tmp_path / name for name in names}
    values = {"until": "", "num_briefs": 20, "max_share": 0.25, "screening": SCREENING}
    collected = contract.call("collect_feedback", values, {}, outputs)
    assert (collected["num_users"], collected["num_left_out"]) == (6, 1)
    [why] = json.loads(outputs["left_out"].read_text())["users"].values()
    assert why.startswith("burst: more than 60 words")

    fitted = {"preference": tmp_path / "preference", "metrics": tmp_path / "fitted.json"}
    inputs = {"preferences": outputs["preferences"], "critic": STARTER}
    values = {"ridge": 4.0, "min_pairs": 24, "parts": 3, "against": 0.001, "threads": 1}
    numbers = contract.call("fit_preference", values, inputs, fitted)
    assert numbers["held_out_accuracy"] > 0.6

    from storywright.critic.encoder import Critic

    liked = Preference.open(fitted["preference"], Critic.open(STARTER))
    rows = pq.read_table(outputs["preferences"]).to_pylist()
    pictures = [picture for row in rows if (picture := picture_of(row["chosen_picture"]))]
    by_warmth = sorted(pictures, key=audience.warmth)
    third = len(by_warmth) // 3
    cold, warm = (liked.appeal(some, [""] * third).mean() for some in (by_warmth[:third], by_warmth[-third:]))
    assert warm > cold


def test_people_shorten_what_is_too_long_and_keep_its_beginning(spoken: list[Any], studio: Studio) -> None:
    kinds: Counter[str] = Counter()
    for person in spoken:
        for word in studio.client.get("/api/v1/feedback", params={"user": person.name, "limit": 500}).json()["words"]:
            kinds[word["kind"]] += 1
    assert kinds["choice"] == 30
    assert kinds["rating"] == 60
    assert audience.shortened("Mia waits. And she waits on.") == "Mia waits."
    assert audience.shortened("In the park, Mia waits.") == "In the park."
