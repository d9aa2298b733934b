"""The pipeline component of the step `tune_model`."""

from kfp import dsl


@dsl.component(base_image="storywright-train", install_kfp_package=False)
def tune_model(
    config: dict,
    model: str,
    training: dict,
    worker: str,
    metrics: dsl.Output[dsl.Metrics],
    corpus: dsl.Input[dsl.Dataset] = None,
    critic: dsl.Input[dsl.Model] = None,
    illustrator: dsl.Input[dsl.Model] = None,
    part: str = "",
) -> int:
    """Try values for a model's training, as one of several workers on one study; returns how many were tried."""
    from storywright.steps.contract import call_task

    figures = call_task(
        "tune_model",
        {**config, "model": model, "training": training, "worker": worker},
        {"corpus": corpus, "critic": critic, "illustrator": illustrator},
        {"metrics": metrics},
        part=f"{part} {model} {worker}",
    )
    return int(figures["num_complete"])
