"""The pipeline component of the step `choose_values`."""

from kfp import dsl


@dsl.component(base_image="storywright-train", install_kfp_package=False)
def choose_values(
    config: dict,
    model: str,
    tried: list,
    tuned: dsl.Output[dsl.Artifact],
    history: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    part: str = "",
) -> None:
    """Say what tuning came to, when every worker has `tried`: the best values, and how they were found."""
    from storywright.steps.contract import call_task

    call_task(
        "choose_values",
        {**config, "model": model},
        {},
        {"tuned": tuned, "history": history, "metrics": metrics},
        part=f"{part} {model}",
    )
