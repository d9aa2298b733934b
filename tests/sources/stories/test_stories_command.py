"""`storywright material stories`, from the command to what validation says of it."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from storywright.cli.material import material
from storywright.corpus.schema import CONCEPTS, FILMS
from storywright.errors import BadInput
from storywright.steps import command, contract, validate


def storywright(*words):
    return CliRunner().invoke(material, [*map(str, words)])


def test_a_source_goes_in_and_the_command_says_what_came_of_it(makers):
    rows = [makers.reasoning(1), makers.reasoning(2, frame_count=9)]
    path = makers.reasoning_file(makers.folder / "train.parquet", rows)
    done = storywright("stories", path, "--out", makers.out, "--date", "2026-11-20")
    assert done.exit_code == 0, done.output
    first, second, third, _ = done.stdout.splitlines()
    assert first == f"1 story with 5 panels came in; 1 with 5 are in {makers.out} now."
    assert second == f"1 thing could not be taken; {makers.out}/rejected.jsonl says why."
    assert third.startswith("Creative Commons Attribution-NoDerivatives 4.0 (Daniel A. P. Oliveira")
    notice = (makers.out / "NOTICE.md").read_text()
    assert "https://creativecommons.org/licenses/by-nd/4.0/" in notice
    assert "Cite: Oliveira and Matos" in notice
    refused = storywright("rights", makers.out, "--share")
    assert isinstance(refused.exception, BadInput)
    assert "nothing made from them may be passed on" in str(refused.exception)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("nowhere", "nowhere does not exist: name a folder with metadata.csv"),
        ("empty", "empty holds no story"),
        ("note.txt", "note.txt is no source of stories"),
        ("film.mp4", "film.mp4 does not say whose it is"),
        ("someone/Stories", "does not know the terms of someone/Stories"),
        ("bad", "Not one story could be taken: "),
        ("out", "out is where the stories go: name another folder with --out"),
    ],
)
def test_what_the_user_got_wrong_is_one_sentence(makers, source, says):
    (makers.folder / "empty").mkdir()
    (makers.folder / "note.txt").write_text("x")
    (makers.folder / "film.mp4").write_text("x")
    makers.pictures_folder(makers.folder / "bad", "file_name,caption\nnone.png,Words.\n", ())
    place = source if "/" in source else makers.folder / source
    done = storywright("stories", place, "--out", makers.out)
    assert isinstance(done.exception, BadInput)
    assert says in str(done.exception)
    assert "\n" not in str(done.exception)


@pytest.fixture(scope="module")
def validated(makers_of_all):
    """What validation makes of all three kinds of stories and of films, good ones and bad ones."""
    makers = makers_of_all
    names = tuple(f"{n}.png" for n in range(4))
    table = "file_name,caption,story_id\n" + "".join(f"{name},Somebody waits here.,s\n" for name in names)
    makers.take(
        makers.reasoning_file(makers.folder / "a.parquet", [makers.reasoning(n) for n in range(3)]),
        makers.pictures_folder(makers.folder / "album", table, names),
        makers.film(makers.folder / "f.mp4", [one for seed in (1, 2) for one in makers.shot(seed, 40)]),
    )
    rights = {"source": "t", "licence": "CC0-1.0", "owner": "o", "origin": "o", "date": "2026-11-20"}
    concept = dict.fromkeys(CONCEPTS.names, "") | rights | {
        "concept_id": "c", "title": "t", "text": "A man drinks.", "language": "en",
    }  # fmt: skip
    film = dict.fromkeys(FILMS.names) | rights | {
        "film_id": "tmdb:1", "title": "One", "genres": ["Drama"], "logline": "A man runs.", "plot": "A man runs.",
        "language": "en", "terms": "All.", "year": 1995,
    }  # fmt: skip
    bad = [
        film | {"film_id": "tmdb:2", "year": 3_000}, film | {"film_id": "tmdb:3", "terms": ""},
        film | {"film_id": "4"}, film, film | {"film_id": "tmdb:5", "licence": " "},
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist([concept], CONCEPTS), makers.out / "concepts-00000.parquet")
    pq.write_table(pa.Table.from_pylist([film, *bad], FILMS), makers.out / "films-tmdb-00000.parquet")
    out = makers.folder / "validated"
    outputs = validate.Outputs(
        valid=out / "valid", quarantine=out / "quarantine", docs=out / "docs", metrics=out / "metrics.json"
    )
    values = command.read_params(Path(__file__).parents[3] / "params.yaml")["validate"]
    values |= {"languages": {"en": 0.5}, "licences": [], "max_bad_share": 0.9, "threads": 1}
    inputs = validate.Inputs(stories=makers.out, concepts=makers.out)
    validate.run(contract.config_of("validate", values), inputs, outputs)
    return makers, outputs


def test_every_story_of_every_source_passes_validation(validated):
    makers, outputs = validated
    metrics = json.loads(outputs.metrics.read_text())
    assert metrics["panels_quarantined"] == 0
    assert metrics["panels_valid"] == len(makers.panels()) == 3 * 5 + 4 + 2


def test_films_are_checked_by_rules_of_their_own(validated):
    _, outputs = validated
    metrics = json.loads(outputs.metrics.read_text())
    assert (metrics["films_valid"], metrics["films_quarantined"]) == (1, 5)
    kept = pq.read_table(outputs.quarantine / "films-tmdb-00000.parquet").to_pylist()
    assert {row["film_id"]: row["reasons"][-1] for row in kept} == {
        "tmdb:2": "the year is 3000", "tmdb:3": "no terms are named", "4": "the film_id is '4'",
        "tmdb:1": "film tmdb:1 is already in an earlier place", "tmdb:5": "no licence is named",
    }  # fmt: skip
