"""The three models that make boards, opened together, with what a board's provenance says about them."""

from dataclasses import dataclass, field
from pathlib import Path

from storywright import __version__, files
from storywright.board import Origin
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.illustrator.model import Illustrator
from storywright.writer.model import Writer

STARTER = Path(__file__).parent.parent / "starter"
"""The embedded models, shipped with the package."""
_ROLES = ("critic", "illustrator", "writer")


@dataclass(frozen=True, kw_only=True, slots=True)
class Models:
    """Opened models and where they come from."""

    critic: Critic
    illustrator: Illustrator
    writer: Writer
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
