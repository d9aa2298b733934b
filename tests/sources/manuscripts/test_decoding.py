import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storywright.errors import BadInput
from storywright.sources.manuscripts.decoding import cleaned, decode

RUSSIAN = (
    "Ранним утром Анна вышла из дома и сразу поняла, что забыла зонт. — Ничего, — сказала она, — успею.\n"
    "Ёлки стояли мокрые, и весь город ещё спал."
)
JAPANESE = "朝早く、アンナは家を出て、すぐに傘を忘れたことに気がついた。\n町はまだ眠っていた。雨が静かに降っていた。"
CHINESE = "清晨，安娜走出家门，立刻发现自己忘了带伞。\n城市还在沉睡，雨静静地下着。她想：没关系，来得及。"
TAIWANESE = "清晨，安娜走出家門，立刻發現自己忘了帶傘。\n城市還在沉睡，雨靜靜地下著。她想：沒關係，來得及。"
FRENCH = "À l’aube, Anne sortit de la maison et s’aperçut aussitôt qu’elle avait oublié son parapluie. « Tant pis ! »"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((RUSSIAN, one) for one in ("utf-8", "cp1251", "koi8-r", "cp866", "mac-cyrillic", "iso8859-5")),
        *((RUSSIAN.replace("—", "-"), one) for one in ("utf-8-sig", "utf-16", "utf-32")),
        *((RUSSIAN, one) for one in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")),
        *((JAPANESE, one) for one in ("shift_jis", "euc_jp", "utf-16-le")),
        *((CHINESE, one) for one in ("gb18030", "utf-16-be")),
        (TAIWANESE, "big5"),
        *((FRENCH, one) for one in ("cp1252", "mac-roman", "utf-16-le")),
        (FRENCH.replace("’", "'"), "latin-1"),
        ("ИНТ. КУХНЯ - ДЕНЬ\n\nАННА\nНе спишь?", "cp866"),
        ("Привет!", "koi8-r"),
    ],
)
def test_what_was_written_is_read_in_every_encoding(text: str, encoding: str) -> None:
    written = text.encode(encoding, "replace")
    assert decode(written, "a.txt").text == written.decode(encoding)


def test_a_guess_is_told_and_a_certainty_is_not() -> None:
    assert "cp1251" in decode(RUSSIAN.encode("cp1251"), "a.txt").notices[0]
    assert decode(RUSSIAN.encode(), "a.txt").notices == ()


def test_a_damaged_byte_costs_one_character_and_its_line_is_named() -> None:
    lines = RUSSIAN.encode().split(b"\n")
    decoded = decode(b"\n".join([lines[0], b"\xff" + lines[1]]), "a.txt")
    assert decoded.text == RUSSIAN.replace("\n", "\n\ufffd")
    assert decoded.notices[0].startswith("Line 2:")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7\n", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"{\\rtf1\\ansi Hello}", "RTF"),
        (b"\x7fELF\x02\x01", "a program"),
        (random.Random(1).randbytes(5_000), "binary"),
        (b"\0" * 1_000, "binary"),
    ],
)
def test_what_is_no_text_is_named(content: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        decode(content, "a.txt")


def test_line_ends_of_every_kind_become_one() -> None:
    assert cleaned("a\r\nb\rc\x0cd\u2028e")[0] == "a\nb\nc\nd\ne"


def test_stray_zero_bytes_are_left_out_and_told() -> None:
    decoded = decode(("He\0llo there, said Anna. " * 20).encode(), "a.txt")
    assert decoded.text.startswith("Hello there")
    assert decoded.notices == ("20 control characters were left out.",)


def test_letters_come_composed() -> None:
    assert cleaned("и\u0306 e\u0301")[0] == "й é"


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        decoded = decode(content, "a.txt")
    except BadInput:
        return
    assert "\r" not in decoded.text
    decoded.text.encode()
