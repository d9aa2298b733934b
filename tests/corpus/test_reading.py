import io
import itertools
import os
import pickle
import time

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from storywright import files
from storywright.corpus import reading
from storywright.corpus.reading import Panels, shuffled
from storywright.corpus.schema import PANELS
from storywright.errors import BadInput


@pytest.fixture
def corpus(material):
    for shard in range(3):
        material.write("train", shard, *(material.story(f"s{shard}-{n}", 1 + n % 4, 10 * shard + n) for n in range(9)))
    return material.corpus


def indexes_beside(corpus):
    return list((corpus.parent / ".unpacked").glob("*.arrow"))


def everything(corpus):
    paths = sorted((corpus / "train").glob("*.parquet"))
    return [row for path in paths for row in pq.read_table(path, schema=PANELS).to_pylist()]


@pytest.mark.parametrize("threads", [1, 3])
def test_any_rows_in_any_order_are_what_the_shards_hold(corpus, threads):
    panels, rows = Panels(corpus, "train", threads=threads), everything(corpus)
    order = np.random.default_rng(0).integers(0, len(rows), 200)
    read = panels.rows(order, ["caption", "tags", "panel", "picture"])
    assert len(panels) == len(rows)
    assert read["caption"] == [rows[place]["caption"] for place in order]
    assert read["tags"] == [rows[place]["tags"] for place in order]
    assert read["panel"] == [rows[place]["panel"] for place in order]
    expected = [np.asarray(Image.open(io.BytesIO(rows[place]["picture"]["bytes"]))) for place in order]
    assert np.array_equal(read["picture"], np.stack(expected))
    assert panels.picture_bytes(7) == rows[7]["picture"]["bytes"]


def test_stories_are_the_rows_that_belong_together(corpus):
    panels, rows = Panels(corpus, "train"), everything(corpus)
    assert [row for story in panels.stories for row in story] == list(range(len(rows)))
    for story in panels.stories:
        assert len({rows[row]["story_id"] for row in story}) == 1
        assert len(story) == rows[story[0]]["panels"]


def test_no_rows_are_an_answer_too(corpus):
    read = Panels(corpus, "train").rows([], ["picture", "caption"])
    assert read["picture"].shape == (0, 36, 64, 3)
    assert read["caption"] == []


def test_pictures_of_other_sizes_are_fitted_to_the_most_frequent_or_the_size_that_is_asked_for(material):
    tall = material.story("tall", 1, 50)
    tall[0]["picture"]["bytes"] = material.png(material.painted(1, (40, 80)))
    material.write("train", 0, material.story("wide", 3, 1), tall)
    assert Panels(material.corpus, "train").rows([3, 0], ["picture"])["picture"].shape == (2, 36, 64, 3)
    asked = Panels(material.corpus, "train", size=(32, 32))
    assert asked.rows([3, 0], ["picture"])["picture"].shape == (2, 32, 32, 3)
    assert asked.sizes.tolist() == [[64, 36]] * 3 + [[40, 80]]


def test_a_corrupt_picture_is_named_by_shard_and_row(material):
    broken = material.story("broken", 3, 1)
    broken[1]["picture"]["bytes"] = broken[1]["picture"]["bytes"][:60]
    material.write("train", 0, material.story("good", 2, 2))
    material.write("train", 1, material.story("also good", 2, 3), broken)
    panels = Panels(material.corpus, "train")
    assert panels.rows([4, 6], ["picture"])["picture"].shape[0] == 2
    with pytest.raises(BadInput, match=r"panels-00001\.parquet, row 3: the picture cannot be decoded"):
        panels.rows([0, 5], ["picture"])


def test_what_is_not_there_is_named(corpus):
    with pytest.raises(BadInput, match="validation has no panels"):
        Panels(corpus, "validation")
    with pytest.raises(BadInput, match="no column 'title': the columns are story_id"):
        Panels(corpus, "train").rows([0], ["title"])
    with pytest.raises(IndexError):
        Panels(corpus, "train").rows([-1], ["caption"])


def test_a_shard_with_compressed_pictures_is_refused_with_the_remedy(material):
    (material.corpus / "train").mkdir(parents=True)
    rows = [row | {"picture": {"bytes": b"\0" * 5_000, "path": None}} for row in material.story("s", 2, 1)]
    pq.write_table(material.table(rows), material.corpus / "train" / "panels-00000.parquet", compression="zstd")
    with pytest.raises(BadInput, match=r"panels-00000\.parquet keeps its pictures compressed.*preprocess"):
        Panels(material.corpus, "train")
    assert indexes_beside(material.corpus) == []


def test_the_index_is_made_once_and_anew_when_the_shards_change(corpus, material):
    first = Panels(corpus, "train")
    made = {path: path.stat().st_mtime_ns for path in indexes_beside(corpus)}
    assert Panels(corpus, "train").digest == first.digest
    assert {path: path.stat().st_mtime_ns for path in indexes_beside(corpus)} == made
    material.write("train", 3, material.story("new", 2, 77))
    second = Panels(corpus, "train")
    assert len(second) == len(first) + 2
    assert second.digest != first.digest


def test_a_corpus_that_cannot_be_written_to_is_read_all_the_same(corpus, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert Panels(corpus, "train").rows([0], ["caption"])["caption"] == [everything(corpus)[0]["caption"]]
    assert indexes_beside(corpus) == []


def test_reading_leaves_a_corpus_what_it_was(corpus):
    before = files.digest(corpus)
    Panels(corpus, "train", unpacked=True).rows([0], ["picture"])
    assert files.digest(corpus) == before, "a step that reads it and is begun again would take it for another"


def test_it_goes_to_another_process_and_reads_the_same(corpus):
    panels = Panels(corpus, "train", size=(20, 20), threads=2)
    copy = pickle.loads(pickle.dumps(panels))
    assert np.array_equal(copy.rows([3, 1], ["picture"])["picture"], panels.rows([3, 1], ["picture"])["picture"])


def test_unpacked_pixels_are_those_of_the_pictures_and_are_unpacked_once(corpus):
    plain = Panels(corpus, "train", size=(20, 20)).rows([5, 1, 5], ["picture", "caption"])
    first = Panels(corpus, "train", size=(20, 20), unpacked=True)
    kept = next((corpus.parent / ".unpacked").glob("*-20x20.rgb"))
    assert kept.stat().st_size == len(first) * 20 * 20 * 3
    made = kept.stat().st_mtime_ns
    for panels in (first, Panels(corpus, "train", size=(20, 20), unpacked=True), pickle.loads(pickle.dumps(first))):
        read = panels.rows([5, 1, 5], ["picture", "caption"])
        assert np.array_equal(read["picture"], plain["picture"])
        assert read["caption"] == plain["caption"]
    assert kept.stat().st_mtime_ns == made


def test_unpacking_stops_at_a_corrupt_picture_and_leaves_nothing(material):
    broken = material.story("broken", 3, 1)
    broken[2]["picture"]["bytes"] = b"nothing"
    material.write("train", 0, broken)
    with pytest.raises(BadInput, match=r"panels-00000\.parquet, row 2"):
        Panels(material.corpus, "train", unpacked=True)
    assert not list((material.corpus.parent / ".unpacked").glob("*.rgb*"))


def test_every_epoch_has_each_row_once_in_another_order():
    order = list(itertools.islice(shuffled(50, seed=3), 150))
    epochs = [order[at : at + 50] for at in (0, 50, 100)]
    assert all(sorted(epoch) == list(range(50)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    assert order[:50] != list(itertools.islice(shuffled(50, seed=4), 50))


def test_a_run_that_starts_at_a_position_goes_on_as_if_it_had_never_stopped(corpus):
    panels = Panels(corpus, "train")
    whole = list(itertools.islice(panels.shuffled(seed=1), 100))
    for start in (0, 1, len(panels) - 1, len(panels), 57):
        assert list(itertools.islice(panels.shuffled(1, start), 100 - start)) == whole[start:]


def test_a_far_position_is_as_near_as_the_first():
    def seconds(start: int) -> float:
        begun = time.process_time()
        next(shuffled(100_000, 0, start))
        return time.process_time() - begun

    near, far = (min(seconds(start) for _ in range(5)) for start in (0, 10**15))
    assert far < 3 * near + 0.01


def test_build_index_is_what_opening_would_make(corpus):
    built = reading.build_index(corpus, "train")
    assert [built] == list((corpus / "index").iterdir())
    Panels(corpus, "train")
    assert [built] == list((corpus / "index").iterdir())
    assert indexes_beside(corpus) == []
