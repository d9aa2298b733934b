"""What people say, written so that nothing acknowledged is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storywright.errors import BadInput
from storywright.watch import database, feedback
from storywright.watch.feedback import Feedback


def said(key: str, **changes: object) -> Feedback:
    usual: dict[str, object] = {
        "board": "b",
        "panel": "p01",
        "kind": "rating",
        "value": "3",
        "user": "mia",
        "made_ms": 1,
    }
    return Feedback(key=key, **(usual | changes))  # type: ignore[arg-type]


def test_the_same_words_under_the_same_key_are_written_once(tmp_path: Path) -> None:
    engine = database.engine(f"sqlite:///{tmp_path}/studio.db")
    assert feedback.record(engine, said("a"))
    assert not feedback.record(engine, said("a", made_ms=2))
    assert [one.made_ms for one in feedback.read(engine)] == [1]
    with pytest.raises(BadInput, match="'a' was used for other words"):
        feedback.record(engine, said("a", value="5"))


def test_what_was_said_later_than_asked_for_is_left_out(tmp_path: Path) -> None:
    engine = database.engine(f"sqlite:///{tmp_path}/studio.db")
    for moment in (10, 20, 30):
        feedback.record(engine, said(str(moment), made_ms=moment))
    assert [one.key for one in feedback.read(engine, until_ms=20)] == ["10", "20"]
    assert feedback.count(engine, until_ms=20) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"key": ""},
        {"kind": "applause"},
        {"value": "0"},
        {"value": "٣"},
        {"value": "six"},
        {"kind": "choice"},
        {"kind": "edit", "panel": ""},
        {"kind": "edit", "value": "   "},
        {"kind": "edit", "value": "x" * 4001},
        {"user": "x" * 129},
    ],
)
def test_what_means_nothing_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        said(**({"key": "k"} | change))


WRITER = """
import sys
from storywright.watch import database, feedback
engine = database.engine(sys.argv[1])
for number in range(100_000):
    feedback.record(engine, feedback.Feedback(key=str(number), board="b", kind="choice", made_ms=number))
    print(number, flush=True)
"""


def test_nothing_acknowledged_is_lost_when_the_writer_is_killed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/studio.db"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = [int(writer.stdout.readline()) for _ in range(25)]
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in writer.stdout.read().split()]
    writer.wait()
    written = [int(one.key) for one in feedback.read(database.engine(url))]
    assert set(acknowledged) <= set(written)
    assert len(written) <= len(acknowledged) + 1, "at most the one that was under way"


def test_a_database_that_cannot_be_opened_is_one_sentence_without_the_password() -> None:
    with pytest.raises(BadInput, match="STORYWRIGHT_DATABASE_URL") as error:
        database.engine("postgresql://user:secret@127.0.0.1:9/studio")
    assert "secret" not in str(error.value)
    for url in ("nonsense", "sqlite:////proc/no/studio.db"):
        with pytest.raises(BadInput, match="cannot be opened"):
            database.engine(url)
