"""The pipeline component of the step `monitor`."""

from kfp import dsl


@dsl.component(base_image="storywright-serve", install_kfp_package=False)
def monitor(
    config: dict,
    corpus: dsl.Input[dsl.Dataset],
    deployment: dsl.Input[dsl.Artifact],
    drift: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    part: str = "",
) -> None:
    """Compare what is asked of the deployed models with what they were trained on."""
    from storywright.steps.contract import call_task

    call_task(
        "monitor", config, {"corpus": corpus, "deployment": deployment}, {"drift": drift, "metrics": metrics}, part=part
    )
