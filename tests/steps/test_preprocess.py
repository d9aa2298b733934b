"""The step on real drawings, with near-duplicates among them."""

import io
import json
import shutil
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from storywright import files
from storywright.corpus import duplicates, splits
from storywright.corpus.reading import Panels
from storywright.corpus.schema import CONCEPTS, FILMS, GROUNDING, PANELS
from storywright.errors import BadInput
from storywright.steps import contract, draw, preprocess

CONFIG = {
    "same_pictures": 0.5,
    "same_words": 0.7,
    "validation_share": 0.25,
    "test_share": 0.25,
    "seed": 0,
    "keep": "",
    "vocabulary": 600,
    "min_count": 1,
    "threads": 1,
}
RULE = duplicates.Rule(same_pictures=0.5, same_words=0.7)
NUM_COPIES = 6


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real drawings in two shards, then a shard of stories that are copies of earlier ones, saved as JPEG."""
    folder = tmp_path_factory.mktemp("valid")
    values = {
        "stories": 20,
        "portraits": 20,
        "width_px": 64,
        "height_px": 36,
        "aspects": {"16:9": 0.5, "1:1": 0.5},
        "languages": {"en": 0.5, "ru": 0.5},
        "styles": ["flat", "ink"],
        "encoding": "png",
        "seed": 5,
        "date": "2026-11-20",
        "processes": 1,
        "shard_rows": 90,
    }
    draw.run(contract.config_of("draw", values), draw.Inputs(), draw.Outputs(stories=folder, metrics=folder / "m.json"))
    rows = pq.read_table(folder / "panels-00000.parquet", schema=PANELS).to_pylist()
    names = list(dict.fromkeys(row["story_id"] for row in rows if row["panels"] > 1))[:NUM_COPIES]
    copies = [copied(row) for name in names for row in rows if row["story_id"] == name]
    pq.write_table(pa.Table.from_pylist(copies, PANELS), folder / "panels-00008.parquet")
    told = dict.fromkeys(CONCEPTS.names, "x") | {"concept_id": "c", "text": "  A  cafe\u0301 \n in the park. "}
    pq.write_table(pa.Table.from_pylist([told], CONCEPTS), folder / "concepts-00000.parquet")
    return folder


def copied(row: dict[str, object]) -> dict[str, object]:
    own = " ".join(f"{row['story_id'].replace('-', '')}{row['panel']}{letter}" for letter in "abcdef")
    picture = Image.open(io.BytesIO(row["picture"]["bytes"]))
    picture.save(content := io.BytesIO(), "JPEG", quality=80)
    return row | {
        "story_id": f"copy of {row['story_id']}",
        "picture": {"bytes": content.getvalue(), "path": None},
        "caption": f"Quite another  {own} tale\u200b.",
    }


def run(valid: Path, target: Path, **changes: object) -> preprocess.Outputs:
    shutil.rmtree(target, ignore_errors=True)
    outputs = preprocess.Outputs(corpus=target / "corpus", metrics=target / "metrics.json")
    preprocess.run(contract.config_of("preprocess", CONFIG | changes), preprocess.Inputs(valid=valid), outputs)
    return outputs


@pytest.fixture(scope="module")
def made(valid: Path, tmp_path_factory: pytest.TempPathFactory) -> preprocess.Outputs:
    return run(valid, tmp_path_factory.mktemp("made") / "out")


def stories(corpus: Path) -> dict[str, str]:
    return {
        story: split
        for split in splits.SPLITS
        for path in (corpus / split).glob("*.parquet")
        for story in pq.read_table(path)["story_id"].to_pylist()
    }


def test_every_panel_is_in_one_split_with_its_picture_untouched(valid, made):
    given = [row for path in sorted(valid.glob("panels-*")) for row in pq.read_table(path).to_pylist()]
    kept = [row for path in sorted(made.corpus.glob("*/panels-*")) for row in pq.read_table(path).to_pylist()]
    key = lambda row: (row["story_id"], row["panel"])  # noqa: E731
    assert Counter(map(key, given)) == Counter(map(key, kept))
    pictures = {key(row): row["picture"]["bytes"] for row in given}
    assert all(pictures[key(row)] == row["picture"]["bytes"] for row in kept)


def test_copies_are_in_the_split_of_what_they_copy(made):
    where = stories(made.corpus)
    copies = {name: split for name, split in where.items() if name.startswith("copy of ")}
    assert len(copies) == NUM_COPIES
    assert len(set(copies.values())) > 1
    assert all(where[name.removeprefix("copy of ")] == split for name, split in copies.items())
    assert json.loads(made.metrics.read_text())["stories_in_groups"] == 2 * NUM_COPIES


def test_nothing_leaks_until_somebody_moves_a_copy(made, tmp_path):
    corpus = shutil.copytree(made.corpus, tmp_path / "corpus")
    assert splits.leaks(corpus, RULE) == []
    copy = next(path for path in sorted(corpus.glob("*/panels-00008.parquet")))
    other = "test" if copy.parent.name != "test" else "train"
    shutil.move(copy, corpus / other / "panels-00009.parquet")
    leaks = splits.leaks(corpus, RULE)
    assert leaks
    assert all(leak.story == f"copy of {leak.other}" and leak.split == other for leak in leaks)


def test_text_is_normalised(made):
    for path in made.corpus.glob("*/panels-00008.parquet"):
        for caption in pq.read_table(path)["caption"].to_pylist():
            assert caption.startswith("Quite another ")
            assert caption.endswith(" tale.")
            assert "  " not in caption
    assert pq.read_table(made.corpus / "concepts-00000.parquet")["text"].to_pylist() == ["A café in the park."]


def test_new_material_adds_shards_and_leaves_the_old_ones_as_they_are(valid, made, tmp_path):
    before = shutil.copytree(valid, tmp_path / "before")
    (before / "panels-00008.parquet").unlink()
    old = run(before, tmp_path / "out").corpus
    shards = [path.relative_to(old) for path in old.glob("*/panels-*.parquet")]
    assert shards
    for shard in shards:
        assert (made.corpus / shard).read_bytes() == (old / shard).read_bytes()
    assert stories(old).items() <= stories(made.corpus).items()


def test_material_that_comes_in_between_moves_nobody_when_the_record_is_kept(valid, made, tmp_path):
    before, between = shutil.copytree(valid, tmp_path / "before"), shutil.copytree(valid, tmp_path / "between")
    (before / "panels-00008.parquet").unlink()
    (between / "panels-00008.parquet").rename(between / "panels-00000-0.parquet")
    old = stories(run(before, tmp_path / "old").corpus)
    assert not old.items() <= stories(run(between, tmp_path / "moved").corpus).items()
    kept = run(between, tmp_path / "kept", keep=str(tmp_path / "old" / "corpus" / "groups.parquet"))
    where = stories(kept.corpus)
    assert old.items() <= where.items()
    copies = [name for name in where if name.startswith("copy of ")]
    assert len(copies) == NUM_COPIES
    assert all(where[name] == where[name.removeprefix("copy of ")] for name in copies)


def test_films_and_what_is_known_of_pictures_go_along(valid, tmp_path):
    taken = shutil.copytree(valid, tmp_path / "taken")
    copies = list(dict.fromkeys(pq.read_table(taken / "panels-00008.parquet")["story_id"].to_pylist()))
    ours = copies[0].removeprefix("copy of ")
    film = dict.fromkeys(FILMS.names) | {"film_id": "tmdb:1", "title": " The  Bus ", "genres": ["drama"]}
    pq.write_table(pa.Table.from_pylist([film], FILMS), taken / "films-m01-00000.parquet")
    empty = {field.name: [] if pa.types.is_list(field.type) else "" for field in GROUNDING}
    things = [empty | {"story_id": name, "panel": 0, "told": [0, 3]} for name in (ours, copies[0], "nobody's")]
    pq.write_table(pa.Table.from_pylist(things, GROUNDING), taken / "grounding-m01-00000.parquet")
    outputs = run(taken, tmp_path / "out")
    assert pq.read_table(outputs.corpus / "films-m01-00000.parquet")["title"].to_pylist() == ["The Bus"]
    assert json.loads(outputs.metrics.read_text())["films"] == 1
    kept = pq.read_table(outputs.corpus / "grounding-m01-00000.parquet").to_pylist()
    assert [(row["story_id"], row["told"]) for row in kept] == [(ours, [0, 3]), (copies[0], [])]


def test_the_same_material_gives_the_same_bytes(valid, made, tmp_path):
    again = run(valid, tmp_path / "out")
    assert files.digest(again.corpus) == files.digest(made.corpus)
    assert again.metrics.read_bytes() == made.metrics.read_bytes()


def test_datasets_opens_it_with_its_splits_and_pictures(made, tmp_path):
    from datasets import load_dataset

    opened = load_dataset("parquet", data_dir=str(made.corpus), cache_dir=str(tmp_path))
    where = Counter(stories(made.corpus).values())
    assert set(opened) == set(splits.SPLITS)
    assert {split: len(set(part["story_id"])) for split, part in opened.items()} == dict(where)
    assert opened["train"][0]["picture"].size == tuple(Panels(made.corpus, "train").sizes[0])
    assert opened["train"][0]["tags"] == Panels(made.corpus, "train").rows([0], ["tags"])["tags"][0]


def test_the_card_counts_what_is_there_and_shows_it(made):
    card = (made.corpus / "CARD.md").read_text()
    where = stories(made.corpus)
    train = Panels(made.corpus, "train")
    assert f"| train | {len(train):,} | {sum(len(rows) > 1 for rows in train.stories)} |" in card
    assert "CC0-1.0" in card
    assert "| ru |" in card
    assert f"{sum('portrait' in name for name in where)} single pictures" in card
    assert Image.open(made.corpus / "examples.png").width > 600


def test_too_little_material_is_refused_with_the_remedy(valid, tmp_path):
    with pytest.raises(BadInput, match=r"Nothing is left for validation.*raise preprocess\.validation_share"):
        run(valid, tmp_path / "out", validation_share=0.000001)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="run the step validate first"):
        run(tmp_path / "empty", tmp_path / "out")
