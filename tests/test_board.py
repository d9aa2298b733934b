import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storywright import board
from storywright.board import Brief, Panel, Storyboard
from storywright.errors import BadInput

SMALLEST = {"title": "Morning Run", "product": {"name": "Aqua Spark"}}


def test_a_title_and_a_product_are_enough_for_a_brief():
    brief = Brief.model_validate(SMALLEST)
    assert (brief.format.seconds, brief.format.aspect, brief.style, brief.language) == (15, "16:9", "ink", "en")


def test_a_brief_reads_the_same_from_yaml_and_json(tmp_path):
    (tmp_path / "b.yaml").write_text("title: Утро\nproduct: {name: Вода}\nlanguage: ru\n", encoding="utf-8-sig")
    (tmp_path / "b.json").write_text(json.dumps({"title": "Утро", "product": {"name": "Вода"}, "language": "ru"}))
    assert board.read_brief(tmp_path / "b.yaml") == board.read_brief(tmp_path / "b.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: A\n", r"field product: Field required"),
        (
            "title: A\nproduct: {name: B}\ncolour: red\n",
            r"field colour: there is no such field: the fields are title, product",
        ),
        (
            "title: A\nproduct: {name: B, color: red}\n",
            r"field product.color: there is no such field, check its spelling",
        ),
        ("title: A\nproduct: {name: B}\nstyle: oil\n", r"field style: .*'flat', 'pencil', 'ink' or 'watercolour'"),
        ("title: A\nproduct: {name: B}\nformat: {aspect: wide}\n", r"field format.aspect: .*16:9, got 'wide'"),
        ("title: A\nproduct: {name: B}\nformat: {seconds: 6, panels: 12}\n", r"at most 8 panels or for more seconds"),
        ("title: A\nproduct: [\n", r"line 3: this is not YAML"),
        ("just words\n", r"a brief is a list of fields"),
        ("", r"a brief is a list of fields"),
    ],
)
def test_a_wrong_brief_is_refused_with_its_file_its_field_and_the_remedy(tmp_path, text, said):
    path = tmp_path / "brief.yaml"
    path.write_text(text)
    with pytest.raises(BadInput, match=said) as refused:
        board.read_brief(path)
    assert str(path) in str(refused.value)


def test_a_brief_that_is_not_there_or_not_text_is_named(tmp_path):
    with pytest.raises(BadInput, match="does not exist"):
        board.read_brief(tmp_path / "none.yaml")
    (tmp_path / "picture.yaml").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(BadInput, match="not UTF-8 text"):
        board.read_brief(tmp_path / "picture.yaml")


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(action=words, voice=words, seconds=st.floats(0.1, 60), mapped=st.dictionaries(words, words), title=words)
def test_whatever_a_board_says_comes_back_from_disk(tmp_path_factory, action, voice, seconds, mapped, title):
    folder = tmp_path_factory.mktemp("board")
    panel = Panel(id="p1", action=action, voice_over=voice, seconds=seconds, drawn_as=mapped)
    made = Storyboard(id="b1", title=title, brief=Brief.model_validate(SMALLEST), panels=[panel])
    made.save(folder)
    assert board.read_board(folder) == made


def test_a_newer_board_is_refused_by_its_version(tmp_path):
    path = Storyboard(id="b", title="t").save(tmp_path)
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 99'))
    with pytest.raises(BadInput, match=r"schema version 99, and this storywright reads up to 1: upgrade"):
        board.read_board(tmp_path)


def test_an_older_board_is_brought_up_to_date_step_by_step(tmp_path, monkeypatch):
    monkeypatch.setattr(board, "SCHEMA_VERSION", 3)
    monkeypatch.setattr(
        board,
        "_MIGRATIONS",
        {
            1: lambda old: {**old, "title": old["name"]},
            2: lambda old: {key: value for key, value in old.items() if key != "name"},
        },
    )
    (tmp_path / "board.json").write_text(json.dumps({"schema_version": 1, "id": "b", "name": "Old"}))
    read = board.read_board(tmp_path)
    assert (read.title, read.schema_version) == ("Old", 3)


@pytest.mark.parametrize("version", [0, -3, "one"])
def test_a_version_that_never_was_is_refused(tmp_path, version):
    (tmp_path / "board.json").write_text(json.dumps({"schema_version": version, "id": "b", "title": "t"}))
    with pytest.raises(BadInput, match="schema"):
        board.read_board(tmp_path)


def test_two_panels_cannot_share_an_id(tmp_path):
    (tmp_path / "board.json").write_text(
        json.dumps({"schema_version": 1, "id": "b", "title": "t", "panels": [{"id": "p"}, {"id": "p"}]})
    )
    with pytest.raises(BadInput, match="two panels have the id 'p'"):
        board.read_board(tmp_path)


@given(st.sampled_from(["16:9", "1:1", "9:16", "4:3", "2.39:1"]), st.integers(32, 1200))
def test_a_picture_has_the_aspect_and_an_even_width(aspect, height):
    width, got = board.picture_size(aspect, height)
    left, right = map(float, aspect.split(":"))
    assert got == height
    assert width % 2 == 0
    assert abs(width - height * left / right) <= 1
