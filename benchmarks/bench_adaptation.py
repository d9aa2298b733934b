"""How many of the events that a careful reader lists a board's coverage report names, in English and in Russian.

The reader's lists, written before the adapter was tuned and never tuned to, lie in tests/studio/adaptation/readers: a
sentence for each event, where it happens, who is in it and by which words it is known. An event of the list counts as
named when the report has an event whose place overlaps its own and whose words, with the names of its people, hold one
of its `who` and one of its `what` as the beginning of a word; it counts as shown when such an event has a panel. The
chapters themselves are read from a folder of books and are not part of the project.

    python benchmarks/bench_adaptation.py [--books ../shared/data/books] [--missing]
"""

import argparse
import hashlib
import json
import re
import sys
import tempfile
import time
from pathlib import Path

from storywright.sources.manuscripts import declared, num_words, read
from storywright.studio.adaptation import Adapter, Made

ROOT = Path(__file__).parents[1]
READERS = ROOT / "tests" / "studio" / "adaptation" / "readers"


def main() -> None:
    """Print a row for each chapter."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--books", type=Path, default=ROOT.parent / "shared" / "data" / "books")
    parser.add_argument("--missing", action="store_true", help="list the events that the report does not name")
    asked = parser.parse_args()
    print(
        f"{'chapter':28} {'words':>6} {'listed':>7} {'named':>12} {'shown':>12} "
        f"{'report':>7} {'panels':>7} {'seconds':>8}"
    )
    for path in sorted(READERS.glob("*.json")):
        reader = json.loads(path.read_text(encoding="utf-8"))
        measure(reader, asked.books / reader["file"], asked.missing)


def measure(reader: dict, book: Path, missing: bool) -> None:
    """Adapt the chapter in words alone and compare."""
    if not book.is_file():
        sys.exit(f"{book} is not there: name the folder of the books with --books")
    manuscript = read(book)
    if hashlib.sha256(manuscript.text.encode()).hexdigest() != reader["text_sha256"]:
        sys.exit(f"{book} is another edition than the reader's list was written for")
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        made = Adapter(manuscript, declared(author="the author", public_domain=True), Path(folder)).boards()
        seconds = time.process_time() - started
    named = [event for event in reader["events"] if found(event, made)]
    shown = [event for event in named if any(one.panels for one in found(event, made))]
    total = len(reader["events"])
    panels, report = sum(len(one.board.panels) for one in made), sum(len(one.events) for one in made)
    print(
        f"{book.stem[:28]:28} {num_words(manuscript.text):6,} {total:7} {len(named):4} ({len(named) / total:4.0%})  "
        f"{len(shown):4} ({len(shown) / total:4.0%})  {report:7} {panels:7} {seconds:8.1f}"
    )
    for event in reader["events"]:
        if missing and event not in named:
            print(f"    not named: {event['says']}")


def found(wanted: dict, made: list[Made]) -> list:
    """The events of the report that name this event of the reader's."""
    return [event for one in made for event in one.events if names(wanted, event)]


def names(wanted: dict, event) -> bool:
    """Whether the places overlap and the words hold who and what."""
    if event.end <= wanted["start"] or event.start >= wanted["end"]:
        return False
    words = re.findall(r"\w+", f"{event.words} {' '.join(event.who)}".lower().replace("ё", "е"))
    return all(any(word.startswith(tuple(wanted[part])) for word in words) for part in ("who", "what"))


if __name__ == "__main__":
    main()
