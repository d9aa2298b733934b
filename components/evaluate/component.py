"""The pipeline component of the step `evaluate`."""

from kfp import dsl


@dsl.component(base_image="storywright-train", install_kfp_package=False)
def evaluate(
    config: dict,
    corpus: dsl.Input[dsl.Dataset],
    critic: dsl.Input[dsl.Model],
    illustrator: dsl.Input[dsl.Model],
    motion: dsl.Input[dsl.Model],
    writer: dsl.Input[dsl.Model],
    settings: dsl.Input[dsl.Artifact],
    report: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    champion_critic: dsl.Input[dsl.Model] = None,
    champion_illustrator: dsl.Input[dsl.Model] = None,
    champion_writer: dsl.Input[dsl.Model] = None,
    champion_settings: dsl.Input[dsl.Artifact] = None,
    preference: dsl.Input[dsl.Model] = None,
    part: str = "",
) -> None:
    """Score the models on the test split and write the report."""
    from storywright.steps.contract import call_task

    call_task(
        "evaluate",
        config,
        {
            "corpus": corpus,
            "critic": critic,
            "illustrator": illustrator,
            "motion": motion,
            "writer": writer,
            "settings": settings,
            "champion_critic": champion_critic,
            "champion_illustrator": champion_illustrator,
            "champion_writer": champion_writer,
            "champion_settings": champion_settings,
            "preference": preference,
        },
        {"report": report, "metrics": metrics},
        part=part,
    )
