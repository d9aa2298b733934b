"""How one site is read: which pages to follow, which hold concepts, and where on a page each field stands.

A profile is a YAML file. Every field of a concept is a list of rules; the first that finds something wins, so that one
profile covers several page layouts. A rule is a CSS selector, with `@name` behind it for an attribute instead of the
text, or a mapping with more:

    name: Agency archive
    follow: [/concepts/*, /category/*]        # `*` is any run of characters; the default is everything
    skip: ["*/comments"]
    concepts:
      pages: [/concepts/*]                    # the pages that have to hold a concept
      each: article.concept                   # where one page holds several
      fields:
        title: [h1, "meta[property='og:title']@content"]
        brand: {css: .byline, pattern: "by (.+)"}
        text: {css: ".idea, .scene", join: "\\n"}
        language: html@lang
      fixed: {licence: CC-BY-4.0, owner: The Agency}
"""

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import yaml
from lxml import etree
from lxml.cssselect import CSSSelector
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from storywright.errors import BadInput

FIELDS = ("title", "brand", "product", "category", "tone", "text", "language", "licence", "owner", "picture")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Rule(_Part):
    """Where one field may stand, and what to take of it."""

    css: str = Field(min_length=1)
    """A CSS selector."""
    attribute: str = ""
    """The attribute to take; left out, the text is taken."""
    pattern: str = ""
    """A regular expression whose first group is taken."""
    join: str = ""
    """What to put between all that match; left out, the first match is taken."""

    @field_validator("css")
    @classmethod
    def _selects(cls, css: str) -> str:
        try:
            CSSSelector(css, translator="html")
        except Exception as error:  # cssselect raises several kinds; each means the same to a person
            raise ValueError(f"{css!r} is not a CSS selector ({' '.join(str(error).split())})") from error
        return css

    @field_validator("pattern")
    @classmethod
    def _has_a_group(cls, pattern: str) -> str:
        try:
            groups = re.compile(pattern).groups if pattern else 1
        except re.error as error:
            raise ValueError(f"{pattern!r} is not a regular expression ({error})") from error
        if groups < 1:
            raise ValueError(f"{pattern!r} has no group in round brackets to take")
        return pattern

    @cached_property
    def select(self) -> etree.XPath:
        """The compiled selector."""
        return CSSSelector(self.css, translator="html")


def _rule(given: Any) -> Any:
    """`css@attribute` written out."""
    if not isinstance(given, str):
        return given
    css, at, attribute = given.rpartition("@")
    plain = at and re.fullmatch(r"[A-Za-z_:][\w:.-]*", attribute)
    return {"css": css.strip(), "attribute": attribute} if plain else {"css": given}


def _rules(given: Any) -> Any:
    return [_rule(one) for one in (given if isinstance(given, list) else [given])]


Rules = Annotated[list[Rule], BeforeValidator(_rules)]


class Concepts(_Part):
    """Where a site's concepts are, and how they are laid out."""

    pages: list[str] = ["*"]
    """Paths, with `*` for any run of characters, of the pages that hold concepts."""
    each: str = ""
    """Selects each concept where a page holds several; a page where it finds nothing is one concept."""
    fields: dict[str, Rules] = {}
    """The rules for each field; what no rule finds, the general reading may still find."""
    fixed: dict[str, str] = {}
    """Fields that are the same for the whole site."""
    fewest_characters: int = Field(default=60, ge=1)
    """A text shorter than this is no concept."""

    @field_validator("fields", "fixed")
    @classmethod
    def _known_fields(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name in given:
            if name not in FIELDS:
                raise ValueError(f"a concept has no field {name!r}; its fields are {', '.join(FIELDS)}")
        return given

    @field_validator("each")
    @classmethod
    def _selects(cls, css: str) -> str:
        return Rule(css=css).css if css else css

    @cached_property
    def selects_each(self) -> etree.XPath | None:
        """The compiled selector of `each`."""
        return CSSSelector(self.each, translator="html") if self.each else None


class Profile(_Part):
    """How one site is read. The empty profile reads any site, by what pages commonly say about themselves."""

    name: str = "any site"
    """What to call it in messages."""
    start: list[str] = []
    """Further paths to start from."""
    sitemap: bool = True
    """Whether to start from the pages in the site's sitemaps as well."""
    hosts: list[str] = []
    """Other hosts that belong to the site."""
    follow: list[str] = ["*"]
    """Paths to follow, with `*` for any run of characters."""
    skip: list[str] = []
    """Paths to leave out of those."""
    concepts: Concepts = Concepts()
    """Where the concepts are."""

    def follows(self, target: str) -> bool:
        """Whether a path belongs to what is crawled."""
        return _any(self.follow, target) and not _any(self.skip, target)

    def holds_concepts(self, target: str) -> bool:
        """Whether a page with this path has to hold a concept."""
        return _any(self.concepts.pages, target)


def read(path: Path) -> Profile:
    """The profile in a YAML file; a mistake is named with its place."""
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"The profile {path} does not exist: name a YAML file, or leave the profile out.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The profile {path} cannot be read ({error}): give a YAML file in UTF-8.") from error
    except yaml.YAMLError as error:
        raise BadInput(f"The profile {path} is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(given, dict):
        raise BadInput(f"The profile {path} must be a mapping with `name`, `follow` and `concepts`.")
    try:
        return Profile.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"The profile {path}, {where}: {first['msg'].removeprefix('Value error, ')}.") from error


def _any(patterns: list[str], target: str) -> bool:
    return any(_glob(pattern).fullmatch(target) is not None for pattern in patterns)


_GLOBS: dict[str, re.Pattern[str]] = {}


def _glob(pattern: str) -> re.Pattern[str]:
    if pattern not in _GLOBS:
        # Each piece is found at its first place for good, so that a pattern with many stars stays cheap.
        first, *others = (re.escape(piece) for piece in pattern.split("*"))
        middle = "".join(f"(?>.*?{piece})" for piece in others[:-1])
        last = f".*{others[-1]}" if others else ""
        _GLOBS[pattern] = re.compile(first + middle + last, re.DOTALL)
    return _GLOBS[pattern]
