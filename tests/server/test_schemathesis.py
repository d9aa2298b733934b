"""Every operation that the API describes, asked with whatever its description allows and much that it forbids.

`make soak-api` asks 500 times for each operation; `make test` a few times.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .serving import Process

EXAMPLES = int(os.environ.get("STORYWRIGHT_SOAK_EXAMPLES", "3"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(0 if EXAMPLES > 10 else 600)]

# What a description cannot say (which panels a board has, which formats there are) is refused with 4xx, as is right;
# what is more than described (a query parameter that nobody knows, a number in a text) is overlooked.
_LEFT_OUT = "positive_data_acceptance,negative_data_rejection"
_SETTINGS = """
[phases.stateful]
max-steps = 6
"""


@pytest.fixture
def server(own_environment: None, tmp_path: Path) -> Iterator[Process]:
    server = Process(tmp_path)
    yield server
    server.end()


def test_no_operation_fails_whatever_it_is_asked(server: Process, tmp_path: Path) -> None:
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(_SETTINGS)
    brief = {"title": "Run", "product": {"name": "Aqua"}, "format": {"seconds": 6, "panels": 2}}
    server.client.post("/api/v1/boards", json=brief)
    words = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run"]
    words += [f"{server.url}/api/v1/openapi.json", "--checks", "all", "--exclude-checks", _LEFT_OUT]
    words += ["--max-examples", str(EXAMPLES), "--phases", "examples,coverage,fuzzing,stateful", "--workers", "1"]
    words += ["--request-timeout", "90", "--max-response-time", "90"]
    words += ["--seed", "7", "--suppress-health-check", "all", "--no-color", "--generation-deterministic"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-20_000:]
