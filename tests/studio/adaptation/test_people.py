import pytest

from storywright.studio.adaptation import naming
from storywright.studio.adaptation.telling import learned


@pytest.mark.parametrize(
    ("counts", "language", "expected"),
    [
        ({("nora", "bell"): 1, ("nora",): 9}, "en", [{("nora", "bell"), ("nora",)}]),
        ({("white", "rabbit"): 4, ("rabbit",): 6}, "en", [{("white", "rabbit"), ("rabbit",)}]),
        ({("tom", "reed"): 3, ("ann", "reed"): 2}, "en", [{("tom", "reed")}, {("ann", "reed")}]),
        ({("николай", "петрович", "кирсанов"): 1, ("николай", "петрович"): 17, ("кирсанов",): 4}, "ru",
         [{("николай", "петрович", "кирсанов"), ("николай", "петрович"), ("кирсанов",)}]),
        ({("аркадий",): 8, ("аркаша",): 2}, "ru", [{("аркадий",), ("аркаша",)}]),
        ({("дарья",): 8, ("дарьюшка",): 2, ("мария",): 5, ("маша",): 1}, "ru",
         [{("дарья",), ("дарьюшка",)}, {("мария",), ("маша",)}]),
        ({("евгений", "васильевич"): 2, ("евгений", "васильич"): 1}, "ru",
         [{("евгений", "васильевич"), ("евгений", "васильич")}]),
    ],
)  # fmt: skip
def test_the_names_of_one_person_are_merged(counts, language, expected):
    groups = [set(group) for group in naming.merged(counts, language)]
    assert sorted(map(sorted, groups)) == sorted(map(sorted, expected))


def people(manuscript):
    return {one.name: one for one in learned(manuscript, manuscript.language).cast.characters}


def test_who_acts_is_a_person_and_a_month_is_none(written):
    cast = people(
        written("Tom Reed came home in October. Tom sat down.\n\nTom slept. October was cold. The Thames froze.")
    )
    assert "Tom" in cast
    assert "October" not in cast


def test_pronouns_and_titles_say_who_is_a_woman(written):
    text = "Robin came in. She sat down. Robin wept. She left. Then Mrs. Dane arrived. Mrs. Dane waited."
    cast = people(written(text))
    assert (cast["Robin"].gender, cast["Mrs. Dane"].gender) == ("f", "f")


def test_who_barks_is_a_dog(written):
    cast = people(written("Старик вошёл в избу. Буран залаял. Старик засмеялся, и Буран лёг у печки."))
    assert cast["Буран"].animal
