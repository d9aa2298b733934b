"""The store, on a real database and real files."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from storywright.board import Panel, Storyboard, read_board
from storywright.errors import BadInput
from storywright.studio.store import Conflict, NotKept, Store, digest_of

PNG = b"\x89PNG one"
OTHER = b"\x89PNG two"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(create_engine(f"sqlite:///{tmp_path}/studio.db"), tmp_path / "pictures")


def board(name: str = "b1") -> Storyboard:
    panels = [Panel(id=f"p{n}", action=f"Panel {n}.", picture=f"panels/{n}.png") for n in (1, 2)]
    return Storyboard(id=name, title="Morning Run", panels=panels)


def added(store: Store, name: str = "b1") -> Storyboard:
    return store.add(board(name), {"panels/1.png": PNG, "panels/2.png": OTHER}, job="j").board


def said(one: Storyboard, action: str) -> Storyboard:
    panels = [one.panels[0].model_copy(update={"action": action}), *one.panels[1:]]
    return one.model_copy(update={"panels": panels})


def revised(store: Store, one: Storyboard, action: str, seen: int, key: str = "") -> int:
    return store.keep(said(one, action), {}, seen=seen, what={"value": action}, who="mia", key=key).number


def test_pictures_are_kept_once_by_their_content_however_many_boards_show_them(store: Store, tmp_path: Path) -> None:
    first, second = added(store, "b1"), added(store, "b2")
    assert digest_of(first.panels[0]) == hashlib.sha256(PNG).hexdigest()
    assert first.panels[0].picture == second.panels[0].picture
    assert store.picture(digest_of(first.panels[0])).read_bytes() == PNG
    assert len(list((tmp_path / "pictures").rglob("*.png"))) == 2


def test_undo_and_redo_go_between_versions_and_a_revision_after_an_undo_loses_none_of_them(store: Store) -> None:
    one = added(store)
    assert [revised(store, one, "A.", 1), revised(store, one, "B.", 2)] == [2, 3]
    assert store.step("b1", -1, seen=3).board.panels[0].action == "A."
    assert store.step("b1", -1, seen=2).board == one
    assert store.can_step("b1", 1) == (False, True)
    assert store.step("b1", 1, seen=1).number == 2
    assert revised(store, one, "C.", 2) == 4
    assert store.step("b1", -1, seen=4).number == 2
    assert store.step("b1", 1, seen=2).board.panels[0].action == "C."
    assert store.version("b1", 3).board.panels[0].action == "B."
    assert [(v.number, v.parent, v.current) for v in store.versions("b1")] == [
        (1, 0, False), (2, 1, False), (3, 2, False), (4, 2, True),
    ]  # fmt: skip


def test_there_is_nothing_to_undo_in_a_new_board(store: Store) -> None:
    added(store)
    for by, word in ((-1, "undo"), (1, "redo")):
        with pytest.raises(BadInput, match=f"nothing to {word}"):
            store.step("b1", by, seen=1)


def test_of_many_editors_of_one_version_one_wins_and_the_others_are_told(store: Store) -> None:
    one = added(store)
    together = threading.Barrier(6)

    def edit(number: int) -> bool:
        together.wait()
        try:
            revised(store, one, f"Editor {number}.", 1)
        except Conflict as error:
            assert "is at version 2 now, and version 1 was looked at" in str(error)
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(edit, range(6))) == 1
    assert len(store.versions("b1")) == 2
    with pytest.raises(Conflict):
        store.step("b1", 1, seen=1)


def test_a_repeated_key_is_the_same_revision_also_when_both_come_at_once(store: Store) -> None:
    one = added(store)
    together = threading.Barrier(4)

    def edit(_: int) -> int:
        together.wait()
        return revised(store, one, "A.", 1, key="k")

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(edit, range(4))) == {2}
    assert len(store.versions("b1")) == 2
    with pytest.raises(Conflict, match="another revision"):
        revised(store, one, "B.", 2, key="k")


def test_a_version_laid_out_is_a_board_that_exports_read(store: Store, tmp_path: Path) -> None:
    one = added(store)
    assert read_board(store.lay_out(one, tmp_path / "laid")) == one
    assert (tmp_path / "laid" / one.panels[1].picture).read_bytes() == OTHER


def test_the_list_comes_in_pages_that_neither_repeat_nor_leave_out(store: Store) -> None:
    names = {added(store, f"b{n}").id for n in range(7)}
    seen: list[str] = []
    while page := store.listed(3, before=seen[-1] if seen else ""):
        seen += [one.id for one in page]
    assert set(seen) == names
    assert len(seen) == 7


def test_what_is_not_there_is_named(store: Store) -> None:
    added(store)
    with pytest.raises(NotKept, match="no board 'nothing'"):
        store.current("nothing")
    with pytest.raises(NotKept, match="no version 9"):
        store.version("b1", 9)
    with pytest.raises(NotKept, match="no picture"):
        store.picture("../../etc/passwd")
    with pytest.raises(BadInput, match=r"panel p1: its picture .* was not given"):
        store.add(board("b2"), {})


def test_a_database_of_a_newer_storywright_is_refused(store: Store, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/studio.db")
    with engine.begin() as connection:
        connection.execute(text("UPDATE store_schema SET version = 99"))
    with pytest.raises(BadInput, match="tables of version 99, and this storywright reads up to 1"):
        Store(engine, tmp_path / "pictures")


_EDITOR = """
import sys
from pathlib import Path
from storywright.studio.store import Store
from storywright.watch import database
home = Path(sys.argv[1])
store = Store(database.engine(f"sqlite:///{home}/studio.db"), home / "pictures")
while True:
    kept = store.current("b1")
    revised = kept.board.model_copy(update={"logline": f"After {kept.number}."})
    number = store.keep(revised, {}, seen=kept.number, what={"from": kept.number}).number
    print(number, flush=True)
"""


def test_what_was_acknowledged_before_a_kill_is_there_after_it_and_nothing_is_doubled(
    store: Store, tmp_path: Path
) -> None:
    added(store)
    editor = subprocess.Popen([sys.executable, "-c", _EDITOR, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert editor.stdout
    acknowledged = [int(editor.stdout.readline()) for _ in range(20)]
    os.kill(editor.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in editor.stdout.read().split("\n") if line.strip()]
    editor.wait()
    numbers = [version.number for version in store.versions("b1")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert set(acknowledged) <= set(numbers)
    assert store.current("b1").number == numbers[-1]
