"""storywright: from a brief or a chapter to storyboards, and the factory behind the models.

Importing it is light; what is named here is loaded when it is first asked for.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_PLACES = {
    "BadInput": "errors",
    "Brief": "board",
    "Panel": "board",
    "Storyboard": "board",
    "Studio": "studio.studio",
    "TextToImageModel": "studio.generation",
    "TextToVideoModel": "studio.generation",
}

__all__ = [*_PLACES, "__version__"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'storywright' has no attribute {name!r}")
    return getattr(importlib.import_module(f"storywright.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
