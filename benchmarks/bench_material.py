"""Every bar of the material, measured one after the other, and a page that says which are met.

    python benchmarks/bench_material.py --out docs/results/material.md       # about half an hour of two idle cores

Runs the benchmarks of the drawn world, the crawler and the corpus and the tests of what hostile sites try, each in
processes of its own, and writes the page from what they found. With `--figures FOLDER` their figures are kept there,
and a part whose figures are there already is not measured again.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Figures = dict[str, Any]

PARTS: dict[str, list[str]] = {
    "drawing": ["benchmarks/bench_toonworld.py"],
    "crawler": ["benchmarks/bench_crawler.py", "--rounds", "3", "--editions", "6"],
    "hostile": ["-m", "pytest", "tests/sources/test_web_hostile.py", "-q", "-n0", "-p", "no:randomly"],
    "reading-png": ["benchmarks/bench_corpus.py", "reading", "--encoding", "png"],
    "reading-jpeg": ["benchmarks/bench_corpus.py", "reading", "--encoding", "jpeg"],
    "making": ["benchmarks/bench_corpus.py", "making", "--stories", "2000", "5000", "10000"],
}
"""What each part runs with Python, from the root of the repository."""

DRAWINGS, FASTER, HOSTILE, MINUTES, MEMORY_MB = 1_000, 1.5, 60, 5, 2_048
GROWTH = 1.1
"""How much more memory twice the stories may take, and still be called the same: the rest is where the collector is."""
SEEK = 1.25
"""How many times as long the slowest position may take as the fastest, and still be called the same."""


@dataclass(frozen=True, slots=True)
class Line:
    """A bar, what was found, and whether that reaches it."""

    what: str
    found: str
    bar: str
    met: bool


def main() -> None:
    """Measure, or take what was measured, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the Markdown page to write")
    parser.add_argument("--figures", type=Path, help="a folder that keeps the figures of each part")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.figures or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        found = {part: _measured(part, folder / f"{part}.json") for part in PARTS}
    lines = [line for judge in (_drawing, _crawler, _reading, _making) for line in judge(found)]
    args.out.write_text(_page(lines, found), encoding="utf-8")
    missed = sum(not line.met for line in lines)
    print(f"{args.out}: {len(lines) - missed} of {len(lines)} bars are met")


def _measured(part: str, path: Path) -> Figures:
    """Run a part unless its figures are there; what it prints is shown and kept with them."""
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    out = path.with_suffix(".part")
    own = [] if part == "hostile" else ["--out", str(out)]
    loads, said = [os.getloadavg()[0]], []
    command = [sys.executable, *PARTS[part], *own]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parent) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            said.append(line)
    loads.append(os.getloadavg()[0])
    if process.returncode and part != "hostile":
        raise SystemExit(f"{part} failed with exit code {process.returncode}")
    figures = _outcomes(said[-1]) if part == "hostile" else json.loads(out.read_text(encoding="utf-8"))
    kept = {"figures": figures, "said": "".join(said), "loads": loads}
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    out.unlink(missing_ok=True)
    return kept


def _outcomes(summary: str) -> Figures:
    """How many tests went how, from pytest's last line."""
    return {outcome: int(count) for count, outcome in re.findall(r"(\d+) (passed|failed|error|skipped)", summary)}


def _drawing(found: dict[str, Figures]) -> Iterator[Line]:
    speed = found["drawing"]["figures"]["all styles, 2 processes"]["128x72"]
    yield Line(
        "drawings of 128x72 a second on 2 cores, all styles, scenes of stories, by CPU time",
        f"{speed:,.0f}", f"{DRAWINGS:,}", speed >= DRAWINGS,
    )  # fmt: skip


def _crawler(found: dict[str, Figures]) -> Iterator[Line]:
    ratios = sorted(found["crawler"]["figures"]["ratios"])
    middle = ratios[len(ratios) // 2]
    yield Line(
        "pages crawled per CPU-second beside Scrapy, the crawler with all its safety on",
        f"{middle:.2f} times as many ({ratios[0]:.2f} to {ratios[-1]:.2f})", f"{FASTER} times", middle >= FASTER,
    )  # fmt: skip
    tried = found["hostile"]["figures"]
    passed, failed = tried.get("passed", 0), tried.get("failed", 0) + tried.get("error", 0)
    yield Line(
        "hostile sites, addresses and pictures of which none escapes or takes more than 64 MB",
        f"{passed} of {passed + failed}", f"{HOSTILE}, every one", passed >= HOSTILE and not failed,
    )  # fmt: skip


def _reading(found: dict[str, Figures]) -> Iterator[Line]:
    for encoding in ("png", "jpeg"):
        figures = found[f"reading-{encoding}"]["figures"]
        floor = figures["decoding alone, one core"]["times_as_fast"]
        for peer in ("datasets", "webdataset"):
            for cores in ("one core", "two cores"):
                by_clock, by_cpu = figures[f"storywright, {cores}"]["times_as_fast"][f"{peer}, {cores}"]
                most = f"; decoding alone {floor[f'{peer}, {cores}'][1]:.2f}" if cores == "one core" else ""
                yield Line(
                    f"reading {encoding.upper()} shuffled beside `{peer}` with the same decoder, {cores}, by CPU time",
                    f"{by_cpu:.2f} times as fast (by the clock {by_clock:.2f}{most})", f"{FASTER} times",
                    by_cpu >= FASTER,
                )  # fmt: skip
        for peer in ("datasets", "webdataset"):
            faster = figures["unpacked, one core"]["times_as_fast"][f"{peer}, one core"][1]
            yield Line(
                f"reading {encoding.upper()} shuffled beside `{peer}`, one core, from the second epoch on (unpacked)",
                f"{faster:.1f} times as fast", f"{FASTER} times", faster >= FASTER,
            )  # fmt: skip
    seeks = found["reading-png"]["figures"]["seek"]
    yield Line(
        "a first batch at position " + ", ".join(seeks),
        ", ".join(f"{took:.1f}" for took in seeks.values()) + " ms of CPU", "the same wherever it is",
        max(seeks.values()) <= SEEK * min(seeks.values()),
    )  # fmt: skip


def _making(found: dict[str, Figures]) -> Iterator[Line]:
    by_count = found["making"]["figures"]
    most = by_count[max(by_count, key=int)]
    steps = ("draw", "validate", "preprocess")
    seconds, cpu = (sum(most[step][name] for step in steps) for name in ("seconds", "cpu_seconds"))
    on_two_idle = most["draw"]["cpu_seconds"] / 2 + sum(most[step]["cpu_seconds"] for step in steps[1:])
    yield Line(
        f"{max(by_count, key=int)} stories ({most['panels']:,} panels of 128x72, PNG) drawn, validated, preprocessed",
        f"{on_two_idle / 60:.1f} minutes, counting the CPU time of drawing on 2 cores and of the others on one "
        f"({cpu / 60:.1f} minutes of CPU in all; by the clock of a shared machine {seconds / 60:.1f})",
        f"{MINUTES} minutes on 2 cores", on_two_idle <= MINUTES * 60,
    )  # fmt: skip
    peak = max(most[step]["peak_mb"] for step in steps)
    yield Line(
        "the most memory that a step and all its processes have", f"{peak:,.0f} MB", f"{MEMORY_MB:,} MB",
        peak < MEMORY_MB,
    )  # fmt: skip
    counts = sorted(by_count, key=int)
    for step in steps:
        peaks = [by_count[count][step]["peak_mb"] for count in counts]
        yield Line(
            f"memory of {step} at {', '.join(f'{int(count):,}' for count in counts)} stories",
            ", ".join(f"{one:,.0f}" for one in peaks) + " MB", "does not grow", peaks[-1] <= GROWTH * peaks[-2],
        )  # fmt: skip


def _page(lines: list[Line], found: dict[str, Figures]) -> str:
    rows = [f"| {one.what} | {one.found} | {one.bar} | {'met' if one.met else '**not met**'} |" for one in lines]
    loads = [load for part in found.values() for load in part["loads"]]
    return "\n".join(
        [
            "# The material, measured", "",
            "Written by `make bench-material` (`python benchmarks/bench_material.py --out docs/results/material.md`).",
            f"Machine: {_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}; its load while this "
            f"ran was {min(loads):.1f} to {max(loads):.1f}, so that what is compared is CPU time, in turns.", "",
            "| what | found | bar | |", "|---|---|---|---|", *rows, "", *_explained(found),
            "## What each part said", "",
            *(text for part in PARTS for text in _said(part, found[part])),
        ]
    ).rstrip() + "\n"  # fmt: skip


def _explained(found: dict[str, Figures]) -> Iterator[str]:
    """Why one core reads no faster: the decoder."""
    floors = {
        encoding: found[f"reading-{encoding}"]["figures"]["decoding alone, one core"]["times_as_fast"]
        for encoding in ("png", "jpeg")
    }
    said = "; ".join(
        f"{encoding.upper()} {by['datasets, one core'][1]:.2f} times `datasets` and "
        f"{by['webdataset, one core'][1]:.2f} times `webdataset`"
        for encoding, by in floors.items()
    )
    yield (
        "On one core with the same decoder nothing can be faster than decoding alone, with all bytes in memory and "
        f"nothing read: {said}. Whoever goes over a corpus more than once has it unpacked (`Panels(…, unpacked=True)`)."
    )
    yield ""


def _said(part: str, found: Figures) -> Iterator[str]:
    command = " ".join(["python", *PARTS[part]])
    yield from (f"`{command}`, load {found['loads'][0]:.1f} to {found['loads'][1]:.1f}:", "")
    yield from ("```", found["said"].strip(), "```", "")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


if __name__ == "__main__":
    main()
