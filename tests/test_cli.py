import subprocess
import sys
import time

import pytest

from storywright import cli


def storywright(*words: str, **more) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "storywright", *words], capture_output=True, text=True, timeout=120, check=False, **more
    )


def test_help_answers_at_once_and_loads_nothing_heavy():
    code = (
        "import sys, storywright.cli as c\n"
        "try: c.storywright(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'mlflow', 'numpy', 'pydantic', 'fastapi', 'kfp', 'cv2'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    took = []
    for _ in range(3):
        started = time.perf_counter()
        storywright("--help")
        took.append(time.perf_counter() - started)
    assert min(took) < 0.5


@pytest.mark.parametrize("command", sorted(cli._COMMANDS))
def test_every_command_explains_itself(command):
    done = storywright(command, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage: storywright" in done.stdout


def test_an_unknown_command_is_refused():
    done = storywright("storybord")
    assert done.returncode == 2
    assert "No such command 'storybord'" in done.stderr


def test_what_the_user_got_wrong_is_one_sentence_and_exit_code_2(tmp_path):
    done = storywright("board", str(tmp_path / "none.yaml"))
    assert done.returncode == 2
    assert done.stderr.splitlines() == [f"storywright: {tmp_path}/none.yaml does not exist: check the path."]
