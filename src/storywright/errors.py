"""The one error a person can cause.

Everything a user can get wrong is a BadInput: a sentence that names the thing, what is wrong with it and what
would be right. The command line prints it and exits with 2; the API answers it as a problem document.
"""

import contextlib
from collections.abc import Iterator


class BadInput(ValueError):
    """What the user gave cannot be used; the message is the whole explanation."""


@contextlib.contextmanager
def needs_extra(extra: str, purpose: str) -> Iterator[None]:
    """Turn a missing library inside the block into the command that installs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "storywright":
            raise
        raise BadInput(
            f"{purpose} needs the Python package {error.name!r}, which is not installed: "
            f"run `pip install 'storywright[{extra}]'`."
        ) from error
