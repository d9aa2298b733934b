"""Whose a manuscript is and by what right it is adapted: declared by a person before anything is made of it."""

import datetime
import json
from typing import Self

from pydantic import Field, field_validator, model_validator

from storywright.board import Document, Provenance, parse
from storywright.errors import BadInput

_FLAGS = (
    "give --author NAME and --public-domain for a work that is free for all, or --author NAME, --owner NAME and "
    "--licence WORDS for one whose owner lets you"
)


class Rights(Document):
    """What was declared about a manuscript. It travels with every panel that is made from it."""

    author: str = Field(min_length=1)
    """Who wrote it."""
    owner: str = ""
    """Who owns it; may be empty where it is in the public domain."""
    licence: str = ""
    """By what the owner lets it be adapted: a licence's name, a contract, `my own work`."""
    public_domain: bool = False
    """Nobody owns it any more."""
    declared_by: str = ""
    """Who says so."""
    date: str = ""
    """When it was said, such as 2026-11-20."""

    @field_validator("author", "owner", "licence", "declared_by", mode="before")
    @classmethod
    def _in_one_line(cls, words: object) -> object:
        return " ".join(words.split()) if isinstance(words, str) else words

    @field_validator("date")
    @classmethod
    def _is_a_day(cls, date: str) -> str:
        if date:
            datetime.date.fromisoformat(date)
        return date

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if not self.public_domain and not (self.owner and self.licence):
            raise ValueError("a work that is not in the public domain has an owner and a licence")
        return self

    def written(self) -> str:
        """As `Provenance.rights` keeps it: JSON in one line, the same for the same declaration."""
        return json.dumps(self.model_dump(exclude_defaults=True), ensure_ascii=False, sort_keys=True)

    def said(self) -> str:
        """As a person reads it."""
        if self.public_domain:
            said = f"{self.author}; in the public domain"
        else:
            said = f"{self.author}; owned by {self.owner}; {self.licence}"
        by = f"; declared by {self.declared_by}" if self.declared_by else ""
        return said + by + (f" on {self.date}" if self.date else "")


def declared(
    *, author: str = "", owner: str = "", licence: str = "", public_domain: bool = False, by: str = "", date: str = ""
) -> Rights:
    """The declaration, or a refusal in a sentence that says which flags to give."""
    author, owner, licence = (" ".join(words.split()) for words in (author, owner, licence))
    if not author:
        raise BadInput(f"Nobody has said who wrote this manuscript and by what right it may be adapted: {_FLAGS}.")
    if not public_domain and not (owner and licence):
        missing = " and ".join(flag for flag, given in (("--owner", owner), ("--licence", licence)) if not given)
        raise BadInput(f"By what right the work of {author} may be adapted is not complete ({missing}): {_FLAGS}.")
    try:
        if date:
            datetime.date.fromisoformat(date)
    except ValueError as error:
        raise BadInput(f"{date!r} is not a date: give --date as 2026-11-20.") from error
    return Rights(
        author=author, owner=owner, licence=licence, public_domain=public_domain, declared_by=by, date=date
    )  # fmt: skip


def required(rights: Rights | None, manuscript: str) -> Rights:
    """The declaration for what is about to be adapted; refuses where there is none."""
    if rights is None:
        raise BadInput(f"Before {manuscript} is adapted, its rights have to be declared: {_FLAGS}.")
    return rights


def of(provenance: Provenance) -> Rights | None:
    """What a panel's or board's provenance says was declared; None where nothing was."""
    if not provenance.rights:
        return None
    try:
        value = json.loads(provenance.rights)
    except json.JSONDecodeError as error:
        raise BadInput(f"The provenance's rights are not a declaration: {provenance.rights[:80]!r}.") from error
    return parse(Rights, value, "provenance, field rights")
