"""Muon: what it does to a matrix, what it leaves to AdamW, and that processes share its work without a difference."""

import subprocess
import sys
import textwrap
from pathlib import Path

import torch
from torch import nn

from storywright.training import loop, muon


class Wide:
    """A task with matrices that are large enough to turn."""

    name, examples, digest = "wide", 64, "a"

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Conv1d(32, 48, 3, padding=1), nn.Flatten(), nn.ReLU(), nn.Linear(192, 40))
        self._x, self._y = torch.randn(64, 32, 4), torch.randn(64, 40)

    def batch(self, rows):  # type: ignore[no-untyped-def]
        return {"x": self._x[rows], "y": self._y[rows]}

    def loss(self, model, batch, generator):  # type: ignore[no-untyped-def]
        return (model(batch["x"]) - batch["y"]).square().mean()

    def validate(self, model):  # type: ignore[no-untyped-def]
        return {"loss": (model(self._x) - self._y).square().mean().item()}


def trained(folder: Path, steps: int = 30) -> Wide:
    task = Wide()
    values = {"batch": 16, "learning_rate": 3e-3, "warmup": 5, "ema": 0.9, "threads": 1, "schedule": "constant"}
    loop.train(task, loop.Config(steps=steps, optimizer="muon", **values), folder)  # type: ignore[arg-type]
    return task


def test_every_direction_of_a_turned_matrix_counts_about_alike() -> None:
    torch.manual_seed(0)
    wide = torch.randn(48, 200) * torch.logspace(-1.5, 0, 48)[:, None]
    for matrix in (wide, wide.T):
        sizes = torch.linalg.svdvals(muon.orthogonal(matrix).float())
        assert float(sizes.min()) > 0.5
        assert float(sizes.max()) < 1.4
        assert muon.orthogonal(matrix).shape == matrix.shape


def test_embeddings_biases_and_small_matrices_are_left_to_adamw() -> None:
    model = nn.Sequential(nn.Embedding(100, 64), nn.Linear(64, 64), nn.Conv2d(64, 4, 3))
    matrices, others = muon.split(model)
    assert [p.shape for p in matrices] == [model[1].weight.shape]
    assert len(others) == 4


def test_it_learns_and_an_interrupted_run_ends_with_the_same_bits(tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole")
    trained(tmp_path / "parts", steps=13)
    parts = trained(tmp_path / "parts")
    assert whole.validate(whole.model)["loss"] < 0.8 * Wide().validate(Wide().model)["loss"]
    assert all(torch.equal(a, b) for a, b in zip(whole.model.parameters(), parts.model.parameters(), strict=True))


def in_two_processes(folder: Path, steps: int) -> dict[str, torch.Tensor]:
    """The weights after so many steps by two processes in this folder."""
    script = folder.with_suffix(".py")
    script.write_text(
        textwrap.dedent(f"""
        import sys, torch
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_muon import trained
        task = trained(Path({str(folder)!r}), {steps})
        torch.save(task.model.state_dict(), {str(folder.with_suffix(".pt"))!r})
        """)
    )
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run([*launcher, str(script)], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, torch.Tensor] = torch.load(folder.with_suffix(".pt"), weights_only=True)
    return found


def test_two_processes_turn_their_parts_to_what_one_finds(tmp_path: Path) -> None:
    two, one = in_two_processes(tmp_path / "two", 30), trained(tmp_path / "one")
    for name, weights in one.model.state_dict().items():
        torch.testing.assert_close(two[name], weights, rtol=0.02, atol=2e-3)


def test_a_run_goes_on_with_another_number_of_processes_over_the_same_rows(tmp_path: Path) -> None:
    trained(tmp_path / "changing", 10)
    in_two_processes(tmp_path / "changing", 20)
    changing, whole = trained(tmp_path / "changing", 30), trained(tmp_path / "whole", 30)
    assert len(list((tmp_path / "changing").iterdir())) == 1  # one run, not three
    for name, weights in whole.model.state_dict().items():
        torch.testing.assert_close(changing.model.state_dict()[name], weights, rtol=0.02, atol=2e-3)
