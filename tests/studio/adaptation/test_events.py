import pytest

SCENE = """Nora ran down the stairs. In the kitchen she opened every drawer, but there was no lamp.

“Where is it?” she asked.

“I sold it,” said Mr. Hale. “We need the money.”

“You had no right!”

Mr. Hale sighed. The door slammed behind him. By midnight the storm had reached the bay, and Nora lit a candle.
"""


def lines(made):
    return [(event.who[0], event.words) for one in made for event in one.events if event.kind in ("speech", "thought")]


def words(made):
    return [event.words for one in made for event in one.events]


def test_speeches_are_given_to_those_who_say_them(adapted):
    assert lines(adapted(SCENE)) == [
        ("Nora", "Nora asks: “Where is it?”"),
        ("Mr. Hale", "Mr. Hale says: “I sold it. We need the money.”"),
        ("Nora", "Nora says: “You had no right!”"),
    ]


def test_pronouns_are_followed_to_who_is_meant(adapted):
    told = words(adapted(SCENE))
    assert "Nora opens every drawer." in told
    assert "The door slams behind Mr. Hale." in told


def test_what_one_does_in_a_sentence_is_one_event(adapted):
    told = words(adapted("Tom Reed took his hat, opened the door and went out. Tom ran."))
    assert told[0] == "Tom takes his hat, opens the door and goes out."


def test_the_place_and_the_hour_are_known(adapted):
    events = {event.words: event for one in adapted(SCENE) for event in one.events}
    assert events["Nora opens every drawer."].where == "kitchen"
    assert events["Nora lights a candle."].when == "night"


@pytest.mark.parametrize(
    "sentence",
    ["Perhaps Tom might come one day.", "Tom was happy.", "If it rains, you stay at home.", "Tom usually slept late."],
)
def test_what_is_no_event_is_left_out(adapted, sentence):
    told = words(adapted(f"Tom Reed opened the door. {sentence} Tom jumped over the wall."))
    assert told == ["Tom opens the door.", "Tom jumps over the wall."]


def test_russian_dialogue_takes_turns_and_learns_names(adapted):
    text = (
        "- Что, Петр, не видать? - спросил барин у слуги.\n\n- Не видать, - ответил слуга.\n\n- Подождём.\n\n"
        "Барин вздохнул и сел на скамейку. Слуга закурил трубку.\n\nПетр засмеялся.\n"
    )
    assert [who for who, _ in lines(adapted(text))] == ["Барин", "Пётр", "Барин"]


def test_a_narrator_who_says_i_is_a_person_of_the_story(adapted):
    text = "I opened the door. I saw a man. The man gave me a letter. I read it and wept. I sat down by the fire."
    told = words(adapted(text))
    assert "The narrator opens the door." in told
    assert "The man gives the narrator a letter." in told


def test_voices_from_outside_the_picture_are_heard_and_not_seen(adapted):
    script = "INT. HALL - DAY\n\nTom waits at the door.\n\nANN (V.O.)\nI never came back.\n\nTom sits down.\n"
    panels = adapted(script, "script.fountain")[0].board.panels
    heard = next(panel for panel in panels if panel.voice_over == "I never came back.")
    assert heard.dialogue == []
    assert "Ann" not in heard.cast
