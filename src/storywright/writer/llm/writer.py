"""The writer that asks a language model: checks each answer, asks again where it has to, and keeps to a budget."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from storywright.errors import BadInput
from storywright.writer.decoding import Decoding
from storywright.writer.llm.asking import LANGUAGES, Idea, Request, Unusable, read
from storywright.writer.proposals import Proposal, Told


@dataclass(frozen=True, slots=True)
class Reply:
    """What a language model answered."""

    text: str
    tokens: int
    """Of the question and the answer together."""
    cut: bool
    """Whether it ended for want of room."""


class LanguageModel(Protocol):
    """What can be asked."""

    name: str

    def answer(self, request: Request) -> Reply:
        """The answer to a request."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much is asked of a language model."""

    tries: int = 3
    """How often it is asked again when its answer cannot be used."""
    tokens: int = 200_000
    """Questions and answers together, for as long as this writer is open."""
    panels: int = 24
    """How many of the latest panels it is told."""

    def __post_init__(self) -> None:
        for name in ("tries", "tokens", "panels"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")


class LanguageModelWriter:
    """Proposes what the next panel tells, as `storywright.writer.model.Writer` does."""

    languages = tuple(LANGUAGES)

    def __init__(self, model: LanguageModel, limits: Limits | None = None) -> None:
        self._model, self._limits = model, limits or Limits()
        self.tokens_used = 0

    @property
    def name(self) -> str:
        """Of the model that is asked."""
        return self._model.name

    def with_decoding(self, decoding: Decoding) -> "LanguageModelWriter":
        """Itself: how its captions are searched for is the language model's own business."""
        return self

    def propose(
        self, story: Sequence[Told], *, brief: str = "", language: str = "en", count: int = 3, seed: int = 0
    ) -> list[Proposal]:
        """At most `count` different captions for the next panel, the surest first; none that was told already."""
        if language not in self.languages:
            raise BadInput(
                f"The writer knows {' and '.join(self.languages)}, and not {language!r}: choose one of these."
            )
        request = Request(list(story)[-self._limits.panels :], brief, language, count, seed)
        ideas = sorted(self._ideas(request), key=lambda idea: -idea.sureness)
        return [Proposal(idea.caption.strip(), idea.sureness, idea.tags, idea.phase, idea.why) for idea in ideas]

    def _ideas(self, request: Request) -> list[Idea]:
        complaint = ""
        for number in range(self._limits.tries):
            if self.tokens_used >= self._limits.tokens:
                raise BadInput(
                    f"The language model {self.name} has used {self.tokens_used:,} tokens of the "
                    f"{self._limits.tokens:,} it may: raise the budget, or go on with the embedded writer."
                )
            reply = self._model.answer(replace(request, seed=request.seed + number))
            self.tokens_used += reply.tokens
            try:
                return read(reply.text, request)
            except Unusable as error:
                complaint = "it was cut off: answer more shortly" if reply.cut else str(error)
                request = replace(request, complaints=[*request.complaints, complaint])
        raise BadInput(
            f"The language model {self.name} gave no usable answer in {self._limits.tries} tries ({complaint}): "
            "choose another model, or the embedded writer."
        )
