"""The director: from a brief to several different, finished boards.

Panel by panel the words are chosen, the illustrator draws each panel several times, the critic keeps the picture that
fits its words best, and the kept picture is what the writer sees when it goes on with the story.
"""

import dataclasses
import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from storywright import files
from storywright.board import Brief, Panel, Provenance, Score, Storyboard, picture_size
from storywright.errors import BadInput
from storywright.studio import card, endframe, free_words, languages, measuring, plan
from storywright.studio.endframe import COMPOSED, END_FRAME
from storywright.studio.ideas import Idea
from storywright.studio.likeness import Eye, References, Seen
from storywright.studio.models import NATIVE_SIZE, Models
from storywright.studio.plan import Moment
from storywright.studio.staging import Stage, Staged, refuse_unshowable
from storywright.toonworld.scene import Scene
from storywright.writer.model import Told

_NATIVE_HEIGHT_PX = {"16:9": 108, "1:1": 144, "9:16": 192, "4:3": 144}
_SURE_WEIGHT, _LIKENESS_WEIGHT = 0.2, 0.1
"""What right looks, and likeness to the references, count against the fit of a picture and its words."""
_SURE_WRITER = 0.5
"""How sure a writer has to be of a caption that goes with an idea's own line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """How the director asks for pictures."""

    draws: int = 2
    """Pictures a panel, of which the critic keeps one."""
    steps: int = 5
    """Denoising steps a picture."""
    guidance: float = 4.5
    """How closely a picture keeps to its words."""

    def __post_init__(self) -> None:
        if self.draws < 1 or self.steps < 1:
            raise ValueError(f"draws and steps must be at least 1, got {self.draws} and {self.steps}")


def with_illustrator(models: Models, drawing: Drawing, name: str) -> tuple[Models, Drawing]:
    """Another illustrator, drawing in the steps and with the guidance that suit it."""
    models = models.with_illustrator(name)
    suits = models.illustrator.drawing
    return models, replace(drawing, steps=suits.steps, guidance=suits.guidance)


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """The picture that was kept of a panel's draws."""

    picture: Image.Image
    seed: int
    """The seed of that draw."""
    fit: float
    """How well it fits its words, by the critic."""
    seen: Seen
    """What the critic made of it."""

    @property
    def liked(self) -> float:
        """What the critic goes by among the draws of one panel."""
        return self.fit + _SURE_WEIGHT * self.seen.sure


@dataclass(slots=True)
class Candidate:
    """A board and its pictures, in the order of its panels."""

    board: Storyboard
    pictures: list[Image.Image] = field(default_factory=list)
    assets: dict[str, Path] = field(default_factory=dict)
    """The brief's own files, by their names in the brief."""

    def save(self, folder: Path) -> Path:
        """Write the board's folder: the pictures first, so that the board never names one that is not there."""
        for name, source in self.assets.items():
            files.write_bytes(files.inside(folder, name), source.read_bytes())
        for panel, picture in zip(self.board.panels, self.pictures, strict=True):
            path = files.inside(folder, panel.picture)
            path.parent.mkdir(parents=True, exist_ok=True)
            with files.full_disk_named(path):
                picture.save(path)
        return self.board.save(folder)


class Director:
    """Runs the writer, the illustrator and the critic."""

    def __init__(self, models: Models, drawing: Drawing | None = None) -> None:
        self._models, self._drawing = models, drawing or Drawing()
        self._takes = Takes(models, self._drawing)

    def checked(
        self, brief: Brief, candidates: int, folder: Path | None, preferred: Sequence[str] = ()
    ) -> endframe.Assets:
        """The brief's files, opened; refuses a brief that cannot be met before anything is drawn."""
        for idea in plan.ideas_for(brief, candidates, preferred):
            plan.refuse_unplaceable(brief, idea)
        if not self._models.free_words:
            refuse_unshowable(brief)
        return endframe.opened(brief, folder)

    def boards(
        self,
        brief: Brief,
        candidates: int = 3,
        on_panel: Callable[[int, int, Image.Image], None] | None = None,
        folder: Path | None = None,
        preferred: Sequence[str] = (),
    ) -> list[Candidate]:
        """Make that many boards, each from another idea.

        `on_panel` is told the candidate, the panel and the picture as they come. `folder` is where the paths of the
        brief's assets begin. Ideas whose names are `preferred` come first.
        """
        if not 1 <= candidates <= 6:
            raise BadInput(f"A brief gets 1 to 6 candidates, and {candidates} were asked for.")
        assets = self.checked(brief, candidates, folder, preferred)
        ideas = plan.ideas_for(brief, candidates, preferred)
        stage = Stage(brief, free=self._models.free_words)
        stories = [_Story(plan.moments(brief, idea)) for idea in ideas]
        references = [story.references for story in stories]
        for at in range(plan.num_panels(brief)):
            staged = [self._staged(stage, story, number, at) for number, story in enumerate(stories)]
            draws = range(self._drawing.draws)
            seeds = [[_seed(brief, number, at, draw) for draw in draws] for number in range(candidates)]
            names = [_id(at)] * candidates
            kept = self._takes.best(staged, seeds, brief.format.aspect, references, names)
            for number, (story, scene, take) in enumerate(zip(stories, staged, kept, strict=True)):
                last = story.moments[at].beat.name == END_FRAME
                picture = endframe.composed(take.picture, brief, assets) if last else take.picture
                story.add(scene, replace(take, picture=picture))
                if on_panel:
                    on_panel(number, at, story.pictures[-1])
        made = [self._board(brief, idea, story, stage) for idea, story in zip(ideas, stories, strict=True)]
        for candidate in made:
            candidate.assets = assets.paths
        self._judge(made)
        return made

    def _staged(self, stage: Stage, story: "_Story", number: int, at: int) -> Staged:
        moment = story.moments[at]
        written = self._written(stage, story, number, moment) if plan.is_open(moment) else ""
        words = " ".join(part for part in (moment.words, written) if part)
        before = story.scenes[-1] if story.scenes else None
        return stage.set(moment, words, seed=_seed(stage.brief, number, at), before=before, acts=written)

    def _written(self, stage: Stage, story: "_Story", number: int, moment: Moment) -> str:
        """What the writer says happens, seeing the story so far.

        Where the idea has a line of its own, what is written goes with it, if the writer is sure and keeps to the beat;
        of several such captions the critic keeps the one that is nearest to that line.
        """
        if moment.words and (not story.scenes or stage.brief.language not in self._models.writer.languages):
            return ""  # a story begins as its idea does
        proposals = self._models.writer.propose(
            [Told(picture, scene.words) for picture, scene in zip(story.pictures, story.scenes, strict=True)],
            brief=stage.summary,
            language=stage.brief.language,
            count=3,
            seed=_seed(stage.brief, number, len(story.scenes)),
        )
        told = [scene.words for scene in story.scenes]
        fresh = [one for one in proposals if not any(one.caption in words for words in told)]
        if not moment.words:
            return max(fresh or proposals, key=lambda proposal: proposal.score).caption
        fitting = [one.caption for one in fresh if one.score >= _SURE_WRITER and stage.keeps(moment, one.caption)]
        return self._takes.nearest(moment.words, fitting) if fitting else ""

    def _board(self, brief: Brief, idea: Idea, story: "_Story", stage: Stage) -> Candidate:
        hero, friend = (person.name for person in stage.cast[:2])
        board = Storyboard(
            id=files.digest_of([brief.model_dump(), idea.name, [o.model_dump() for o in self._models.origins]])[:12],
            title=f"{brief.title}: {idea.called[brief.language]}",
            logline=idea.logline[brief.language].format(hero=hero, friend=friend, product=brief.product.name),
            brief=brief,
            aspect=brief.format.aspect,
            style=brief.style,
            language=brief.language,
            panels=[self._panel(brief, at, *row) for at, row in enumerate(story.rows())],
            coverage=_coverage(brief, story),
            notices=self._notices(brief, stage, story),
            provenance=provenance(self._models, self._drawing, brief.format.aspect, brief.seed, ""),
        )
        for name, panel in story.references.panels.items():
            board.provenance.settings[f"reference of {name}"] = panel
        return Candidate(board, story.pictures)

    def _notices(self, brief: Brief, stage: Stage, story: "_Story") -> list[str]:
        spoken = [] if stage.unread is None else [languages.of_brief(stage.unread, brief.language)]
        if self._models.free_words:
            return [*spoken, free_words.notice(self._models.name_of("illustrator"), brief.language)]
        return [*spoken, *stage.notices(story.scenes)]

    def _panel(self, brief: Brief, at: int, moment: Moment, staged: Staged, take: Take) -> Panel:
        scene = staged.scene
        origin = provenance(self._models, self._drawing, brief.format.aspect, take.seed, staged.prompt)
        if moment.beat.name == END_FRAME:
            origin.settings[COMPOSED] = END_FRAME
        panel = {
            "id": _id(at),
            "shot": {"size": scene.shot, "angle": scene.angle, "move": staged.move},
            "setting": scene.setting,
            "time_of_day": scene.time,
            "cast": [person.name for person in scene.people if person.name],
            "action": staged.words,
            "voice_over": _voice(brief, moment),
            "super": _super(brief, moment),
            "seconds": moment.seconds,
            "picture": f"panels/{at + 1:02d}.png",
            "drawn_as": staged.drawn_as,
            "seed": take.seed,
            "prompt": staged.prompt,
            "scores": scores_of(take),
            "provenance": origin,
        }
        return Panel.model_validate(panel)

    def _judge(self, made: list[Candidate]) -> None:
        """Write each board's quality card; diversity is measured between the candidates."""
        sights = [
            measuring.sight(self._models.critic, candidate.board, candidate.pictures.__getitem__) for candidate in made
        ]
        for number, candidate in enumerate(made):
            others = [sight for at, sight in enumerate(sights) if at != number]
            found = [*card.told_by_panels(candidate.board), *measuring.scores(self._models, sights[number], others)]
            candidate.board.scores = card.in_order(found)


class _Story:
    """A board while it grows."""

    def __init__(self, moments: list[Moment]) -> None:
        self.moments = moments
        self.scenes: list[Staged] = []
        self.pictures: list[Image.Image] = []
        self.takes: list[Take] = []
        self.references = References()

    def add(self, scene: Staged, take: Take) -> None:
        self.scenes.append(scene)
        self.pictures.append(take.picture)
        self.takes.append(take)

    def rows(self) -> list[tuple[Moment, Staged, Take]]:
        return list(zip(self.moments, self.scenes, self.takes, strict=True))


class Takes:
    """Draws panels several times and keeps of each the draw that the critic likes best."""

    def __init__(self, models: Models, drawing: Drawing) -> None:
        self._models, self._drawing, self._eye = models, drawing, Eye(models.critic)

    def best(
        self,
        staged: Sequence[Staged],
        seeds: Sequence[Sequence[int]],
        aspect: str,
        references: Sequence[References],
        panels: Sequence[str],
    ) -> list[Take]:
        """Draw each panel once from each of its seeds, and keep the picture that fits its words and looks best.

        Each panel comes with the references of its own board, and with its id: it may become one of them.
        """
        each = [panel for panel, own in zip(staged, seeds, strict=True) for _ in own]
        asked = (
            [panel.prompt for panel in each],
            [panel.scene for panel in each],
            [seed for own in seeds for seed in own],
        )
        drawn = iter(self.all(*asked, aspect))
        kept = []
        for panel, own, known, name in zip(staged, seeds, references, panels, strict=True):
            takes = list(itertools.islice(drawn, len(own)))
            alike = known.likeness(panel.scene, np.stack([take.seen.vector for take in takes]))
            likes = [take.liked + _LIKENESS_WEIGHT * like for take, like in zip(takes, alike, strict=True)]
            kept.append(takes[int(np.argmax(likes))])
            known.learn(panel.scene, kept[-1].seen.vector, name)
        finished = self._models.finished([take.picture for take in kept])
        return [replace(take, picture=picture) for take, picture in zip(kept, finished, strict=True)]

    def nearest(self, line: str, captions: Sequence[str]) -> str:
        """The caption that says most nearly what the line says, by the critic."""
        first, *others = self._models.critic.of_words([line, *captions])
        return captions[int(np.argmax([first @ other for other in others]))]

    def all(self, prompts: Sequence[str], scenes: Sequence[Scene], seeds: Sequence[int], aspect: str) -> list[Take]:
        """Draw each prompt once from its seed; its scene is what should be seen."""
        pictures = self._models.illustrator.draw(
            prompts,
            size=native_size(aspect, self._models.native_size),
            steps=self._drawing.steps,
            guidance=self._drawing.guidance,
            seeds=seeds,
        )
        vectors = self._eye.vectors(pictures)
        fits = self._eye.fits(prompts, vectors)
        # In free words the prompt does not say what the scene has, so nothing is asked about it.
        asked = [None if self._models.free_words else scene for scene in scenes]
        seen = [self._eye.look(scene, vector) for scene, vector in zip(asked, vectors, strict=True)]
        return [Take(*row) for row in zip(pictures, seeds, map(float, fits), seen, strict=True)]


def provenance(models: Models, drawing: Drawing, aspect: str, seed: int, prompt: str, rights: str = "") -> Provenance:
    """What made a panel, or the whole board where there is no prompt."""
    width, height = native_size(aspect, models.native_size)
    return Provenance(
        models=models.origins,
        corpus_digest=models.corpus_digest,
        seed=seed,
        prompt=prompt,
        settings={**dataclasses.asdict(drawing), "width_px": width, "height_px": height},
        rights=rights,
    )


def scores_of(take: Take) -> list[Score]:
    """What a panel says about its picture."""
    if take.seen.right is None:
        return [card.fit(take.fit)]
    return [card.fit(take.fit), card.looks(take.seen.right, take.seen.misread)]


def native_size(aspect: str, native: tuple[int, int] = NATIVE_SIZE) -> tuple[int, int]:
    """The size at which an illustrator of that native size draws this aspect best."""
    if native == NATIVE_SIZE and aspect in _NATIVE_HEIGHT_PX:
        return picture_size(aspect, _NATIVE_HEIGHT_PX[aspect])
    width, height = picture_size(aspect, 1000)
    return picture_size(aspect, max(64, round((native[0] * native[1] * height / width) ** 0.5)))


def _id(at: int) -> str:
    return f"p{at + 1:02d}"


def _seed(brief: Brief, *at: int) -> int:
    """A seed for one draw that does not change when other draws are added."""
    text = ",".join(map(str, (brief.seed, *at)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) & 0x7FFFFFFF


def _voice(brief: Brief, moment: Moment) -> str:
    spoken = {"hook": brief.insight, "product": brief.proposition, END_FRAME: brief.call_to_action}
    return plan.sentence(spoken.get(moment.beat.name, ""))


def _super(brief: Brief, moment: Moment) -> str:
    if moment.beat.name != END_FRAME:
        return ""
    return " · ".join(part for part in (brief.product.name, brief.mandatories.legal) if part)


def _coverage(brief: Brief, story: _Story) -> dict[str, list[str]]:
    """Each mandatory and the panels that meet it; an empty list says that none does."""
    with_product = [_id(at) for at, moment in enumerate(story.moments) if moment.beat.product]
    last = [_id(len(story.moments) - 1)]
    end = last if story.moments[-1].beat.name == END_FRAME else []
    met = {}
    for wish in brief.mandatories.must_show:
        if plan.is_product(wish, brief):
            met[wish] = with_product
        elif plan.is_logo(wish):
            met[wish] = end
        else:
            met[wish] = [_id(at) for at, moment in enumerate(story.moments) if wish in moment.shows]
    if brief.mandatories.legal:
        met[f"legal: {brief.mandatories.legal}"] = end
    if brief.mandatories.end_frame:
        met[f"end frame: {brief.mandatories.end_frame}"] = end
    if brief.call_to_action:
        met[f"call to action: {brief.call_to_action}"] = end
    return met
