"""StoryReasoning from Parquet files and from the Hub's layout."""

import tracemalloc

import numpy as np
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset

from storywright.corpus.schema import CONCEPTS
from storywright.errors import BadInput
from storywright.sources.stories import storyreasoning
from storywright.sources.stories.intake import Intake


def test_a_story_goes_in_with_its_pictures_byte_for_byte_its_words_and_its_rights(makers):
    row = makers.reasoning(7)
    makers.take(makers.reasoning_file(makers.folder / "train-00000.parquet", [row]), plan=makers.plan)
    panels = makers.panels()
    assert [(one["story_id"], one["panel"], one["panels"]) for one in panels] == [
        ("storyreasoning-7", n, 5) for n in range(5)
    ]
    assert [one["picture"]["bytes"] for one in panels] == [image["bytes"] for image in row["images"]]
    assert panels[2]["caption"] == "James enters room 3 of house 7 and finds a box by the wall."
    assert panels[0]["prompt"] == (
        "Man in a grey coat, enters the room; Sparse room 1; Cardboard box; Grey wall; Soft daylight"
    )
    assert [one["phase"] for one in panels] == ["goal", "", "", "obstacle", "turn"]
    assert panels[0]["tags"] == ["calm", "curious"]
    assert {(one["licence"], one["source"], one["date"]) for one in panels} == {
        ("CC-BY-ND-4.0", "storyreasoning", "2026-11-20")
    }
    assert all("Oliveira" in one["owner"] and one["origin"].endswith("#7") for one in panels)


def test_characters_boxes_settings_and_phases_are_kept_beside_the_panels(makers):
    makers.take(makers.reasoning_file(makers.folder / "a.parquet", [makers.reasoning(1)]))
    things = [one for one in makers.grounding() if one["panel"] == 0]
    caption = makers.panels()[0]["caption"]
    assert [(one["kind"], one["entity"]) for one in things] == [
        ("character", "char1"), ("object", "obj1"), ("background", "bg1"),
        ("setting", "Location"), ("setting", "Lighting"), ("phase", "Introduction"),
    ]  # fmt: skip
    james = things[0]
    assert (james["name"], james["boxes"], james["narrative_function"]) == ("James", [10, 20, 30, 50], "Protagonist")
    assert (caption[slice(*james["told"])], caption[slice(*james["acts"])]) == ("James", "enters")
    assert (things[3]["mood"], things[3]["time"], things[5]["actions"]) == ("Tense", "Morning", "He opens the door")


def test_boxes_shrink_with_their_pictures(makers):
    row = makers.reasoning(1)
    for number, image in enumerate(row["images"]):
        image["bytes"] = makers.encoded(makers.painted(number, (1_920, 1_080)), "JPEG")
    path = makers.reasoning_file(makers.folder / "a.parquet", [row])
    makers.take(path, plan=makers.plan.__class__(date="2026-11-20", longest_px=960))
    james = makers.grounding()[0]
    assert james["boxes"] == [5, 10, 15, 25]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"frame_count": 6}, "frame_count is 6, and there are 5 images"),
        ({"story": "<gdi image1>Only one.</gdi>"}, "it tells nothing of image 2"),
        ({"story": None}, "it tells nothing of image 1"),
        ({"images": []}, "it has no images"),
        ({"story_id": None}, "it has no story_id"),
        ({"images": [{"bytes": b"text", "path": None}] * 5}, "image 1: it is no picture"),
        ({"images": [{"bytes": None, "path": "x.png"}] * 5}, "image 1: there are no bytes"),
    ],
)
def test_a_story_that_is_not_whole_is_rejected_with_its_reason_and_the_others_go_in(makers, changes, reason):
    if changes.get("images") == []:
        changes = changes | {"frame_count": 0}
    rows = [makers.reasoning(1), makers.reasoning(2, **changes), makers.reasoning(3)]
    makers.take(makers.reasoning_file(makers.folder / "a.parquet", rows))
    assert {one["story_id"] for one in makers.panels()} == {"storyreasoning-1", "storyreasoning-3"}
    [rejected] = makers.rejected()
    assert reason in rejected["reason"]


def test_an_analysis_that_is_missing_takes_nothing_from_the_story(makers):
    makers.take(makers.reasoning_file(makers.folder / "a.parquet", [makers.reasoning(1, chain_of_thought="none")]))
    panel = makers.panels()[0]
    assert panel["prompt"] == panel["caption"]
    assert {(one["kind"], one["entity"]) for one in makers.grounding()} == {
        ("character", "char1"), ("object", "obj1"), ("background", "bg1"),
    }  # fmt: skip


def test_a_corrupt_file_is_rejected_by_its_name_and_the_other_files_go_in(makers):
    folder = makers.folder / "data"
    for number in range(3):
        makers.reasoning_file(folder / f"train-{number}.parquet", [makers.reasoning(number)])
    content = (folder / "train-1.parquet").read_bytes()
    (folder / "train-1.parquet").write_bytes(content[: len(content) // 2])
    makers.take(folder)
    assert {one["story_id"] for one in makers.panels()} == {"storyreasoning-0", "storyreasoning-2"}
    [rejected] = makers.rejected()
    assert rejected["item"] == "train-1.parquet"
    assert "cannot be read as Parquet" in rejected["reason"]


def test_a_file_spoilt_in_the_middle_gives_the_stories_before(makers):
    path = makers.reasoning_file(makers.folder / "a.parquet", [makers.reasoning(n) for n in range(8)], group=2)
    content = bytearray(path.read_bytes())
    meta = pq.read_metadata(path)
    column = meta.row_group(3).column(meta.schema.names.index("chain_of_thought"))
    begin = column.dictionary_page_offset or column.data_page_offset
    content[begin : begin + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(content)
    makers.take(path)
    assert {one["story_id"] for one in makers.panels()} == {f"storyreasoning-{n}" for n in range(6)}
    assert "from here on" in makers.rejected()[0]["reason"]


def test_parquet_files_with_other_columns_are_refused_by_name(makers):
    pq.write_table(CONCEPTS.empty_table(), makers.folder / "concepts.parquet")
    with pytest.raises(BadInput, match=r"no Parquet file with the columns story_id, images"):
        makers.take(makers.folder)


def test_a_data_set_laid_out_like_the_hubs_is_streamed_split_by_split(makers, elsewhere):
    home = elsewhere / "someone" / "Stories"
    makers.reasoning_file(home / "data" / "train-00000-of-00001.parquet", [makers.reasoning(n) for n in range(3)])
    makers.reasoning_file(home / "data" / "test-00000-of-00001.parquet", [makers.reasoning(9)])
    (home / "README.md").write_text("---\nlicense: cc-by-nd-4.0\n---\n")
    for _ in range(2):
        with Intake(makers.out) as intake:
            intake.take("hub", storyreasoning.from_hub(str(home), makers.plan))
            intake.finish()
            counts = intake.counts
    assert {one["story_id"] for one in makers.panels()} == {f"storyreasoning-{n}" for n in (0, 1, 2, 9)}
    assert (counts.stories, counts.unchanged) == (0, 2)


def test_a_hub_that_cannot_be_reached_is_one_sentence(makers):
    with pytest.raises(
        BadInput, match=r"daniel3303/StoryReasoning cannot be read from the Hub .* download its Parquet"
    ):
        makers.take("daniel3303/StoryReasoning", plan=makers.plan)


def test_the_licence_of_the_hubs_data_set_cannot_be_talked_away(makers):
    with pytest.raises(BadInput, match=r"stands under CC-BY-ND-4\.0, not CC0-1\.0"):
        makers.take("daniel3303/StoryReasoning", plan=makers.plan.__class__(date="2026-11-20", licence="CC0-1.0"))


def test_what_came_in_opens_with_datasets_pictures_and_grounding_alike(makers, tmp_path):
    makers.take(makers.reasoning_file(makers.folder / "a.parquet", [makers.reasoning(1)]))
    opened = load_dataset(
        "parquet", data_files=str(makers.out / "panels-*.parquet"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert opened[0]["picture"].size == (96, 54)
    beside = load_dataset(
        "parquet", data_files=str(makers.out / "grounding-*.parquet"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert beside[0]["boxes"] == [10, 20, 30, 50]


def test_memory_holds_a_piece_however_much_there_is(makers):
    rng = np.random.default_rng(0)
    rows = [makers.reasoning(number) for number in range(16)]
    for image in (image for row in rows for image in row["images"]):
        image["bytes"] = makers.encoded(rng.integers(0, 255, (200, 300, 3), np.uint8))
    path = makers.reasoning_file(makers.folder / "a.parquet", rows, group=2)
    total = path.stat().st_size
    del rows
    tracemalloc.start()
    makers.take(path, shard_panels=10)
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total > 12_000_000
    assert highest < total / 2
