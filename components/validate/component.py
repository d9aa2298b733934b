"""The pipeline component of the step `validate`."""

from kfp import dsl


@dsl.component(base_image="storywright-data", install_kfp_package=False)
def validate(
    config: dict,
    stories: dsl.Input[dsl.Dataset],
    concepts: dsl.Input[dsl.Dataset],
    valid: dsl.Output[dsl.Dataset],
    quarantine: dsl.Output[dsl.Dataset],
    docs: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    """Keep the rows that a corpus may hold, and set the others aside with their reasons."""
    from storywright.steps.contract import call_task

    call_task(
        "validate",
        config,
        {"stories": stories, "concepts": concepts},
        {"valid": valid, "quarantine": quarantine, "docs": docs, "metrics": metrics},
    )
