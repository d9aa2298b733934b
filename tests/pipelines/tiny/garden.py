"""Pipelines of two small steps."""

from kfp import dsl

from pipelines.tasks import task


def garden(grow: dict, shrink: dict) -> None:
    """Grow and shrink."""
    grown = task("grow", grow)
    task("shrink", shrink, lines=grown, grown=grown.outputs["metrics"])


def beds(seeds: list[int], grow: dict) -> None:
    """Grow many times, several at once."""
    with dsl.ParallelFor(seeds, parallelism=2) as seed:
        task("sow", grow, seed=seed)
