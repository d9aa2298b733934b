"""The pipeline component of the step `preprocess`."""

from kfp import dsl


@dsl.component(base_image="storywright-data", install_kfp_package=False)
def preprocess(
    config: dict,
    valid: dsl.Input[dsl.Dataset],
    corpus: dsl.Output[dsl.Dataset],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    """Split the valid rows by story, without leaks, and build the vocabulary."""
    from storywright.steps.contract import call_task

    call_task("preprocess", config, {"valid": valid}, {"corpus": corpus, "metrics": metrics})
