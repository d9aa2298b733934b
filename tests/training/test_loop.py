"""The loop: what it learns, that it goes on to the same bits, and what it does when training goes wrong."""

import csv
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from storywright.errors import BadInput
from storywright.training import loop


class Line:
    """A task small enough to train in a test: the sum of four numbers, through dropout and noise."""

    name, examples = "line", 50

    def __init__(self, digest: str = "a", poisoned: int | None = None) -> None:
        self.digest, self._poisoned = digest, poisoned
        torch.manual_seed(3)
        self.model = nn.Sequential(nn.Linear(4, 32), nn.Dropout(0.1), nn.ReLU(), nn.Linear(32, 1))
        self._x = torch.randn(self.examples, 4)
        self._y = self._x.sum(1, keepdim=True)
        self.seen: list[np.ndarray] = []

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        self.seen.append(rows)
        y = self._y[rows]
        if self._poisoned is not None and len(self.seen) == self._poisoned:
            y = y * float("nan")
        return {"x": self._x[rows], "y": y}

    def loss(self, model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        noise = 0.01 * torch.randn(batch["x"].shape, generator=generator)
        return (model(batch["x"] + noise) - batch["y"]).square().mean()

    def validate(self, model: nn.Module) -> loop.Row:
        return {"loss": (model(self._x) - self._y).square().mean().item()}


def config(**values: object) -> loop.Config:
    usual = {"steps": 60, "batch": 10, "learning_rate": 1e-2, "warmup": 5, "ema": 0.9, "threads": 1, "log_every": 10}
    return loop.Config(**(usual | {"checkpoint_every": 20} | values))  # type: ignore[arg-type]


def bits(model: nn.Module) -> bytes:
    return b"".join(p.detach().numpy().tobytes() for p in model.parameters())


def test_the_loss_falls_and_the_model_comes_back_with_its_averaged_weights(tmp_path: Path) -> None:
    task = Line()
    before = task.validate(task.model.eval())["loss"]
    result = loop.train(task, config(steps=200), tmp_path)
    assert result.final["loss"] < before / 10
    assert task.validate(task.model)["loss"] == pytest.approx(result.final["loss"])
    assert not task.model.training


def test_a_run_that_was_interrupted_ends_with_the_same_bits(tmp_path: Path) -> None:
    whole, parts = Line(), Line()
    loop.train(whole, config(schedule="constant"), tmp_path / "whole")
    for steps in (25, 40, 60):  # a longer run goes on from where the shorter one ended
        parts = Line()
        loop.train(parts, config(schedule="constant", steps=steps), tmp_path / "parts")
    assert bits(parts.model) == bits(whole.model)


def test_a_finished_run_returns_at_once_with_the_same_curve(tmp_path: Path) -> None:
    first, again = Line(), Line()
    made = loop.train(first, config(), tmp_path)
    repeated = loop.train(again, config(), tmp_path)
    assert not again.seen
    assert (repeated.curve, repeated.final) == (made.curve, made.final)
    assert bits(again.model) == bits(first.model)


_RUN = """
    import hashlib, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    from test_loop import Line, bits, config
    from storywright.training import loop
    task = Line()
    loop.train(task, config(steps=int(sys.argv[3]), checkpoint_every=25), Path(sys.argv[2]))
    print("bits", hashlib.sha256(bits(task.model)).hexdigest())
"""


_KILLS = int(os.environ.get("STORYWRIGHT_SOAK_KILLS", "3"))  # `make soak-training` sets 20


def _process(folder: Path) -> subprocess.Popen[str]:
    steps = str(400 * _KILLS)
    program = [sys.executable, "-c", textwrap.dedent(_RUN), str(Path(__file__).parent), str(folder), steps]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def _bits_of(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    return out.split("bits ")[1]


@pytest.mark.slow
@pytest.mark.timeout(60 + 120 * _KILLS)
def test_a_run_killed_at_random_moments_ends_with_the_same_bits(tmp_path: Path) -> None:
    whole = _bits_of(_process(tmp_path / "whole"))
    chance, killed = random.Random(5), 0
    for _ in range(_KILLS):
        process = _process(tmp_path / "killed")
        reached, deadline = _reached(tmp_path / "killed"), time.monotonic() + 100
        while time.monotonic() < deadline and process.poll() is None and _reached(tmp_path / "killed") <= reached:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 0.2))  # also while a checkpoint is being written or cleared away
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
    assert killed == _KILLS, "the run ended before it was killed"
    assert _bits_of(_process(tmp_path / "killed")) == whole


def _reached(folder: Path) -> int:
    return max((int(path.name.removeprefix("step-")) for path in folder.glob("*/step-*")), default=-1)


def test_other_values_or_data_do_not_go_on_from_a_checkpoint(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    loop.train(Line(), config(), tmp_path)
    changed, other = Line(), Line(digest="b")
    loop.train(changed, config(learning_rate=5e-3), tmp_path)
    loop.train(other, config(), tmp_path)
    assert changed.seen and other.seen
    assert "not used" in caplog.text


def test_a_damaged_checkpoint_is_left_out_and_the_one_before_it_is_used(tmp_path: Path) -> None:
    whole, repaired = Line(), Line()
    loop.train(whole, config(), tmp_path)
    newest = max(tmp_path.glob("*/step-*"))
    weights = newest / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\1\2\3")
    loop.train(repaired, config(), tmp_path)
    assert len(repaired.seen) == 20, "only the steps after the last whole checkpoint are done again"
    assert bits(repaired.model) == bits(whole.model)


def test_only_the_newest_checkpoints_are_kept(tmp_path: Path) -> None:
    loop.train(Line(), config(keep=2), tmp_path)
    assert sorted(p.name for p in tmp_path.glob("*/*")) == ["step-00000040", "step-00000060"]


def test_a_step_whose_loss_is_no_number_is_left_out_after_a_rollback(tmp_path: Path) -> None:
    task = Line(poisoned=31)
    result = loop.train(task, config(), tmp_path)
    assert result.rollbacks == 1
    assert all(np.isfinite(row["loss"]) for row in result.curve)
    assert np.isfinite(result.final["loss"])


def test_training_that_keeps_going_wrong_is_given_up_with_a_remedy(tmp_path: Path) -> None:
    task = Line()
    task.loss = lambda model, batch, generator: model(batch["x"]).mean() * float("nan")  # type: ignore[method-assign]
    with pytest.raises(BadInput, match="lower learning_rate"):
        loop.train(task, config(), tmp_path)


def test_each_epoch_shows_each_row_once_in_an_order_of_its_own() -> None:
    epochs = [loop.rows_at(first, 50, 50, seed=4) for first in (0, 50)]
    assert all(sorted(rows) == list(range(50)) for rows in epochs)
    assert not np.array_equal(*epochs)


def test_rows_do_not_depend_on_how_the_order_is_cut() -> None:
    at_once = loop.rows_at(0, 70, 30, seed=1)
    in_parts = np.concatenate([loop.rows_at(first, 7, 30, seed=1) for first in range(0, 70, 7)])
    assert np.array_equal(at_once, in_parts)


def test_accumulation_gives_the_gradient_of_the_whole_batch(tmp_path: Path) -> None:
    def trained(accumulation: int) -> nn.Module:
        task = Line()
        task.model[1] = nn.Identity()  # dropout would draw other numbers for other parts
        task.loss = lambda model, batch, generator: (model(batch["x"]) - batch["y"]).square().mean()  # type: ignore
        loop.train(task, config(steps=3, accumulation=accumulation), tmp_path / str(accumulation))
        return task.model

    for whole, cut in zip(trained(1).parameters(), trained(5).parameters(), strict=True):
        torch.testing.assert_close(whole, cut, rtol=1e-4, atol=1e-6)


def test_parameters_that_are_frozen_stay_and_are_not_kept_in_checkpoints(tmp_path: Path) -> None:
    task = Line()
    task.model[0].requires_grad_(False)
    before = task.model[0].weight.clone()
    loop.train(task, config(), tmp_path)
    assert torch.equal(task.model[0].weight, before)


@pytest.mark.parametrize("schedule", ["cosine", "level"])
def test_the_learning_rate_rises_and_falls_to_nothing(schedule: str) -> None:
    made = config(steps=100, warmup=10, schedule=schedule)
    rates = [made.rate(step) for step in range(100)]
    assert rates[0] == pytest.approx(1e-3) and max(rates) == pytest.approx(1e-2) and rates[-1] < 1e-3


def test_curves_are_written_with_a_column_for_each_part(tmp_path: Path) -> None:
    result = loop.train(Line(), config(validate_every=20), tmp_path / "run")
    loop.write_curves(tmp_path / "curves.csv", first=result, second=result)
    rows = list(csv.DictReader((tmp_path / "curves.csv").open()))
    assert next(iter(rows[0])) == "step"
    assert [row["step"] for row in rows] == ["10", "20", "30", "40", "50", "60"]
    assert float(rows[1]["first_validation_loss"]) == pytest.approx(float(rows[1]["second_validation_loss"]))


@pytest.mark.parametrize(
    "values", [{"steps": 0}, {"batch": 10, "accumulation": 3}, {"ema": 1.0}, {"learning_rate": 0.0}, {"spike": 1.0}]
)
def test_values_that_make_no_sense_are_refused_by_name(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        config(**values)


def test_a_corpus_without_rows_is_refused(tmp_path: Path) -> None:
    task = Line()
    task.examples = 0
    with pytest.raises(BadInput, match="nothing to train the line on"):
        loop.train(task, config(), tmp_path)
