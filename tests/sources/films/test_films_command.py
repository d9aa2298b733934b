"""`storywright material films` and `rights`, as a person runs them."""

import pytest
from click.testing import CliRunner

from storywright.cli.material import material
from storywright.errors import BadInput


@pytest.fixture
def storywright(monkeypatch):
    def run(*words, **environment):
        for name in ("OMDB_API_KEY", "TMDB_API_KEY", "TMDB_READ_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        return CliRunner().invoke(material, [*map(str, words)], env=environment)

    return run


@pytest.fixture
def export(shelf):
    lines = [shelf.head, shelf.tmdb_line("1", "One"), "broken,row", shelf.tmdb_line("2", "Two", overview="")]
    (shelf.folder / "movies_metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return shelf


def test_a_folder_of_tables_becomes_films_and_concepts_and_says_what_came_of_it(storywright, export):
    done = storywright("films", export.folder, "--out", export.out, "--date", "2026-11-20")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        f"2 films of the TMDB export are in {export.out}; 1 have a logline, which `validate` reads as a concept.",
        f"1 thing could not be taken; {export.out}/rejected.jsonl says why.",
        f"Whose they are and what may be done with them stands in {export.out}/NOTICE.md.",
        f"To learn from them, name {export.out} under `validate.material` in params.yaml.",
    ]
    assert (len(export.films()), len(export.concepts())) == (2, 1)
    assert "The Movie Database" in (export.out / "NOTICE.md").read_text()


def test_two_sources_in_one_folder_leave_each_other_alone(storywright, export):
    storywright("films", export.folder, "--out", export.out)
    (export.folder / "uci").mkdir()
    (export.folder / "uci" / "main.html").write_text(
        "<tr><td> H1<td> T:Notorious<td> 1946<td> D:H<td>|\n<tr><td> x<td>|\n"
    )
    done = storywright("films", export.folder / "uci", "--out", export.out)
    assert done.exit_code == 0, done.output
    assert {film["source"] for film in export.films()} == {"tmdb", "uci"}
    assert {one["source"] for one in export.rejected()} == {"tmdb", "uci"}
    assert (export.out / "NOTICE.md").read_text().count("##") == 2


def test_a_service_is_asked_with_the_key_from_the_environment_and_says_how_often(storywright, shelf, town):
    town.answer = lambda asked: shelf.Reply(
        {"Response": "True", "imdbID": asked.parameters["i"], "Title": "X", "Plot": "A man runs.", "Genre": "Drama"}
    )
    words = ("films", "omdb", "tt0000001", "tt0000002", "--out", shelf.out, "--address", town.address)
    first, again = (storywright(*words, OMDB_API_KEY="s3cret") for _ in range(2))
    assert first.stdout.splitlines()[0] == "2 questions asked, 0 answered from what is kept."
    assert again.stdout.splitlines()[0] == "0 questions asked, 2 answered from what is kept."
    assert town.asked[0].parameters["apikey"] == "s3cret"
    assert "s3cret" not in first.output + again.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("films", "omdb", "tt0000001"), "OMDB_API_KEY is not set"),
        (("films", "omdb"), "Which films?"),
        (("films", "nowhere"), "nowhere does not exist"),
        (("films", ".", "--date", "soon"), "'soon' is not a date"),
        (("rights", "."), "has no table with the columns licence, owner and source"),
    ],
)
def test_what_the_user_got_wrong_is_one_sentence(storywright, shelf, words, says, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    done = storywright(*words, *(("--out", shelf.out) if words[0] == "films" else ()))
    assert isinstance(done.exception, BadInput)
    assert says in str(done.exception)
    assert "\n" not in str(done.exception)


def test_rights_are_told_and_stop_a_script_that_would_pass_on_what_may_not_be(storywright, export):
    storywright("films", export.folder, "--out", export.out)
    told = storywright("rights", export.out)
    assert told.exit_code == 0
    assert "3 rows  The Movie Database: terms of use of its API" in told.stdout
    refused = storywright("rights", export.out, "--share")
    assert isinstance(refused.exception, BadInput)
    assert "may not be passed on: 3 rows stand under The Movie Database" in str(refused.exception)
