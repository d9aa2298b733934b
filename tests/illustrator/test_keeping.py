"""Looks that are kept from a reference, as the judge reads them: real drawings keep them, other people's do not."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest
from PIL import Image

from storywright.illustrator.model import Illustrator
from storywright.judge import keeping
from storywright.judge.network import Judge
from storywright.toonworld.attributes import attributes
from storywright.toonworld.drawing import draw


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.open()


@pytest.fixture(scope="module")
def cases() -> list[keeping.Wanted]:
    return keeping.wanted(10, 2)


def test_each_person_is_wanted_in_new_panels_with_the_looks_of_their_reference(cases: list[keeping.Wanted]) -> None:
    assert len(cases) == 20
    for first, second in zip(cases[::2], cases[1::2], strict=True):
        assert first.reference.tobytes() == second.reference.tobytes()
        assert first.panel != second.panel
        looks = [
            [getattr(one.panel.people[0], name) for name in keeping._HOW_SOMEBODY_LOOKS] for one in (first, second)
        ]
        assert looks[0] == looks[1]
    assert all(case.panel.shot in keeping.LARGE and len(case.panel.people) == 1 for case in cases)
    assert len({case.reference.tobytes() for case in cases}) == 10
    assert cases == keeping.wanted(10, 2)


def test_drawings_keep_somebody_and_drawings_of_another_do_not(judge: Judge, cases: list[keeping.Wanted]) -> None:
    panels = [case.panel for case in cases]
    others = [
        dataclasses.replace(
            panel,
            people=(dataclasses.replace(panel.people[0], **_other_colours(panel.people[0])),),
        )
        for panel in panels
    ]
    own, other = (
        keeping.read(judge, panels, [Image.fromarray(draw(scene, (192, 108))) for scene in scenes])
        for scenes in (panels, others)
    )
    assert own.share(keeping.EVERYTHING) > other.share(keeping.EVERYTHING) + 0.3
    assert own.share("hair") > other.share("hair") + 0.4
    assert own.asked["hair"] == own.asked["top"] == own.asked[keeping.EVERYTHING] == 20
    assert own.asked["below"] == sum("person_1.bottom_colour" in attributes(panel) for panel in panels) < 20


def _other_colours(person: Any) -> dict[str, str]:
    hair = "black" if person.hair_colour != "black" else "blond"
    return {"hair_colour": hair} | {
        part: "green" if getattr(person, part) != "green" else "pink" for part in ("top_colour", "bottom_colour")
    }


class ByReference:
    """Draws whom the reference shows, as the scene of the same number wants them; knows the people it is shown."""

    at_once, reads_looks = 8, True

    def __init__(self, cases: Sequence[keeping.Wanted], drawing: Any) -> None:
        self._cases, self.drawing = cases, drawing

    def draw(self, prompts: Sequence[str], *, seeds: Sequence[int], references: Sequence[Any]) -> list[Image.Image]:
        shown = list(references) or [None] * len(prompts)
        return [
            Image.fromarray(draw(self._cases[seed].panel, (192, 108)))
            if one is self._cases[seed].reference
            else Image.new("RGB", (192, 108), "grey")
            for seed, one in zip(seeds, shown, strict=True)
        ]


def test_whoever_draws_by_the_reference_keeps_as_much_as_drawings_do(
    judge: Judge, illustrator: Illustrator, cases: list[keeping.Wanted]
) -> None:
    found = keeping.measured(judge, ByReference(cases, illustrator.drawing), cases)  # type: ignore[arg-type]
    kept, nothing = found["from the reference"], found["from nothing"]
    assert kept and nothing
    assert kept.share(keeping.EVERYTHING) > 0.3 > nothing.share(keeping.EVERYTHING)


def test_an_illustrator_without_a_reader_has_no_figure_for_references(
    judge: Judge, illustrator: Illustrator, cases: list[keeping.Wanted]
) -> None:
    found = keeping.measured(judge, illustrator, cases[:2])
    assert found["from the reference"] is None and found["from words"] is not None
    _, rows = keeping.table(found)
    assert rows[0] == ["from the reference", *["no reader"] * 4]
    assert rows[-1][0] == "real drawings" and rows[-1][1].endswith("of 2")
