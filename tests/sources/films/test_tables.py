"""The tables of TMDB, IMDb and UCI, with the faults that they are known for."""

import gzip

import pytest

from storywright.errors import BadInput
from storywright.sources.films import imdb, sources, tmdb, uci
from storywright.sources.films.film import logline

CREDITS = "cast,crew,id\n"
WOODY = "\"[{'cast_id': 14, 'character': \"\"Woody's friend\"\", 'credit_id': 'a', 'gender': 2, 'id': 31, 'name': 'Tom Hanks', 'order': 0}, {'cast_id': 15, 'character': 'Buzz }, { Light', 'credit_id': 'b', 'gender': 2, 'id': 12898, 'name': \"\"Tim O'Allen\"\", 'order': 1}]\""  # noqa: E501
CREW = "\"[{'credit_id': 'c', 'department': 'Directing', 'gender': 2, 'id': 7879, 'job': 'Director', 'name': 'John Lasseter'}, {'credit_id': 'd', 'department': 'Writing', 'gender': 2, 'id': 12891, 'job': 'Writer', 'name': 'Joss Whedon'}]\""  # noqa: E501


def export(shelf, *lines: str, keywords: str = "", credits: str = ""):
    (shelf.folder / "movies_metadata.csv").write_text("\n".join((shelf.head, *lines)) + "\n", encoding="utf-8")
    if keywords:
        (shelf.folder / "keywords.csv").write_text(f"id,keywords\n{keywords}", encoding="utf-8")
    if credits:
        (shelf.folder / "credits.csv").write_text(CREDITS + credits, encoding="utf-8")
    return shelf.take(tmdb.SOURCE, tmdb.films(shelf.folder))


def test_a_film_of_the_export_goes_in_with_its_lists_its_logline_and_its_terms(shelf):
    export(
        shelf,
        shelf.tmdb_line("862", "Toy Story"),
        keywords="862,\"[{'id': 931, 'name': 'jealousy'}, {'id': 4290, 'name': 'toy'}]\"\n",
        credits=f"{WOODY},{CREW},862\n",
    )
    [film] = shelf.films()
    wanted = {
        "film_id": "tmdb:862", "imdb_id": "tt0000862", "title": "Toy Story", "year": 1995, "minutes": 81,
        "genres": ["Animation", "Comedy"], "keywords": ["jealousy", "toy"], "directors": ["John Lasseter"],
        "cast": ["Tom Hanks", "Tim O'Allen"], "countries": ["United States of America"], "original_language": "en",
        "votes": 5_415, "language": "en", "licence": "LicenseRef-TMDB", "source": "tmdb", "date": "2026-11-20",
        "origin": "https://www.themoviedb.org/movie/862",
        "logline": "A toy is jealous. In Toy Story, it meets Dr. Lee, and they are lost.",
    }  # fmt: skip
    assert {name: film[name] for name in wanted} == wanted
    assert film["rating"] == pytest.approx(7.7)
    assert "commercial" in film["terms"]


def test_films_with_a_plot_are_loglines_for_the_writer(shelf):
    export(shelf, shelf.tmdb_line("1", "One"), shelf.tmdb_line("2", "Two", overview="No overview found."))
    [concept] = shelf.concepts()
    assert (concept["concept_id"], concept["category"], concept["licence"]) == (
        "film-tmdb-1", "film, Animation, Comedy", "LicenseRef-TMDB",
    )  # fmt: skip
    assert concept["text"].startswith("A toy is jealous.")


def test_the_rows_that_a_line_break_tore_are_put_together(shelf):
    torn = shelf.tmdb_line("82663", "Midnight Man", overview="British soldiers force him.\n - Written by Ørnås")
    export(shelf, shelf.tmdb_line("1", "One"), torn, shelf.tmdb_line("2", "Two"))
    films = {film["film_id"]: film for film in shelf.films()}
    assert set(films) == {"tmdb:1", "tmdb:82663", "tmdb:2"}
    assert films["tmdb:82663"]["plot"] == "British soldiers force him.\n - Written by Ørnås"
    assert (films["tmdb:82663"]["title"], films["tmdb:82663"]["votes"]) == ("Midnight Man", 5_415)
    assert shelf.rejected() == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (" - Written by Ørnås,0.065736,/ff9q.jpg", "it is torn"),
        ("1997-08-20", "it is torn"),
        ("@shifted", "its id is '1997-08-20', which is no number: the row is shifted"),
        ("@genres", "is no list"),
        ("@untitled", "it has no title"),
        ("@adult", "it is for adults only"),
    ],
)
def test_a_row_that_is_no_film_is_named_with_its_line_and_the_others_go_in(shelf, line, reason):
    line = {
        "@shifted": shelf.tmdb_line("1997-08-20", "x"),
        "@genres": shelf.tmdb_line("5", "x", genres="\"[{'id': 16, 'na\""),
        "@untitled": shelf.tmdb_line("5", "", original_title=""),
        "@adult": shelf.tmdb_line("5", "x", adult="True"),
    }.get(line, line)
    export(shelf, shelf.tmdb_line("1", "One"), line, shelf.tmdb_line("2", "Two"))
    assert [film["film_id"] for film in shelf.films()] == ["tmdb:1", "tmdb:2"]
    [rejected] = shelf.rejected()
    assert rejected["origin"].endswith("movies_metadata.csv, line 3")
    assert reason in rejected["reason"]


def test_a_literal_that_would_run_code_is_data_at_most(shelf):
    export(shelf, shelf.tmdb_line("1", "One"), shelf.tmdb_line("2", "x", genres="\"__import__('os').abort()\""))
    assert "is no list" in shelf.rejected()[0]["reason"]


def test_brackets_without_end_are_no_list(shelf):
    export(shelf, shelf.tmdb_line("1", "One"), shelf.tmdb_line("2", "x", genres=f'"{"[" * 100_000}"'))
    assert "is no list" in shelf.rejected()[0]["reason"]


def test_a_film_that_is_there_twice_goes_in_once(shelf):
    counts = export(shelf, shelf.tmdb_line("1", "One"), shelf.tmdb_line("01", "One again"))
    assert ([film["title"] for film in shelf.films()], counts.twice) == (["One"], 1)


def test_what_nobody_has_said_is_missing_and_not_zero(shelf):
    export(
        shelf,
        shelf.tmdb_line("1", "One", runtime="0.0", release_date="", vote_count="0.0", vote_average="0.0", genres="[]"),
    )
    [film] = shelf.films()
    assert (film["minutes"], film["year"], film["rating"], film["votes"], film["genres"]) == (None, None, None, 0, [])


def test_a_plot_in_cyrillic_is_russian(shelf):
    export(shelf, shelf.tmdb_line("1", "Брат", overview='"Бывший солдат приезжает в Петербург."'))
    assert (shelf.films()[0]["language"], shelf.concepts()[0]["language"]) == ("ru", "ru")


@pytest.mark.parametrize("name", ["movies_metadata.csv", "keywords.csv", "credits.csv"])
def test_a_table_with_a_missing_column_is_refused_by_name(shelf, name):
    (shelf.folder / "movies_metadata.csv").write_text(f"{shelf.head}\n{shelf.tmdb_line('1', 'One')}\n")
    (shelf.folder / name).write_text("budget,popularity\n1,2\n")
    with pytest.raises(BadInput, match=rf"{name} has no column 'id'"):
        shelf.take(tmdb.SOURCE, tmdb.films(shelf.folder))
    assert not list(shelf.out.glob("*.parquet"))


def test_a_table_without_one_film_is_explained_and_what_was_there_stays(shelf):
    export(shelf, shelf.tmdb_line("1", "One"))
    with pytest.raises(BadInput, match=r"not one film .* it is for adults only"):
        export(shelf, shelf.tmdb_line("2", "Two", adult="True"))
    assert [film["title"] for film in shelf.films()] == ["One"]


BASICS = "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\truntimeMinutes\tgenres\n"


def imdb_tables(shelf, rows: str, packed: bool = True, **others: str) -> None:
    tables = {"title.basics.tsv": BASICS + rows} | {
        f"{name.replace('_', '.')}.tsv": text for name, text in others.items()
    }
    for name, text in tables.items():
        path = shelf.folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())


@pytest.mark.parametrize("packed", [True, False])
def test_imdbs_tables_are_joined_packed_or_not(shelf, packed):
    imdb_tables(
        shelf,
        "tt0114709\tmovie\tToy Story\tToy Story\t0\t1995\t\\N\t81\tAdventure,Animation\n"
        "tt0000001\tshort\tCarmencita\tCarmencita\t0\t1894\t\\N\t1\tDocumentary\n"
        "tt0000002\tmovie\tOnly for Adults\tx\t1\t1995\t\\N\t\\N\t\\N\n"
        'tt0000003\tmovie\t"Rolling in the Deep\tx\t0\t\\N\t\\N\t\\N\t\\N\n',
        packed=packed,
        title_ratings="tconst\taverageRating\tnumVotes\ntt0114709\t8.3\t1100000\n",
        title_crew="tconst\tdirectors\twriters\ntt0114709\tnm0005124\tnm0923736,nm0004056\n",
        title_principals="tconst\tordering\tnconst\tcategory\tjob\tcharacters\n"
        'tt0114709\t1\tnm0000158\tactor\t\\N\t["Woody"]\ntt0114709\t2\tnm0005124\tdirector\t\\N\t\\N\n',
        name_basics="nconst\tprimaryName\tbirthYear\tdeathYear\nnm0005124\tJohn Lasseter\t1957\t\\N\n"
        "nm0000158\tTom Hanks\t1956\t\\N\n",
    )
    shelf.take(imdb.SOURCE, imdb.films(shelf.folder, "en"))
    toy, quoted = shelf.films()
    wanted = {
        "film_id": "imdb:tt0114709", "imdb_id": "tt0114709", "year": 1995, "minutes": 81, "votes": 1_100_000,
        "genres": ["Adventure", "Animation"], "directors": ["John Lasseter"], "cast": ["Tom Hanks"],
        "licence": "LicenseRef-IMDb-NonCommercial", "origin": "https://www.imdb.com/title/tt0114709/", "logline": "",
    }  # fmt: skip
    assert {name: toy[name] for name in wanted} == wanted
    assert (quoted["title"], quoted["year"], quoted["genres"]) == ('"Rolling in the Deep', None, [])
    assert shelf.concepts() == []


def test_titles_of_imdb_come_in_the_wanted_language(shelf):
    imdb_tables(
        shelf,
        "tt1\tmovie\tBrother\tBrat\t0\t1997\t\\N\t100\tCrime\ntt2\tmovie\tOther\tOther\t0\t\\N\t\\N\t\\N\tDrama\n",
        title_akas="titleId\tordering\ttitle\tregion\tlanguage\ttypes\tattributes\tisOriginalTitle\n"
        "tt1\t1\tBrother\tUS\ten\t\\N\t\\N\t0\ntt1\t2\tБрат\tRU\t\\N\timdbDisplay\t\\N\t0\n",
    )
    shelf.take(imdb.SOURCE, imdb.films(shelf.folder, "ru"))
    assert [(film["title"], film["language"]) for film in shelf.films()] == [("Брат", "ru"), ("Other", "en")]


def test_films_of_imdb_with_few_votes_can_be_left_out(shelf):
    imdb_tables(
        shelf,
        "".join(f"tt{n}\tmovie\tFilm {n}\tx\t0\t2000\t\\N\t90\tDrama\n" for n in range(4)),
        title_ratings="tconst\taverageRating\tnumVotes\ntt0\t5.0\t10\ntt1\t6.0\t5000\n",
    )
    shelf.take(imdb.SOURCE, imdb.films(shelf.folder, "en", least_votes=1_000))
    assert [film["title"] for film in shelf.films()] == ["Film 1"]


def test_a_row_of_imdb_with_too_few_cells_is_named(shelf):
    imdb_tables(shelf, "tt1\tmovie\tOne\tOne\t0\t2000\t\\N\t90\tDrama\ntt2\tmovie\tTorn\n")
    shelf.take(imdb.SOURCE, imdb.films(shelf.folder, "en"))
    assert [(one["origin"].rpartition(", ")[2], len(shelf.films())) for one in shelf.rejected()] == [("line 3", 1)]


def test_a_packed_table_that_breaks_off_is_refused_by_name(shelf):
    imdb_tables(shelf, "".join(f"tt{n}\tmovie\tFilm {n}\tx\t0\t2000\t\\N\t90\tDrama\n" for n in range(2_000)))
    path = shelf.folder / "title.basics.tsv.gz"
    path.write_bytes(path.read_bytes()[:-2_000])
    with pytest.raises(BadInput, match=r"title\.basics\.tsv\.gz is damaged"):
        shelf.take(imdb.SOURCE, imdb.films(shelf.folder, "en"))
    assert not list(shelf.out.glob("*.parquet"))


def test_a_packed_line_without_end_is_refused_before_it_fills_the_memory(shelf):
    with gzip.open(shelf.folder / "title.basics.tsv.gz", "wb") as file:
        for _ in range(40):
            file.write(b"x" * 1_000_000)
    with pytest.raises(BadInput, match="has a line of more than"):
        shelf.take(imdb.SOURCE, imdb.films(shelf.folder, "en"))


MAIN = """<HTML><BODY><H1>Movies MAIN file</H1>
<TABLE>
<tr><th> H<th>title<th>@1922<th>D:Hitchcock<th> prds<th>st<th>prc<th>cat<th>aw<th>locale<th> Nt(first)<th>|
<tr><td> H40<td> T:Rebecca<td> 1940<td> D:Hitchcock<td> PN:David O.Selznick<td> St:UA<td> bnw<td> Susp, Dram<td> AA<td> mansion, England; T(1938)<td> B(Daphne~du~Maurier (book)) Le(2:10) R(PG) <td>|
<tr><td> LuB1<td> Tm:Les Visiteurs du soir; \\'Et\\'e<td> 1942<td> D:Carn\\'e<td> PN:<td> SU:<td> prc<td> Ctxx<td> aw<td> lc<td> Lang(\\Fr) Alt(T:The Devil's Envoys; USA)<td>|
<tr>WvD56<td> T:San Francisco<td> 19xx<td> D:none<td> PN:<td> SU:<td> bnw<td> Disa<td> H<td> S.F., CA<td> <td>|
<tr><td> TBs2<td> T:Shocking<td> 1990<td> D:x<td> PN:<td> SU:<td> col<td> Porn<td> <td> <td> <td>|
<tr><td> Z1<td> T:\\UN<td> 1990<td> D:x<td> <td> <td> <td> <td> <td> <td> <td>|
<tr><td> lost<td> 1982<td> D:x<td>|
</TABLE>
"""  # noqa: E501
PEOPLE = (
    "<TABLE>\n<tr><td> Hitchcock<td> PD<td> H<td> @1922<td> Hitchcock<td> Alfred<td> 1899<td> 1980<td> \\Br<td> <td>|\n"
)
CASTS = (
    "<TABLE>\n<tr><td> H40<td> T:Rebecca<td> Laurence Olivier<td> Und<td> Max de Winter<td>|\n"
    "<tr><td> H40<td> T:Rebecca<td> Joan Fontaine<td> Und<td> second wife<td>|\n"
)


def test_ucis_rows_are_read_by_their_marks_codes_and_notes(shelf):
    for name, text in (("main.html", MAIN), ("people.html", PEOPLE), ("casts.html", CASTS)):
        (shelf.folder / name).write_text(text, encoding="latin-1")
    shelf.take(uci.SOURCE, uci.films(shelf.folder))
    rebecca, visitors, francisco = shelf.films()
    wanted = {
        "film_id": "uci:H40", "title": "Rebecca", "year": 1940, "minutes": 130, "genres": ["Thriller", "Drama"],
        "keywords": ["mansion, England"], "directors": ["Alfred Hitchcock"],
        "cast": ["Laurence Olivier", "Joan Fontaine"], "licence": "LicenseRef-UCI-Movie",
        "owner": "Gio Wiederhold, Stanford University",
    }  # fmt: skip
    assert {name: rebecca[name] for name in wanted} == wanted
    assert (visitors["title"], visitors["original_title"]) == ("The Devil's Envoys", "Les Visiteurs du soir; Été")
    assert (visitors["directors"], visitors["original_language"], visitors["genres"]) == (["Carné"], "fr", [])
    assert (francisco["film_id"], francisco["year"], francisco["directors"]) == ("uci:WvD56", None, [])
    assert [(one["item"], one["reason"].partition(",")[0]) for one in shelf.rejected()] == [
        ("TBs2", "it is for adults only"), ("Z1", "it has no title"), ("lost", "its second cell is no title"),
    ]  # fmt: skip


def test_a_page_that_only_has_the_name_of_ucis_file_is_refused(shelf):
    (shelf.folder / "main.html").write_text("<html><p>Welcome to our site.</p></html>")
    with pytest.raises(BadInput, match=r"has no rows `<tr><td> …`"):
        shelf.take(uci.SOURCE, uci.films(shelf.folder))


def test_an_empty_folder_names_the_tables_that_could_be_there(shelf):
    with pytest.raises(BadInput, match=r"movies_metadata\.csv .* title\.basics\.tsv .* main\.html"):
        sources.tables(shelf.folder, "en", ("movie",), 0)


@pytest.mark.parametrize(
    ("plot", "told"),
    [
        ("", ""),
        ("A man runs.", "A man runs."),
        ("Mr. J. Smith of the U.S. Army wakes up in a city where nobody remembers his name. Then more. And more.",
         "Mr. J. Smith of the U.S. Army wakes up in a city where nobody remembers his name."),
        ("He runs. She follows him to the end of the world. They part.",
         "He runs. She follows him to the end of the world."),
        ('"Run!" he says. «Беги!» И он бежит.', '"Run!" he says. «Беги!»'),
        ("One.\n\nTwo\tthree.", "One. Two three."),
    ],
)  # fmt: skip
def test_a_logline_is_the_first_sentence_or_two(plot, told):
    assert logline(plot) == told


def test_a_sentence_without_end_is_cut_at_a_word():
    told = logline("word " * 400)
    assert len(told) < 600
    assert told.endswith("word…")
