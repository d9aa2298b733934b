import errno
import os
from pathlib import Path

import pytest

from storywright import files
from storywright.errors import BadInput


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "board.json"
    files.write_text(path, "old")

    def power_cut(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", power_cut)
    with pytest.raises(KeyboardInterrupt):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_named_and_the_old_file_stays(tmp_path, monkeypatch):
    path = tmp_path / "board.json"
    files.write_text(path, "old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadInput, match=r"disk that holds .*board\.json is full: free some space"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(BadInput, match="cannot be written"), files.full_disk_named(tmp_path):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "x"))


def test_json_is_the_same_text_whatever_the_order_of_its_keys(tmp_path):
    files.write_json(tmp_path / "a.json", {"b": 1, "a": "ё"})
    files.write_json(tmp_path / "b.json", {"a": "ё", "b": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert "ё" in (tmp_path / "a.json").read_text(encoding="utf-8")


def test_a_new_folder_takes_the_place_of_the_old_one(tmp_path):
    new, old = tmp_path / "new", tmp_path / "model"
    for folder, text in ((new, "2"), (old, "1")):
        folder.mkdir()
        (folder / "weights").write_text(text)
    files.replace_folder(new, old)
    assert (old / "weights").read_text() == "2"
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_the_old_folder_comes_back_when_the_new_one_cannot_take_its_place(tmp_path):
    old = tmp_path / "model"
    old.mkdir()
    (old / "weights").write_text("1")
    with pytest.raises(FileNotFoundError):
        files.replace_folder(tmp_path / "nothing", old)
    assert (old / "weights").read_text() == "1"


def test_the_digest_of_a_folder_sees_names_contents_and_nothing_else(tmp_path):
    def folder(name: str, content: dict[str, str]) -> Path:
        for file, text in content.items():
            (tmp_path / name / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / file).write_text(text)
        return tmp_path / name

    first = files.digest(folder("one", {"a": "1", "sub/b": "2"}))
    assert files.digest(folder("two", {"sub/b": "2", "a": "1"})) == first
    assert files.digest(folder("three", {"a": "1", "sub/c": "2"})) != first
    assert files.digest(folder("four", {"a": "1", "sub/b": "3"})) != first


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/../../b", "..\\secret", "C:/secret", "", "a\0b", "link/secret"]
)
def test_a_name_that_leaves_its_folder_is_refused(tmp_path, name):
    board = tmp_path / "board"
    board.mkdir()
    (board / "link").symlink_to(tmp_path)
    with pytest.raises(BadInput):
        files.inside(board, name)


@pytest.mark.parametrize("name", ["panels/01.png", "a..b", "Кадр 1.png"])
def test_an_ordinary_name_stays_as_it_is(tmp_path, name):
    assert files.inside(tmp_path, name) == tmp_path.resolve() / name
