"""The pipeline component of the step `train_writer`."""

from kfp import dsl


@dsl.component(base_image="storywright-train", install_kfp_package=False)
def train_writer(
    config: dict,
    corpus: dsl.Input[dsl.Dataset],
    critic: dsl.Input[dsl.Model],
    writer: dsl.Output[dsl.Model],
    curves: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    before: dsl.Input[dsl.Model] = None,
    tuned: dsl.Input[dsl.Artifact] = None,
    part: str = "",
) -> None:
    """Train the model that writes the next panel of a story."""
    from storywright.steps.contract import call_task

    call_task(
        "train_writer",
        config,
        {"corpus": corpus, "critic": critic, "before": before, "tuned": tuned},
        {"writer": writer, "curves": curves, "metrics": metrics},
        part=part,
    )
