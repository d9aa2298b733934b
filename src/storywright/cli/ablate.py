"""`storywright ablate`: compare architectures of the writer."""

from pathlib import Path

import click
import yaml

from storywright.errors import BadInput, needs_extra


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("docs/results/ablation"),
    help="Where the table, the curves and the examples go.",
)
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=Path("factory/ablation"),
    help="Where stories, encodings and finished runs are kept; what is there is not made again.",
)
@click.option(
    "--eyes", type=click.Path(path_type=Path), help="The writer through whose eye is looked; default: embedded."
)
@click.option("--critic", type=click.Path(path_type=Path), help="The critic whose eye is the other one.")
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="Another value of the plan, as YAML.")
@click.option("--runs", type=click.IntRange(min=0), help="Make at most so many runs now; the others another time.")
@click.option(
    "--stories",
    "folder",
    type=click.Path(path_type=Path),
    help="Write the stories there as well: pictures, metadata.csv.",
)
def ablate(
    out: Path,
    work: Path,
    eyes: Path | None,
    critic: Path | None,
    values: tuple[str, ...],
    runs: int | None,
    folder: Path | None,
) -> None:
    """Teach the writer in each configuration from several seeds, and write one table of how well they foretell.

    The values are those of a plan (`--set steps=1000 --set seeds=[1,2,3,4] --set groups=[fusion]`), with names that
    `dvc exp run` can vary as well. Finished runs are kept, so that a comparison that was ended goes on where it was.
    """
    with needs_extra("train", "Comparing writers"):
        from storywright.critic.encoder import Critic
        from storywright.steps.train_writer import STARTER
        from storywright.writer.ablation import report
        from storywright.writer.ablation import runs as running
        from storywright.writer.ablation.hardstories import HardStories
        from storywright.writer.ablation.plan import BASE, Plan, changed
        from storywright.writer.model import opened
    plan = changed(Plan(), dict(_pair(value) for value in values))
    network, _ = opened(eyes or STARTER)
    stories = HardStories(plan, work, network.eval(), Critic.open(critic or STARTER.parent / "critic"))
    if folder:
        stories.write(folder)
    waiting = plan.runs()
    made = running.all_of(plan, waiting, stories, work / "runs", most=runs)
    if len(made) < len(waiting):
        print(f"{len(made)} of {len(waiting)} runs are finished; call it again for the others.")
    finished = report.complete(plan, made)
    if not any(one.variant == BASE for one in finished):
        return
    rows = report.write(plan, finished, stories, out)
    for row in rows:
        print(f"{row.variant:32} BLEU-4 {row.scores['bleu_4']}  CIDEr-D {row.scores['cider_d']}")
    print(f"{out / 'README.md'} has the whole table.")


def _pair(text: str) -> tuple[str, object]:
    name, sign, value = text.partition("=")
    if not sign:
        raise BadInput(f"{text!r} is not NAME=VALUE.")
    return name, yaml.safe_load(value)
