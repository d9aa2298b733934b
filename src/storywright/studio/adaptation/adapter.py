"""From a manuscript to boards in a folder: chapter by chapter, scene by scene, and what is finished is kept.

A run that is killed goes on where it was when it is started again with the same words and settings: pictures of a scene
are kept as soon as they are drawn, and a finished board is not drawn again.
"""

import hashlib
import io
import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from storywright import files
from storywright.board import BOARD_FILE, Language, Line, Panel, Provenance, Span, Storyboard, Style, read_board
from storywright.errors import BadInput
from storywright.progress import Progress
from storywright.sources.manuscripts import Manuscript, Rights, language
from storywright.studio import card, director, free_words, languages, measuring, output
from storywright.studio.adaptation import coverage, looks, naming, panels, telling, text
from storywright.studio.adaptation.coverage import Covered
from storywright.studio.adaptation.events import Event
from storywright.studio.adaptation.lexicon import words_of
from storywright.studio.adaptation.panels import MOST_PANELS, Shown
from storywright.studio.adaptation.scenes import Scene
from storywright.studio.adaptation.staging import Stage
from storywright.studio.adaptation.unread import Verbatim
from storywright.studio.director import Drawing, Take, Takes
from storywright.studio.likeness import References, Seen
from storywright.studio.models import Models
from storywright.studio.staging import Staged

COVERAGE_JSON, COVERAGE_MD = "coverage.json", "coverage.md"
_WORK = ".work"
_MADE_FROM = "made_from"
"""The setting of a board's provenance that says from which words and settings it was made."""
_ONE_BOARD_PANELS = 90
"""A chapter with more panels than fit on a board, but no more than these, is joined into one; others are divided."""
_QUOTE_CHARACTERS = 160


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What is wished for."""

    panels: int | None = None
    """On each board; left out, what the chapter needs."""
    seconds: float | None = None
    """Of each board; left out, what it takes to read and hear it."""
    chapter: str = ""
    """A chapter's number or title; left out, all of them."""
    style: Style = "ink"
    aspect: str = "16:9"
    language: Language | None = None
    """Of the manuscript; left out, as detected."""
    seed: int = 7

    def __post_init__(self) -> None:
        if self.panels is not None and not 1 <= self.panels <= MOST_PANELS:
            raise ValueError(f"a board has 1 to {MOST_PANELS} panels, and {self.panels} were asked for")
        if self.seconds is not None and not 0 < self.seconds <= 3600:
            raise ValueError(f"a board lasts up to 3600 seconds, and {self.seconds:g} were asked for")
        if self.panels and self.seconds and self.seconds / self.panels < 0.75:
            raise ValueError(
                f"{self.panels} panels do not fit into {self.seconds:g} seconds: a panel needs at least 0.75 s, so "
                f"ask for at most {int(self.seconds / 0.75)} panels or for more seconds"
            )


@dataclass(frozen=True, slots=True)
class Made:
    """A board in its folder."""

    folder: Path
    board: Storyboard
    chapter: str
    events: tuple[Covered, ...]


@dataclass(slots=True)
class _Plan:
    """A board before it is drawn."""

    title: str
    chapter: str
    folder: Path
    shown: list[Shown]
    events: list[Event]
    staged: list[Staged] = field(default_factory=list)


class Adapter:
    """Makes boards of one manuscript in one folder."""

    def __init__(
        self,
        manuscript: Manuscript,
        rights: Rights,
        out: Path,
        config: Config | None = None,
        models: Models | None = None,
        drawing: Drawing | None = None,
    ) -> None:
        """Without models there are boards without pictures."""
        self._manuscript, self._rights, self._out = manuscript, rights, out
        self._config, self._drawing = config or Config(), drawing or Drawing()
        self._unread = manuscript.language == "other" and self._config.language is None
        # Of a language that is not read nothing is understood that could be drawn.
        self._models = None if self._unread else models
        self._language: Language = self._config.language or (
            "en" if manuscript.language == "other" else manuscript.language
        )
        self._wardrobe = looks.Wardrobe(self._config.seed, self._language)
        self._chapters = telling.chapters(manuscript, self._config.chapter)
        self._on_panel: Callable[[int, Image.Image], None] | None = None

    def boards(
        self,
        on_board: Callable[[Made], None] | None = None,
        on_panel: Callable[[int, Image.Image], None] | None = None,
    ) -> list[Made]:
        """Make them; `on_board` is told each when its folder stands, `on_panel` each panel's place and picture."""
        self._on_panel = on_panel
        output.refuse_unwritable(self._out)
        teller = Verbatim(self._manuscript) if self._unread else telling.learned(self._manuscript, self._language)
        made: list[Made] = []
        with Progress("adapting", sum(chapter.length for chapter in self._chapters)) as progress:
            for chapter in self._chapters:
                for plan in self._plans(chapter, teller, len(made)):
                    made.append(self._made(plan, progress))
                    if on_board:
                        on_board(made[-1])
                progress.advance(chapter.length, f"{sum(len(one.board.panels) for one in made):,} panels")
        if not made:
            raise BadInput(
                f"Nothing that happens was found in {self._manuscript.title!r}: a board needs a text in which somebody "
                "does or says something."
            )
        self._report(made)
        shutil.rmtree(self._out / _WORK, ignore_errors=True)
        return made

    @property
    def notices(self) -> list[str]:
        """What a reader of all the boards should know first."""
        return [languages.of_manuscript(language.code_of(self._manuscript.text))] if self._unread else []

    # What a board shows.

    def _plans(self, chapter: telling.Chapter, teller: telling.Tells, number: int) -> Iterator[_Plan]:
        found = telling.scenes_of(chapter, self._manuscript, teller)
        if not found:
            return
        config = self._config
        wished = config.panels is not None or config.seconds is not None
        fits = wished or len(panels.grouped(found)) <= _ONE_BOARD_PANELS
        parts = [found] if fits else _parts(found)
        for part, own in enumerate(parts):
            most = config.panels or (MOST_PANELS if len(panels.grouped(own)) > MOST_PANELS else None)
            if config.seconds and not config.panels:
                most = min(most or MOST_PANELS, max(1, int(config.seconds / 0.75)))
                most = min(most, len(panels.grouped(own)))
            shown = panels.grouped(own, most)
            panels.filmed(shown, self._language, config.seconds)
            if self._unread:
                for one in shown:
                    one.size, one.angle, one.move = "medium full", "eye level", "static"
            alone = len(self._chapters) == 1 and len(parts) == 1
            title = chapter.title + (f" ({part + 1})" if len(parts) > 1 else "")
            folder = self._out if alone else self._out / f"{number + part + 1:03d}-{_slug(title)}".rstrip("-")
            plan = _Plan(title, chapter.title, folder, shown, [event for scene in own for event in scene.events])
            self._stage(plan)
            yield plan

    def _stage(self, plan: _Plan) -> None:
        free = self._models is not None and self._models.free_words
        stage = Stage(self._wardrobe, self._language, self._config.style, self._config.seed, free=free)
        plan.staged = [stage.set(shown, _action(shown, self._language)) for shown in plan.shown]
        if self._unread:
            plan.staged = [replace(staged, prompt="", drawn_as={}, move="static") for staged in plan.staged]

    # Drawing it.

    def _made(self, plan: _Plan, progress: Progress) -> Made:
        board = self._board(plan)
        board.provenance.settings[_MADE_FROM] = key = self._key(board)
        covered = self._covered(plan, board)
        if (finished := _finished(plan.folder, key)) is not None:
            return Made(plan.folder, finished, plan.chapter, covered)
        if self._models is not None:
            self._draw(plan, board, self._models, key, progress)
        plan.folder.mkdir(parents=True, exist_ok=True)
        self._write_coverage(plan.folder, board.title, covered)
        board.save(plan.folder)
        return Made(plan.folder, board, plan.chapter, covered)

    def _draw(self, plan: _Plan, board: Storyboard, models: Models, key: str, progress: Progress) -> None:
        """Scene by scene; what was drawn before a kill is taken from the folder."""
        taking, references = Takes(models, self._drawing), References()
        kept_takes: list[Take] = []
        for number, (start, stop) in enumerate(_runs(plan.shown)):
            kept = self._out / _WORK / f"{plan.folder.name}-{number:04d}.json"
            takes = _kept_takes(kept, key, plan.folder, board.panels[start:stop])
            if takes is None:
                seeds = [self._seeds(key, at) for at in range(start, stop)]
                names = [panel.id for panel in board.panels[start:stop]]
                drawn = plan.staged[start:stop]
                takes = taking.best(drawn, seeds, self._config.aspect, [references] * len(drawn), names)
                for panel, take in zip(board.panels[start:stop], takes, strict=True):
                    _save_picture(files.inside(plan.folder, panel.picture), take.picture)
                files.write_json(kept, {"key": key, "takes": [_noted(take) for take in takes]})
            else:
                for staged, take, panel in zip(plan.staged[start:stop], takes, board.panels[start:stop], strict=True):
                    references.learn(staged.scene, take.seen.vector, panel.id)
            for panel, take in zip(board.panels[start:stop], takes, strict=True):
                panel.seed, panel.scores = take.seed, director.scores_of(take)
                panel.provenance = self._provenance(take.seed, panel.prompt)
            for at, take in enumerate(takes, start):
                if self._on_panel:
                    self._on_panel(at, take.picture)
            kept_takes += takes
            progress.advance(0, f"{plan.title or board.title}: panel {stop} of {len(plan.shown)}")
        seen = measuring.sight(models.critic, board, lambda at: kept_takes[at].picture)
        board.scores = card.in_order([*card.told_by_panels(board), *measuring.scores(models, seen)])

    def _seeds(self, key: str, at: int) -> list[int]:
        digests = [hashlib.sha256(f"{key},{at},{draw}".encode()).digest() for draw in range(self._drawing.draws)]
        return [int.from_bytes(digest[:4]) & 0x7FFFFFFF for digest in digests]

    def _key(self, board: Storyboard) -> str:
        origins = [origin.model_dump() for origin in self._models.origins] if self._models else []
        drawing = asdict(self._drawing) if self._models else {}
        return files.digest_of([board.model_dump(), origins, drawing])[:16]

    def _provenance(self, seed: int, prompt: str) -> Provenance:
        rights = self._rights.written()
        if self._models is None:
            return Provenance(seed=seed, prompt=prompt, rights=rights)
        return director.provenance(self._models, self._drawing, self._config.aspect, seed, prompt, rights)

    # The documents.

    def _board(self, plan: _Plan) -> Storyboard:
        config, manuscript = self._config, self._manuscript
        title = (
            f"{manuscript.title}: {plan.title}" if plan.title and plan.title != manuscript.title else manuscript.title
        )
        shown = [self._panel(plan, at) for at in range(len(plan.shown))]
        board = Storyboard(
            id=files.digest_of([title, config.seed, config.style, [panel.model_dump() for panel in shown]])[:12],
            title=title,
            logline=_logline(plan, self._language),
            aspect=config.aspect,
            style=config.style,
            language=self._language,
            panels=shown,
            coverage=_coverage(plan),
            notices=[*(self.notices or [*self._drawn_by(), *_notices(plan, self._language)]), *manuscript.notices],
            provenance=self._provenance(config.seed, ""),
        )
        board.scores = [card.covered(board)]
        return board

    def _drawn_by(self) -> list[str]:
        """That nothing was mapped, where a published checkpoint draws."""
        if self._models is None or not self._models.free_words:
            return []
        return [free_words.notice(self._models.name_of("illustrator"), self._language)]

    def _panel(self, plan: _Plan, at: int) -> Panel:
        shown, staged = plan.shown[at], plan.staged[at]
        start, end = min(e.start for e in shown.events), max(e.end for e in shown.events)
        seen = [event for event in shown.lines if not event.heard_only]
        heard = [event.line for event in shown.lines if event.heard_only]
        opens = at == 0 or plan.shown[at - 1].scene is not shown.scene
        action = staged.words
        value = {
            "id": f"p{at + 1:02d}",
            "shot": {"size": staged.scene.shot, "angle": staged.scene.angle, "move": staged.move},
            "setting": shown.scene.place.said,
            "time_of_day": shown.scene.time,
            "cast": [person.name for person in shown.people],
            "action": action,
            "dialogue": [Line(who=_speaker(event, self._language), line=event.line) for event in seen],
            "voice_over": " ".join(heard) or ("" if shown.lines or self._unread else action),
            "super": plan.chapter if at == 0 and opens else "",
            "sound": _sound(shown),
            "seconds": shown.seconds,
            "picture": f"panels/{at + 1:02d}.png" if self._models else "",
            "drawn_as": staged.drawn_as,
            "prompt": staged.prompt,
            "source": Span(start=start, end=end, quote=_quote(self._manuscript.text, start, end)),
            "provenance": self._provenance(self._config.seed, staged.prompt),
        }
        return Panel.model_validate(value)

    def _covered(self, plan: _Plan, board: Storyboard) -> tuple[Covered, ...]:
        names, showing = coverage.named(plan.events), _showing(plan)
        folder = "" if plan.folder == self._out else plan.folder.name
        return tuple(
            Covered(
                names[number],
                event.start,
                event.end,
                _quote(self._manuscript.text, event.start, event.end),
                tuple(dict.fromkeys(person.final().name for person in event.people))
                or tuple(filter(None, [event.about])),
                event.place.said,
                event.time or "",
                event.kind,
                round(event.weight, 2),
                plan.chapter,
                folder,
                tuple(showing.get(id(event), ())),
            )
            for number, event in enumerate(plan.events)
        )

    def _cast(self) -> list[dict[str, str]]:
        said = {"en": ("as the text says", "chosen"), "ru": ("по тексту", "выбрано")}[self._language]
        return [
            {
                "name": character.name,
                "looks": looks.in_words(person, self._language),
                "source": said[0] if self._wardrobe.stated(character) else said[1],
                "stated": ", ".join(sorted(self._wardrobe.stated(character))),
            }
            for character, person in self._wardrobe.given.items()
        ]

    def _write_coverage(self, folder: Path, title: str, events: Sequence[Covered]) -> None:
        cast = self._cast()
        value = {
            "title": title,
            "language": self._language,
            "shown": round(coverage.share(events), 4),
            "cast": cast,
            "events": [asdict(event) for event in events],
        }
        files.write_json(folder / COVERAGE_JSON, value)
        files.write_text(folder / COVERAGE_MD, coverage.markdown(title, events, cast, self._language))

    def _report(self, made: Sequence[Made]) -> None:
        """The report over all boards, in the folder above them."""
        if len(made) > 1 or made[0].folder != self._out:
            events = [replace(event, panels=tuple(f"{event.board}/{panel}" for panel in event.panels))
                      for one in made for event in one.events]  # fmt: skip
            self._write_coverage(self._out, self._manuscript.title, events)


def _parts(scenes: Sequence[Scene]) -> list[list[Scene]]:
    """Boards of at most as many panels as fit; a scene is divided only where it alone has more."""
    found: list[list[Scene]] = [[]]
    count = 0
    for scene in scenes:
        size = len(panels.grouped([scene]))
        if found[-1] and count + size > MOST_PANELS:
            found.append([])
            count = 0
        found[-1].append(scene)
        count += size
    return found


def _runs(shown: Sequence[Shown]) -> Iterator[tuple[int, int]]:
    """From where to where the panels of one scene go."""
    start = 0
    for at in range(1, len(shown) + 1):
        if at == len(shown) or shown[at].scene is not shown[start].scene:
            yield start, at
            start = at


def _save_picture(path: Path, picture: Image.Image) -> None:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    files.write_bytes(path, stream.getvalue())


def _noted(take: Take) -> list[object]:
    """What is kept of a take beside its picture."""
    seen = take.seen
    return [take.seed, take.fit, seen.sure, seen.right, seen.misread, seen.vector.tolist()]


def _kept_takes(kept: Path, key: str, folder: Path, shown: Sequence[Panel]) -> list[Take] | None:
    """What an earlier run drew of a scene, where it was for the same words and settings and all of it is there."""
    try:
        value = json.loads(kept.read_text(encoding="utf-8"))
        if value["key"] != key or len(value["takes"]) != len(shown):
            return None
        found = []
        for panel, (seed, fit, sure, right, misread, vector) in zip(shown, value["takes"], strict=True):
            seen = Seen(np.array(vector, np.float32), sure, right, misread)
            with Image.open(files.inside(folder, panel.picture)) as picture:
                found.append(Take(picture.convert("RGB"), seed, fit, seen))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found


def _finished(folder: Path, key: str) -> Storyboard | None:
    """The board of an earlier run, where it is whole and was made from the same."""
    if not (folder / BOARD_FILE).is_file():
        return None
    try:
        board = read_board(folder)
    except BadInput:
        return None
    whole = all(not panel.picture or (folder / panel.picture).is_file() for panel in board.panels)
    return board if whole and board.provenance.settings.get(_MADE_FROM) == key else None


def _action(shown: Shown, language: Language) -> str:
    """What is seen to happen: the deeds, or that somebody speaks."""
    if shown.deeds:
        return _in_a_row(list({event.words: event for event in shown.deeds}.values()), language)
    return " ".join(dict.fromkeys(_speaking(event, language) for event in shown.lines))


def _in_a_row(deeds: Sequence[Event], language: Language) -> str:
    """Sentences about the same person: after the first, he or she."""
    written = [deeds[0].words]
    for before, event in itertools.pairwise(deeds):
        lead = event.people[0].final() if event.people else None
        same = lead is not None and before.people[:1] and before.people[0].final() is lead
        name = f"{lead.called[:1].upper()}{lead.called[1:]} " if lead is not None else ""
        pronoun = _PRONOUNS[language].get(lead.gender) if lead is not None and not lead.plural else None
        if same and pronoun and event.words.startswith(name) and before.words.startswith(name):
            written.append(f"{pronoun} {event.words.removeprefix(name)}")
        else:
            written.append(event.words)
    return " ".join(written)


_PRONOUNS = {"en": {"m": "He", "f": "She"}, "ru": {"m": "Он", "f": "Она"}}


def _speaking(event: Event, language: Language) -> str:
    said = event.words.partition(":")[0]
    to = next((p.final() for p in event.people[1:] if p.final() is not (event.speaker and event.speaker.final())), None)
    if language == "en" and to is not None and not said.endswith(("himself", "herself", "itself")):
        said = re.sub(r"\bsays$", "speaks", said)
        joined = "" if said.endswith(("asks", "answers", "tells", "begs", "warns", "interrupts")) else " to"
        return f"{said}{joined} {to.called}."
    if language == "en":
        return f"{re.sub(r'says$', 'speaks', said)}."
    verb = said.rsplit(" ", 1)[-1]
    addressed = naming.declined(to.called, _CASES_RU[verb]) if to is not None and verb in _CASES_RU else ""
    return f"{said} {addressed}.".replace(" .", ".")


_CASES_RU = {
    **dict.fromkeys(("говорит", "отвечает", "кричит", "шепчет", "заявляет", "объясняет", "докладывает"), "datv"),
    **dict.fromkeys(("спрашивает", "перебивает"), "accs"),
}


def _speaker(event: Event, language: Language) -> str:
    if event.speaker is not None:
        return event.speaker.final().name
    return {"en": "Somebody", "ru": "Кто-то"}[language]


def _sound(shown: Shown) -> str:
    """Deeds that are heard."""
    return " ".join(event.words for event in shown.deeds if event.verb in _SOUNDS)


_SOUNDS = words_of(
    "ring slam bark knock screech crack crackle bang thump crash howl roar whistle thunder creak rattle click squeal "
    "tick toll clatter splash hiss applaud cough sneeze blow звенеть зазвенеть хлопнуть лаять залаять постучать "
    "стучать скрипеть заскрипеть треснуть грянуть свистеть засвистеть гудеть загреметь греметь завыть выть шуметь"
)


def _quote(manuscript: str, start: int, end: int) -> str:
    words = text.clean(manuscript[start:end])
    if len(words) <= _QUOTE_CHARACTERS:
        return words
    return (
        words[: _QUOTE_CHARACTERS // 2].rsplit(" ", 1)[0] + " … " + words[-_QUOTE_CHARACTERS // 2 :].split(" ", 1)[-1]
    )


def _showing(plan: _Plan) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for at, shown in enumerate(plan.shown):
        for event in shown.events:
            found.setdefault(id(event), []).append(f"p{at + 1:02d}")
    return found


def _coverage(plan: _Plan) -> dict[str, list[str]]:
    names, showing = coverage.named(plan.events), _showing(plan)
    return {names[number]: showing.get(id(event), []) for number, event in enumerate(plan.events)}


def _logline(plan: _Plan, language: Language) -> str:
    """How it begins and how it ends."""
    deeds = [event for event in plan.events if not event.line and event.people]
    if len(deeds) < 2:
        return plan.events[0].words
    between = {"en": "From “{}” to “{}”", "ru": "От «{}» до «{}»"}[language]
    return between.format(deeds[0].words.rstrip("."), deeds[-1].words.rstrip("."))


def _notices(plan: _Plan, language: Language) -> list[str]:
    found = []
    mapped = [staged.drawn_as for staged in plan.staged if staged.drawn_as]
    if mapped:
        pairs = list(dict.fromkeys(f"{said} → {drawn}" for one in mapped for said, drawn in one.items()))
        more = (
            {"en": f" and {len(pairs) - 12} more", "ru": f" и ещё {len(pairs) - 12}"}[language]
            if len(pairs) > 12
            else ""
        )
        count, total = len(mapped), len(plan.staged)
        found.append(
            {
                "en": f"Out of the drawable world, drawn as the nearest thing in {count} of {total} panels "
                f"({count / total:.0%}): {', '.join(pairs[:12])}{more}.",
                "ru": f"Вне рисуемого мира, нарисовано ближайшее в {count} из {total} кадров ({count / total:.0%}): "
                f"{', '.join(pairs[:12])}{more}.",
            }[language]
        )
    if not any(shown.scene.place.said for shown in plan.shown):
        found.append(
            {"en": "The text names no place; what it hints at was drawn.",
             "ru": "Место действия в тексте не названо; нарисовано то, на что он намекает."}[language]
        )  # fmt: skip
    if not any(shown.deeds for shown in plan.shown):
        found.append(
            {"en": "There is only dialogue: the panels show who speaks.",
             "ru": "В тексте только диалог: кадры показывают говорящих."}[language]
        )  # fmt: skip
    return found


def _slug(title: str) -> str:
    return re.sub(r"[^\w]+", "-", title.lower()).strip("-")[:40].rstrip("-")
