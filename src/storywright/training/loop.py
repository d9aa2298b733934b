"""The one loop that trains every model: critic, illustrator, motion and writer.

    class Captions:                                   # a Task
        name, model, examples, digest = "writer", network, len(panels), panels.digest
        def batch(self, rows): ...                    # the tensors of these rows, and nothing but a function of them
        def loss(self, model, batch, generator): ...  # a scalar; all chance comes from `generator`
        def validate(self, model): ...                # {"loss": ...} on held-out rows, or {}
        def sheet(self, model): ...                   # optional: a picture of what the model makes, for who watches

    result = loop.train(Captions(), loop.Config(steps=1_000, batch=64), folder)
    loop.write_curves(outputs.curves, result)

Afterwards the task's model holds the trained (averaged) weights and is in evaluation mode. What happens at a step is
a function of the seed and the step alone: which rows, and every random number. So a run that was killed goes on from
its last checkpoint in `folder` to the same bits as one that was not (with the same number of threads), and a finished
one returns at once. The folder is the caller's to remove when the model is saved.

Several processes (one for each GPU, or as many as STORYWRIGHT_PROCESSES says) share the rows of a step, each with the
whole model or with a part of it (`sharding: full`); a checkpoint of one number of processes goes on with any other.

Knows nothing about pictures or words, and nothing about how a model is saved for use.
"""

import contextlib
import copy
import csv
import dataclasses
import functools
import io
import json
import logging
import math
import os
import statistics
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState, PartialState
from torch import Tensor, nn

from storywright import files
from storywright.errors import BadInput
from storywright.progress import Progress
from storywright.training import muon, sharding, watching
from storywright.training.checkpoints import Checkpoints, State
from storywright.training.memory import is_out_of_memory, release
from storywright.training.meter import Meter
from storywright.training.prefetch import Parts, Prefetch, pins

Batch = Mapping[str, Tensor]
Row = dict[str, float]

_log = logging.getLogger(__name__)
_CHECK_EVERY = 10  # steps between looks at the losses, so that an accelerator is not waited for at each
_RECENT = 100  # losses that say what is usual
_MOST_ROLLBACKS = 8
_MAY_CHANGE = (
    "steps", "keep", "keep_every", "checkpoint_every", "log_every", "validate_every", "sheet_every", "patience",
    "prefetch", "sharding",
)  # fmt: skip


class Task(Protocol):
    """What is trained, and on what."""

    name: str
    """What the progress line calls it."""
    model: nn.Module
    """Only parameters that require a gradient are trained and kept in checkpoints."""
    examples: int
    """How many rows there are to train on."""
    digest: str
    """Changes with anything outside the loop's Config that decides the result: the data, the model's shape."""

    def batch(self, rows: np.ndarray) -> Batch:
        """The tensors of these rows, each with one entry a row; the same for the same rows."""
        ...

    def loss(self, model: nn.Module, batch: Batch, generator: torch.Generator) -> Tensor:
        """The mean loss of the batch; `model` is the task's, made ready for this machine."""
        ...

    def validate(self, model: nn.Module) -> Row:
        """Figures on held-out rows, without gradients; empty where there is nothing to measure."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """How long, how fast and how safely a model is trained."""

    steps: int = 1_000
    """Optimizer steps."""
    batch: int = 64
    """Rows a step, over all processes together."""
    accumulation: int = 1
    """Into how many parts a step's rows are cut, to need less memory."""
    optimizer: Literal["adamw", "muon"] = "adamw"
    """muon turns each matrix's step (see muon.py): more work a step, and far fewer steps for a model that is trained
    from nothing or at length. What is no matrix is adamw's in any case."""
    learning_rate: float = 5e-4
    warmup: int = 50
    """Steps over which the learning rate rises."""
    schedule: Literal["cosine", "level", "constant"] = "cosine"
    """How it goes on: falling as a cosine; level and falling in the last part, so that a run can still be made shorter
    or longer while it is level; or constant."""
    fall: float = 0.2
    """The part of a level schedule in which the learning rate falls to nothing."""
    weight_decay: float = 0.01
    clip: float = 1.0
    """Largest gradient norm."""
    ema: float = 0.999
    """Decay of the averaged weights, which are what is kept; 0 keeps the last."""
    precision: Literal["no", "bf16", "fp16", "measured"] = "no"
    """What the model computes in; weights stay in 32 bits. measured tries no and bf16 before the first step and takes
    the faster; as the choice is this machine's, so are the result's last bits."""
    sharding: Literal["none", "full"] = "none"
    """Where several processes train, each has the whole model; or, with full, a part of its weights, gradients and
    moments (FSDP)."""
    recompute: bool = False
    """Compute inner results again in the backward pass in place of keeping them: less memory, a third more work."""
    compile: bool = False
    """Have torch.compile make the model's code first: minutes, that pay on a GPU in a long run."""
    seed: int = 0
    threads: int = 2
    """CPU threads; another number may change the last bits of the result."""
    log_every: int = 20
    """Steps between rows of the curve."""
    validate_every: int = 0
    """Steps between validations; one is made after the last step in any case."""
    checkpoint_every: int = 200
    """Steps between checkpoints."""
    keep: int = 2
    """How many checkpoints are kept."""
    keep_every: int = 0
    """Checkpoints at multiples of so many steps are kept for good; 0 for none."""
    patience: int = 0
    """So many validations without a smaller loss end the run, and the weights with the smallest are what is kept; 0
    goes on to the end. It needs validate_every."""
    sheet_every: int = 0
    """Steps between sheets of what the model makes, for who watches; 0 for none."""
    prefetch: int = 1
    """How many steps ahead rows are read while the model computes."""
    spike: float = 8.0
    """A loss so many times the usual one, or one that is no number, takes the run back to its last checkpoint; the
    step that caused it is then left out."""

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "accumulation", "threads", "log_every", "checkpoint_every", "keep"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.batch % self.accumulation:
            raise ValueError(f"batch ({self.batch}) must be a multiple of accumulation ({self.accumulation})")
        if not 0 <= self.ema < 1:
            raise ValueError(f"ema must be at least 0 and below 1, got {self.ema}")
        if self.learning_rate <= 0:
            raise ValueError(f"learning_rate must be positive, got {self.learning_rate}")
        if self.spike <= 1:
            raise ValueError(f"spike must be above 1, got {self.spike}")
        for name in ("patience", "prefetch", "keep_every", "sheet_every", "validate_every"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if self.patience and not self.validate_every:
            raise ValueError("patience counts validations: set validate_every too")
        if self.sharding == "full" and self.optimizer == "muon":
            raise ValueError("sharding cuts the matrices that muon turns whole: train with adamw, or without sharding")

    def rate(self, step: int) -> float:
        """The learning rate at a step, counted from 0."""
        rising = min(1.0, (step + 1) / max(self.warmup, 1))
        if self.schedule == "cosine":
            far = max(0.0, step - self.warmup) / max(1, self.steps - self.warmup)
            return self.learning_rate * rising * 0.5 * (1 + math.cos(math.pi * min(far, 1.0)))
        if self.schedule == "level":
            falling = max(1.0, self.fall * self.steps)
            return self.learning_rate * rising * min(1.0, (self.steps - step) / falling)
        return self.learning_rate * rising


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished run says about itself."""

    curve: list[Row]
    """Rows with `step`, `loss`, `learning_rate`, `gradient_norm`, and what was validated there."""
    final: Row
    """What the last validation measured."""
    rollbacks: int
    samples_per_second: float
    """Of this process's own steps; 0 when there was nothing left to do. Not for outputs: it varies."""
    lost: Row = field(default_factory=dict)
    """The shares of this process's time that went into loading, checkpoints and logging. It varies, too."""
    stopped_at: int = 0
    """The step at which patience ended the run; 0 when it went to its end."""


def train(task: Task, config: Config, folder: Path) -> Result:
    """Train the task's model, going on from what `folder` holds of the same run."""
    if task.examples < 1:
        raise BadInput(f"There is nothing to train the {task.name} on: the corpus has no rows for it.")
    if config.precision == "measured":
        config = dataclasses.replace(config, precision=faster_precision(task, config, folder / "precision.json"))
    with _machine(config) as accelerator:
        run = _Run(task, config, folder, accelerator)
        return run.to_the_end()


def faster_precision(task: Task, config: Config, note: Path) -> Literal["no", "bf16"]:
    """The precision in which a step of this task takes less time here; it is measured once and noted."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        return "bf16" if json.loads(note.read_text())["precision"] == "bf16" else "no"
    if PartialState(cpu=not torch.cuda.is_available()).num_processes > 1:
        raise BadInput("precision is measured where one process trains: set it to no, bf16 or fp16 for several.")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = copy.deepcopy(task.model).to(device).train()
    batch = {name: t.to(device) for name, t in task.batch(rows_at(0, config.batch, task.examples, config.seed)).items()}
    threads = torch.get_num_threads()
    torch.set_num_threads(config.threads)
    try:
        seconds = {name: _seconds_of_a_step(task, model, batch, name == "bf16") for name in ("no", "bf16")}
    finally:
        torch.set_num_threads(threads)
    files.write_json(note, {"precision": min(seconds, key=seconds.__getitem__), "seconds": seconds})
    return "bf16" if seconds["bf16"] < seconds["no"] else "no"


def leads() -> bool:
    """Whether this process writes what was learned; of processes that train together one does."""
    return os.environ.get("RANK", "0") == "0"


def rows_at(position: int, count: int, examples: int, seed: int) -> np.ndarray:
    """The rows at these places of an endless order in which each epoch is a shuffle of its own."""
    places = np.arange(position, position + count)
    return np.concatenate(
        [
            _shuffle(examples, seed, int(e))[places[places // examples == e] % examples]
            for e in np.unique(places // examples)
        ]
    )


def write_curves(path: Path, result: Result | None = None, **parts: Result) -> None:
    """Write curves as CSV with a first column `step`; several parts get their names before the columns'."""
    merged: dict[float, Row] = {}
    for part, each in ([("", result)] if result else []) + list(parts.items()):
        for row in each.curve:
            named = {f"{part}_{name}" if part and name != "step" else name: value for name, value in row.items()}
            merged.setdefault(row["step"], {}).update(named)
    columns = ["step", *sorted({name for row in merged.values() for name in row} - {"step"})]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: f"{value:.6g}" for name, value in merged[step].items()} for step in sorted(merged))
    files.write_text(path, text.getvalue())


@functools.lru_cache(maxsize=4)
def _shuffle(examples: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng([seed, epoch]).permutation(examples)


@contextmanager
def _machine(config: Config) -> Iterator[Accelerator]:
    """The machine made ready; its threads and determinism are put back afterwards."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    AcceleratorState._reset_state()  # a run of another precision may have come before in this process
    GradientState._reset_state()
    accelerator = Accelerator(mixed_precision=config.precision, cpu=not torch.cuda.is_available())
    torch.set_num_threads(config.threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield accelerator
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict)


def _seconds_of_a_step(task: Task, model: nn.Module, batch: Batch, half: bool) -> float:
    device = next(iter(batch.values())).device
    times = []
    for _ in range(3):  # the first makes things ready
        began = time.monotonic()
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            loss = task.loss(model, batch, torch.Generator(device).manual_seed(0))
        loss.backward()  # type: ignore[no-untyped-call]
        loss.detach().item()  # waits for an accelerator
        times.append(time.monotonic() - began)
    model.zero_grad(set_to_none=True)
    return min(times[1:])


def _optimizers(model: nn.Module, config: Config) -> list[torch.optim.Optimizer]:
    matrices, others = muon.split(model) if config.optimizer == "muon" else ([], [*model.parameters()])
    others = [p for p in others if p.requires_grad]
    decayed, free = [p for p in others if p.ndim >= 2], [p for p in others if p.ndim < 2]
    adamw = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": config.weight_decay}, {"params": free, "weight_decay": 0.0}],
        lr=config.learning_rate,
        betas=(0.9, 0.99),
        fused=True,
    )
    if not matrices:
        return [adamw]
    return [adamw, muon.Muon(matrices, config.learning_rate, weight_decay=config.weight_decay)]


@dataclass(slots=True)
class _Window:
    """Losses and gradient norms that have not been looked at yet, still on the accelerator."""

    steps: list[int] = field(default_factory=list)
    losses: list[Tensor] = field(default_factory=list)
    norms: list[Tensor] = field(default_factory=list)


class _Run:
    """One run: its model, its averages, and how far it is."""

    def __init__(self, task: Task, config: Config, folder: Path, accelerator: Accelerator) -> None:
        self._task, self._config, self._accelerator = task, config, accelerator
        self._cut = config.sharding == "full" and sharding.is_distributed()
        self._net = sharding.sharded(task.model, accelerator.device) if self._cut else task.model.to(accelerator.device)
        self._trained = {name: p for name, p in self._net.named_parameters() if p.requires_grad}
        if not self._trained:
            raise ValueError(f"the {task.name} has no parameter to train")
        if (count := accelerator.num_processes * config.accumulation) > config.batch:
            raise BadInput(
                f"Training the {task.name}, {count} parts of a step have {config.batch} rows between them: set batch "
                f"to {count} or more, or train in fewer processes (STORYWRIGHT_PROCESSES)."
            )
        if config.recompute:
            _recompute(self._net, task.name)
        self._inner = _optimizers(self._net, config)
        # Not wrapped for several processes: a task may use parts of its model. Gradients are brought together below.
        self._model = accelerator.prepare_model(self._net, evaluation_mode=True)
        if config.compile:
            self._model = torch.compile(self._model)
        self._optimizers = [accelerator.prepare_optimizer(optimizer) for optimizer in self._inner]
        self._learning: list[nn.Parameter] | None = None
        self._averages = {name: p.detach().clone() for name, p in self._trained.items()} if config.ema else {}
        self._best: dict[str, Tensor] = {}
        run = self._fingerprint()
        self._checkpoints = Checkpoints(
            folder, run, keep=config.keep, keep_every=config.keep_every, writes=accelerator.is_main_process
        )
        self._state = State(run=run, steps=config.steps)
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self._window = _Window()
        self._cuts = config.accumulation
        self._batches = Prefetch(self._read, ahead=config.prefetch, end=config.steps, pinned=pins(accelerator.device))
        self._observer = watching.observer() if accelerator.is_main_process else None
        self._meter = Meter(accelerator.device, config.precision, config.batch)

    def to_the_end(self) -> Result:
        """Do the steps that are left, and put the averaged weights into the model."""
        self._open_newest()
        first, config = self._state.position, self._config
        self._net.train()
        if self._observer and self._is_going() and not self._cut:
            self._meter.count(self._tried)
        started = time.monotonic()
        try:
            with Progress(f"training the {self._task.name}", config.steps - first) as progress:
                while self._is_going():
                    before = self._state.position
                    self._step()
                    speed = (self._state.position - first) * config.batch / (time.monotonic() - started)
                    if self._accelerator.is_main_process:
                        progress.advance(self._state.position - before, self._note(speed))
        finally:
            self._batches.close()
            self._checkpoints.wait()  # however a training ends, what it kept is on the disk
        took, lost = time.monotonic() - started, self._meter.share_lost()
        if not self._state.final:
            self._state.final = self._validated(self._best or self._averages)
            self._save()
            self._checkpoints.wait()
        _copy(self._best or self._averages or self._trained, self._trained)
        self._hand_back()
        done = self._state.position - first
        speed = done * config.batch / took if done > 0 else 0.0
        stopped = self._state.position if self._state.stopped else 0
        return Result(self._state.curve, self._state.final, self._state.rollbacks, speed, lost, stopped)

    def _is_going(self) -> bool:
        return self._state.position < self._config.steps and not self._state.stopped

    def _step(self) -> None:
        state, config = self._state, self._config
        if state.position not in state.skipped:
            self._learn(state.position)
        state.position += 1
        ended = state.position == config.steps
        due = state.position % config.checkpoint_every == 0 or ended
        validates = config.validate_every > 0 and state.position % config.validate_every == 0
        validates = (validates and not ended) or (ended and config.patience > 0)
        if (due or validates or state.position % _CHECK_EVERY == 0) and not self._all_well():
            self._roll_back()
            return
        if validates:
            self._log_validation()
        if config.sheet_every and state.position % config.sheet_every == 0:
            self._show_sheet()
        if due or state.stopped:
            with self._meter.losing("checkpoints"):
                self._save()

    def _learn(self, step: int) -> None:
        rate = self._config.rate(step)
        for group in (group for optimizer in self._inner for group in optimizer.param_groups):
            group["lr"] = rate
        total = self._gradients(step)
        self._share_gradients(len(self._rows_of(step)))
        norm = self._accelerator.clip_grad_norm_(self._trained.values(), self._config.clip)
        for optimizer in self._optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self._average(step)
        self._window.steps.append(step)
        self._window.losses.append(total)
        self._window.norms.append(sharding.whole(torch.as_tensor(norm).detach()).float())

    def _gradients(self, step: int) -> Tensor:
        """Gradients of a step's rows, in smaller parts where memory does not suffice; returns the mean loss."""
        with self._meter.losing("loading"):
            parts = self._batches[step]
        while True:
            try:
                return self._backward(step, parts, self._model)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                self._halve_or_refuse(error)
            for optimizer in self._optimizers:
                optimizer.zero_grad(set_to_none=True)
            release()
            self._batches.forget()
            parts = self._read(step)

    def _backward(self, step: int, parts: Parts, model: nn.Module) -> Tensor:
        generator, device = self._chance(step), self._accelerator.device
        mine = self._rows_of(step)
        shares = [len(rows) / len(mine) for rows in np.array_split(mine, len(parts))]
        total = torch.zeros((), device=device)
        for part, share in zip(parts, shares, strict=True):
            batch = {name: t.to(device, non_blocking=True) for name, t in part.items()}
            with self._accelerator.autocast():
                loss = self._task.loss(model, batch, generator) * share
            self._accelerator.backward(loss)
            total += loss.detach().float()
        return total

    def _halve_or_refuse(self, error: BaseException) -> None:
        mine = self._config.batch // self._accelerator.num_processes
        if self._cuts >= mine or self._accelerator.num_processes > 1:
            raise BadInput(
                f"There is not enough memory to train the {self._task.name} on {max(1, mine // self._cuts)} rows at "
                f"once: raise accumulation (now {self._config.accumulation}), set recompute, or make the model smaller."
            ) from error
        self._cuts = min(mine, self._cuts * 2)
        _log.warning(
            "Memory does not suffice: the %s goes on with a step's rows in %d parts.", self._task.name, self._cuts
        )

    def _read(self, step: int) -> Parts:
        """This process's rows of a step, in the parts that are computed one after another."""
        return [self._task.batch(part) for part in np.array_split(self._rows_of(step), self._cuts)]

    @torch.no_grad()
    def _share_gradients(self, num_rows: int) -> None:
        """Give every process the mean of all gradients, each counting by the rows it is of."""
        together = self._accelerator
        if together.num_processes == 1 or self._cut:
            return
        mine = {p for p in self._trained.values() if p.grad is not None}
        if self._learning is None:
            met = torch.tensor([float(p in mine) for p in self._trained.values()], device=together.device)
            met = together.reduce(met, "sum").tolist()
            self._learning = [p for p, count in zip(self._trained.values(), met, strict=True) if count]
        assert mine <= set(self._learning), "what learns is what some process's first step used"
        flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in self._learning])
        flat *= num_rows * together.num_processes / self._config.batch
        flat = together.reduce(flat, "mean")
        for parameter, part in zip(self._learning, flat.split([p.numel() for p in self._learning]), strict=True):
            parameter.grad = part.view_as(parameter)

    def _rows_of(self, step: int) -> np.ndarray:
        """This process's share of the rows of a step."""
        rows = rows_at(step * self._config.batch, self._config.batch, self._task.examples, self._config.seed)
        return np.array_split(rows, self._accelerator.num_processes)[self._accelerator.process_index]

    def _tried(self) -> None:
        """One step's products with nothing learnt from it, to count them."""
        buffers = {name: b.clone() for name, b in self._net.named_buffers()}
        self._backward(self._state.position, self._read(self._state.position), self._net)
        for optimizer in self._optimizers:
            optimizer.zero_grad(set_to_none=True)
        _copy(buffers, dict(self._net.named_buffers()))

    def _chance(self, step: int) -> torch.Generator:
        """All random numbers of a step; the global generator (dropout inside models) is seeded along."""
        seed = int(
            np.random.SeedSequence([self._config.seed, step, self._accelerator.process_index]).generate_state(1)[0]
        )
        torch.manual_seed(seed)
        return torch.Generator(self._accelerator.device).manual_seed(seed)

    @torch.no_grad()
    def _average(self, step: int) -> None:
        if self._averages:
            decay = min(self._config.ema, (1 + step) / (10 + step))
            torch._foreach_lerp_(list(self._averages.values()), list(self._trained.values()), 1 - decay)

    def _all_well(self) -> bool:
        """Look at the losses since the last look; the first bad step is noted as one to leave out."""
        window, self._window = self._window, _Window()
        if not window.steps:
            return True
        losses = self._accelerator.reduce(torch.stack(window.losses), "mean").tolist()
        norms = torch.stack(window.norms).tolist()
        with self._meter.losing("logging"):
            for step, loss, norm in zip(window.steps, losses, norms, strict=True):
                usual = statistics.median(self._recent) if len(self._recent) >= 20 else math.inf
                if not (math.isfinite(loss) and math.isfinite(norm)) or loss > self._config.spike * usual:
                    self._bad = (step, loss)
                    return False
                self._recent.append(loss)
                self._state.loss_sum += loss
                self._state.loss_count += 1
                if (step + 1) % self._config.log_every == 0:
                    self._log(step, norm)
        return True

    def _roll_back(self) -> None:
        step, loss = self._bad
        skipped, rollbacks = [*self._state.skipped, step], self._state.rollbacks + 1
        if rollbacks > _MOST_ROLLBACKS:
            raise BadInput(
                f"Training the {self._task.name} went wrong {rollbacks} times, at last with a loss of {loss:g} at step "
                f"{step}: lower learning_rate (now {self._config.learning_rate:g}) or look at the data."
            )
        self._checkpoints.wait()
        self._batches.forget()
        self._open_newest()
        self._state.skipped, self._state.rollbacks = skipped, rollbacks
        self._net.train()

    def _log(self, step: int, norm: float) -> None:
        state = self._state
        figures = {
            "loss": state.loss_sum / state.loss_count,
            "learning_rate": self._config.rate(step),
            "gradient_norm": norm,
        }
        state.curve.append({"step": step + 1, **figures})
        if self._observer:
            self._observer.figures(step + 1, figures | self._meter.row(state.loss_count))
        state.loss_sum, state.loss_count = 0.0, 0

    def _log_validation(self) -> None:
        state, found = self._state, self._validated(self._averages)
        figures = {f"validation_{name}": value for name, value in found.items()}
        row = {"step": float(state.position)}
        if state.curve and state.curve[-1]["step"] == row["step"]:
            row = state.curve.pop()
        state.curve.append(row | figures)
        if self._observer:
            self._observer.figures(state.position, figures)
        if not self._config.patience or "loss" not in found:
            return
        if found["loss"] < state.best:
            state.best, state.without_better = found["loss"], 0
            self._best = {name: t.detach().clone() for name, t in (self._averages or self._trained).items()}
        else:
            state.without_better += 1
            state.stopped = state.without_better >= self._config.patience

    def _show_sheet(self) -> None:
        """Show who watches what the averaged weights make; the model goes on with its own."""
        make = getattr(self._task, "sheet", None)
        if make is None or (self._observer is None and not self._cut):
            return
        with self._meter.losing("logging"), self._wearing(self._averages):
            picture = make(self._net)
            if self._observer:
                self._observer.sheet(self._state.position, self._task.name, picture)

    def _validated(self, weights: Mapping[str, Tensor]) -> Row:
        """What the model reaches with these weights; it goes on with its own."""
        with self._wearing(weights):
            return {name: float(value) for name, value in self._task.validate(self._net).items()}

    @contextmanager
    def _wearing(self, weights: Mapping[str, Tensor]) -> Iterator[None]:
        """The model with these weights, or its own where there are none, in evaluation mode."""
        with torch.no_grad():
            kept = {name: p.detach().clone() for name, p in self._trained.items()}
            _copy(weights or self._trained, self._trained)
            self._net.eval()
            yield
            _copy(kept, self._trained)
            self._net.train()

    def _hand_back(self) -> None:
        """Leave the task's model trained, whole and in evaluation mode."""
        if self._cut:
            mine = dict(self._task.model.named_parameters()) | dict(self._task.model.named_buffers())
            found = sharding.whole_of(self._trained | dict(self._net.named_buffers()))
            _copy(found, {name: mine[name] for name in found})
        else:
            self._accelerator.unwrap_model(self._model, keep_fp32_wrapper=False)
        self._task.model.eval()

    def _save(self) -> None:
        self._state.recent = list(self._recent)
        tensors = {"model": self._trained | dict(self._net.named_buffers()), "optimizer": self._moments()}
        tensors |= {"ema": self._averages} if self._averages else {}
        tensors |= {"best": self._best} if self._best else {}
        self._checkpoints.save(self._state, {part: sharding.whole_of(values) for part, values in tensors.items()})

    def _open_newest(self) -> None:
        """Go on from the newest checkpoint of this run; without one, make the first."""
        self._accelerator.wait_for_everyone()  # until the process that writes has written
        for state, tensors in self._checkpoints.newest_first():
            if state.run == self._state.run and self._same_until(state):
                self._take(state, tensors)
                return
        self._checkpoints.clear()
        self._save()

    def _take(self, state: State, tensors: dict[str, dict[str, Tensor]]) -> None:
        state.steps = self._config.steps
        state.stopped = 0 < self._config.patience <= state.without_better
        if state.position < self._config.steps and not state.stopped:
            state.final = {}
        self._state, self._window = state, _Window()
        self._recent = deque(state.recent, maxlen=_RECENT)
        kept = tensors["model"]
        _copy({name: kept[name] for name in self._trained}, self._trained)
        buffers = dict(self._net.named_buffers())
        _copy({name: kept[name] for name in buffers}, buffers)
        if self._averages:
            _copy(tensors["ema"], self._averages)
        best = tensors.get("best", {})
        self._best = {n: sharding.like(t.to(self._trained[n].device), self._trained[n]) for n, t in best.items()}
        self._set_moments(tensors["optimizer"])

    def _moments(self) -> dict[str, Tensor]:
        kept: dict[str, Tensor] = {}
        for number, optimizer in enumerate(self._inner):
            for index, values in optimizer.state_dict()["state"].items():
                kept |= {f"{number}.{index}.{name}": value for name, value in values.items()}
        return kept

    def _set_moments(self, moments: dict[str, Tensor]) -> None:
        for number, optimizer in enumerate(self._inner):
            loaded = optimizer.state_dict()
            loaded["state"] = {}
            weights = [p for group in optimizer.param_groups for p in group["params"]]
            for key, value in moments.items():
                whose, index, name = key.split(".", 2)
                if int(whose) == number:
                    loaded["state"].setdefault(int(index), {})[name] = sharding.like(value, weights[int(index)])
            optimizer.load_state_dict(loaded)

    def _fingerprint(self) -> str:
        """What makes two runs the same one. How long it is, how often it is kept and how many processes do it may
        change on the way: the rows of a step stay the same; only rounding, and the noise each process draws, do not.
        """
        values = dataclasses.asdict(self._config)
        for name in _MAY_CHANGE:
            del values[name]
        for name in ("recompute", "compile"):
            if not values[name]:
                del values[name]
        shapes = {name: list(p.shape) for name, p in self._trained.items()}
        return files.digest_of([values, self._task.digest, shapes, self._task.examples])

    def _same_until(self, state: State) -> bool:
        """Whether the learning rates so far are what they would have been in a run of this length."""
        if state.position > self._config.steps:
            return False
        old = dataclasses.replace(self._config, steps=state.steps)
        return all(old.rate(step) == self._config.rate(step) for step in range(state.position))

    def _note(self, speed: float) -> str:
        loss = f"loss {self._recent[-1]:.4f}, " if self._recent else ""
        return f"{loss}{speed:,.0f} samples/s"


def _recompute(model: nn.Module, name: str) -> None:
    for way in ("enable_gradient_checkpointing", "gradient_checkpointing_enable"):  # of diffusers, of transformers
        if hasattr(model, way):
            getattr(model, way)()
            return
    raise ValueError(f"the {name} cannot compute its inner results again: leave recompute out")


@torch.no_grad()
def _copy(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> None:
    for name, tensor in target.items():
        tensor.copy_(sharding.like(source[name], tensor))
