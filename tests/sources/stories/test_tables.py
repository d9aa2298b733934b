"""Folders of panels as a source: drawn stories and a team's own in one place."""

import pyarrow as pa
import pyarrow.parquet as pq

from storywright.corpus.schema import PANELS
from storywright.steps import contract, draw

DRAWN = {
    "stories": 3, "portraits": 2, "width_px": 64, "height_px": 36, "aspects": {"16:9": 1.0}, "languages": {"en": 1.0},
    "styles": ["ink"], "encoding": "jpeg", "seed": 1, "date": "2026-11-20", "processes": 1, "shard_rows": 9,
}  # fmt: skip


def test_drawn_stories_and_a_teams_own_come_together_unchanged(makers):
    drawn = makers.folder / "drawn"
    outputs = draw.Outputs(stories=drawn, metrics=makers.folder / "metrics.json")
    draw.run(contract.config_of("draw", DRAWN), draw.Inputs(), outputs)
    makers.take(makers.reasoning_file(makers.folder / "a.parquet", [makers.reasoning(1)]))
    own, things = makers.panels(), makers.grounding()
    first, makers.out = makers.out, makers.folder / "all"
    makers.take(first, drawn)
    panels = makers.panels()
    assert panels[:5] == own
    assert makers.grounding() == things
    rows = [row for path in sorted(drawn.glob("*.parquet")) for row in pq.read_table(path, schema=PANELS).to_pylist()]
    for row in rows:
        row["picture"]["path"] = ""
    assert panels[5:] == rows


def test_a_table_that_is_broken_and_a_story_with_a_hole_stay_out_by_name(makers):
    makers.take(makers.reasoning_file(makers.folder / "a.parquet", [makers.reasoning(1), makers.reasoning(2)]))
    rows = makers.panels()
    folder = makers.folder / "panels"
    folder.mkdir()
    table = pa.Table.from_pylist([*rows[:3], *rows[4:]], PANELS)
    pq.write_table(table, folder / "panels-00000.parquet")
    (folder / "panels-00001.parquet").write_bytes(b"PAR1 and nothing else PAR1")
    makers.out = makers.folder / "all"
    makers.take(folder)
    assert {row["story_id"] for row in makers.panels()} == {"storyreasoning-2"}
    assert [one["item"] for one in makers.rejected()] == ["storyreasoning-1", "panels-00001.parquet"]
