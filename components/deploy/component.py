"""The pipeline component of the step `deploy`."""

from kfp import dsl


@dsl.component(base_image="storywright-serve", install_kfp_package=False)
def deploy(
    config: dict,
    decision: dsl.Input[dsl.Artifact],
    deployment: dsl.Output[dsl.Artifact],
    part: str = "",
) -> None:
    """Fetch the champion to where it is served, and try it."""
    from storywright.steps.contract import call_task

    call_task("deploy", config, {"decision": decision}, {"deployment": deployment}, part=part)
