"""One small step many times, several at once."""

from typing import Any

from kfp import dsl

from pipelines.tasks import task


def storyboards(seeds: list[int], grow: dict) -> None:
    """Grow in several beds."""
    with dsl.ParallelFor(seeds, parallelism=2) as seed:
        task("sow", grow, seed=seed)


def defaults() -> dict[str, Any]:
    """Three beds."""
    return {"seeds": [4, 5, 6]}
