"""Tests of behaviour: each finds the model that misbehaves, and leaves alone the one that behaves."""

from random import Random

import numpy as np
import pytest
from PIL import Image

from storywright.critic.encoder import Critic
from storywright.steps.evaluation import behaviour
from storywright.steps.evaluation.scores import Bootstrap, Scores
from storywright.toonworld.drawing import draw
from storywright.toonworld.words import scene_from_words
from storywright.writer.cases import Case
from storywright.writer.model import Told
from storywright.writer.proposals import Proposal

COUNT = 6


class Draughtsman:
    """Draws what the words mean, in the drawn world itself."""

    def draw(self, prompts, *, seeds, **_):
        return [Image.fromarray(draw(scene_from_words(words).scene, (96, 54))) for words in prompts]


class Deaf(Draughtsman):
    """Draws the same whatever it is told."""

    def draw(self, prompts, *, seeds, **_):
        return super().draw(["a green bottle in the kitchen"] * len(prompts), seeds=seeds)


class Moody(Draughtsman):
    """Lets the letters of the words decide what is drawn."""

    def draw(self, prompts, *, seeds, **_):
        return [
            Image.fromarray(np.random.default_rng(list(words.encode())).integers(0, 255, (54, 96, 3), dtype=np.uint8))
            for words in prompts
        ]


@pytest.fixture(scope="module")
def critic():
    from storywright.steps.train_critic import STARTER

    return Critic.open(STARTER)


def behaviour_of(illustrator, critic):
    tests, shown = behaviour.of_drawing(illustrator, critic, COUNT, {}, seed=0)
    assert len(shown) == COUNT * len(tests)
    return {one.name: one for one in tests}


def test_who_draws_what_is_said_passes_every_test(critic):
    found = behaviour_of(Draughtsman(), critic)
    assert all(one.passed and one.held == one.cases for one in found.values()), {n: o.why for n, o in found.items()}


def test_who_does_not_listen_fails_the_directions(critic):
    found = behaviour_of(Deaf(), critic)
    failed = {name for name, one in found.items() if not one.passed}
    assert {"a red car is redder than a blue one", "night is darker than day"} <= failed


def test_who_lets_the_wording_decide_fails_the_invariances(critic):
    found = behaviour_of(Moody(), critic)
    failed = {one.kind for one in found.values() if not one.passed}
    assert "invariance" in failed
    assert found["a paraphrase is drawn alike"].examples, "a case that did not hold is shown"


def test_the_embedded_critic_tells_colours_apart_and_one_that_learnt_nothing_does_not(critic, tiny_models):
    (ours,) = behaviour.of_critic(critic, 12)
    (nothing,) = behaviour.of_critic(Critic.open(tiny_models["critic"]), 12)
    assert ours.passed and ours.decided
    assert not nothing.passed


class Scribe:
    """Proposes what it is made to say."""

    def __init__(self, say):
        self._say = say

    def propose(self, story, *, brief, language, count, seed):
        words = self._say(story, brief, language)
        return [Proposal(caption=words, score=0.0, tags=[], phase="", why="")] if words else []


def cases():
    picture = Image.new("RGB", (8, 8))
    english = Case("a/1", [Told(picture, "Mia walks to the park.")], "Mia finds a ball.", "en", "flat")
    russian = Case("b/1", [Told(picture, "Мия идёт в парк.")], "Мия находит мяч.", "ru", "flat")
    return [english, russian] * 4


def right(story, brief, language):
    return "Мия рада." if language == "ru" else "Mia is glad."


def always_english(story, brief, language):
    return "Mia is glad."


def an_echo(story, brief, language):
    return right(story, brief, language) if brief else story[-1].caption


def out_of_breath(story, brief, language):
    return "" if len(brief) > 1_000 else right(story, brief, language)


LANGUAGE, TYPOS, LONG = (
    "captions come in the story's language", "typos in what was told are forgiven", "a very long brief is read",
)  # fmt: skip


@pytest.mark.parametrize(
    ("say", "failed"),
    [
        (right, set()),
        (always_english, {LANGUAGE, TYPOS, LONG}),
        (an_echo, {"no caption repeats what was told"}),
        (out_of_breath, {LONG}),
    ],
)
def test_a_writer_fails_what_it_does_wrong_and_nothing_else(say, failed):
    tests = behaviour.of_writing(Scribe(say), cases(), 8, seed=0)
    assert {one.name for one in tests if not one.passed} == failed


def test_few_cases_decide_nothing_and_bad_luck_is_no_failure():
    assert not behaviour.judged("x", "direction", [("a", False)], 0.8).decided
    assert behaviour.judged("x", "direction", [("a", False)], 0.8).passed
    seven = [("a", True)] * 7 + [("b", False)] * 3
    assert behaviour.judged("x", "direction", seven, 0.8).passed, "chance explains three of ten"
    half = [("a", True)] * 20 + [("b", False)] * 20
    assert not behaviour.judged("x", "direction", half, 0.8).passed


def test_a_slice_that_is_served_badly_fails_and_one_with_few_items_is_undecided():
    scores = Scores()
    items = {f"en{n}": 1.0 + 0.01 * n for n in range(20)} | {f"ru{n}": 0.1 for n in range(8)} | {"fr": 0.0}
    scores.add("rouge_l", items, items.values())
    scores.traits = {name: {"language": name[:2]} for name in items}
    found = {one.name: one for one in behaviour.of_slices(scores, [("rouge_l", "language")], Bootstrap(0.95, 300, 0))}
    assert not found["rouge_l where language is ru"].passed
    assert found["rouge_l where language is en"].passed
    assert found["rouge_l where language is fr"].passed and not found["rouge_l where language is fr"].decided
    assert behaviour.counts([*found.values()]) == {
        "behaviour_tests": 3, "behaviour_failed": 1, "behaviour_undecided": 1,
    }  # fmt: skip


def test_typos_change_letters_and_keep_words_where_they_are():
    for words in ("a woman in a red shirt, park", "Мия находит мяч в парке"):
        made = behaviour.misspelt(words, Random(1))
        assert made != words or words.count("o") > 99
        assert sorted(made) == sorted(words) and [len(w) for w in made.split()] == [len(w) for w in words.split()]
