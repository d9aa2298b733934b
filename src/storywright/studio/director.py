"""The director: from a brief to several different, finished boards.

Panel by panel the words are chosen, the illustrator draws each panel several times, the critic keeps the picture that
fits its words best, and the kept picture is what the writer sees when it goes on with the story.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from storywright import files
from storywright.board import Brief, Panel, Provenance, Score, Storyboard, picture_size
from storywright.errors import BadInput
from storywright.studio import endframe, plan
from storywright.studio.models import Models
from storywright.studio.plan import Moment
from storywright.studio.staging import Stage, Staged
from storywright.writer.model import Told

END_FRAME = "end frame"
"""The beat whose picture is composed with the brief's words and files."""
COMPOSED = "composed"
"""The setting of a panel whose picture is more than what the illustrator drew."""
_NATIVE_HEIGHT_PX = {"16:9": 108, "1:1": 144, "9:16": 192, "4:3": 144}


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """How the director asks for pictures."""

    draws: int = 2
    """Pictures a panel, of which the critic keeps one."""
    steps: int = 8
    """Denoising steps a picture."""
    guidance: float = 3.0
    """How closely a picture keeps to its words."""

    def __post_init__(self) -> None:
        if self.draws < 1 or self.steps < 1:
            raise ValueError(f"draws and steps must be at least 1, got {self.draws} and {self.steps}")


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """The picture that was kept of a panel's draws."""

    picture: Image.Image
    seed: int
    """The seed of that draw."""
    fit: float
    """How well it fits its words, by the critic."""


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

    def boards(
        self,
        brief: Brief,
        candidates: int = 3,
        on_panel: Callable[[int, int, Image.Image], None] | None = None,
        folder: Path | None = None,
    ) -> list[Candidate]:
        """Make that many boards, each from another idea.

        `on_panel` is told the candidate, the panel and the picture as they come. `folder` is where the paths of the
        brief's assets begin.
        """
        if not 1 <= candidates <= 6:
            raise BadInput(f"A brief gets 1 to 6 candidates, and {candidates} were asked for.")
        ideas = plan.ideas_for(brief, candidates)
        assets = endframe.opened(brief, folder)
        stage = Stage(brief)
        stories = [_Story(plan.moments(brief, idea)) for idea in ideas]
        for at in range(plan.num_panels(brief)):
            staged = [self._staged(stage, story, number, at) for number, story in enumerate(stories)]
            draws = range(self._drawing.draws)
            seeds = [[_seed(brief, number, at, draw) for draw in draws] for number in range(candidates)]
            kept = best_takes(self._models, self._drawing, staged, seeds, brief.format.aspect)
            for number, (story, scene, take) in enumerate(zip(stories, staged, kept, strict=True)):
                last = story.moments[at].beat.name == END_FRAME
                picture = endframe.composed(take.picture, brief, assets) if last else take.picture
                story.add(scene, replace(take, picture=picture))
                if on_panel:
                    on_panel(number, at, story.pictures[-1])
        made = [self._board(brief, number, stories[number], stage) for number in range(candidates)]
        for candidate in made:
            candidate.assets = assets.paths
        self._judge(made)
        return made

    def _staged(self, stage: Stage, story: "_Story", number: int, at: int) -> Staged:
        moment = story.moments[at]
        words = moment.words or self._written(stage, story, number)
        before = story.scenes[-1] if story.scenes else None
        return stage.set(moment, words, seed=_seed(stage.brief, number, at), before=before)

    def _written(self, stage: Stage, story: "_Story", number: int) -> str:
        """What the writer says happens next, the most likely proposal that the story has not told yet."""
        proposals = self._models.writer.propose(
            [Told(picture, scene.words) for picture, scene in zip(story.pictures, story.scenes, strict=True)],
            brief=stage.summary,
            language=stage.brief.language,
            count=3,
            seed=_seed(stage.brief, number, len(story.scenes)),
        )
        told = {scene.words for scene in story.scenes}
        fresh = [proposal for proposal in proposals if proposal.caption not in told]
        return max(fresh or proposals, key=lambda proposal: proposal.score).caption

    def _board(self, brief: Brief, number: int, story: "_Story", stage: Stage) -> Candidate:
        idea = plan.ideas_for(brief, number + 1)[number]
        hero, friend = (person.name for person in stage.cast[:2])
        board = Storyboard(
            id=files.digest_of([brief.model_dump(), idea.name, [o.model_dump() for o in self._models.origins]])[:12],
            title=f"{brief.title}: {idea.name}",
            logline=idea.logline[brief.language].format(hero=hero, friend=friend, product=brief.product.name),
            brief=brief,
            aspect=brief.format.aspect,
            style=brief.style,
            language=brief.language,
            panels=[self._panel(brief, at, *row) for at, row in enumerate(story.rows())],
            coverage=_coverage(brief, story),
            notices=stage.notices(story.scenes),
            provenance=provenance(self._models, self._drawing, brief.format.aspect, brief.seed, ""),
        )
        return Candidate(board, story.pictures)

    def _panel(self, brief: Brief, at: int, moment: Moment, staged: Staged, take: Take) -> Panel:
        scene = staged.scene
        origin = provenance(self._models, self._drawing, brief.format.aspect, take.seed, staged.prompt)
        if moment.beat.name == END_FRAME:
            origin.settings[COMPOSED] = END_FRAME
        panel = {
            "id": f"p{at + 1:02d}",
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
            "scores": [fit_score(take)],
            "provenance": origin,
        }
        return Panel.model_validate(panel)

    def _judge(self, made: list[Candidate]) -> None:
        """Write each board's quality card; diversity is measured between the candidates."""
        looks = [self._models.critic.of_pictures(candidate.pictures) for candidate in made]
        for number, candidate in enumerate(made):
            candidate.board.scores = [
                alignment(candidate.board.panels),
                continuity(looks[number], candidate.board.panels),
                _covered(candidate.board),
            ]
            if len(made) > 1:
                others = [look for other, look in enumerate(looks) if other != number]
                candidate.board.scores.append(_diversity(looks[number], others))


class _Story:
    """A board while it grows."""

    def __init__(self, moments: list[Moment]) -> None:
        self.moments = moments
        self.scenes: list[Staged] = []
        self.pictures: list[Image.Image] = []
        self._takes: list[Take] = []

    def add(self, scene: Staged, take: Take) -> None:
        self.scenes.append(scene)
        self.pictures.append(take.picture)
        self._takes.append(take)

    def rows(self) -> list[tuple[Moment, Staged, Take]]:
        return list(zip(self.moments, self.scenes, self._takes, strict=True))


def best_takes(
    models: Models, drawing: Drawing, staged: Sequence[Staged], seeds: Sequence[Sequence[int]], aspect: str
) -> list[Take]:
    """Draw each panel once from each of its seeds, and keep the picture that fits its words best."""
    prompts = [panel.prompt for panel, own in zip(staged, seeds, strict=True) for _ in own]
    drawn = [seed for own in seeds for seed in own]
    pictures = models.illustrator.draw(
        prompts, size=native_size(aspect), steps=drawing.steps, guidance=drawing.guidance, seeds=drawn
    )
    fits = models.critic.fit(prompts, pictures)
    kept, start = [], 0
    for own in seeds:
        best = start + int(np.argmax(fits[start : start + len(own)]))
        kept.append(Take(pictures[best], drawn[best], float(fits[best])))
        start += len(own)
    return kept


def provenance(models: Models, drawing: Drawing, aspect: str, seed: int, prompt: str, rights: str = "") -> Provenance:
    """What made a panel, or the whole board where there is no prompt."""
    width, height = native_size(aspect)
    return Provenance(
        models=models.origins,
        corpus_digest=models.corpus_digest,
        seed=seed,
        prompt=prompt,
        settings={**dataclasses.asdict(drawing), "width_px": width, "height_px": height},
        rights=rights,
    )


def fit_score(take: Take) -> Score:
    """What a panel says about its picture."""
    return Score(name="fit", value=round(take.fit, 4), reason="cosine of the picture and its words")


def alignment(panels: Sequence[Panel]) -> Score:
    """How well the pictures fit their words, and which does least."""
    fits = [panel.scores[0].value for panel in panels]
    weakest = panels[int(np.argmin(fits))]
    reason = f"cosine of picture and words, mean over panels; weakest is {weakest.id}: {weakest.action}"
    return Score(name="alignment", value=round(float(np.mean(fits)), 4), reason=reason)


def native_size(aspect: str) -> tuple[int, int]:
    """The size at which the illustrator draws this aspect best."""
    if aspect in _NATIVE_HEIGHT_PX:
        return picture_size(aspect, _NATIVE_HEIGHT_PX[aspect])
    width, height = picture_size(aspect, 1000)
    return picture_size(aspect, max(64, round((192 * 108 * height / width) ** 0.5)))


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
    return " ".join(part for part in (brief.product.name, brief.mandatories.legal) if part)


def _coverage(brief: Brief, story: _Story) -> dict[str, list[str]]:
    """Each mandatory and the panels that meet it; an empty list says that none does."""
    with_product = [f"p{at + 1:02d}" for at, moment in enumerate(story.moments) if moment.beat.product]
    last = [f"p{len(story.moments):02d}"]
    end = last if story.moments[-1].beat.name == END_FRAME else []
    met = {}
    for wish in brief.mandatories.must_show:
        if plan.is_product(wish, brief):
            met[wish] = with_product
        elif plan.is_logo(wish):
            met[wish] = end
        else:
            met[wish] = [f"p{at + 1:02d}" for at, moment in enumerate(story.moments) if moment.show == wish]
    if brief.mandatories.legal:
        met[f"legal: {brief.mandatories.legal}"] = end
    if brief.mandatories.end_frame:
        met[f"end frame: {brief.mandatories.end_frame}"] = end
    if brief.call_to_action:
        met[f"call to action: {brief.call_to_action}"] = end
    return met


def _covered(board: Storyboard) -> Score:
    missing = [wish for wish, panels in board.coverage.items() if not panels]
    share = 1 - len(missing) / len(board.coverage) if board.coverage else 1.0
    reason = f"not met yet: {', '.join(missing)}" if missing else "every mandatory is met in a named panel"
    return Score(name="coverage", value=round(share, 4), reason=reason)


def continuity(looks: np.ndarray, panels: Sequence[Panel]) -> Score:
    """How near each picture is to the one before; a board that jumps from world to world scores low."""
    if len(looks) < 2:
        return Score(name="continuity", value=1.0, reason="a single panel")
    near = np.sum(looks[1:] * looks[:-1], axis=1)
    worst = int(np.argmin(near))
    left, right = panels[worst].id, panels[worst + 1].id
    reason = f"likeness of neighbouring pictures; the largest jump is from {left} to {right}"
    return Score(name="continuity", value=round(float(near.mean()), 4), reason=reason)


def _diversity(own: np.ndarray, others: Sequence[np.ndarray]) -> Score:
    nearest = max(float((own @ other.T).max(axis=1).mean()) for other in others)
    reason = "one minus the likeness of its pictures to the nearest other candidate's"
    return Score(name="diversity", value=round(1 - nearest, 4), reason=reason)
