"""A pipeline of two small steps."""

from pipelines.tasks import task


def garden(grow: dict, shrink: dict) -> None:
    """Grow and shrink."""
    grown = task("grow", grow)
    task("shrink", shrink, lines=grown, grown=grown.outputs["metrics"])
