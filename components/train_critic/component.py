"""The pipeline component of the step `train_critic`."""

from kfp import dsl


@dsl.component(base_image="storywright-train", install_kfp_package=False)
def train_critic(
    config: dict,
    corpus: dsl.Input[dsl.Dataset],
    critic: dsl.Output[dsl.Model],
    curves: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    before: dsl.Input[dsl.Model] = None,
    tuned: dsl.Input[dsl.Artifact] = None,
    part: str = "",
) -> None:
    """Train the model that says how well words and picture agree."""
    from storywright.steps.contract import call_task

    call_task(
        "train_critic",
        config,
        {"corpus": corpus, "before": before, "tuned": tuned},
        {"critic": critic, "curves": curves, "metrics": metrics},
        part=part,
    )
