"""Tables of films as people publish them, and a server that answers like OMDb and TMDB."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from storywright.corpus import shards
from storywright.corpus.schema import CONCEPTS, FILMS
from storywright.sources.films import harvest

Row = dict[str, Any]

HEAD = (
    "adult,belongs_to_collection,budget,genres,homepage,id,imdb_id,original_language,original_title,overview,"
    "popularity,poster_path,production_companies,production_countries,release_date,revenue,runtime,spoken_languages,"
    "status,tagline,title,video,vote_average,vote_count"
)


def tmdb_line(film_id: str, title: str, **changes: str) -> str:
    """A line of movies_metadata.csv."""
    values = {
        "adult": "False",
        "belongs_to_collection": "\"{'id': 1, 'name': 'A Collection'}\"",
        "budget": "30000000",
        "genres": "\"[{'id': 16, 'name': 'Animation'}, {'id': 35, 'name': 'Comedy'}]\"",
        "homepage": "",
        "id": film_id,
        "imdb_id": f"tt{int(film_id):07d}" if film_id.isdecimal() else "",
        "original_language": "en",
        "original_title": title,
        "overview": f'"A toy is jealous. In {title}, it meets Dr. Lee, and they are lost."',
        "popularity": "21.9",
        "poster_path": "/x.jpg",
        "production_companies": "[]",
        "production_countries": "\"[{'iso_3166_1': 'US', 'name': 'United States of America'}]\"",
        "release_date": "1995-10-30",
        "revenue": "373554033.0",
        "runtime": "81.0",
        "spoken_languages": "\"[{'iso_639_1': 'en', 'name': 'English'}]\"",
        "status": "Released",
        "tagline": "",
        "title": title,
        "video": "False",
        "vote_average": "7.7",
        "vote_count": "5415.0",
    } | changes
    return ",".join(values[name] for name in HEAD.split(","))


@dataclass
class Reply:
    said: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


@dataclass
class Asked:
    path: str
    parameters: dict[str, str]
    headers: dict[str, str]


@dataclass
class Town:
    """A server on loopback: what it answers, and what it was asked."""

    port: int
    answer: Callable[[Asked], Reply] = lambda asked: Reply({"Response": "False", "Error": "Movie not found!"})
    asked: list[Asked] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def town() -> Iterator[Town]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
            asked = Asked(parts.path, parameters, {name.lower(): value for name, value in self.headers.items()})
            town.asked.append(asked)
            reply = town.answer(asked)
            body = json.dumps(reply.said).encode() if reply.raw is None else reply.raw
            self.send_response(reply.status)
            for name, value in ({"Content-Type": "application/json"} | reply.headers).items():
                self.send_header(name, value)
            if "Content-Length" not in reply.headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            if "Content-Length" in reply.headers:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    town = Town(server.server_port)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield town
    server.shutdown()
    server.server_close()


class Shelf:
    """A folder that films are taken into."""

    tmdb_line, head = staticmethod(tmdb_line), HEAD
    Reply = Reply

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, folder / "out"

    def take(self, source: harvest.Source, found: Iterator[Any]) -> harvest.Counts:
        return harvest.write(source, found, self.out, "2026-11-20")

    def films(self) -> list[Row]:
        return self._rows("films", FILMS)

    def concepts(self) -> list[Row]:
        return self._rows("concepts", CONCEPTS)

    def rejected(self) -> list[Row]:
        return [json.loads(line) for line in (self.out / "rejected.jsonl").read_text(encoding="utf-8").splitlines()]

    def _rows(self, table: str, schema: Any) -> list[Row]:
        pieces = (piece for path in shards.of_table(self.out, table) for piece in shards.pieces(path, schema))
        return [row for piece in pieces for row in piece.to_pylist()]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)
