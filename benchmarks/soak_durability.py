"""Kill a server again and again while feedback and edits arrive, and look whether anything acknowledged is lost.

    python benchmarks/soak_durability.py --kills 200 --out docs/results/durability.md

The server is the app with its gate, its routes and its database; drawing is switched off, which neither feedback nor
the edits here need. It is ended with SIGKILL at a random moment, started again on the same database, and whoever had
no answer sends the same request with the same idempotency key again. After each kill the database has to hold
everything that was acknowledged, once. A kill leaves the operating system's cache, so it says nothing about a power
failure; for that a trace of system calls has to show that the flush of the log returned before the answer was sent.
"""

import argparse
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bench_feedback import BOARD, KEY, prepared

_HEAD = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
_RATES = "requests=1000000/s feedback=1000000/s"
_WORKERS = 6
_BATCH = 20


@dataclass
class Book:
    """What clients were told."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    feedback: dict[str, str] = field(default_factory=dict)
    """The value by each acknowledged key."""
    edits: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Version and words by each acknowledged key."""
    num_answered: int = 0
    """Requests."""
    num_unanswered: int = 0
    """Requests that were under way when the server was killed."""
    num_written_unanswered: int = 0
    """Of these, how many the next server knew already."""
    refused: list[str] = field(default_factory=list)


class Servers:
    """Starts servers by forking a process that has imported everything, so that a start costs no minute."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = os.environ | {"STORYWRIGHT_HOME": str(home), "OMP_NUM_THREADS": "1"}
        environment.pop("STORYWRIGHT_DATABASE_URL", None)
        self._parent = subprocess.Popen(
            [sys.executable, __file__, "--serve", str(self.port)], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.pid = 0

    def start(self) -> float:
        """A new server; returns the seconds until it answers."""
        assert self._parent.stdin and self._parent.stdout
        started = time.monotonic()
        self._parent.stdin.write("start\n")
        self._parent.stdin.flush()
        self.pid = int(self._parent.stdout.readline())
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                return time.monotonic() - started
            except OSError:
                time.sleep(0.005)

    def kill(self) -> None:
        """End it as a power switch would, without a word."""
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> None:
        """End the last server and its parent."""
        self.kill()
        self._parent.kill()
        self._parent.wait(timeout=60)


def serve(port: int) -> None:
    """The parent: makes the app, forks a server for each line it is sent, and says its process id.

    The parent has no connection to the database, so that each server finds the log as the one before left it.
    """
    import uvicorn

    from storywright.server.access import Access
    from storywright.server.app import make_app
    from storywright.settings import Settings

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    app = make_app(Settings.from_environment(), access=Access(key=KEY, limits=_RATES))
    app.state.service.engine.dispose()
    for _ in sys.stdin:
        if child := os.fork():
            print(child, flush=True)
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical", lifespan="off")


class Worker(threading.Thread):
    """A client that says and edits until it is told to stop, and repeats what had no answer."""

    def __init__(self, number: int, port: int, book: Book, seed: int) -> None:
        super().__init__(daemon=True)
        self._number, self._port, self._book, self._random = number, port, book, random.Random(seed)
        self.stop = threading.Event()

    def run(self) -> None:
        """One request after the other."""
        count = 0
        while not self.stop.is_set():
            count += 1
            key = f"w{self._number}-{count}"
            kind = self._random.choice(["single", "single", "batch", "edit"])
            {"single": self._say, "batch": self._say_many, "edit": self._edit}[kind](key)

    def _say(self, key: str) -> None:
        value = str(self._random.randint(1, 5))
        said = {"board": BOARD, "panel": "p01", "kind": "rating", "value": value, "user": key}
        if self._sent("POST", "/api/v1/feedback", said, {"Idempotency-Key": key}) is not None:
            with self._book.lock:
                self._book.feedback[key] = value

    def _say_many(self, key: str) -> None:
        said = {"board": BOARD, "panel": "p01", "kind": "rating"}
        values = {f"{key}-{at}": str(self._random.randint(1, 5)) for at in range(_BATCH)}
        words = [said | {"key": name, "value": value, "user": name} for name, value in values.items()]
        answer = self._sent("POST", "/api/v1/feedback/batch", {"words": words}, {})
        if answer is not None:
            with self._book.lock:
                for one in answer["words"]:
                    if one["status"] in (200, 201):
                        self._book.feedback[one["key"]] = values[one["key"]]
                    else:
                        self._book.refused.append(str(one))

    def _edit(self, key: str) -> None:
        words = f"Mia says {key}."
        asked = {"action": "edit", "panel": "p01", "field": "voice_over", "value": words}
        headers = {"Idempotency-Key": key, "If-Match": "*"}
        answer = self._sent("POST", f"/api/v1/boards/{BOARD}/revisions", asked, headers)
        if answer is not None:
            with self._book.lock:
                self._book.edits[key] = (int(answer["version"]), words)

    def _sent(self, method: str, path: str, body: object, headers: dict[str, str]) -> dict | None:
        """The answer to a request, sent again with the same key until there is one; None when told to stop."""
        content, again = json.dumps(body), False
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
                connection.request(method, path, content, _HEAD | headers)
                response = connection.getresponse()
                value = json.loads(response.read())
                connection.close()
            except (OSError, http.client.HTTPException, ValueError):
                with self._book.lock:
                    self._book.num_unanswered += not again
                again = True
                if self.stop.wait(0.01):
                    return None
                continue
            if response.status == 412:  # another edit came in between, and nothing was changed
                continue
            if response.status not in (200, 201):
                with self._book.lock:
                    self._book.refused.append(f"{response.status} {value}")
                return None
            with self._book.lock:
                self._book.num_answered += 1
                self._book.num_written_unanswered += again and response.status == 200 and "feedback" in path
            return value | {"version": (response.getheader("ETag") or '"0"').strip('"')}


@dataclass(frozen=True)
class Found:
    """What is wrong with the database after a kill."""

    lost: int
    doubled: int


def looked_at(home: Path, book: Book) -> Found:
    """Compare the database with what clients were told."""
    from sqlalchemy import create_engine, text

    engine = create_engine(f"sqlite:///{home / 'studio.db'}")
    with book.lock, engine.connect() as connection:
        said = connection.execute(text('SELECT key, value, "user" FROM feedback')).all()
        edits = connection.execute(text("SELECT key, number, document FROM versions WHERE key IS NOT NULL")).all()
        numbers = [row.number for row in connection.execute(text("SELECT number FROM versions ORDER BY number"))]
    engine.dispose()
    values = {row.key: row.value for row in said}
    versions = {row.key: (row.number, json.loads(row.document)["panels"][0]["voice_over"]) for row in edits}
    lost = sum(values.get(key) != value for key, value in book.feedback.items())
    lost += sum(versions.get(key) != told for key, told in book.edits.items())
    doubled = len(said) - len({row.user for row in said})  # each word has a user of its own
    doubled += sum(count - 1 for count in Counter(words for _, words in versions.values()).values())
    doubled += numbers != list(range(1, len(numbers) + 1))
    return Found(lost, doubled)


@dataclass
class Soak:
    """What came of all kills."""

    kills: int
    book: Book
    lost: int
    doubled: int
    starts: list[float]
    seconds: float
    trace: list[str]


def soak(kills: int, seed: int, minutes: float, between: int) -> Soak:
    """Kill that many times, or for so long, with at most so many answers between two kills."""
    chance, book, begun = random.Random(seed), Book(), time.monotonic()
    num_kills = 0
    home = Path(tempfile.mkdtemp())
    lost = doubled = 0
    try:
        prepared(home)
        servers = Servers(home)
        starts = [servers.start()]
        workers = [Worker(number, servers.port, book, seed + number) for number in range(_WORKERS)]
        for worker in workers:
            worker.start()
        while num_kills < kills and time.monotonic() < begun + 60 * minutes:
            num_kills += 1
            _wait(book, chance.randint(0, between))
            time.sleep(chance.uniform(0.0, 0.02))
            servers.kill()
            found = looked_at(home, book)
            lost, doubled = lost + found.lost, doubled + found.doubled
            starts.append(servers.start())
            if num_kills % 20 == 0 or num_kills == kills:
                told = len(book.feedback) + len(book.edits)
                print(f"{num_kills} kills, {told:,} acknowledged, {lost} lost, {doubled} doubled", flush=True)
        time.sleep(1.0)  # so that what had no answer is asked for again
        for worker in workers:
            worker.stop.set()
        for worker in workers:
            worker.join(timeout=60)
        found = looked_at(home, book)
        trace = traced(servers, home) if shutil.which("strace") else []
        servers.end()
        seconds = time.monotonic() - begun
        return Soak(num_kills, book, lost + found.lost, doubled + found.doubled, starts, seconds, trace)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _wait(book: Book, requests: int, seconds: float = 30.0) -> None:
    """Until that many more requests were acknowledged, or for so long."""
    told, end = book.num_answered + requests, time.monotonic() + seconds
    while book.num_answered < told and time.monotonic() < end:
        time.sleep(0.001)


def traced(servers: Servers, home: Path) -> list[str]:
    """The system calls of one acknowledged word: its way into the log, the flush of the log, and the answer."""
    out = home / "trace"
    tracer = subprocess.Popen(
        ["strace", "-f", "-y", "-s", "4096", "-o", out, "-p", str(servers.pid), "-e",
         "trace=pwrite64,write,fsync,fdatasync,sendto,sendmsg,writev"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert tracer.stderr
    tracer.stderr.readline()  # it says that it is attached
    said = {"board": BOARD, "panel": "p01", "kind": "rating", "value": "5", "user": "traced"}
    connection = http.client.HTTPConnection("127.0.0.1", servers.port, timeout=60)
    connection.request("POST", "/api/v1/feedback", json.dumps(said), _HEAD | {"Idempotency-Key": "traced-word"})
    status = connection.getresponse().status
    time.sleep(0.2)
    tracer.send_signal(signal.SIGINT)
    tracer.wait(timeout=30)
    if status != 201:
        raise SystemExit(f"the traced word was answered with {status}")
    return in_order(out.read_text(encoding="utf-8", errors="replace").splitlines())


def in_order(lines: list[str]) -> list[str]:
    """The three calls that matter, in the order in which they returned; refuses a trace without them in that order."""
    steps = (
        ("the words go into the log", re.compile(r"pwrite64\(\d+<[^>]*-wal>.*traced-word")),
        ("the flush of the log returns", re.compile(r"f(?:data)?sync\(\d+<[^>]*-wal>.*= 0")),
        ("the answer is sent", re.compile(r"(?:write|sendto|sendmsg|writev)\(\d+<(?:TCP|socket).*201 Created")),
    )
    found: list[str] = []
    for call in _returned(lines):
        what, pattern = steps[len(found)] if len(found) < len(steps) else ("", re.compile("$^"))
        if not found and steps[2][1].search(call):
            raise SystemExit("the answer was sent before the flush of the log had returned")
        if pattern.search(call):
            found.append(f"{what}: `{_short(call)}`")
    if len(found) < len(steps):
        raise SystemExit(f"the trace does not show a flush before the answer; it shows {found}")
    return found


def _returned(lines: list[str]) -> list[str]:
    """Each call as one line, at the place where it returned."""
    begun: dict[str, str] = {}
    calls = []
    for line in lines:
        process, _, call = line.strip().partition(" ")
        call = call.strip()
        if call.endswith("<unfinished ...>"):
            begun[process] = call.removesuffix("<unfinished ...>")
        elif resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", call):
            calls.append(begun.pop(process, "") + resumed[1])
        else:
            calls.append(call)
    return calls


def _short(call: str) -> str:
    name, _, rest = call.partition("(")
    place = re.search(r"<([^>]*)>", rest)
    shown = place[1].rsplit("/", 1)[-1] if place else ""
    shown = re.sub(r"TCP:.*", "the client's connection", re.sub(r"socket:.*", "the client's connection", shown))
    return f"{name}({shown}) = {rest.rsplit('= ', 1)[-1].strip()}"


def page(done: Soak, seed: int) -> str:
    """The result as Markdown."""
    book, starts = done.book, sorted(done.starts)
    lines = [
        "# Durability: what is acknowledged is there",
        "",
        f"Written by `make soak-durability` (seed {seed}, {done.seconds:.0f} s). {_WORKERS} clients say single words,",
        f"batches of {_BATCH} words and edit a board, each request with an idempotency key, while the server is ended",
        "with SIGKILL at random moments and started again on the same SQLite database. Whoever had no answer sends the",
        "same request again. After each kill the database was compared with everything that had been acknowledged.",
        "",
        "| | |",
        "|---|---|",
        f"| kills | {done.kills} |",
        f"| words acknowledged | {len(book.feedback):,} |",
        f"| edits acknowledged | {len(book.edits):,} |",
        f"| requests without an answer, sent again | {book.num_unanswered:,} |",
        f"| requests with feedback of those that were on the disk already | {book.num_written_unanswered:,} |",
        f"| other answers than 200 and 201 | {len(book.refused)} |",
        f"| **lost** | **{done.lost}** |",
        f"| **doubled** | **{done.doubled}** |",
        f"| until a new server answered, median | {1_000 * starts[len(starts) // 2]:.0f} ms |",
        "",
    ]
    if done.trace:
        lines += [
            "SIGKILL leaves the operating system's cache. That a power failure loses nothing either follows from the",
            "order of the system calls of one word, as `strace` saw them return:",
            "",
            *(f"{number}. {step}" for number, step in enumerate(done.trace, start=1)),
        ]
    else:
        lines.append("`strace` is not installed here, so the order of flush and answer was not traced.")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Kill, look, write; exit code 1 when something is lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=60, help="stop then, however few kills there were")
    parser.add_argument("--between", type=int, default=60, help="answers between two kills, at most")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--serve", type=int, metavar="PORT", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return
    done = soak(given.kills, given.seed, given.minutes, given.between)
    text = page(done, given.seed)
    print(text)
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    sys.exit(1 if done.lost or done.doubled or done.book.refused or not done.book.edits else 0)


if __name__ == "__main__":
    main()
