"""What is asked of a language: the clauses of a sentence, with who does what, and how each is told in a storyboard.

English and Russian answer in modules of their own, without models: a lexicon, the endings of words and their order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from storywright.studio.adaptation.text import Word

Gender = Literal["", "m", "f", "n"]
ClauseKind = Literal["main", "when", "if", "because", "that", "relative", "seen", "aside"]
Tense = Literal["past", "present", "perfect", "future"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A noun, a name or a pronoun with the words that belong to it."""

    start: int
    end: int
    text: str
    head: str
    """The noun's base form, in lower case; of a name, its words in the nominative as they are written."""
    kind: Literal["name", "noun", "pronoun"]
    gender: Gender = ""
    plural: bool = False
    governed: str = ""
    """The preposition before it."""
    definite: bool = False
    """The, this, her: it was spoken of before, or is the only one."""
    owner: str = ""
    """The possessive word before it, such as her or Alice's."""
    animate: bool = False
    """The language itself says that it lives."""
    subject_form: bool = True
    """Its form allows it to be a subject."""
    adjectives: tuple[str, ...] = ()
    """What is said about it before the noun, in base form where that is known."""
    role: str = ""
    """A noun or title before a name, in base form: the postman of `the postman Tom`."""
    number: int = -1
    """Its first token in the sentence."""


@dataclass(slots=True)
class Clause:
    """A finite verb with who does it and what belongs to it."""

    kind: ClauseKind
    start: int
    end: int
    verb: str
    """Base form of the verb that says what is done; of `begins to cry` it is `cry`."""
    subject: Mention | None = None
    """None where it is not said; then it may be that of the clause before."""
    same_subject: bool = False
    """It goes on with the subject of the clause before."""
    tense: Tense = "past"
    negated: bool = False
    modal: str = ""
    """would, could, must, might… as it is written."""
    passive: bool = False
    once: bool = True
    """The verb's form says that it was done once; Russian tells, English does not."""
    linking: bool = False
    """The verb only says how somebody or something is."""
    gender: Gender = ""
    """What the verb's form says about its subject."""
    plural: bool = False
    person: int = 3
    mentions: list[Mention] = field(default_factory=list)
    """All of the clause but the subject, in their order."""
    said: list[Word] = field(default_factory=list)
    """What is said in it."""
    tokens: Sequence[Word] = ()
    """Its own words."""
    at: int = 0
    """Where its verb stands."""
    frame: object = None
    """What the language needs to tell it."""


@dataclass(frozen=True, slots=True)
class Apposition:
    """Two ways of naming one: `the doctor, a young woman`; `her name was Nora`."""

    one: Mention
    other: Mention


@dataclass(slots=True)
class Parsed:
    """A sentence as it was understood."""

    clauses: list[Clause]
    appositions: list[Apposition]
    mentions: list[Mention]


class Grammar(Protocol):
    """A language."""

    def know(self, names: Iterable[str]) -> None:
        """Words, in lower case, that are names of people in this manuscript."""
        ...

    def parsed(self, sentence: Sequence[Word]) -> Parsed:
        """The clauses of a sentence in their order."""
        ...

    def told(self, clause: Clause, subject: str, plural: bool, named: Mapping[int, str], most_words: int) -> str:
        """The clause as a storyboard says it: in the present, short, with names instead of pronouns.

        `named` says by a mention's start what stands in its place.
        """
        ...

    def speaks(self, clause: Clause, subject: str, plural: bool) -> str:
        """`Alice asks`: who speaks and how, in the present."""
        ...
