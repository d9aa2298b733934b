"""`storywright tune`: try values for a model's training, and keep the best for the next one."""

import os
from pathlib import Path

import click
import yaml

from storywright.errors import BadInput, needs_extra


@click.command()
@click.argument("model", type=click.Choice(["critic", "illustrator", "motion", "writer"]))
@click.option("--minutes", type=float, default=0.0, help="For so long nothing stops it but --trials.")
@click.option("--trials", type=int, default=0, help="So many trials the study is to have, with those of before.")
@click.option("--workers", type=int, default=1, show_default=True, help="Processes that try values at once.")
@click.option(
    "--storage",
    metavar="URL",
    help="The database with the study: sqlite:///FILE, postgresql+psycopg://USER@HOST/NAME "
    "(default: STORYWRIGHT_TUNING_URL, or factory/tuning.db).",
)
@click.option("--study", metavar="NAME", help="The name of the study (default: that of the model).")
@click.option("--preset", help="The preset of params.yaml whose training is tuned (default: the one it names).")
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="Another value of the training, as YAML.")
@click.option("--input", "inputs", multiple=True, metavar="NAME=PATH", help="Another place for an input.")
@click.option("--seed", type=int, default=7, show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Where the best values and what was tried go (default: factory/choose_values/MODEL).",
)
def tune(
    model: str,
    minutes: float,
    trials: int,
    workers: int,
    storage: str | None,
    study: str | None,
    preset: str | None,
    changes: tuple[str, ...],
    inputs: tuple[str, ...],
    seed: int,
    out: Path | None,
) -> None:
    """Try values for the training of MODEL until the budget is spent, the training's own first.

    What was tried stays in the study: the same command goes on with it, also after it was killed, and several may work
    on it at once. A training reads what was best by `python -m storywright.steps.train_MODEL --input tuned=FILE`.
    """
    with needs_extra("train", "Tuning"):
        from storywright import tracking
        from storywright.settings import FACTORY
        from storywright.steps import command, contract
        from storywright.steps.tune_model import STORAGE
        from storywright.steps.tuning import space, trial, work

    work.Budget(trials=trials, minutes=minutes)
    step = trial.step_of(model)
    values = space.changed(command.read_params(preset=preset)[step], dict(_pair(one) for one in changes))
    given = dict(_plain_pair(one) for one in inputs)
    usual = {name: str(path) for name, path in contract.input_paths(step).items()}
    url = storage or os.environ.get(STORAGE) or f"sqlite:///{FACTORY / 'tuning.db'}"
    common = {"model": model, "storage": url, "study": study or model}
    told = {**common, "training": values, "trials": trials, "minutes": minutes, "workers": workers}
    contract.config_of(step, values)
    folder = out or FACTORY / "choose_values" / model
    with tracking.pipeline_run(
        f"tune {model}", {name: told[name] for name in ("model", "trials", "minutes", "workers")}
    ):
        contract.call(
            "tune_model",
            {**told, "worker": "", "seed": seed},
            {name: path for name, path in {**usual, **given}.items() if name in ("corpus", "critic", "illustrator")},
            {"metrics": FACTORY / "tune_model" / model / "metrics.json"},
            again=True,
        )
        outputs = {"tuned": folder / "tuned.json", "history": folder / "history", "metrics": folder / "metrics.json"}
        found = contract.call("choose_values", common, {}, outputs, again=True)
    _tell(step, found, folder)


def _tell(step: str, found: dict[str, float], folder: Path) -> None:
    from storywright.steps.tuning import space

    best = space.read_best(folder / "tuned.json")
    counts = ", ".join(
        f"{found[f'num_{name}']:.0f} {name.replace('_', ' ')}" for name in ("complete", "given_up", "failed")
    )
    before = f", {found['value_before']:.4g} with its own values" if "value_before" in found else ""
    print(f"{step}: {best['metric']} {best['value']:.4g}{before}; {counts}.")
    for name, value in best["values"].items():
        print(f"  {name} = {value:.4g}" if isinstance(value, float) else f"  {name} = {value}")
    print(f"Train with them: python -m storywright.steps.{step} --input tuned={folder / 'tuned.json'}")


def _pair(text: str) -> tuple[str, object]:
    name, value = _plain_pair(text)
    return name, yaml.safe_load(value)


def _plain_pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise BadInput(f"{text!r} is not NAME=VALUE.")
    return name, value
