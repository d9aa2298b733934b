import dataclasses
import itertools
import random

import cv2
import numpy as np
import pytest

from storywright.toonworld import scene as words
from storywright.toonworld.drawing import FIGURE, PROP, draw, figure_boxes, masks
from storywright.toonworld.palette import COLOURS
from storywright.toonworld.scene import Person, Prop, Scene
from storywright.toonworld.sheet import sheet

SMALL, TRAINING = (96, 54), (192, 108)
MIA = Person(woman=True, hair_length="long", hair_colour="red", top_colour="yellow", expression="smiling")
TOM = Person(top="hoodie", top_colour="green", facing="left")
CHILD = Person(age="child", top_colour="orange")


def any_scene(seed: int) -> Scene:
    chance = random.Random(seed)
    people = tuple(any_person(chance) for _ in range(chance.randrange(4)))
    props = tuple(
        Prop(kind=chance.choice(words.PROPS), colour=chance.choice(words.COLOURS), use=chance.choice(words.USES),
             by=chance.randrange(3))
        for _ in range(chance.randrange(4))
    )  # fmt: skip
    setting = chance.choice(words.SETTINGS)
    return Scene(
        setting=setting, time=chance.choice(words.TIMES), people=people, props=props,
        weather="clear" if setting in words.INDOORS else chance.choice(words.WEATHERS),
        shot=chance.choice(words.SHOT_SIZES), angle=chance.choice(words.ANGLES), focus=chance.randrange(3),
        style=chance.choice(words.STYLES), words_room=chance.random() < 0.2, seed=chance.randrange(100),
    )  # fmt: skip


def any_person(chance: random.Random) -> Person:
    return Person(
        woman=chance.random() < 0.5, age=chance.choice(words.AGES), skin=chance.choice(words.SKINS),
        hair_length=chance.choice(words.HAIR_LENGTHS), hair_colour=chance.choice(words.HAIR_COLOURS),
        top=chance.choice(words.TOPS), top_colour=chance.choice(words.COLOURS), bottom=chance.choice(words.BOTTOMS),
        bottom_colour=chance.choice(words.COLOURS), glasses=chance.random() < 0.5, hat=chance.choice(words.HATS),
        pose=chance.choice(words.POSES), expression=chance.choice(words.EXPRESSIONS),
        facing=chance.choice(words.FACINGS),
    )  # fmt: skip


def difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


@pytest.mark.parametrize("part", range(4))
def test_every_combination_of_words_and_shape_of_picture_is_drawn(part):
    for seed in range(part * 30, part * 30 + 30):
        size = ((64, 36), (36, 64), (48, 48), (120, 40))[seed % 4]
        scene = any_scene(seed)
        picture = draw(scene, size)
        assert picture.shape == (size[1], size[0], 3)
        assert picture.dtype == np.uint8
        assert picture.std() > 2, scene


def test_the_same_scene_gives_the_same_bytes_whatever_was_drawn_before():
    scenes = [any_scene(seed) for seed in range(12)]
    first = [draw(scene, SMALL).tobytes() for scene in scenes]
    again = [draw(dataclasses.replace(scene), SMALL).tobytes() for scene in reversed(scenes)]
    assert first == again[::-1]


def test_a_name_is_not_drawn():
    named = dataclasses.replace(MIA, name="Mia")
    assert np.array_equal(draw(Scene(people=(MIA,)), SMALL), draw(Scene(people=(named,)), SMALL))


@pytest.mark.parametrize("style", words.STYLES)
def test_a_picture_is_the_same_drawing_at_every_size(style):
    props = (Prop(kind="mug", use="held"), Prop(kind="dog", colour="brown"))
    scene = Scene(setting="park", people=(MIA, TOM), props=props, shot="medium full", style=style)
    large = draw(scene, (576, 324))
    thicker = 1.6 if style == "ink" else 1.0  # a line is never thinner than can be seen, so small ink is blacker
    for size, most in ((TRAINING, 5.0 * thicker), (SMALL, 8.0 * thicker)):
        shrunk = cv2.resize(large, size, interpolation=cv2.INTER_AREA)
        assert difference(shrunk, draw(scene, size)) < most


def test_a_curve_is_a_curve_in_a_large_picture():
    ball = Scene(setting="office", props=(Prop(kind="ball"),), shot="insert")
    found, _ = cv2.findContours((masks(ball, (1024, 576)) == PROP).astype(np.uint8), cv2.RETR_EXTERNAL, 1)
    around = max(found, key=len)[:, 0].astype(float)
    above = around[around[:, 1] < around[:, 1].min() + 170]  # the table hides some of it below
    x, y, rest = np.linalg.lstsq(np.c_[2 * above, np.ones(len(above))], (above**2).sum(axis=1), rcond=None)[0]
    radius = np.sqrt(rest + x * x + y * y)
    assert radius > 200
    assert np.abs(np.hypot(above[:, 0] - x, above[:, 1] - y) - radius).max() < 1  # with 22 straight sides it is 2


VOCABULARIES = {
    "setting": words.SETTINGS, "time": words.TIMES, "weather": words.WEATHERS, "shot": words.SHOT_SIZES,
    "angle": words.ANGLES, "style": words.STYLES, "words_room": (False, True),
}  # fmt: skip
LOOKS = {
    "woman": (False, True), "age": words.AGES, "skin": words.SKINS, "hair_length": words.HAIR_LENGTHS,
    "hair_colour": words.HAIR_COLOURS, "top": words.TOPS, "top_colour": words.COLOURS, "bottom": words.BOTTOMS,
    "bottom_colour": words.COLOURS, "glasses": (False, True), "hat": words.HATS, "pose": words.POSES,
    "expression": words.EXPRESSIONS, "facing": words.FACINGS,
}  # fmt: skip


@pytest.mark.parametrize("field", VOCABULARIES)
def test_every_word_about_the_scene_gives_another_picture(field):
    scene = Scene(setting="park", people=(MIA,), props=(Prop(kind="ball"),), shot="full", seed=3)
    pictures = [draw(dataclasses.replace(scene, **{field: word}), SMALL) for word in VOCABULARIES[field]]
    assert min(difference(a, b) for a, b in itertools.combinations(pictures, 2)) > 2


@pytest.mark.parametrize("style", words.STYLES)
@pytest.mark.parametrize("field", LOOKS)
def test_every_word_about_a_person_gives_another_figure(field, style):
    shot = "medium close-up" if field in ("expression", "glasses", "hair_colour", "skin", "hat") else "full"
    pictures = []
    for word in LOOKS[field]:
        person = dataclasses.replace(MIA, **({"hair_length": "short"} | {field: word}))
        scene = Scene(people=(person,), shot=shot, style=style)
        pictures.append(draw(scene, TRAINING))
    figure = masks(scene, TRAINING) == FIGURE
    for a, b in itertools.combinations(pictures, 2):
        assert difference(a[figure], b[figure]) > 0.8


@pytest.mark.parametrize("use", words.USES)
def test_every_prop_is_told_from_every_other_in_every_use(use):
    pictures, areas = [], []
    for kind in words.PROPS:
        scene = Scene(setting="beach", people=(MIA,), props=(Prop(kind=kind, use=use),), shot="full")
        pictures.append(draw(scene, TRAINING))
        areas.append(int((masks(scene, TRAINING) == PROP).sum()))
    assert min(areas) >= 12
    assert min(difference(a, b) for a, b in itertools.combinations(pictures, 2)) > 0.15


@pytest.mark.parametrize("kind", words.PROPS)
def test_a_use_that_makes_sense_looks_unlike_the_others(kind):
    scene = Scene(people=(MIA,), shot="full")
    pictures = [
        draw(dataclasses.replace(scene, props=(Prop(kind=kind, use=use),)), SMALL) for use in words.USES_OF[kind]
    ]
    assert min(difference(a, b) for a, b in itertools.combinations(pictures, 2)) > 1


@pytest.mark.parametrize("style", words.STYLES)
def test_the_colour_asked_for_is_the_colour_of_the_thing(style):
    found = {}
    for colour in words.COLOURS:
        scene = Scene(setting="office", props=(Prop(kind="gift box", colour=colour),), shot="insert", style=style)
        found[colour] = np.median(draw(scene, TRAINING)[masks(scene, TRAINING) == PROP], axis=0)
    for a, b in itertools.combinations(words.COLOURS, 2):
        assert np.linalg.norm(found[a] - found[b]) > 25, (a, b)
    if style == "flat":
        asked = {name: np.array([int(code[k : k + 2], 16) for k in (1, 3, 5)]) for name, code in COLOURS.items()}
        for colour, seen in found.items():
            assert min(asked, key=lambda name: np.linalg.norm(asked[name] - seen)) == colour


@pytest.mark.parametrize("style", words.STYLES)
def test_the_colour_of_a_shirt_is_told_at_night_too(style):
    found = []
    for colour in words.COLOURS:
        person = Person(top="hoodie", top_colour=colour)
        scene = Scene(setting="street", time="night", people=(person,), shot="medium", style=style)
        picture = draw(scene, TRAINING)
        left, _, right, _ = figure_boxes(scene, TRAINING)[0]
        middle = round((left + right) / 2)
        found.append(np.median(picture[80:104, middle - 8 : middle + 9].reshape(-1, 3), axis=0))
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(found, 2)) > 14


def test_a_new_shirt_changes_the_figure_and_nothing_else():
    scene = Scene(setting="cafe", people=(MIA, TOM), shot="full")
    other = dataclasses.replace(scene, people=(dataclasses.replace(MIA, top_colour="purple"), TOM))
    changed = (draw(scene, TRAINING) != draw(other, TRAINING)).any(axis=2)
    figure = cv2.dilate((masks(scene, TRAINING) == FIGURE).astype(np.uint8), np.ones((5, 5))) > 0
    assert changed.sum() > 50
    assert not (changed & ~figure).any()


@pytest.mark.parametrize("aspect", [(192, 108), (108, 192), (128, 128)])
def test_people_stand_beside_each_other_and_inside_the_picture(aspect):
    for pose in words.POSES:
        people = tuple(dataclasses.replace(person, pose=pose) for person in (MIA, CHILD, TOM))
        boxes = figure_boxes(Scene(people=people, shot="full"), aspect)
        assert boxes == sorted(boxes)
        for left, right in itertools.pairwise(boxes):
            assert left[2] <= right[0] + 0.5
        inside = [b[0] >= 0 and b[2] <= aspect[0] and b[1] >= 0 and b[3] <= aspect[1] + 1 for b in boxes]
        assert all(inside)


def test_a_closer_shot_shows_people_larger():
    scene = Scene(setting="street", people=(MIA,))
    heights = []
    for shot in words.SHOT_SIZES[:8]:
        _, top, _, bottom = figure_boxes(dataclasses.replace(scene, shot=shot), TRAINING)[0]
        heights.append(bottom - top)
    assert all(near > far * 1.05 for near, far in itertools.pairwise(heights))
    establishing = masks(dataclasses.replace(scene, shot="establishing"), TRAINING)
    assert (establishing > 0).mean() < 0.06


def test_a_close_up_is_of_the_one_it_looks_at():
    scene = Scene(people=(MIA, CHILD, TOM), shot="close-up")
    for focus in range(3):
        left, _, right, _ = figure_boxes(dataclasses.replace(scene, focus=focus), TRAINING)[focus]
        assert abs((left + right) / 2 - TRAINING[0] / 2) < TRAINING[0] * 0.2


@pytest.mark.parametrize("kind", words.PROPS)
def test_an_insert_fills_the_picture_with_its_prop(kind):
    scene = Scene(setting="kitchen", props=(Prop(kind=kind),), shot="insert")
    rows, columns = np.nonzero(masks(scene, TRAINING) == PROP)
    tall, wide = np.ptp(rows) / TRAINING[1], np.ptp(columns) / TRAINING[0]
    assert max(tall, wide) > 0.6
    assert rows.min() > 0


def test_room_for_words_is_calm():
    scene = Scene(setting="shop", props=(Prop(kind="perfume", colour="purple"),), shot="insert", words_room=True)
    for style in words.STYLES:
        styled = dataclasses.replace(scene, style=style)
        picture = cv2.cvtColor(draw(styled, TRAINING), cv2.COLOR_RGB2GRAY).astype(float)
        assert picture[12:66, 122:182].std() < 12
        assert not (masks(styled, TRAINING)[:, 115:] == PROP).any()


def test_an_umbrella_is_above_and_a_dog_beside_its_person():
    above = Scene(people=(MIA,), props=(Prop(kind="umbrella", use="used"),), shot="full")
    rows, _ = np.nonzero(masks(above, TRAINING) == PROP)
    assert rows.min() < figure_boxes(above, TRAINING)[0][1]
    beside = Scene(people=(MIA,), props=(Prop(kind="dog", use="used"),), shot="full")
    _, columns = np.nonzero(masks(beside, TRAINING) == PROP)
    assert np.median(columns) > figure_boxes(beside, TRAINING)[0][2] - 2


def test_night_is_darker_than_day_in_every_setting_and_style():
    for setting, style in itertools.product(words.SETTINGS, words.STYLES):
        day, night = (draw(Scene(setting=setting, time=time, style=style), SMALL).mean() for time in ("day", "night"))
        assert night < day - 20, (setting, style)


def test_textures_stay_coarse_enough_for_an_autoencoder():
    for style in words.STYLES:
        picture = draw(Scene(setting="bedroom", style=style, shot="medium"), TRAINING).astype(np.float32)
        coarse = cv2.resize(cv2.resize(picture, (96, 54), interpolation=cv2.INTER_AREA), TRAINING)
        assert np.abs(picture - coarse).mean() < 8


def test_a_sheet_holds_every_picture_with_its_caption():
    pictures = [draw(any_scene(seed), SMALL) for seed in range(5)]
    page = np.asarray(sheet(pictures, 3, [f"picture {k}" for k in range(5)]))
    for picture in pictures:
        corner = picture[:4, :4].astype(int)
        assert any(
            np.array_equal(page[y : y + 4, x : x + 4], corner)
            for y in range(page.shape[0] - 4)
            for x in range(page.shape[1] - 4)
            if page[y, x, 0] == corner[0, 0, 0]
        )
