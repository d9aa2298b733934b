"""One spelling for each address, so that a page is fetched once however it is linked.

Knows nothing about networks: whether a host may be reached is decided in `gate`.
"""

import functools
import ipaddress
import re
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urljoin, urlsplit

import idna

LONGEST_URL = 2_048
"""Longer addresses are traps or mistakes; search engines stop here as well."""

DEFAULT_PORTS = {"http": 80, "https": 443}

_TRACKING = re.compile(
    r"(utm_\w+|gclid|gclsrc|dclid|wbraid|gbraid|fbclid|yclid|ysclid|msclkid|twclid|igshid|mc_cid|mc_eid|_openstat"
    r"|phpsessid|jsessionid|aspsessionid\w*|sessionid|sid)",
    re.IGNORECASE,
)
_SESSION_IN_PATH = re.compile(r";(jsessionid|phpsessid|sid)=[^/;]*", re.IGNORECASE)
_LABELS = re.compile(r"(?!.{254})[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_STRIPPED = "".join(map(chr, range(33)))
_WITHIN = re.compile(r"[\t\r\n]")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PLAIN = re.compile(r"[A-Za-z0-9\-._~/]*")


class Url(NamedTuple):
    """An address in parts, each in its one spelling."""

    scheme: str
    host: str
    port: int
    target: str  # path and query

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a robots.txt speaks for."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{shown}" + ("" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}")

    def __str__(self) -> str:
        return self.origin + self.target


def parsed(url: str, base: str = "") -> Url | None:
    """The address that `url` means on the page `base`; None for what is not an http address or is not one at all."""
    if base and url.startswith("/") and not url.startswith("//"):
        # The same on every page of a site, as the links of its menu are, so that the work is done once.
        base = base[: base.find("/", 8)]
    return _parsed(url, base)


def canonical(url: str, base: str = "") -> str | None:
    """The one spelling of an address: no fragment, no tracking or session parameters, parameters in order."""
    address = parsed(url, base)
    return str(address) if address else None


def escaped(text: str) -> str:
    """A path or query with each character either plain or escaped, always in the same way."""
    if _PLAIN.fullmatch(text):
        return text
    text = _ESCAPE.sub(_unescaped_if_plain, text)
    return quote(text, safe="%/:=&?~#+!$,;'@()*[]")


@functools.lru_cache(maxsize=65_536)
def _parsed(url: str, base: str) -> Url | None:
    url = _WITHIN.sub("", url.strip(_STRIPPED))
    if len(url) > LONGEST_URL:
        return None
    try:
        parts = urlsplit(url)
        if parts.scheme and not parts.netloc:
            return None  # http:x and http:///x are read differently by everyone
        parts = urlsplit(urljoin(base, url)) if base else parts
        port = parts.port
        host = _host(parts.hostname or "")
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or host is None or "@" in parts.netloc or "\\" in parts.netloc or port == 0:
        return None
    target = _path(parts.path) + _query(parts.query)
    return Url(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], target) if len(target) <= LONGEST_URL else None


def _unescaped_if_plain(match: re.Match[str]) -> str:
    byte = int(match[1], 16)
    return chr(byte) if byte in _UNRESERVED else match[0].upper()


def _host(host: str) -> str | None:
    """The one spelling of a host; None for a spelling that different programs read differently."""
    if ":" in host:
        return None if "%" in host else str(ipaddress.IPv6Address(host))
    if "%" in host:
        host = unquote_to_bytes(host).decode("utf-8")
    if not host.isascii():
        host = idna.encode(host, uts46=True).decode("ascii")
    host = host.lower().removesuffix(".")
    if not _LABELS.fullmatch(host):
        return None
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        # 2130706433, 0x7f.1 and 0177.0.0.1 mean 127.0.0.1 to some programs: only four plain decimals are an address.
        return str(ipaddress.IPv4Address(host))
    return host


def _path(path: str) -> str:
    path = escaped(_SESSION_IN_PATH.sub("", path)) or "/"
    if "/." not in path:
        return path
    kept: list[str] = []
    pieces = path.split("/")[1:]
    for piece in pieces:
        if piece == "..":
            del kept[-1:]
        elif piece != ".":
            kept.append(piece)
    return "/" + "/".join(kept) + ("/" if pieces[-1] in (".", "..") and kept else "")


def _query(query: str) -> str:
    if not query:
        return ""
    pairs = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=100)]
    kept = sorted((name, value) for name, value in pairs if not _TRACKING.fullmatch(name))
    return "?" + "&".join(f"{_parameter(name)}={_parameter(value)}" for name, value in kept) if kept else ""


def _parameter(text: str) -> str:
    return quote(text, safe="-._~/:,")
