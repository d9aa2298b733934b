"""One request and its answer, within the limits and through the gate.

Built on httpcore, the engine below httpx, because its network backend is the one place through which every connection
goes: there a name becomes the addresses that the gate allows, and nothing else connects. Redirects are handed back,
never followed here unless asked for, so that each goes through the same checks. Proxies of the environment are not
used: behind one, the address that is connected to could not be checked.
"""

import asyncio
import functools
import re
import ssl
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import certifi
import httpcore

from storywright.sources.web import decoding, links
from storywright.sources.web.gate import Gate, RefusedError, UnresolvedError
from storywright.sources.web.limits import Limits

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_HEADERS = 200
_MOST_PIECES, _SMALL_PIECE_BYTES = 5_000, 64
_PRINTABLE = re.compile(r"[^\x21-\x7e]+")


class FailedError(Exception):
    """An attempt that may go well another time: no connection, a broken answer, too slow."""


class AstrayRedirectsError(RefusedError):
    """Redirects without an end."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    url: str
    status: int
    headers: Mapping[str, str]
    """By lower-case name; of a header that is there twice, the first."""
    body: bytes = b""
    """Decompressed; empty where the status or the kind of content was not asked for."""

    @property
    def kind(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def location(self) -> str | None:
        """Where a redirect leads, in its one spelling; None for what is not an http address."""
        return links.canonical(self.headers.get("location", ""), self.url) if "location" in self.headers else None


class Fetcher:
    """Keeps connections and makes requests; one for a whole crawl."""

    def __init__(
        self, gate: Gate, limits: Limits, *, agent: str, connections: int = 8, trust: ssl.SSLContext | None = None
    ) -> None:
        self._limits = limits
        self._headers = [
            (b"User-Agent", agent.encode("ascii", "replace")),
            (b"Accept", b"text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"),
            (b"Accept-Language", b"en, ru;q=0.8, *;q=0.5"),
            (b"Accept-Encoding", decoding.ACCEPTED.encode()),
        ]
        self._timeouts = {"connect": limits.connect_seconds}
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust or _public_trust(),
            max_connections=connections,
            http2=True,
            network_backend=_GatedNetwork(gate),
        )

    async def get(
        self,
        url: str,
        *,
        known: Mapping[str, str] | None = None,
        kinds: Collection[str] = (),
        first_bytes: int | None = None,
    ) -> Answer:
        """Ask once.

        `known` holds If-None-Match and If-Modified-Since. The body is read only for the wanted `kinds`, if any are
        given, and of a longer one only the `first_bytes`, where the rest is not needed.
        """
        address = links.parsed(url)
        if address is None:
            raise RefusedError("it is not an http or https address that everyone reads in the same way")
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                return await self._asked(url, address, known or {}, kinds, first_bytes)
        except TimeoutError as error:
            raise FailedError(f"no whole answer within {self._limits.answer_seconds:g} s") from error
        except UnresolvedError as error:
            raise FailedError(str(error)) from error
        except decoding.TooLargeError as error:
            raise RefusedError("its answer is larger than the limit") from error
        except decoding.GarbledError as error:
            raise RefusedError(str(error)) from error
        except (
            httpcore.NetworkError,
            httpcore.TimeoutException,
            httpcore.ProtocolError,
            ssl.SSLError,
            OSError,
        ) as error:
            raise FailedError(f"the connection or the answer broke ({_told(error)})") from error

    async def follow(self, url: str, *, first_bytes: int | None = None) -> Answer:
        """Ask, and go along redirects within the limit; for what is no page of its own, such as robots.txt."""
        answer = await self.get(url, first_bytes=first_bytes)
        for _ in range(self._limits.redirects):
            if answer.status not in REDIRECTS:
                return answer
            if answer.location is None:
                raise RefusedError("it redirects to what is not an http address")
            answer = await self.get(answer.location, first_bytes=first_bytes)
        if answer.status in REDIRECTS:
            raise AstrayRedirectsError(f"it redirects more than {self._limits.redirects} times")
        return answer

    async def __aenter__(self) -> "Fetcher":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.aclose()

    async def _asked(
        self,
        url: str,
        address: links.Url,
        known: Mapping[str, str],
        kinds: Collection[str],
        first_bytes: int | None,
    ) -> Answer:
        host = address.origin.partition("://")[2].encode("ascii")
        headers = [(b"Host", host), *self._headers]
        headers += [(name.encode("ascii"), value.encode("ascii")) for name, value in known.items()]
        target = httpcore.URL(
            scheme=address.scheme.encode(),
            host=address.host.encode(),
            port=address.port,
            target=address.target.encode("ascii"),
        )
        extensions: dict[str, Any] = {"timeout": self._timeouts}
        async with self._pool.stream("GET", target, headers=headers, extensions=extensions) as response:
            answer = Answer(url, response.status, _headers(response.headers))
            if response.status != 200 or (kinds and answer.kind and answer.kind not in kinds):
                if len(claimed := answer.headers.get("content-length", "")) < 5 and claimed.isdecimal():
                    await response.aread()  # so that the connection can be used again
                return answer
            return Answer(url, response.status, answer.headers, await self._body(response, answer.headers, first_bytes))

    async def _body(self, response: httpcore.Response, headers: Mapping[str, str], first_bytes: int | None) -> bytes:
        claimed = headers.get("content-length", "")
        room = self._limits.body_bytes
        if first_bytes is None and claimed.isdecimal() and int(claimed[:20]) > room:
            raise decoding.TooLargeError
        coding = headers.get("content-encoding", "")
        reader = decoding.decoder(coding, self._limits.decoded_bytes)
        cut = first_bytes if not coding else None
        taken = pieces = 0
        async for piece in response.aiter_stream():
            taken, pieces = taken + len(piece), pieces + 1
            if taken > room:
                raise decoding.TooLargeError
            if pieces > _MOST_PIECES + taken // _SMALL_PIECE_BYTES:
                raise RefusedError("its answer comes in pieces of a few bytes")  # each costs as much as a large one
            reader.feed(piece)
            if cut is not None and taken >= cut:
                break
        return reader.close()


class _GatedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the addresses that the gate gives, and to nothing else; TLS still asks for the name."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        problem: Exception = FailedError(f"{host} has no address")
        for address, at in await self._gate.places(host, port):
            try:
                async with asyncio.timeout(timeout):
                    return _Stream(*await asyncio.open_connection(address, at))
            except OSError as error:
                problem = error
        raise problem


class _Stream(httpcore.AsyncNetworkStream):
    """A connection on asyncio's own streams; the time of a whole answer is limited above, so not that of each piece."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._reader.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if buffer:
            self._writer.write(buffer)
            await self._writer.drain()

    async def aclose(self) -> None:
        self._writer.close()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        await self._writer.start_tls(ssl_context, server_hostname=server_hostname, ssl_handshake_timeout=timeout)
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # how httpcore asks whether the server has hung up meanwhile
            return self._reader.at_eof()
        return self._writer.get_extra_info(info)


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in raw[:_MOST_HEADERS]:
        found.setdefault(name.decode("ascii", "replace").lower(), value.decode("latin-1"))
    return found


def _told(error: Exception) -> str:
    return _PRINTABLE.sub(" ", str(error))[:200].strip() or type(error).__name__


@functools.cache
def _public_trust() -> ssl.SSLContext:
    trust = ssl.create_default_context()
    trust.load_verify_locations(certifi.where())
    return trust
