"""The same graph three times: step contracts, compiled pipeline, dvc.yaml; and DVC itself on the miniature."""

import dataclasses
import inspect
import sys
from pathlib import Path

import pytest
import yaml

from storywright.steps import command, contract

DVC = str(Path(sys.executable).parent / "dvc")
Edges = set[tuple[str, str, str, str]]
"""(maker, output, step, input)"""


def edges_of_contracts(steps: list[str]) -> Edges:
    found = set()
    for step in steps:
        for field in dataclasses.fields(contract.load(step).Inputs):
            if contract.is_optional(field):
                continue
            maker, output = field.metadata["step"], field.metadata["output"] or field.name
            found.add((maker, output, step, field.name))
    return found


def edges_of_compiled(path: Path) -> Edges:
    spec = next(yaml.safe_load_all(path.read_text()))
    found = set()
    for name, task in spec["root"]["dag"]["tasks"].items():
        for given, source in task.get("inputs", {}).get("artifacts", {}).items():
            maker = source["taskOutputArtifact"]
            step, producer = (one.replace("-", "_") for one in (name, maker["producerTask"]))
            found.add((producer, maker["outputArtifactKey"], step, given))
    return found


def edges_of_dvc(path: Path) -> set[tuple[str, str]]:
    """(path, stage that reads it), for what another stage makes."""
    stages = yaml.safe_load(path.read_text())["stages"]
    made = {
        next(iter(out))
        for stage in stages.values()
        for kind in ("outs", "metrics", "plots")
        for out in stage.get(kind, [])
    }
    return {(dep, name) for name, stage in stages.items() for dep in stage["deps"] if dep in made}


def test_contracts_compiled_pipeline_and_dvc_stages_agree(in_root: Path) -> None:
    from pipelines import compiling

    steps = compiling.steps_of(compiling.pipeline_named("training"))
    wanted = edges_of_contracts(steps)
    assert edges_of_compiled(in_root / "pipelines/compiled/training-demo.yaml") == wanted
    assert edges_of_compiled(in_root / "pipelines/compiled/training-full.yaml") == wanted
    places = {(contract.output_paths(maker)[output].as_posix(), step) for maker, output, step, _ in wanted}
    assert edges_of_dvc(in_root / "dvc.yaml") == places
    assert list(yaml.safe_load((in_root / "dvc.yaml").read_text())["stages"]) == steps


@pytest.mark.parametrize("preset", ["demo", "full"])
def test_what_a_compiled_pipeline_is_given_by_default_is_what_params_say(in_root: Path, preset: str) -> None:
    from pipelines import compiling

    params = command.read_params(preset=preset)
    for name in compiling.NAMES:
        path = in_root / "pipelines" / "compiled" / f"{name}-{preset}.yaml"
        parameters = next(yaml.safe_load_all(path.read_text()))["root"]["inputDefinitions"]["parameters"]
        for step in compiling.steps_of(compiling.pipeline_named(name)):
            config = contract.load(step).Config
            assert contract.config_of(step, parameters[step]["defaultValue"]) == contract.config_of(step, params[step])
            said = parameters[step]["description"]
            for value, note in contract.described(config).items():
                assert f"{value}: {' '.join(note.split())}" in said


def test_every_component_has_the_inputs_and_outputs_of_its_step(in_root: Path) -> None:
    from pipelines import readmes

    for folder in sorted(readmes.COMPONENTS.glob("*/component.py")):
        step = folder.parent.name
        component = readmes.component_of(step)
        module = contract.load(step)
        spec = component.component_spec
        artifacts = {name for name, given in spec.inputs.items() if given.type.startswith("system.")}
        assert artifacts == {field.name for field in dataclasses.fields(module.Inputs)}, step
        made = {name for name, given in spec.outputs.items() if given.type.startswith("system.")}
        assert made == {field.name for field in dataclasses.fields(module.Outputs)}, step
        assert "config" in inspect.signature(component.python_func).parameters


def test_a_component_imports_nothing_but_kfp_at_its_top(in_root: Path) -> None:
    for path in (in_root / "components").glob("*/component.py"):
        tops = [line for line in path.read_text().splitlines() if line.startswith(("import ", "from "))]
        assert tops == ["from kfp import dsl"], path


def test_compiling_twice_gives_the_same_bytes_and_a_changed_value_is_noticed(house) -> None:
    assert house.python("-m", "pipelines", "compile").returncode == 0
    first = {path.name: path.read_bytes() for path in house.path("pipelines/compiled").iterdir()}
    assert {"training-demo.yaml", "training-full.yaml", "storyboards-demo.yaml"} <= set(first)
    assert house.python("-m", "pipelines", "compile", "--check").stderr == ""
    params = house.path("params.yaml")
    params.write_text(params.read_text().replace("count: 3,", "count: 4,"))
    stale = house.python("-m", "pipelines", "compile", "--check")
    assert stale.returncode == 2
    assert "training-demo.yaml is not what its sources compile to: run `python -m pipelines compile`" in stale.stderr
    params.write_text(params.read_text().replace("count: 4,", "count: 3,"))
    again = house.python("-m", "pipelines", "compile", "--out", "elsewhere", "--tag", "c0ffee", "--registry", "r.io/x")
    assert again.returncode == 0
    moved = house.path("elsewhere/training-demo.yaml").read_text()
    assert moved.replace("r.io/x/data:c0ffee", "storywright-data:0.1.0").encode() == first["training-demo.yaml"]


def test_dvc_makes_what_the_pipeline_makes_and_nothing_twice(house) -> None:
    house.python("-m", "pipelines", "compile")
    assert house.call(DVC, "init", "--no-scm", "--quiet").stderr == ""
    made = house.call(DVC, "repro")
    assert made.returncode == 0, made.stderr
    assert house.total() == 12
    assert "Data and pipelines are up to date." in house.call(DVC, "repro").stdout
    assert house.run().stdout.count("up to date") >= 2, "the local runner sees what DVC made"

    params = house.path("params.yaml")
    params.write_text(params.read_text().replace("{factor: 2}", "{factor: 0}"))
    assert house.call(DVC, "repro").returncode != 0
    assert house.total() == 12, "what stood stays when a stage fails"
    params.write_text(params.read_text().replace("{factor: 0}", "{factor: 3}"))
    repaired = house.call(DVC, "repro")
    assert "Stage 'grow' didn't change, skipping" in repaired.stdout
    assert house.total() == 18
