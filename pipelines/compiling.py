"""Pipelines as the files that Kubeflow Pipelines takes: one for each pipeline and preset, in `pipelines/compiled/`.

The same file is run on a laptop, uploaded in the page of a cluster, or submitted. Each step is one parameter of the
pipeline: its values are those of the preset, and its description is taken from the step's Config. Compiling the
same sources gives the same bytes.
"""

import dataclasses
import importlib
import inspect
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from kfp import compiler, dsl

import storywright
from pipelines import cluster
from storywright import files
from storywright.errors import BadInput
from storywright.steps import command, contract

NAMES = ("training", "retraining", "tuning", "storyboards")
"""The pipelines; a module of this name holds each."""
COMPILED = Path(__file__).parent / "compiled"
PRESETS = ("demo", "full")
GPU_PRESETS = {"full"}

_HEAD = """\
# The pipeline `{name}` at the preset `{preset}`, in Kubeflow Pipelines' own form: upload it as it is.
# Written by `python -m pipelines compile` from pipelines/{name}.py and params.yaml; `make check` compares them.
"""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Images:
    """Where the images of the components come from."""

    registry: str = ""
    """Host and path before data, train and serve, such as 1234.dkr.ecr.eu-west-1.amazonaws.com/storywright-dev; empty:
    the images of this machine, storywright-data and so on."""
    tag: str = storywright.__version__
    """The tag; a cluster's cache tells one code from another by it, so give the git commit there."""

    def full(self, name: str) -> str:
        """The name that a cluster pulls."""
        if not self.registry:
            return f"{name}:{self.tag}"
        return f"{self.registry.rstrip('/')}/{name.removeprefix('storywright-')}:{self.tag}"


def pipeline_named(name: str) -> Callable[..., Any]:
    """The function that describes a pipeline."""
    if name not in NAMES:
        raise BadInput(f"There is no pipeline {name!r}: choose {', '.join(NAMES)}.")
    function: Callable[..., Any] = getattr(importlib.import_module(f"pipelines.{name}"), name)
    return function


def steps_of(pipeline: Callable[..., Any]) -> list[str]:
    """The steps that a pipeline has, in its order."""
    known = set(contract.names())
    return [name for name in inspect.signature(pipeline).parameters if name in known]


def values_of(pipeline: Callable[..., Any], params: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The values of a pipeline's parameters: the sections of its steps, and what its module gives for the others."""
    for step in (steps := steps_of(pipeline)):
        if step not in params:
            raise BadInput(f"params.yaml has no section {step!r}: add it, with the fields of storywright.steps.{step}.")
    others: dict[str, Any] = getattr(sys.modules[pipeline.__module__], "defaults", dict)()
    return others | {step: params[step] for step in steps}


def compiled(name: str, preset: str, images: Images | None = None, values: dict[str, Any] | None = None) -> str:
    """The file of a pipeline at a preset, or with other values of its steps."""
    pipeline = pipeline_named(name)
    values = values or values_of(pipeline, command.read_params(preset=preset))
    for step in steps_of(pipeline):
        contract.config_of(step, values[step])
    return _HEAD.format(name=name, preset=preset) + form(
        pipeline, values, "gpu-cluster" if preset in GPU_PRESETS else "cluster", images or Images()
    )


def form(pipeline: Callable[..., Any], values: dict[str, Any], place: str, images: Images) -> str:
    """A pipeline in Kubeflow's form for a place, with these values as what its parameters are when nobody sets them."""
    with cluster.compiling_for(place), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.yaml"
        compiler.Compiler().compile(
            dsl.pipeline(name=pipeline.__name__, description=inspect.getdoc(pipeline))(pipeline),
            str(path),
            pipeline_parameters=values,
            type_check=True,
        )
        documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    _describe(documents[0], steps_of(pipeline))
    _name_images(documents[0], images)
    return yaml.safe_dump_all(documents, sort_keys=True, width=120, allow_unicode=True)


def write(presets: tuple[str, ...] = PRESETS, folder: Path = COMPILED, images: Images | None = None) -> list[Path]:
    """Compile every pipeline into a folder; returns the files that changed."""
    changed = []
    for name, text in _files(presets, images):
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            files.write_text(path, text)
            changed.append(path)
    return changed


def refuse_stale() -> None:
    """Refuse a folder that does not hold what the sources compile to."""
    for name, text in _files(PRESETS):
        path = COMPILED / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            raise BadInput(f"{path} is not what its sources compile to: run `python -m pipelines compile`.")


def _files(presets: tuple[str, ...], images: Images | None = None) -> Iterator[tuple[str, str]]:
    for name in NAMES:
        for preset in presets:
            yield f"{name}-{preset}.yaml", compiled(name, preset, images)


def _describe(spec: dict[str, Any], steps: list[str]) -> None:
    """Say with each parameter what its values mean: the page of a cluster shows it."""
    for step, parameter in spec["root"]["inputDefinitions"]["parameters"].items():
        if step in steps:
            module = contract.load(step)
            said = contract.described(module.Config)
            lines = [inspect.cleandoc(module.__doc__ or "").split("\n", 1)[0]]
            for field in dataclasses.fields(module.Config):
                lines.append(f"{field.name}: {' '.join(said.get(field.name, '').split())}".rstrip())
            parameter["description"] = "\n".join(lines)


def _name_images(spec: dict[str, Any], images: Images) -> None:
    for executor in spec["deploymentSpec"]["executors"].values():
        if "container" in executor:
            container = executor["container"]
            container["image"] = images.full(container["image"])
            for variable in container.get("env", []):
                if variable["name"] == cluster.IMAGE:
                    variable["value"] = container["image"]
