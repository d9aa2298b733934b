"""Two small steps in a row."""

from pipelines.tasks import task


def training(grow: dict, shrink: dict) -> None:
    """Grow and shrink."""
    grown = task("grow", grow)
    task("shrink", shrink, lines=grown, grown=grown.outputs["metrics"])
