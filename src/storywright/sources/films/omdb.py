"""OMDb, asked film by film with a key from the environment."""

from collections.abc import Iterable, Iterator
from typing import Any

from storywright.sources.films.asking import Answer, Cache, Manners, Service
from storywright.sources.films.film import Bad, Film, different, number, year_in
from storywright.sources.films.harvest import Source
from storywright.sources.films.items import Item

KEY = "OMDB_API_KEY"
ADDRESS = "https://www.omdbapi.com"
MANNERS = Manners(per_second=5.0)
SOURCE = Source(
    name="omdb",
    title="OMDb",
    licence="CC-BY-NC-4.0",
    owner="OMDb API (Brian Fritz)",
    address="https://www.omdbapi.com/?i={}",
)

_NOTHING = "N/A"
_LANGUAGES = {
    "english": "en", "russian": "ru", "french": "fr", "german": "de", "spanish": "es", "italian": "it",
    "japanese": "ja", "korean": "ko", "mandarin": "zh", "cantonese": "zh", "chinese": "zh", "hindi": "hi",
    "portuguese": "pt", "swedish": "sv", "danish": "da", "polish": "pl", "turkish": "tr", "persian": "fa",
    "arabic": "ar", "dutch": "nl", "norwegian": "no", "finnish": "fi", "czech": "cs", "hungarian": "hu",
    "ukrainian": "uk", "greek": "el", "hebrew": "he", "thai": "th",
}  # fmt: skip


def service(key: str, cache: Cache, *, address: str = ADDRESS, manners: Manners = MANNERS) -> Service:
    """OMDb, ready to be asked."""
    return Service("omdb", address, cache, manners, key=key, parameters={"apikey": key}, final=_final)


def films(asked: Service, wanted: Iterable[Item]) -> Iterator[Film | Bad]:
    """The films that are wanted, as far as OMDb has them."""
    for item in wanted:
        if item.tmdb_id:
            yield Bad(item.text, item.where, "OMDb knows no numbers of TMDB: give an IMDb id or a title")
            continue
        question = {"i": item.imdb_id} if item.imdb_id else {"t": item.title} | ({"y": item.year} if item.year else {})
        yield _film(asked.ask("/", **question, plot="full", r="json", v="1"), item)


def _film(answer: Answer, item: Item) -> Film | Bad:
    told = answer.said
    if not isinstance(told, dict) or answer.status != 200:
        return Bad(item.text, item.where, f"OMDb answers {answer.status}, and nothing that can be read")
    if told.get("Response") != "True":
        return Bad(item.text, item.where, f"OMDb does not have it: {told.get('Error', 'no reason given')}")
    known = {name: "" if value == _NOTHING else value for name, value in told.items()}
    if not (known.get("imdbID") and known.get("Title")):
        return Bad(item.text, item.where, "OMDb's answer names no title and no id")
    return Film(
        film_id=f"omdb:{known['imdbID']}",
        imdb_id=known["imdbID"],
        title=known["Title"],
        original_title=known["Title"],
        year=year_in(known.get("Year")),
        minutes=_minutes(known.get("Runtime", "")),
        genres=_list(known.get("Genre")),
        directors=_list(known.get("Director")),
        cast=_list(known.get("Actors")),
        countries=_list(known.get("Country")),
        original_language=_language(known.get("Language")),
        rating=_rating(known.get("imdbRating")),
        votes=number(str(known.get("imdbVotes", "")).replace(",", ""), 0, 1 << 31),
        plot=str(known.get("Plot", "")),
    )


def _final(answer: Answer) -> str:
    """A key that is not taken, and a day's questions that are used up, end it all."""
    if answer.status != 401:
        return ""
    told = answer.said.get("Error", "") if isinstance(answer.said, dict) else ""
    if "limit" in told.lower():
        return (
            f"OMDb answers no more today ({told.rstrip('.!')}): run the same command again tomorrow; what it has "
            "answered so far is kept."
        )
    return f"OMDb does not take the key in {KEY} ({told.rstrip('.!') or 'unauthorised'}): check it at omdbapi.com."


def _list(value: Any) -> tuple[str, ...]:
    return different(str(value or "").split(","))


def _language(value: Any) -> str:
    return _LANGUAGES.get(str(value or "").split(",")[0].strip().lower(), "")


def _minutes(value: Any) -> int | None:
    return number(str(value).replace(",", "").split(" ")[0], 1, 6_000)


def _rating(value: Any) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
