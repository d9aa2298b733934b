"""The pipeline component of the step `tune`."""

from kfp import dsl


@dsl.component(base_image="storywright-train", install_kfp_package=False)
def tune(
    config: dict,
    corpus: dsl.Input[dsl.Dataset],
    critic: dsl.Input[dsl.Model],
    illustrator: dsl.Input[dsl.Model],
    writer: dsl.Input[dsl.Model],
    settings: dsl.Output[dsl.Artifact],
    history: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    part: str = "",
) -> None:
    """Search the settings of drawing and writing that score best on the validation split."""
    from storywright.steps.contract import call_task

    call_task(
        "tune",
        config,
        {"corpus": corpus, "critic": critic, "illustrator": illustrator, "writer": writer},
        {"settings": settings, "history": history, "metrics": metrics},
        part=part,
    )
