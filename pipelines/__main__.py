"""`python -m pipelines`: compile the pipelines, run one here, or submit one to a cluster."""

import sys
import time
from pathlib import Path
from typing import Any

import click
import yaml

from storywright import files
from storywright.errors import BadInput, needs_extra

_PRESET = click.option("--preset", help="The preset of params.yaml (default: the one it names).")
_SET = click.option(
    "--set", "changes", multiple=True, metavar="STEP.PARAMETER=VALUE", help="Another value than the preset's, as YAML."
)
_BRIEFS = click.option(
    "--briefs",
    "places",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="A brief, or a folder of briefs, for the pipeline `storyboards` (default: examples/briefs).",
)
_NAME = click.argument("name", metavar="NAME")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def pipelines() -> None:
    """The factory's pipelines: training, retraining, storyboards."""


@pipelines.command()
@click.option("--preset", help="This preset alone (default: each).")
@click.option("--check", is_flag=True, help="Write nothing; fail when a file is not what its sources compile to.")
@click.option("--registry", default="", help="Host and path of the registry that the cluster pulls the images from.")
@click.option("--tag", help="The images' tag, such as the git commit; needs --out.")
@click.option("--out", type=click.Path(path_type=Path), help="Another folder, for another registry or tag.")
def compile(preset: str | None, check: bool, registry: str, tag: str | None, out: Path | None) -> None:
    """Write the pipelines as files for Kubeflow Pipelines, and the same graph as dvc.yaml."""
    from pipelines import compiling, stages

    if check:
        compiling.refuse_stale()
        stages.refuse_stale()
        return
    if (registry or tag) and not out:
        raise BadInput("--registry and --tag are for files outside the repository: name their folder with --out.")
    images = compiling.Images(registry=registry, **({"tag": tag} if tag else {}))
    presets = (preset,) if preset else compiling.PRESETS
    for path in compiling.write(presets, out or compiling.COMPILED, images):
        print(f"wrote {path}")
    if not out:
        for path in stages.write():
            print(f"wrote {path}")


@pipelines.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when a README is not what its step says.")
def readmes(check: bool) -> None:
    """Write the README of each component from its step."""
    from pipelines import readmes as pages

    if check:
        pages.refuse_stale()
        return
    for path in pages.write():
        print(f"wrote {path}")


@pipelines.command()
@_NAME
@_PRESET
@_SET
@_BRIEFS
@click.option("--again", is_flag=True, help="Make every step, also what is up to date.")
def run(name: str, preset: str | None, changes: tuple[str, ...], places: tuple[Path, ...], again: bool) -> None:
    """Run a pipeline on this machine."""
    from pipelines import compiling, running

    pipeline = compiling.pipeline_named(name)
    values = _values(name, preset, changes, places)
    print(f"{name}: {len(values)} steps, checking what is up to date", flush=True)
    started = time.monotonic()
    try:
        with files.full_disk_named(running.RUNS):
            outcome = running.run(pipeline, values, again=again)
    except running.FailedStepError as error:
        print(f"pipelines: {error}", file=sys.stderr)
        raise SystemExit(1) from error
    print(f"{name}: done in {time.monotonic() - started:.0f} s{f'. The log: {outcome.log}' if outcome.log else ''}")


@pipelines.command()
@_NAME
@_PRESET
@_SET
@_BRIEFS
@click.option("--host", required=True, metavar="URL", help="The address of the cluster's Kubeflow Pipelines.")
@click.option("--namespace", help="The namespace, where a cluster has many users.")
@click.option("--experiment", default="storywright", show_default=True, help="The experiment that the run belongs to.")
@click.option("--run-name", help="What the run is called (default: the pipeline's name and the time).")
@click.option("--cron", default="", help="A timetable of six fields: `0 0 3 * * 1` is every Monday at three o'clock.")
@click.option("--caching/--no-caching", default=True, show_default=True, help="Leave out tasks that ran before.")
@click.option("--registry", default="", help="Host and path of the registry that the cluster pulls the images from.")
@click.option("--tag", help="The images' tag, such as the git commit.")
def submit(
    name: str,
    preset: str | None,
    changes: tuple[str, ...],
    places: tuple[Path, ...],
    host: str,
    namespace: str | None,
    experiment: str,
    run_name: str | None,
    cron: str,
    caching: bool,
    registry: str,
    tag: str | None,
) -> None:
    """Start a pipeline on a cluster, once or on a timetable."""
    from pipelines import compiling, submitting
    from storywright.steps import command

    values = _values(name, preset, changes, places)
    images = compiling.Images(registry=registry, **({"tag": tag} if tag else {}))
    order = submitting.Order(
        pipeline=name,
        compiled=compiling.compiled(name, command.preset_of(preset=preset), images, values),
        parameters=values,
        experiment=experiment,
        run_name=run_name or time.strftime(f"{name} %Y-%m-%d %H:%M"),
        caching=caching,
        cron=cron,
    )
    print(submitting.submit(order, host, namespace))


@pipelines.command()
@_PRESET
@click.option("--host", required=True, metavar="URL", help="The address of the cluster's Kubeflow Pipelines.")
@click.option("--namespace", help="The namespace, where a cluster has many users.")
@click.option("--registry", default="", help="Host and path of the registry that the cluster pulls the images from.")
@click.option("--tag", required=True, help="The images' tag, such as the git commit; the versions are called by it.")
def upload(preset: str | None, host: str, namespace: str | None, registry: str, tag: str) -> None:
    """Put all pipelines into a cluster's list, or new versions of them."""
    from pipelines import compiling, submitting

    images = compiling.Images(registry=registry, tag=tag)
    for name in compiling.NAMES:
        for each in (preset,) if preset else compiling.PRESETS:
            text = compiling.compiled(name, each, images)
            print(submitting.upload(f"{name}-{each}", text, tag[:12], host, namespace), flush=True)


@pipelines.command()
@click.argument("model", type=click.Choice(["critic", "illustrator", "motion", "writer"]))
@click.option("--preset", default="full", show_default=True, help="The preset whose training is tuned.")
@click.option("--trials", default=60, show_default=True, help="How many trials there are to be.")
@click.option("--at-once", default=4, show_default=True, help="How many of them at the same time.")
@click.option(
    "--namespace", default="kubeflow", show_default=True, help="The experiment's namespace, which has the volume."
)
@click.option(
    "--factory", default="/trainings/factory", show_default=True, help="Where the material lies, on the volume."
)
@click.option("--registry", default="", help="Host and path of the registry that the cluster pulls the images from.")
@click.option("--tag", help="The images' tag, such as the git commit.")
def katib(
    model: str, preset: str, trials: int, at_once: int, namespace: str, factory: str, registry: str, tag: str | None
) -> None:
    """Print an experiment of Katib that tunes the training of MODEL: `kubectl create -f -` takes it."""
    from pipelines import compiling
    from pipelines import katib as experiments

    order = experiments.Order(
        model=model, preset=preset, trials=trials, at_once=at_once, namespace=namespace, factory=factory
    )
    images = compiling.Images(registry=registry, **({"tag": tag} if tag else {}))
    print(experiments.manifest(order, images), end="")


@pipelines.command()
def needs() -> None:
    """Compare what each step asks of a cluster with what its runs were seen to take."""
    from pipelines import measured

    for line in measured.lines(measured.needs()):
        print(line)


@pipelines.command()
@click.option("--board", type=click.Path(path_type=Path), help="The folder of a storyboard that was made.")
def where(board: Path | None) -> None:
    """Say where what was made can be looked at."""
    from storywright.settings import FACTORY
    from storywright.steps import contract

    pages = sorted(board.rglob("*.html")) if board else []
    report = contract.output_paths("evaluate")["report"] / "report.html"
    rows = [
        ("the storyboard", pages[0] if pages else board),
        ("the models' report", report if report.exists() else None),
        ("the drift report", next(iter((FACTORY / "monitor" / "drift").glob("*.html")), None)),
        ("the runs in MLflow", "`make mlflow`, then http://127.0.0.1:5000"),
        ("the studio", "`make serve`, then http://127.0.0.1:8000"),
    ]
    for what, place in rows:
        if place:
            print(f"  {what:<20} {place}")


def _values(name: str, preset: str | None, changes: tuple[str, ...], places: tuple[Path, ...]) -> dict[str, Any]:
    """The values of a pipeline's parameters: the preset's, with the changes."""
    from pipelines import compiling
    from storywright.steps import command

    params = command.read_params(preset=preset)
    pipeline = compiling.pipeline_named(name)
    steps = compiling.steps_of(pipeline)
    for change in changes:
        place, equals, value = change.partition("=")
        step, dot, parameter = place.partition(".")
        if not (equals and dot):
            raise BadInput(f"--set {change!r} is not STEP.PARAMETER=VALUE.")
        if step not in steps:
            raise BadInput(f"--set {change!r}: {name} has no step {step!r}; its steps are {', '.join(steps)}.")
        params.setdefault(step, {})[parameter] = yaml.safe_load(value)
    values = compiling.values_of(pipeline, params)
    if places and "briefs" not in values:
        raise BadInput(f"--briefs is for the pipeline `storyboards`: {name} makes no storyboard.")
    if places:
        from pipelines.storyboards import read_briefs

        values["briefs"] = read_briefs(places)
    return values


def main() -> None:
    """Run the command line; what a user can put right is one sentence and exit code 2."""
    try:
        with needs_extra("pipelines", "`python -m pipelines`"):
            pipelines(prog_name="python -m pipelines")
    except BadInput as error:
        print(f"pipelines: {error}", file=sys.stderr)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
