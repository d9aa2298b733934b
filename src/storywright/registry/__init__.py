"""The registry: one MLflow registered model, `storywright-studio`, a version of which pins a whole bundle of models.

`bundle` says what a bundle is and whether its files are whole; `versions` keeps bundles in MLflow and moves the aliases
`challenger`, `champion` and `previous`; `evidence` is what speaks for a bundle, `gates` decide by it whether it may
become champion, and `judging` asks them again when somebody else moved an alias; `card` writes what is known about it.
"""

from storywright.registry.bundle import Bundle
from storywright.registry.versions import (
    CHALLENGER,
    CHAMPION,
    MODEL,
    PREVIOUS,
    REFUSED,
    ROLLED_BACK,
    RegistryAwayError,
    Standing,
    Version,
    attach,
    attached,
    challenge,
    champion,
    describe,
    fetch,
    find,
    papers,
    promote,
    register,
    rollback,
    standing,
    tag,
    versions,
    withdraw,
)

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "MODEL",
    "PREVIOUS",
    "REFUSED",
    "ROLLED_BACK",
    "Bundle",
    "RegistryAwayError",
    "Standing",
    "Version",
    "attach",
    "attached",
    "challenge",
    "champion",
    "describe",
    "fetch",
    "find",
    "papers",
    "promote",
    "register",
    "rollback",
    "standing",
    "tag",
    "versions",
    "withdraw",
]
