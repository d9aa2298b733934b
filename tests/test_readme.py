"""What the README tells people to type is typed here, or by `.ci/run`."""

import os
import re
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from storywright import cli

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
COMMANDS = [line.partition("#")[0].strip() for block in BLOCKS for line in block.splitlines() if line.strip()]
TYPED_BY_CI = {"make demo", ".venv/bin/python -m pipelines run training", "make repro"}
TYPED_HERE = {"make serve", ".venv/bin/python -m storywright.steps.scrape"}


def recipe(target: str) -> list[str]:
    """The command that a make target runs, with this environment's programs."""
    return dry(target).splitlines()[-1].replace(".venv/bin", str(BIN)).split()


def dry(target: str) -> str:
    """What make would do for a target, also when make itself runs the tests."""
    command = ["make", "-n", "--no-print-directory", target]
    apart = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=apart).stdout


def test_every_command_of_the_readme_is_typed_by_a_test_or_by_ci():
    assert set(COMMANDS) == TYPED_BY_CI | TYPED_HERE


def test_ci_types_what_takes_long():
    script = (ROOT / ".ci" / "run").read_text()
    assert "make demo" in script
    assert "make repro" in script
    assert ".venv/bin/python -m pipelines run training" in dry("demo")


def test_make_serve_opens_the_studio(tmp_path):
    command = [*recipe("serve"), "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        watchdog = threading.Timer(120, server.kill)
        watchdog.start()
        try:
            assert server.stdout is not None
            said = server.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+", said)
            assert address, said + server.stdout.read()
            with urllib.request.urlopen(f"{address[0]}/healthz", timeout=30) as answer:
                assert answer.status == 200
        finally:
            watchdog.cancel()
            server.terminate()
            server.wait(40)


def test_one_step_runs_by_itself(tmp_path):
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    command = [sys.executable, "-m", "storywright.steps.scrape"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "factory" / "scrape" / "concepts").glob("concepts-*.parquet"))


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`storywright ([a-z][a-z-]+)", README))))
def test_every_command_that_the_readme_names_exists(command):
    assert command in cli._COMMANDS


def test_every_target_that_the_readme_names_exists():
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in set(re.findall(r"`make ([a-z-]+)`", README)) - {"help"}:
        assert re.search(rf"make {target}\s", told), target


def test_every_link_of_the_readme_leads_somewhere():
    for place in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / place).exists(), place
