"""Two small steps, one in a place of its own."""

from pipelines.tasks import task


def tuning(grow: dict, shrink: dict) -> None:
    """Grow, and shrink for a trial."""
    grown = task("grow", grow)
    task("shrink", shrink, lines=grown, grown=grown.outputs["metrics"], part="tuned")
