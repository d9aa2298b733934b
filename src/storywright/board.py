"""The documents: the brief that comes in, and the storyboard that everything is made from or ends up in.

Knows nothing about how a board is made or drawn. On disk a board is a folder: `board.json` and `panels/NN.png`.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from storywright import files
from storywright.errors import BadInput

SCHEMA_VERSION = 1
BOARD_FILE = "board.json"

_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""For each old schema version, what turns its board into one of the next version."""

ShotSize = Literal[
    "extreme close-up",
    "close-up",
    "medium close-up",
    "medium",
    "medium full",
    "full",
    "long",
    "extreme long",
    "establishing",
    "insert",
]
Angle = Literal["eye level", "high", "low", "bird's eye", "worm's eye", "over the shoulder", "dutch"]
Move = Literal["static", "pan", "tilt", "zoom in", "zoom out", "dolly", "truck", "tracking"]
Style = Literal["flat", "pencil", "ink", "watercolour"]
Language = Literal["en", "ru"]
TimeOfDay = Literal["morning", "day", "evening", "night"]


class Document(BaseModel):
    """What all documents have in common: unknown fields are refused, and every field says what it is."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, validate_assignment=True)


D = TypeVar("D", bound=Document)


class Product(Document):
    """What the brief sells."""

    name: str = Field(min_length=1)
    """What is sold, as it is written on the pack."""
    description: str = ""
    """What it looks like and what it is."""
    kind: str = ""
    """The thing to draw, such as bottle, shoe or phone."""


class Mandatories(Document):
    """What the client or the law insists on."""

    must_show: list[str] = []
    """What has to be seen in at least one panel, such as product or logo."""
    legal: str = ""
    """Words that the law or the client wants on screen."""
    end_frame: str = ""
    """What the last panel has to hold."""


class Format(Document):
    """How long, how wide and in how many pictures."""

    seconds: float = Field(default=15, gt=0, le=600)
    """Length of the film."""
    aspect: str = "16:9"
    """Width to height, such as 16:9, 1:1, 9:16 or 4:3."""
    panels: int | None = Field(default=None, ge=1, le=60)
    """How many panels; left out, the seconds decide."""

    @field_validator("aspect")
    @classmethod
    def _two_numbers(cls, aspect: str) -> str:
        width, height = _aspect_numbers(aspect)
        if not 1 / 4 <= width / height <= 4:
            raise ValueError(f"an aspect lies between 1:4 and 4:1, got {aspect!r}")
        return aspect

    @model_validator(mode="after")
    def _time_for_each_panel(self) -> Self:
        if self.panels and self.seconds / self.panels < 0.75:
            raise ValueError(
                f"{self.panels} panels do not fit into {self.seconds:g} seconds: a panel needs at least 0.75 s, so "
                f"ask for at most {int(self.seconds / 0.75)} panels or for more seconds"
            )
        return self


class CastMember(Document):
    """One person of the story."""

    name: str = Field(min_length=1)
    """How the others call this person."""
    looks: str = ""
    """What a stranger would see: age, hair, clothes."""


class Asset(Document):
    """A file or a thing that the brief refers to."""

    name: str = Field(min_length=1)
    """How the brief refers to it."""
    kind: Literal["logo", "product", "picture", "font"] = "picture"
    """What it is used as."""
    description: str = ""
    """What it shows, for when there is no file."""
    file: str = ""
    """Its path, relative to the brief."""


class Brief(Document):
    """What an advertiser wants to have told. Only the title and the product's name are required."""

    title: str = Field(min_length=1)
    """The working title."""
    product: Product
    """What is sold."""
    proposition: str = ""
    """The single thing to say."""
    audience: str = ""
    """Whom it is said to."""
    insight: str = ""
    """What is true about them."""
    objective: str = ""
    """What they should do, think or feel afterwards."""
    tone: str = "warm"
    """How it is said."""
    reasons_to_believe: list[str] = []
    """Why it is true."""
    mandatories: Mandatories = Mandatories()
    """What has to be there."""
    call_to_action: str = ""
    """The last words."""
    format: Format = Format()
    """Length, aspect and number of panels."""
    style: Style = "ink"
    """How it is drawn."""
    language: Language = "en"
    """The language of captions, dialogue and voice."""
    cast: list[CastMember] = []
    """Who is in it."""
    assets: list[Asset] = []
    """Files that come with the brief."""
    seed: int = Field(default=7, ge=0)
    """The same brief with the same seed gives the same board on the same machine."""


class Shot(Document):
    """How a panel is framed."""

    size: ShotSize = "medium"
    """How much of the subject is seen."""
    angle: Angle = "eye level"
    """Where the camera stands."""
    move: Move = "static"
    """What the camera does."""


class Line(Document):
    """Something that is said in the picture."""

    who: str = Field(min_length=1)
    """Who speaks."""
    line: str = Field(min_length=1)
    """What is said."""


class Span(Document):
    """Where in a manuscript a panel comes from."""

    start: int = Field(ge=0)
    """First character in the manuscript."""
    end: int = Field(ge=0)
    """One past the last character."""
    quote: str = ""
    """The words themselves."""


class Score(Document):
    """A measure with what it means."""

    name: str
    """What was measured, such as alignment or continuity."""
    value: float
    """The measure; larger is better."""
    reason: str = ""
    """What it means here, and which panel is weakest."""
    version: int | None = None
    """The older version of the board that it was measured on; None: the board as it is."""


class Origin(Document):
    """A model that touched a panel."""

    role: str
    """writer, illustrator, critic or a person's edit."""
    name: str
    """The model's name."""
    version: str = ""
    """Its version in the registry, or the package's version for the embedded ones."""
    digest: str = ""
    """SHA-256 of its weights."""


class Provenance(Document):
    """Enough to make the same thing again: rendering from it gives the same bytes on the same machine."""

    models: list[Origin] = []
    """Each model that touched it."""
    corpus_digest: str = ""
    """What the models had learned from."""
    seed: int | None = None
    """The seed of this panel's drawing."""
    prompt: str = ""
    """The words that the illustrator was given."""
    settings: dict[str, str | int | float | bool] = {}
    """Steps, guidance, size and the like."""
    rights: str = ""
    """What was declared about the manuscript."""


class Panel(Document):
    """One picture of a board with everything that is said about it."""

    id: str = Field(min_length=1)
    """Stays the same when the panel moves."""
    shot: Shot = Shot()
    """Size, angle and move."""
    setting: str = ""
    """Where it is."""
    time_of_day: TimeOfDay | None = None
    """When it is."""
    cast: list[str] = []
    """Names of those who are seen."""
    action: str = ""
    """What happens."""
    dialogue: list[Line] = []
    """What is said in the picture."""
    voice_over: str = ""
    """What the narrator says."""
    super: str = ""
    """Words on the screen."""
    sound: str = ""
    """What is heard besides words."""
    seconds: float = Field(default=2.5, gt=0)
    """How long it stands."""
    picture: str = ""
    """The picture's file, relative to the board's folder."""
    drawn_as: dict[str, str] = {}
    """Words that were mapped to something the illustrator knows."""
    seed: int | None = None
    """The seed it was drawn with."""
    prompt: str = ""
    """The words it was drawn from."""
    source: Span | None = None
    """Where in the manuscript it comes from."""
    scores: list[Score] = []
    """How good this panel is, and why."""
    provenance: Provenance = Provenance()
    """What made it."""


class Storyboard(Document):
    """Panels in order, what they answer, how good they are and what made them."""

    schema_version: int = SCHEMA_VERSION
    """Of this document's form."""
    id: str = Field(min_length=1)
    """Unique among boards."""
    title: str
    """What it is called."""
    logline: str = ""
    """The idea in a sentence."""
    brief: Brief | None = None
    """The brief it answers."""
    aspect: str = "16:9"
    """Width to height of every panel."""
    style: Style = "ink"
    """How it is drawn."""
    language: Language = "en"
    """The language of its words."""
    panels: list[Panel] = []
    """In the order they are seen."""
    scores: list[Score] = []
    """The quality card."""
    coverage: dict[str, list[str]] = {}
    """Each mandatory, or event of the chapter, and the ids of the panels that show it."""
    notices: list[str] = []
    """What the reader should know, such as words that were out of the drawable world."""
    provenance: Provenance = Provenance()
    """What made it."""
    parent_version: str = ""
    """The version this one was revised from."""

    @model_validator(mode="after")
    def _panel_ids_differ(self) -> Self:
        ids = [panel.id for panel in self.panels]
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise ValueError(f"two panels have the id {twice[0]!r}: give each panel its own")
        return self

    @property
    def seconds(self) -> float:
        """The length of the whole film."""
        return sum(panel.seconds for panel in self.panels)

    def save(self, folder: Path) -> Path:
        """Write `board.json` into the folder, whole or not at all; pictures are the maker's to place."""
        path = folder / BOARD_FILE
        files.write_text(path, self.model_dump_json(indent=2) + "\n")
        return path


def read_brief(path: Path) -> Brief:
    """Read a brief from YAML or JSON."""
    return parse(Brief, brief_fields(path), str(path))


def brief_fields(path: Path) -> dict[str, Any]:
    """The fields of a brief in YAML or JSON as they were written, unchecked."""
    text = _text_of(path)
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise BadInput(f"{path}{where}: this is not YAML: {getattr(error, 'problem', error)}.") from error
    if not isinstance(value, dict):
        raise BadInput(f"{path}: a brief is a list of fields with at least `title` and `product: {{name: …}}`.")
    return value


def read_board(path: Path) -> Storyboard:
    """Read a board from its folder or its `board.json`; an older schema is migrated, a newer one refused."""
    file = path / BOARD_FILE if path.is_dir() else path
    try:
        value = json.loads(_text_of(file))
    except json.JSONDecodeError as error:
        raise BadInput(f"{file}, line {error.lineno}: this is not JSON: {error.msg}.") from error
    if not isinstance(value, dict):
        raise BadInput(f"{file}: a storyboard is a JSON object.")
    return parse(Storyboard, _migrated(value, file), str(file))


def picture_size(aspect: str, height_px: int) -> tuple[int, int]:
    """Width and height in pixels, both even, for an aspect such as 16:9 and a height."""
    width, height = _aspect_numbers(aspect)
    return max(2, round(height_px * width / height / 2) * 2), height_px


def json_schemas() -> dict[str, dict[str, Any]]:
    """The published JSON Schemas, by file name."""
    return {"brief": Brief.model_json_schema(), "storyboard": Storyboard.model_json_schema()}


def parse(kind: type[D], value: dict[str, Any], where: str) -> D:
    """Make a document of a mapping, or say in one sentence which field is wrong and how."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or kind.__name__.lower()
        if first["type"] == "extra_forbidden":
            known = f": the fields are {', '.join(kind.model_fields)}" if len(first["loc"]) == 1 else ""
            raise BadInput(
                f"{where}, field {field}: there is no such field{known or ', check its spelling'}."
            ) from error
        raise BadInput(f"{where}, field {field}: {_said(first['msg'])}.") from error


def _said(message: str) -> str:
    return message.removeprefix("Value error, ").rstrip(".")


def _migrated(value: dict[str, Any], file: Path) -> dict[str, Any]:
    version = value.get("schema_version", SCHEMA_VERSION)
    if not isinstance(version, int):
        raise BadInput(f"{file}, field schema_version: expected a number, got {version!r}.")
    if version > SCHEMA_VERSION:
        raise BadInput(
            f"{file} has schema version {version}, and this storywright reads up to {SCHEMA_VERSION}: "
            "upgrade with `pip install -U storywright`."
        )
    for old in range(version, SCHEMA_VERSION):
        if old not in _MIGRATIONS:
            raise BadInput(f"{file} has schema version {version}, which never existed: the first is 1.")
        value = _MIGRATIONS[old](value)
    return value | {"schema_version": SCHEMA_VERSION}


def _aspect_numbers(aspect: str) -> tuple[float, float]:
    match = re.fullmatch(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)", aspect)
    if not match or not all(float(number) > 0 for number in match.groups()):
        raise ValueError(f"an aspect is two numbers such as 16:9, got {aspect!r}")
    return float(match[1]), float(match[2])


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise BadInput(f"{path} does not exist: check the path.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text (byte {error.start}): save it as UTF-8.") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
