"""How near an illustrator's pictures are to real drawings of the same words, by what the critic sees in both.

The Fréchet distance compares the pictures as a whole, on the critic's features (it is not FID, whose features are
Inception's); the CLIP score compares each picture with its words. Neither says anything alone: beside them stand what
the illustrator's own autoencoder makes of the drawings, which is the best that it could draw, and the drawings
themselves. Knows nothing about how pictures are drawn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from storywright.critic.alignment import clip_score
from storywright.critic.encoder import Critic
from storywright.critic.metrics.frechet import frechet_distance
from storywright.illustrator.model import Illustrator
from storywright.judge.measuring import OTHER_SEED, held_out
from storywright.progress import track
from storywright.toonworld.drawing import draw
from storywright.toonworld.scene import Scene

_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Closeness:
    """The distances from drawings of the same words, and the scores."""

    frechet: float
    frechet_rebuilt: float | None
    """Of what the autoencoder makes of those drawings; None where the illustrator has none that is known here."""
    frechet_other: float
    """Of as many drawings of other words: what chance alone leaves between two sets of drawings."""
    clip_score: float
    clip_score_drawn: float

    @property
    def clip_share(self) -> float:
        """The pictures' score as a share of the drawings'."""
        return self.clip_score / self.clip_score_drawn


def measured(
    critic: Critic, illustrator: Illustrator, held: Sequence[tuple[Scene, str]], made: Sequence[Image.Image]
) -> Closeness:
    """Compare pictures that were made of these words with drawings of the scenes, at the illustrator's own size."""
    size = illustrator.drawing.native_size
    drawn = _seen(critic, _drawings([scene for scene, _ in held], size), "looking at drawings", len(held))
    others = [scene for scene, _ in held_out(len(held), OTHER_SEED)]
    other = _seen(critic, _drawings(others, size), "looking at other drawings", len(held))
    pictures, words = critic.of_pictures(made), critic.of_words([prompt for _, prompt in held])
    rebuilt = None
    if illustrator.rebuilds:
        again = (illustrator.rebuilt(part) for part in _drawings([scene for scene, _ in held], size))
        rebuilt = frechet_distance(_seen(critic, again, "turning drawings into latents and back", len(held)), drawn)
    return Closeness(
        frechet=frechet_distance(pictures, drawn),
        frechet_rebuilt=rebuilt,
        frechet_other=frechet_distance(other, drawn),
        clip_score=float(clip_score(words, pictures).mean()),
        clip_score_drawn=float(clip_score(words, drawn).mean()),
    )


def _drawings(scenes: Sequence[Scene], size: tuple[int, int]) -> Iterator[np.ndarray]:
    for first in range(0, len(scenes), _AT_ONCE):
        yield np.stack([draw(scene, size) for scene in scenes[first : first + _AT_ONCE]])


def _seen(critic: Critic, parts: Iterator[np.ndarray], doing: str, count: int) -> np.ndarray:
    total = -(-count // _AT_ONCE)
    return np.concatenate([critic.of_pictures(part) for part in track(parts, doing, total=total)])
