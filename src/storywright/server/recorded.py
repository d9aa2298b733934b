"""Models whose results are written into the ledger as they come, and read back when a job is done again.

So the director runs from its beginning after a kill as if nothing had happened, and what was drawn is not drawn
again: given the same answers it asks the same questions. Each question has a number and a digest; where a question
differs from the one that was written down, its answer and all later ones are dropped.
"""

import dataclasses
import io
from collections.abc import Callable, Sequence
from typing import Any, cast

from PIL import Image

from storywright import files
from storywright.illustrator.model import Illustrator
from storywright.server.ledger import Job, Ledger
from storywright.studio.models import Models
from storywright.studio.store import Store
from storywright.writer.model import Proposal, Told
from storywright.writer.proposals import Proposes


class Steps:
    """The steps of one job, in their order."""

    def __init__(self, ledger: Ledger, job: Job, going_on: Callable[[], None]) -> None:
        """`going_on` raises when the job is not to go on."""
        self._ledger, self._job, self._going_on, self._number = ledger, job.id, going_on, 0

    def once(self, asked: Any, do: Callable[[], Any]) -> Any:
        """The JSON value that `do` gives, from the ledger if it was done before."""
        self._going_on()
        self._number += 1
        digest = files.digest_of(asked)
        value = self._ledger.step(self._job, self._number, digest)
        if value is None:
            value = do()
            self._ledger.step_done(self._job, self._number, digest, value)
        return value


def recorded(models: Models, steps: Steps, store: Store) -> Models:
    """The same models; each drawing and each proposal is a step."""
    return dataclasses.replace(
        models,
        illustrator=cast(Illustrator, _Illustrator(models.illustrator, steps, store)),
        writer=cast(Proposes, _Writer(models.writer, steps)),
    )


def png(picture: Image.Image) -> bytes:
    """A picture as the bytes of a PNG file; the same picture gives the same bytes."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


class _Illustrator:
    def __init__(self, illustrator: Any, steps: Steps, store: Store) -> None:
        self._illustrator, self._steps, self._store = illustrator, steps, store

    def draw(self, prompts: Sequence[str], **how: Any) -> list[Image.Image]:
        def drawn() -> list[str]:
            pictures = self._illustrator.draw(list(prompts), **how)
            return [self._store.put_picture(png(picture)) for picture in pictures]

        digests = self._steps.once(["draw", list(prompts), how], drawn)
        return [Image.open(self._store.picture(digest)).convert("RGB") for digest in digests]


class _Writer:
    def __init__(self, writer: Any, steps: Steps) -> None:
        self._writer, self._steps = writer, steps

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self._writer.languages)

    def propose(self, story: Sequence[Told], **how: Any) -> list[Proposal]:
        def proposed() -> list[dict[str, Any]]:
            return [dataclasses.asdict(proposal) for proposal in self._writer.propose(list(story), **how)]

        asked = ["propose", [told.caption for told in story], how]
        return [Proposal(**proposal) for proposal in self._steps.once(asked, proposed)]
