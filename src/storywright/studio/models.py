"""The three models that make boards, opened together, with what a board's provenance says about them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image

from storywright import __version__, files
from storywright.board import Origin
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.illustrator.enlarger import Enlarger
from storywright.illustrator.model import Illustrator
from storywright.writer.llm.opening import open_writer
from storywright.writer.model import Writer
from storywright.writer.proposals import Judges, Proposes

STARTER = Path(__file__).parent.parent / "starter"
"""The embedded models, shipped with the package."""
NATIVE_SIZE = (192, 108)
"""What the embedded illustrator draws best."""
_ROLES = ("critic", "illustrator", "writer")


@dataclass(frozen=True, kw_only=True, slots=True)
class Models:
    """Opened models and where they come from."""

    critic: Critic
    illustrator: Illustrator
    writer: Proposes
    judge: Judges | None = None
    """Judges whether panels are a story; None: nobody does."""
    enlarger: Enlarger | None = None
    """Makes the pictures larger that a board keeps; None: they stay as they were drawn."""
    origins: list[Origin] = field(default_factory=list)
    corpus_digest: str = ""
    free_words: bool = False
    """The illustrator takes any words: it is a published checkpoint, and knows no drawn world."""
    native_size: tuple[int, int] = NATIVE_SIZE
    """Width and height that the illustrator draws best."""

    @classmethod
    def open(
        cls, folders: dict[str, Path] | None = None, version: str = "", corpus_digest: str = "", device: str = "cpu"
    ) -> "Models":
        """Open the models in these folders, by role; the embedded ones where none is given."""
        places = {role: STARTER / role for role in _ROLES} | (folders or {})
        for role in _ROLES:
            if not places[role].is_dir():
                raise BadInput(f"The {role}'s folder {places[role]} is not there: train one, or name another folder.")
        origins = [
            Origin(
                role=role,
                name=f"storywright-{role}",
                version=version or f"embedded {__version__}",
                digest=files.digest(places[role]),
            )
            for role in _ROLES
        ]
        illustrator = Illustrator.open(places["illustrator"], device, quick=True)
        writer = Writer.open(places["writer"], places["critic"])
        return cls(
            critic=Critic.open(places["critic"], device=device),
            illustrator=illustrator,
            writer=writer,
            judge=writer,
            enlarger=illustrator.enlarger,
            origins=origins,
            corpus_digest=corpus_digest,
            free_words=not illustrator.drawing.styles,
            native_size=illustrator.drawing.native_size,
        )

    def name_of(self, role: str) -> str:
        """What the model in a role is called."""
        return next((origin.name for origin in self.origins if origin.role == role), role)

    def finished(self, pictures: Sequence[Image.Image]) -> list[Image.Image]:
        """Pictures as a board keeps them."""
        return self.enlarger.four_times(pictures) if self.enlarger else list(pictures)

    def with_illustrator(self, name: str, device: str = "cpu") -> "Models":
        """The same models with another illustrator: a pipeline's folder, or a published one's name on the Hub."""
        illustrator = Illustrator.open(Path(name) if Path(name).is_dir() else name, device, quick=True)
        others = [origin for origin in self.origins if origin.role != "illustrator"]
        digest = files.digest(Path(name)) if Path(name).is_dir() else ""
        called = Path(name).resolve().name if Path(name).is_dir() else name
        return replace(
            self,
            illustrator=illustrator,
            enlarger=illustrator.enlarger,
            origins=[*others, Origin(role="illustrator", name=called, digest=digest)],
            free_words=not illustrator.drawing.styles,
            native_size=illustrator.drawing.native_size,
        )

    def with_writer(self, name: str, critic_folder: Path | None = None, device: str = "cpu") -> "Models":
        """The same models with another writer: a folder, or a language model (see `storywright.writer.llm.opening`)."""
        digest = files.digest(Path(name)) if Path(name).is_dir() else ""
        others = [origin for origin in self.origins if origin.role != "writer"]
        writer = open_writer(name, critic_folder or STARTER / "critic", device)
        return replace(
            self,
            writer=writer,
            judge=writer if isinstance(writer, Writer) else self.judge,  # a language model only writes
            origins=[*others, Origin(role="writer", name=name, digest=digest)],
        )
