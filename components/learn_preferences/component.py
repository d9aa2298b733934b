"""The pipeline component of the step `learn_preferences`."""

from kfp import dsl


@dsl.component(base_image="storywright-train", install_kfp_package=False)
def learn_preferences(
    config: dict,
    preferences: dsl.Input[dsl.Dataset],
    prompts: dsl.Input[dsl.Artifact],
    preference: dsl.Input[dsl.Model],
    critic: dsl.Input[dsl.Model],
    taught_illustrator: dsl.Input[dsl.Model],
    taught_writer: dsl.Input[dsl.Model],
    illustrator: dsl.Output[dsl.Model],
    writer: dsl.Output[dsl.Model],
    curves: dsl.Output[dsl.Artifact],
    changes: dsl.Output[dsl.Markdown],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    """Teach illustrator and writer what users like."""
    from storywright.steps.contract import call_task

    call_task(
        "learn_preferences",
        config,
        {
            "preferences": preferences,
            "prompts": prompts,
            "preference": preference,
            "critic": critic,
            "taught_illustrator": taught_illustrator,
            "taught_writer": taught_writer,
        },
        {"illustrator": illustrator, "writer": writer, "curves": curves, "changes": changes, "metrics": metrics},
    )
