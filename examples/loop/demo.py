"""A year of the studio in minutes: people use it, the world drifts, the models learn, and no bad one stays.

    make loop-demo                # or: python -m examples.loop.demo --out docs/results/loop.md

Everything that takes part is real: the server over HTTP, Prometheus and Alertmanager, the receiver, the pipeline, the
registry with its gates. Only the people are simulated (`audience`), and their tastes are written nowhere else. It
prints a timeline, writes the figures into the file of --out, and ends with 1 when what had to happen did not.
"""

import argparse
import datetime
import json
import os
import platform
import re
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import torch
import yaml
from safetensors.torch import load_file, save_file

from examples.loop import audience
from examples.loop.audience import Visits
from examples.loop.town import ROOT, SteadyClient, Town, until
from storywright.illustrator import sealed

_PLACES = ("park", "kitchen", "street", "office", "beach", "forest", "cafe", "bedroom")
_THINGS = ("bottle", "book", "bicycle", "phone", "cup", "backpack", "lamp", "hat")
_PEOPLE, _HELD_OUT_PEOPLE = 8, 8
_QUIET_SECONDS = 20
"""After this time an alert would have fired: two scrapes, two looks at the rules, and five seconds."""
_LEAST_GAIN = 0.10
"""The challenger has to win so much more often than it loses."""
_FURTHER = 0.5
"""How far the third challenger goes on in the direction in which the second went from the first."""


@dataclass
class Year:
    """What happened, and what was measured."""

    began: float = field(default_factory=time.monotonic)
    lines: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)

    def tell(self, month: str, said: str) -> None:
        """A line of the timeline."""
        line = f"{time.monotonic() - self.began:6.0f} s  {month:<9}  {said}"
        self.lines.append(line)
        print(line, flush=True)  # noqa: T201

    def must(self, month: str, true: bool, said: str) -> None:
        """A line that says whether what had to happen did."""
        if not true:
            self.missed.append(said)
        self.tell(month, f"{'✓' if true else '✗'} {said}")


def main() -> None:
    """Play the year."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--folder", type=Path, default=Path("out/loop"), help="where everything is left")
    parser.add_argument("--out", type=Path, help="the file for the figures")
    parser.add_argument("--briefs", type=int, default=16, help="how many briefs come in before the drift")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of each step that computes")
    parser.add_argument("--keep", action="store_true", help="begin with what the folder holds of an earlier year")
    args = parser.parse_args()
    if not args.keep:
        shutil.rmtree(args.folder, ignore_errors=True)
    args.folder.mkdir(parents=True, exist_ok=True)
    folder, year = args.folder.resolve(), Year()
    _lay_out(folder, args.threads)
    town = Town(folder)
    client = SteadyClient(town.url("studio"))
    try:
        play(year, town, client, args.briefs)
    finally:
        if client.is_alive():
            client.stop()
        town.close()
    if args.out:
        args.out.write_text(_page(year), encoding="utf-8")
    if year.missed:
        raise SystemExit("What had to happen and did not: " + "; ".join(year.missed))


def play(year: Year, town: Town, client: SteadyClient, num_briefs: int) -> None:
    """The months, one after the other."""
    town.run("-m", "examples.loop.founding")
    year.tell("January", "the embedded models pass the gates as the first champion, version 1")
    town.open_studio()
    town.open_watch()
    client.start()
    year.tell("February", "the studio, Prometheus, Alertmanager and the receiver are at work; a steady client asks on")

    people, visits = audience.public("user", _PEOPLE, seed=1), Visits(town.url("studio"))
    _use(visits, people, _briefs(num_briefs, "en", 1), year, "March")
    _monitor(town)
    time.sleep(_QUIET_SECONDS)
    quiet = "StorywrightDrift" not in town.firing() and not _health(town)["last_started"]
    year.must("April", quiet, "the monitor measures no drift, and no alert of it fires")

    _use(visits, people[:4], _briefs(6, "ru", 2), year, "May")
    year.tell("May", "drift is injected: from now on all briefs are Russian")
    _monitor(town)
    until(lambda: "StorywrightDrift" in town.firing(), "the alert fires", 600)
    year.tell("June", f"the monitor measures the drift; Prometheus fires {', '.join(town.firing())}")
    until(lambda: _health(town)["last_started"], "the receiver starts the retraining", 600)
    year.tell("June", f"Alertmanager's webhook arrives; the receiver starts `retraining` for {_health(town)['reason']}")
    _wait_for_retraining(year, town)

    decision = _read(town.folder / "factory/promote/retraining/decision.json")
    learned = _read(town.folder / "factory/learn_preferences/metrics.json")
    liked = _read(town.folder / "factory/fit_preference/metrics.json")
    left_out = {
        **_read(town.folder / "factory/collect_feedback/left_out.json")["users"],
        **_read(town.folder / "factory/fit_preference/preference/preference.json")["left_out"],
    }
    for why in left_out.values():
        year.tell("July", f"left out of what is learned: {why}")
    year.must("July", len(left_out) >= 1, "who only makes noise is left out")
    year.figures["people whose words were learned from"] = str(int(liked["num_users"]))
    year.figures["left out as noise"] = str(len(left_out))
    year.figures["pairs learned from"] = str(int(liked["num_pairs"]))
    year.figures["preference model on people it had not seen"] = f"{liked['held_out_accuracy']:.0%}"
    year.figures["pairs the illustrator was taught with"] = str(
        int(learned["num_picture_pairs"] + learned["num_drawn_pairs"])
    )
    year.must("July", decision["promoted"], f"version {decision['version']} passes the gates: {decision['why']}")
    if not decision["promoted"]:
        return
    _come_into_service(year, town, client, decision["version"], "August")
    _held_out(year, town, decision["version"])
    _refuse_damaged(year, town, decision["version"])
    _roll_back_slow(year, town, client, decision["version"])
    client.stop()
    year.figures["requests of the steady client"] = str(client.asked)
    year.figures["of which failed"] = str(len(client.failures))
    year.must(
        "December", not client.failures, f"{client.asked} requests of the steady client, {len(client.failures)} failed"
    )
    for failure in client.failures[:3]:
        year.tell("December", failure)


def _use(visits: Visits, people: list[audience.Person], briefs: list[dict[str, Any]], year: Year, month: str) -> None:
    """People order boards, and three of them say what they think of each order."""
    ordered = visits.order(briefs, candidates=3)
    for number, boards in enumerate(ordered):
        for turn in range(3):
            visits.judge(people[(number + turn * 3) % len(people)], boards, number)
    visits.make_noise("shouter", ordered[0])
    panels = sum(len(board["panels"]) for boards in ordered for board in boards)
    year.tell(month, f"{len(people)} people order {len(briefs)} times, look at {panels} panels and say what they like")


def _monitor(town: Town) -> None:
    """The monitor's round, as a timetable would start it."""
    town.run("-m", "storywright.steps.monitor", "--again")


def _wait_for_retraining(year: Year, town: Town) -> None:
    """The pipeline's own lines, as they come."""
    folder, seen = town.folder / "home/watch/retraining", 0
    end = time.monotonic() + 7_200
    while time.monotonic() < end:
        logs = sorted(folder.glob("retraining-*.log"))
        lines = logs[0].read_text(encoding="utf-8").splitlines() if logs else []
        for line in lines[seen:]:
            if re.match(r"  [✓=✗]", line):
                year.tell("July", line.strip())
            if line.startswith(("pipelines:", "Traceback")):
                raise SystemExit(f"The retraining failed: {line}")
            if line.startswith("retraining: done"):
                year.tell("July", line)
                return
        seen = len(lines)
        time.sleep(0.5)
    raise SystemExit("The retraining did not end.")


def _come_into_service(year: Year, town: Town, client: SteadyClient, version: str, month: str) -> None:
    client.hurried = True
    until(lambda: client.by_version.get(version), f"version {version} draws for the steady client", 900)
    until(lambda: _models(town)["version"] == version and not _models(town).get("rollout"), "everybody gets it", 1_800)
    client.hurried = False
    year.must(month, not client.failures, f"the server serves version {version} now, and no request failed meanwhile")


def _held_out(year: Year, town: Town, version: str) -> None:
    """People who never said a word before compare the two, and do not know which is which."""
    said = town.run("-m", "storywright", "blind", "begin", version, "--champion", "1", "--held-out", "--pairs", "24")
    year.tell("September", f"a blind comparison is laid out: {said.splitlines()[0]}")
    visits = [Visits(town.url("studio")) for _ in range(_HELD_OUT_PEOPLE)]
    people = audience.public("new", _HELD_OUT_PEOPLE, seed=2)
    with ThreadPoolExecutor(len(people)) as hands:
        list(hands.map(Visits.compare, visits, people))
    found = json.loads(town.run("-m", "storywright", "blind", "result", "--json"))
    town.run("-m", "storywright", "blind", "attach")
    gain = 2 * found["win_rate"] - 1
    rate = f"{found['win_rate']:.0%} ({found['win_rate_low']:.0%} to {found['win_rate_high']:.0%})"
    year.figures["win rate with people who said nothing before"] = rate
    year.figures["comparisons"] = f"{found['comparisons']} by {found['people']} people"
    score = f"{found['score']:+.2f} ({found['score_low']:+.2f} to {found['score_high']:+.2f})"
    year.figures["Bradley-Terry score against version 1"] = score
    said = f"version {version} is preferred in {rate} of {found['comparisons']} comparisons by new people"
    year.must("September", gain >= _LEAST_GAIN, said)


def _refuse_damaged(year: Year, town: Town, version: str) -> None:
    """A challenger whose denoiser was damaged, whole by its digests."""
    champion = _fetched(town, version)
    damaged = _copied(champion, town.folder / "damaged")
    weights = next((damaged / "illustrator/unet").glob("*.safetensors"))
    tensors, generator = load_file(weights), torch.Generator().manual_seed(0)
    for name, value in tensors.items():
        noise = torch.randn(value.shape, generator=generator) * value.float().std()
        tensors[name] = (value.float() + 0.5 * noise).to(value.dtype) if value.ndim > 1 else value
    save_file(tensors, weights)
    sealed.seal(damaged / "illustrator")
    town.run("-m", "examples.loop.founding", "damaged", str(damaged), str(champion))
    decision = _read(town.folder / "factory/promote/damaged/decision.json")
    year.must("October", not decision["promoted"], f"a damaged challenger is refused: {decision['why'][:300]}")
    year.must("October", _models(town)["version"] == version, f"version {version} serves on")


def _roll_back_slow(year: Year, town: Town, client: SteadyClient, version: str) -> None:
    """A challenger that went further where people led, and in service takes three times as long for a picture."""
    champion, before = _fetched(town, version), _fetched(town, "1")
    slow = _copied(champion, town.folder / "slow")
    for weights in sorted((slow / "illustrator/unet").glob("*.safetensors")):
        now, once = load_file(weights), load_file(before / "illustrator/unet" / weights.name)
        further = {n: (t.float() + _FURTHER * (t.float() - once[n].float())).to(t.dtype) for n, t in now.items()}
        save_file(further, weights)
    sealed.seal(slow / "illustrator")
    settings = _read(slow / "settings.json")
    settings["drawing"] |= {"steps": 3 * int(settings["drawing"]["steps"])}
    (slow / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    town.run("-m", "examples.loop.founding", "slow", str(slow), str(champion))
    decision = _read(town.folder / "factory/promote/slow/decision.json")
    year.must(
        "November", decision["promoted"], f"version {decision['version']} passes the gates: {decision['why'][:200]}"
    )
    if not decision["promoted"]:
        return
    client.hurried = True
    until(lambda: client.by_version.get(decision["version"]), f"version {decision['version']} draws", 900)
    year.tell("November", f"version {decision['version']} draws for half of the requests")
    until(lambda: _champion(town) == version and _models(town)["version"] == version, "it is rolled back", 1_800)
    client.hurried = False
    why = _tags(town, decision["version"])
    year.must("December", True, f"version {decision['version']} is rolled back by the server itself: {why}")


def _briefs(count: int, language: str, seed: int) -> list[dict[str, Any]]:
    """Briefs of two panels; in the usual months two in five are Russian, as in the corpus."""
    found = []
    for number in range(count):
        spoken = "ru" if language == "ru" or number % 5 in (1, 3) else "en"
        thing, place = _THINGS[(number * seed) % len(_THINGS)], _PLACES[(number * 3 + seed) % len(_PLACES)]
        found.append(
            {
                "title": f"{thing.title()} no. {seed}{number:02}",
                "product": {"name": f"Brand {number}", "kind": thing, "description": f"a {thing} for the {place}"},
                "format": {"seconds": 6, "panels": 3},
                "style": ("flat", "pencil", "ink", "watercolour")[number % 4],
                "language": spoken,
                "seed": 100 * seed + number,
            }
        )
    return found


def _lay_out(folder: Path, threads: int) -> None:
    """The working folder: the repository's values made small, and gates that weigh what people like."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["demo"]
    changes = yaml.safe_load((Path(__file__).parent / "small.yaml").read_text(encoding="utf-8"))
    for step, values in changes["params"].items():
        params[step] = _changed(params[step], values)
    params["promote"]["policy"] = "promotion.yaml"
    params = _with_threads(params, threads)
    (folder / "params.yaml").write_text(yaml.safe_dump({"preset": "demo", "demo": params}), encoding="utf-8")
    policy = yaml.safe_load((ROOT / "mlflow/promotion.yaml").read_text(encoding="utf-8"))
    policy = _changed(policy, changes["promotion"])
    (folder / "promotion.yaml").write_text(yaml.safe_dump(policy), encoding="utf-8")
    # Before anybody has said what they like, that cannot be weighed.
    del policy["compare"]["metrics"]["appeal"]
    (folder / "first.yaml").write_text(yaml.safe_dump(policy), encoding="utf-8")


def _changed(value: Any, change: Any) -> Any:
    """The one with the other's entries; what the repository does not have is not brought in by mistake."""
    if not isinstance(change, dict) or not isinstance(value, dict):
        return change
    return value | {name: _changed(value.get(name, {}), part) for name, part in change.items()}


def _with_threads(value: Any, threads: int) -> Any:
    """The same values, computing in so many threads."""
    if not isinstance(value, dict):
        return value
    return {n: threads if n in ("threads", "processes") else _with_threads(part, threads) for n, part in value.items()}


def _health(town: Town) -> dict[str, Any]:
    return dict(httpx.get(f"{town.url('receiver')}/healthz", timeout=10).json())


def _models(town: Town) -> dict[str, Any]:
    return dict(httpx.get(f"{town.url('studio')}/api/v1/models", timeout=60).json())


def _champion(town: Town) -> str:
    found = json.loads(town.run("-m", "storywright", "models", "list", "--json"))
    return next((one["version"] for one in found if "champion" in one["aliases"]), "")


def _tags(town: Town, version: str) -> str:
    """Why a version was gone back from, in the registry's words."""
    code = (
        "from storywright import registry; "
        f"print(registry.find({version!r}).tags.get(registry.ROLLED_BACK, 'no reason is kept'))"
    )
    return town.run("-c", code).strip()


def _fetched(town: Town, version: str) -> Path:
    path = Path(town.run("-m", "storywright", "models", "path", version).strip().splitlines()[-1])
    return path if path.is_absolute() else town.folder / path


def _copied(bundle: Path, target: Path) -> Path:
    shutil.copytree(bundle, target)
    for path in target.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _page(year: Year) -> str:
    """The figures and the timeline as a page of the documentation."""
    took = time.monotonic() - year.began
    cores = os.cpu_count()
    rows = "".join(f"| {name} | {value} |\n" for name, value in year.figures.items())
    failed = "".join(f"- did not happen: {one}\n" for one in year.missed)
    return (
        "# A year of the loop\n\n"
        f"Written by `make loop-demo` on {datetime.date.today():%Y-%m-%d}, on {cores} cores ({platform.machine()}), in "
        f"{took / 60:.1f} minutes. The people are simulated; everything else is the real program.\n\n"
        f"| figure | measured |\n|---|---|\n{rows}\n{failed}\n"
        "## Timeline\n\n```\n" + "\n".join(year.lines) + "\n```\n"
    )


if __name__ == "__main__":
    sys.exit(main())
