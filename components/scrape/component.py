"""The pipeline component of the step `scrape`."""

from kfp import dsl


@dsl.component(base_image="storywright-data", install_kfp_package=False)
def scrape(
    config: dict,
    concepts: dsl.Output[dsl.Dataset],
    rejected: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    """Collect textual ad concepts from the web, politely."""
    from storywright.steps.contract import call_task

    call_task("scrape", config, {}, {"concepts": concepts, "rejected": rejected, "metrics": metrics})
