"""The pipeline component of the step `collect_feedback`."""

from kfp import dsl


@dsl.component(base_image="storywright-serve", install_kfp_package=False)
def collect_feedback(
    config: dict,
    preferences: dsl.Output[dsl.Dataset],
    left_out: dsl.Output[dsl.Artifact],
    briefs: dsl.Output[dsl.Artifact],
    prompts: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    """Turn what people said in the studio into preferences that models can learn from, and the recent briefs."""
    from storywright.steps.contract import call_task

    call_task(
        "collect_feedback",
        config,
        {},
        {
            "preferences": preferences,
            "left_out": left_out,
            "briefs": briefs,
            "prompts": prompts,
            "metrics": metrics,
        },
    )
