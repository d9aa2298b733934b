"""Tune one model's training on a cluster: many workers try values on one study, and the training reads the best.

The study lies in the database that STORYWRIGHT_TUNING_URL names; on a cluster that is PostgreSQL, and its address comes
from a secret. Beside that the model's Katib experiment: `katib`.
"""

from typing import Any

from kfp import dsl
from kfp.dsl.pipeline_channel import PipelineChannel
from kfp.dsl.pipeline_task import PipelineTask

from pipelines.tasks import task
from pipelines.training import material

PART = "tuning"
"""What it makes lies beside what `training` made, in a folder of this name."""
AT_ONCE = 4
"""How many workers try values at the same time."""


def tuning(
    scrape: dict,
    draw: dict,
    validate: dict,
    preprocess: dict,
    tune_model: dict,
    choose_values: dict,
    train_critic: dict,
    train_illustrator: dict,
    train_motion: dict,
    train_writer: dict,
    model: str,
    workers: list[str],
) -> None:
    """Tune the training of a model: critic, illustrator, motion or writer; then train it with what was best."""
    _, corpus = material(scrape, draw, validate, preprocess)
    with dsl.If(model == "critic", name="critic"):
        tuned = _tuned("critic", tune_model, choose_values, train_critic, workers, corpus=corpus)
        task("train_critic", train_critic, corpus=corpus, tuned=tuned, part=PART)
    with dsl.If(model != "critic", name="others"):
        critic = task("train_critic", train_critic, corpus=corpus)
        with dsl.If(model == "illustrator", name="illustrator"):
            given = {"corpus": corpus, "critic": critic}
            tuned = _tuned("illustrator", tune_model, choose_values, train_illustrator, workers, **given)
            task("train_illustrator", train_illustrator, tuned=tuned, part=PART, **given)
        with dsl.If(model == "writer", name="writer"):
            given = {"corpus": corpus, "critic": critic}
            tuned = _tuned("writer", tune_model, choose_values, train_writer, workers, **given)
            task("train_writer", train_writer, tuned=tuned, part=PART, **given)
        with dsl.If(model == "motion", name="motion"):
            illustrator = task("train_illustrator", train_illustrator, corpus=corpus, critic=critic)
            tuned = _tuned("motion", tune_model, choose_values, train_motion, workers, illustrator=illustrator)
            task("train_motion", train_motion, illustrator=illustrator, tuned=tuned, part=PART)


def defaults() -> dict[str, Any]:
    """Which model, and by how many workers, when nobody says."""
    return {"model": "critic", "workers": [str(number) for number in range(1, AT_ONCE + 1)]}


def _tuned(
    model: str,
    tune_model: PipelineChannel,
    choose_values: PipelineChannel,
    training: PipelineChannel,
    workers: PipelineChannel,
    **inputs: PipelineTask,
) -> PipelineTask:
    """The workers, and after them the task that says which values were best."""
    with dsl.ParallelFor(workers, parallelism=AT_ONCE) as worker:
        tried = task("tune_model", tune_model, model=model, training=training, worker=worker, part=PART, **inputs)
    return task("choose_values", choose_values, model=model, tried=dsl.Collected(tried.outputs["Output"]), part=PART)
