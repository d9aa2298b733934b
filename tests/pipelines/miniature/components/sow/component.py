"""The step `grow` as one of many tasks."""

from kfp import dsl


@dsl.component(base_image="storywright-data", install_kfp_package=False)
def sow(config: dict, seed: int, lines: dsl.Output[dsl.Dataset], metrics: dsl.Output[dsl.Metrics]) -> None:
    """Write a few numbers."""
    from storywright.steps.contract import call_task

    call_task("grow", config | {"seed": seed}, {}, {"lines": lines, "metrics": metrics}, part=f"Bed no. {seed}!")
