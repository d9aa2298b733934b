"""The studio in Python: the models opened once, and what a user asks of them.

studio = Studio()
one, two, three = studio.boards("brief.yaml")
folder = one.save(Path("out/1")).parent
studio.revise(folder, action="redraw", panel="3", words="Mia laughs.")
studio.export(folder, ["pdf", "mp4"], Path("out"))
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storywright import export
from storywright.board import Brief, Storyboard, parse, read_board
from storywright.studio import briefs, measuring, revision, versions
from storywright.studio.director import Candidate, Director, Drawing
from storywright.studio.measuring import Measuring
from storywright.studio.models import Models
from storywright.studio.redrawing import Redrawing


class Studio:
    """Writer, illustrator and critic, and the director who runs them."""

    def __init__(self, models: Models | None = None, drawing: Drawing | None = None) -> None:
        """Without `models`, those that are shipped with the package."""
        self._models, self._drawing = models or Models.open(), drawing or Drawing()

    def boards(self, brief: Brief | Mapping[str, Any] | Path | str, candidates: int = 3) -> list[Candidate]:
        """Boards that answer a brief, each from another idea. A brief is a document, its fields, or a file's path."""
        folder, notices = None, list[str]()
        if isinstance(brief, Mapping):
            brief = parse(Brief, dict(brief), "the brief")
        elif not isinstance(brief, Brief):
            folder = Path(brief).parent
            understood = briefs.read(Path(brief))
            brief, notices = understood.brief, understood.notices
        made = Director(self._models, self._drawing).boards(brief, candidates, folder=folder)
        for one in made:
            one.board.notices = list(dict.fromkeys([*notices, *one.board.notices]))
        return made

    def revise(self, folder: Path | str, **asked: Any) -> Storyboard:
        """Change one thing of the board in a folder; `asked` is an action of `studio.revision` and its fields."""
        folder = Path(folder)
        before = read_board(folder)
        draw = Redrawing(self._models, self._drawing, folder)
        measure = Measuring(self._models, measuring.in_folder(folder), lambda: list(measuring.beside(folder, before)))
        revised = revision.revise(before, revision.asked(asked), draw, measure, versions.number(folder))
        return before if revised.board == before else versions.keep(folder, revised.board, revised.pictures)

    def export(self, folder: Path | str, formats: Sequence[str], out: Path | str, **options: Any) -> list[Path]:
        """Write the board in a folder in these formats; `options` are those of the formats' `write`."""
        return export.export(Path(folder), formats, Path(out), options=options)
