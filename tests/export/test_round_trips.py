import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from storywright.board import (
    Brief,
    CastMember,
    Line,
    Origin,
    Panel,
    Product,
    Provenance,
    Score,
    Shot,
    Span,
    Storyboard,
)  # fmt: skip
from storywright.export import module

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
some = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
numbers = st.floats(-1e6, 1e6)
provenance = st.builds(
    Provenance,
    models=st.lists(st.builds(Origin, role=words, name=words, version=words), max_size=2),
    seed=st.none() | st.integers(0, 2**80),
    prompt=words,
    settings=st.dictionaries(some, words | st.booleans() | st.integers(-(2**40), 2**40) | numbers, max_size=3),
    rights=words,
)
scores = st.lists(st.builds(Score, name=words, value=numbers, reason=words), max_size=2)
panels = st.builds(
    Panel,
    id=some,
    shot=st.builds(Shot, size=st.sampled_from(["full", "insert"]), move=st.sampled_from(["static", "zoom in"])),
    setting=words,
    time_of_day=st.sampled_from([None, "day", "night"]),
    cast=st.lists(words, max_size=2),
    action=words,
    dialogue=st.lists(st.builds(Line, who=some, line=some), max_size=3),
    voice_over=words,
    super=words,
    sound=words,
    seconds=st.floats(0.001, 120),
    picture=st.sampled_from(["", "", "panels/01.png"]),
    drawn_as=st.dictionaries(some, words, max_size=2),
    seed=st.none() | st.integers(-5, 2**40),
    prompt=words,
    source=st.none() | st.builds(Span, start=st.integers(0, 9), end=st.integers(9, 99), quote=words),
    scores=scores,
    provenance=provenance,
)
briefs = st.builds(
    Brief,
    title=some,
    product=st.builds(Product, name=some),
    cast=st.lists(st.builds(CastMember, name=some, looks=words), max_size=2),
    language=st.sampled_from(["en", "ru"]),
)
boards = st.builds(
    Storyboard,
    id=some,
    title=words,
    logline=words,
    brief=st.none() | briefs,
    aspect=st.sampled_from(["16:9", "1:1", "9:16", "2.39:1"]),
    language=st.sampled_from(["en", "ru"]),
    panels=st.lists(panels, max_size=4, unique_by=lambda panel: panel.id),
    scores=scores,
    coverage=st.dictionaries(some, st.lists(words, max_size=2), max_size=2),
    notices=st.lists(words, max_size=2),
    provenance=provenance,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("board")
    (folder / "panels").mkdir()
    Image.new("RGB", (32, 18), "red").save(folder / "panels" / "01.png")
    return folder


@pytest.mark.parametrize("form", ["otio", "storyboarder"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(board=boards, fps=st.sampled_from([24, 25, 30, 23.976]))
def test_a_board_comes_back_as_it_was(form, board, fps, folder):
    pytest.importorskip("opentimelineio", reason="needs the extra `export`")
    path = module(form).write(board, folder, folder / f"x.{form}", fps=fps)
    assert module(form).read(path) == board


@pytest.mark.parametrize("form", ["otio", "fcpxml", "fcp7", "edl", "csv", "xlsx", "srt", "vtt"])
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(board=boards)
def test_any_board_is_written_and_the_same_board_gives_the_same_bytes(form, board, folder):
    pytest.importorskip("opentimelineio", reason="needs the extra `export`")
    pytest.importorskip("openpyxl", reason="needs the extra `export`")
    first, second = (module(form).write(board, folder, folder / f"same.{form}").read_bytes() for _ in range(2))
    assert first == second
