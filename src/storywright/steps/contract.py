"""What a step is, and how one is called.

A step is a module of `storywright.steps` with four names:

    Config    frozen dataclass: every value the step works with, each with a docstring
    Inputs    frozen dataclass of paths, each declared with `made_by(STEP)`
    Outputs   frozen dataclass of paths, each declared with `makes(NAME)`
    run(config, inputs, outputs) -> None

It knows paths and values, not who calls it. `call` is the one way in for its three callers: the command line
(`main`), the pipeline component, and tests. It checks the values, gives the step staging paths, and puts what was made in
its place only when the step has finished, so that an earlier result stays until a whole new one stands.
"""

import ast
import dataclasses
import difflib
import importlib
import inspect
import json
import os
import shutil
import textwrap
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from storywright import files
from storywright.errors import BadInput
from storywright.settings import FACTORY

METRICS = "metrics"
"""The name of an output that holds a flat JSON object of numbers."""


def made_by(step: str, output: str = "") -> Any:
    """An input: the output of the same name (or of another) that an earlier step makes."""
    return dataclasses.field(metadata={"step": step, "output": output})


def makes(name: str) -> Any:
    """An output: a file or a folder of this name under the step's own folder."""
    return dataclasses.field(metadata={"name": name})


def load(step: str) -> ModuleType:
    """The module of a step."""
    name = f"storywright.steps.{step}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise BadInput(f"There is no step {step!r}; the steps are {', '.join(names())}.") from error


def names() -> list[str]:
    """All steps, by name."""
    return sorted({p.stem for p in Path(__file__).parent.glob("*.py")} - {"__init__", "contract", "command"})


def input_paths(step: str, factory: Path = FACTORY) -> dict[str, Path]:
    """Where each input lies when everything is at its usual place."""
    paths = {}
    for field in dataclasses.fields(load(step).Inputs):
        maker, output = field.metadata["step"], field.metadata["output"] or field.name
        paths[field.name] = output_paths(maker, factory)[output]
    return paths


def output_paths(step: str, factory: Path = FACTORY) -> dict[str, Path]:
    """Where each output lies when everything is at its usual place."""
    return {f.name: factory / step / f.metadata["name"] for f in dataclasses.fields(load(step).Outputs)}


def config_of(step: str, values: Mapping[str, Any]) -> Any:
    """The step's Config, made from plain values; every field is needed, and none may be misspelt."""
    return _made(load(step).Config, values, step)


def described(config: type) -> dict[str, str]:
    """The docstring under each field of a Config."""
    body = ast.parse(textwrap.dedent(inspect.getsource(config))).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, note in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(note, ast.Expr):
            found[field.target.id] = inspect.cleandoc(ast.literal_eval(note.value))
    return found


def call(
    step: str,
    values: Mapping[str, Any],
    inputs: Mapping[str, Path | str] | None = None,
    outputs: Mapping[str, Path | str] | None = None,
) -> dict[str, float]:
    """Run a step on these values and paths, those not given being at their usual place; returns its metrics."""
    from storywright import tracking

    module, config = load(step), config_of(step, values)
    sources = _paths(step, "input", input_paths(step), inputs)
    targets = _paths(step, "output", output_paths(step), outputs)
    _refuse_missing(step, sources)
    staged = {name: path.with_name(f"{path.name}.part") for name, path in targets.items()}
    with files.full_disk_named(next(iter(targets.values())).parent):
        for path in staged.values():
            _clear(path, resumes=getattr(module, "RESUMES", False))
        with tracking.step_run(step, config, sources) as run:
            module.run(config, module.Inputs(**sources), module.Outputs(**staged))
            run.finish(staged)
        for name, path in staged.items():
            assert path.exists(), f"step {step} did not make its output {name}"
            _put(path, targets[name])
    return _metrics(targets)


def _made(kind: type, values: Mapping[str, Any], where: str) -> Any:
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for name in values:
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            meant = f"did you mean {near[0]!r}?" if near else f"the parameters are {', '.join(fields)}."
            raise BadInput(f"Step {where} has no parameter {name!r}: {meant}")
    if missing := [name for name in fields if name not in values]:
        raise BadInput(f"Step {where} misses the parameter {missing[0]!r}: add it to section {where} of params.yaml.")
    try:
        return TypeAdapter(kind).validate_python(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise BadInput(f"Step {where}, parameter {field or '(all)'}: {said}.") from error


def _paths(
    step: str, kind: str, usual: dict[str, Path], given: Mapping[str, Path | str] | None
) -> dict[str, Path]:
    for name in given or {}:
        if name not in usual:
            raise BadInput(f"Step {step} has no {kind} {name!r}; its {kind}s are {', '.join(usual) or 'none'}.")
    return usual | {name: Path(path) for name, path in (given or {}).items()}


def _refuse_missing(step: str, sources: dict[str, Path]) -> None:
    for field in dataclasses.fields(load(step).Inputs):
        if not sources[field.name].exists():
            maker = field.metadata["step"]
            raise BadInput(
                f"Step {step} reads {sources[field.name]}, which is not there: "
                f"make it with `python -m storywright.steps.{maker}` first."
            )


def _clear(path: Path, resumes: bool) -> None:
    """Make room for a staged output; what a killed run of a resuming step left is kept for it to go on from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if resumes and path.is_dir():
        return
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _put(staged: Path, target: Path) -> None:
    if target.is_file():
        target.unlink()
    if staged.is_dir():
        files.replace_folder(staged, target)
    else:
        os.replace(staged, target)


def _metrics(targets: dict[str, Path]) -> dict[str, float]:
    return json.loads(targets[METRICS].read_text()) if METRICS in targets else {}
