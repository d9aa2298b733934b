"""Drawing single panels of a finished board again, from what the board says about them.

A panel's prompt is read back into the scene that it was made of; what has been edited since then, or is told anew,
takes its place in the scene, and the rest stays as it was. Knows nothing about why a panel is drawn again.
"""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from storywright.board import Panel, Storyboard
from storywright.studio import card, endframe, free_words, plan
from storywright.studio.director import Drawing, Take, Takes, provenance, scores_of
from storywright.studio.endframe import COMPOSED, END_FRAME
from storywright.studio.models import Models
from storywright.studio.revision import Drawn, Wish
from storywright.toonworld import words
from storywright.toonworld.scene import INDOORS, Person, Scene


class Redrawing:
    """The models, made ready to draw panels again; a `revision.Draw`."""

    def __init__(self, models: Models, drawing: Drawing | None = None, folder: Path | None = None) -> None:
        """`folder` is the board's, where the brief's own files lie."""
        self._models, self._drawing, self._folder = models, drawing or Drawing(), folder

    def __call__(self, board: Storyboard, wishes: Sequence[Wish]) -> list[Drawn]:
        """Draw these panels, each from its own seed."""
        staged = [staged_again(board, wish, free=self._models.free_words) for wish in wishes]
        panels, scenes = [panel for panel, _ in staged], [scene for _, scene in staged]
        asked = [panel.prompt for panel in panels], scenes, [panel.seed or 0 for panel in panels]
        takes = Takes(self._models, self._drawing).all(*asked, board.aspect)
        pictures = self._models.finished([take.picture for take in takes])
        return [self._drawn(board, *each) for each in zip(panels, takes, pictures, strict=True)]

    def _composed(self, board: Storyboard, panel: Panel, picture: Image.Image) -> Image.Image:
        if panel.provenance.settings.get(COMPOSED) != END_FRAME or not board.brief:
            return picture
        return endframe.composed(picture, board.brief, endframe.opened(board.brief, self._folder))

    def _drawn(self, board: Storyboard, panel: Panel, take: Take, picture: Image.Image) -> Drawn:
        before = panel.provenance
        origin = provenance(self._models, self._drawing, board.aspect, take.seed, panel.prompt, before.rights)
        origin.models = [*origin.models, *(one for one in before.models if one.role == "person")]
        if COMPOSED in before.settings:
            origin.settings[COMPOSED] = before.settings[COMPOSED]
        others = [score for score in panel.scores if score.name not in (card.FIT, card.LOOKS)]
        file = io.BytesIO()
        self._composed(board, panel, picture).save(file, "PNG")
        drawn = panel.model_copy(update={"provenance": origin, "scores": [*scores_of(take), *others]})
        return Drawn(drawn, file.getvalue(), take.liked)


def staged_again(board: Storyboard, wish: Wish, *, free: bool = False) -> tuple[Panel, Scene]:
    """The panel with the prompt of what its fields and words say now, and the scene that the prompt says.

    `free`: the illustrator takes any words, so that the prompt is made of the panel's own.
    """
    panel, cast = wish.panel, _looks(board)
    mapped: dict[str, str] = {}
    scene = _as_edited(words.scene_from_words(panel.prompt).scene, panel, cast)
    if wish.told_anew:
        scene, mapped = _as_told(scene, panel.action, cast)
    scene = replace(scene, style=board.style, seed=panel.seed or 0)
    if free:
        return panel.model_copy(update={"prompt": _in_free_words(board, panel), "drawn_as": {}}), scene
    seen = {"prompt": words.prompt(scene), "drawn_as": panel.drawn_as | mapped}
    if wish.told_anew:
        named = [person.name for person in scene.people if person.name]
        seen |= {"setting": scene.setting, "time_of_day": scene.time, "cast": named or panel.cast}
    return panel.model_copy(update=seen), scene


def _in_free_words(board: Storyboard, panel: Panel) -> str:
    product = board.brief.product if board.brief else None
    thing = product.description or product.kind or product.name if product else ""
    alone = panel.shot.size == "insert" and thing
    looks = {member.name: member.looks for member in plan.cast_of(board.brief)} if board.brief else {}
    return free_words.prompt(
        thing if alone else panel.action,
        style=board.style,
        size=panel.shot.size,
        angle=panel.shot.angle,
        looks={name: looks.get(name, "") for name in panel.cast},
        things=[thing] if thing in panel.prompt else [],
        place=panel.setting,
        time=panel.time_of_day or "",
    )


def _as_edited(scene: Scene, panel: Panel, cast: dict[str, Person]) -> Scene:
    place = words.scene_from_words(panel.setting)
    setting = place.scene.setting if "setting" in place.said else scene.setting
    return replace(
        scene,
        people=_people(panel, scene, cast),
        setting=setting,
        weather="clear" if setting in INDOORS else scene.weather,
        time=panel.time_of_day or scene.time,
        shot=panel.shot.size,
        angle=panel.shot.angle,
    )


def _looks(board: Storyboard) -> dict[str, Person]:
    members = plan.cast_of(board.brief) if board.brief else []
    read = {member.name: words.scene_from_words(member.looks).scene.people for member in members}
    return {name: replace(people[0], name=name) for name, people in read.items() if people}


def _people(panel: Panel, scene: Scene, cast: dict[str, Person]) -> tuple[Person, ...]:
    """Those whom the panel names, in their own looks, doing what the people of the scene do."""
    if panel.shot.size == "insert" or not panel.cast or not all(name in cast for name in panel.cast):
        return scene.people
    doing = [*scene.people, *[Person()] * len(panel.cast)]
    return tuple(
        replace(cast[name], pose=like.pose, expression=like.expression, facing=like.facing)
        for name, like in zip(panel.cast[:3], doing, strict=False)
    )


def _as_told(scene: Scene, told: str, cast: dict[str, Person]) -> tuple[Scene, dict[str, str]]:
    read = words.scene_from_words(told, cast)
    people = read.scene.people or scene.people
    props = read.scene.props or scene.props
    props = tuple(replace(prop, by=min(prop.by, max(len(people) - 1, 0))) for prop in props)
    setting = read.scene.setting if "setting" in read.said else scene.setting
    time = read.scene.time if "time" in read.said else scene.time
    weather = read.scene.weather if "weather" in read.said else scene.weather
    weather = "clear" if setting in INDOORS else weather
    told_scene = replace(scene, people=people, props=props, setting=setting, time=time, weather=weather)
    return told_scene, read.mapped
