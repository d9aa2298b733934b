"""A scene as JSON, so that a row of the corpus can say exactly what was drawn."""

import dataclasses
import json

from storywright.toonworld.scene import Person, Prop, Scene


def scene_to_json(scene: Scene) -> str:
    """The scene as one line of JSON; what is as usual is left out."""
    return json.dumps(_changed(scene), ensure_ascii=False, separators=(",", ":"))


def scene_from_json(text: str) -> Scene:
    """The scene that `scene_to_json` wrote."""
    values = json.loads(text)
    people = tuple(Person(**person) for person in values.pop("people", ()))
    props = tuple(Prop(**prop) for prop in values.pop("props", ()))
    return Scene(people=people, props=props, **values)


def _changed(part: Scene | Person | Prop) -> dict[str, object]:
    changed: dict[str, object] = {}
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if isinstance(value, tuple):
            if value:
                changed[field.name] = [_changed(item) for item in value]
        elif value != field.default:
            changed[field.name] = value
    return changed
