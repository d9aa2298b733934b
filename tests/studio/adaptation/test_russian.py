import pytest

from storywright.studio.adaptation import aspect, text
from storywright.studio.adaptation.russian import Russian

GRAMMAR = Russian()


def clauses(sentence: str):
    return [clause for one in text.sentences(text.words(sentence)) for clause in GRAMMAR.parsed(one).clauses]


def told(sentence: str) -> list[str]:
    return [
        GRAMMAR.told(clause, clause.subject.text if clause.subject else "Он", clause.plural, {}, 13)
        for clause in clauses(sentence)
    ]


@pytest.mark.parametrize(
    ("perfective", "imperfective"),
    [
        ("вздохнуть", "вздыхать"), ("вскочить", "вскакивать"), ("увидеть", "видеть"), ("прилететь", "прилетать"),
        ("затащить", "затаскивать"), ("выкопать", "выкапывать"), ("оглядеть", "оглядывать"), ("бежать", "бежать"),
    ],
)  # fmt: skip
def test_a_perfective_verb_has_a_partner_that_has_a_present(perfective, imperfective):
    assert aspect.imperfective(perfective) == imperfective
    assert aspect.present(imperfective, plural=False)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Барин вздохнул и присел на скамеечку.", ["Барин вздыхает.", "Он присаживается на скамеечку."]),
        ("Показался тарантас.", ["Показывается тарантас."]),
        ("Лошади были заложены.", ["Лошади заложены."]),
        ("Он стал глядеть на голубя.", ["Он глядит на голубя."]),
        ("Крупный, пёстрый цыплёнок расхаживал по двору.", ["Крупный, пёстрый цыплёнок расхаживает по двору."]),
    ],
)
def test_clauses_are_told_in_the_present(sentence, expected):
    assert told(sentence) == expected


@pytest.mark.parametrize(
    ("sentence", "subject"),
    [
        ("Слуга, из чувства приличия, зашёл под ворота.", "Слуга"),
        ("Дверь открыла Дарья.", "Дарья"),
        ("Почтальон Степан Ильич приехал утром.", "Степан Ильич"),
        ("Жена Кирсанова скончалась.", "Жена"),
    ],
)
def test_the_subject_is_the_nominative_that_agrees(sentence, subject):
    found = clauses(sentence)[0].subject
    assert subject in found.text or found.text in subject


def test_what_is_taken_is_not_who_takes():
    assert clauses("Потом достал из сумки свисток.")[0].subject is None
