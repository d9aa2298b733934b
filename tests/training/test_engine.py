"""What the loop does beside learning: reading ahead, stopping early, telling who watches, and fitting the machine."""

import json
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from storywright.errors import BadInput
from storywright.training import loop, memory, watching


class Sum:
    """A task small enough for a test: the sum of four numbers."""

    name, examples, digest = "sum", 48, "a"

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model: nn.Module = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
        self._x = torch.randn(self.examples, 4)
        self._y = self._x.sum(1, keepdim=True)

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        return {"x": self._x[rows], "y": self._y[rows]}

    def loss(self, model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        return (model(batch["x"]) - batch["y"]).square().mean()

    def validate(self, model: nn.Module) -> loop.Row:
        device = next(model.parameters()).device
        return {"loss": (model(self._x.to(device)) - self._y.to(device)).square().mean().item()}


def config(**values: object) -> loop.Config:
    usual = {"steps": 60, "batch": 12, "learning_rate": 1e-2, "warmup": 5, "ema": 0.9, "threads": 1, "log_every": 10}
    return loop.Config(**(usual | {"checkpoint_every": 20} | values))  # type: ignore[arg-type]


def same(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


class Watcher:
    def __init__(self) -> None:
        self.figures_seen: list[tuple[int, dict[str, float]]] = []
        self.sheets: list[tuple[int, str, Image.Image]] = []

    def figures(self, step: int, values: Mapping[str, float]) -> None:
        self.figures_seen.append((step, dict(values)))

    def sheet(self, step: int, name: str, picture: Image.Image) -> None:
        self.sheets.append((step, name, picture))


def test_reading_ahead_changes_no_bit(tmp_path: Path) -> None:
    tasks = [Sum(), Sum(), Sum()]
    for ahead, task in enumerate(tasks):
        loop.train(task, config(prefetch=ahead), tmp_path / str(ahead))
    assert same(tasks[0].model, tasks[1].model) and same(tasks[0].model, tasks[2].model)


def test_rows_of_the_next_step_are_read_while_this_one_is_computed(tmp_path: Path) -> None:
    task, order = Sum(), []
    batch, loss = task.batch, task.loss
    task.batch = lambda rows: order.append("read") or batch(rows)  # type: ignore[method-assign,func-returns-value]
    task.loss = lambda *given: order.append("computed") or loss(*given)  # type: ignore[method-assign,func-returns-value]
    loop.train(task, config(steps=4, prefetch=3), tmp_path)
    assert order.count("read") == 4 and order[-1] == "computed"
    assert order.index("computed") < len(order) - 4 + order[:4].count("read")


def test_an_error_while_reading_ahead_reaches_the_caller(tmp_path: Path) -> None:
    task = Sum()
    task.batch = lambda rows: (_ for _ in ()).throw(BadInput("a shard is gone"))  # type: ignore[method-assign]
    with pytest.raises(BadInput, match="a shard is gone"):
        loop.train(task, config(), tmp_path)


class Worsening(Sum):
    """Gets better for three validations, and worse from then on."""

    def __init__(self) -> None:
        super().__init__()
        self.weights: list[list[Tensor]] = []

    def validate(self, model: nn.Module) -> loop.Row:
        self.weights.append([p.detach().clone() for p in model.parameters()])
        return {"loss": abs(len(self.weights) - 3) + 1.0}


def test_patience_ends_a_run_that_gets_no_better_and_keeps_its_best_weights(tmp_path: Path) -> None:
    task = Worsening()
    result = loop.train(task, config(steps=200, validate_every=10, patience=2), tmp_path)
    assert result.stopped_at == 50, "the third validation was the best, and two more were waited for"
    assert all(torch.equal(a, b) for a, b in zip(task.model.parameters(), task.weights[2], strict=True))
    again = Worsening()
    repeated = loop.train(again, config(steps=200, validate_every=10, patience=2), tmp_path)
    assert repeated.stopped_at == 50 and same(again.model, task.model) and not again.weights


def test_a_stopped_run_goes_on_when_it_is_given_more_patience(tmp_path: Path) -> None:
    loop.train(Worsening(), config(steps=100, validate_every=10, patience=2, schedule="constant"), tmp_path)
    more = loop.train(Worsening(), config(steps=100, validate_every=10, patience=9, schedule="constant"), tmp_path)
    assert more.stopped_at == 0 and more.curve[-1]["step"] == 100


def test_who_watches_sees_speed_memory_and_losses_and_the_result_stays_the_same(tmp_path: Path) -> None:
    watched, alone, watcher = Sum(), Sum(), Watcher()
    watched.sheet = lambda model: Image.new("RGB", (8, 8))  # type: ignore[attr-defined]
    with watching.watched_by(watcher):
        result = loop.train(watched, config(sheet_every=30, validate_every=20), tmp_path / "watched")
    loop.train(alone, config(), tmp_path / "alone")
    assert same(watched.model, alone.model)
    rows = [row for step, row in watcher.figures_seen if "samples_per_second" in row]
    assert [step for step, row in watcher.figures_seen if "loss" in row] == [10, 20, 30, 40, 50, 60]
    assert all(row["samples_per_second"] > 0 and row["memory_mb"] > 0 for row in rows)
    assert all(0 < row["model_flop_utilisation"] < 1.5 for row in rows)
    assert [(step, name) for step, name, _ in watcher.sheets] == [(30, "sum"), (60, "sum")]
    assert set(result.lost) == {"loading", "checkpoints", "logging"} and all(0 <= v < 1 for v in result.lost.values())


def test_no_one_watches_outside_the_block() -> None:
    with watching.watched_by(Watcher()):
        assert watching.observer() is not None
    assert watching.observer() is None


def test_a_step_that_needs_too_much_memory_is_computed_in_smaller_parts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    small, roomy = Sum(), Sum()
    loss = small.loss

    def scarce(model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        if len(batch["x"]) > 3:
            raise RuntimeError(
                "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
            )
        return loss(model, batch, generator)

    small.loss = scarce  # type: ignore[method-assign]
    loop.train(small, config(steps=10), tmp_path / "small")
    loop.train(roomy, config(steps=10), tmp_path / "roomy")
    assert "in 4 parts" in caplog.text
    for one, other in zip(small.model.parameters(), roomy.model.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_memory_that_does_not_suffice_for_one_row_is_said_with_the_setting_to_change(tmp_path: Path) -> None:
    task = Sum()

    def scarce(model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    task.loss = scarce  # type: ignore[method-assign]
    with pytest.raises(BadInput, match=r"1 rows at once.*accumulation.*recompute"):
        loop.train(task, config(), tmp_path)


def test_another_error_is_not_taken_for_a_lack_of_memory(tmp_path: Path) -> None:
    task = Sum()
    task.loss = lambda *given: (_ for _ in ()).throw(RuntimeError("shapes differ"))  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="shapes differ"):
        loop.train(task, config(), tmp_path)


def test_things_are_made_in_smaller_batches_where_memory_does_not_suffice() -> None:
    tried: list[int] = []

    def make(part: object) -> list[int]:
        items = list(part)  # type: ignore[call-overload]
        tried.append(len(items))
        if len(items) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return [item * 10 for item in items]

    assert memory.in_parts(range(5), 8, make, "ask for less") == [0, 10, 20, 30, 40]
    assert tried == [5, 4, 2, 2, 1]
    with pytest.raises(BadInput, match="ask for less"):
        memory.in_parts([1], 1, lambda part: (_ for _ in ()).throw(MemoryError()), "ask for less")


def test_the_faster_precision_is_measured_once_and_then_kept(tmp_path: Path) -> None:
    loop.train(Sum(), config(steps=10, precision="measured"), tmp_path)
    note = json.loads((tmp_path / "precision.json").read_text())
    seconds = note["seconds"]
    assert note["precision"] == min(seconds, key=seconds.__getitem__)
    (tmp_path / "precision.json").write_text(json.dumps({"precision": "bf16", "seconds": {}}))
    assert loop.faster_precision(Sum(), config(), tmp_path / "precision.json") == "bf16"


def test_checkpoints_at_milestones_are_kept_for_good(tmp_path: Path) -> None:
    loop.train(Sum(), config(steps=100, checkpoint_every=10, keep=1, keep_every=40), tmp_path)
    kept = sorted(p.name for p in tmp_path.glob("*/step-*"))
    assert kept == ["step-00000000", "step-00000040", "step-00000080", "step-00000100"]


def test_what_a_killed_process_was_writing_is_cleared_away(tmp_path: Path) -> None:
    loop.train(Sum(), config(steps=20), tmp_path)
    run = next(p for p in tmp_path.iterdir() if p.is_dir())
    (run / ".step-00000033.part").mkdir()
    loop.train(Sum(), config(steps=20), tmp_path)
    assert not list(run.glob(".step-*"))


def test_settings_from_before_they_were_there_are_the_same_run(tmp_path: Path) -> None:
    """Reading ahead, watching and keeping decide nothing, so they do not make another run of one that was begun."""
    loop.train(Sum(), config(steps=20), tmp_path)
    changed = config(steps=20, prefetch=3, keep_every=10, sheet_every=7, patience=3, validate_every=15)
    loop.train(Sum(), changed, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_inner_results_that_are_computed_again_give_the_same_weights(tmp_path: Path) -> None:
    class Blocks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.again = Sum().model, False

        def gradient_checkpointing_enable(self) -> None:
            self.again = True

        def forward(self, x: Tensor) -> Tensor:
            if self.again:
                return torch.utils.checkpoint.checkpoint(self.inner, x, use_reentrant=False)  # type: ignore[no-any-return]
            return self.inner(x)  # type: ignore[no-any-return]

    tasks = [Sum(), Sum()]
    for task, recompute in zip(tasks, (False, True), strict=True):
        task.model = Blocks()
        loop.train(task, config(recompute=recompute), tmp_path / str(recompute))
    assert tasks[1].model.again and same(tasks[0].model, tasks[1].model)
    with pytest.raises(ValueError, match="recompute"):
        loop.train(Sum(), config(recompute=True), tmp_path / "none")


@pytest.mark.parametrize(
    "values",
    [{"patience": 2}, {"prefetch": -1}, {"keep_every": -1}, {"sharding": "full", "optimizer": "muon"}],
)
def test_values_that_make_no_sense_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        config(**values)


def in_two_processes(folder: Path, steps: int) -> dict[str, Tensor]:
    script = folder.with_suffix(".py")
    script.write_text(
        textwrap.dedent(f"""
        import sys, torch
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_engine import Sum, config
        from storywright.training import loop
        task = Sum()
        loop.train(task, config(steps={steps}, sharding="full", schedule="constant", validate_every=15),
                   Path({str(folder)!r}))
        torch.save(task.model.state_dict(), {str(folder.with_suffix(".pt"))!r})
        """)
    )
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run([*launcher, str(script)], capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Tensor] = torch.load(folder.with_suffix(".pt"), weights_only=True)
    return found


@pytest.mark.slow
def test_a_run_whose_weights_are_cut_over_two_processes_goes_on_in_one_and_back(tmp_path: Path) -> None:
    usual = {"schedule": "constant", "validate_every": 15}
    whole = Sum()
    loop.train(whole, config(steps=60, **usual), tmp_path / "whole")
    in_two_processes(tmp_path / "cut", 20)
    loop.train(Sum(), config(steps=40, **usual), tmp_path / "cut")
    found = in_two_processes(tmp_path / "cut", 60)
    for name, weights in whole.model.state_dict().items():
        torch.testing.assert_close(found[name], weights, rtol=1e-3, atol=1e-4)
