"""The next round: with drift or enough feedback, train on from the champion, and deploy what is better."""

from kfp import dsl

from pipelines.tasks import task
from pipelines.training import judged, material

PART = "retraining"
"""What it makes lies beside what `training` made, in a folder of this name."""


def retraining(
    collect_feedback: dict,
    scrape: dict,
    draw: dict,
    validate: dict,
    preprocess: dict,
    fetch_champion: dict,
    monitor: dict,
    decide_retraining: dict,
    train_critic: dict,
    train_illustrator: dict,
    train_motion: dict,
    train_writer: dict,
    tune: dict,
    evaluate: dict,
    promote: dict,
    deploy: dict,
) -> None:
    """Look at drift and feedback; with a reason, train on from the champion and deploy what is better."""
    feedback = task("collect_feedback", collect_feedback)
    valid, corpus = material(scrape, draw, validate, preprocess)
    champion = task("fetch_champion", fetch_champion)
    drift = task("monitor", monitor, corpus=corpus, deployment=champion, part=PART)
    verdict = task(
        "decide_retraining",
        decide_retraining,
        drift=drift.outputs["metrics"],
        feedback=feedback.outputs["metrics"],
    )
    with dsl.If(verdict.outputs["Output"] == True, name="retrain"):  # noqa: E712 - Kubeflow reads the comparison
        old = champion.outputs
        critic = task("train_critic", train_critic, corpus=corpus, before=old["critic"], part=PART)
        illustrator = task(
            "train_illustrator", train_illustrator, corpus=corpus, critic=critic, before=old["illustrator"], part=PART
        )
        motion = task("train_motion", train_motion, illustrator=illustrator, before=old["motion"], part=PART)
        writer = task("train_writer", train_writer, corpus=corpus, critic=critic, before=old["writer"], part=PART)
        models = {"critic": critic, "illustrator": illustrator, "motion": motion, "writer": writer}
        decision = judged(valid, corpus, models, tune, evaluate, promote, part=PART)
        task("deploy", deploy, decision=decision, part=PART)
