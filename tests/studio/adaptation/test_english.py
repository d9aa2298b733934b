import pytest

from storywright.studio.adaptation import text
from storywright.studio.adaptation.english import English

GRAMMAR = English()


def clauses(sentence: str):
    return [clause for one in text.sentences(text.words(sentence)) for clause in GRAMMAR.parsed(one).clauses]


def told(sentence: str, subject: str = "Ann") -> list[str]:
    return [GRAMMAR.told(clause, subject, False, {}, 13) for clause in clauses(sentence)]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("She dropped the trumpet, caught the rope and tied it to the post.",
         ["Ann drops the trumpet.", "Ann catches the rope.", "Ann ties it to the post."]),
        ("The old man put down his mug.", ["Ann puts down his mug."]),
        ("She could not see the pier.", ["Ann cannot see the pier."]),
        ("He had torn the map.", ["Ann has torn the map."]),
        ("She was followed by the king.", ["Ann is followed by the king."]),
        ("It didn't matter.", ["Ann does not matter."]),
    ],
)  # fmt: skip
def test_clauses_are_told_in_the_present(sentence, expected):
    assert told(sentence) == expected


@pytest.mark.parametrize(
    ("sentence", "subjects"),
    [
        ("Down went Alice after it.", ["Alice"]),
        ("On the pier the rain hit her face.", ["the rain"]),
        ("The doctor, a young woman with black hair, came out.", ["The doctor"]),
        ("A long, low note rolled out over the bay.", ["A long, low note"]),
        ("Nora and her mother went home.", ["Nora and her mother"]),
        ("The dark shape of the ferry turned away.", ["The dark shape"]),
        ("She blew until her lips bled.", ["She", "her lips"]),
    ],
)
def test_the_subject_is_the_noun_that_no_preposition_governs(sentence, subjects):
    assert [clause.subject.text for clause in clauses(sentence) if clause.subject] == subjects


def test_what_is_seen_is_done_by_somebody_else():
    seen = next(clause for clause in clauses("She saw the cat jump down a hole.") if clause.kind == "seen")
    assert (seen.subject.text, seen.verb) == ("the cat", "jump")


def test_scripts_are_read_in_the_present_as_they_are():
    assert told("The cat yawns, jumps from the bench and lies down in the case.", "The cat") == [
        "The cat yawns.", "The cat jumps from the bench.", "The cat lies down in the case.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "kinds"),
    [
        ("She knew that nobody saw her.", ["main", "that"]),
        ("When the window burst open, she ran.", ["when", "main"]),
        ("If it rained, she stayed.", ["if", "main"]),
        ("She wore a coat that was too big.", ["main", "relative"]),
        ("Tom slept (he had walked all day).", ["main", "aside"]),
    ],
)
def test_clauses_that_only_comment_are_known(sentence, kinds):
    assert [clause.kind for clause in clauses(sentence)] == kinds


def test_words_on_a_label_are_one_noun():
    clause = clauses("The jar was labelled “Orange Marmalade” by hand.")[0]
    assert "“Orange Marmalade”" in GRAMMAR.told(clause, "The jar", False, {}, 13)
