"""The registry: one MLflow registered model, `storywright-studio`, a version of which pins a whole bundle of models.

`bundle` says what a bundle is and whether its files are whole; `versions` keeps bundles in MLflow and moves the aliases
`challenger`, `champion` and `previous`; `gates` decides whether a challenger may become champion;
`card` writes what is known about it.
"""

from storywright.registry.bundle import Bundle
from storywright.registry.versions import (
    CHALLENGER,
    CHAMPION,
    MODEL,
    PREVIOUS,
    ROLLED_BACK,
    Version,
    attach,
    attached,
    challenge,
    champion,
    describe,
    fetch,
    find,
    promote,
    register,
    rollback,
    tag,
    versions,
)

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "MODEL",
    "PREVIOUS",
    "ROLLED_BACK",
    "Bundle",
    "Version",
    "attach",
    "attached",
    "challenge",
    "champion",
    "describe",
    "fetch",
    "find",
    "promote",
    "register",
    "rollback",
    "tag",
    "versions",
]
