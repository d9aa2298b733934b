"""The tales of the comparison: what is told next was seen, of the right person, in every wording."""

import re

from storywright.toonworld import scene as drawn
from storywright.writer.ablation.tales import PANELS, tale

TALES = [tale(5, index, 3) for index in range(60)]
_COLOURS = {*drawn.COLOURS, *drawn.HAIR_COLOURS}


def told_colours(caption: str) -> set[str]:
    return set(re.findall(r"\w+", caption.lower())) & _COLOURS


def test_the_first_caption_names_the_three_from_left_to_right():
    for one in TALES:
        names = [person.name for person in one.scenes[0].people]
        for telling in one.tellings:
            places = [telling[0].index(name) for name in names]
            assert places == sorted(places)
            assert not told_colours(telling[0]), "how they look is seen alone"


def test_every_answer_is_of_one_person_or_of_the_place_and_was_seen_in_the_picture_before():
    answers = 0
    for one in TALES:
        people = one.scenes[0].people
        held = {people[prop.by].name: prop for prop in one.scenes[0].props}
        for panel in range(1, PANELS):
            for telling in one.tellings:
                colours = told_colours(telling[panel])
                if not colours:
                    continue
                sentences = re.findall(r"[^.!?]+[.!?]", telling[panel])
                answer = "".join(sentences if panel == PANELS - 1 else sentences[:-1])
                (who,) = [person for person in people if person.name in answer]
                own = {who.top_colour, who.bottom_colour, who.hair_colour, held[who.name].colour}
                assert colours <= own
                answers += 1
    assert answers > 300


def test_wordings_differ_and_tell_the_same():
    different = 0
    for one in TALES:
        assert len(one.scenes) == PANELS
        for captions in zip(*one.tellings, strict=True):
            different += len(set(captions)) > 1
            assert len({frozenset(told_colours(caption)) for caption in captions}) == 1
    assert different > 0.8 * PANELS * len(TALES)


def test_nobody_is_asked_the_same_twice_and_looks_stay():
    for one in TALES:
        looks = {(p.name, p.top_colour, p.bottom_colour, p.hair_colour) for p in one.scenes[0].people}
        assert all(
            {(p.name, p.top_colour, p.bottom_colour, p.hair_colour) for p in s.people} == looks for s in one.scenes
        )
        answers = [caption.split("? ")[0] for caption in one.tellings[0][1:]]
        assert len(set(answers)) == len(answers)


def test_a_tale_is_the_same_whoever_makes_it():
    assert tale(5, 7, 3) == TALES[7]
    assert tale(5, 7, 2).scenes == TALES[7].scenes
    assert tale(5, 7, 2).tellings == TALES[7].tellings[:2]
    assert tale(6, 7, 3).scenes != TALES[7].scenes
