import json
from pathlib import Path

import pytest

from storywright.errors import BadInput
from storywright.steps import contract


@pytest.fixture
def decided(tmp_path: Path):
    def decide(*, drifted: int, pairs: int, **limits: int) -> tuple[bool, list[str]]:
        (tmp_path / "drift.json").write_text(json.dumps({"num_drifted": drifted}))
        (tmp_path / "feedback.json").write_text(json.dumps({"num_pairs": pairs}))
        inputs = {"drift": tmp_path / "drift.json", "feedback": tmp_path / "feedback.json"}
        outputs = {"verdict": tmp_path / "verdict.json", "metrics": tmp_path / "metrics.json"}
        metrics = contract.call("decide_retraining", {"num_drifted": 1, "num_pairs": 50} | limits, inputs, outputs)
        verdict = json.loads((tmp_path / "verdict.json").read_text())
        assert metrics["retrain"] == int(verdict["retrain"])
        return verdict["retrain"], verdict["reasons"]

    return decide


def test_without_a_reason_nothing_is_trained(decided) -> None:
    assert decided(drifted=0, pairs=49) == (False, [])


@pytest.mark.parametrize(("drifted", "pairs", "word"), [(1, 0, "drifted"), (0, 50, "pairs")])
def test_one_reason_is_enough_and_is_told(decided, drifted: int, pairs: int, word: str) -> None:
    retrain, reasons = decided(drifted=drifted, pairs=pairs)
    assert retrain
    assert len(reasons) == 1
    assert word in reasons[0]


def test_a_limit_of_zero_always_trains(decided) -> None:
    assert decided(drifted=0, pairs=0, num_pairs=0)[0]


def test_a_negative_limit_is_refused(decided) -> None:
    with pytest.raises(BadInput, match="must not be negative"):
        decided(drifted=0, pairs=0, num_pairs=-1)
