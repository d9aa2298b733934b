"""TMDB's interface, asked film by film with a read token or a key from the environment."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from storywright.sources.films import tmdb
from storywright.sources.films.asking import Answer, Cache, Manners, Service
from storywright.sources.films.film import Bad, Film
from storywright.sources.films.harvest import Source
from storywright.sources.films.items import Item

TOKEN, KEY = "TMDB_READ_TOKEN", "TMDB_API_KEY"
ADDRESS = "https://api.themoviedb.org/3"
MANNERS = Manners(per_second=20.0, at_once=20)
SOURCE = Source(
    name="tmdb-api",
    title="TMDB's interface",
    licence="LicenseRef-TMDB",
    owner="The Movie Database (TMDB)",
    address="https://www.themoviedb.org/movie/{}",
)

_REGIONS = {"en": "en-US", "ru": "ru-RU"}


def service(key: str, cache: Cache, *, token: bool, address: str = ADDRESS, manners: Manners = MANNERS) -> Service:
    """TMDB, ready to be asked; a read token goes into a header, a key into the question."""
    headers = {"Authorization": f"Bearer {key}"} if token else {}
    parameters = {} if token else {"api_key": key}
    return Service("tmdb", address, cache, manners, key=key, parameters=parameters, headers=headers, final=_final)


def films(asked: Service, wanted: Iterable[Item], language: str) -> Iterator[Film | Bad]:
    """The films that are wanted, as far as TMDB has them, told in this language."""
    region = _REGIONS.get(language, language)
    for item in wanted:
        film_id = item.tmdb_id or _found(asked, item, region)
        if not film_id:
            yield Bad(item.text, item.where, "TMDB does not have it")
            continue
        answer = asked.ask(f"/movie/{film_id}", append_to_response="credits,keywords", language=region)
        yield _film(answer, item, language)


def _found(asked: Service, item: Item, region: str) -> str:
    """TMDB's number of a film that is named otherwise; of several with its title the first, as TMDB orders them."""
    if item.imdb_id:
        said = asked.ask(f"/find/{item.imdb_id}", external_source="imdb_id", language=region).said
        results = said.get("movie_results") if isinstance(said, dict) else None
    else:
        year = {"year": item.year} if item.year else {}
        said = asked.ask("/search/movie", query=item.title, include_adult="false", language=region, **year).said
        results = said.get("results") if isinstance(said, dict) else None
    first = results[0] if isinstance(results, list) and results else {}
    return str(first.get("id", "")) if isinstance(first, dict) else ""


def _film(answer: Answer, item: Item, language: str) -> Film | Bad:
    told = answer.said
    if answer.status == 404:
        return Bad(item.text, item.where, "TMDB does not have it")
    if answer.status != 200 or not isinstance(told, dict) or not told.get("id"):
        return Bad(item.text, item.where, f"TMDB answers {answer.status}, and nothing that can be read")
    if told.get("adult") is True:
        return Bad(item.text, item.where, "it is for adults only")
    people = told.get("credits") or {}
    record: Mapping[str, Any] = told | {
        "keywords": (told.get("keywords") or {}).get("keywords", []),
        "directors": tmdb.directors_in(people.get("crew")),
        "cast": tmdb.names_in(people.get("cast")),
    }
    film = tmdb.film_of(record, f"tmdb-api:{told['id']}", language)
    return film if film.title else Bad(item.text, item.where, "it has no title")


def _final(answer: Answer) -> str:
    """A key that is not taken ends it all."""
    if answer.status not in (401, 403):
        return ""
    told = answer.said.get("status_message", "") if isinstance(answer.said, dict) else ""
    return (
        f"TMDB does not take the key in {TOKEN} or {KEY} ({told.rstrip('.') or 'unauthorised'}): check it in your "
        "account's settings at themoviedb.org."
    )
