"""What watching costs: the share of a request's CPU, of a scrape, and of a training step.

    python benchmarks/bench_watch.py --out docs/results/watching.md      or `make bench-watch`

The same app is served with and without what counts and times its requests, both by uvicorn in this process, and asked
in turns (A B A B …) by another process. What is taken is the CPU time of this one; the share is the median of the
ratios of neighbours. Twice the same app in turns shows the noise. A training logs the figures of each step to MLflow or
not, in turns as well.
"""

import argparse
import contextlib
import dataclasses
import http.client
import multiprocessing
import os
import platform
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from storywright import files
from storywright.progress import track

BAR_REQUEST, BAR_STEP = 0.02, 0.01
_FIGURES = (
    "loss", "learning_rate", "gradient_norm", "samples_per_second", "memory_mb", "cpu_utilisation", "lost_loading",
    "lost_checkpoints", "lost_logging", "model_flop_utilisation",
)  # fmt: skip
ROUTES = ("/api/v1/models", "/api/v1/boards", "/")


def main() -> None:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="a Markdown file for the result; it is printed without one")
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--requests", type=int, default=300, help="in a turn")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"STORYWRIGHT_HOME": folder, "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}
        asking = {path: requests(path, asked.turns, asked.requests) for path in ROUTES}
        scraping = scrape_seconds()
        step = training_step(asked.turns)
    text = told(asking, scraping, step, asked)
    if asked.out:
        files.write_text(asked.out, text)
    else:
        print(text)


def requests(path: str, turns: int, count: int) -> dict[str, float]:
    """CPU seconds of a request without watching, the share that watching adds, and what twice the same app differs."""
    times: dict[str, list[float]] = {"watched": [], "other": [], "bare": []}
    with contextlib.ExitStack() as open_now:
        ask = open_now.enter_context(asker())
        apps = {"watched": app(), "bare": app(watched=False), "other": app()}
        ports = {name: open_now.enter_context(served(one)) for name, one in apps.items()}
        for port in ports.values():
            ask(port, path, count)
        for turn in track(range(turns), f"Asking {path}"):
            order = list(ports.items())
            for name, port in order if turn % 2 else order[::-1]:
                times[name].append(ask(port, path, count))
    return {
        "seconds": statistics.median(times["bare"]),
        "share": statistics.median(a / b - 1 for a, b in zip(times["watched"], times["bare"], strict=True)),
        "noise": statistics.median(a / b - 1 for a, b in zip(times["watched"], times["other"], strict=True)),
    }


@contextlib.contextmanager
def served(one: Any) -> Iterator[int]:
    """The app behind uvicorn, as `storywright serve` has it, in a thread; its port."""
    import uvicorn

    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(one, log_level="warning", server_header=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        yield bound.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@contextlib.contextmanager
def asker() -> Iterator[Any]:
    """Asks from a process of its own: CPU seconds that this process spends on a request."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=client, args=(theirs,), daemon=True)
    process.start()

    def ask(port: int, path: str, count: int) -> float:
        began = time.process_time()
        ours.send((port, path, count))
        statuses = ours.recv()
        assert statuses == {200}, f"{path} was answered with {statuses}"
        return (time.process_time() - began) / count

    try:
        yield ask
    finally:
        ours.send(None)
        process.join()


def client(orders: Any) -> None:
    """Ask over one connection, as often as is ordered."""
    while (order := orders.recv()) is not None:
        port, path, count = order
        connection = http.client.HTTPConnection("127.0.0.1", port)
        statuses = set()
        for _ in range(count):
            connection.request("GET", path, headers={"Accept": "text/html" if path == "/" else "application/json"})
            with connection.getresponse() as answer:
                answer.read()
                statuses.add(answer.status)
        connection.close()
        orders.send(statuses)


def app(*, watched: bool = True) -> Any:
    """An app whose models are never asked, with or without what counts its requests."""
    from types import SimpleNamespace

    from storywright.server.app import make_app
    from storywright.server.following import Following
    from storywright.server.metrics import Measured, Metrics
    from storywright.settings import Settings
    from storywright.studio.director import Drawing
    from storywright.studio.models import Models

    at = Settings.from_environment()
    nobody: Any = None
    models = Models(critic=nobody, illustrator=nobody, writer=SimpleNamespace(languages=("en",)))  # type: ignore[arg-type]
    following = Following(at, Metrics(), opener=lambda *_: (models, Drawing()))
    following.check()
    made = make_app(at, following)
    if not watched:
        made.user_middleware = [one for one in made.user_middleware if one.cls is not Measured]
    return made


def scrape_seconds() -> float:
    """CPU seconds of a scrape of a server that has answered on all routes."""
    one = app()
    with asker() as ask, served(one) as port:
        for path in ROUTES:
            ask(port, path, 5)
    metrics = one.state.service.metrics
    metrics.exposition()
    began = time.process_time()
    for _ in range(50):
        metrics.exposition()
    return (time.process_time() - began) / 50


def training_step(turns: int) -> dict[str, float]:
    """CPU seconds of a step of the embedded critic's training, and of keeping and sending the figures of one."""
    import torch
    from transformers import CLIPModel

    from storywright import tracking
    from storywright.studio.models import STARTER
    from storywright.training import watching
    from storywright.training.loop import Config

    torch.set_num_threads(1)
    model = CLIPModel.from_pretrained(STARTER / "critic")
    side = model.config.vision_config.image_size
    shown = {"pixel_values": torch.rand(16, 3, side, side), "input_ids": torch.ones(16, 16, dtype=torch.long)}

    def step() -> None:
        model(**shown, return_loss=True).loss.backward()
        model.zero_grad()

    def logged(rows: int) -> float:
        began = time.process_time()
        with tracking.step_run("train_critic", {"seed": 7}, {}) as run:
            seen = watching.observer()
            assert seen is not None
            for number in range(rows):
                seen.figures(number, dict.fromkeys(_FIGURES, float(number)))
            run.finish({})
        return time.process_time() - began

    os.environ["STORYWRIGHT_TRACKING"] = "now"
    step()
    logged(1)  # makes the database
    steps, rows = [], []
    for _ in track(range(max(3, turns // 8)), "Training and logging"):
        began = time.process_time()
        for _ in range(5):
            step()
        steps.append((time.process_time() - began) / 5)
        rows.append((logged(2_000) - logged(0)) / 2_000)
    every = next(field.default for field in dataclasses.fields(Config) if field.name == "log_every")
    return {"step": statistics.median(steps), "row": statistics.median(rows), "every": float(every)}


def told(
    asking: dict[str, dict[str, float]], scraping: float, training: dict[str, float], args: argparse.Namespace
) -> str:
    """The result as Markdown."""
    share = training["row"] / training["every"] / training["step"]
    lines = [
        "# What watching costs",
        "",
        f"`python benchmarks/bench_watch.py --turns {args.turns} --requests {args.requests} --out {args.out}`, "
        f"CPU time, {platform.machine()}, Python {platform.python_version()}.",
        "",
        "| request | CPU without watching | watching adds | twice the same app |",
        "|---|---|---|---|",
    ]
    for path, found in asking.items():
        shares = " | ".join(f"{100 * found[name]:+.2f} %" for name in ("share", "noise"))
        lines.append(f"| GET {path} | {1_000 * found['seconds']:.2f} ms | {shares} |")
    lines += [
        "",
        "Each request comes over HTTP, from another process whose time does not count. The last column is the noise of "
        "the machine.",
        "",
        f"The bar is {100 * BAR_REQUEST:.0f} % of a request. A scrape costs {1_000 * scraping:.1f} ms; every 15 s "
        f"that is {100 * scraping / 15:.3f} % of a core.",
        "",
        f"A step of the embedded critic's training with 16 pairs takes {1_000 * training['step']:.1f} ms of CPU; to "
        f"keep and send a row of {len(_FIGURES)} figures to MLflow takes {1_000 * training['row']:.2f} ms. With "
        f"one every {training['every']:.0f} steps that is **{100 * share:.3f} %** of a step "
        f"(the bar: {100 * BAR_STEP:.0f} %).",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
