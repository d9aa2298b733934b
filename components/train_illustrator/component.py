"""The pipeline component of the step `train_illustrator`."""

from kfp import dsl


@dsl.component(base_image="storywright-train", install_kfp_package=False)
def train_illustrator(
    config: dict,
    corpus: dsl.Input[dsl.Dataset],
    critic: dsl.Input[dsl.Model],
    illustrator: dsl.Output[dsl.Model],
    curves: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    before: dsl.Input[dsl.Model] = None,
    tuned: dsl.Input[dsl.Artifact] = None,
    part: str = "",
) -> None:
    """Train the model that draws a panel from words."""
    from storywright.steps.contract import call_task

    call_task(
        "train_illustrator",
        config,
        {"corpus": corpus, "critic": critic, "before": before, "tuned": tuned},
        {"illustrator": illustrator, "curves": curves, "metrics": metrics},
        part=part,
    )
