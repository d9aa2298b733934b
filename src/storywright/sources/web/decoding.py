"""Answers made readable: decompressed within a limit, and their bytes read as text.

Knows nothing about networks or HTML. Nothing here makes more than the limit, however small the input is.
"""

import codecs
import re
import zlib
from collections.abc import Callable
from typing import Protocol

import brotli
import zstandard

ACCEPTED = "gzip, deflate, br, zstd"
"""What a request says it can read."""

_PIECE_BYTES = 65_536
_ZLIB_PIECE_BYTES = 2_048  # what is left of a piece is copied at the end of each member in it
_ZSTD_PIECE_BYTES = 64  # at most 16 blocks of 128 KiB come out of this
_ZSTD_WINDOW_BYTES = 8 << 20  # what RFC 8878 asks of everyone who reads it

# Only encodings that a page may have; Python's other names, such as zip or punycode, do harm or take long.
_CHARSETS = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "x-cp1251": "windows-1251",
    "x-sjis": "shift_jis",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "utf-16": "utf-16-le",
} | {
    name: name
    for name in (
        *("utf-8", "utf-16-le", "utf-16-be", "utf-16le", "utf-16be"),
        *(f"windows-125{number}" for number in range(9)),
        *(f"iso-8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
        *("koi8-r", "koi8-u", "ibm866", "gb18030", "big5", "euc-jp", "shift_jis", "iso-2022-jp", "euc-kr"),
    )
}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META = re.compile(rb"""<meta[^>]{0,300}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
_HEADER = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)


class TooLargeError(Exception):
    """More came, or would come out, than the limit allows."""


class GarbledError(Exception):
    """What came is not what its encoding says."""


class Decoder(Protocol):
    """Takes an answer piece by piece."""

    def feed(self, piece: bytes) -> None:
        """Take the next piece."""

    def close(self) -> bytes:
        """All that was taken, decompressed; refuses an answer that is not complete."""


def decoder(encoding: str, most_bytes: int) -> Decoder:
    """What reads a body with this Content-Encoding and makes no more than `most_bytes`."""
    coding = encoding.strip().lower()
    makers: dict[str, Callable[[int], Decoder]] = {
        "": _Plain,
        "identity": _Plain,
        "gzip": _Zlib,
        "x-gzip": _Zlib,
        "deflate": _Zlib,
        "br": _Brotli,
        "zstd": _Zstandard,
    }
    if coding not in makers:
        # Also what is compressed twice: nobody needs it, and it multiplies a bomb.
        raise GarbledError(f"its Content-Encoding {coding[:40]!r} was not asked for")
    return makers[coding](most_bytes)


def gunzipped(content: bytes, most_bytes: int) -> bytes:
    """The content of a .gz file, within the limit."""
    reader = _Zlib(most_bytes)
    reader.feed(content)
    return reader.close()


def text(content: bytes, content_type: str) -> str:
    """The words of a page: by its byte order mark, the header, its own declaration, or what its bytes look like."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(name, errors="replace")
    declared = _HEADER.search(content_type)
    inside = _META.search(content[:2_048])
    for name in (declared[1] if declared else "", inside[1].decode("ascii") if inside else ""):
        charset = _CHARSETS.get(name.lower())
        if charset:
            if inside and not declared and charset.startswith("utf-16"):
                charset = "utf-8"  # a declaration that could be read as ASCII is not in UTF-16
            return content.decode(charset, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(_likely(content), errors="replace")


def _likely(content: bytes) -> str:
    """Windows-1251 where most letters outside ASCII would be Cyrillic, else Windows-1252."""
    high = [byte for byte in content[:65_536] if byte >= 0x80]
    cyrillic = sum(byte >= 0xC0 or byte in (0xA8, 0xB8) for byte in high)
    neighbours = len(re.findall(rb"[\xc0-\xff]{3,}", content[:65_536]))
    return "windows-1251" if high and cyrillic > 0.8 * len(high) and neighbours > len(high) / 20 else "windows-1252"


class _Plain:
    def __init__(self, most_bytes: int) -> None:
        self._pieces: list[bytes] = []
        self._room = most_bytes

    def feed(self, piece: bytes) -> None:
        self._keep(piece)

    def close(self) -> bytes:
        return b"".join(self._pieces)

    def _keep(self, piece: bytes) -> None:
        self._room -= len(piece)
        if self._room < 0:
            self._pieces.clear()
            raise TooLargeError
        if piece:
            self._pieces.append(piece)


class _Zlib(_Plain):
    """Both gzip, of one or more members, and deflate, with or without its header."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(most_bytes)
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._started = False

    def feed(self, piece: bytes) -> None:
        if not self._started and piece:
            self._started = True
            if piece[0] & 0x0F != 8 and piece[0] != 0x1F:
                self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for start in range(0, len(piece), _ZLIB_PIECE_BYTES):
                self._few(piece[start : start + _ZLIB_PIECE_BYTES])
        except zlib.error as error:
            raise GarbledError("its compressed body is damaged") from error

    def _few(self, piece: bytes) -> None:
        while piece:
            if self._stream.eof:
                if not piece.startswith(b"\x1f"):
                    return  # padding after the last member
                self._stream = zlib.decompressobj(zlib.MAX_WBITS | 32)
            self._keep(self._stream.decompress(piece, _PIECE_BYTES))
            piece = self._stream.unconsumed_tail or self._stream.unused_data

    def close(self) -> bytes:
        while not self._stream.eof and (rest := self._more()):
            self._keep(rest)
        if self._started and not self._stream.eof:
            raise GarbledError("its compressed body ends too early")
        return super().close()

    def _more(self) -> bytes:
        try:
            return self._stream.decompress(self._stream.unconsumed_tail, _PIECE_BYTES)
        except zlib.error as error:
            raise GarbledError("its compressed body is damaged") from error


class _Brotli(_Plain):
    def __init__(self, most_bytes: int) -> None:
        super().__init__(most_bytes)
        self._stream = brotli.Decompressor()
        self._started = False

    def feed(self, piece: bytes) -> None:
        self._started = self._started or bool(piece)
        try:
            made = self._stream.process(piece, output_buffer_limit=_PIECE_BYTES)
            while made or not self._stream.can_accept_more_data():
                self._keep(made)
                made = self._stream.process(b"", output_buffer_limit=_PIECE_BYTES)
        except brotli.error as error:
            raise GarbledError("its compressed body is damaged") from error

    def close(self) -> bytes:
        if self._started and not self._stream.is_finished():
            raise GarbledError("its compressed body ends too early")
        return super().close()


class _Zstandard(_Plain):
    """The library has no limit for what it makes of its input, so it gets a few blocks at a time."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(most_bytes)
        self._library = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
        self._stream = self._library.decompressobj()
        self._started = False

    def feed(self, piece: bytes) -> None:
        self._started = self._started or bool(piece)
        try:
            for start in range(0, len(piece), _ZSTD_PIECE_BYTES):
                self._few(piece[start : start + _ZSTD_PIECE_BYTES])
        except zstandard.ZstdError as error:
            raise GarbledError("its compressed body is damaged") from error

    def close(self) -> bytes:
        if self._started and not self._stream.eof:
            raise GarbledError("its compressed body ends too early")
        return super().close()

    def _few(self, piece: bytes) -> None:
        while piece:
            if self._stream.eof:
                self._stream = self._library.decompressobj()
            self._keep(self._stream.decompress(piece))
            piece = self._stream.unused_data
