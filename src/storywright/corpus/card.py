"""The card of a corpus: what is in it, whose it is, under which terms, and what it looks like."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image, ImageOps

from storywright import files
from storywright.corpus import pictures
from storywright.corpus.reading import Panels

SHEET = "examples.png"

_COUNTED = {"language": "Languages", "style": "Styles", "licence": "Licences", "source": "Sources", "owner": "Owners"}
_MOST_LINES = 20
_CELL_PX = (192, 108)
_GAP_PX = 8
_STORIES_SHOWN, _PANELS_SHOWN, _SINGLES_SHOWN = 6, 8, 16
_PAPER = (250, 248, 244)


@dataclass
class Counts:
    """What is counted while the corpus is written, split by split."""

    panels: Counter[str] = field(default_factory=Counter)
    stories: Counter[str] = field(default_factory=Counter)
    """Those of two panels or more."""
    singles: Counter[str] = field(default_factory=Counter)
    concepts: int = 0
    films: int = 0
    by: dict[str, Counter[tuple[str, str]]] = field(default_factory=lambda: {name: Counter() for name in _COUNTED})
    """Panels by value and split, for each column that is counted."""
    dates: tuple[str, str] = ("", "")
    """The first and the last day."""

    def add(self, split: str, table: pa.Table) -> None:
        """Count some panels of a split."""
        if not len(table):
            return
        sizes = table.filter(pc.equal(table["panel"], 0))["panels"].to_numpy()
        self.panels[split] += len(table)
        self.stories[split] += int((sizes > 1).sum())
        self.singles[split] += int((sizes == 1).sum())
        for column, counter in self.by.items():
            for entry in pc.value_counts(table[column]).to_pylist():
                counter[entry["values"] or "(none)", split] += entry["counts"]
        ends = pc.min_max(table["date"]).as_py()
        days = [*filter(None, self.dates), ends["min"][:10], ends["max"][:10]]
        self.dates = min(days), max(days)


def write(corpus: Path, counts: Counts, notes: Mapping[str, str]) -> None:
    """Write `CARD.md` and its picture sheet into a corpus; `notes` says more about how it was made."""
    train = Panels(corpus, "train")
    stories = [rows for rows in train.stories if len(rows) > 1]
    shown = _spread(stories, _STORIES_SHOWN)
    singles = [rows[0] for rows in _spread([rows for rows in train.stories if len(rows) == 1], _SINGLES_SHOWN)]
    strips = [list(rows)[:_PANELS_SHOWN] for rows in shown]
    strips += [singles[at : at + _PANELS_SHOWN] for at in range(0, len(singles), _PANELS_SHOWN)]
    _sheet(train, strips).save(corpus / SHEET, optimize=True)
    parts = [
        _opening(counts),
        _table("Splits", ["panels", "stories", "single pictures"], _split_lines(counts)),
        *(_table(title, list(counts.panels), _value_lines(counts, column)) for column, title in _COUNTED.items()),
        "## How it was made\n\n" + "\n".join(f"- {name}: {note}" for name, note in notes.items()),
        _examples(train, shown, bool(singles)),
        _HOW_TO_OPEN,
    ]
    files.write_text(corpus / "CARD.md", "\n\n".join(parts).rstrip() + "\n")


def _opening(counts: Counts) -> str:
    first, last = counts.dates
    days = first if first == last else f"{first} to {last}"
    films = f" and {counts.films:,} films" if counts.films else ""
    return (
        "# The corpus\n\n"
        f"{counts.panels.total():,} panels: {counts.stories.total():,} stories and {counts.singles.total():,} single "
        f"pictures, each with its caption, its prompt and its rights; and {counts.concepts:,} ad concepts{films}. "
        f"Collected {days}."
    )


def _split_lines(counts: Counts) -> Iterable[tuple[str, list[int]]]:
    for split in counts.panels:
        yield split, [counts.panels[split], counts.stories[split], counts.singles[split]]


def _value_lines(counts: Counts, column: str) -> Iterable[tuple[str, list[int]]]:
    counter, totals = counts.by[column], Counter[str]()
    for (value, _), panels in counter.items():
        totals[value] += panels
    ordered = sorted(totals, key=lambda value: (-totals[value], value))
    for value in ordered[:_MOST_LINES]:
        yield value, [counter[value, split] for split in counts.panels]
    if rest := ordered[_MOST_LINES:]:
        yield f"{len(rest):,} others", [sum(counter[value, split] for value in rest) for split in counts.panels]


def _table(title: str, columns: list[str], lines: Iterable[tuple[str, list[int]]]) -> str:
    head = [f"## {title}", "", f"| | {' | '.join(columns)} |", "|---|" + "---:|" * len(columns)]
    return "\n".join(head + [f"| {_cell(name)} | {' | '.join(f'{n:,}' for n in numbers)} |" for name, numbers in lines])


def _examples(train: Panels, shown: list[range], with_singles: bool) -> str:
    lines = ["## Examples", "", f"![Panels of the corpus, a story in each line]({SHEET})", ""]
    for number, rows in enumerate(shown, 1):
        told = train.rows(list(rows)[:_PANELS_SHOWN], ["story_id", "caption"])
        lines.append(f"{number}. `{told['story_id'][0]}`: {' / '.join(map(_cell, told['caption']))}")
    if with_singles:
        lines += ["", "The last lines of the sheet are single pictures."]
    return "\n".join(lines)


def _sheet(train: Panels, strips: list[list[int]]) -> Image.Image:
    width, height = _CELL_PX
    columns = max(map(len, strips))
    size = _GAP_PX + columns * (width + _GAP_PX), _GAP_PX + len(strips) * (height + _GAP_PX)
    sheet = Image.new("RGB", size, _PAPER)
    for line, rows in enumerate(strips):
        for column, row in enumerate(rows):
            picture = ImageOps.contain(Image.fromarray(pictures.pixels(train.picture_bytes(row))), _CELL_PX)
            left = _GAP_PX + column * (width + _GAP_PX) + (width - picture.width) // 2
            top = _GAP_PX + line * (height + _GAP_PX) + (height - picture.height) // 2
            sheet.paste(picture, (left, top))
    return sheet


def _spread(things: list[range], count: int) -> list[range]:
    """Some of the things, evenly from first to last."""
    places = np.linspace(0, len(things) - 1, min(count, len(things))).round().astype(int)
    return [things[place] for place in places]


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")


_HOW_TO_OPEN = """## How to open it

```python
from datasets import load_dataset
from storywright.corpus.reading import Panels

load_dataset("parquet", data_dir="corpus")        # every split, pictures decoded
Panels("corpus", "train").rows([5, 1], ["picture", "caption"])  # any rows in any order, as training reads them
```

`left_out/`, where it is there, holds stories that could be in no split, with their reasons; `groups.parquet` says in
which group of near-duplicates and in which split each story is; `tokenizer.json` opens in
`transformers.PreTrainedTokenizerFast(tokenizer_file=...)`."""
