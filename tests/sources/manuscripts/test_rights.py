import pytest

from storywright.board import Provenance
from storywright.errors import BadInput
from storywright.sources.manuscripts import declared, required
from storywright.sources.manuscripts import rights as declarations


def test_a_declaration_travels_in_the_provenance() -> None:
    rights = declared(author="Ann Lee", owner="Lamp House", licence="contract 7", by="Bo Chen", date="2026-11-20")
    assert declarations.of(Provenance(rights=rights.written())) == rights
    assert rights.said() == "Ann Lee; owned by Lamp House; contract 7; declared by Bo Chen on 2026-11-20"
    free = declared(author="Лев Толстой", public_domain=True)
    assert declarations.of(Provenance(rights=free.written())) == free
    assert "Лев Толстой" in free.written()
    assert declarations.of(Provenance()) is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "--author NAME"),
        ({"author": " "}, "--author NAME"),
        ({"author": "A"}, "--owner and --licence"),
        ({"author": "A", "owner": "B"}, "--licence"),
        ({"author": "A", "licence": "L"}, "--owner"),
        ({"public_domain": True}, "--author NAME"),
        ({"author": "A", "public_domain": True, "date": "yesterday"}, "2026-11-20"),
    ],
)
def test_an_incomplete_declaration_is_refused_with_the_flags_to_give(given: dict, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        declared(**given)


def test_nothing_is_adapted_without_a_declaration() -> None:
    with pytest.raises(BadInput, match=r"book\.epub.*--public-domain"):
        required(None, "book.epub")


@pytest.mark.parametrize("written", ["mine", "{}", '{"author": "A"}', '{"author": "A", "public_domain": true, "x": 1}'])
def test_what_is_no_declaration_is_named(written: str) -> None:
    with pytest.raises(BadInput, match="rights"):
        declarations.of(Provenance(rights=written))
