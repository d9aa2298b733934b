"""The step on real drawings, some of them spoilt on purpose."""

import csv
import functools
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storywright.corpus import shards
from storywright.corpus.schema import CONCEPTS, FILMS, GROUNDING, PANELS
from storywright.errors import BadInput
from storywright.steps import contract, draw, validate

CONFIG = {
    "languages": {"en": 0.1, "ru": 0.1},
    "licences": [],
    "min_caption_characters": 2,
    "max_caption_characters": 600,
    "min_picture_px": 16,
    "max_picture_px": 1024,
    "max_blank": 0.99,
    "min_in_script": 0.5,
    "max_panels": 64,
    "max_concept_characters": 4_000,
    "max_bad_share": 0.5,
    "threads": 1,
    "material": [],
}


def concept(number: int, **changes: object) -> dict[str, object]:
    return {
        "concept_id": f"c{number}",
        "title": "The first sip",
        "brand": "Aqua",
        "product": "water",
        "category": "drinks",
        "tone": "warm",
        "text": "Somebody misses the bus and drinks.",
        "language": "en",
        "source": "web",
        "licence": "CC0-1.0",
        "owner": "storywright",
        "origin": "http://localhost/1",
        "date": "2026-11-20",
    } | changes


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dozen real stories and some single pictures in two shards, and a few concepts."""
    folder = tmp_path_factory.mktemp("drawn")
    values = {
        "stories": 12,
        "portraits": 12,
        "width_px": 64,
        "height_px": 36,
        "aspects": {"16:9": 1.0},
        "languages": {"en": 0.5, "ru": 0.5},
        "styles": ["flat", "ink"],
        "encoding": "png",
        "seed": 5,
        "date": "2026-11-20",
        "processes": 1,
        "shard_rows": 50,
    }
    draw.run(contract.config_of("draw", values), draw.Inputs(), draw.Outputs(stories=folder, metrics=folder / "m.json"))
    pq.write_table(pa.Table.from_pylist([concept(n) for n in range(6)], CONCEPTS), folder / "concepts-00000.parquet")
    return folder


def run(source: Path, target: Path, **changes: object) -> validate.Outputs:
    shutil.rmtree(target, ignore_errors=True)
    outputs = validate.Outputs(
        valid=target / "valid", quarantine=target / "quarantine", docs=target / "docs", metrics=target / "metrics.json"
    )
    validate.run(
        contract.config_of("validate", CONFIG | changes), validate.Inputs(stories=source, concepts=source), outputs
    )
    return outputs


def spoilt(drawn: Path, folder: Path) -> list[str]:
    """A copy of the drawings where stories are bad in one way each; returns the names of these stories, in order."""
    shutil.copytree(drawn, folder)
    path = folder / "panels-00000.parquet"
    rows = pq.read_table(path, schema=PANELS).to_pylist()
    starts = [at for at, row in enumerate(rows) if row["panel"] == 0 and row["panels"] > 1]
    names = [rows[at]["story_id"] for at in starts[:6]]
    rows[starts[0] + 1]["caption"] = " "
    rows[starts[1] + 2]["picture"]["bytes"] = rows[starts[1] + 2]["picture"]["bytes"][:200]
    rows[starts[2]]["licence"] = None
    rows[starts[3]]["language"] = "ru" if rows[starts[3]]["language"] == "en" else "en"
    rows[starts[4] + 3]["date"] = "yesterday"
    del rows[starts[5] + 1]
    pq.write_table(pa.Table.from_pylist(rows, PANELS), path)
    content = path.read_bytes()
    (folder / "panels-00007.parquet").write_bytes(content[: len(content) // 2])
    concepts = [concept(0, concept_id="c1"), concept(8, text="Напиток на каждый день."), concept(9)]
    pq.write_table(pa.Table.from_pylist(concepts, CONCEPTS), folder / "concepts-00001.parquet")
    return names


@pytest.fixture(scope="module")
def judged(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[validate.Outputs, Path, list[str]]:
    folder = tmp_path_factory.mktemp("judged")
    names = spoilt(drawn, folder / "spoilt")
    return run(folder / "spoilt", folder / "out"), folder / "spoilt", names


def test_real_drawings_go_through_untouched_and_in_order(drawn, tmp_path):
    outputs = run(drawn, tmp_path / "out")
    for path in drawn.glob("*.parquet"):
        assert pq.read_table(outputs.valid / path.name).to_pylist() == pq.read_table(path).to_pylist()
    assert sorted(path.name for path in outputs.quarantine.iterdir()) == ["files.parquet", "reasons.csv"]


def test_every_row_is_either_valid_or_in_quarantine(judged):
    outputs, source, _ = judged
    for table in ("panels", "concepts"):
        for path in source.glob(f"{table}-*.parquet"):
            if path.name == "panels-00007.parquet":
                continue
            there = pq.read_metadata(outputs.valid / path.name).num_rows
            kept = outputs.quarantine / path.name
            there += pq.read_metadata(kept).num_rows if kept.exists() else 0
            assert there == pq.read_metadata(path).num_rows


def test_a_story_with_one_bad_panel_is_quarantined_whole_with_the_reasons(judged):
    outputs, _, names = judged
    good = set(pq.read_table(outputs.valid / "panels-00000.parquet")["story_id"].to_pylist())
    bad = pq.read_table(outputs.quarantine / "panels-00000.parquet").to_pylist()
    assert not good & set(names)
    assert {row["story_id"] for row in bad} == set(names)
    reasons = {name: [row["reasons"] for row in bad if row["story_id"] == name] for name in names}
    assert "the caption has 0 characters" in reasons[names[0]][1]
    assert "of its story is bad: the caption has 0 characters" in reasons[names[0]][0][0]
    assert any(reason.startswith("the picture cannot be decoded") for reason in reasons[names[1]][2])
    assert reasons[names[2]][0] == ["no licence is named"]
    assert any("2 languages" in reason for reason in reasons[names[3]][0])
    assert reasons[names[4]][3] == ["the date is 'yesterday'"]
    assert any("panels here" in reason for reason in reasons[names[5]][0])
    assert all(reason for row in bad for reason in [row["reasons"]])


def test_an_unreadable_file_is_kept_and_named_and_the_others_go_on(judged):
    outputs, source, _ = judged
    listed = pq.read_table(outputs.quarantine / "files.parquet").to_pylist()
    assert [entry["file"] for entry in listed] == ["panels-00007.parquet"]
    assert "Parquet" in listed[0]["reasons"][0]
    kept = outputs.quarantine / "files" / "panels-00007.parquet"
    assert kept.read_bytes() == (source / "panels-00007.parquet").read_bytes()
    assert not (outputs.valid / "panels-00007.parquet").exists()


def test_concepts_are_judged_one_by_one(judged):
    outputs, _, _ = judged
    bad = pq.read_table(outputs.quarantine / "concepts-00001.parquet").to_pylist()
    assert [(row["concept_id"], row["reasons"]) for row in bad] == [
        ("c1", ["concept c1 is already in an earlier place"]),
        ("c8", ["0% of the text's letters are in the script of 'en'"]),
    ]


def test_the_docs_say_what_was_found_and_need_no_network(judged):
    outputs, _, _ = judged
    front = (outputs.docs / "index.html").read_text()
    assert "a licence is named" in front
    assert "panels-00007.parquet" in front
    assert "https://" not in front
    linked = [part.split('"')[0] for part in front.split('href="')[1:]]
    assert len(linked) >= 6
    assert all((outputs.docs / link).is_file() for link in linked)
    with (outputs.quarantine / "reasons.csv").open() as file:
        counted = {line["rule"]: line["rows"] for line in csv.DictReader(file)}
    assert counted["a licence is named"] == "1"


def test_the_same_material_gives_the_same_bytes(judged, tmp_path):
    outputs, source, _ = judged
    again = run(source, tmp_path / "again")
    first, second = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (outputs.metrics.parent, again.metrics.parent)
    )
    assert first == second


def test_an_unfit_corpus_is_refused_with_every_fault_and_the_quarantine_stays(drawn, tmp_path):
    with pytest.raises(BadInput) as caught:
        run(drawn, tmp_path / "out", max_bad_share=0.1, licences=["MIT"], languages={"en": 0.1, "ru": 0.9})
    said = str(caught.value)
    assert "panels (100.0%) are bad, and validate.max_bad_share allows 10.0%" in said
    assert "in 'ru', and validate.languages asks for 90.0%" in said
    assert "row 0: the licence is 'CC0-1.0'" in said
    assert f"Every bad row is in {tmp_path / 'out' / 'quarantine'}" in said
    kept = pq.read_table(tmp_path / "out" / "quarantine" / "panels-00000.parquet")
    assert kept.num_rows == pq.read_metadata(drawn / "panels-00000.parquet").num_rows
    assert "asks for 90.0%" in (tmp_path / "out" / "docs" / "index.html").read_text()


def thing(story: str, **changes: object) -> dict[str, object]:
    empty: dict[str, object] = {field.name: [] if pa.types.is_list(field.type) else "" for field in GROUNDING}
    return empty | {"story_id": story, "panel": 0, "kind": "character", "told": [0, 3]} | changes


def film(film_id: str, **changes: object) -> dict[str, object]:
    known: dict[str, object] = dict.fromkeys(FILMS.names)
    known |= {"film_id": film_id, "title": "The Bus", "genres": ["drama"], "plot": "A man waits.", "terms": "None."}
    return (
        known
        | {name: concept(0)[name] for name in ("language", "source", "licence", "owner", "origin", "date")}
        | changes
    )


@pytest.fixture(scope="module")
def further(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two folders of material of one's own: stories with what is known of them, one of them drawn before; and films."""
    own, films = tmp_path_factory.mktemp("own"), tmp_path_factory.mktemp("films")
    rows = pq.read_table(drawn / "panels-00000.parquet", schema=PANELS).to_pylist()
    names = list(dict.fromkeys(row["story_id"] for row in rows if row["panels"] > 1))[:2]
    told = [row | {"story_id": "mine"} for row in rows if row["story_id"] == names[0]]
    again = [row for row in rows if row["story_id"] == names[1]]
    pq.write_table(pa.Table.from_pylist(told + again, PANELS), own / "panels-00000.parquet")
    things = [thing("mine"), thing(names[0]), thing("nobody's")]
    pq.write_table(pa.Table.from_pylist(things, GROUNDING), own / "grounding-00000.parquet")
    tables = [film("tmdb:1"), film("tmdb:2", year=1066), film("tmdb:1"), film("tmdb:3"), film("tmdb:4")]
    pq.write_table(pa.Table.from_pylist(tables, FILMS), films / "films-tmdb-00000.parquet")
    pq.write_table(pa.Table.from_pylist([concept(1), concept(77)], CONCEPTS), films / "concepts-tmdb-00000.parquet")
    return [own, films]


@pytest.fixture(scope="module")
def taken_in(drawn: Path, further: list[Path], tmp_path_factory: pytest.TempPathFactory) -> validate.Outputs:
    return run(drawn, tmp_path_factory.mktemp("taken") / "out", material=[str(folder) for folder in further])


def test_further_folders_go_through_beside_the_rest_under_names_of_their_own(taken_in):
    outputs = taken_in
    own = pq.read_table(outputs.valid / "panels-m01-00000.parquet")
    assert set(own["story_id"].to_pylist()) == {"mine"}
    reasons = pq.read_table(outputs.quarantine / "panels-m01-00000.parquet")["reasons"].to_pylist()
    assert all("is already in an earlier place" in given[0] for given in reasons)
    assert pq.read_table(outputs.valid / "concepts-m02-tmdb-00000.parquet")["concept_id"].to_pylist() == ["c77"]
    assert pq.read_table(outputs.valid / "films-m02-tmdb-00000.parquet")["film_id"].to_pylist() == [
        "tmdb:1",
        "tmdb:3",
        "tmdb:4",
    ]
    bad = pq.read_table(outputs.quarantine / "films-m02-tmdb-00000.parquet")
    assert bad["reasons"].to_pylist() == [["the year is 1066"], ["film tmdb:1 is already in an earlier place"]]
    things = pq.read_table(outputs.valid / "grounding-m01-00000.parquet")["story_id"].to_pylist()
    lost = pq.read_table(outputs.quarantine / "grounding-m01-00000.parquet")
    assert len(things) == 2
    assert lost["story_id"].to_pylist() == ["nobody's"]
    assert lost["reasons"].to_pylist() == [["its story is not in the corpus"]]


def test_a_folder_added_at_the_end_leaves_what_was_valid_as_it_was(drawn, further, taken_in, tmp_path):
    before = run(drawn, tmp_path / "before", material=[str(further[0])])
    for path in before.valid.iterdir():
        assert (taken_in.valid / path.name).read_bytes() == path.read_bytes()


def test_a_change_in_a_further_folder_is_seen(further, tmp_path):
    folder = shutil.copytree(further[1], tmp_path / "films")
    config = contract.config_of("validate", CONFIG | {"material": [str(folder)]})
    before = validate.outside(config)
    pq.write_table(pa.Table.from_pylist([film("tmdb:9")], FILMS), folder / "films-tmdb-00001.parquet")
    assert validate.outside(config) != before


def test_a_further_folder_without_tables_is_refused_with_the_folder_that_has_some(drawn, further, tmp_path):
    shutil.copytree(further[1], tmp_path / "web" / "concepts")
    with pytest.raises(BadInput, match=r"holds no table of the corpus: name .*web/concepts instead"):
        run(drawn, tmp_path / "out", material=[str(tmp_path / "web")])
    with pytest.raises(BadInput, match="is no folder"):
        run(drawn, tmp_path / "out", material=[str(tmp_path / "nowhere")])
    with pytest.raises(BadInput, match="twice"):
        run(drawn, tmp_path / "out", material=[str(further[1])] * 2)


def test_files_judged_apart_or_together_are_parted_alike(judged, tmp_path, monkeypatch):
    outputs, source, _ = judged
    monkeypatch.setattr(validate, "_JUDGED_AT_ONCE", 20)
    monkeypatch.setattr(validate.shards, "pieces", functools.partial(shards.pieces, rows=16))
    apart = run(source, tmp_path / "apart")
    for place in ("valid", "quarantine"):
        for path in getattr(outputs, place).glob("*.parquet"):
            other = getattr(apart, place) / path.relative_to(getattr(outputs, place))
            assert pq.read_table(other).to_pylist() == pq.read_table(path).to_pylist()


def test_a_corpus_of_nothing_is_refused(drawn, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="no panels-"):
        run(tmp_path / "empty", tmp_path / "out")
    (tmp_path / "empty" / "panels-00000.parquet").write_bytes(b"nothing")
    shutil.copy(drawn / "concepts-00000.parquet", tmp_path / "empty")
    with pytest.raises(BadInput, match=r"none of the 0 panels is good.*panels-00000\.parquet"):
        run(tmp_path / "empty", tmp_path / "out")
