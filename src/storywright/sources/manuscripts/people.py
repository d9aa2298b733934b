"""Names of people as title pages write them."""

import re

_BETWEEN = re.compile(r"\s*(?:\n|;|&|\+|,(?!\s*(?:Jr|Sr|II|III|IV)\b)|\band\b|\bи\b)\s*")
_CREDIT = re.compile(r"^(?:(?:written|screenplay|story|teleplay)\s+)?by\s+", re.IGNORECASE)


def people(names: str) -> tuple[str, ...]:
    """The names in a line or more, such as `Ann Lee & Bo Chen`, each once."""
    found = (" ".join(_CREDIT.sub("", name.strip()).split()) for name in _BETWEEN.split(names[:2_000]))
    return tuple(dict.fromkeys(name for name in found if name))
