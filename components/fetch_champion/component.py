"""The pipeline component of the step `fetch_champion`."""

from kfp import dsl


@dsl.component(base_image="storywright-serve", install_kfp_package=False)
def fetch_champion(
    config: dict,
    critic: dsl.Output[dsl.Model],
    illustrator: dsl.Output[dsl.Model],
    motion: dsl.Output[dsl.Model],
    writer: dsl.Output[dsl.Model],
    settings: dsl.Output[dsl.Artifact],
    deployment: dsl.Output[dsl.Artifact],
) -> None:
    """Bring the champion's models out of the registry."""
    from storywright.steps.contract import call_task

    call_task(
        "fetch_champion",
        config,
        {},
        {
            "critic": critic,
            "illustrator": illustrator,
            "motion": motion,
            "writer": writer,
            "settings": settings,
            "deployment": deployment,
        },
    )
