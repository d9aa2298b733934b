"""The pipeline component of the step `draw`."""

from kfp import dsl


@dsl.component(base_image="storywright-data", install_kfp_package=False)
def draw(
    config: dict,
    stories: dsl.Output[dsl.Dataset],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    """Draw the stories and pictures of the drawn world."""
    from storywright.steps.contract import call_task

    call_task("draw", config, {}, {"stories": stories, "metrics": metrics})
