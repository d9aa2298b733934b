"""Which kind of source of films a name is: tables on disk, or a service that is asked with a key."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from storywright.errors import BadInput
from storywright.sources.films import imdb, omdb, tmdb, tmdb_api, uci
from storywright.sources.films.asking import Cache, Service
from storywright.sources.films.film import Bad, Film
from storywright.sources.films.harvest import Source
from storywright.sources.films.items import Item

SERVICES = ("omdb", "tmdb")

Found = tuple[Source, Iterator[Film | Bad]]


def tables(path: Path, language: str, kinds: tuple[str, ...], least_votes: int) -> list[Found]:
    """The tables of films in a folder, or the one that a file is."""
    if not path.exists():
        raise BadInput(f"{path} does not exist: name a folder with tables of films, or one of {', '.join(SERVICES)}.")
    folder = path if path.is_dir() else path.parent
    found: list[Found] = []
    if (folder / tmdb.METADATA).is_file():
        found.append((tmdb.SOURCE, tmdb.films(folder)))
    if imdb.found(folder, imdb.BASICS):
        found.append((imdb.SOURCE, imdb.films(folder, language, kinds, least_votes)))
    for place in (folder, folder / "data"):
        if (place / uci.MAIN).is_file():
            found.append((uci.SOURCE, uci.films(place)))
            break
    if not found:
        raise BadInput(
            f"{folder} holds no table of films: {tmdb.METADATA} (TMDB's export), {imdb.BASICS} or {imdb.BASICS}.gz "
            f"(IMDb) or {uci.MAIN} (UCI) must be in it."
        )
    return found


def service(name: str, cache: Cache, environment: Mapping[str, str], address: str | None) -> Service:
    """The service of this name, with the key from the environment."""
    if name == "omdb":
        key = _key(environment, (omdb.KEY,), "https://www.omdbapi.com/apikey.aspx")[1]
        return omdb.service(key, cache, address=address or omdb.ADDRESS)
    variable, key = _key(environment, (tmdb_api.TOKEN, tmdb_api.KEY), "https://www.themoviedb.org/settings/api")
    token = variable == tmdb_api.TOKEN
    return tmdb_api.service(key, cache, token=token, address=address or tmdb_api.ADDRESS)


def answers(name: str, asked: Service, wanted: Iterable[Item], language: str) -> Found:
    """The films that a service has."""
    if name == "omdb":
        return omdb.SOURCE, omdb.films(asked, wanted)
    return tmdb_api.SOURCE, tmdb_api.films(asked, wanted, language)


def _key(environment: Mapping[str, str], names: tuple[str, ...], address: str) -> tuple[str, str]:
    for name in names:
        if key := environment.get(name, "").strip():
            return name, key
    raise BadInput(f"{' or '.join(names)} is not set: get a key at {address} and put it into the environment.")
