import pytest

from storywright.studio.adaptation import speech


def said(text: str) -> list[str]:
    return [text[piece.start : piece.end].strip() for piece in speech.pieces(text, 0) if piece.kind == "said"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“Come in,” said Tom. “It rains.”", ["Come in,", "It rains."]),
        ("He said, «Пойдём со мной!»", ["Пойдём со мной!"]),
        ('"No," she said, and left.', ["No,"]),
        ("- Что, Петр, не видать? - спросил барин.", ["Что, Петр, не видать?"]),
        ("— Сумка — пустяк, — сказал он. — Главное, беги.", ["Сумка — пустяк,", "Главное, беги."]),
        ("«Нет, — подумала она, — не пойду».", ["Нет,", "не пойду"]),
        ("“And what,” thought Ann “without a door?”", ["And what,", "without a door?"]),
        ("Так как же, Аркадий,- заговорил он опять,- едем?", ["Так как же, Аркадий,", "едем?"]),
    ],
)
def test_what_is_said_is_told_apart_from_who_says_it(text, expected):
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The jar was labelled “Orange Marmalade” in red ink.",
        "On the paper stood the words “Drink me” and nothing else.",
        "Он завел «ферму», как он говорил.",
        "The dog's bone and the cats' milk were gone.",
    ],
)
def test_labels_and_apostrophes_are_no_speech(text):
    assert said(text) == []


def test_a_piece_knows_its_place_in_the_manuscript():
    pieces = speech.pieces("“Come in,” said Tom.", 100)
    assert [(piece.kind, piece.start, piece.end) for piece in pieces] == [("said", 101, 109), ("told", 110, 120)]
