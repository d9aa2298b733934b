"""A pipeline on this machine: Kubeflow's local runner, with a line for each step and the log in a file.

Results lie at their usual places, `factory/STEP/NAME`. What is up to date is left as it is, so that a run that was
stopped goes on where it was, and one with nothing to do is over at once. Knows nothing of clusters.
"""

import contextlib
import json
import multiprocessing
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from pipelines import compiling
from storywright import tracking
from storywright.errors import BadInput
from storywright.settings import FACTORY, Settings
from storywright.steps import contract

RUNS = FACTORY / "runs"
"""A folder for each run: its log, and what Kubeflow writes about its tasks."""

_LOOK_EVERY_SECONDS = 0.2
_LINE_EVERY_SECONDS = 10.0
_MARKS = {"made": "✓", "up to date": "=", "refused": "✗", "failed": "✗"}


class FailedStepError(Exception):
    """A step ended with an error that is not the user's; the message says which, why, and where its log is."""


@dataclass
class Outcome:
    """How the steps of a run ended."""

    log: Path | None = None
    """Where all that the steps said is kept; none: nothing had to be run."""
    ended: list[dict[str, Any]] = field(default_factory=list)
    """How each task ended."""


def run(pipeline: Callable[..., Any], values: dict[str, Any], *, again: bool = False) -> Outcome:
    """Run a pipeline; raises BadInput when a step refuses what it was given, else FailedStepError."""
    standing = _checked({step: values[step] for step in compiling.steps_of(pipeline)})
    if standing and not again and all(standing.values()):
        for step in standing:
            _say(_line({"task": step, "event": "up to date"}))
        return Outcome()
    name = pipeline.__name__
    folder = RUNS / time.strftime(f"{name}-%Y%m%d-%H%M%S")
    folder.mkdir(parents=True)
    outcome = Outcome(folder / "log.txt")
    with tracking.pipeline_run(name, values), _environment(folder, again):
        with _Reporter(folder, outcome) as reporter:
            failure = _run_locally(pipeline, values, folder)
        if failure:
            raise reporter.reason() or FailedStepError(f"{failure} The log: {outcome.log}") from failure
    return outcome


def _checked(values: dict[str, dict[str, Any]]) -> dict[str, bool]:
    """Whether each step is up to date; refuses what a step would refuse before the first one starts.

    A process of its own looks, so that the libraries of all steps do not stay in memory for the length of the run.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
        return other.submit(_look, values).result()


def _look(values: dict[str, dict[str, Any]]) -> dict[str, bool]:
    for step, given in values.items():
        contract.config_of(step, given)
    standing: dict[str, bool] = {}
    for step, given in values.items():
        # Behind a step that will be made, nothing stands: no need to look.
        standing[step] = all(standing.values()) and contract.is_up_to_date(step, given)
    return standing


def _run_locally(pipeline: Callable[..., Any], values: dict[str, Any], folder: Path) -> RuntimeError | None:
    """Run it from its compiled form, as a cluster would; returns Kubeflow's word when a task failed."""
    from kfp import components, local

    text = compiling.form(pipeline, values, "machine", compiling.Images())
    with (folder / "log.txt").open("w", buffering=1, encoding="utf-8") as log, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="kfp")  # that images, memory and processors have no part here
        with contextlib.redirect_stdout(log):
            local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(folder / "kfp"))
            try:
                components.load_component_from_text(text)()
            except RuntimeError as error:
                return error
    return None


@contextlib.contextmanager
def _environment(folder: Path, again: bool) -> Iterator[None]:
    """What the tasks read: where everything lies, and where to say how they go."""
    before = dict(os.environ)
    os.environ |= {
        "STORYWRIGHT_FACTORY": str(FACTORY.resolve()),
        "STORYWRIGHT_EVENTS": str((folder / "events.jsonl").resolve()),
        "STORYWRIGHT_PROGRESS": str((folder / "progress.txt").resolve()),
        "STORYWRIGHT_AGAIN": "1" if again else "0",
        "STORYWRIGHT_TRACKING": os.environ.get("STORYWRIGHT_TRACKING") or "later",
        "MLFLOW_TRACKING_URI": Settings.from_environment().tracking_uri,
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


class _Reporter(threading.Thread):
    """Prints a line for each step that ends, and how far the one at work is."""

    def __init__(self, folder: Path, outcome: Outcome) -> None:
        super().__init__(name="reporter", daemon=True)
        self._events, self._progress = folder / "events.jsonl", folder / "progress.txt"
        self._log, self._outcome, self._read = folder / "log.txt", outcome, 0
        self._begun: dict[str, float] = {}
        self._stopped = threading.Event()
        self._out: TextIO = sys.stdout
        self._live, self._shown = self._out.isatty(), time.monotonic()

    def reason(self) -> Exception | None:
        """Why the run failed, in the words of the step that did."""
        for event in self._outcome.ended:
            if event["event"] == "refused":
                return BadInput(f"{event['task']}: {event['said']} The log: {self._log}")
            if event["event"] == "failed":
                return FailedStepError(f"{event['task']}: {event['said']}. The log: {self._log}")
        if self._begun:
            return FailedStepError(
                f"{next(iter(self._begun))} was killed, perhaps for want of memory. The log: {self._log}"
            )
        return None

    def run(self) -> None:
        while not self._stopped.wait(_LOOK_EVERY_SECONDS):
            self._read_events()
            self._show_progress()

    def __enter__(self) -> "_Reporter":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self.join()
        self._read_events()
        self._clear()

    def _read_events(self) -> None:
        if not self._events.exists():
            return
        lines = self._events.read_text(encoding="utf-8").splitlines()
        for line in lines[self._read :]:
            self._take(json.loads(line))
        self._read = len(lines)

    def _take(self, event: dict[str, Any]) -> None:
        task = event["task"]
        if event["event"] == "begun":
            self._begun[task] = time.monotonic()
            self._progress.unlink(missing_ok=True)
            return
        self._begun.pop(task, None)
        self._outcome.ended.append(event)
        self._clear()
        _say(_line(event), self._out)
        with contextlib.suppress(BadInput):  # a record that cannot be sent waits; it is told at the end
            tracking.send_waiting()

    def _show_progress(self) -> None:
        now = time.monotonic()
        if not self._begun or now - self._shown < (0 if self._live else _LINE_EVERY_SECONDS):
            return
        self._shown = now
        task, since = next(reversed(self._begun.items()))
        if now - since < 2:
            return
        doing = self._progress.read_text(encoding="utf-8") if self._progress.exists() else "at work"
        line = f"  … {task:<18} {now - since:6.1f} s  {doing}"
        if self._live:
            print(f"\r\x1b[K{line[: _columns() - 1]}", end="", file=self._out, flush=True)
        else:
            _say(line, self._out)

    def _clear(self) -> None:
        if self._live:
            print("\r\x1b[K", end="", file=self._out, flush=True)


def _line(event: dict[str, Any]) -> str:
    took = f"{event['seconds']:6.1f} s" if "seconds" in event else " " * 8
    said = event["event"] if event["event"] == "up to date" else event.get("said", "")
    return f"  {_MARKS[event['event']]} {event['task']:<18} {took}  {said}".rstrip()


def _say(line: str, out: TextIO | None = None) -> None:
    print(line, file=out or sys.stdout, flush=True)


def _columns() -> int:
    try:
        return os.get_terminal_size().columns
    except OSError:
        return 80
