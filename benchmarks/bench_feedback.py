"""How many words of feedback a server acknowledges in a second, each on the disk before its acknowledgement.

    python benchmarks/bench_feedback.py --out docs/results/feedback.md

The app runs in a process of its own with a key, rates, a database file and every middleware (drawing is switched off:
nothing of it is needed); the load comes from this process over real connections. Words one by one and words in batches
are measured apart, and afterwards the database is asked whether it holds every acknowledged key exactly once. Both
processes share the cores that are named.
"""

import argparse
import asyncio
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import uvloop
from PIL import Image

from storywright.board import Brief, Panel, Product, Storyboard
from storywright.watch import boards, database, feedback
from storywright.watch.boards import Made

KEY = "a-key-of-the-operator-for-benchmarks"
BOARD = "0123456789abcdef-1"
BAR = 3_000


@dataclass
class Load:
    """What came of a run."""

    name: str
    connections: int
    words_each: int
    """Words in one request."""
    seconds: float = 0.0
    keys: list[str] = field(default_factory=list)
    """Acknowledged."""
    waits: list[float] = field(default_factory=list)
    """Seconds until each answer."""
    cpu_seconds: float = 0.0
    """Of the server, all its threads together."""

    @property
    def per_second(self) -> float:
        """Acknowledged words."""
        return len(self.keys) / self.seconds

    def wait_ms(self, share: float) -> float:
        """The time within which that share of the requests was answered."""
        waits = sorted(self.waits)
        return 1_000 * waits[min(len(waits) - 1, int(share * len(waits)))]


class _Connection(asyncio.Protocol):
    """Sends one request after the other, the next one when the last is answered."""

    def __init__(self, load: Load, name: str, end: float, done: asyncio.Future[None]) -> None:
        self._load, self._name, self._end, self._done = load, name, end, done
        self._number, self._sent, self._answer = 0, 0.0, b""
        self._keys: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, between, body = self._answer.partition(b"\r\n\r\n")
        if not between:
            return
        lines = head.split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line[:15].lower() == b"content-length:")
        if len(body) < length:
            return
        status = lines[0].split(b" ", 2)[1]
        if status not in (b"200", b"201"):
            self._done.set_exception(RuntimeError(f"answered {self._answer.decode()}"))
            self._transport.close()
            return
        self._load.waits.append(time.perf_counter() - self._sent)
        if self._load.words_each > 1:
            written = json.loads(body)["words"]
            self._load.keys += [one["key"] for one in written if one["status"] == 201]
        else:
            self._load.keys += self._keys
        self._answer = b""
        if time.perf_counter() < self._end:
            self._send()
        else:
            self._transport.close()
            self._done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(error or ConnectionError("the server closed the connection"))

    def _send(self) -> None:
        self._number += 1
        words = self._load.words_each
        self._keys = [f"{self._name}-{self._number}-{at}" for at in range(words)]
        said = {"board": BOARD, "panel": "p01", "kind": "rating", "value": "4", "user": self._name}
        if words > 1:
            body = json.dumps({"words": [said | {"key": key} for key in self._keys]}).encode()
            where, more = "/api/v1/feedback/batch", ""
        else:
            body, where = json.dumps(said).encode(), "/api/v1/feedback"
            more = f"Idempotency-Key: {self._keys[0]}\r\n"
        head = (
            f"POST {where} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\n{more}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._sent = time.perf_counter()
        self._transport.write(head.encode() + body)  # type: ignore[attr-defined]


async def _run(load: Load, port: int, seconds: float) -> Load:
    loop, started = asyncio.get_running_loop(), time.perf_counter()
    ends = [loop.create_future() for _ in range(load.connections)]
    for number, end in enumerate(ends):
        name = f"{load.name.split()[0]}{number}"
        await loop.create_connection(
            lambda end=end, name=name: _Connection(load, name, started + seconds, end), "127.0.0.1", port
        )
    await asyncio.gather(*ends)
    load.seconds = time.perf_counter() - started
    return load


def prepared(home: Path) -> str:
    """A studio with one board to speak about."""
    url = f"sqlite:///{home / 'studio.db'}"
    folder = home / "boards" / BOARD
    (folder / "panels").mkdir(parents=True)
    Image.new("RGB", (16, 9)).save(folder / "panels" / "01.png")
    brief = Brief(title="Morning Run", product=Product(name="Aqua Spark"))
    panel = Panel(id="p01", action="Mia runs.", picture="panels/01.png")
    Storyboard(id=BOARD, title="Morning Run", brief=brief, panels=[panel]).save(folder)
    made = Made(id=BOARD, asked=BOARD[:-2], brief=brief, folder=f"boards/{BOARD}", version="", made_ms=1)
    boards.note(database.engine(url), [made])
    return url


def _served(home: Path) -> tuple[subprocess.Popen[str], int, int]:
    """The parent of the server, the server's process, and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"STORYWRIGHT_HOME": str(home), "OMP_NUM_THREADS": "1"}
    environment.pop("STORYWRIGHT_DATABASE_URL", None)
    command = [sys.executable, str(Path(__file__).with_name("soak_durability.py")), "--serve", str(port)]
    parent = subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdin and parent.stdout
    parent.stdin.write("start\n")
    parent.stdin.flush()
    process, end = int(parent.stdout.readline()), time.monotonic() + 300
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=30):
                return parent, process, port
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the server did not answer within five minutes")


def _cpu_seconds(process: int) -> float:
    """What a process has used, user and system."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _fsync_ms(folder: Path) -> float:
    """What a flush of 4 KiB costs on this disk, the median of 50."""
    waits, path = [], folder / "flushed"
    with path.open("wb", buffering=0) as file:
        for _ in range(50):
            started = time.perf_counter()
            file.write(b"x" * 4_096)
            os.fsync(file.fileno())
            waits.append(time.perf_counter() - started)
    path.unlink()
    return 1_000 * sorted(waits)[25]


def measure(seconds: float, connections: int, batch: int) -> tuple[list[Load], float]:
    """Both ways of speaking, one after the other, and the database looked at afterwards."""
    loads = [Load("single words", connections, 1), Load("batches of words", 4, batch)]
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as place:
        home = Path(place)
        url = prepared(home)
        parent, server, port = _served(home)
        try:
            for load in loads:
                uvloop.run(_run(Load(f"warm-up-{load.name}", load.connections, load.words_each), port, 1.0))
                before = _cpu_seconds(server)
                uvloop.run(_run(load, port, seconds))
                load.cpu_seconds = _cpu_seconds(server) - before
        finally:
            os.kill(server, signal.SIGTERM)
            parent.kill()
            parent.wait(timeout=60)
        written = [one.key for one in feedback.read(database.engine(url))]
        told = [key for load in loads for key in load.keys]
        assert set(told) <= set(written), "an acknowledged word is not in the database"
        assert len(written) == len(set(written)) and len(told) == len(set(told)), "a word is there twice"
        return loads, _fsync_ms(home)


def _warning(busy: float, num_cores: int) -> list[str]:
    if busy <= num_cores:
        return []
    return ["", "**The machine was busy with other work: the words a second are no measure of the server. Repeat it.**"]


def page(loads: list[Load], flush_ms: float, cores: list[int], busy: float) -> str:
    """The result as Markdown."""
    lines = [
        "# Feedback: acknowledgements a second",
        "",
        "Written by `make bench-feedback`. A word is acknowledged when the commit that holds it is on the disk (WAL,",
        "`synchronous=FULL`); writers that come at once share one. After each run every acknowledged key was found",
        "in the database exactly once.",
        "",
        f"Machine: {len(cores)} cores ({platform.machine()}), shared by server, load and whatever else ran (load",
        f"average {busy:.1f} at the start); a flush of 4 KiB takes {flush_ms:.1f} ms on this disk. Python "
        f"{platform.python_version()}.",
        "",
        "The server's processor time for a word depends little on what else runs; its reciprocal is about what a core",
        "of its own would acknowledge, and less than that when few speak at once and share a commit.",
        *_warning(busy, len(cores)),
        "",
        "| way | connections | words a request | words a second | p50 | p99 | bar | server's CPU a word |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for load in loads:
        met = "reached" if load.per_second >= BAR else "not reached"
        lines.append(
            f"| {load.name} | {load.connections} | {load.words_each} | {load.per_second:,.0f} "
            f"| {load.wait_ms(0.5):.1f} ms | {load.wait_ms(0.99):.1f} ms | {BAR:,}: {met} "
            f"| {1e6 * load.cpu_seconds / len(load.keys):.0f} µs ({len(load.keys) / load.cpu_seconds:,.0f} a second) |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--cores", default="0,1", help="of both the server and the load")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    cores = [int(core) for core in given.cores.split(",")]
    os.sched_setaffinity(0, cores)  # the server inherits it
    busy = os.getloadavg()[0]
    loads, flush_ms = measure(given.seconds, given.connections, given.batch)
    text = page(loads, flush_ms, cores, busy)
    print(text)
    if given.out:
        given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
