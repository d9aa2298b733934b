from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from storywright.corpus import duplicates, splits
from storywright.errors import BadInput

RULE = duplicates.Rule(same_pictures=0.5, same_words=0.7)
SHARES = splits.Shares(validation=0.1, test=0.2, seed=0)


def names(split: str, count: int) -> list[str]:
    return [name for name in (f"s{n}" for n in range(1_000)) if SHARES.split_of(name) == split][:count]


def test_shares_are_what_was_asked_for_and_another_seed_splits_otherwise():
    counts = Counter(SHARES.split_of(f"s{n}") for n in range(20_000))
    assert counts["test"] / 20_000 == pytest.approx(0.2, abs=0.01)
    assert counts["validation"] / 20_000 == pytest.approx(0.1, abs=0.01)
    other = splits.Shares(validation=0.1, test=0.2, seed=1)
    assert any(other.split_of(f"s{n}") != SHARES.split_of(f"s{n}") for n in range(50))


def test_a_group_is_in_one_split_that_of_its_first_story():
    first, second, third = names("test", 1)[0], *names("train", 2)
    division = splits.divided([first, second, third], np.array([[0, 1], [1, 2]]), SHARES, {})
    assert division.groups == [first] * 3
    assert division.splits == ["test"] * 3


def test_a_story_that_ties_two_splits_together_is_in_none_and_moves_nobody():
    stories = [*names("train", 1), *names("test", 1), "between", "like the one between"]
    division = splits.divided(stories, np.array([[0, 2], [1, 2], [2, 3]]), SHARES, {})
    assert division.splits[:3] == ["train", "test", splits.LEFT_OUT]
    assert division.splits[3] == SHARES.split_of("like the one between")


def test_what_is_kept_of_an_earlier_corpus_stays_and_what_is_new_follows_it(tmp_path):
    old, new, apart = names("train", 1)[0], names("test", 1)[0], names("validation", 1)[0]
    splits.write_record(tmp_path / splits.RECORD, [old], splits.divided([old], np.empty((0, 2), int), SHARES, {}))
    kept = splits.read_record(tmp_path / splits.RECORD)
    alike = np.array([[0, 1]])
    assert splits.divided([new, old, apart], alike, SHARES, {}).splits == ["test", "test", "validation"]
    division = splits.divided([new, old, apart], alike, SHARES, kept)
    assert division.splits == ["train", "train", "validation"]
    assert division.groups == [old, old, apart]


def test_a_record_that_is_none_is_refused_by_name(tmp_path):
    (tmp_path / "groups.parquet").write_bytes(b"nothing")
    with pytest.raises(BadInput, match=r"groups\.parquet, which is no groups\.parquet"):
        splits.read_record(tmp_path / "groups.parquet")


def test_a_story_between_two_that_are_not_alike_is_linked_to_both(material):
    first, other, between = material.story("a", 2, 1), material.story("b", 2, 2), material.story("c", 2, 3)
    between[0]["picture"], between[1]["picture"] = first[0]["picture"], other[1]["picture"]
    traces = duplicates.Traces()
    with ThreadPoolExecutor(1) as executor:
        traces.add(material.table(first, other, between), executor)
    assert traces.pairs(RULE).tolist() == [[0, 2], [1, 2]]


def test_a_clean_corpus_has_no_leak_and_a_broken_one_says_which(material):
    stories = [material.story(f"s{n}", 4, n) for n in range(12)]
    material.write("train", 0, *stories[:8])
    material.write("validation", 0, *stories[8:10])
    material.write("test", 0, *stories[10:])
    assert splits.leaks(material.corpus, RULE) == []

    redrawn = material.story("redrawn", 4, 99)
    for row, model in zip(redrawn, stories[3], strict=True):
        row["picture"] = {"bytes": material.jpeg(material.painted(3_000 + model["panel"])), "path": None}
    retold = material.story("retold", 4, 98)
    for row, model in zip(retold, stories[9], strict=True):
        row["caption"] = model["caption"]
    material.write("test", 1, stories[5], redrawn, retold)
    said = {str(leak) for leak in splits.leaks(material.corpus, RULE)}
    assert said == {
        "s5 of test is also in train",
        "redrawn of test is nearly the same as s3 in train",
        "retold of test is nearly the same as s9 in validation",
    }
