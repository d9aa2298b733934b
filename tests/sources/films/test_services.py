"""OMDb and TMDB, asked over a real connection to a server that answers as they do."""

import contextlib
import datetime
import logging
import sqlite3
import time

import pytest

from storywright.errors import BadInput
from storywright.sources.films import items, omdb, sources, tmdb_api
from storywright.sources.films.asking import Bucket, Cache, Manners, Service

KEY = "s3cret+key/42"
QUICK = Manners(
    per_second=1_000, at_once=100, backoff_seconds=0.01, retries=3, longest_wait_seconds=2.0, answer_seconds=2
)
TOY = {
    "Title": "Toy Story", "Year": "1995", "Rated": "G", "Released": "22 Nov 1995", "Runtime": "81 min",
    "Genre": "Animation, Adventure, Comedy", "Director": "John Lasseter", "Writer": "Joss Whedon",
    "Actors": "Tom Hanks, Tim Allen", "Plot": "A cowboy doll is threatened by a new spaceman.",
    "Language": "English", "Country": "United States", "Awards": "N/A", "Poster": "N/A",
    "Ratings": [{"Source": "Internet Movie Database", "Value": "8.3/10"}], "Metascore": "96", "imdbRating": "8.3",
    "imdbVotes": "1,100,000", "imdbID": "tt0114709", "Type": "movie", "DVD": "N/A", "BoxOffice": "$223,225,679",
    "Production": "N/A", "Website": "N/A", "Response": "True",
}  # fmt: skip
TMDB_TOY = {
    "adult": False, "id": 862, "imdb_id": "tt0114709", "title": "История игрушек", "original_title": "Toy Story",
    "original_language": "en", "overview": "Ковбой Вуди ревнует к новой игрушке.", "tagline": "", "runtime": 81,
    "release_date": "1995-10-30", "vote_average": 7.9, "vote_count": 18_000, "status": "Released",
    "genres": [{"id": 16, "name": "мультфильм"}],
    "production_countries": [{"iso_3166_1": "US", "name": "United States of America"}],
    "credits": {"cast": [{"name": "Tom Hanks", "order": 0}], "crew": [{"name": "John Lasseter", "job": "Director"}]},
    "keywords": {"keywords": [{"id": 931, "name": "jealousy"}]},
}  # fmt: skip


@pytest.fixture
def cache(tmp_path):
    with contextlib.closing(Cache(tmp_path / "answers.sqlite")) as cache:
        yield cache


def ask_omdb(shelf, town, cache, *films, manners=QUICK):
    with omdb.service(KEY, cache, address=town.address, manners=manners) as asked:
        return shelf.take(omdb.SOURCE, omdb.films(asked, items.items(films)))


def ask_tmdb(shelf, town, cache, *films, token=True, language="ru"):
    with tmdb_api.service(KEY, cache, token=token, address=town.address, manners=QUICK) as asked:
        return shelf.take(tmdb_api.SOURCE, tmdb_api.films(asked, items.items(films), language))


def test_a_film_of_omdb_goes_in_with_its_licence(shelf, town, cache):
    town.answer = lambda asked: shelf.Reply(TOY)
    ask_omdb(shelf, town, cache, "tt0114709")
    [film] = shelf.films()
    wanted = {
        "film_id": "omdb:tt0114709", "title": "Toy Story", "year": 1995, "minutes": 81, "votes": 1_100_000,
        "genres": ["Animation", "Adventure", "Comedy"], "directors": ["John Lasseter"], "countries": ["United States"],
        "cast": ["Tom Hanks", "Tim Allen"], "original_language": "en", "licence": "CC-BY-NC-4.0",
        "logline": "A cowboy doll is threatened by a new spaceman.",
    }  # fmt: skip
    assert {name: film[name] for name in wanted} == wanted
    assert town.asked[0].parameters == {
        "apikey": KEY, "i": "tt0114709", "plot": "full", "r": "json", "v": "1",
    }  # fmt: skip


def test_a_film_can_be_named_by_its_title_and_year(shelf, town, cache):
    town.answer = lambda asked: shelf.Reply(TOY)
    ask_omdb(shelf, town, cache, "Toy Story (1995)")
    assert (town.asked[0].parameters["t"], town.asked[0].parameters["y"]) == ("Toy Story", "1995")


def test_what_omdb_does_not_know_is_empty_and_not_na(shelf, town, cache):
    unknown = dict.fromkeys(TOY, "N/A") | {
        "Title": "X",
        "imdbID": "tt1234567",
        "Response": "True",
        "Year": "1995–1998",
    }
    town.answer = lambda asked: shelf.Reply(unknown)
    ask_omdb(shelf, town, cache, "tt1234567")
    [film] = shelf.films()
    assert (film["genres"], film["minutes"], film["rating"], film["plot"], film["year"]) == ([], None, None, "", 1995)


def test_films_that_omdb_does_not_have_are_named_and_the_others_go_in(shelf, town, cache):
    missing = {"Response": "False", "Error": "Error getting data."}
    town.answer = lambda asked: shelf.Reply(TOY if asked.parameters["i"] == "tt0114709" else missing)
    ask_omdb(shelf, town, cache, "tt0000009", "tt0114709", "862")
    assert len(shelf.films()) == 1
    assert [(one["item"], one["reason"].partition(":")[0]) for one in shelf.rejected()] == [
        ("tt0000009", "OMDb does not have it"), ("862", "OMDb knows no numbers of TMDB"),
    ]  # fmt: skip


def test_nothing_is_asked_twice_not_even_what_was_not_there(shelf, town, cache):
    missing = {"Response": "False", "Error": "Movie not found!"}
    town.answer = lambda asked: shelf.Reply(TOY if asked.parameters["i"] == "tt0114709" else missing)
    ask_omdb(shelf, town, cache, "tt0114709", "tt0000009")
    ask_omdb(shelf, town, cache, "tt0114709", "tt0000009", "tt0114709")
    assert len(town.asked) == 2


def test_an_answer_is_not_kept_for_ever(shelf, town, cache, tmp_path):
    town.answer = lambda asked: shelf.Reply(TOY)
    ask_omdb(shelf, town, cache, "tt0114709")
    old = (datetime.date.today() - datetime.timedelta(days=181)).isoformat()
    with contextlib.closing(sqlite3.connect(tmp_path / "answers.sqlite")) as base:
        base.execute("UPDATE answers SET asked = ?", (old,))
        base.commit()
    ask_omdb(shelf, town, cache, "tt0114709")
    assert len(town.asked) == 2


def test_a_film_of_tmdb_is_found_by_its_imdb_id_and_told_in_the_wanted_language(shelf, town, cache):
    def answer(asked):
        if asked.path == "/find/tt0114709":
            return shelf.Reply({"movie_results": [{"id": 862}], "tv_results": []})
        return shelf.Reply(TMDB_TOY if asked.path == "/movie/862" else None, 200 if asked.path == "/movie/862" else 404)

    town.answer = answer
    ask_tmdb(shelf, town, cache, "tt0114709")
    [film] = shelf.films()
    wanted = {
        "film_id": "tmdb-api:862", "imdb_id": "tt0114709", "title": "История игрушек", "original_title": "Toy Story",
        "year": 1995, "genres": ["мультфильм"], "keywords": ["jealousy"], "directors": ["John Lasseter"],
        "cast": ["Tom Hanks"], "language": "ru", "licence": "LicenseRef-TMDB",
        "logline": "Ковбой Вуди ревнует к новой игрушке.",
    }  # fmt: skip
    assert {name: film[name] for name in wanted} == wanted
    assert [one.path for one in town.asked] == ["/find/tt0114709", "/movie/862"]
    assert town.asked[1].parameters == {"append_to_response": "credits,keywords", "language": "ru-RU"}
    assert town.asked[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_key_of_tmdb_goes_where_a_token_does_not(shelf, town, cache):
    town.answer = lambda asked: shelf.Reply(TMDB_TOY)
    ask_tmdb(shelf, town, cache, "862", token=False)
    assert town.asked[0].parameters["api_key"] == KEY
    assert "authorization" not in town.asked[0].headers


def test_a_title_is_searched_for_and_what_is_not_found_is_named(shelf, town, cache):
    def answer(asked):
        if asked.path == "/search/movie":
            found = [{"id": 862}, {"id": 863}] if asked.parameters["query"] == "Toy Story" else []
            return shelf.Reply({"page": 1, "results": found})
        if asked.path == "/movie/862":
            return shelf.Reply(TMDB_TOY)
        return shelf.Reply({"status_code": 34, "status_message": "The resource you requested could not be found."}, 404)

    town.answer = answer
    ask_tmdb(shelf, town, cache, "Toy Story (1995)", "Nonesuch", "99")
    assert town.asked[0].parameters["year"] == "1995"
    assert [(one["item"], one["reason"]) for one in shelf.rejected()] == [
        ("Nonesuch", "TMDB does not have it"), ("99", "TMDB does not have it"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "faults",
    [
        [{"status": 503}, {"status": 500}],
        [{"status": 429, "headers": {"Retry-After": "0"}}],
        [{"raw": b"{", "headers": {"Content-Length": "500"}}],
    ],
)
def test_a_failure_that_may_pass_is_asked_again(shelf, town, cache, faults):
    waiting = list(faults)
    town.answer = lambda asked: shelf.Reply(**waiting.pop(0)) if waiting else shelf.Reply(TOY)
    ask_omdb(shelf, town, cache, "tt0114709")
    assert (len(shelf.films()), len(town.asked)) == (1, len(faults) + 1)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_pause_that_is_asked_for_is_kept(shelf, town, cache, form):
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
    wait = "1" if form == "seconds" else moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
    replies = [shelf.Reply(status=429, headers={"Retry-After": wait}), shelf.Reply(TOY)]
    town.answer = lambda asked: replies.pop(0)
    started = time.monotonic()
    ask_omdb(shelf, town, cache, "tt0114709")
    assert time.monotonic() - started >= 0.9


def test_a_pause_that_is_too_long_ends_the_run_and_what_was_answered_is_kept(shelf, town, cache):
    slow = shelf.Reply(status=429, headers={"Retry-After": "3600"})
    town.answer = lambda asked: shelf.Reply(TOY) if asked.parameters["i"] == "tt0114709" else slow
    with pytest.raises(BadInput, match=r"asks to come back in 3600 s.*run the same command again later"):
        ask_omdb(shelf, town, cache, "tt0114709", "tt0000002")
    town.answer = lambda asked: shelf.Reply(TOY | {"imdbID": asked.parameters["i"]})
    ask_omdb(shelf, town, cache, "tt0114709", "tt0000002")
    assert [one.parameters["i"] for one in town.asked] == ["tt0114709", "tt0000002", "tt0000002"]


def test_a_server_that_only_fails_ends_the_run_with_the_reason(shelf, town, cache):
    town.answer = lambda asked: shelf.Reply(status=502)
    with pytest.raises(BadInput, match=r"omdb cannot be asked now \(it answers 502\)"):
        ask_omdb(shelf, town, cache, "tt0114709")
    assert len(town.asked) == 1 + QUICK.retries


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("Invalid API key!", r"OMDb does not take the key in OMDB_API_KEY \(Invalid API key\): check it"),
        ("Request limit reached!", r"answers no more today .* again tomorrow"),
    ],
)
def test_a_key_that_is_refused_and_a_day_that_is_used_up_are_one_sentence(shelf, town, cache, said, message):
    town.answer = lambda asked: shelf.Reply({"Response": "False", "Error": said}, 401)
    with pytest.raises(BadInput, match=message):
        ask_omdb(shelf, town, cache, "tt0114709", "tt0000002")
    assert len(town.asked) == 1


def test_the_key_is_in_no_error_no_log_and_no_file(shelf, town, cache, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    echo = {"Response": "False", "Error": f"No access for {KEY}, asked as /?apikey=s3cret%2Bkey%2F42&i=x"}
    kept = TOY | {"Website": f"https://www.omdbapi.com/?apikey={KEY}", "Plot": f"It is {KEY}."}
    faults = [shelf.Reply(kept), shelf.Reply(echo), shelf.Reply(echo, 401)]
    town.answer = lambda asked: faults.pop(0)
    with pytest.raises(BadInput) as refused:
        ask_omdb(shelf, town, cache, "tt0114709", "tt0000001", "tt0000002")
    chain, error = [], refused.value
    while error:
        chain.append(repr(error))
        error = error.__cause__ or error.__context__
    town.answer = lambda asked: shelf.Reply(raw=b"x", headers={"Content-Length": "9"})
    with pytest.raises(BadInput) as broken:
        ask_omdb(shelf, town, cache, "tt0000003")
    everything = [*chain, repr(broken.value), caplog.text]
    everything += [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    assert not [text for text in everything if "s3cret" in text]


def test_a_server_that_drips_or_floods_is_left(shelf, town, cache):
    town.answer = lambda asked: shelf.Reply(raw=b'{"a": "' + b"x" * 9_000_000 + b'"}')
    with pytest.raises(BadInput, match=r"more than 8,000,000 bytes"):
        ask_omdb(shelf, town, cache, "tt0114709")


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", b"[1, 2]", b"null", b'"text"', b"\xff\xfe\x00"])
def test_an_answer_that_is_no_film_is_named(shelf, town, cache, body):
    town.answer = lambda asked: shelf.Reply(raw=body) if asked.parameters["i"] != "tt0114709" else shelf.Reply(TOY)
    ask_omdb(shelf, town, cache, "tt0000001", "tt0114709")
    assert shelf.rejected()[0]["reason"] == "OMDb answers 200, and nothing that can be read"


def test_questions_keep_to_their_rate_in_the_long_run():
    bucket = Bucket(per_second=50, most=5)
    started = time.monotonic()
    for _ in range(5):
        bucket.take()
    at_once = time.monotonic() - started
    for _ in range(20):
        bucket.take()
    assert at_once < 0.1
    assert time.monotonic() - started >= 0.39


def test_a_service_is_never_asked_faster_than_its_manners_allow(shelf, town, cache):
    town.answer = lambda asked: shelf.Reply(TOY)
    slow = Manners(per_second=20, at_once=1)
    started = time.monotonic()
    ask_omdb(shelf, town, cache, *(f"tt00000{n}" for n in range(10, 18)), manners=slow)
    assert time.monotonic() - started >= 7 / 20
    assert len(town.asked) == 8


def test_a_key_is_never_sent_in_the_open(cache):
    with pytest.raises(BadInput, match="must begin with https://"):
        Service("omdb", "http://www.omdbapi.com", cache, QUICK, key=KEY)


@pytest.mark.parametrize(
    ("name", "message"),
    [("omdb", "OMDB_API_KEY is not set"), ("tmdb", "TMDB_READ_TOKEN or TMDB_API_KEY is not set")],
)
def test_without_a_key_one_is_told_where_to_get_it(cache, name, message):
    with pytest.raises(BadInput, match=f"{message}: get a key at https://"):
        sources.service(name, cache, {}, None)


def test_a_list_of_films_may_have_comments_and_blank_lines(tmp_path):
    path = tmp_path / "films.txt"
    path.write_text("# to see\n\ntt0114709\nBrother (1997)\n862\n", encoding="utf-8-sig")
    wanted = [(one.imdb_id, one.title, one.year, one.tmdb_id) for one in items.items((), path)]
    assert wanted == [("tt0114709", "", "", ""), ("", "Brother", "1997", ""), ("", "", "", "862")]


def test_a_cache_that_is_none_is_refused_by_name(tmp_path):
    (tmp_path / "answers.sqlite").write_text("no database at all, but long enough to be looked at as one")
    with pytest.raises(BadInput, match="is no cache of answers"):
        Cache(tmp_path / "answers.sqlite")
