"""The training pipeline in DVC's form: `dvc.yaml`, a stage for each step.

Written from the same step contracts that the pipeline is wired by, so that `dvc repro` and Kubeflow run one graph.
DVC asks for the source modules of a stage by name; here they are found by following the imports.
"""

import dataclasses
from pathlib import Path
from typing import Any

import yaml

from pipelines import compiling
from storywright import files
from storywright.errors import BadInput
from storywright.steps import command, contract, stamp

FILE = Path("dvc.yaml")
MODELS = ("critic", "illustrator", "motion", "writer")

_ROOT = Path(__file__).resolve().parent.parent
_HEAD = """\
# The training pipeline for DVC: `dvc repro`, `dvc metrics show`, `dvc plots show`, `dvc exp run -S demo.draw.seed=3`.
# Written by `python -m pipelines compile` from the step contracts; `make check` compares them.
"""


def text() -> str:
    """The whole of dvc.yaml."""
    steps = compiling.steps_of(compiling.pipeline_named("training"))
    document = {"stages": {step: _stage(step) for step in steps}, "artifacts": _artifacts(steps)}
    return _HEAD + yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True)


def write() -> list[Path]:
    """Write dvc.yaml; returns it when it changed."""
    path = _ROOT / FILE
    if path.exists() and path.read_text(encoding="utf-8") == text():
        return []
    files.write_text(path, text())
    return [path]


def refuse_stale() -> None:
    """Refuse a dvc.yaml that is not what the contracts say."""
    path = _ROOT / FILE
    if not path.exists() or path.read_text(encoding="utf-8") != text():
        raise BadInput(f"{FILE} is not what the steps say: run `python -m pipelines compile`.")


def _stage(step: str) -> dict[str, Any]:
    module = contract.load(step)
    stage: dict[str, Any] = {
        "desc": (module.__doc__ or "").strip().split("\n", 1)[0],
        "cmd": f"python -m storywright.steps.{step} --preset ${{preset}}",
        "deps": ["constraints.txt", *_sources(step), *_named(step), *_unique(contract.input_paths(step).values())],
        "params": [f"${{preset}}.{step}"],
        "outs": [],
    }
    for name, path in contract.output_paths(step).items():
        # What stands stays until the step has made a whole new one: DVC would delete it first.
        kept = {path.as_posix(): {"persist": True}}
        if name == contract.METRICS:
            stage["metrics"] = [kept]
        elif name == "curves":
            stage["plots"] = [{path.as_posix(): {"persist": True, "x": "step"}}]
        else:
            stage["outs"].append(kept)
    return {key: value for key, value in stage.items() if value != []}


def _sources(step: str) -> list[str]:
    """What a step uses of this repository; a folder stands for its files when the step uses them all."""
    found = {path.resolve().relative_to(_ROOT) for path in stamp.sources(contract.load(step))}
    for folder in sorted({parent for path in found for parent in path.parents}, key=lambda path: len(path.parts)):
        inside = {path for path in found if folder in path.parents}
        if inside and len(inside) > 1 and inside == _all_files(folder):
            found = (found - inside) | {folder}
    return sorted(path.as_posix() for path in found)


def _named(step: str) -> list[str]:
    """Files that the values of a preset name."""
    found = {n for preset in compiling.PRESETS for n in stamp.named_files(command.read_params(preset=preset)[step])}
    return sorted(name for name in found if not Path(name).is_absolute())


def _all_files(folder: Path) -> set[Path]:
    every = (path for path in (_ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(_ROOT) for path in every}


def _artifacts(steps: list[str]) -> dict[str, Any]:
    found = {}
    for step in steps:
        module = contract.load(step)
        for field in dataclasses.fields(module.Outputs):
            if field.name in MODELS:
                found[field.name] = {
                    "path": contract.output_paths(step)[field.name].as_posix(),
                    "type": "model",
                    "desc": (module.__doc__ or "").strip().split("\n", 1)[0],
                }
    return found


def _unique(paths: Any) -> list[str]:
    return list(dict.fromkeys(path.as_posix() for path in paths))
