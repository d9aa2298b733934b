"""What a site's robots.txt allows, as RFC 9309 reads it.

Knows nothing about fetching. Groups for our name are merged, the longest matching rule wins, `Allow` wins a draw; `*`
and `$` are matched without backtracking, so that no rule is expensive.
"""

import math
import re
from dataclasses import dataclass

from storywright.sources.web import links

MOST_BYTES = 512_000
"""What is read of a robots.txt; the standard asks for at least 500 KiB."""

_TOKEN = re.compile(r"[A-Za-z_-]+")


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site for one crawler."""

    rules: tuple[tuple[str, bool], ...] = ()
    """Patterns, the longest first and `Allow` before `Disallow`, and whether each allows."""
    delay_seconds: float = 0.0
    """Seconds that the site wants between two fetches."""
    sitemaps: tuple[str, ...] = ()
    """Addresses of its sitemaps, as written."""

    def allows(self, target: str) -> bool:
        """Whether this path and query may be fetched."""
        if target == "/robots.txt":
            return True
        return next((allowed for pattern, allowed in self.rules if _matches(pattern, target)), True)


NOTHING = Robots(rules=(("/", False),))
"""What holds for a site whose robots.txt cannot be had: nothing may be fetched."""


def read(content: bytes, agent: str) -> Robots:
    """The rules that `content` has for the crawler named `agent`."""
    groups: dict[str, list[tuple[str, str]]] = {}
    sitemaps: list[str] = []
    speaking_to: list[str] = []
    in_rules = False
    for name, value in _lines(content):
        if name == "sitemap":
            sitemaps.append(value)
        elif name == "user-agent":
            if in_rules:
                speaking_to, in_rules = [], False
            token = _TOKEN.match(value)
            speaking_to.append(token[0].lower() if token else value)
            groups.setdefault(speaking_to[-1], [])
        elif name in ("allow", "disallow", "crawl-delay"):
            in_rules = True
            for who in dict.fromkeys(speaking_to):
                groups[who].append((name, value))
    lines = groups.get(agent.lower(), groups.get("*", []))
    return Robots(_rules(lines), _delay(lines), tuple(dict.fromkeys(sitemaps)))


def _lines(content: bytes) -> list[tuple[str, str]]:
    text = content[:MOST_BYTES].removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
    found = []
    for line in re.split(r"[\r\n]+", text):
        name, colon, value = line.partition("#")[0].partition(":")
        if colon:
            found.append((name.strip().lower(), value.strip()))
    return found


def _rules(lines: list[tuple[str, str]]) -> tuple[tuple[str, bool], ...]:
    rules = {
        (links.escaped(value) if value.startswith("/") else "/" + links.escaped(value).lstrip("/"), name == "allow")
        for name, value in lines
        if name != "crawl-delay" and value[:1] in ("/", "*")
    }
    return tuple(sorted(rules, key=lambda rule: (-len(rule[0]), not rule[1], rule[0])))


def _delay(lines: list[tuple[str, str]]) -> float:
    longest = 0.0
    for name, value in lines:
        if name == "crawl-delay":
            try:
                seconds = float(value)
            except ValueError:
                continue
            longest = max(longest, seconds) if not math.isnan(seconds) else longest
    return longest


def _matches(pattern: str, target: str) -> bool:
    if "*" not in pattern and not pattern.endswith("$"):
        return target.startswith(pattern)
    ends = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
    if not target.startswith(first):
        return False
    if not others:
        return len(target) == len(first)
    at = len(first)
    for piece in others[:-1]:
        at = target.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    last = others[-1]
    return len(target) - len(last) >= at and target.endswith(last) if ends else target.find(last, at) >= 0
