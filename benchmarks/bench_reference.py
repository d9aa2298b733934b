"""How well somebody's looks are kept from a reference picture, read by a classifier that never helps to draw.

    python benchmarks/bench_reference.py [--illustrator FOLDER] [--people N] [--panels N] [--out FILE.md]     # minutes

Each person, whom nothing has learnt from, is drawn once for the reference and is then wanted in new panels of other
places, shots and poses. An illustrator without a reader has no figure for that; what words keep, what chance keeps and
what the judge reads in real drawings of the same panels is measured all the same. The bar is 0.90 of new panels.
"""

import argparse
from pathlib import Path

import sections

from storywright.illustrator.model import STARTER, Illustrator
from storywright.judge import keeping, network

BAR = 0.90


def main() -> None:
    """Draw, read, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--illustrator", type=Path, default=STARTER)
    parser.add_argument("--judge", type=Path, default=network.STARTER)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--panels", type=int, default=2)
    parser.add_argument("--out", type=Path, help="a Markdown file for the table")
    asked = parser.parse_args()
    judge, illustrator = network.Judge.open(asked.judge), Illustrator.open(asked.illustrator)
    found = keeping.measured(judge, illustrator, keeping.wanted(asked.people, asked.panels))
    by_reference = found["from the reference"]
    text = sections.table(*keeping.table(found))
    if by_reference is None:
        text += (
            f"\n\nThe illustrator has no reader, so it takes no references and the bar ({BAR:.2f} of new panels with "
            "all of it right) is not reached. `reader_pictures` and `reference_share` of train_illustrator teach it."
        )
    else:
        reached = "reached" if by_reference.share(keeping.EVERYTHING) >= BAR else "not reached"
        text += f"\n\nThe bar, {BAR:.2f} of new panels with all of it right, is {reached}."
    print(text)
    if asked.out:
        command = f"python benchmarks/bench_reference.py --people {asked.people} --panels {asked.panels}"
        if asked.illustrator != STARTER:
            command += f" --illustrator {asked.illustrator}"
        told = (
            f"{asked.people} people, each in {asked.panels} new panels. The colours of hair, top and of what is worn "
            "below, read as they should be; below is asked where it is in the frame."
        )
        body = f"`{command} --out {asked.out}`\n\n{told}\n\n{text}"
        sections.put(asked.out, "Looks from a reference picture", "Looks that are kept", body)


if __name__ == "__main__":
    main()
