"""Seconds for each export of a 15-second board, and for all of them from a cold command.

    python benchmarks/bench_export.py --out out/bench_export.json            # about a minute

The board has six panels of 384x216 drawn by the drawn world, five of which move, with lines that are spoken. Each
format is written in a process of its own, once to warm up and then `--rounds` times; its figures are the medians of
wall time and of CPU time. The command is started anew each time, so its figure has the imports and the voice in it.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MOVES = ("static", "pan", "tilt", "zoom in", "dolly", "tracking")
SHOTS = ("establishing", "medium", "full", "close-up", "insert", "medium close-up")
SECONDS = (2.52, 2.48, 2.6, 2.6, 2.2, 2.6)


def main() -> None:
    """Print the machine and the figures; write them where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="times each figure is taken (default: 3)")
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    parser.add_argument("--one", nargs=2, metavar=("FORMAT", "BOARD"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(_one(*args.one, args.rounds)))
        return
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}, load {os.getloadavg()[0]:.1f}\n{'':14}{'seconds':>10}{'CPU':>10}")
    from storywright.export import FORMATS

    with tempfile.TemporaryDirectory() as scratch:
        board = Path(scratch) / "board"
        _draw(board)
        figures = {}
        for name in FORMATS:
            command = [sys.executable, __file__, "--rounds", str(args.rounds), "--one", name, str(board)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            figures[name] = json.loads(done.stdout)
            _print(name, figures[name])
        runs = [_command(board, Path(scratch) / "out") for _ in range(args.rounds)]
        figures["all, command"] = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        _print("all, command", figures["all, command"])
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps({"machine": machine, "formats": figures}, indent=2) + "\n")


def _print(name: str, figure: dict[str, float]) -> None:
    print(f"{name:14}{figure['seconds']:10.2f}{figure['cpu_seconds']:10.2f}", flush=True)


def _one(name: str, place: str, rounds: int) -> dict[str, float]:
    """The median of several writes of one format in this process."""
    from storywright import export, voice
    from storywright.board import read_board
    from storywright.voice.track import track

    board, folder, form = read_board(Path(place)), Path(place), export.FORMATS[name]
    given = {"track": track(board, voice.open("espeak"))} if "track" in form.takes else {}
    runs = []
    with tempfile.TemporaryDirectory() as out:
        for _ in range(rounds + 1):
            wall, cpu = time.perf_counter(), time.process_time()
            export.module(name).write(board, folder, Path(out) / f"board{form.suffix}", **given)
            runs.append((time.perf_counter() - wall, time.process_time() - cpu))
    seconds, cpu_seconds = (statistics.median(run[at] for run in runs[1:]) for at in (0, 1))
    return {"seconds": seconds, "cpu_seconds": cpu_seconds}


def _command(board: Path, out: Path) -> dict[str, float]:
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "storywright", "export", str(board), "--to", "all", "--out", str(out)]
    subprocess.run(command, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": time.perf_counter() - wall, "cpu_seconds": cpu}


def _draw(folder: Path) -> None:
    from PIL import Image

    from storywright.board import Brief, Panel, Product, Shot, Storyboard
    from storywright.toonworld.drawing import draw
    from storywright.toonworld.scene import Person, Prop, Scene

    mia = Person(name="Mia", woman=True, hair_length="long", hair_colour="red", top_colour="yellow")
    panels = []
    (folder / "panels").mkdir(parents=True)
    for number, (shot, move, seconds) in enumerate(zip(SHOTS, MOVES, SECONDS, strict=True)):
        people = () if shot == "insert" else (mia,)
        scene = Scene(setting="park", people=people, props=(Prop(kind="bottle"),), shot=shot, style="ink", seed=number)
        Image.fromarray(draw(scene, (384, 216))).save(folder / f"panels/{number}.png")
        said = {"voice_over": "Mornings begin too fast."} if number % 2 else {"super": "Take a sip."}
        shown = {"shot": Shot(size=shot, move=move), "seconds": seconds, "picture": f"panels/{number}.png"}
        panels.append(Panel(id=f"p{number}", action="Mia runs through the park and waves.", **shown, **said))
    brief = Brief(title="Morning Run", product=Product(name="Aqua Spark"))
    Storyboard(id="bench", title="Morning Run", logline="One sip.", brief=brief, panels=panels).save(folder)


if __name__ == "__main__":
    main()
