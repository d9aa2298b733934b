"""Workers: processes that take trials of one study until its budget is spent.

The budget is a number of trials, minutes, or both, whichever is spent first; trials that were given up count, failed
ones do not. A worker that is killed is replaced, and what it was trying is tried again. Three trials that fail one
after the other, with none that worked, end it all: something is wrong with more than their values.

Knows nothing of what a trial costs or measures.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState

from storywright.errors import BadInput
from storywright.progress import Progress
from storywright.steps import contract
from storywright.steps.tuning import space as spaces
from storywright.steps.tuning import studies, trial
from storywright.steps.tuning.studies import Place
from storywright.steps.tuning.trial import Attempt

_LOOK_EVERY_SECONDS = 0.5
_MOST_FAILED = 3
_MOST_REPLACED = 5
_REFUSED = 2
_TOLD = "STORYWRIGHT_TUNING_ORDER"


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How much is tried."""

    trials: int = 0
    """Trials of the study, with those that were made before; 0 for any number."""
    minutes: float = 0.0
    """Minutes from now, after which no trial is begun and those that are on are given up; 0 for any time."""

    def __post_init__(self) -> None:
        if self.trials < 0 or self.minutes < 0:
            raise BadInput(f"A budget is not negative: got {self.trials} trials and {self.minutes:g} minutes.")
        if not self.trials and not self.minutes:
            raise BadInput("Tuning needs a budget: give it minutes, or a number of trials.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What a worker is told."""

    attempt: Attempt
    place: Place
    plan: Mapping[str, Any]
    trials: int
    until: float
    """By the clock of this machine; 0 for ever."""
    seed: int


class SpentError(Exception):
    """The time is over."""


def tune(attempt: Attempt, place: Place, budget: Budget, *, workers: int = 1, seed: int = 0) -> optuna.Study:
    """Try values until the budget is spent; returns the study, in which at least one trial has come to its end."""
    if workers < 1:
        raise BadInput(f"Tuning needs at least one worker, got {workers}.")
    trial.refuse_missing(attempt)
    space, plan = spaces.of(attempt.module), attempt.plan()
    study = studies.opened(place, space, plan, seed=seed)
    for number in studies.give_up_killed(study):
        _say(f"Trial {number} was killed; it is tried again.")
    # Of what params.yaml leaves out the Config knows the usual value.
    studies.begin_with(study, space, asdict(contract.config_of(attempt.step, attempt.values)))
    attempt.folder.mkdir(parents=True, exist_ok=True)
    until = time.time() + 60 * budget.minutes if budget.minutes else 0.0
    order = Order(attempt=attempt, place=place, plan=plan, trials=budget.trials, until=until, seed=seed)
    if workers == 1:
        _alone(order, study)
    else:
        _together(order, study, workers)
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        failed = studies.reasons(study)
        raise BadInput(
            f"No trial of {attempt.step} came to its end within the budget"
            f"{f'; {failed[-1]}' if failed else ''}. Give it more time, or make the training shorter."
        )
    return study


def work(order: Order, study: optuna.Study | None = None, told: Callable[..., None] | None = None) -> None:
    """Take trials until the budget is spent; `told` is called after each."""
    space = spaces.of(order.attempt.module)
    study = study or studies.opened(order.place, space, order.plan, seed=order.seed)
    turn = _Turn(order.attempt.folder / ".turn")

    def tried(one: optuna.Trial) -> float:
        studies.sign(one)
        turn.pass_on()
        values = studies.suggested(one, space)
        try:
            return trial.made(order.attempt, values, _judged(one, order), f"trial {one.number}")
        except SpentError:
            raise optuna.TrialPruned from None
        except optuna.TrialPruned:
            raise
        except Exception as error:
            one.set_user_attr("why", f"{type(error).__name__}: {error}"[:500])
            raise

    while True:
        turn.take()
        if _is_spent(order, study) or _is_hopeless(study):
            turn.pass_on()
            return
        # Whatever a trial fails of, the others may do without it; what it was stands in the study.
        study.optimize(tried, n_trials=1, catch=(Exception,), callbacks=[told] if told else [])


def _judged(one: optuna.Trial, order: Order) -> trial.Report:
    def report(number: float, step: int) -> None:
        one.report(number, step)
        if order.until and time.time() > order.until:
            raise SpentError
        # The training's own values go to their end: they are what the others are measured against.
        if not one.user_attrs.get("own") and one.should_prune():
            raise optuna.TrialPruned

    return report


def _is_spent(order: Order, study: optuna.Study) -> bool:
    late = bool(order.until) and time.time() > order.until
    return late or (order.trials > 0 and studies.counted(study) >= order.trials)


def _is_hopeless(study: optuna.Study) -> bool:
    ended = [one for one in study.get_trials(deepcopy=False) if one.state.is_finished()]
    failed = [one for one in ended if one.state == TrialState.FAIL]
    return len(failed) >= _MOST_FAILED and len(failed) == len(ended)


def _alone(order: Order, study: optuna.Study) -> None:
    """Take the trials in this process."""
    with Progress("tuning", order.trials or None) as progress:
        shown = _Shown(progress, study)
        work(order, study, shown.look)


def _together(order: Order, study: optuna.Study, workers: int) -> None:
    """Have processes take the trials, and replace those that are killed."""
    at_work = {number: _started(order, number) for number in range(workers)}
    replaced = 0
    try:
        with Progress("tuning", order.trials or None) as progress:
            shown = _Shown(progress, study)
            while at_work:
                time.sleep(_LOOK_EVERY_SECONDS)
                shown.look()
                for number, one in [*at_work.items()]:
                    if one.poll() is None:
                        continue
                    del at_work[number]
                    if one.returncode == 0:
                        continue
                    if one.returncode == _REFUSED:
                        raise BadInput(_last_line(order, number))
                    killed = studies.give_up_killed(study)
                    replaced += 1
                    if replaced > _MOST_REPLACED:
                        raise BadInput(
                            f"Workers were killed {replaced} times, the last by {_signal(one.returncode)}: give them "
                            "more memory, or use fewer --workers."
                        )
                    _say(
                        f"A worker was ended by {_signal(one.returncode)}"
                        f"{f' in trial {killed[0]}, which is tried again' if killed else ''}; another takes its place."
                    )
                    at_work[number + workers] = _started(order, number + workers)
    finally:
        for one in at_work.values():
            one.terminate()
        for one in at_work.values():
            one.wait()


class _Shown:
    """Shows how many trials have ended, and the best number."""

    def __init__(self, progress: Progress, study: optuna.Study) -> None:
        self._progress, self._study, self._ended = progress, study, 0

    def look(self, *_: Any) -> None:
        ended = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        whole = [one for one in ended if one.state == TrialState.COMPLETE]
        note = f"best {self._study.best_value:.4g}" if whole else ""
        self._progress.advance(len(ended) - self._ended, note)
        self._ended = len(ended)


class _Turn:
    """Lets one worker of this machine after the other see whether there is a trial left, and begin it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w")

    def take(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def pass_on(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)


def _started(order: Order, number: int) -> "subprocess.Popen[bytes]":
    told = asdict(replace(order, seed=order.seed + 1 + number))
    environment = os.environ | {"STORYWRIGHT_PROGRESS": "", _TOLD: json.dumps(told, default=str)}
    with _log(order, number).open("wb") as log:  # their lines of progress would run through one another
        return subprocess.Popen(
            [sys.executable, "-m", "storywright.steps.tuning.work"], env=environment, stdout=log, stderr=log
        )


def _log(order: Order, number: int) -> Path:
    return order.attempt.folder / f"worker-{number}.log"


def _last_line(order: Order, number: int) -> str:
    lines = _log(order, number).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].removeprefix("tuning: ") if lines else f"Worker {number} gave up without a word."


def _told() -> Order:
    values = json.loads(os.environ.pop(_TOLD))
    attempt = Attempt(**values.pop("attempt"))
    return Order(attempt=replace(attempt, folder=Path(attempt.folder)), place=Place(**values.pop("place")), **values)


def _signal(code: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"exit code {code}"


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    try:
        work(_told())
    except BadInput as error:
        _say(f"tuning: {error}")
        raise SystemExit(_REFUSED) from error
