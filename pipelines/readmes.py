"""The README of each component: what its step does, reads, makes, and can be told. Written from the step itself."""

import dataclasses
import importlib
import inspect
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kfp.dsl.python_component import PythonComponent

from storywright import files
from storywright.errors import BadInput
from storywright.steps import contract

COMPONENTS = Path(__file__).resolve().parent.parent / "components"


def write() -> list[Path]:
    """Write every README; returns those that changed."""
    changed = []
    for path, text in _all().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            files.write_text(path, text)
            changed.append(path)
    return changed


def refuse_stale() -> None:
    """Refuse a README that is not what its step says."""
    for path, text in _all().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            raise BadInput(
                f"{path.relative_to(COMPONENTS.parent)} is not what its step says: run `python -m pipelines readmes`."
            )


def component_of(step: str) -> PythonComponent:
    """The component of a step."""
    component = getattr(importlib.import_module(f"components.{step}.component"), step)
    assert isinstance(component, PythonComponent)
    return component


def readme(step: str) -> str:
    """The README of a step's component."""
    module = contract.load(step)
    image = component_of(step).component_spec.implementation.container.image
    return "\n".join(
        [
            f"# {step}",
            "",
            inspect.cleandoc(module.__doc__ or ""),
            "",
            f"Runs in the image `{image}`, and on its own with `python -m storywright.steps.{step}`.",
            *_reads(module),
            *_makes(module),
            *_parameters(module),
            "",
            "<!-- Written by `python -m pipelines readmes` from the step; `make check` compares them. -->",
            "",
        ]
    )


def _reads(module: types.ModuleType) -> list[str]:
    rows = [
        f"| `{field.name}` | `{field.metadata['output'] or field.name}` of [{field.metadata['step']}]"
        f"(../{field.metadata['step']}/README.md){', or nothing' if contract.is_optional(field) else ''} |"
        for field in dataclasses.fields(module.Inputs)
    ]
    return ["", "## Reads", "", _said(module.Inputs), "", "| Input | Made as |", "| --- | --- |", *rows] if rows else []


def _makes(module: types.ModuleType) -> list[str]:
    rows = [f"| `{field.name}` | `{field.metadata['name']}` |" for field in dataclasses.fields(module.Outputs)]
    return ["", "## Makes", "", _said(module.Outputs), "", "| Output | File or folder |", "| --- | --- |", *rows]


def _parameters(module: types.ModuleType) -> list[str]:
    head = ["", "## Parameters", "", _said(module.Config), "", "| Name | Type | Meaning |", "| --- | --- | --- |"]
    rows = [f"| `{name}` | {_cell(kind)} | {_cell(said)} |" for name, kind, said in _fields(module.Config)]
    return head + rows if rows else []


def _fields(config: type, above: str = "") -> Iterator[tuple[str, str, str]]:
    """Name, type and meaning of each value, those of values inside values with them."""
    said, kinds = contract.described(config), typing.get_type_hints(config)
    for field in dataclasses.fields(config):
        kind, name = kinds[field.name], f"{above}{field.name}"
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            yield name, "section", said.get(field.name, "")
            yield from _fields(kind, f"{name}.")
        else:
            yield name, _kind(kind), said.get(field.name, "")


def _said(kind: type) -> str:
    return " ".join(inspect.cleandoc(kind.__doc__ or "").split())


def _kind(hint: Any) -> str:
    """A type as a reader of params.yaml thinks of it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(_kind(argument) for argument in arguments)
    if origin in (tuple, list):
        return f"list of {_kind(arguments[0])}"
    if origin is dict:
        return "mapping" if arguments[1] is Any else f"{_kind(arguments[0])} to {_kind(arguments[1])}"
    return {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): "null"}.get(
        hint, getattr(hint, "__name__", str(hint))
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _all() -> dict[Path, str]:
    present = sorted(path.parent.name for path in COMPONENTS.glob("*/component.py"))
    return {COMPONENTS / step / "README.md": readme(step) for step in present if step in contract.names()}
