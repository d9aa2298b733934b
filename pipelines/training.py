"""The round through the factory: collect, draw, train, judge, and deploy what is better."""

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
    concepts = task("scrape", scrape)
    stories = task("draw", draw)
    valid = task("validate", validate, stories=stories, concepts=concepts)
    corpus = task("preprocess", preprocess, valid=valid)

    critic = task("train_critic", train_critic, corpus=corpus)
    illustrator = task("train_illustrator", train_illustrator, corpus=corpus, critic=critic)
    motion = task("train_motion", train_motion, illustrator=illustrator)
    writer = task("train_writer", train_writer, corpus=corpus, critic=critic)
    settings = task("tune", tune, corpus=corpus, critic=critic, illustrator=illustrator, writer=writer)

    models = {"critic": critic, "illustrator": illustrator, "motion": motion, "writer": writer}
    report = task("evaluate", evaluate, corpus=corpus, settings=settings, **models)
    decision = task(
        "promote",
        promote,
        settings=settings,
        evaluation=report.outputs["metrics"],
        report=report,
        validation=valid.outputs["metrics"],
        **models,
    )
    deployment = task("deploy", deploy, decision=decision)
    task("monitor", monitor, corpus=corpus, deployment=deployment)
