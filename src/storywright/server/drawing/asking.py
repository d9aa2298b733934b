"""Models that ask a drawing room: whoever makes boards uses them as if they were its own.

Each call waits for its turn. Everything that is drawn in one call may be drawn together, with what others ask for.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from PIL import Image

from storywright.critic.encoder import Critic
from storywright.illustrator.enlarger import Enlarger
from storywright.illustrator.model import Illustrator
from storywright.server.drawing.room import Room
from storywright.server.drawing.work import Asker, Opened, Picture, Question
from storywright.studio.models import Models
from storywright.writer.proposals import Ordered, Proposal, Proposes, Told


def models(room: Room, opened: Opened, asker: Asker) -> Models:
    """The models of a room, for one who asks."""
    return replace(
        opened.known,
        critic=cast(Critic, _Critic(room, asker)),
        illustrator=cast(Illustrator, _Illustrator(room, opened, asker)),
        writer=cast(Proposes, _Writer(room, opened, asker)),
        judge=_Judge(room, asker) if opened.judges else None,
        enlarger=cast(Enlarger, _Enlarger(room, asker)) if opened.enlarges else None,
    )


class _Illustrator:
    def __init__(self, room: Room, opened: Opened, asker: Asker) -> None:
        self._room, self._opened, self._asker = room, opened, asker

    def draw(
        self,
        prompts: Sequence[str],
        *,
        size: tuple[int, int] | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        seeds: Sequence[int],
        style: str | None = None,
        negative: str = "",
    ) -> list[Image.Image]:
        usual = self._opened.drawing
        pictures = [
            Picture(
                prompt=prompt,
                size=size or self._opened.known.native_size,
                steps=steps or usual.steps,
                guidance=usual.guidance if guidance is None else guidance,
                seed=seed,
                style=style,
                negative=negative,
            )
            for prompt, seed in zip(prompts, seeds, strict=True)
        ]
        drawn = self._room.order(*pictures, asker=self._asker)
        try:
            return [one.result() for one in drawn]
        finally:
            for one in drawn:
                one.cancel()


class _Enlarger:
    def __init__(self, room: Room, asker: Asker) -> None:
        self._room, self._asker = room, asker

    def four_times(self, pictures: Sequence[Image.Image]) -> list[Image.Image]:
        return list(self._room.ask(Question("enlarger", "four_times", (list(pictures),)), self._asker))


class _Critic:
    def __init__(self, room: Room, asker: Asker) -> None:
        self._room, self._asker = room, asker

    def of_pictures(self, pictures: np.ndarray | Sequence[Image.Image]) -> np.ndarray:
        return np.asarray(self._ask("of_pictures", pictures))

    def of_words(self, words: Sequence[str]) -> np.ndarray:
        return np.asarray(self._ask("of_words", words))

    def fit(self, words: Sequence[str], pictures: np.ndarray | Sequence[Image.Image]) -> np.ndarray:
        return np.asarray(self._ask("fit", words, pictures))

    def _ask(self, name: str, *words: Any) -> Any:
        return self._room.ask(Question("critic", name, words), self._asker)


class _Writer:
    def __init__(self, room: Room, opened: Opened, asker: Asker) -> None:
        self._room, self._asker = room, asker
        self.languages = opened.languages

    def propose(self, story: Sequence[Told], **how: Any) -> list[Proposal]:
        question = Question("writer", "propose", (list(story),), how)
        return list(self._room.ask(question, self._asker))


class _Judge:
    def __init__(self, room: Room, asker: Asker) -> None:
        self._room, self._asker = room, asker

    def ordered(self, story: Sequence[Told]) -> Ordered:
        found = self._room.ask(Question("judge", "ordered", (list(story),)), self._asker)
        assert isinstance(found, Ordered)
        return found
