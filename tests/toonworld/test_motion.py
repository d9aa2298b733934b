import cv2
import numpy as np
import pytest

from storywright.errors import BadInput
from storywright.toonworld.drawing import draw, masks
from storywright.toonworld.motion import CAMERA_MOVEMENTS, MOVEMENTS, frames, moments, played, possible
from storywright.toonworld.scene import Person, Prop, Scene

SIZE = (128, 72)
SCENE = Scene(setting="street", people=(Person(woman=True, hair_length="long"), Person(age="child")), shot="full")


def changed(clip: np.ndarray) -> np.ndarray:
    return (clip != clip[:1]).any(axis=(0, 3))


def seen_moving(movement: str, count: int) -> np.ndarray:
    """Where people and props are in any frame."""
    scene = played(SCENE, movement)
    seen = [masks(scene, SIZE, moment) > 0 for moment in moments(SCENE, movement, count)]
    return cv2.dilate(np.any(seen, axis=0).astype(np.uint8), np.ones((7, 7))) > 0


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_a_movement_has_as_many_frames_as_asked_for_and_each_differs_from_the_last(movement):
    for count in (8, 16):
        clip = frames(SCENE, movement, (96, 54), count)
        assert clip.shape == (count, 54, 96, 3)
        moving = [np.abs(a.astype(int) - b).mean() for a, b in zip(clip, clip[1:].astype(int), strict=False)]
        assert np.count_nonzero(moving) >= count - 3


@pytest.mark.parametrize("movement", ["walking", "waving", "car passing"])
def test_only_who_moves_changes(movement):
    clip = frames(SCENE, movement, SIZE, 8)
    figure, change = seen_moving(movement, 8), changed(clip)
    shadows = np.zeros_like(change)
    shadows[-14:] = movement == "walking"
    assert change.sum() > 20
    assert not (change & ~figure & ~shadows).any()


def test_the_child_beside_a_walker_stands_still():
    clip = frames(SCENE, "waving", SIZE, 8)
    assert not changed(clip)[:, 80:].any()


def test_pouring_moves_the_water_alone():
    clip = frames(SCENE, "pouring", SIZE, 8)
    assert 0 < changed(clip).mean() < 0.02
    assert any(prop.kind == "plant" for prop in played(SCENE, "pouring").props)


def test_the_sun_sets_from_day_into_night():
    clip = frames(SCENE, "sun setting", SIZE, 8)
    light = clip.mean(axis=(1, 2, 3))
    assert np.all(np.diff(light) < 0)
    assert light[0] - light[-1] > 40


@pytest.mark.parametrize(("movement", "axis", "sign"), [
    ("pan left", 2, 1), ("pan right", 2, -1), ("tilt up", 1, 1), ("tilt down", 1, -1),
])  # fmt: skip
def test_a_camera_that_turns_moves_the_picture_the_other_way(movement, axis, sign):
    clip = frames(SCENE, movement, SIZE, 9).astype(float)
    middle, later = clip[4], clip[5]
    errors = {}
    for shift in range(-8, 9):
        moved = np.roll(middle, shift, axis=axis - 1)
        errors[shift] = np.abs(moved - later)[10:-10, 10:-10].mean()
    assert np.sign(min(errors, key=errors.__getitem__)) == sign


def test_zooming_in_is_zooming_out_backwards():
    closer, wider = frames(SCENE, "zoom in", SIZE, 8), frames(SCENE, "zoom out", SIZE, 8)
    assert np.array_equal(closer, wider[::-1])
    assert np.array_equal(closer[0], draw(SCENE, SIZE))


def test_somebody_on_a_bicycle_gets_off_to_walk():
    rider = Scene(setting="park", people=SCENE.people, props=(Prop(kind="bicycle", use="used"),), shot="full")
    walked = played(rider, "walking")
    assert walked.people[0].pose == "walking"
    assert not walked.props


def test_what_a_scene_cannot_show_is_refused_by_name():
    kitchen = Scene(setting="kitchen", shot="medium")
    assert possible(kitchen) == CAMERA_MOVEMENTS
    with pytest.raises(BadInput, match="kitchen"):
        frames(kitchen, "sun setting", SIZE, 8)
    with pytest.raises(BadInput, match="flying"):
        frames(kitchen, "flying", SIZE, 8)
