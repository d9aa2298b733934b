from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from storywright.corpus import duplicates
from storywright.errors import BadInput

RULE = duplicates.Rule(same_pictures=0.5, same_words=0.7)


def traces_of(material, *stories):
    traces = duplicates.Traces()
    with ThreadPoolExecutor(1) as executor:
        for rows in stories:
            traces.add(material.table(rows), executor)
    return traces


def pairs(material, *stories, rule=RULE):
    return {tuple(pair) for pair in traces_of(material, *stories).pairs(rule).tolist()}


def saved_again(material, rows, number, change):
    words = material.story(f"again{number}", len(rows), 500 + number)
    painted = [cv2.imdecode(np.frombuffer(row["picture"]["bytes"], np.uint8), 1)[:, :, ::-1] for row in rows]
    return [
        row | {"picture": {"bytes": change(picture), "path": None}, "panels": len(rows)}
        for row, picture in zip(words, painted, strict=True)
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 60])[1].tobytes(),
        lambda picture: cv2.imencode(".png", cv2.resize(picture, None, fx=2, fy=2)[:, :, ::-1])[1].tobytes(),
        lambda picture: cv2.imencode(".png", np.clip(picture[:, :, ::-1] * 1.01, 0, 255).astype(np.uint8))[1].tobytes(),
    ],
    ids=["as JPEG", "twice the size", "a little brighter"],
)
def test_the_same_pictures_saved_otherwise_under_other_words_are_found(material, change):
    stories = [material.story(f"s{n}", 4, n) for n in range(30)]
    again = [saved_again(material, rows, n, change) for n, rows in enumerate(stories)]
    assert pairs(material, *stories, *again) == {(n, 30 + n) for n in range(30)}


def test_the_same_words_under_other_pictures_are_found_but_not_for_single_pictures(material):
    first, other = material.story("a", 5, 1), material.story("b", 5, 2)
    retold = [row | {"caption": told["caption"]} for row, told in zip(other, first, strict=True)]
    single, second = material.story("c", 1, 3), material.story("d", 1, 4)
    second[0]["caption"] = single[0]["caption"]
    assert pairs(material, first, retold, single, second) == {(0, 1)}


def test_one_picture_in_common_is_enough_only_when_it_is_enough_of_the_shorter(material):
    long, portrait, other = material.story("a", 6, 1), material.story("b", 1, 2), material.story("c", 6, 3)
    portrait[0]["picture"] = other[2]["picture"] = long[4]["picture"]
    assert pairs(material, long, portrait, other) == {(0, 1), (1, 2)}
    assert pairs(material, long, other, rule=duplicates.Rule(same_pictures=0.15, same_words=0.7)) == {(0, 1)}


def test_stories_that_only_look_alike_are_apart(material):
    stories = [material.story(f"s{n}", 3, n) for n in range(60)]
    assert pairs(material, *stories) == set()


def test_what_was_found_stays_when_stories_come_after(material):
    stories = [material.story(f"s{n}", 2, n % 17) for n in range(50)]
    before = pairs(material, *stories[:30])
    after = pairs(material, *stories)
    assert before == {pair for pair in after if pair[1] < 30}
    assert len({later for _, later in after}) == 50 - 17


def test_a_thousand_copies_cost_a_few_comparisons_each(material):
    traces = traces_of(material, *[material.story(f"s{n}", 1, 1) for n in range(1_000)])
    found = traces.pairs(RULE)
    assert len(found) < 40 * 1_000
    linked = list(range(1_000))
    for earlier, later in found.tolist():
        linked[later] = min(linked[later], linked[earlier])
    assert set(linked) == {0}


def test_a_picture_that_cannot_be_decoded_is_named(material):
    rows = material.story("broken", 2, 1)
    rows[1]["picture"]["bytes"] = b"nothing"
    with pytest.raises(BadInput, match="Story broken, panel 1: the picture cannot be decoded"):
        traces_of(material, rows)
