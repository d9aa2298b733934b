"""The README of each component: what its step does, reads, makes, and can be told. Written from the step itself."""

import dataclasses
import importlib
import inspect
import types
import typing
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
    return ["", "## Reads", "", "| Input | Made as |", "| --- | --- |", *rows] if rows else []


def _makes(module: types.ModuleType) -> list[str]:
    said = contract.described(module.Outputs)
    rows = [
        f"| `{field.name}` | `{field.metadata['name']}` | {_cell(said.get(field.name, ''))} |"
        for field in dataclasses.fields(module.Outputs)
    ]
    return ["", "## Makes", "", "| Output | File or folder | What it is |", "| --- | --- | --- |", *rows]


def _parameters(module: types.ModuleType) -> list[str]:
    said, kinds = contract.described(module.Config), typing.get_type_hints(module.Config)
    rows = [
        f"| `{field.name}` | {_cell(_kind(kinds[field.name]))} | {_cell(said.get(field.name, ''))} |"
        for field in dataclasses.fields(module.Config)
    ]
    return ["", "## Parameters", "", "| Name | Type | Meaning |", "| --- | --- | --- |", *rows] if rows else []


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
        return f"{_kind(arguments[0])} to {_kind(arguments[1])}"
    return {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): "null"}.get(
        hint, getattr(hint, "__name__", str(hint))
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _all() -> dict[Path, str]:
    present = sorted(path.parent.name for path in COMPONENTS.glob("*/component.py"))
    return {COMPONENTS / step / "README.md": readme(step) for step in present if step in contract.names()}
