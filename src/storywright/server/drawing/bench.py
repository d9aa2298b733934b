"""A bench: the opened models of one crew on one device, and what they are asked to do.

Knows nothing of queues and processes: it does one thing after the other, and what goes wrong is raised.
"""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from storywright.errors import BadInput
from storywright.illustrator import motion
from storywright.server.drawing.work import Opened, Picture, Question
from storywright.studio.director import Drawing
from storywright.studio.models import STARTER, Models
from storywright.watch import deployed, trial

Opener = Callable[[Path | None, str], tuple[Models, Drawing]]
_TRIAL_PROMPT = "a woman with long red hair and a yellow shirt stands in the park and holds a blue bottle, day"
_TRIAL_STEPS = 4
_TOGETHER, _TOGETHER_ON_A_GPU = {"cpu": 8}, 32
_ASKED = {
    "critic": ("fit", "of_pictures", "of_words", "of_regions"),
    "writer": ("propose",),
    "judge": ("ordered",),
    "enlarger": ("four_times",),
    "animator": ("draw", "in_style"),
}


def open_crew(folder: Path | None, version: str, device: str = "cpu") -> tuple[Models, Drawing]:
    """Open and try the bundle in a folder; the embedded models without one."""
    if folder is None:
        models = Models.open(device=device)
        models.illustrator.at_once = _TOGETHER.get(device, _TOGETHER_ON_A_GPU)
        return models, Drawing()
    _, models = trial.opened(folder, version, device)
    drawing, decoding = deployed.tuned(folder)
    models = dataclasses.replace(models, writer=models.writer.with_decoding(decoding))
    models.illustrator.at_once = _TOGETHER.get(device, _TOGETHER_ON_A_GPU)
    trial.try_out(models, prompt=_TRIAL_PROMPT, steps=_TRIAL_STEPS, seed=7, name=f"Version {version}")
    return models, drawing


class Bench:
    """Opened models."""

    def __init__(self, opener: Opener = open_crew) -> None:
        self._open = opener
        self._models: Models | None = None
        self._folder: Path | None = None
        self._animator: Any = None

    @property
    def alive(self) -> bool:
        """Whether models are open."""
        return self._models is not None

    def close(self) -> None:
        """Let go of the models."""
        self._models = self._animator = None

    def open(self, folder: Path | None, version: str) -> Opened:
        """Open a bundle's models, or the embedded ones."""
        models, drawing = self._open(folder, version)
        self._models, self._folder, self._animator = models, folder, None
        nothing: Any = None
        return Opened(
            known=dataclasses.replace(
                models, critic=nothing, illustrator=nothing, writer=nothing, judge=None, enlarger=None
            ),
            drawing=drawing,
            languages=tuple(models.writer.languages),
            together=getattr(models.illustrator, "at_once", 8),
            judges=models.judge is not None,
            enlarges=models.enlarger is not None,
        )

    def draw(self, pictures: Sequence[Picture]) -> list[Image.Image]:
        """Draw pictures of one bucket together."""
        assert self._models is not None
        first = pictures[0]
        return self._models.illustrator.draw(
            [one.prompt for one in pictures],
            size=first.size,
            steps=first.steps,
            guidance=first.guidance,
            seeds=[one.seed for one in pictures],
            style=first.style,
            negative=first.negative,
        )

    def answer(self, question: Question) -> Any:
        """Ask another model."""
        assert self._models is not None
        assert question.name in _ASKED[question.role]
        model = self._animating() if question.role == "animator" else getattr(self._models, question.role)
        return getattr(model, question.name)(*question.words, **question.how)

    def _animating(self) -> Any:
        """The temporal layers that belong to the illustrator; opened when the first clip is wanted."""
        if self._animator is None:
            assert self._models is not None
            folder = self._folder / "motion" if self._folder else STARTER / "motion"
            if not folder.is_dir():
                raise BadInput("The models that are served draw no clips: promote a bundle with motion.")
            self._animator = motion.Animator(self._models.illustrator, motion.opened(folder))
        return self._animator
