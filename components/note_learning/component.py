"""The pipeline component of the step `note_learning`."""

from kfp import dsl


@dsl.component(base_image="storywright-serve", install_kfp_package=False)
def note_learning(
    config: dict,
    decision: dsl.Input[dsl.Artifact],
    preferences: dsl.Input[dsl.Dataset],
    preference: dsl.Input[dsl.Model],
    changes: dsl.Input[dsl.Markdown],
    note: dsl.Output[dsl.Artifact],
) -> None:
    """Keep with a version what it learned from users, and by which set of preferences."""
    from storywright.steps.contract import call_task

    call_task(
        "note_learning",
        config,
        {"decision": decision, "preferences": preferences, "preference": preference, "changes": changes},
        {"note": note},
    )
