from pathlib import Path

import pytest

from storywright.sources.manuscripts import Manuscript, Rights, declared, read
from storywright.studio.adaptation import Adapter, Config, Made

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples" / "manuscripts"


@pytest.fixture(scope="session")
def rights() -> Rights:
    return declared(author="Ann Lee", public_domain=True)


@pytest.fixture
def written(tmp_path):
    """A manuscript of these words."""

    def write(text: str, name: str = "story.txt") -> Manuscript:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read(path)

    return write


@pytest.fixture
def adapted(written, rights, tmp_path):
    """The boards of these words, without pictures."""

    def adapt(text: str, name: str = "story.txt", **wishes) -> list[Made]:
        return Adapter(written(text, name), rights, tmp_path / "out", Config(**wishes)).boards()

    return adapt


@pytest.fixture(scope="session", params=["the-ferry-lamp.txt", "pochta-na-ozere.txt", "the-wrong-suitcase.fountain"])
def example(request) -> Manuscript:
    return read(EXAMPLES / request.param)
