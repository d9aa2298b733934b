"""From words to a picture or a clip in two lines of Python, without a board.

    TextToImageModel().generate("a woman with a red bottle in the park").save("bottle.png")
    TextToImageModel().repair("bottle.png", "mask.png", "a woman with a green bottle in the park").save("repaired.png")
    TextToVideoModel().generate("a man waves in the street", duration_seconds=5).save("wave.mp4")

The embedded models draw unless another one is named: by its folder, or a published one by its name on the Hub.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from storywright import files
from storywright.errors import BadInput
from storywright.export import clip
from storywright.illustrator import given, motion
from storywright.illustrator.model import STARTER, Illustrator


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was made."""

    image: Image.Image
    prompt: str
    seed: int

    def save(self, path: Path | str) -> Path:
        """Write it as PNG, JPEG or WebP, as the name says."""
        path = Path(path)
        if path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
            raise BadInput(f"{path} is no picture's name: end it in .png, .jpg or .webp.")
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.full_disk_named(path):
            self.image.save(path)
        return path


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that was made: the frames that were drawn, and how long they are to last."""

    frames: tuple[Image.Image, ...]
    seconds: float
    prompt: str
    seed: int

    def save(self, path: Path | str, fps: int = 24) -> Path:
        """Write it as MP4, WebP, GIF or animated PNG, as the name says; what lies between frames is interpolated."""
        return clip.write(self.frames, self.seconds, Path(path), fps=fps)


class TextToImageModel:
    """An illustrator, opened once."""

    def __init__(self, folder: Path | str | None = None, device: str = "cpu") -> None:
        self._illustrator = Illustrator.open(folder or STARTER, device, quick=True)

    def generate(self, prompt: str, *, seed: int = 0, reference: given.Given | None = None, **how: Any) -> Picture:
        """Draw the prompt. `how` is style (known or learnt), style_strength, size, steps, guidance and negative.

        A `reference`, a picture or its file, shows the first one whom the prompt calls "a person".
        """
        shown = None if reference is None else given.picture(reference, "The reference")
        return Picture(self._illustrator.draw([prompt], seeds=[seed], references=[shown], **how)[0], prompt, seed)

    def repair(self, picture: given.Given, mask: given.Given, prompt: str, *, seed: int = 0, **how: Any) -> Picture:
        """Draw anew what is white in the mask; every other pixel stays as it was, to the byte.

        The prompt says what the whole picture shows. `how` is as for `generate`, but for the size, which stays.
        """
        return Picture(self._illustrator.repair(picture, mask, prompt, seed=seed, **how), prompt, seed)


class TextToVideoModel:
    """An illustrator with temporal layers, opened once."""

    def __init__(self, folder: Path | str | None = None, layers: Path | str | None = None, device: str = "cpu") -> None:
        self._animator = motion.Animator.open(folder or STARTER, Path(layers or motion.STARTER), device, quick=True)

    def generate(
        self, prompt: str, *, duration_seconds: float = 3.0, frames: int = 8, style: str = "", seed: int = 0, **how: Any
    ) -> Clip:
        """Draw the prompt as a clip of so many frames. `how` is style_strength, size, steps, guidance and negative."""
        if not 0.1 <= duration_seconds <= 60:
            raise BadInput(f"A clip lasts 0.1 to 60 seconds, and {duration_seconds:g} were asked for.")
        drawn = self._animator.draw(prompt, frames=frames, style=style or None, seed=seed, **how)
        return Clip(tuple(drawn), duration_seconds, prompt, seed)
