"""How often one may ask: a bucket of tokens for each caller and each kind of request, refilled as time passes.

The buckets of one process are its own; several servers behind one balancer allow as many times as much. Knows nothing
of who asks: a caller is a word here.
"""

import functools
import ipaddress
import math
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from storywright.errors import BadInput

DEFAULT = "requests=1200/m drawing=60/m feedback=6000/m sign-in=10/m"
"""For each caller; whoever has not used the quota of a window may use it at once."""
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_MOST_BUCKETS = 20_000
_PART = re.compile(r"([a-z-]+)=([1-9][0-9]{0,8})/([smh])")


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests in so many seconds."""

    count: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a request for a token."""

    allowed: bool
    left: int
    """Tokens that are left."""
    wait_seconds: int
    """Until the bucket is full again; for a request that was refused, until there is a token."""


class Limits:
    """The buckets of one server."""

    def __init__(self, text: str = DEFAULT, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`text` says the quotas; `off` is none."""
        self.quotas = {} if text.strip() == "off" else parse(DEFAULT) | parse(text)
        self._clock, self._lock = clock, threading.Lock()
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        """What was left, and when; who asked longest ago comes first."""

    def take(self, kind: str, who: str, count: int = 1) -> Verdict | None:
        """Take tokens of a kind for a caller; None where this kind is not limited."""
        quota = self.quotas.get(kind)
        if quota is None:
            return None
        now, rate = self._clock(), quota.count / quota.seconds
        with self._lock:
            left, then = self._buckets.pop((kind, who), (float(quota.count), now))
            left = min(float(quota.count), left + (now - then) * rate)
            allowed = left >= count
            left -= count if allowed else 0
            self._buckets[kind, who] = (left, now)
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
        missing = quota.count - left if allowed else count - left
        return Verdict(allowed, int(left), max(1, math.ceil(missing / rate)))

    def headers(self, kind: str, verdict: Verdict) -> dict[str, str]:
        """What a caller is told about it."""
        quota = self.quotas[kind]
        headers = {
            "RateLimit-Policy": f'"{kind}";q={quota.count};w={quota.seconds}',
            "RateLimit": f'"{kind}";r={verdict.left};t={verdict.wait_seconds}',
        }
        return headers if verdict.allowed else headers | {"Retry-After": str(verdict.wait_seconds)}


def parse(text: str) -> dict[str, Quota]:
    """Quotas such as `requests=1200/m drawing=60/m`."""
    found, known = {}, ("requests", "drawing", "feedback", "sign-in")
    for part in text.replace(",", " ").split():
        match = _PART.fullmatch(part)
        if match is None or match[1] not in known:
            raise BadInput(
                f"STORYWRIGHT_RATE_LIMITS: {part!r} is no limit: write {', '.join(known)} as in `drawing=60/m` (s, m "
                "or h), or `off`."
            )
        found[match[1]] = Quota(int(match[2]), _SECONDS[match[3]])
    return found


@functools.lru_cache(maxsize=4_096)
def of_address(address: str) -> str:
    """What an address counts as: a network of 64 bits for IPv6, of which one customer has whole ones."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)
