"""Python reads this first when this folder is on its path: it puts the folder's steps beside those of storywright."""

from pathlib import Path

import storywright.steps

storywright.steps.__path__.append(str(Path(__file__).parent / "steps"))
