"""Bring the champion to where it is served, try it, and say what is deployed.

The champion is fetched into the local store, opened, and asked for one panel and one caption. Then `deployment.json`
names it, here and in the studio's home, where a server finds it when the registry cannot be reached. With a server's
address the step ends when that server serves the version. Knows nothing of how the server changes its models.
"""

import json
import logging
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from storywright import files, registry
from storywright.errors import BadInput
from storywright.progress import Progress
from storywright.registry import judging
from storywright.settings import Settings
from storywright.steps import command
from storywright.steps.contract import made_by, makes
from storywright.watch import deployment

_LOG = logging.getLogger("storywright.steps")
_ASK_EVERY_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """How the champion is tried, and whom it is waited for."""

    prompt: str
    """What the trial panel shows."""
    steps: int
    """Denoising steps of the trial panel."""
    seed: int
    """Of the trial panel and the trial caption."""
    server: str
    """Address of a server to wait for, such as http://127.0.0.1:8000; empty: none."""
    wait_seconds: float
    """How long that server may take to serve the version."""
    threads: int
    """CPU threads of the trial."""

    def __post_init__(self) -> None:
        if self.steps < 1 or self.threads < 1:
            raise ValueError(f"steps and threads must be at least 1, got {self.steps} and {self.threads}")
        if self.server and not self.server.startswith(("http://", "https://")):
            raise ValueError(f"server must start with http:// or https://, got {self.server!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """The decision that was just taken."""

    decision: Path = made_by("promote")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """What is deployed."""

    deployment: Path = makes(deployment.DEPLOYMENT)


def outside(config: Config) -> dict[str, str]:
    """Who is champion, and what this machine has."""
    at = Settings.from_environment()
    champion, here = registry.find(registry.CHAMPION, at), at.home / deployment.DEPLOYMENT
    return {
        "champion": champion.digest if champion else "",
        "here": files.digest(here) if here.is_file() else "",
    }


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Fetch, try, name, wait."""
    at = Settings.from_environment()
    decision = json.loads(inputs.decision.read_text(encoding="utf-8"))
    champion, notice = judging.settle(at)  # somebody may have moved the alias meanwhile
    if notice:
        _LOG.warning("%s", notice)
    if champion is None:
        raise BadInput(
            f"There is no champion to deploy, and version {decision.get('version')} was not promoted "
            f"({decision.get('why')}): train better models, or change the gates in mlflow/promotion.yaml."
        )
    folder = registry.fetch(champion.number, at)
    _try(folder, config, champion.number)
    document = deployment.document(folder, champion.number, registry.find(registry.PREVIOUS, at), at)
    files.write_json(outputs.deployment, document)
    deployment.write(document, at)
    if config.server:
        _wait_for(config.server, champion.number, config.wait_seconds)


def _try(folder: Path, config: Config, version: str) -> None:
    import torch

    from storywright.watch import trial

    torch.set_num_threads(config.threads)
    _, models = trial.opened(folder, version)
    trial.try_out(models, prompt=config.prompt, steps=config.steps, seed=config.seed, name=f"Version {version}")


def _wait_for(server: str, version: str, seconds: float) -> None:
    """Come back when the server says that it serves the version."""
    until, said = time.monotonic() + seconds, "nothing yet"
    with Progress(f"Waiting for {server} to serve version {version}") as progress:
        while time.monotonic() < until:
            said = _served_by(server)
            if said == version:
                return
            progress.advance(note=f"it serves {said}")
            time.sleep(_ASK_EVERY_SECONDS)
    raise BadInput(
        f"{server} did not serve version {version} within {seconds:g} s (it serves {said}): look at its log, then run "
        "this step again."
    )


def _served_by(server: str) -> str:
    request = urllib.request.Request(f"{server.rstrip('/')}/api/v1/models")
    if key := os.environ.get("STORYWRIGHT_API_KEY"):
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return str(json.load(answer)["version"])
    except (urllib.error.URLError, OSError, ValueError, KeyError) as error:
        return f"nothing ({error})"


if __name__ == "__main__":
    command.main("deploy")
