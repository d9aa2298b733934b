"""Drawing in service beside LitServe and MLflow's scoring server: throughput, waiting times, overload, and the end.

    make bench-serve            every server with the same illustrator, payloads, machine and number of threads

The servers stand at the same time, and are asked in turns (A B C A B C …) by 32 clients that each send the next request
when the last is answered. LitServe and MLflow are first tried with several settings each, and the best ones go on. The
cap is what the model alone draws in a process without a server, at the best batch size for each payload. Then ours is
offered ten times what it can do, and is at last asked to end in the middle of its work. Writes docs/results/serving.md
and serving.json. Two tables: `alike` is one kind of picture, `mixed` several sizes and steps, as a studio sends them.
"""

import argparse
import asyncio
import base64
import contextlib
import dataclasses
import datetime
import importlib.metadata
import io
import itertools
import json
import os
import platform
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

CLIENTS = 32
RESULTS = Path("docs/results/serving.md")
KINDS: dict[str, list[tuple[str, int]]] = {
    "alike": [("96x54", 2)],
    "mixed": [("96x54", 2), ("96x54", 4), ("54x96", 2), ("72x72", 2), ("72x72", 4)],
}
"""Size and steps of each payload; all are guided."""
LIT_TIMEOUT = 0.02
GUIDANCE = 3.0
BATCHES = (1, 4, 8, 16)
_WORDS = (
    "a woman with long red hair and a yellow shirt stands in the park and holds a blue bottle, day",
    "a man with short black hair walks in the street, night, rain",
    "a close-up of a red bottle on a table in the kitchen, morning",
    "a girl with a hat runs at the beach, evening",
)


@dataclass(frozen=True, slots=True)
class Payload:
    """A picture that a client asks for."""

    prompt: str
    seed: int
    size: str
    steps: int


@dataclass(slots=True)
class Side:
    """A server under test, and what was measured of it."""

    name: str
    settings: str
    port: int
    request: Callable[[Payload], tuple[str, dict[str, Any]]]
    """The path and the JSON body."""
    picture: Callable[[dict[str, Any]], str]
    """The picture in an answer, as Base64."""
    process: subprocess.Popen[bytes]
    rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    failures: int = 0


# What is asked.


def payloads(kind: str, seed: int) -> Iterator[Payload]:
    """Endless requests, no two the same; the same for each server."""
    chance = random.Random(seed)
    for number in itertools.count():
        size, steps = chance.choice(KINDS[kind])
        yield Payload(chance.choice(_WORDS), seed * 1_000_000 + number, size, steps)


async def asked(side: Side, kind: str, seconds: float, clients: int, seed: int) -> tuple[int, list[float], int]:
    """Ask for so long: how many pictures came in that time, what each took, and how many answers were none."""
    source, end = payloads(kind, seed), time.perf_counter() + seconds
    took: list[float] = []
    failures = in_time = 0

    async def client() -> None:
        nonlocal failures, in_time
        async with connected(side.port) as ask:
            while (started := time.perf_counter()) < end:
                status, _, body = await ask(*side.request(next(source)))
                took.append(time.perf_counter() - started)
                failures += status != 200
                in_time += status == 200 and time.perf_counter() <= end
                assert status != 200 or side.picture(json.loads(body))

    await asyncio.gather(*(client() for _ in range(clients)))
    return in_time, took, failures


@contextlib.asynccontextmanager
async def connected(port: int) -> Any:
    """One connection that is kept; a client that costs little, because it runs on the machine that is measured."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)

    async def ask(path: str, content: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        body = json.dumps(content).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        return int(lines[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"]))

    try:
        yield ask
    finally:
        writer.close()


# The servers.


def ours(home: Path, devices: str) -> Side:
    """Our own server as `storywright serve` starts it."""
    port = free_port()
    environment = {"STORYWRIGHT_HOME": str(home), "MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db"}
    environment |= {"STORYWRIGHT_DEVICES": devices}
    words = [sys.executable, "-m", "storywright", "serve", "--port", str(port)]

    def request(one: Payload) -> tuple[str, dict[str, Any]]:
        prompt = {"name": "prompt", "shape": [1], "datatype": "BYTES", "data": [one.prompt]}
        how = {"size": one.size, "steps": one.steps, "guidance": GUIDANCE, "seed": one.seed}
        return "/v2/models/illustrator/infer", {"inputs": [prompt], "parameters": how}

    picture = lambda body: str(body["outputs"][0]["data"][0])  # noqa: E731
    return Side("storywright", f"STORYWRIGHT_DEVICES={devices}", port, request, picture, started(words, environment))


def litserve(batch: int, workers: int, threads: int) -> Side:
    """LitServe with the same illustrator; requests of a batch that differ are drawn in groups."""
    port = free_port()
    words = [sys.executable, str(Path(__file__).with_name("peer_litserve.py")), str(port), str(batch), str(workers)]
    settings = f"max_batch_size={batch}, batch_timeout={LIT_TIMEOUT}, workers_per_device={workers}, {threads} threads"
    plain = lambda one: ("/predict", dataclasses.asdict(one))  # noqa: E731
    environment = {"OMP_NUM_THREADS": str(threads)}
    return Side("LitServe", settings, port, plain, lambda body: str(body["image"]), started(words, environment))


def mlflow(model: Path, workers: int, threads: int) -> Side:
    """MLflow's scoring server with the same illustrator as a pyfunc."""
    port = free_port()
    program = str(Path(sys.executable).with_name("mlflow"))
    words = [
        program,
        "models",
        "serve",
        "-m",
        str(model),
        "--env-manager",
        "local",
        "-p",
        str(port),
        "-w",
        str(workers),
    ]

    def request(one: Payload) -> tuple[str, dict[str, Any]]:
        return "/invocations", {"dataframe_records": [dataclasses.asdict(one)]}

    environment = {"OMP_NUM_THREADS": str(threads), "MLFLOW_TRACKING_URI": f"sqlite:///{model.parent}/mlflow.db"}
    environment |= {"PYTHONPATH": str(Path(__file__).resolve().parent)}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    }  # it looks for uvicorn there
    settings = f"workers={workers}, {threads} threads"
    picture = lambda body: str(body["predictions"][0])  # noqa: E731
    return Side("MLflow", settings, port, request, picture, started(words, environment))


def started(words: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A server in a group of its own, so that it can be ended with all that it started."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    inherited = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    return subprocess.Popen(words, env=inherited | environment, start_new_session=True, **quiet)  # type: ignore[call-overload]


def until_ready(side: Side, seconds: float = 240) -> None:
    """Wait until it draws."""

    async def draws() -> bool:
        try:
            async with connected(side.port) as ask:
                status, _, _ = await ask(*side.request(Payload(_WORDS[0], 1, "96x54", 2)))
                return int(status) == 200
        except (OSError, asyncio.IncompleteReadError, KeyError):
            return False

    end = time.monotonic() + seconds
    while not asyncio.run(draws()):
        if time.monotonic() > end or side.process.poll() is not None:
            raise SystemExit(f"{side.name} ({side.settings}) did not start.")
        time.sleep(0.5)


def ended(side: Side) -> None:
    """End a server and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(side.process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        side.process.wait(20)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(side.process.pid, signal.SIGKILL)
    side.process.wait()


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


# The illustrator in the others; `peer_litserve.py` and `peer_mlflow.py` put it there as anybody would.


def illustrator(at_once: int) -> Any:
    """The embedded illustrator; on a processor it is told how many pictures to compute together."""
    import torch

    from storywright.illustrator.model import STARTER, Illustrator

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    opened = Illustrator.open(STARTER, quick=True)  # as the server opens it
    opened.at_once = at_once
    return opened


def drawn(model: Any, wanted: list[dict[str, Any]]) -> list[str]:
    """A Base64 PNG for each; those of one size and steps are drawn together."""
    groups: dict[tuple[str, int], list[int]] = {}
    for at, one in enumerate(wanted):
        groups.setdefault((one["size"], int(one["steps"])), []).append(at)
    found: dict[int, str] = {}
    for (size, steps), members in groups.items():
        width, height = map(int, size.split("x"))
        pictures = model.draw(
            [wanted[at]["prompt"] for at in members], size=(width, height), steps=steps, guidance=GUIDANCE,
            seeds=[int(wanted[at]["seed"]) for at in members],
        )  # fmt: skip
        for at, picture in zip(members, pictures, strict=True):
            file = io.BytesIO()
            picture.save(file, "PNG")
            found[at] = base64.b64encode(file.getvalue()).decode()
    return [found[at] for at in range(len(wanted))]


def pyfunc(folder: Path) -> Path:
    """The illustrator as MLflow keeps it."""
    import mlflow.pyfunc

    code = str(Path(__file__).with_name("peer_mlflow.py"))
    mlflow.pyfunc.save_model(path=str(folder / "model"), python_model=code, pip_requirements=[])
    return folder / "model"


# What is measured.


def cap(kind: str, seconds: float) -> tuple[float, dict[str, tuple[int, float]]]:
    """Pictures a second of the model alone, at the best batch size of each payload, in a process without a server."""
    words = [sys.executable, __file__, "--cap", kind, str(seconds)]
    threads = {"OMP_NUM_THREADS": str(_cores())}
    found = json.loads(subprocess.run(words, env=os.environ | threads, check=True, stdout=subprocess.PIPE).stdout)
    best = {name: (int(batch), float(rate)) for name, (batch, rate) in found.items()}
    return len(best) / sum(1 / rate for _, rate in best.values()), best


def print_cap(kind: str, seconds: float) -> None:
    """For each payload the best batch size and its pictures a second, as JSON."""
    model, found = illustrator(max(BATCHES)), {}
    for size, steps in KINDS[kind]:
        _draw(model, size, steps, 1)
        rates = {}
        for batch in BATCHES:
            count, started = 0, time.perf_counter()
            while count == 0 or time.perf_counter() - started < seconds / len(BATCHES):
                _draw(model, size, steps, batch)
                count += batch
            rates[batch] = count / (time.perf_counter() - started)
        best = max(rates, key=lambda one: rates[one])
        found[f"{size}, {steps} steps"] = (best, rates[best])
    print(json.dumps(found))


def _draw(model: Any, size: str, steps: int, batch: int) -> None:
    width, height = map(int, size.split("x"))
    prompts = [_WORDS[number % len(_WORDS)] for number in range(batch)]
    model.draw(prompts, size=(width, height), steps=steps, guidance=GUIDANCE, seeds=list(range(batch)))


def measured(side: Side, kind: str, seconds: float, seed: int) -> None:
    """One turn of a server."""
    count, took, failures = asyncio.run(asked(side, kind, seconds, CLIENTS, seed))
    side.rates.append(count / seconds)
    side.seconds += took
    side.failures += failures


def best_of(start: list[Callable[[], Side]], kind: str, seconds: float) -> Side:
    """The settings under which a server draws most, one after the other; the best one stands at the end."""
    best, most = None, -1.0
    for begin in start:
        side = begin()
        try:
            until_ready(side)
            asyncio.run(asked(side, kind, 1.0, CLIENTS, 1))
            count, _, _ = asyncio.run(asked(side, kind, seconds, CLIENTS, 2))
        except BaseException:
            ended(side)
            raise
        print(f"  {side.name}, {side.settings}: {count / seconds:.1f} pictures a second")
        worse = side
        if count / seconds > most:
            worse, best, most = best, side, count / seconds
        if worse is not None:
            ended(worse)
    assert best is not None
    return best


def same_pictures(sides: list[Side]) -> bool:
    """Whether every server draws the same pixels."""
    one = Payload(_WORDS[0], 11, "96x54", 2)

    async def picture(side: Side) -> np.ndarray:
        async with connected(side.port) as ask:
            _, _, body = await ask(*side.request(one))
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(side.picture(json.loads(body))))))

    pictures = [asyncio.run(picture(side)) for side in sides]
    return all(np.array_equal(pictures[0], other) for other in pictures[1:])


async def overloaded(side: Side, kind: str, rate: float, seconds: float) -> dict[str, float]:
    """Requests at this rate, whether or not they are answered: what is turned away, how fast, and what is drawn."""
    source = payloads(kind, 99)
    rejected: list[float] = []
    taken: list[float] = []
    statuses: dict[int, int] = {}
    without = 0
    begun = time.perf_counter()

    async def one(payload: Payload) -> None:
        nonlocal without
        status, headers = 0, {}
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            async with connected(side.port) as ask:
                started = time.perf_counter()
                status, headers, _ = await ask(*side.request(payload))
        statuses[status] = statuses.get(status, 0) + 1
        if status == 200:
            taken.append(time.perf_counter())
        elif status:
            rejected.append(time.perf_counter() - started)
            without += "retry-after" not in headers

    tasks = []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        tasks.append(asyncio.ensure_future(one(next(source))))
    await asyncio.gather(*tasks)
    warm = begun + seconds * 0.2
    drawn_in_time = sum(warm <= at <= begun + seconds for at in taken)
    return {
        "offered_a_second": rate,
        "rejected": len(rejected),
        "rejected_without_retry_after": without,
        "other_statuses": sum(count for status, count in statuses.items() if status not in (200, 429, 503)),
        "rejection_p99_ms": 1e3 * quantile(rejected, 0.99) if rejected else 0.0,
        "drawn_a_second": drawn_in_time / (seconds * 0.8),
    }


def memory_mb(side: Side) -> float:
    """Of a server and all that it started."""
    root = psutil.Process(side.process.pid)
    return sum(one.memory_info().rss for one in [root, *root.children(recursive=True)]) / 1e6


def ends_under_load(side: Side, kind: str) -> dict[str, float]:
    """SIGTERM while 32 clients wait: how many of those that were accepted got their picture, and how long it took."""
    family = [psutil.Process(side.process.pid), *psutil.Process(side.process.pid).children(recursive=True)]
    outcomes: list[int] = []

    async def one(payload: Payload) -> None:
        try:
            async with connected(side.port) as ask:
                status, _, _ = await ask(*side.request(payload))
                outcomes.append(int(status))
        except (OSError, asyncio.IncompleteReadError):
            outcomes.append(0)

    async def all_of_them() -> float:
        source = payloads(kind, 77)
        tasks = [asyncio.ensure_future(one(next(source))) for _ in range(CLIENTS)]
        await asyncio.sleep(0.5)
        started = time.perf_counter()
        os.kill(side.process.pid, signal.SIGTERM)
        await asyncio.gather(*tasks)
        await asyncio.to_thread(side.process.wait, 60)
        return time.perf_counter() - started

    seconds = asyncio.run(all_of_them())
    left = [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    return {
        "accepted": len(outcomes), "answered": sum(status == 200 for status in outcomes), "seconds": seconds,
        "processes_left": len(left),
    }  # fmt: skip


def quantile(values: list[float], share: float) -> float:
    """By rank; the largest where there are few."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


# The report.


def run(rounds: int, seconds: float, out: Path, *, quick: bool = False) -> None:
    """Everything, in under six minutes with the usual numbers; `quick` tries no settings."""
    cores, begun = _cores(), time.monotonic()
    found: dict[str, Any] = {"machine": _machine(), "clients": CLIENTS, "rounds": rounds, "seconds_a_turn": seconds}
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as at_end:
        folder = Path(scratch)
        print("The model alone …")
        caps = {kind: cap(kind, seconds / 2) for kind in KINDS}
        model = pyfunc(folder)
        print("The servers, and the best settings of the peers …")
        tried = seconds / 2
        each = ",".join(["cpu"] * cores)
        home = best_of(
            [partial(ours, folder / one, one) for one in (["cpu"] if quick else ["cpu", each])], "mixed", tried
        )
        at_end.callback(ended, home)
        settings = (
            [(8, 1, cores)] if quick else [(1, cores, 1), (8, 1, cores), (32, 1, cores), (8, cores, 1), (16, cores, 1)]
        )
        lit = best_of([partial(litserve, *one) for one in settings], "mixed", tried)
        at_end.callback(ended, lit)
        numbers = [(1, cores)] if quick else [(1, cores), (cores, 1)]
        flow = best_of([partial(mlflow, model, *one) for one in numbers], "mixed", tried)
        at_end.callback(ended, flow)
        sides = [home, lit, flow]
        found["same_pixels_from_all"] = same_pictures(sides)
        for kind in KINDS:
            for side in sides:
                side.rates, side.seconds, side.failures = [], [], 0
            for number in range(rounds):
                for side in sides:
                    measured(side, kind, seconds, 10 + number)
                    print(f"  {kind}, {side.name}: {side.rates[-1]:.1f} pictures a second")
            found[kind] = _compared(sides, *caps[kind])
        ended(lit)
        ended(flow)
        peak = found["mixed"]["storywright"]["pictures_a_second"]
        before = memory_mb(home)
        print("Ten times as much as it can do …")
        found["overload"] = asyncio.run(overloaded(home, "mixed", 10 * peak, seconds)) | {"peak_a_second": peak}
        found["overload"] |= {"memory_mb_before": before, "memory_mb_after": memory_mb(home)}
        found["end"] = ends_under_load(home, "mixed")
    found["minutes"] = (time.monotonic() - begun) / 60
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".json").write_text(json.dumps(found, indent=2) + "\n")
    out.write_text(report(found))
    print(f"Written to {out} in {found['minutes']:.1f} minutes.")


def _compared(sides: list[Side], ideal: float, best: dict[str, tuple[int, float]]) -> dict[str, Any]:
    table: dict[str, Any] = {
        side.name: {
            "settings": side.settings,
            "pictures_a_second": statistics.median(side.rates),
            "p50_ms": 1e3 * quantile(side.seconds, 0.5),
            "p99_ms": 1e3 * quantile(side.seconds, 0.99),
            "failures": side.failures,
            "share_of_cap": statistics.median(side.rates) / ideal,
        }
        for side in sides
    }
    home, lit, flow = ([max(rate, 1e-9) for rate in side.rates] for side in sides)
    table["cap"] = {"pictures_a_second": ideal, "best_batches": {name: batch for name, (batch, _) in best.items()}}
    table["against_litserve"] = statistics.median(a / b for a, b in zip(home, lit, strict=True))
    table["against_mlflow"] = statistics.median(a / b for a, b in zip(home, flow, strict=True))
    table["p99_against_litserve"] = table["storywright"]["p99_ms"] / table["LitServe"]["p99_ms"]
    return table


def report(found: dict[str, Any]) -> str:
    """The figures, for people."""
    lines = [
        "# Drawing in service",
        "",
        f"Written by `make bench-serve`: {found['clients']} clients, {found['rounds']} turns of "
        f"{found['seconds_a_turn']:g} s for each server, in turns. {found['machine']}",
        "",
        "All servers draw with the same embedded illustrator, guided, in pictures of 96x54, 54x96 and 72x72. The cap "
        "is what the model alone draws at its best batch size, in a process without a server, on all cores. "
        + ("The same request gives the same pixels from all three." if found["same_pixels_from_all"] else
           "The three did NOT give the same pixels."),
    ]  # fmt: skip
    for kind, title in (("alike", "One kind of picture"), ("mixed", "Several sizes and steps")):
        table = found[kind]
        best = ", ".join(f"{name}: {batch}" for name, batch in table["cap"]["best_batches"].items())
        lines += [
            "",
            f"## {title}",
            "",
            "| server | settings | pictures a second | of the cap | p50 | p99 | failures |",
            "|---|---|---:|---:|---:|---:|---:|",
        ]
        for name in ("storywright", "LitServe", "MLflow"):
            row = table[name]
            lines.append(
                f"| {name} | {row['settings']} | {row['pictures_a_second']:.1f} | {row['share_of_cap']:.0%} | "
                f"{row['p50_ms']:.0f} ms | {row['p99_ms']:.0f} ms | {row['failures']} |"
            )
        lines += [
            f"| the model alone | best batches: {best} | {table['cap']['pictures_a_second']:.1f} | 100% | | | |",
            "",
            f"Medians of the paired turns: {table['against_litserve']:.2f} times LitServe (bar: 1.3), "
            f"{table['against_mlflow']:.2f} times MLflow (bar: 2), {table['storywright']['share_of_cap']:.0%} of the "
            f"cap (bar: 85%), p99 {table['p99_against_litserve']:.2f} of LitServe's (bar: 0.8).",
        ]
    over, end = found["overload"], found["end"]
    lines += [
        "",
        "## Ten times as much as it can do",
        "",
        f"{over['offered_a_second']:.0f} requests a second were offered: {over['rejected']:,} were turned away "
        f"({over['rejected_without_retry_after']} without Retry-After), p99 of a rejection "
        f"{over['rejection_p99_ms']:.1f} ms (bar: 50). {over['drawn_a_second']:.1f} pictures a second were drawn, "
        f"{over['drawn_a_second'] / over['peak_a_second']:.0%} of {over['peak_a_second']:.1f} (bar: 90%). "
        f"{over['other_statuses']} other answers. Memory {over['memory_mb_before']:.0f} MB before, "
        f"{over['memory_mb_after']:.0f} MB after.",
        "",
        "## Asked to end in the middle of its work",
        "",
        f"{end['answered']} of {end['accepted']} requests that were accepted got their picture after SIGTERM; all was "
        f"over after {end['seconds']:.1f} s (bar: 30), and {end['processes_left']} processes were left (bar: 0).",
        "",
    ]
    return "\n".join(lines)


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _machine() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("torch", "litserve", "mlflow"))
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    return f"{_cores()} cores of {model}, {versions}, load {os.getloadavg()[0]:.1f} at the start, {day}."


def main() -> None:
    """Read the command line."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    if sys.argv[1:2] == ["--cap"]:
        print_cap(sys.argv[2], float(sys.argv[3]))
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--rounds", type=int, default=3)
        parser.add_argument("--seconds", type=float, default=8.0, help="of a turn")
        parser.add_argument("--out", type=Path, default=RESULTS)
        parser.add_argument(
            "--quick", action="store_true", help="one setting for each peer: to see that all of it runs"
        )
        words = parser.parse_args()
        run(words.rounds, words.seconds, words.out, quick=words.quick)


if __name__ == "__main__":
    main()
