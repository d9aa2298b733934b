"""The pipeline component of the step `fit_preference`."""

from kfp import dsl


@dsl.component(base_image="storywright-train", install_kfp_package=False)
def fit_preference(
    config: dict,
    preferences: dsl.Input[dsl.Dataset],
    critic: dsl.Input[dsl.Model],
    preference: dsl.Output[dsl.Model],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    """Fit what users like: a preference model on the pairs that their choices, ratings and edits made."""
    from storywright.steps.contract import call_task

    call_task(
        "fit_preference",
        config,
        {"preferences": preferences, "critic": critic},
        {"preference": preference, "metrics": metrics},
    )
