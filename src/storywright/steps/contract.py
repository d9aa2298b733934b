"""What a step is, and how one is called.

A step is a module of `storywright.steps` with four names:

    Config    frozen dataclass: every value the step works with, each with a docstring
    Inputs    frozen dataclass of paths, each declared with `made_by(STEP)`; one that a pipeline may leave out is
              `Path | None` and declared with `may_come_from(STEP)`
    Outputs   frozen dataclass of paths, each declared with `makes(NAME)`
    run(config, inputs, outputs) -> None

and, where it needs them:

    RESUMES = True              goes on from what a killed run of the same values left in its staged folders
    PROCESSES = True            may be done by several processes at once, of which `loop.leads()` writes the outputs
    READS = ("starter/critic",) what it reads of this package apart from the modules it imports
    outside(config) -> value    a word for what decides its result and is neither a value nor an input: the version
                                that is champion, the number of choices users have made

It knows paths and values, not who calls it. `call` is the one way in for its three callers: the command line
(`command.main`), the pipeline component (`call_task`), and tests. It checks the values, gives the step staging paths,
and puts what was made in its place only when the step has finished, so that an earlier result stays until a whole new
one stands. A step that would make the same again is not run.
"""

import ast
import contextlib
import dataclasses
import difflib
import errno
import fcntl
import importlib
import importlib.metadata
import inspect
import json
import os
import pkgutil
import re
import resource
import shutil
import sys
import textwrap
import time
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

import storywright.steps
from storywright import files
from storywright.errors import BadInput
from storywright.settings import FACTORY
from storywright.steps import launching, stamp

METRICS = "metrics"
"""The name of an output that holds a flat JSON object of numbers."""

_NO_STEPS = {"contract", "command", "stamp"}


class Artifact(Protocol):
    """What a pipeline hands a task for an input or an output."""

    uri: str
    path: str
    metadata: dict[str, Any]


def made_by(step: str, output: str = "") -> Any:
    """An input: the output of the same name (or of another) that an earlier step makes."""
    return dataclasses.field(metadata={"step": step, "output": output})


def may_come_from(step: str, output: str = "") -> Any:
    """An input that only some pipelines give, such as models to go on from; None without one."""
    return dataclasses.field(default=None, metadata={"step": step, "output": output, "optional": True})


def makes(name: str) -> Any:
    """An output: a file or a folder of this name under the step's own folder."""
    return dataclasses.field(metadata={"name": name})


def load(step: str) -> ModuleType:
    """The module of a step."""
    name = f"storywright.steps.{step}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            raise BadInput(f"There is no step {step!r}; the steps are {', '.join(names())}.") from error
        package = (error.name or "").split(".")[0]
        if package in {"", "storywright"}:
            raise
        raise BadInput(
            f"Step {step} needs the Python package {package!r}, which is not installed: "
            f"run `pip install 'storywright[{_extra_with(package)}]'`."
        ) from error


def names() -> list[str]:
    """All steps, by name; a package beside them holds the parts of a large one."""
    found = pkgutil.iter_modules(storywright.steps.__path__)
    return sorted({module.name for module in found if not module.ispkg} - _NO_STEPS)


def input_paths(step: str, factory: Path = FACTORY) -> dict[str, Path]:
    """Where each input that the step cannot do without lies when everything is at its usual place."""
    fields = dataclasses.fields(load(step).Inputs)
    return {field.name: _usual_input(field, factory) for field in fields if not is_optional(field)}


def output_paths(step: str, factory: Path = FACTORY, part: str = "") -> dict[str, Path]:
    """Where each output lies when everything is at its usual place; a `part` has a folder of its own there."""
    folder = factory / step / re.sub(r"\W+", "-", part.lower()).strip("-")
    return {field.name: folder / field.metadata["name"] for field in dataclasses.fields(load(step).Outputs)}


def is_optional(field: "dataclasses.Field[Any]") -> bool:
    """Whether an input may be left out."""
    return bool(field.metadata.get("optional"))


def config_of(step: str, values: Mapping[str, Any]) -> Any:
    """The step's Config, made from plain values; every field is needed, and none may be misspelt."""
    return _made(load(step).Config, _in_order(values), step)


def described(config: type) -> dict[str, str]:
    """The docstring under each field of a Config, those of the classes it is made from included."""
    found = {}
    for part in reversed([one for one in config.__mro__ if dataclasses.is_dataclass(one)]):
        body = ast.parse(textwrap.dedent(inspect.getsource(part))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, note in zip(body.body, body.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(note, ast.Expr):
                found[field.target.id] = inspect.cleandoc(ast.literal_eval(note.value))
    return found


def call(
    step: str,
    values: Mapping[str, Any],
    inputs: Mapping[str, Path | str] | None = None,
    outputs: Mapping[str, Path | str] | None = None,
    *,
    again: bool = False,
) -> dict[str, float]:
    """Run a step on these values and paths, those not given being at their usual place; returns its metrics.

    What stands and would come out the same is left as it is, unless it is to be made `again`.
    """
    return _perform(step, values, inputs or {}, outputs or {}, again)[0]


def call_task(
    step: str,
    values: Mapping[str, Any],
    inputs: Mapping[str, Artifact | None],
    outputs: Mapping[str, Artifact],
    *,
    part: str = "",
) -> dict[str, float]:
    """Run a step as a task of a pipeline, which hands artifacts instead of paths.

    Where a pipeline runs a step many times, `part` tells one from the others. A runner on one machine says by
    STORYWRIGHT_FACTORY in which folder everything has its usual place, and the artifacts are told so; on a cluster
    the pipeline decides where each output goes. By STORYWRIGHT_EVENTS the runner names a file in which it wants to
    read how the step goes, and by STORYWRIGHT_AGAIN=1 it wants everything made again.
    """
    started = time.monotonic()
    task = f"{step} {part}".strip()
    _report(task, "begun")
    try:
        if factory := os.environ.get("STORYWRIGHT_FACTORY"):
            for name, path in output_paths(step, Path(factory), part).items():
                outputs[name].uri = str(path)
        metrics, made = _perform(
            step,
            values,
            {name: artifact.path for name, artifact in inputs.items() if artifact is not None},
            {name: artifact.path for name, artifact in outputs.items()},
            os.environ.get("STORYWRIGHT_AGAIN") == "1",
        )
    except BaseException as error:
        kind = "refused" if isinstance(error, BadInput) else "failed"
        said = str(error) if isinstance(error, BadInput) else f"{type(error).__name__}: {error}"
        _report(task, kind, seconds=time.monotonic() - started, said=said)
        raise
    _report(task, "made" if made else "up to date", seconds=time.monotonic() - started)
    if METRICS in outputs:
        outputs[METRICS].metadata.update(metrics)
    return metrics


def is_up_to_date(step: str, values: Mapping[str, Any]) -> bool:
    """Whether what stands at the usual places would come out the same."""
    job = _Job.of(step, values, {}, {})
    return all(path.exists() for path in job.sources.values()) and job.stands(job.basis())


@dataclasses.dataclass(frozen=True, slots=True)
class _Job:
    """A step with its checked values and all its places."""

    step: str
    module: ModuleType
    config: Any
    sources: dict[str, Path]
    targets: dict[str, Path]

    @classmethod
    def of(
        cls,
        step: str,
        values: Mapping[str, Any],
        inputs: Mapping[str, Path | str],
        outputs: Mapping[str, Path | str],
    ) -> "_Job":
        return cls(step, load(step), config_of(step, values), _source_paths(step, inputs), _target_paths(step, outputs))

    @property
    def stamp(self) -> Path:
        return stamp.place(self.step, self.targets)

    def basis(self) -> dict[str, Any]:
        """What its result is made from, apart from what lies outside."""
        return stamp.made_from(self.module, self.config, self.sources)

    def stands(self, basis: dict[str, Any]) -> bool:
        return stamp.stands(self.stamp, basis | self._outside(), self.targets)

    def make(self, basis: dict[str, Any]) -> None:
        """Run the step on staging paths, put what it made in its place, and stamp it."""
        from storywright import tracking

        staged = {name: path.with_name(f"{path.name}.part") for name, path in self.targets.items()}
        begun = self.stamp.with_name(f"{self.stamp.name}.part")
        goes_on = getattr(self.module, "RESUMES", False) and _begun_from(begun) == basis
        for path in staged.values():
            _clear(path, goes_on)
        files.write_json(begun, basis)
        with tracking.step_run(
            self.step, self.config, self.sources, basis["inputs"], code=basis["code"], curves=staged.get("curves")
        ) as run:
            work = launching.Work(
                step=self.step,
                module=self.module,
                config=self.config,
                inputs=self.sources,
                outputs=staged,
                key=files.digest_of(basis),
            )
            launching.do(work)
            run.record.metrics |= _taken()
            for name, path in staged.items():
                assert path.exists(), f"step {self.step} did not make its output {name}"
            self.stamp.unlink(missing_ok=True)
            for name, path in staged.items():
                _put(path, self.targets[name])
            run.finish(self.targets, stamp.write(self.stamp, basis | self._outside(), self.targets))
            begun.unlink(missing_ok=True)

    def _outside(self) -> dict[str, Any]:
        """What decides the result beside values and inputs, for the few steps that read such a thing."""
        return {"outside": self.module.outside(self.config)} if hasattr(self.module, "outside") else {}


def _perform(
    step: str,
    values: Mapping[str, Any],
    inputs: Mapping[str, Path | str],
    outputs: Mapping[str, Path | str],
    again: bool,
) -> tuple[dict[str, float], bool]:
    """The metrics of a step, and whether it had to be made."""
    job = _Job.of(step, values, inputs, outputs)
    _refuse_missing(step, job.sources)
    with _full_disk_named(job.stamp.parent), _alone(step, job.stamp.parent):
        basis = job.basis()
        stands = not again and job.stands(basis)
        if stands:
            print(f"{step} is up to date.", file=sys.stderr)  # noqa: T201
        else:
            job.make(basis)
    return _metrics(job.targets), not stands


def _in_order(value: Any) -> Any:
    """The value with the keys of its mappings sorted: on its way through a pipeline their order is lost."""
    if isinstance(value, Mapping):
        return {name: _in_order(value[name]) for name in sorted(value)}
    return [_in_order(one) for one in value] if isinstance(value, list) else value


def _made(kind: type, values: Mapping[str, Any], where: str) -> Any:
    _refuse_misspelt(kind, values, where)
    if missing := [field.name for field in dataclasses.fields(kind) if field.name not in values]:
        raise BadInput(f"Step {where} misses the parameter {missing[0]!r}: add it to section {where} of params.yaml.")
    try:
        return TypeAdapter(kind).validate_python(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise BadInput(f"Step {where}, parameter {field or '(all)'}: {said}.") from error


def _refuse_misspelt(kind: type, values: Mapping[str, Any], where: str, above: str = "") -> None:
    """Refuse a name that the Config, or a section inside it, does not have."""
    kinds = typing.get_type_hints(kind)
    for name, value in values.items():
        if name not in kinds:
            near = difflib.get_close_matches(name, kinds, n=1)
            meant = f"did you mean {above + near[0]!r}?" if near else f"there are {', '.join(kinds)}."
            raise BadInput(f"Step {where} has no parameter {above + name!r}: {meant}")
        if dataclasses.is_dataclass(kinds[name]) and isinstance(value, Mapping):
            _refuse_misspelt(kinds[name], value, where, f"{above}{name}.")


def _source_paths(step: str, given: Mapping[str, Path | str]) -> dict[str, Path]:
    fields = {field.name: field for field in dataclasses.fields(load(step).Inputs)}
    _refuse_unknown(step, "input", fields, given)
    return {
        name: Path(given[name]) if name in given else _usual_input(field, FACTORY)
        for name, field in fields.items()
        if name in given or not is_optional(field)
    }


def _target_paths(step: str, given: Mapping[str, Path | str]) -> dict[str, Path]:
    usual = output_paths(step)
    _refuse_unknown(step, "output", usual, given)
    return usual | {name: Path(path) for name, path in given.items()}


def _usual_input(field: "dataclasses.Field[Any]", factory: Path) -> Path:
    return output_paths(field.metadata["step"], factory)[field.metadata["output"] or field.name]


def _refuse_unknown(step: str, kind: str, known: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    for name in given:
        if name not in known:
            raise BadInput(f"Step {step} has no {kind} {name!r}; its {kind}s are {', '.join(known) or 'none'}.")


def _refuse_missing(step: str, sources: dict[str, Path]) -> None:
    for field in dataclasses.fields(load(step).Inputs):
        if field.name in sources and not sources[field.name].exists():
            maker = field.metadata["step"]
            raise BadInput(
                f"Step {step} reads {sources[field.name]}, which is not there: "
                f"make it with `python -m storywright.steps.{maker}` first."
            )


@contextlib.contextmanager
def _alone(step: str, folder: Path) -> Iterator[None]:
    """Keep a second process from making the same outputs at the same time."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".{step}.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise BadInput(
                f"Process {lock.read() or '(unknown)'} is making {step} in {folder}: "
                "wait until it has ended, or stop it."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextlib.contextmanager
def _full_disk_named(folder: Path) -> Iterator[None]:
    """A full disk in words, also where a library reports it as an error of its own."""
    try:
        with files.full_disk_named(folder):
            yield
    except BadInput:
        raise
    except Exception as error:
        if re.search(r"No space left|disk is full|os error 28", str(error)):
            with files.full_disk_named(folder):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise


def _report(task: str, event: str, **facts: Any) -> None:
    """Tell the runner, if it asked, how a task goes: one JSON line in its file."""
    if name := os.environ.get("STORYWRIGHT_EVENTS"):
        with Path(name).open("a", encoding="utf-8") as events:
            events.write(json.dumps({"task": task, "event": event} | facts, ensure_ascii=False) + "\n")


def _taken() -> dict[str, float]:
    """The most memory that this process and those it started held at once, about, and their processor time."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "peak_memory_mib": sum(one.ru_maxrss for one in spent) / 1024,
        "cpu_seconds": sum(one.ru_utime + one.ru_stime for one in spent),
    }


def _begun_from(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _extra_with(package: str) -> str:
    """The extra of storywright that brings a package."""
    for requirement in importlib.metadata.requires("storywright") or []:
        extra = re.search(r"extra == ['\"]([\w-]+)", requirement)
        if extra and re.split(r"[^\w-]", requirement, maxsplit=1)[0].replace("-", "_") == package:
            return extra[1]
    return "train"


def _clear(path: Path, keep: bool) -> None:
    """Make room for a staged output; a folder that a killed run of a resuming step left is kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if keep and path.is_dir():
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
        staged.replace(target)


def _metrics(targets: dict[str, Path]) -> dict[str, float]:
    return json.loads(targets[METRICS].read_text()) if METRICS in targets else {}
