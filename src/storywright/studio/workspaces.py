"""Whose a board, a job or a picture is: its name says it, so that nothing can be looked up under another's name.

What belongs to the studio's own workspace has plain names; what belongs to another begins with that workspace's name
and two hyphens (`acme--3f2a…-1`), which no workspace's name and no name made here holds. Knows nothing of who asks.
"""

import re
from typing import Any

from sqlalchemy import ColumnElement, not_

from storywright.errors import BadInput

HOME = "studio"
"""The workspace of a studio that has no other."""
_BETWEEN = "--"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 24


def checked(name: str) -> str:
    """The name of a workspace, if it is one."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise BadInput(
            f"{name!r} is no name of a workspace: use up to {_LONGEST} small letters and digits, in parts joined by "
            "single hyphens, such as `north-agency`."
        )
    return name


def own(name: str, workspace: str) -> str:
    """The full name of a thing in a workspace."""
    return name if workspace == HOME else f"{workspace}{_BETWEEN}{name}"


def of(name: str) -> str:
    """The workspace that a thing belongs to."""
    workspace, between, _ = name.partition(_BETWEEN)
    return workspace if between else HOME


def within(column: Any, workspace: str) -> ColumnElement[bool]:
    """The rows whose name in this column belongs to the workspace."""
    if workspace == HOME:
        return not_(column.contains(_BETWEEN))
    condition: ColumnElement[bool] = column.startswith(f"{workspace}{_BETWEEN}", autoescape=True)
    return condition
