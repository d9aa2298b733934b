"""The pipeline component of the step `train_motion`."""

from kfp import dsl


@dsl.component(base_image="storywright-train", install_kfp_package=False)
def train_motion(
    config: dict,
    illustrator: dsl.Input[dsl.Model],
    motion: dsl.Output[dsl.Model],
    curves: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    before: dsl.Input[dsl.Model] = None,
    tuned: dsl.Input[dsl.Artifact] = None,
    part: str = "",
) -> None:
    """Train the layers that move a panel through time."""
    from storywright.steps.contract import call_task

    call_task(
        "train_motion",
        config,
        {"illustrator": illustrator, "before": before, "tuned": tuned},
        {"motion": motion, "curves": curves, "metrics": metrics},
        part=part,
    )
