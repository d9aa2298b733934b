"""`python -m storywright.steps.NAME`: one step on the values of params.yaml."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from storywright.errors import BadInput
from storywright.steps import contract

PARAMS = Path("params.yaml")


def main(step: str) -> None:
    """Run a step as a command; exit code 2 and one sentence for what the user can put right."""
    parser = argparse.ArgumentParser(
        prog=f"python -m storywright.steps.{step}", description=contract.load(step).__doc__
    )
    parser.add_argument("--params", type=Path, default=PARAMS, help="the file with the values (default: params.yaml)")
    parser.add_argument("--preset", help="the preset in that file (default: the one it names)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="another value, as YAML")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=PATH", help="another place for an input")
    parser.add_argument(
        "--output", action="append", default=[], metavar="NAME=PATH", help="another place for an output"
    )
    parser.add_argument("--again", action="store_true", help="make it even if what stands would come out the same")
    args = parser.parse_args()
    try:
        values = read_params(args.params, args.preset).get(step)
        if values is None:
            raise BadInput(f"{args.params} has no section {step!r}: add it, with {_fields(step)}.")
        values |= {name: yaml.safe_load(value) for name, value in _pairs(args.set)}
        metrics = contract.call(step, values, dict(_pairs(args.input)), dict(_pairs(args.output)), again=args.again)
    except BadInput as error:
        print(f"{step}: {error}", file=sys.stderr)  # noqa: T201
        raise SystemExit(2) from error
    if metrics:
        print(json.dumps(metrics, indent=2))  # noqa: T201


def read_params(path: Path = PARAMS, preset: str | None = None) -> dict[str, dict[str, Any]]:
    """The sections of a preset, by the name of the step."""
    params = _read(path)
    sections: dict[str, dict[str, Any]] = params[_chosen(params, path, preset)]
    return sections


def preset_of(path: Path = PARAMS, preset: str | None = None) -> str:
    """The name of the preset: the one given, or the one that the file names."""
    return _chosen(_read(path), path, preset)


def _read(path: Path) -> dict[str, Any]:
    try:
        params = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"{path} does not exist: run this in the project's folder, or name the file.") from error
    except yaml.YAMLError as error:
        raise BadInput(f"{path} is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(params, dict):
        raise BadInput(f"{path} must hold a mapping with `preset` and one section for each preset.")
    return params


def _chosen(params: dict[str, Any], path: Path, preset: str | None) -> str:
    presets = [name for name, value in params.items() if isinstance(value, dict)]
    chosen = preset or params.get("preset")
    if chosen not in presets:
        raise BadInput(f"There is no preset {chosen!r} in {path}: choose {' or '.join(presets)}.")
    return str(chosen)


def _pairs(given: list[str]) -> list[tuple[str, str]]:
    for pair in given:
        if "=" not in pair:
            raise BadInput(f"{pair!r} is not NAME=VALUE.")
    return [(name, value) for name, _, value in (pair.partition("=") for pair in given)]


def _fields(step: str) -> str:
    return ", ".join(contract.described(contract.load(step).Config))
