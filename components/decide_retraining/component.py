"""The pipeline component of the step `decide_retraining`."""

from kfp import dsl


@dsl.component(base_image="storywright-serve", install_kfp_package=False)
def decide_retraining(
    config: dict,
    drift: dsl.Input[dsl.Metrics],
    feedback: dsl.Input[dsl.Metrics],
    verdict: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
) -> bool:
    """Decide whether it is time to train again; the pipeline branches on the answer."""
    from storywright.steps.contract import call_task

    numbers = call_task(
        "decide_retraining", config, {"drift": drift, "feedback": feedback}, {"verdict": verdict, "metrics": metrics}
    )
    return numbers["retrain"] == 1
