"""The measures of stories: telling whole from flawed, calibration, alignment, belonging, diversity, styles."""

import numpy as np
import pytest

from storywright.critic import alignment, consistency, story_score
from storywright.errors import BadInput


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_auc_is_the_share_of_pairs_in_the_right_order_and_ties_count_half():
    logits, whole = np.array([3.0, 1.0, 1.0, 0.0]), np.array([1.0, 1.0, 0.0, 0.0])
    pairs = [(a > b) + (a == b) / 2 for a in logits[whole > 0] for b in logits[whole < 1]]
    assert story_score.auc(logits, whole) == pytest.approx(np.mean(pairs))
    with pytest.raises(BadInput, match="some of both"):
        story_score.auc(logits, np.ones(4))


def test_calibration_finds_the_scale_that_made_the_scores_and_lowers_the_error():
    rng = np.random.default_rng(0)
    true = rng.normal(0, 2, 20_000)
    whole = (rng.random(20_000) < 1 / (1 + np.exp(-true))).astype(float)
    logits = true / 3 - 1  # a score that is too timid and leans to one side
    scale, bias = story_score.calibration(logits, whole)
    assert scale == pytest.approx(3, rel=0.1)
    before = story_score.calibration_error(story_score.probabilities(logits, 1, 0), whole)
    after = story_score.calibration_error(story_score.probabilities(logits, scale, bias), whole)
    assert after < 0.02 < before


def test_calibration_stays_finite_when_no_story_is_mistaken():
    scale, bias = story_score.calibration(np.array([-2.0, -1, 1, 2]), np.array([0.0, 0, 1, 1]))
    assert 0 < scale < 100 and abs(bias) < 1
    assert story_score.probabilities(np.array([1e6]), scale, bias)[0] == pytest.approx(1)


def test_calibration_error_counts_whole_and_flawed_stories_the_same():
    chance, whole = np.full(100, 0.5), np.array([1.0] * 25 + [0.0] * 75)
    assert story_score.calibration_error(chance, whole) == pytest.approx(0)
    rows = story_score.reliability(chance, whole)
    assert [weight for *_, weight in rows] == [pytest.approx(1)]


def test_captions_that_follow_their_pictures_go_in_step():
    vectors = np.eye(5, dtype=np.float32)
    found = alignment.follow(vectors, vectors)
    assert found.fit == pytest.approx(1) and found.in_step == 1
    assert found.way == [(n, n) for n in range(5)]


def test_a_picture_that_lasts_two_captions_costs_nothing_but_the_wrong_order_does():
    vectors = np.eye(4, dtype=np.float32)
    stays = alignment.follow(vectors[[0, 1, 1, 2]], vectors[[0, 1, 2]])
    assert stays.fit == pytest.approx(1)
    wrong = vectors[[2, 1, 0, 3]]
    assert alignment.follow(vectors, wrong).fit < 0.8
    assert alignment.transport(vectors, wrong)[0] == pytest.approx(1, abs=1e-3)


def test_transport_uses_up_every_caption_and_every_picture():
    rng = np.random.default_rng(0)
    _, plan = alignment.transport(unit(rng.normal(size=(4, 8))), unit(rng.normal(size=(6, 8))))
    assert plan.sum(0) == pytest.approx(np.full(6, 1 / 6), abs=1e-6)
    assert plan.sum(1) == pytest.approx(np.full(4, 1 / 4), abs=1e-6)


def test_clip_score_is_never_negative():
    assert alignment.clip_score(np.array([[1.0, 0], [1, 0]]), np.array([[1.0, 0], [-1, 0]])).tolist() == [2.5, 0]


def test_a_panel_of_another_story_belongs_least():
    rng = np.random.default_rng(0)
    one, other = unit(rng.normal(size=(2, 16)))
    pictures = unit(np.stack([one, one, one, other, other, other, other]) + rng.normal(0, 0.05, (7, 16)))
    story = ["a"] * 4 + ["b"] * 3
    belonging = consistency.belonging(pictures, story)
    assert belonging.argmin() == 3 and belonging[3] < 0 < belonging[[0, 1, 2, 4, 5, 6]].min()
    by_hand = np.mean(pictures[0] @ pictures[1:4].T) - np.mean(pictures[0] @ pictures[4:].T)
    assert belonging[0] == pytest.approx(by_hand)
    assert consistency.belonging(pictures[:1], ["a"]).tolist() == [0]


def test_diversity_is_the_mean_distance_of_all_pairs():
    vectors = unit(np.random.default_rng(0).normal(size=(5, 8)))
    pairs = [1 - a @ b for n, a in enumerate(vectors) for b in vectors[n + 1 :]]
    assert consistency.diversity(vectors) == pytest.approx(np.mean(pairs))
    assert consistency.diversity(np.repeat(vectors[:1], 3, 0)) == pytest.approx(0)
    with pytest.raises(BadInput, match="at least two"):
        consistency.diversity(vectors[:1])


def test_continuity_compares_each_panel_with_the_one_before():
    vectors = np.eye(3)[[0, 0, 1]]
    assert consistency.continuity(vectors).tolist() == [1, 0]


def test_styles_are_told_apart_beneath_what_all_pictures_share():
    rng = np.random.default_rng(0)
    shared, marks = 10 * rng.normal(size=16), {style: rng.normal(size=16) for style in ("ink", "flat", "pencil")}
    styles = [style for style in marks for _ in range(20)]
    pictures = unit(np.stack([shared + marks[style] + rng.normal(0, 0.3, 16) for style in styles]))
    judge = consistency.StyleJudge(pictures[::2], styles[::2])
    assert np.mean([a == b for a, b in zip(judge.styles_of(pictures[1::2]), styles[1::2], strict=True)]) > 0.9
    with pytest.raises(BadInput, match="at least two"):
        consistency.StyleJudge(pictures[:3], ["ink"] * 3)
