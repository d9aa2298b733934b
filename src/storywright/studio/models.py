"""The three models that make boards, opened together, with what a board's provenance says about them."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from storywright import __version__, files
from storywright.board import Origin
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.illustrator.model import Illustrator
from storywright.writer.llm.opening import open_writer
from storywright.writer.model import Writer
from storywright.writer.proposals import Proposes

STARTER = Path(__file__).parent.parent / "starter"
"""The embedded models, shipped with the package."""
_ROLES = ("critic", "illustrator", "writer")


@dataclass(frozen=True, kw_only=True, slots=True)
class Models:
    """Opened models and where they come from."""

    critic: Critic
    illustrator: Illustrator
    writer: Proposes
    origins: list[Origin] = field(default_factory=list)
    corpus_digest: str = ""

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
        return cls(
            critic=Critic.open(places["critic"], device=device),
            illustrator=Illustrator.open(places["illustrator"], device=device),
            writer=Writer.open(places["writer"], places["critic"]),
            origins=origins,
            corpus_digest=corpus_digest,
        )

    def with_writer(self, name: str, critic_folder: Path | None = None, device: str = "cpu") -> "Models":
        """The same models with another writer: a folder, or a language model (see `storywright.writer.llm.opening`)."""
        digest = files.digest(Path(name)) if Path(name).is_dir() else ""
        others = [origin for origin in self.origins if origin.role != "writer"]
        return replace(
            self,
            writer=open_writer(name, critic_folder or STARTER / "critic", device),
            origins=[*others, Origin(role="writer", name=name, digest=digest)],
        )
