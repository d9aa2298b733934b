"""One trial: a training with values out of its space, judged by one number, and given up when it falls behind.

`python -m storywright.steps.tuning.trial MODEL NAME=VALUE …` makes one without a study and prints the number at each
validation and at the end, as `loss=0.53`: what Katib reads. Knows nothing about which values are worth trying.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import yaml

from storywright import files, tracking
from storywright.errors import BadInput
from storywright.steps import command, contract
from storywright.steps.tuning import space as spaces
from storywright.training import watching

if TYPE_CHECKING:
    from PIL import Image

Report = Callable[[float, int], None]
"""Is told the number at a step; may raise to give the trial up."""

MODELS = ("critic", "illustrator", "motion", "writer")


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """A training that is tried, but for the values that differ from trial to trial."""

    step: str
    """The step that trains, such as train_critic."""
    values: Mapping[str, Any]
    """Its values, as they stand in params.yaml."""
    inputs: Mapping[str, str]
    """The place of each input."""
    folder: Path
    """Where trials work; what a killed one had learnt is gone on with there."""

    @property
    def module(self) -> ModuleType:
        """The step."""
        return contract.load(self.step)

    def plan(self) -> dict[str, Any]:
        """All that decides what a trial with given values comes to."""
        digests = {name: _digest(Path(path)) for name, path in self.inputs.items()}
        return {"step": self.step, "values": dict(self.values), "inputs": digests}


def step_of(model: str) -> str:
    """The step that trains a model."""
    if model not in MODELS:
        raise BadInput(f"There is no model {model!r} to tune: choose {', '.join(MODELS)}.")
    return f"train_{model}"


def inputs_of(step: str) -> dict[str, bool]:
    """The inputs that a training can read, and whether it needs them."""
    return {one.name: not contract.is_optional(one) for one in fields(contract.load(step).Inputs)}


def refuse_missing(attempt: Attempt) -> None:
    """Refuse inputs that the step does not have, or that are not there, before anything is tried."""
    needed = {one.name: one for one in fields(attempt.module.Inputs)}
    for name in attempt.inputs:
        if name not in needed:
            raise BadInput(f"Step {attempt.step} has no input {name!r}; its inputs are {', '.join(needed)}.")
    for name, one in needed.items():
        if not contract.is_optional(one) and name not in attempt.inputs:
            raise BadInput(f"Tuning {attempt.step} needs its input {name!r}: name its place.")
    for name, path in attempt.inputs.items():
        if not Path(path).exists():
            maker = needed[name].metadata["step"]
            raise BadInput(
                f"Tuning reads {path}, which is not there: make it with `python -m storywright.steps.{maker}` first."
            )


def made(attempt: Attempt, changes: Mapping[str, Any], report: Report, name: str = "trial") -> float:
    """Train with these changes and return the number that decides; `report` hears of it while it is trained.

    Each trial is a run of its own in MLflow, nested under the run that is open.
    """
    space = spaces.of(attempt.module)
    values = spaces.changed(attempt.values, {**space.held, **changes})
    config = contract.config_of(attempt.step, values)
    place = attempt.folder / files.digest_of(values)[:16]
    outputs = {one.name: place / one.metadata["name"] for one in fields(attempt.module.Outputs)}
    inputs = {key: Path(path) for key, path in attempt.inputs.items()}
    place.mkdir(parents=True, exist_ok=True)
    with tracking.step_run(attempt.step, config, inputs) as run:
        run.record.name = name
        run.record.tags |= {f"tried.{key}": str(value) for key, value in changes.items()}
        try:
            with watching.watched_by(_Watching(space, report, watching.observer())):
                attempt.module.run(config, attempt.module.Inputs(**inputs), attempt.module.Outputs(**outputs))
        except _GivenUpError as error:
            run.record.tags["trial"] = "given up"
            shutil.rmtree(place)
            raise error.reason from None
        run.finish({key: path for key, path in outputs.items() if key in ("metrics", "curves")})
        number = _decisive(outputs["metrics"], space, attempt.step)
        # Its name is that of a curve as well, whose last point would hide it.
        run.record.metrics["decisive"] = number
    shutil.rmtree(place)
    return number


def _digest(path: Path) -> str:
    """Of what an input says; the index that readers lay beside a corpus says nothing new."""
    if not path.is_dir():
        return files.digest(path)
    found = {one.relative_to(path).as_posix(): one for one in path.rglob("*") if one.is_file()}
    return files.digest_of({name: files.digest(one) for name, one in found.items() if not name.startswith("index/")})


def _decisive(metrics: Path, space: spaces.Space, step: str) -> float:
    found = json.loads(metrics.read_text(encoding="utf-8"))
    if space.metric not in found:
        raise BadInput(f"Step {step} did not measure {space.metric!r}: give it something to validate on.")
    return float(found[space.metric])


class _GivenUpError(Exception):
    """Carries what `report` raised through the training."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


class _Watching:
    """Hears of a training's validations, and tells whoever watched before."""

    def __init__(self, space: spaces.Space, report: Report, before: watching.Observer | None) -> None:
        self._space, self._report, self._before = space, report, before

    def figures(self, step: int, values: Mapping[str, float]) -> None:
        if self._before:
            self._before.figures(step, values)
        number = values.get(f"validation_{self._space.metric}")
        other = self._space.seen_with
        if number is None or (other and f"validation_{other}" not in values):
            return
        try:
            self._report(number, step)
        except Exception as error:
            raise _GivenUpError(error) from error

    def sheet(self, step: int, name: str, picture: "Image.Image") -> None:
        if self._before:
            self._before.sheet(step, name, picture)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m storywright.steps.tuning.trial", description=__doc__)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="what is tried, such as training.batch=64")
    parser.add_argument(
        "--training", type=json.loads, metavar="JSON", help="the training's values, not from params.yaml"
    )
    parser.add_argument("--params", type=Path, default=command.PARAMS)
    parser.add_argument("--preset")
    parser.add_argument("--factory", type=Path, default=Path("factory"), help="where the inputs lie")
    parser.add_argument("--folder", type=Path, default=Path("factory/trial"), help="where the trial works")
    args = parser.parse_args()
    step = step_of(args.model)
    space = spaces.of(contract.load(step))
    changes = {name: yaml.safe_load(value) for name, _, value in (one.partition("=") for one in args.values)}
    attempt = Attempt(
        step=step,
        values=args.training or command.read_params(args.params, args.preset)[step],
        inputs={name: str(path) for name, path in contract.input_paths(step, args.factory).items()},
        folder=args.folder,
    )
    refuse_missing(attempt)

    def say(number: float, at: int = 0) -> None:
        print(f"{space.metric}={number:.6g}", flush=True)  # noqa: T201

    say(made(attempt, changes, say))


if __name__ == "__main__":
    try:
        _main()
    except BadInput as error:
        print(f"trial: {error}", file=sys.stderr)  # noqa: T201
        raise SystemExit(2) from error
