"""The picture sheets of docs/results/toonworld: every word of the drawn world, for people to look at.

python -m storywright.toonworld.showcase docs/results/toonworld
"""

import itertools
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from storywright.board import Style
from storywright.progress import track
from storywright.toonworld import scene as words
from storywright.toonworld.drawing import draw
from storywright.toonworld.motion import MOVEMENTS, frames
from storywright.toonworld.scene import Person, Prop, Scene
from storywright.toonworld.sheet import sheet

_SMALL, _USUAL, _LARGE, _LARGEST = (160, 90), (192, 108), (256, 144), (1024, 576)
_SIZES = ((64, 36), (96, 54), (128, 72), (192, 108), (256, 144), (384, 216))
_QUALITY = 70


def main(folder: Path) -> None:
    """Draw all sheets into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in track(_sheets(), "drawing sheets", total=len(words.STYLES) * 3 + 9):
        page.save(folder / f"{name}.webp", quality=_QUALITY, method=6)


def any_scene(seed: int, style: Style) -> Scene:
    """A scene of words chosen by chance, weighted as stories use them."""
    chance = random.Random(seed)
    people = tuple(_anybody(chance) for _ in range(chance.choices((0, 1, 2, 3), (1, 5, 4, 2))[0]))
    props = []
    for _ in range(chance.choices((0, 1, 2), (2, 5, 2))[0]):
        kind = chance.choice(words.PROPS)
        use = chance.choice(words.USES_OF[kind]) if people else "standing"
        props.append(
            Prop(kind=kind, colour=chance.choice(words.COLOURS), use=use, by=chance.randrange(max(1, len(people))))
        )
    setting = chance.choice(words.SETTINGS)
    return Scene(
        setting=setting,
        time=chance.choice(words.TIMES),
        weather="clear" if setting in words.INDOORS else chance.choices(words.WEATHERS, (5, 1, 1, 1))[0],
        people=people,
        props=tuple(props),
        shot=chance.choice(words.SHOT_SIZES),
        angle=chance.choices(words.ANGLES, (6, 1, 1, 1, 1, 1, 1))[0],
        style=style,
        seed=seed,
    )


def _anybody(chance: random.Random) -> Person:
    return Person(
        woman=chance.random() < 0.5,
        age=chance.choices(words.AGES, (2, 6, 2))[0],
        skin=chance.choice(words.SKINS),
        hair_length=chance.choices(words.HAIR_LENGTHS, (4, 4, 1))[0],
        hair_colour=chance.choice(words.HAIR_COLOURS),
        top=chance.choice(words.TOPS),
        top_colour=chance.choice(words.COLOURS),
        bottom=chance.choice(words.BOTTOMS),
        bottom_colour=chance.choice(words.COLOURS),
        glasses=chance.random() < 0.25,
        hat=chance.choices(words.HATS, (6, 1, 1))[0],
        pose=chance.choice(words.POSES),
        expression=chance.choice(words.EXPRESSIONS),
        facing=chance.choice(words.FACINGS),
    )


def _sheets() -> Iterator[tuple[str, Image.Image]]:
    for style in words.STYLES:
        yield f"style-{style}", sheet([draw(any_scene(seed, style), _LARGE) for seed in range(24)], 6)
        yield f"settings-{style}", _settings(style)
    yield "people", _people()
    yield "poses", _poses()
    yield "shots-and-angles", _shots()
    half = len(words.PROPS) // 2
    yield "props-1", _props(words.PROPS[:half])
    yield "props-2", _props(words.PROPS[half:])
    yield "weather", _weather()
    yield "aspects-and-words", _aspects()
    yield "sizes", _sizes()
    for style in words.STYLES:
        yield f"large-{style}", Image.fromarray(draw(_cafe(style), _LARGEST))
    yield "motion", _motion()


def _settings(style: Style) -> Image.Image:
    pictures, captions = [], []
    for k, (setting, time) in enumerate(itertools.product(words.SETTINGS, words.TIMES)):
        person = Person(woman=k % 8 < 4, hair_length="long", top_colour=words.COLOURS[k // 4 % 7], pose="walking")
        pictures.append(draw(Scene(setting=setting, time=time, people=(person,), shot="long", style=style), _SMALL))
        captions.append(f"{setting}, {time}")
    return sheet(pictures, 8, captions)


def _people() -> Image.Image:
    pictures, captions = [], []
    for k, (hair, woman, age, facing) in enumerate(
        itertools.product(words.HAIR_LENGTHS, (True, False), words.AGES, ("front", "right"))
    ):
        person = Person(
            woman=woman, age=age, hair_length=hair, hair_colour=words.HAIR_COLOURS[k % 5], skin=words.SKINS[k % 4],
            top=words.TOPS[k % 4], top_colour=words.COLOURS[k % 10], glasses=k % 4 == 0,
            hat=words.HATS[k % 3] if k % 5 == 0 else "", expression=words.EXPRESSIONS[k % 5], facing=facing,
        )  # fmt: skip
        style = words.STYLES[k % 4]
        pictures.append(draw(Scene(setting="bedroom", people=(person,), shot="medium close-up", style=style), _USUAL))
        captions.append(f"{hair} hair, {'woman' if woman else 'man'}, {age}, {person.expression}")
    return sheet(pictures, 6, captions)


def _poses() -> Image.Image:
    pictures, captions = [], []
    for facing, (k, pose) in itertools.product(words.FACINGS, enumerate(words.POSES)):
        woman = Person(
            woman=k % 2 == 1, hair_length="long" if k % 2 else "short", pose=pose, facing=facing, top=words.TOPS[k % 4],
            top_colour="red", bottom=words.BOTTOMS[k % 3], bottom_colour="purple", expression="smiling",
        )  # fmt: skip
        age = {"front": "child", "left": "old", "right": "adult"}[facing]
        other = Person(age=age, pose=pose, facing=facing, top="hoodie", top_colour="green")
        pictures.append(draw(Scene(setting="park", people=(woman, other), shot="full"), _USUAL))
        captions.append(f"{pose}, {facing}")
    return sheet(pictures, 8, captions)


def _shots() -> Image.Image:
    mia = Person(woman=True, hair_length="long", hair_colour="red", top_colour="yellow", expression="smiling")
    tom = Person(facing="left", top="hoodie", top_colour="green")
    pictures, captions = [], []
    for angle, (k, shot) in itertools.product(words.ANGLES, enumerate(words.SHOT_SIZES)):
        scene = Scene(
            setting=("kitchen", "street")[k % 2], people=(mia, tom), shot=shot, angle=angle, seed=4,
            props=(Prop(kind="mug", colour="orange", use="held"),), style=words.STYLES[words.ANGLES.index(angle) % 4],
        )  # fmt: skip
        pictures.append(draw(scene, _SMALL))
        captions.append(f"{shot}, {angle}")
    return sheet(pictures, 10, captions)


def _props(kinds: tuple[str, ...]) -> Image.Image:
    pictures, captions = [], []
    for k, kind in enumerate(kinds):
        colour = words.COLOURS[k % 10]
        ways: tuple[tuple[str, str, Style], ...] = (
            ("standing", "front", "flat"), ("held", "front", "ink"), ("held", "right", "pencil"),
            ("used", "front", "watercolour"), ("used", "left", "flat"), ("worn", "front", "ink"),
        )  # fmt: skip
        for use, facing, style in ways:
            who = Person(
                woman=k % 2 == 0, hair_length="long" if k % 3 else "short", facing=facing, expression="smiling",
                top=words.TOPS[k % 4], top_colour=words.COLOURS[(k + 3) % 10],
            )  # fmt: skip
            scene = Scene(
                setting="living room",
                people=(who,),
                props=(Prop(kind=kind, colour=colour, use=use),),
                shot="full",
                style=style,
            )
            pictures.append(draw(scene, _SMALL))
            captions.append(f"{kind}, {use}, {facing}")
        alone = Scene(setting="cafe", props=(Prop(kind=kind, colour=colour),), shot="insert", style=words.STYLES[k % 4])
        pictures.append(draw(alone, _SMALL))
        captions.append(f"{kind}, insert")
    return sheet(pictures, 7, captions)


def _weather() -> Image.Image:
    pictures, captions = [], []
    for k, (setting, weather) in enumerate(itertools.product(words.OUTDOORS, words.WEATHERS)):
        who = Person(woman=k % 8 < 4, top="jacket", top_colour=words.COLOURS[k // 4 % 7], facing="right")
        if (setting, weather) in (("beach", "snow"), ("desert", "snow")):
            continue
        scene = Scene(
            setting=setting, weather=weather, people=(who,), props=(Prop(kind="umbrella", use="used"),), shot="full",
            style=words.STYLES[k // 4 % 4], seed=k // 4,
        )  # fmt: skip
        pictures.append(draw(scene, _SMALL))
        captions.append(f"{setting}, {weather}")
    return sheet(pictures, 8, captions)


def _aspects() -> Image.Image:
    rows = []
    for size in ((256, 144), (192, 144), (144, 144), (81, 144)):
        pictures = [draw(any_scene(seed, words.STYLES[seed % 4]), size) for seed in range(40, 44)]
        wordy = Scene(setting="kitchen", props=(Prop(kind="bottle", colour="green"),), shot="insert", words_room=True)
        rows.append(sheet([*pictures, draw(wordy, size)], 5))
    return _stacked(rows)


def _sizes() -> Image.Image:
    """The same drawings at every size, pixel for pixel."""
    return _stacked([sheet([draw(_cafe(style), size) for style in words.STYLES], 4) for size in _SIZES])


def _stacked(rows: list[Image.Image]) -> Image.Image:
    whole = Image.new("RGB", (max(p.width for p in rows), sum(p.height for p in rows)), "white")
    for k, row in enumerate(rows):
        whole.paste(row, (0, sum(p.height for p in rows[:k])))
    return whole


def _cafe(style: Style) -> Scene:
    """Two people, three things and a room: enough to see what a style does with each."""
    mia = Person(
        woman=True, hair_length="long", hair_colour="red", top="dress", top_colour="yellow", expression="smiling",
        pose="sitting", facing="right",
    )  # fmt: skip
    tom = Person(age="old", hair_colour="grey", glasses=True, top="jacket", top_colour="green", facing="left")
    props = (Prop(kind="mug", colour="blue", use="held"), Prop(kind="cake", colour="pink", use="held", by=1))
    return Scene(
        setting="cafe", time="morning", people=(mia, tom), props=props, shot="medium full", style=style, seed=3
    )


def _motion() -> Image.Image:
    pictures, captions = [], []
    for k, movement in enumerate(MOVEMENTS):
        people = (Person(woman=True, hair_length="long", top_colour=words.COLOURS[k % 7]), Person(age="child"))
        scene = Scene(setting=words.OUTDOORS[k % 7], people=people, shot="full", seed=k, style=words.STYLES[k % 4])
        clip = frames(scene, movement, _SMALL, 8)
        pictures += list(clip)
        captions += [f"{movement} {n + 1}/8" for n in range(8)]
    return sheet(pictures, 8, captions)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
