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
    fit_preference: dict,
    learn_preferences: dict,
    tune: dict,
    evaluate: dict,
    promote: dict,
    deploy: dict,
    note_learning: dict,
) -> None:
    """Look at drift and feedback; with a reason, train on from the champion, then towards what users like."""
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
        fitted = task("fit_preference", fit_preference, preferences=feedback, critic=critic)
        seen = task(
            "train_illustrator", train_illustrator, corpus=corpus, critic=critic, before=old["illustrator"], part=PART
        )
        told = task("train_writer", train_writer, corpus=corpus, critic=critic, before=old["writer"], part=PART)
        liked = task(
            "learn_preferences",
            learn_preferences,
            preferences=feedback,
            prompts=feedback,
            preference=fitted,
            critic=critic,
            taught_illustrator=seen.outputs["illustrator"],
            taught_writer=told.outputs["writer"],
        )
        motion = task("train_motion", train_motion, illustrator=liked, before=old["motion"], part=PART)
        models = {"critic": critic, "illustrator": liked, "motion": motion, "writer": liked}
        beside = {f"champion_{role}": old[role] for role in ("critic", "illustrator", "writer", "settings")}
        beside["preference"] = fitted
        decision = judged(valid, corpus, models, tune, evaluate, promote, part=PART, beside=beside)
        task("note_learning", note_learning, decision=decision, preferences=feedback, preference=fitted, changes=liked)
        task("deploy", deploy, decision=decision, part=PART)
