import pytest

from storywright.studio.adaptation.looks import Wardrobe
from storywright.studio.adaptation.people import Character
from storywright.studio.adaptation.places import Place, drawn_setting
from storywright.toonworld.words import scene_from_words

STORY = (
    "Mia Stone, a young woman with long red hair and a green coat, came into the kitchen. "
    "Tom Reed, an old man with a grey beard, sat at the table.\n\n"
    "“Sit down,” said Tom.\n\n"
    "“No,” said Mia. “I have come for the espresso machine.”\n\n"
    "Mia took the espresso machine from the shelf. Tom laughed. Mia ran out into the street.\n"
)


def seen(board, name):
    people = [person for panel in board.panels for person in scene_from_words(panel.prompt).scene.people]
    return [person for person in people if (person.age == "old") == (name == "Tom")]


def test_looks_that_the_text_states_are_drawn_in_every_panel(adapted):
    board = adapted(STORY)[0].board
    hair = {(person.woman, person.hair_colour, person.hair_length) for person in seen(board, "Mia")}
    assert hair == {(True, "red", "long")}
    assert {person.top_colour for person in seen(board, "Mia")} == {"green"}


def test_looks_that_are_not_stated_are_chosen_once_by_the_seed():
    tom, ann = Character("Tom", "Tom", "m"), Character("Ann", "Ann", "f")
    one, same, other = Wardrobe(1, "en"), Wardrobe(1, "en"), Wardrobe(2, "en")
    assert one.person(tom) == one.person(tom) == same.person(tom)
    assert one.person(ann).top_colour != one.person(tom).top_colour
    assert any(other.person(Character(n, n, "m")) != one.person(Character(n, n, "m")) for n in "abcd")


def test_what_cannot_be_drawn_is_shown_on_the_panel_and_on_the_board(adapted):
    board = adapted(STORY)[0].board
    panel = next(panel for panel in board.panels if "takes the espresso machine" in panel.action)
    assert panel.drawn_as["espresso machine"] == "mug"
    assert any("espresso machine → mug" in notice for notice in board.notices)


def test_people_keep_their_side_of_the_picture(adapted):
    board = adapted(STORY)[0].board
    pairs = [scene_from_words(panel.prompt).scene.people for panel in board.panels]
    orders = {tuple(person.age == "old" for person in people) for people in pairs if len(people) == 2}
    assert len(orders) <= 1


@pytest.mark.parametrize(
    ("place", "setting"),
    [
        (Place("dark forest", "forest"), "forest"),
        (Place("bank", "bank", "on"), "park"),
        (Place("bank", "bank", "in"), "office"),
        (Place("very deep well", "well"), "mountains"),
        (Place("постоялый двор", "двор"), "cafe"),
        (Place("изба", "изба"), "living room"),
    ],
)
def test_places_are_drawn_as_the_nearest_that_there_is(place, setting):
    assert drawn_setting(place, "street")[0] == setting


def test_a_place_of_which_nothing_is_known_is_said_to_be_drawn_as_another():
    assert drawn_setting(Place("quasar", "quasar"), "street") == ("street", {"quasar": "street"})
