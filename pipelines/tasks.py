"""A step as a task of a pipeline: its component, wired to the tasks that make its inputs.

Says what a task needs of a cluster. Knows nothing of what a step does.
"""

import contextlib
import importlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from kfp import kubernetes
from kfp.dsl.pipeline_channel import PipelineChannel
from kfp.dsl.pipeline_task import PipelineTask

_GPUS: ContextVar[bool] = ContextVar("gpus", default=False)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a task asks of the cluster."""

    cpu: str = "1"
    memory: str = "4Gi"
    gpu: bool = False
    """One GPU, where the preset is made for them."""


_NEEDS = {
    "draw": Needs(cpu="4"),
    "train_critic": Needs(cpu="4", memory="16Gi", gpu=True),
    "train_illustrator": Needs(cpu="4", memory="24Gi", gpu=True),
    "train_motion": Needs(cpu="4", memory="24Gi", gpu=True),
    "train_writer": Needs(cpu="4", memory="16Gi", gpu=True),
    "tune": Needs(cpu="4", memory="16Gi", gpu=True),
    "evaluate": Needs(cpu="4", memory="16Gi", gpu=True),
}
_UNCACHED = {"promote", "deploy", "monitor", "collect_feedback", "make_board"}
"""Their result depends on the registry, or on what users did: a cluster's cache sees neither."""


def task(step: str, config: PipelineChannel, **inputs: PipelineTask | PipelineChannel | str) -> PipelineTask:
    """A step on these values; an input is an output, or the task that makes an output of the input's name.

    `part` is the name of a place of its own, for a step that another pipeline runs as well.
    """
    component = getattr(importlib.import_module(f"components.{step}.component"), step)
    made = component(
        config=config,
        **{n: made.outputs[n] if isinstance(made, PipelineTask) else made for n, made in inputs.items()},
    )
    _ask_for(made, _NEEDS.get(step, Needs()))
    if step in _UNCACHED:
        made.set_caching_options(False)
    return made


@contextlib.contextmanager
def with_gpus(wanted: bool) -> Iterator[None]:
    """Pipelines that are built inside have their trainings on a GPU."""
    token = _GPUS.set(wanted)
    try:
        yield
    finally:
        _GPUS.reset(token)


def _ask_for(made: PipelineTask, needs: Needs) -> None:
    made.set_cpu_request(needs.cpu).set_memory_request(needs.memory)
    if needs.gpu and _GPUS.get():
        made.set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(1)
        # Loader processes hand batches over in shared memory, of which a container has 64 MB.
        kubernetes.empty_dir_mount(made, "shared-memory", "/dev/shm", medium="Memory", size_limit="8Gi")
