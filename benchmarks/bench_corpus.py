"""Samples a second from the corpus, beside `datasets` and `webdataset`; and what making a large corpus costs.

    python benchmarks/bench_corpus.py reading                       # two to three minutes
    python benchmarks/bench_corpus.py making --stories 2000 5000 10000     # about ten minutes of two idle cores

reading: the same shuffled pictures and captions, decoded by the same function and stacked in batches of 64, from a
corpus of real drawings. On one core each reader runs in one process; on two cores ours decodes in two threads and the
others in the two worker processes of PyTorch's loader. "unpacked" is ours with the pixels kept from an earlier epoch;
"decoding alone" has all bytes in memory and reads nothing: no reader with this decoder can be faster on one core. They
take turns; what is printed is the median over the turns, and of the ratios of neighbouring turns. Before that each has
to give the same captions and the same pixels. `datasets` reads the corpus as it is, `webdataset` the same pictures and
captions in tar files.

making: the steps draw, validate and preprocess, one after another in processes of their own, for each count of stories:
their time by the clock, their CPU time, and the most memory that a step and all its processes had resident together.
"""

import argparse
import contextlib
import io
import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1", "STORYWRIGHT_TRACKING": "off"}
os.environ |= {"OMP_NUM_THREADS": "1"}

BATCH = 64
TARS = 4
COUNTS = (2_000, 5_000, 10_000)
_LOOK_SECONDS = 0.1
Batches = Iterator[tuple[Any, list[str]]]
Figures = dict[str, Any]


def main() -> None:
    """Run one of the two benchmarks; write its figures where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["reading", "making"])
    parser.add_argument("--corpus", type=Path, help="read this corpus (default: one of 300 drawn stories)")
    parser.add_argument("--stories", type=int, nargs="+", default=COUNTS, help="how many to make, one after the other")
    parser.add_argument("--encoding", choices=["png", "jpeg"], default="png", help="of the pictures (default: png)")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each reader (default: 7)")
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    args = parser.parse_args()
    load = f"load {os.getloadavg()[0]:.1f}"
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {load}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        if args.what == "making":
            figures: Figures = {
                str(count): _make(Path(scratch) / str(count), count, args.encoding)[1] for count in args.stories
            }
        else:
            corpus = args.corpus or _make(Path(scratch) / "made", 300, args.encoding)[0]
            figures = _compare(corpus, Path(scratch), args.rounds)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(figures, indent=2) + "\n")


def _compare(corpus: Path, scratch: Path, rounds: int) -> Figures:
    import cv2
    import torch

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    readers = _readers(corpus, scratch)
    sums = {name: _sum(read()) for name, read in readers.items()}
    assert len(set(sums.values())) == 1, f"the readers do not agree: {sums}"
    print(f"{next(iter(sums.values()))[0]:,} samples an epoch, the same from every reader\n")
    figures: Figures = {"seek": _seek(corpus)}
    for cores in ("one core", "two cores"):
        chosen = {name: read for name, read in readers.items() if name.endswith(cores)}
        figures |= _take_turns(chosen, rounds)
    return figures


def _take_turns(readers: dict[str, Callable[[], Batches]], rounds: int) -> Figures:
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in readers}
    for _ in range(rounds):
        for name, read in readers.items():
            begun, cpu = time.perf_counter(), _cpu_seconds()
            count = sum(len(captions) for _, captions in read())
            taken[name].append(((time.perf_counter() - begun) / count * 1e6, (_cpu_seconds() - cpu) / count * 1e6))
    peers = [name for name in readers if name.startswith(("datasets", "webdataset"))]
    heads = "".join(f"{'x ' + name.partition(',')[0]:>16}" for name in peers)
    print(f"{'':26}{'a second':>10}{'a CPU-second':>14}{heads}   (by the clock / by CPU time)")
    figures = {}
    for name, times in taken.items():
        wall, cpu = (1e6 / statistics.median(column) for column in zip(*times, strict=True))
        ratios = {peer: [_ratio(taken[peer], times, column) for column in (0, 1)] for peer in peers}
        figures[name] = {"a_second": wall, "a_cpu_second": cpu, "times_as_fast": ratios}
        said = "".join(f"{by_clock:8.2f} /{by_cpu:6.2f}" for by_clock, by_cpu in ratios.values())
        print(f"{name:26}{wall:10,.0f}{cpu:14,.0f}{said}")
    print(flush=True)
    return figures


def _ratio(peer: list[tuple[float, float]], own: list[tuple[float, float]], column: int) -> float:
    """How many times as fast as a peer, in the middle of the turns."""
    return statistics.median(theirs[column] / ours[column] for theirs, ours in zip(peer, own, strict=True))


def _readers(corpus: Path, scratch: Path) -> dict[str, Callable[[], Batches]]:
    """The readers: each gives an epoch of shuffled batches of pixels and captions."""
    import datasets
    import numpy as np
    import torch
    from torch.utils.data import DataLoader

    from storywright.corpus.pictures import fitted, pixels
    from storywright.corpus.reading import Panels

    panels = Panels(corpus, "train")
    found: dict[str, Callable[[], Batches]] = {}

    def ours(threads: int, unpacked: bool = False) -> Batches:
        reader = Panels(corpus, "train", threads=threads, unpacked=unpacked)
        order = itertools.islice(reader.shuffled(seed=1), len(reader))
        while rows := list(itertools.islice(order, BATCH)):
            read = reader.rows(rows, ["picture", "caption"])
            yield read["picture"], read["caption"]

    def decoded(contents: list[bytes]) -> Any:
        return np.stack([fitted(pixels(content), panels.size) for content in contents])

    table = datasets.load_dataset("parquet", data_dir=str(corpus), split="train", cache_dir=str(scratch / "datasets"))
    table = table.select_columns(["picture", "caption"]).cast_column("picture", datasets.Image(decode=False))

    def collated(rows: list[dict[str, Any]]) -> tuple[Any, list[str]]:
        # As a tensor, because that goes from the worker through shared memory, and an array through a pipe.
        return torch.from_numpy(decoded([row["picture"]["bytes"] for row in rows])), [row["caption"] for row in rows]

    def with_datasets() -> Batches:
        for batch in table.shuffle(seed=1).iter(BATCH):
            yield decoded([picture["bytes"] for picture in batch["picture"]]), batch["caption"]

    def with_datasets_and_workers() -> Batches:
        yield from DataLoader(table, BATCH, shuffle=True, num_workers=2, collate_fn=collated)

    found["storywright, one core"] = lambda: ours(1)
    found["datasets, one core"] = with_datasets
    found["storywright, two cores"] = lambda: ours(2)
    found["datasets, two cores"] = with_datasets_and_workers
    try:
        import webdataset
    except ModuleNotFoundError:
        print("webdataset is not installed (pip install webdataset): left out")
        webdataset = None
    if webdataset is not None:
        tars = _as_tars(panels, scratch)

        def with_webdataset(workers: int) -> Batches:
            shards = webdataset.WebDataset(tars, shardshuffle=TARS, seed=1, empty_check=False)
            batches = shards.shuffle(1_000).to_tuple("picture", "caption").batched(BATCH, collation_fn=list)
            batches = batches.map(lambda rows: (decoded([row[0] for row in rows]), [row[1].decode() for row in rows]))
            yield from webdataset.WebLoader(batches, batch_size=None, num_workers=workers) if workers else batches

        found["webdataset, one core"] = lambda: with_webdataset(0)
        found["webdataset, two cores"] = lambda: with_webdataset(2)
    found["unpacked, one core"] = lambda: ours(1, unpacked=True)

    contents = [bytes(panels.picture_bytes(row)) for row in range(len(panels))]
    captions = panels.rows(range(len(panels)), ["caption"])["caption"]

    def decoding_alone() -> Batches:
        width, height = panels.size
        for first in range(0, len(contents), BATCH):
            some = contents[first : first + BATCH]
            stacked = np.empty((len(some), height, width, 3), np.uint8)
            for at, content in enumerate(some):
                stacked[at] = fitted(pixels(content), panels.size)
            yield stacked, captions[first : first + BATCH]

    found["decoding alone, one core"] = decoding_alone
    return found


def _as_tars(panels: Any, scratch: Path) -> list[str]:
    names = [str(scratch / f"{number}.tar") for number in range(TARS)]
    captions = panels.rows(range(len(panels)), ["caption"])["caption"]
    for number, name in enumerate(names):
        with tarfile.open(name, "w") as tar:
            for row in range(number, len(panels), TARS):
                parts = {"picture": bytes(panels.picture_bytes(row)), "caption": captions[row].encode()}
                for ending, content in parts.items():
                    entry = tarfile.TarInfo(f"{row:07d}.{ending}")
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))
    return names


def _seek(corpus: Path) -> dict[str, float]:
    """Milliseconds of CPU from opening to the first batch at positions near and far."""
    from storywright.corpus.reading import Panels

    panels = Panels(corpus, "train")
    found = {}
    for start in (0, len(panels) // 2, 1_000_000, 1_000_000_000):
        times = []
        for _ in range(9):
            begun = time.process_time()
            panels.rows(list(itertools.islice(panels.shuffled(1, start), BATCH)), ["picture", "caption"])
            times.append(time.process_time() - begun)
        found[f"{start:,}"] = statistics.median(times) * 1e3
    said = "; ".join(f"{start}: {took:.1f} ms" for start, took in found.items())
    print(f"storywright, first batch of {BATCH} at position {said}\n")
    return found


def _sum(batches: Batches) -> tuple[int, int]:
    import numpy as np

    count = total = 0
    for stacked, captions in batches:
        for picture, caption in zip(np.asarray(stacked), captions, strict=True):
            total += zlib.crc32(caption.encode(), zlib.crc32(picture.tobytes()))
            count += 1
    return count, total


def _make(folder: Path, stories: int, encoding: str) -> tuple[Path, Figures]:
    """Draw, validate and preprocess stories of 128x72 pixels; print what each step took."""
    drawn, valid, made = folder / "draw", folder / "validate", folder / "preprocess"
    concepts = folder / "concepts"
    _write_concept(concepts)
    values = {"stories": stories, "portraits": 0, "width_px": 128, "height_px": 72, "encoding": encoding}
    steps = {
        "draw": [f"--set={name}={value}" for name, value in values.items()] + [f"--output=stories={drawn}"],
        "validate": [f"--input=stories={drawn}", f"--input=concepts={concepts}"]
        + [f"--output={name}={valid / name}" for name in ("valid", "quarantine", "docs")],
        "preprocess": [f"--input=valid={valid / 'valid'}", f"--output=corpus={made / 'corpus'}"],
    }
    figures = {}
    for step, arguments in steps.items():
        took = figures[step] = _run_step(step, [*arguments, f"--output=metrics={folder / step}.json"])
        print(
            f"{stories:,} stories, {step:10} {took['seconds']:6.1f} s, {took['cpu_seconds']:6.1f} s of CPU, "
            f"{took['peak_mb']:5,.0f} MB at most",
            flush=True,
        )
    sums = {name: sum(took[name] for took in figures.values()) for name in ("seconds", "cpu_seconds")}
    print(f"{stories:,} stories, in sum     {sums['seconds']:6.1f} s, {sums['cpu_seconds']:6.1f} s of CPU\n")
    figures["panels"] = json.loads((folder / "draw.json").read_text())["num_panels"]
    return made / "corpus", figures


def _write_concept(folder: Path) -> None:
    import pyarrow as pa

    from storywright.corpus import shards
    from storywright.corpus.schema import CONCEPTS

    row = dict.fromkeys(CONCEPTS.names, "a glass of water") | {"language": "en", "date": "2026-01-01"}
    with shards.Writer(folder / "concepts-00000.parquet", CONCEPTS) as writer:
        writer.write(pa.Table.from_pylist([row], CONCEPTS))


def _run_step(step: str, arguments: list[str]) -> dict[str, float]:
    """One step in a process of its own, and what it took with all that it started."""
    begun, cpu = time.perf_counter(), _cpu_seconds()
    command = [sys.executable, "-m", f"storywright.steps.{step}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        memory = _Memory(process.pid)
        memory.start()
        _, said = process.communicate()
        memory.join()
    if process.returncode:
        raise SystemExit(f"{step} failed: {said[-2_000:]}")
    return {"seconds": time.perf_counter() - begun, "cpu_seconds": _cpu_seconds() - cpu, "peak_mb": memory.peak_mb}


class _Memory(threading.Thread):
    """Watches how much memory a process and all below it have resident; what they share is counted for each."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self._pid = pid
        self.peak_mb = 0.0

    def run(self) -> None:
        import psutil

        root = psutil.Process(self._pid)
        while root.is_running() and root.status() != psutil.STATUS_ZOMBIE:
            total = 0
            with contextlib.suppress(psutil.NoSuchProcess):
                for process in [root, *root.children(recursive=True)]:
                    total += process.memory_info().rss
            self.peak_mb = max(self.peak_mb, total / 2**20)
            time.sleep(_LOOK_SECONDS)


def _cpu_seconds() -> float:
    # Finer than os.times(), whose hundredths of a second are longer than an unpacked epoch.
    taken = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in taken)


if __name__ == "__main__":
    main()
