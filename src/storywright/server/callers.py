"""Who asks: a person or a program, in a workspace, with a role. Knows nothing of how that was found out."""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from fastapi import Depends, Request

from storywright.studio.workspaces import HOME

Role = Literal["viewer", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
Needed = Literal["anybody", "viewer", "editor", "admin", "operator"]
"""What a route asks for; an operator is an admin of the studio's own workspace, who answers for the whole server."""
_LEVELS: dict[str, int] = {name: level for level, name in enumerate(get_args(Needed))}


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Somebody who may ask."""

    user: str
    """A name within the workspace; empty for a visitor of a studio on loopback, who is known by a cookie."""
    workspace: str = HOME
    role: Role = "admin"
    by: Literal["loopback", "key", "session"] = "loopback"
    """What they showed."""
    key: str = ""
    """The id of the key or the session; empty where there is none."""

    def may(self, needed: Needed) -> bool:
        """Whether the role is enough."""
        return _LEVELS[self._level] >= _LEVELS[needed]

    @property
    def _level(self) -> str:
        return "operator" if self.role == "admin" and self.workspace == HOME else self.role


def caller_of(request: Request) -> Caller | None:
    """Who asks; None on a route that is open to anybody."""
    found = request.scope.get("state", {}).get("caller")
    return found if isinstance(found, Caller) else None


def user_of(request: Request) -> str:
    """The name of whoever asks: what they signed in as, and only on loopback what their browser says."""
    caller = caller_of(request)
    return caller.user if caller and caller.by != "loopback" else request.cookies.get("studio_user", "")[:64]


async def _user(request: Request) -> str:
    return user_of(request)


User = Annotated[str, Depends(_user)]


async def _the_caller(request: Request) -> Caller:
    caller = caller_of(request)
    return caller or Caller(user="", role="viewer")


TheCaller = Annotated[Caller, Depends(_the_caller)]
