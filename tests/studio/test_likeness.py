"""Which draw is kept: the one whose looks the critic reads right, and that is like the person's reference."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from storywright.board import Panel
from storywright.critic.encoder import Critic
from storywright.illustrator import enlarger
from storywright.studio import card
from storywright.studio.director import Drawing, Takes
from storywright.studio.likeness import Eye, References
from storywright.studio.models import STARTER, Models
from storywright.studio.staging import Staged
from storywright.toonworld.drawing import draw
from storywright.toonworld.scene import Person, Prop, Scene
from storywright.toonworld.words import prompt

MIA = Person(name="Mia", woman=True, hair_length="long", hair_colour="red", top="shirt", top_colour="yellow")
SCENE = Scene(setting="park", people=(MIA,), shot="medium", style="flat", seed=4)


def drawn(scene: Scene) -> Image.Image:
    return Image.fromarray(draw(scene, (192, 108)))


def in_other_colours(scene: Scene) -> Scene:
    return replace(scene, people=(replace(scene.people[0], hair_colour="black", top_colour="blue"),))


class Pictures:
    """Real drawings in place of an illustrator's: what a seed is drawn as is said beforehand."""

    def __init__(self, by_seed: dict[int, Scene]) -> None:
        self.by_seed = by_seed

    def draw(self, prompts, *, seeds, **how):
        return [drawn(self.by_seed[seed]) for seed in seeds]


@pytest.fixture(scope="module")
def critic() -> Critic:
    return Critic.open(STARTER / "critic")


def takes(critic: Critic, by_seed: dict[int, Scene]) -> Takes:
    return Takes(Models(critic=critic, illustrator=Pictures(by_seed), writer=None), Drawing(draws=2))


def staged(scene: Scene) -> Staged:
    return Staged(scene=scene, words="Mia waits.", prompt=prompt(scene), move="static", drawn_as={})


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_the_draw_with_the_right_hair_and_clothes_is_kept(critic, order):
    taking = takes(critic, {1: SCENE, 2: in_other_colours(SCENE)})
    (kept,) = taking.best([staged(SCENE)], [order], "16:9", [References()], ["p01"])
    assert kept.seed == 1
    assert kept.seen.right == 1.0
    assert kept.seen.misread == ""


def test_the_kept_draw_alone_is_made_four_times_as_large(critic):
    large = enlarger.opened(STARTER / "illustrator" / "enlarger")
    drawings = Pictures({1: SCENE, 2: in_other_colours(SCENE)})
    taking = Takes(Models(critic=critic, illustrator=drawings, writer=None, enlarger=large), Drawing(draws=2))
    (kept,) = taking.best([staged(SCENE)], [(1, 2)], "16:9", [References()], ["p01"])
    small = drawn(SCENE)
    assert kept.picture.size == (4 * small.width, 4 * small.height)
    near = np.abs(np.asarray(kept.picture.resize(small.size)).astype(int) - np.asarray(small)).mean()
    assert near < 6, "it is the same drawing"


def test_of_several_captions_the_one_is_kept_that_says_what_the_line_says(critic):
    line, captions = "a woman with a red bottle in the park", ["a man in the kitchen", "a woman, a red bottle, park"]
    assert takes(critic, {}).nearest(line, captions) == captions[1]
    assert takes(critic, {}).nearest(line, captions[::-1]) == captions[1]


def test_what_is_read_as_something_else_is_named(critic):
    seen = Eye(critic).look(SCENE, critic.of_pictures([drawn(in_other_colours(SCENE))])[0])
    assert seen.right < 1
    assert "Mia's hair read as black" in seen.misread


def test_the_product_in_a_persons_hand_is_asked_about_and_furniture_is_not(critic):
    eye = Eye(critic)
    with_bottle = replace(SCENE, shot="insert", people=(), props=(Prop(kind="bottle", colour="blue"),))
    other = replace(with_bottle, props=(Prop(kind="bottle", colour="red"),))
    vectors = critic.of_pictures([drawn(with_bottle), drawn(other)])
    assert [eye.look(with_bottle, vector).right for vector in vectors] == [1.0, 0.0]
    assert eye.look(Scene(setting="park"), vectors[0]).right is None


def test_the_first_picture_that_shows_somebody_large_enough_is_the_reference(critic):
    references = References()
    far, near = replace(SCENE, shot="extreme long"), replace(SCENE, shot="close-up")
    vectors = critic.of_pictures([drawn(far), drawn(near)])
    references.learn(far, vectors[0], "p01")
    assert references.panels == {}
    references.learn(near, vectors[1], "p02")
    references.learn(near, vectors[0], "p03")
    assert references.panels == {"Mia": "p02"}
    assert references.likeness(near, vectors)[1] == pytest.approx(1, abs=1e-5)
    assert np.all(references.likeness(Scene(), vectors) == 0)


def test_a_draw_that_is_like_the_reference_is_kept_where_the_words_leave_it_open(critic):
    taking, references = takes(critic, {1: SCENE, 2: replace(SCENE, seed=99, time="night")}), References()
    open_words = replace(staged(SCENE), prompt="a picture")
    references.learn(SCENE, critic.of_pictures([drawn(SCENE)])[0], "p01")
    (kept,) = taking.best([open_words], [(2, 1)], "16:9", [references], ["p02"])
    assert kept.seed == 1


def test_the_card_says_which_panel_keeps_its_looks_least():
    panels = [
        Panel(id="p01", action="Mia runs.", scores=[card.fit(0.5), card.looks(1.0, "")]),
        Panel(id="p02", action="Mia sits.", scores=[card.fit(0.3), card.looks(0.5, "Mia's hair read as black")]),
        Panel(id="p03", action="A bottle.", scores=[card.fit(0.4)]),
    ]
    consistency, alignment = card.consistency(panels), card.alignment(panels)
    assert consistency.value == 0.75
    assert consistency.reason.endswith("weakest is p02: Mia's hair read as black")
    assert alignment.value == pytest.approx(0.4)
    assert "weakest is p02: Mia sits." in alignment.reason
    assert card.consistency(panels[2:]) is None
