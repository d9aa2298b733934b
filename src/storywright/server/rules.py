"""Who may use a route: one table for the whole app, made from the routes themselves, that is asked before any of them.

A route that says nothing needs a viewer to be read and an editor to change anything, may name only things of the
caller's own workspace, and takes a small body. What differs is said at the route with `allows`. A route whose path has
a parameter that nobody explained is closed to all but the operators. Knows nothing of who asks.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount

from storywright.server.callers import Needed

Limited = Literal["requests", "drawing", "feedback", "sign-in"]
"""Which of the rates a route counts towards."""
MAX_BODY_BYTES = 1 << 20
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWNED = frozenset({"board_id", "job_id", "order_id"})
"""Parameters of paths that name a thing, and by its name a workspace."""
WITHIN = frozenset({"panel", "number", "name", "digest"})
"""Parameters that name something within a thing, or in the workspace's own folder."""
_MOUNTS: dict[str, Needed] = {"/static": "anybody"}  # style sheets, scripts and typefaces, also of the sign-in page
_RULE = "storywright_rule"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What a request to a route has to meet."""

    needs: Needed
    limited: Limited = "requests"
    max_bytes: int = MAX_BODY_BYTES
    audited: bool = True
    """Whether a change through it is written into the audit log."""
    owned: frozenset[str] = frozenset()
    """Which of its parameters name something that has to be the caller's own."""
    path: str = ""
    """As the route says it, without what a request filled in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    """What a route says of itself."""

    needs: Needed | None
    free: frozenset[str]
    limited: Limited | None
    max_bytes: int
    audited: bool


def allows(
    needs: Needed | None = None,
    *,
    free: Iterable[str] = (),
    limited: Limited | None = None,
    max_bytes: int = MAX_BODY_BYTES,
    audited: bool = True,
) -> Callable[[Endpoint], Endpoint]:
    """Say how a route differs from the usual: who is needed, and which of its parameters name nothing that is owned."""

    def say(endpoint: Endpoint) -> Endpoint:
        said = _Said(needs=needs, free=frozenset(free), limited=limited, max_bytes=max_bytes, audited=audited)
        setattr(endpoint, _RULE, said)
        return endpoint

    return say


@dataclass(frozen=True, slots=True)
class _Way:
    pattern: re.Pattern[str]
    methods: frozenset[str]
    rule: Rule


class Rules:
    """The rules of an app's routes."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._plain: dict[tuple[str, str], Rule] = {}
        self._ways: list[_Way] = []
        self._mounts: dict[str, Rule] = {}
        routes = list(routes)
        for route in routes:
            if isinstance(route, Mount):
                self._mounts[route.path] = Rule(needs=_MOUNTS.get(route.path, "operator"), path=route.path)
        for way in iter_route_contexts([route for route in routes if not isinstance(route, Mount)]):
            path, methods = str(way.path), frozenset(way.methods or ())
            for method in methods:
                rule = _rule(path, method, way.endpoint)
                # The app asks its routes in their order: a plain path may be taken by a pattern that stands before it.
                if "{" in path or any(method in one.methods and one.pattern.match(path) for one in self._ways):
                    self._ways.append(_Way(way.path_regex, frozenset({method}), rule))
                else:
                    self._plain.setdefault((method, path), rule)

    def find(self, method: str, path: str) -> tuple[Rule, dict[str, str]]:
        """The rule of a request, and what its path names; where no route answers it is closed to strangers."""
        asked = "GET" if method == "HEAD" else method
        if rule := self._plain.get((asked, path)):
            return rule, {}
        for way in self._ways:
            if asked in way.methods and (match := way.pattern.match(path)):
                return way.rule, match.groupdict()
        for prefix, rule in self._mounts.items():
            if path.startswith(f"{prefix}/"):
                return rule, {}
        return Rule(needs="viewer", audited=False), {}


def _rule(path: str, method: str, endpoint: Any) -> Rule:
    said = getattr(endpoint, _RULE, None) or _Said(
        needs=None, free=frozenset(), limited=None, max_bytes=MAX_BODY_BYTES, audited=True
    )
    needs = said.needs or ("viewer" if method in SAFE_METHODS else "editor")
    if unexplained(path, said.free):
        needs = "operator"
    return Rule(
        needs=needs, limited=said.limited or "requests", max_bytes=said.max_bytes, path=path,
        audited=said.audited and method not in SAFE_METHODS, owned=parameters(path) & OWNED - said.free,
    )  # fmt: skip


def unexplained(path: str, free: Iterable[str] = ()) -> set[str]:
    """The parameters of a path of which nobody said what they name."""
    return set(parameters(path) - OWNED - WITHIN - set(free))


def parameters(path: str) -> frozenset[str]:
    """The parameters of a path."""
    return frozenset(re.findall(r"\{(\w+)(?::\w+)?\}", path))
