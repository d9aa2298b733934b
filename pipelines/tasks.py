"""A step as a task of a pipeline: its component, wired to the tasks that make its inputs.

Knows nothing of what a step does, nor of what it needs of a cluster: that is `cluster`.
"""

import importlib

from kfp.dsl.pipeline_channel import PipelineChannel
from kfp.dsl.pipeline_task import PipelineTask

from pipelines import cluster


def task(step: str, config: PipelineChannel, **inputs: PipelineTask | PipelineChannel | str) -> PipelineTask:
    """A step on these values; an input is an output, or the task that makes an output of the input's name.

    `part` is the name of a place of its own, for a step that another pipeline runs as well.
    """
    component = getattr(importlib.import_module(f"components.{step}.component"), step)
    made = component(
        config=config,
        **{n: made.outputs[n] if isinstance(made, PipelineTask) else made for n, made in inputs.items()},
    )
    cluster.ask(made, step)
    return made
