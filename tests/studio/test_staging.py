import itertools

import pytest

from storywright.board import Brief
from storywright.studio import plan
from storywright.studio.ideas import IDEAS
from storywright.studio.staging import Stage, Staged
from storywright.toonworld.scene import INDOORS, Scene


def brief(**more) -> Brief:
    values = {
        "title": "T",
        "product": {"name": "Aqua Spark", "kind": "bottle", "description": "water in a blue bottle"},
        "cast": [{"name": "Mia", "looks": "woman with long red hair and a yellow shirt"}],
    }
    return Brief.model_validate(values | more)


def staged(asked: Brief, idea: int = 0) -> list[Staged]:
    stage, scenes = Stage(asked), []
    for at, moment in enumerate(plan.moments(asked, IDEAS[idea])):
        scenes.append(stage.set(moment, moment.words or "Mia waits.", at, scenes[-1] if scenes else None))
    return scenes


def heroes(scenes: list[Staged]):
    return [person for scene in scenes for person in scene.scene.people if person.name == "Mia"]


@pytest.mark.parametrize("idea", range(len(IDEAS)))
def test_people_keep_their_looks_from_panel_to_panel(idea):
    looks = {(p.woman, p.hair_length, p.hair_colour, p.top, p.top_colour) for p in heroes(staged(brief(), idea))}
    assert looks == {(True, "long", "red", "shirt", "yellow")}


@pytest.mark.parametrize("idea", range(len(IDEAS)))
def test_the_product_is_drawn_in_its_own_colour_wherever_it_is_shown(idea):
    scenes = staged(brief(), idea)
    shown = [prop for scene in scenes for prop in scene.scene.props if prop.kind == "bottle"]
    assert len(shown) >= 2
    assert {prop.colour for prop in shown} == {"blue"}
    assert "a blue bottle" in scenes[-1].prompt


def test_what_cannot_be_drawn_is_mapped_and_the_board_says_so():
    asked = brief(product={"name": "Moka", "kind": "espresso machine", "description": "a red espresso machine"})
    stage = Stage(asked)
    scenes = [stage.set(moment, moment.words, 1) for moment in plan.moments(asked, IDEAS[0])]
    assert scenes[-1].scene.props[0].kind == "mug"
    assert scenes[-1].drawn_as == {"espresso machine": "mug"}
    assert any("espresso machine → mug" in notice for notice in stage.notices(scenes))


def test_what_has_no_likeness_at_all_becomes_a_box_and_is_said():
    asked = brief(product={"name": "Quux", "kind": "frobnicator"})
    scene = staged(asked)[-1]
    assert scene.scene.props[0].kind == "gift box"
    assert scene.drawn_as["frobnicator"] == "gift box"


def test_a_drawable_product_is_mapped_to_nothing():
    asked = brief(product={"name": "Aqua Spark", "kind": "bottle", "description": "water and juice in a bottle"})
    stage = Stage(asked)
    scenes = staged(asked)
    assert all(scene.drawn_as == {} for scene in scenes)
    assert stage.notices(scenes) == []


def test_a_place_that_the_brief_names_is_where_it_happens():
    scenes = staged(brief(proposition="the best thing on the beach"))
    assert "beach" in {scene.scene.setting for scene in scenes}


def test_rain_falls_outdoors_only():
    rainy = [scene.scene for scene in staged(brief(), 5) if scene.scene.weather == "rain"]
    assert rainy
    assert all(scene.setting not in INDOORS for scene in rainy)


@pytest.mark.parametrize("idea", range(len(IDEAS)))
def test_no_cut_shows_the_same_people_in_the_same_place_at_the_same_size(idea):
    scenes = [scene.scene for scene in staged(brief(format={"seconds": 30}), idea)]

    def framed(scene: Scene) -> tuple:
        return scene.shot, scene.setting, {person.name for person in scene.people}, scene.angle

    assert all(framed(left) != framed(right) for left, right in itertools.pairwise(scenes))


def test_what_the_writer_tells_changes_the_picture():
    asked = brief(format={"seconds": 30, "panels": 9})
    stage = Stage(asked)
    moment = next(m for m in plan.moments(asked, IDEAS[0]) if m.beat.name == "development")
    scene = stage.set(moment, "Mia sits in the cafe with a green book, sad.", 1).scene
    assert (scene.setting, scene.people[0].pose, scene.people[0].expression) == ("cafe", "sitting", "sad")
    assert [(prop.kind, prop.colour) for prop in scene.props] == [("book", "green")]


def test_the_same_brief_is_staged_the_same_way():
    assert staged(brief()) == staged(brief())


def test_what_the_client_insists_on_is_seen_in_a_panel_of_its_own() -> None:
    brief = Brief.model_validate(
        {
            "title": "Run",
            "product": {"name": "Aqua", "kind": "bottle"},
            "mandatories": {"must_show": ["product", "logo", "a brown dog"]},
            "format": {"panels": 6},
        }
    )
    idea = plan.ideas_for(brief, 1)[0]
    shown = [moment for moment in plan.moments(brief, idea) if moment.shows]
    assert [moment.shows for moment in shown] == [("a brown dog",)]
    staged = Stage(brief).set(shown[0], shown[0].words or "Mia waits.", seed=1)
    assert "dog" in {prop.kind for prop in staged.scene.props}


def test_the_camera_stands_still_where_words_have_to_be_read() -> None:
    made = brief()
    end = plan.moments(made, IDEAS[0])[-1]
    assert end.beat.name == "end frame"
    assert Stage(made).set(end, end.words, seed=1).move == "static"
