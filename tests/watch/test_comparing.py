"""Blind comparisons: who is shown what, whose answers count, and what the answers say."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Engine

from storywright.errors import BadInput
from storywright.watch import comparing, database
from storywright.watch.comparing import Believing, Comparison, Pair, Said

ALL = Believing(max_share=1.0, quickest_ms=0)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return database.engine(f"sqlite:///{tmp_path / 'studio.db'}")


def laid_out(home: Path, count: int = 12, repeats: int = 3) -> Comparison:
    old, new = (Image.new("RGB", (4, 4), colour) for colour in ("navy", "orange"))
    pairs = [(Pair(f"words {n}", f"old {n}", f"new {n}"), old, new) for n in range(count)]
    return comparing.begin(home, "1", "2", pairs, repeats=repeats)


def crowd(
    preference: float, *, left: float = 0.0, tie: float = 0.0, users: int = 10, each: int = 30, seed: int = 0
) -> list[Said]:
    """People who prefer the challenger by so many log odds, the left side by so many, and are undecided that often."""
    random, said = np.random.default_rng(seed), []
    for user in range(users):
        for turn in range(each):
            side = "left" if random.random() < 0.5 else "right"
            odds = preference + (left if side == "left" else -left)
            wins = random.random() < 1 / (1 + np.exp(-odds))
            other = "right" if side == "left" else "left"
            answer = "tie" if random.random() < tie else side if wins else other
            said.append(Said(f"user{user}", turn, turn, side, answer, 1_000 * turn + int(random.integers(900))))  # type: ignore[arg-type]
    return said


def judged(said: list[Said], believing: Believing = ALL, resamples: int = 200) -> comparing.Result:
    return comparing.judged(said, believing, resamples=resamples, seed=1)


def test_each_person_sees_every_pair_once_on_even_sides_and_some_again_with_sides_changed(tmp_path: Path) -> None:
    found = laid_out(tmp_path)
    for user in ("mia", "tom"):
        turns = [comparing.turn_of(found, user, number) for number in range(found.num_turns)]
        assert sorted(turn.pair for turn in turns[:12]) == list(range(12))
        assert Counter(turn.challenger for turn in turns[:12]) == {"left": 6, "right": 6}
        for first, again in zip(turns, turns[12:], strict=False):
            assert again.pair == first.pair
            assert again.challenger != first.challenger
    orders = [[comparing.turn_of(found, user, n).pair for n in range(12)] for user in ("mia", "tom")]
    assert orders[0] != orders[1]


def test_what_stands_on_a_side_is_the_picture_and_words_of_one_version(tmp_path: Path) -> None:
    found = laid_out(tmp_path)
    turn = comparing.turn_of(found, "mia", 4)
    other = "right" if turn.challenger == "left" else "left"
    assert Image.open(comparing.picture(found, turn, turn.challenger)).getpixel((0, 0)) == (255, 165, 0)
    assert comparing.caption(found, turn, turn.challenger) == f"new {turn.pair}"
    assert Image.open(comparing.picture(found, turn, other)).getpixel((0, 0)) == (0, 0, 128)
    assert comparing.caption(found, turn, other) == f"old {turn.pair}"


def test_an_answer_counts_once_and_turns_are_taken_in_order(engine: Engine, tmp_path: Path) -> None:
    found = laid_out(tmp_path)
    assert comparing.answer(engine, found, "mia", 0, "left")
    assert not comparing.answer(engine, found, "mia", 0, "right")
    with pytest.raises(BadInput, match="turn 1 comes first"):
        comparing.answer(engine, found, "mia", 5, "left")
    for bad in (-1, 15, 99):
        with pytest.raises(BadInput, match="has the turns 0 to 14"):
            comparing.answer(engine, found, "mia", bad, "left")
    with pytest.raises(BadInput, match="'both' is not one of"):
        comparing.answer(engine, found, "mia", 1, "both")
    assert comparing.result(engine, found, ALL).comparisons == 1


def test_who_saw_everything_is_shown_no_more_and_can_be_forgotten(engine: Engine, tmp_path: Path) -> None:
    found = laid_out(tmp_path)
    while (turn := comparing.next_turn(engine, found, "mia")) is not None:
        comparing.answer(engine, found, "mia", turn.number, turn.challenger)
    assert comparing.result(engine, found, ALL).wins == 12, "what comes again is counted once"
    assert comparing.forget(engine, "mia") == 15
    assert comparing.result(engine, found, ALL).comparisons == 0


@pytest.mark.parametrize("preference", [-1.0, 0.0, 1.2])
def test_the_score_is_what_people_prefer_whatever_they_like_about_the_left_side(preference: float) -> None:
    found = judged(crowd(preference, left=0.8, users=12, each=60))
    assert found.score_low < preference < found.score_high
    assert found.left_bias == pytest.approx(0.8, abs=0.3)
    assert found.win_rate == pytest.approx(1 / (1 + np.exp(-preference)), abs=0.07)
    assert found.win_rate_low < found.win_rate < found.win_rate_high


def test_ties_pull_the_rate_towards_a_half_and_leave_the_score() -> None:
    found = judged(crowd(1.5, tie=0.5, users=12, each=60))
    assert found.ties == pytest.approx(360, abs=60)
    assert found.win_rate == pytest.approx(0.5 + 0.5 * (1 / (1 + np.exp(-1.5)) - 0.5), abs=0.05)
    assert found.score == pytest.approx(1.5, abs=0.4)


def test_one_person_weighs_no_more_than_their_share() -> None:
    loud = [
        Said("loud", n, n, "left" if n % 2 else "right", "right" if n % 2 else "left", 2_000 * n) for n in range(300)
    ]
    said = [*crowd(1.0, users=6, each=20), *loud]
    assert judged(said, Believing(max_share=1.0)).win_rate < 0.4
    assert judged(said, Believing(max_share=0.1)).win_rate > 0.5


def test_who_always_takes_one_side_contradicts_themselves_or_does_not_look_is_left_out_with_the_reason() -> None:
    one_side = [Said("side", n, n, "left" if n % 2 else "right", "left", 2_000 * n) for n in range(12)]
    sides = ["left", "right"]
    wavering = [Said("wavers", n, n, sides[n % 2], sides[n % 2], 2_000 * n) for n in range(8)]  # type: ignore[arg-type]
    wavering += [Said("wavers", 8 + n, n, sides[1 - n % 2], sides[n % 2], 20_000 + n) for n in range(4)]  # type: ignore[arg-type]
    quick = [Said("quick", n, n, sides[n % 2], sides[(n // 2) % 2], 50 * n) for n in range(20)]  # type: ignore[arg-type]
    good = crowd(1.0)
    found = judged([*good, *one_side, *wavering, *quick], Believing(max_share=1.0))
    assert sorted(why.split(":")[0] for why in found.left_out.values()) == ["burst", "contradiction", "same side"]
    assert found.people == 10
    assert found.win_rate == judged(good).win_rate
    assert not any(name in str(found.left_out) for name in ("wavers", "quick"))


def test_with_one_person_nothing_is_known_of_others() -> None:
    found = judged(crowd(3.0, users=1, each=10))
    assert (found.win_rate_low, found.win_rate_high) == (0.0, 1.0)
    assert judged([]).win_rate == pytest.approx(0.5)


def test_the_interval_holds_the_truth_in_most_crowds() -> None:
    """Of 20 crowds, whose taste differs from nothing by luck alone, few have intervals that leave it out."""
    rates = [judged(crowd(0.0, users=12, each=20, seed=seed), resamples=80) for seed in range(20)]
    outside = sum(not found.win_rate_low <= 0.5 <= found.win_rate_high for found in rates)
    assert outside <= 4


def test_a_version_is_not_compared_with_itself_and_an_unknown_comparison_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be compared with itself"):
        comparing.begin(
            tmp_path, "2", "2", [(Pair("", "", ""), Image.new("L", (1, 1)), Image.new("L", (1, 1)))], repeats=0
        )
    with pytest.raises(BadInput, match="There is no comparison '2-against-1'; there are none so far"):
        comparing.find(tmp_path, "2-against-1")
    with pytest.raises(BadInput):
        comparing.find(tmp_path, "../../etc")
