from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywright.board import Brief, read_brief
from storywright.studio import plan
from storywright.studio.ideas import IDEAS

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "briefs").glob("*.yaml"))


def brief(**more) -> Brief:
    return Brief.model_validate({"title": "T", "product": {"name": "Aqua Spark", "kind": "bottle"}} | more)


@given(
    seconds=st.floats(1, 120).map(lambda s: round(s, 2)),
    panels=st.one_of(st.none(), st.integers(1, 30)),
    idea=st.sampled_from(IDEAS),
    language=st.sampled_from(["en", "ru"]),
)
def test_the_moments_are_as_many_as_asked_for_and_as_long_as_the_film(seconds, panels, idea, language):
    if panels and seconds / panels < 0.75:
        panels = max(1, int(seconds / 0.75))
    asked = brief(format={"seconds": seconds, "panels": panels}, language=language)
    moments = plan.moments(asked, idea)
    assert len(moments) == (panels or plan.num_panels(asked))
    frames = [moment.seconds * plan.FRAMES_A_SECOND for moment in moments]
    assert all(abs(count - round(count)) < 1e-6 for count in frames)
    assert round(sum(frames)) == round(seconds * plan.FRAMES_A_SECOND)


@pytest.mark.parametrize("idea", IDEAS, ids=lambda idea: idea.name)
@pytest.mark.parametrize("panels", [1, 2, 3, 5, 7, 12])
def test_every_length_ends_on_the_end_frame(idea, panels):
    moments = plan.moments(brief(format={"seconds": 30, "panels": panels}, call_to_action="Take a sip."), idea)
    assert moments[-1].beat.name == "end frame"
    assert moments[-1].words == "Aqua Spark. Take a sip."


@pytest.mark.parametrize("idea", IDEAS, ids=lambda idea: idea.name)
def test_three_panels_already_show_the_product(idea):
    assert sum(bool(moment.beat.product) for moment in plan.moments(brief(format={"panels": 3}), idea)) >= 1


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("idea", IDEAS, ids=lambda idea: idea.name)
def test_no_gap_is_left_in_the_words(idea, language):
    for moment in plan.moments(brief(language=language, reasons_to_believe=["no sugar"]), idea):
        assert "{" not in moment.words
        assert "  " not in moment.words


def test_each_reason_is_given_once():
    words = " ".join(m.words for m in plan.moments(brief(reasons_to_believe=["no sugar", "recycled"]), IDEAS[2]))
    assert words.count("No sugar.") == 1
    assert words.count("Recycled.") == 1


@pytest.mark.parametrize("seed", range(8))
def test_the_candidates_are_different_ideas(seed):
    ideas = plan.ideas_for(brief(seed=seed), 6)
    assert len({idea.name for idea in ideas}) == 6


@pytest.mark.parametrize("seconds", [6, 15, 30, 60])
def test_an_ordinary_spot_gives_each_panel_time_to_be_seen(seconds):
    length = seconds / plan.num_panels(brief(format={"seconds": seconds}))
    assert 1.4 <= length <= 5


def test_a_brief_without_a_cast_gets_two_people_with_looks():
    cast = plan.cast_of(brief(cast=[{"name": "Mia", "looks": "woman with short grey hair"}]))
    assert [person.name for person in cast] == ["Mia", "Tom"]
    assert cast[0].looks == "woman with short grey hair"
    assert len(plan.cast_of(brief(language="ru"))) == 2


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_briefs_can_be_planned(path):
    example = read_brief(path)
    for idea in plan.ideas_for(example, 3):
        assert all(moment.words or moment.beat.name == "development" for moment in plan.moments(example, idea))
