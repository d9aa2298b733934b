"""The pipeline component of the step `promote`."""

from kfp import dsl


@dsl.component(base_image="storywright-train", install_kfp_package=False)
def promote(
    config: dict,
    critic: dsl.Input[dsl.Model],
    illustrator: dsl.Input[dsl.Model],
    motion: dsl.Input[dsl.Model],
    writer: dsl.Input[dsl.Model],
    settings: dsl.Input[dsl.Artifact],
    evaluation: dsl.Input[dsl.Metrics],
    report: dsl.Input[dsl.Artifact],
    validation: dsl.Input[dsl.Metrics],
    decision: dsl.Output[dsl.Artifact],
    part: str = "",
) -> None:
    """Register the models as one bundle, and make it champion when it passes the gates."""
    from storywright.steps.contract import call_task

    call_task(
        "promote",
        config,
        {
            "critic": critic,
            "illustrator": illustrator,
            "motion": motion,
            "writer": writer,
            "settings": settings,
            "evaluation": evaluation,
            "report": report,
            "validation": validation,
        },
        {"decision": decision},
        part=part,
    )
