import itertools

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storywright.corpus import shards
from storywright.corpus.schema import PANELS


def test_a_story_is_never_cut_however_small_the_pieces(material):
    path = material.write("train", 0, *(material.story(f"s{n}", 1 + n % 7, n) for n in range(12)))
    for rows in (1, 2, 5, 100):
        pieces = [piece["story_id"].to_pylist() for piece in shards.pieces(path, PANELS, rows)]
        assert [name for piece in pieces for name in piece] == pq.read_table(path)["story_id"].to_pylist()
        for before, after in itertools.pairwise(pieces):
            assert before[-1] != after[0]


def test_the_same_rows_give_the_same_file_and_other_rows_another_digest(material):
    rows = material.story("s", 3, 1)
    first, second = material.write("a", 0, rows), material.write("b", 0, rows)
    assert first.read_bytes() == second.read_bytes()
    picture = bytearray(rows[1]["picture"]["bytes"])
    picture[40] ^= 1
    rows[1]["picture"]["bytes"] = bytes(picture)
    other = material.write("c", 0, rows)
    assert other.stat().st_size == first.stat().st_size
    assert shards.content_digest(other) != shards.content_digest(first) == shards.content_digest(second)


def test_a_writer_that_fails_leaves_nothing_behind(material):
    path = material.corpus / "panels-00000.parquet"
    with pytest.raises(ZeroDivisionError), shards.Writer(path, PANELS) as writer:
        writer.write(material.table(material.story("s", 2, 1)))
        raise ZeroDivisionError
    assert list(material.corpus.iterdir()) == []


def test_without_rows_there_is_no_file(material):
    with shards.Writer(material.corpus / "panels-00000.parquet", PANELS) as writer:
        writer.write(PANELS.empty_table())
    assert not material.corpus.exists()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda content: b"", "0 bytes"),
        (lambda content: content[: len(content) // 2], "Parquet"),
        (lambda content: content[:-8] + b"\xff\xff\xff\x7fPAR1", "Parquet"),
        (lambda content: _flipped(content, len(content) // 3), "Parquet"),
        (lambda content: b"PK" + content, "Parquet"),
    ],
)
def test_a_spoilt_file_is_unreadable_and_not_half_read(material, spoil, says):
    path = material.write("train", 0, *(material.story(f"s{n}", 5, n) for n in range(8)))
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(shards.Unreadable, match=says):
        list(shards.pieces(path, PANELS))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.drop_columns(["caption"]), "no column 'caption'"),
        (lambda t: t.append_column("mood", pa.array(["?"] * len(t))), "column 'mood' that the corpus does not know"),
        (lambda t: t.set_column(1, "panel", pa.array(["0"] * len(t))), "column 'panel' holds string, not int32"),
        (lambda t: t.set_column(3, "picture", pa.array(["p"] * len(t))), "column 'picture' holds string"),
    ],
)
def test_a_file_with_other_columns_is_refused_by_their_names(material, tmp_path, change, says):
    pq.write_table(change(material.table(material.story("s", 2, 1))), tmp_path / "other.parquet")
    with pytest.raises(shards.Unreadable, match=says):
        list(shards.pieces(tmp_path / "other.parquet", PANELS))


def test_a_file_of_another_writer_with_wider_types_is_read(material, tmp_path):
    table = material.table(material.story("s", 2, 1))
    wide = table.set_column(1, "panel", table["panel"].cast(pa.int64()))
    wide = wide.set_column(5, "caption", table["caption"].cast(pa.large_string()))
    pq.write_table(wide, tmp_path / "wide.parquet", compression="gzip", version="1.0")
    assert next(shards.pieces(tmp_path / "wide.parquet", PANELS)).to_pylist() == table.to_pylist()


def _flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]
