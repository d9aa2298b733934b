"""What is acknowledged is on the disk: kills at random moments, and the order of system calls."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def soak() -> ModuleType:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        spec = importlib.util.spec_from_file_location("soak_durability", BENCHMARKS / "soak_durability.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.mark.system("strace")
def test_nothing_acknowledged_is_lost_or_doubled_by_kills_and_the_flush_comes_before_the_answer(tmp_path: Path) -> None:
    """Eight kills, or as many as two minutes allow; `make soak-durability` makes two hundred."""
    call = [
        sys.executable,
        BENCHMARKS / "soak_durability.py",
        "--kills",
        "8",
        "--minutes",
        "2",
        "--out",
        tmp_path / "durability.md",
    ]
    done = subprocess.run(call, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = (tmp_path / "durability.md").read_text()
    assert "| **lost** | **0** |" in told and "| **doubled** | **0** |" in told
    log, flush, answer = (told.index(words) for words in ("go into the log", "flush of the log", "the answer is sent"))
    assert log < flush < answer


WRITTEN = 'pwrite64(9</s/studio.db-wal>, "...traced-word...", 4096, 4152) = 4096'
FLUSHED = "fdatasync(9</s/studio.db-wal>) = 0"
SENT = 'write(14<TCP:[127.0.0.1:1->127.0.0.1:2]>, "HTTP/1.1 201 Created...", 900) = 900'


def test_a_trace_counts_a_flush_where_it_returns_and_not_where_it_begins(soak: ModuleType) -> None:
    begun = "7 fdatasync(9</s/studio.db-wal> <unfinished ...>"
    ended = "7 <... fdatasync resumed>) = 0"
    assert len(soak.in_order([f"7 {WRITTEN}", begun, ended, f"8 {SENT}"])) == 3
    for wrong in ([f"7 {WRITTEN}", begun, f"8 {SENT}", ended], [f"8 {SENT}", f"7 {WRITTEN}", f"7 {FLUSHED}"]):
        with pytest.raises(SystemExit):
            soak.in_order(wrong)


def test_the_soak_notices_what_is_lost_and_what_is_doubled(soak: ModuleType, tmp_path: Path) -> None:
    from sqlalchemy import text

    from storywright.studio.store import Store
    from storywright.watch import database, feedback
    from storywright.watch.feedback import Feedback

    engine = database.engine(f"sqlite:///{tmp_path}/studio.db")
    Store(engine, tmp_path / "pictures")
    book = soak.Book()
    for key in ("a", "b"):
        feedback.record(engine, Feedback(key=key, board="b", kind="rating", value="3", user=key, made_ms=1))
        book.feedback[key] = "3"
    assert soak.looked_at(tmp_path, book) == soak.Found(0, 0)
    feedback.record(engine, Feedback(key="again", board="b", kind="rating", value="3", user="a", made_ms=1))
    assert soak.looked_at(tmp_path, book).doubled == 1
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM feedback WHERE key = 'b'"))
    assert soak.looked_at(tmp_path, book).lost == 1
