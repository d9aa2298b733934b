"""A yes or a no that a pipeline branches on."""

from kfp import dsl


@dsl.component(base_image="storywright-data", install_kfp_package=False)
def weigh(config: dict, grown: dsl.Input[dsl.Metrics]) -> bool:
    """Whether enough has grown."""
    import json

    with open(grown.path) as file:  # noqa: PTH123
        return json.load(file)["lines"] >= config["factor"]
