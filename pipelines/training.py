"""The round through the factory: collect, draw, train, judge, and deploy what is better."""

from kfp.dsl.pipeline_channel import PipelineChannel
from kfp.dsl.pipeline_task import PipelineTask

from pipelines.tasks import task


def training(
    scrape: dict,
    draw: dict,
    validate: dict,
    preprocess: dict,
    train_critic: dict,
    train_illustrator: dict,
    train_motion: dict,
    train_writer: dict,
    tune: dict,
    evaluate: dict,
    promote: dict,
    deploy: dict,
    monitor: dict,
) -> None:
    """Make material and models from nothing, and deploy them when they are better than the champion."""
    valid, corpus = material(scrape, draw, validate, preprocess)
    critic = task("train_critic", train_critic, corpus=corpus)
    illustrator = task("train_illustrator", train_illustrator, corpus=corpus, critic=critic)
    motion = task("train_motion", train_motion, illustrator=illustrator)
    writer = task("train_writer", train_writer, corpus=corpus, critic=critic)
    models = {"critic": critic, "illustrator": illustrator, "motion": motion, "writer": writer}
    decision = judged(valid, corpus, models, tune, evaluate, promote)
    deployment = task("deploy", deploy, decision=decision)
    task("monitor", monitor, corpus=corpus, deployment=deployment)


def material(
    scrape: PipelineChannel, draw: PipelineChannel, validate: PipelineChannel, preprocess: PipelineChannel
) -> tuple[PipelineTask, PipelineTask]:
    """Collect, draw and validate; the tasks that make the valid rows and the corpus."""
    concepts = task("scrape", scrape)
    stories = task("draw", draw)
    valid = task("validate", validate, stories=stories, concepts=concepts)
    return valid, task("preprocess", preprocess, valid=valid)


def judged(
    valid: PipelineTask,
    corpus: PipelineTask,
    models: dict[str, PipelineTask],
    tune: PipelineChannel,
    evaluate: PipelineChannel,
    promote: PipelineChannel,
    part: str = "",
    beside: dict[str, PipelineTask | PipelineChannel] | None = None,
) -> PipelineTask:
    """Tune, evaluate and put to the gates; the task that makes the decision.

    `beside` is what the evaluation compares with, by the names of its inputs: the champion's parts, what users prefer.
    """
    tuned = {name: models[name] for name in ("critic", "illustrator", "writer")}
    settings = task("tune", tune, corpus=corpus, part=part, **tuned)
    report = task("evaluate", evaluate, corpus=corpus, settings=settings, part=part, **models, **(beside or {}))
    return task(
        "promote",
        promote,
        settings=settings,
        evaluation=report.outputs["metrics"],
        report=report,
        validation=valid.outputs["metrics"],
        part=part,
        **models,
    )
