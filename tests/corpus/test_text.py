import pytest

from storywright.corpus import text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  two \t lines\r\n here ", "two lines here"),
        ("cafe\u0301", "café"),
        ("и\u0306", "й"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("turned\u202e around", "turned around"),
        ("nul\x00 bell\x07", "nul bell"),
        ("no\u00a0break", "no break"),
    ],
)
def test_text_is_composed_spaced_once_and_without_what_cannot_be_seen(given, kept):
    assert text.normalised(given) == kept
    assert text.normalised(kept) == kept


def test_a_text_is_in_the_script_of_its_language_or_not():
    assert text.share_in_script("Мия бежит.", "ru") == 1.0
    assert text.share_in_script("Мия бежит.", "en") == 0.0
    assert text.share_in_script("Mia drinks Аква.", "en") == pytest.approx(9 / 13, abs=1e-3)
    assert text.share_in_script("15!", "ru") == 1.0
