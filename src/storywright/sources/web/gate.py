"""Which addresses may be connected to: public ones, and loopback ports that a person has named.

A name is resolved once for a whole crawl, every address it has must be allowed, and connections go to exactly those
addresses. So a name that changes its answer between the check and the connection gains nothing.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping

from storywright.errors import BadInput
from storywright.sources.web import links

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]
Place = tuple[str, int]
"""A host as it is named in an address, and a port."""

_NOT_PUBLIC = [
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10",  # carriers' own networks
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # relays of 6to4
        "198.18.0.0/15",  # measurements
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped: never travels on the Internet
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b:1::/48",  # local NAT64
        "100::/64",  # discarded
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # old site-local
    )
]
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)


class RefusedError(Exception):
    """Something that is never fetched, however often it is asked for; the message says why."""


class UnresolvedError(Exception):
    """A name that has no address at the moment."""


class Gate:
    """Decides where a connection may go, and remembers where each name leads."""

    def __init__(
        self,
        *,
        loopback: Iterable[Place] = (),
        pinned: Mapping[Place, Place] | None = None,
        ports: Iterable[int] = (),
        resolve: Resolve | None = None,
    ) -> None:
        """`loopback` are the exceptions a person has named; `pinned` leads a name to a place without asking anyone."""
        self._loopback = frozenset(loopback)
        self._pinned = dict(pinned or {})
        self._ports = frozenset(links.DEFAULT_PORTS.values()) | frozenset(ports)
        self._resolve = resolve or _resolve
        self._known: dict[str, list[Address]] = {}
        self._asking = asyncio.Lock()

    async def places(self, host: str, port: int) -> list[Place]:
        """Where to connect for this host and port, best first."""
        if pinned := self._pinned.get((host, port)):
            return [pinned]
        named = (host, port) in self._loopback
        if port not in self._ports and not named:
            raise RefusedError(f"port {port} is neither a web port nor one of a site that was named")
        addresses = await self._addresses(host, port)
        for address in addresses:
            if not (is_public(address) or (named and address.is_loopback)):
                remedy = f"; if you mean it, allow it with --loopback {host}:{port}" if address.is_loopback else ""
                raise RefusedError(f"{host} leads to {address}, which is not a public address{remedy}")
        return [(str(address), port) for address in addresses]

    async def _addresses(self, host: str, port: int) -> list[Address]:
        try:
            return [ipaddress.ip_address(host)]
        except ValueError:
            pass
        async with self._asking:
            if host not in self._known:
                found = await self._resolve(host, port)
                self._known[host] = [ipaddress.ip_address(text.partition("%")[0]) for text in found]
            return self._known[host]


def is_public(address: Address) -> bool:
    """Whether anyone on the Internet would reach the same machine under this address."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            # How a network without IPv4 reaches the rest: what counts is the address behind it.
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if (int(address) >> 32 & 0xFFFFFFFF) in _ISATAP:
            return False
    if any(address in network for network in _NOT_PUBLIC if network.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def place(text: str) -> Place:
    """A place as a person names it: `127.0.0.1:8765`."""
    address = links.parsed(f"http://{text}/") if ":" in text else None
    if address is None or address.target != "/":
        raise BadInput(f"{text!r} is not a place: give a host and a port, such as 127.0.0.1:8765.")
    return address.host, address.port


async def _resolve(host: str, port: int) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnresolvedError(f"{host} has no address ({error.strerror or error})") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
