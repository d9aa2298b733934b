"""Briefs in plain text: what is read out of sentences, what is taken at its word, and what is refused."""

from pathlib import Path

import pytest

from storywright.board import Brief
from storywright.errors import BadInput
from storywright.studio import briefs

ENGLISH = """
A 15-second spot for Aqua Spark, sparkling water in a recycled green bottle. Warm and playful, aimed at commuters.
Mia, a woman with long red hair and a yellow shirt, runs to work. A square film in 5 panels, in watercolour.
End with "Take a sip."
"""
RUSSIAN = """
Ролик на 10 секунд для бренда Утро: красная кружка, которая держит тепло.
Аня, женщина с длинными чёрными волосами, едет на работу. В конце: «Начни с утра.»
"""


def test_the_fields_are_read_out_of_sentences() -> None:
    brief = briefs.from_text(ENGLISH).brief
    assert (brief.product.name, brief.product.kind) == ("Aqua Spark", "bottle")
    assert (brief.format.seconds, brief.format.panels, brief.format.aspect) == (15, 5, "1:1")
    assert (brief.tone, brief.style, brief.call_to_action) == ("warm, playful", "watercolour", "Take a sip.")
    assert brief.audience == "commuters"
    assert [(one.name, one.looks) for one in brief.cast] == [("Mia", "a woman with long red hair and a yellow shirt")]


def test_russian_text_gives_a_russian_brief() -> None:
    brief = briefs.from_text(RUSSIAN).brief
    assert (brief.language, brief.product.name, brief.product.kind) == ("ru", "Утро", "mug")
    assert brief.format.seconds == 10
    assert [one.name for one in brief.cast] == ["Аня"]


def test_a_label_is_taken_at_its_word() -> None:
    brief = briefs.from_text("Product: Lumo\nTone: calm\nCTA: Read on.\nA funny lamp for children.").brief
    assert (brief.product.name, brief.tone, brief.call_to_action) == ("Lumo", "calm", "Read on.")


def test_what_is_not_said_keeps_its_usual_value_and_is_not_called_inferred() -> None:
    read = briefs.from_text("coffee")
    usual = Brief.model_validate({"title": "x", "product": {"name": "x"}})
    assert read.brief.format == usual.format
    assert read.brief.cast == []
    assert not {"tone", "audience", "cast", "style"} & set(read.inferred)
    assert "product.kind: mug" in read.notices[-1]


def test_who_is_not_named_is_not_made_a_person() -> None:
    assert briefs.from_text("We sell running shoes called Nimbus. She runs.").brief.cast == []


def test_a_brief_that_says_nothing_or_far_too_much_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" \n\t\n")
    with pytest.raises(BadInput, match="is empty"):
        briefs.read(tmp_path / "empty.txt")
    with pytest.raises(BadInput, match="storywright adapt"):
        briefs.from_text("word " * 10_000)
    with pytest.raises(BadInput, match="does not exist"):
        briefs.read(tmp_path / "none.txt")


def test_contradictions_are_named_with_the_field_and_the_remedy() -> None:
    with pytest.raises(BadInput, match=r"12 panels do not fit into 6 seconds.*ask for at most 8"):
        briefs.from_text("A 6-second film in 12 panels for Aqua.")
