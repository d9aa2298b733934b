"""The step that draws the material."""

import io
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from storywright.corpus.schema import PANELS
from storywright.errors import BadInput
from storywright.steps import contract
from storywright.toonworld.drawing import draw
from storywright.toonworld.words import scene_from_json

VALUES = {
    "stories": 3,
    "portraits": 12,
    "width_px": 64,
    "height_px": 36,
    "aspects": {"16:9": 0.5, "9:16": 0.5},
    "languages": {"en": 0.5, "ru": 0.5},
    "styles": ["flat", "ink"],
    "encoding": "png",
    "seed": 3,
    "date": "2026-11-01",
    "processes": 1,
    "shard_rows": 14,
}


def drawn(folder, **values):
    outputs = {"stories": folder / "stories", "metrics": folder / "metrics.json"}
    metrics = contract.call("draw", VALUES | values, outputs=outputs)
    shards = sorted(outputs["stories"].iterdir())
    return metrics, shards, [row for shard in shards for row in pq.read_table(shard).to_pylist()]


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORYWRIGHT_TRACKING", "off")
        return drawn(tmp_path_factory.mktemp("draw"))


def test_the_table_has_the_schema_of_the_corpus_and_says_whose_it_is(once):
    _, shards, rows = once
    schema = pq.read_schema(shards[0])
    assert schema.equals(PANELS) and schema.metadata[b"huggingface"] == PANELS.metadata[b"huggingface"]
    assert {(row["licence"], row["owner"], row["source"], row["origin"], row["date"]) for row in rows} == {
        ("CC0-1.0", "storywright", "toonworld", "toonworld:3", "2026-11-01")
    }


def test_panels_of_a_story_stand_in_order_in_one_shard(once):
    _, shards, rows = once
    for shard in shards:
        ids = pq.read_table(shard, columns=["story_id"]).column(0).to_pylist()
        everywhere = [row["story_id"] for row in rows]
        assert all(ids.count(name) == everywhere.count(name) for name in set(ids))
    by_story = {}
    for row in rows:
        by_story.setdefault(row["story_id"], []).append(row)
    for panels in by_story.values():
        assert [row["panel"] for row in panels] == list(range(panels[0]["panels"]))
        assert len({(row["language"], row["style"]) for row in panels}) == 1


def test_the_picture_is_the_drawing_of_the_scene_that_the_row_names(once):
    for row in once[2][::7]:
        picture = np.asarray(Image.open(io.BytesIO(row["picture"]["bytes"])))
        size = (picture.shape[1], picture.shape[0])
        assert size in ((64, 36), (36, 64))
        assert np.array_equal(picture, draw(scene_from_json(row["scene"]), size))


def test_metrics_count_what_is_in_the_table(once):
    metrics, _, rows = once
    assert metrics["num_panels"] == len(rows)
    assert metrics["num_portraits"] == 12 and metrics["num_stories"] == 3
    assert metrics["num_stories_en"] + metrics["num_stories_ru"] == 3
    assert {row["panels"] for row in rows} - {1} <= set(range(5, 9))


def test_the_bytes_are_the_same_with_two_processes(once, tmp_path):
    _, shards, _ = once
    _, others, _ = drawn(tmp_path, processes=2)
    assert [shard.read_bytes() for shard in shards] == [shard.read_bytes() for shard in others]


def test_jpeg_is_close_to_the_drawing(tmp_path):
    _, _, rows = drawn(tmp_path, encoding="jpeg", stories=0, portraits=6)
    for row in rows:
        picture = np.asarray(Image.open(io.BytesIO(row["picture"]["bytes"]))).astype(int)
        exact = draw(scene_from_json(row["scene"]), (picture.shape[1], picture.shape[0])).astype(int)
        assert np.abs(picture - exact).mean() < 4


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"stories": 0, "portraits": 0}, "more than zero"),
        ({"aspects": {"2:1": 1.0}}, "aspects"),
        ({"languages": {}}, "languages"),
        ({"processes": 0}, "processes must be positive"),
        ({"styles": ["oil"]}, "styles"),
    ],
)
def test_values_that_cannot_be_drawn_are_refused_by_name(values, said, tmp_path):
    with pytest.raises(BadInput, match=said):
        drawn(tmp_path, **values)
    assert not (tmp_path / "stories").exists()


def test_params_hold_every_value_of_both_presets():
    from storywright.steps.command import read_params

    for preset in ("demo", "full"):
        config = contract.config_of("draw", read_params(preset=preset)["draw"])
        assert json.dumps(config.languages)
