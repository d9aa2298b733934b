"""What watching costs: the share of a request's CPU, of a scrape, and of a training step.

    python benchmarks/bench_watch.py --out docs/results/watching.md      or `make bench-watch`

The same app is asked with and without what counts and times its requests, in turns (A B A B …) in one process, and the
CPU time of the process is taken; the share is the median of the ratios of neighbours. Twice the same app in turns
shows the noise. A training logs the figures of each step to MLflow or not, in turns as well.
"""

import argparse
import asyncio
import dataclasses
import os
import platform
import statistics
import tempfile
import time
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
    watched, other, bare = app(), app(), app(watched=False)
    times: dict[str, list[float]] = {"watched": [], "other": [], "bare": []}
    for one in (watched, other, bare):
        ask(one, path, count // 4)
    for turn in track(range(turns), f"Asking {path}"):
        order = [("watched", watched), ("bare", bare), ("other", other)]
        for name, one in order if turn % 2 else order[::-1]:
            times[name].append(ask(one, path, count))
    return {
        "seconds": statistics.median(times["bare"]),
        "share": statistics.median(a / b - 1 for a, b in zip(times["watched"], times["bare"], strict=True)),
        "noise": statistics.median(a / b - 1 for a, b in zip(times["watched"], times["other"], strict=True)),
    }


def ask(one: Any, path: str, count: int) -> float:
    """CPU seconds of a request, as the app is called by its server."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), (b"accept", b"text/html" if path == "/" else b"application/json")],
        "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 8_000),
    }  # fmt: skip
    statuses = set()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.add(message["status"])

    async def all_of_them() -> float:
        began = time.process_time()
        for _ in range(count):
            await one({**scope, "state": {}}, receive, send)
        return (time.process_time() - began) / count

    found = asyncio.run(all_of_them())
    assert statuses == {200}, f"{path} was answered with {statuses}"
    return found


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
    for path in ROUTES:
        ask(one, path, 5)
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
        "The app is called without the work of an HTTP server, which comes to every request: these are upper bounds, "
        "and the last column is the noise of the machine.",
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
