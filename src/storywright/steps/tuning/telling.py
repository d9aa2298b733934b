"""What a study says: the best values as a file that a training reads, every trial in a table, and two plots.

Knows nothing of how trials are made.
"""

import csv
import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from storywright import files
from storywright.errors import BadInput
from storywright.steps.tuning.space import Space

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FEWEST_FOR_IMPORTANCE = 4  # ended trials, below which it would be chance
_COLOUR, _QUIET = "#1b6ca8", "#b0b0b0"


def write_best(study: optuna.Study, step: str, space: Space, file: Path) -> None:
    """Write the values that a training reads by its input `tuned`."""
    best = _best(study, step)
    files.write_json(
        file,
        {
            "step": step,
            "values": {name: best.params[name] for name in space.values if name in best.params},
            "metric": space.metric,
            "better": space.better,
            "value": best.value,
            "value_before": _value_before(study),
            "study": study.study_name,
            "trial": best.number,
            "trials": _counts(study),
        },
    )


def write_history(study: optuna.Study, step: str, space: Space, folder: Path) -> None:
    """Write `history.csv`, `importance.json`, and the two as pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    files.write_text(folder / "history.csv", _table(study, space))
    weights = importance(study)
    files.write_json(folder / "importance.json", weights)
    _plot_history(study, f"{step}: {space.metric}, {space.better} is better", folder / "history.png")
    _plot_importance(weights, space, folder / "importance.png")


def figures(study: optuna.Study, step: str) -> dict[str, float]:
    """Flat numbers about the study."""
    best, before = _best(study, step), _value_before(study)
    found = {"best_value": float(best.value or 0.0), **{f"num_{name}": float(n) for name, n in _counts(study).items()}}
    if before is not None:
        better = -1 if study.direction == optuna.study.StudyDirection.MINIMIZE else 1
        found |= {"value_before": before, "gain": better * (found["best_value"] - before)}
    return {name: round(value, 6) for name, value in found.items()}


def importance(study: optuna.Study) -> dict[str, float]:
    """How much of what differs between trials is due to each value, in all 1; empty while there are few trials."""
    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(ended) < _FEWEST_FOR_IMPORTANCE or len({one.value for one in ended}) < 2:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = optuna.importance.get_param_importances(
            study, evaluator=optuna.importance.FanovaImportanceEvaluator(seed=0)
        )
    return {name: round(float(weight), 4) for name, weight in found.items()}


def _best(study: optuna.Study, step: str) -> FrozenTrial:
    try:
        return study.best_trial
    except ValueError as error:
        raise BadInput(
            f"The study {study.study_name!r} of {step} has no trial that came to its end: go on with it."
        ) from error


def _value_before(study: optuna.Study) -> float | None:
    """The number with the training's own values."""
    own = [
        one.value
        for one in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if one.user_attrs.get("own")
    ]
    return own[0] if own else None


def _counts(study: optuna.Study) -> dict[str, int]:
    names = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "given_up", TrialState.FAIL: "failed"}
    states = [one.state for one in study.get_trials(deepcopy=False)]
    return {name: states.count(state) for state, name in names.items()}


def _table(study: optuna.Study, space: Space) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", "state", "value", "best", "seconds", *space.values, "why"])
    best = np.nan
    for one in study.get_trials(deepcopy=False):
        if one.state == TrialState.COMPLETE and one.value is not None:
            best = one.value if np.isnan(best) else _better(study, best, one.value)
        seconds = f"{one.duration.total_seconds():.1f}" if one.duration else ""
        value = _last(one)
        row: list[Any] = [one.number, one.state.name.lower(), "" if value is None else f"{value:.6g}", f"{best:.6g}"]
        writer.writerow(
            [*row, seconds, *(one.params.get(name, "") for name in space.values), one.user_attrs.get("why", "")]
        )
    return text.getvalue()


def _better(study: optuna.Study, one: float, other: float) -> float:
    return min(one, other) if study.direction == optuna.study.StudyDirection.MINIMIZE else max(one, other)


def _last(one: FrozenTrial) -> float | None:
    if one.state == TrialState.COMPLETE:
        return one.value
    return one.intermediate_values[max(one.intermediate_values)] if one.intermediate_values else None


def _plot_history(study: optuna.Study, title: str, file: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    trials = study.get_trials(deepcopy=False)
    whole = [one for one in trials if one.state == TrialState.COMPLETE and one.value is not None]
    given_up = [one for one in trials if one.state == TrialState.PRUNED and one.intermediate_values]
    values = np.array([float(one.value or 0.0) for one in whole])
    least = study.direction == optuna.study.StudyDirection.MINIMIZE
    best = (np.minimum if least else np.maximum).accumulate(values)
    left.plot([one.number for one in whole], best, color=_COLOUR, drawstyle="steps-post", label="best so far")
    left.scatter([one.number for one in whole], values, color=_COLOUR, s=18, label="tried")
    left.scatter(
        [one.number for one in given_up],
        [_last(one) for one in given_up],
        color=_QUIET,
        s=18,
        marker="x",
        label="given up",
    )
    left.set(title=title, xlabel="trial")
    left.legend(frameon=False, fontsize=8)
    _plot_courses(right, whole, given_up)
    # Without the name of the program that wrote it the same plot is the same file.
    figure.savefig(file, dpi=110, metadata={"Software": None})


def _plot_courses(axes: "Axes", whole: list[FrozenTrial], given_up: list[FrozenTrial]) -> None:
    for one in [*given_up, *whole]:
        steps = sorted(one.intermediate_values)
        colour = _COLOUR if one in whole else _QUIET
        axes.plot(steps, [one.intermediate_values[step] for step in steps], color=colour, alpha=0.6, marker=".", lw=1)
    axes.set(title="at each validation; grey: given up", xlabel="step")


def _plot_importance(weights: dict[str, float], space: Space, file: Path) -> None:
    from matplotlib.figure import Figure

    names = list(reversed(weights or dict.fromkeys(space.values, 0.0)))
    figure = Figure(figsize=(7, 0.8 + 0.4 * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.barh(names, [weights.get(name, 0.0) for name in names], color=_COLOUR)
    title = "What the differences between trials are due to" if weights else "Too few trials to say what matters"
    axes.set(title=title, xlim=(0, 1))
    figure.savefig(file, dpi=110, metadata={"Software": None})
