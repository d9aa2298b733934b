"""The bar of the project: a board's coverage report names at least 80 % of the events that a careful reader lists."""

import hashlib
import importlib.util
import json
import sys
from pathlib import Path

import pytest

from storywright.sources.manuscripts import read

ROOT = Path(__file__).parents[3]
BOOKS = ROOT.parent / "shared" / "data" / "books"
sys.path.insert(0, str(ROOT / "benchmarks"))
_SPEC = importlib.util.spec_from_file_location("bench_adaptation", ROOT / "benchmarks" / "bench_adaptation.py")
bench = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(bench)
sys.path.remove(str(ROOT / "benchmarks"))
HELD_OUT = sorted(bench.HELD_OUT.glob("*.json"))


@pytest.mark.parametrize("reader", ["alice", "fathers-and-sons"])
def test_the_report_names_what_a_reader_lists(reader):
    listed = json.loads((bench.READERS / f"{reader}.json").read_text(encoding="utf-8"))
    book = BOOKS / listed["file"]
    if not book.is_file():
        pytest.skip(f"{book} is not here: the chapter is not part of the project")
    manuscript = read(book)
    assert hashlib.sha256(manuscript.text.encode()).hexdigest() == listed["text_sha256"]
    _, shown = bench.counted(listed, bench.adapted(manuscript))
    assert len(shown) / len(listed["events"]) >= 0.8


@pytest.mark.parametrize("language", ["en", "ru"])
def test_so_it_does_in_stories_that_no_rule_was_written_for(language):
    listed = shown = 0
    for path in HELD_OUT:
        reader = json.loads(path.read_text(encoding="utf-8"))
        if reader["language"] == language:
            listed += len(reader["events"])
            shown += len(bench.counted(reader, bench.adapted(read(bench.HELD_OUT / reader["file"])))[1])
    assert listed >= 40
    assert shown / listed >= 0.8


def test_an_event_is_named_only_where_it_happens_and_with_who_and_what():
    class Event:
        words, who, start, end = "Alice opens the little door.", ("Alice",), 10, 40

    wanted = {"start": 30, "end": 60, "who": ["alice"], "what": ["door"]}
    assert bench.names(wanted, Event)
    assert not bench.names(wanted | {"start": 40}, Event)
    assert not bench.names(wanted | {"what": ["key"]}, Event)
    assert not bench.names(wanted | {"who": ["rabbit"]}, Event)
