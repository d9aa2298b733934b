"""Which values of a training are worth trying, and within which bounds: declared beside the step's Config.

    SPACE = Space(metric="loss", values={"training.learning_rate": Real(2e-5, 1e-3, log=True)})

A value is named by its way into the Config, with dots. Knows nothing about who tries values, nor how.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeVar

from storywright.errors import BadInput

Values = dict[str, Any]
Made = TypeVar("Made")
Plain = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Real:
    """A number between two others; `log` where its order of magnitude is what matters."""

    least: float
    most: float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.least < self.most or (self.log and self.least <= 0):
            raise ValueError(f"a range goes from less to more, with log from above 0: got {self.least}, {self.most}")


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number, both ends included."""

    least: int
    most: int
    log: bool = False

    def __post_init__(self) -> None:
        if not self.least < self.most or (self.log and self.least <= 0):
            raise ValueError(f"a range goes from less to more, with log from above 0: got {self.least}, {self.most}")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    among: tuple[Plain, ...]

    def __post_init__(self) -> None:
        if len(self.among) < 2:
            raise ValueError(f"a choice is among two or more, got {self.among}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Space:
    """What is tried, and by what it is judged."""

    values: Mapping[str, Real | Whole | Choice]
    """By the way into the step's Config."""
    metric: str = "loss"
    """The number of the step's metrics that decides; its validations show the same one under this name."""
    better: Literal["lower", "higher"] = "lower"
    seen_with: str = ""
    """A figure that only validations of the training that is tuned show, where a step has several trainings."""
    held: Mapping[str, Any] = field(default_factory=dict)
    """What every trial holds to this: parts of the step that cost time and have no part in the metric."""


def of(module: ModuleType) -> Space:
    """The space of a step that has one."""
    space = getattr(module, "SPACE", None)
    if space is None:
        raise BadInput(
            f"{module.__name__.rpartition('.')[2]} declares no SPACE beside its Config: there is no tuning it."
        )
    assert isinstance(space, Space)
    return space


def changed(values: Mapping[str, Any], changes: Mapping[str, Any]) -> Values:
    """Values of a step with others in their places; a name that leads nowhere is refused."""
    made: Values = json.loads(json.dumps(values))
    for name, value in changes.items():
        *way, last = name.split(".")
        at: Any = made
        for part in way:
            at = at.get(part) if isinstance(at, dict) else None
        if not isinstance(at, dict):
            raise BadInput(f"There is no value {name!r} to set: the values are {', '.join(flat(values))}.")
        at[last] = value
    return made


def flat(values: Mapping[str, Any], above: str = "") -> Values:
    """Every value by its way in."""
    found: Values = {}
    for name, value in values.items():
        way = f"{above}.{name}" if above else str(name)
        found |= flat(value, way) if isinstance(value, Mapping) and value else {way: value}
    return found


def with_best(step: str, config: Made, file: Path | None) -> Made:
    """The Config of a training with the values that tuning found best; without a file as it is."""
    if file is None:
        return config
    best = read_best(file)
    if best["step"] != step:
        raise BadInput(f"{file} holds the best values of {best['step']}, not of {step}: tune {step}, or leave it out.")
    return _replaced(config, {tuple(name.split(".")): value for name, value in best["values"].items()}, file)


def read_best(file: Path) -> Values:
    """What tuning found best: `step`, `values` by their ways in, and how it was found."""
    try:
        found: Values = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(found["step"], str) or not isinstance(found["values"], dict):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"{file} does not hold a `step` and its best `values`: write it with `storywright tune`."
        ) from error
    return found


def _replaced(config: Any, values: Mapping[tuple[str, ...], Any], file: Path) -> Any:
    here: Values = {}
    below: dict[str, dict[tuple[str, ...], Any]] = {}
    for (name, *rest), value in values.items():
        if name not in {one.name for one in dataclasses.fields(config)}:
            raise BadInput(f"{file} sets {name!r}, which this training does not know: tune it again.")
        if rest:
            below.setdefault(name, {})[tuple(rest)] = value
        else:
            here[name] = value
    here |= {name: _replaced(getattr(config, name), part, file) for name, part in below.items()}
    try:
        return dataclasses.replace(config, **here)
    except ValueError as error:
        raise BadInput(f"{file} sets values that this training cannot take: {error}.") from error
