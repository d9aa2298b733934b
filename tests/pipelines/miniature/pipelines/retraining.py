"""A small step behind a condition, in a place of its own."""

from kfp import dsl

from pipelines.tasks import task


def retraining(grow: dict, shrink: dict) -> None:
    """Shrink what has grown, if it is enough."""
    grown = task("grow", grow)
    enough = task("weigh", shrink, grown=grown.outputs["metrics"])
    with dsl.If(enough.output == True, name="enough"):  # noqa: E712 - Kubeflow reads the comparison
        task("shrink", shrink, lines=grown, grown=grown.outputs["metrics"], part="later")
