import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywright.voice import wording


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("*Aqua* __Spark__ — now", "en", "Aqua Spark — now"),
        ("Only $5.99!", "en", "Only 5 dollars 99!"),
        ("Only $1", "en", "Only 1 dollar"),
        ("£1,200 a year", "en", "1200 pounds a year"),
        ("Всего 149 ₽", "ru", "Всего 149 рублей"),
        ("1 ₽, 2 ₽, 5 ₽, 21 ₽, 112 ₽", "ru", "1 рубль, 2 рубля, 5 рублей, 21 рубль, 112 рублей"),
        ("скидка 5%", "ru", "скидка 5 процентов"),
        ("1% и 3 %", "ru", "1 процент и 3 процента"),
        ("10% off, 2.5% fat", "en", "10 percent off, 2.5 percent fat"),
        ("Hi 😀\u200b there\x00!", "en", "Hi there !"),
        ("https://www.example.com", "en", "example.com"),
    ],
)
def test_marks_prices_and_percentages_are_said_as_people_say_them(text, language, said):
    assert wording.spoken(text, language) == said


@pytest.mark.parametrize("text", ["", "   ", "…", "— ?!", "***", "😀", "\x00\x01", "\u200b"])
def test_what_has_no_word_in_it_is_not_spoken(text):
    assert wording.spoken(text, "en") == ""


@given(st.text(max_size=400), st.sampled_from(["en", "ru"]))
def test_what_is_spoken_is_settled_after_one_reading(text, language):
    once = wording.spoken(text, language)
    assert "\x00" not in once
    assert wording.spoken(once, language) == once


@given(st.text(alphabet="ab ,.!я\n", max_size=300), st.integers(5, 60))
def test_pieces_are_short_enough_and_lose_no_letter(text, most):
    pieces = wording.sentences(text, most)
    assert all(0 < len(piece) <= most for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_pieces_end_where_sentences_end():
    assert wording.sentences("One two. Three four! Five six?", 20) == ["One two. Three four!", "Five six?"]


def test_cyrillic_names_get_latin_letters_and_latin_ones_stay():
    assert wording.in_latin("Зерно and Щука, Ёж") == "Zerno and Shchuka, Yozh"
