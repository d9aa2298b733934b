"""Who watches a step's trainings, and keeps the sheets that they show."""

from collections.abc import Mapping

from PIL import Image


class Watcher:
    """Keeps each sheet under the training's name and step."""

    def __init__(self) -> None:
        self.sheets: dict[tuple[str, int], Image.Image] = {}

    def figures(self, step: int, values: Mapping[str, float]) -> None:
        """Nothing is kept of these."""

    def sheet(self, step: int, name: str, picture: Image.Image) -> None:
        """Keep it."""
        self.sheets[name, step] = picture
