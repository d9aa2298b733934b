"""What a language model is asked, and what its answer has to look like. Knows nothing about how it is reached."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from storywright.writer.proposals import Told

Phase = Literal["goal", "obstacle", "turn", "end"]
PHASES: tuple[str, ...] = get_args(Phase)
LANGUAGES = {"en": "English", "ru": "Russian"}

_DUTY = """\
You write storyboards. You are told the panels so far and propose what the next panel shows and tells.
Keep the names and the looks of the cast. Tell nothing twice. Tell what can be drawn in one picture, in one or two
short sentences of at most {words} words together. Serve the brief. Write in {language}.
Answer with JSON alone, of this schema: {schema}"""
_MOST_WORDS = 30


class Idea(BaseModel):
    """One proposal as the model answers it."""

    model_config = ConfigDict(extra="forbid")

    caption: str = Field(min_length=3, max_length=400, description="what the next panel tells")
    phase: Phase = Field(description="where in a story the panel stands")
    tags: list[str] = Field(max_length=6, description="what it is about, a word or two each")
    why: str = Field(max_length=400, description="which panel or which words of the brief it follows from")
    sureness: float = Field(ge=0, le=1, description="how well it fits, from 0 to 1")


class Answer(BaseModel):
    """Everything the model answers."""

    model_config = ConfigDict(extra="forbid")

    proposals: list[Idea] = Field(min_length=1)


SCHEMA: dict[str, Any] = Answer.model_json_schema()


class Unusable(ValueError):
    """An answer that cannot be used; the message tells the model what was wrong with it."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question, and what was wrong with the answers to it so far."""

    story: Sequence[Told]
    brief: str
    language: str
    count: int
    seed: int
    complaints: list[str] = field(default_factory=list)

    def pictures(self) -> list[Image.Image]:
        """The panels' pictures, where there are any, in order."""
        return [told.picture for told in self.story if told.picture is not None]

    def messages(self, sees: bool) -> list[dict[str, str]]:
        """The conversation; a panel whose picture comes along says which of the pictures it is."""
        duty = _DUTY.format(words=_MOST_WORDS, language=LANGUAGES[self.language], schema=json.dumps(SCHEMA))
        return [{"role": "system", "content": duty}, {"role": "user", "content": self._told(sees)}]

    def _told(self, sees: bool) -> str:
        lines = [f"Brief: {self.brief.strip() or 'none'}", "Panels so far:" if self.story else "There is no panel yet."]
        shown = 0
        for number, told in enumerate(self.story, start=1):
            shown += told.picture is not None
            picture = f" (picture {shown})" if sees and told.picture is not None else ""
            lines.append(f"{number}. {' '.join(told.caption.split()) or 'without words'}{picture}")
        lines.append(f"Propose {self.count} different captions for the next panel.")
        lines += [f"Your last answer could not be used: {complaint}" for complaint in self.complaints[-1:]]
        return "\n".join(lines)


def read(text: str, request: Request) -> list[Idea]:
    """The proposals of an answer that are new, or what is wrong with it."""
    try:
        ideas = Answer.model_validate_json(_json_in(text)).proposals
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Unusable(f"{where + ': ' if where else ''}{first['msg']}") from None
    told = {plain(one.caption) for one in request.story}
    fresh: dict[str, Idea] = {}
    for idea in ideas:
        if plain(idea.caption) not in told:
            fresh.setdefault(plain(idea.caption), idea)
    if not fresh:
        raise Unusable("every proposal was told already; propose something new")
    if strange := [idea.caption for idea in fresh.values() if not _in_script(idea.caption, request.language)]:
        raise Unusable(f"{strange[0]!r} is not {LANGUAGES[request.language]}")
    return list(fresh.values())[: request.count]


def plain(text: str) -> str:
    """A caption as it is compared with others."""
    return " ".join(text.lower().split()).rstrip(".!… ")


def _json_in(text: str) -> str:
    """The JSON of an answer, which some models put between fences or words."""
    first, last = text.find("{"), text.rfind("}")
    return text[first : last + 1] if first >= 0 else text


def _in_script(text: str, language: str) -> bool:
    """Whether most letters are of the script that the language is written in."""
    letters = [letter for letter in text.lower() if letter.isalpha()]
    cyrillic = sum("а" <= letter <= "я" or letter == "ё" for letter in letters)
    return bool(letters) and (cyrillic * 2 > len(letters)) == (language == "ru")
