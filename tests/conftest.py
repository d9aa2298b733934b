"""What all tests share: system programs that may be missing, and an environment of the test's own."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ["HF_HUB_OFFLINE"] = "1"
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as for whatever a shell starts in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads or writes the user's boards, models or tracking database."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("STORYWRIGHT_HOME", str(home))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home}/mlflow.db")
    monkeypatch.setenv("STORYWRIGHT_TRACKING", "off")


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL of the test's own; mark the test with `system("pg_ctl")`."""
    programs = Path(shutil.which("pg_ctl") or "").resolve().parent
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    folder = Path(tempfile.mkdtemp())  # pytest's own folders are closed to other users
    if user:
        shutil.chown(folder, user)

    def call(program: str, *words: str) -> None:
        subprocess.run(
            [programs / program, "-D", folder / "data", *words], user=user, cwd=folder, check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    call("initdb", "--auth=trust", "--username=studio", "--no-sync")
    # On a socket in its own folder: no port has to be free.
    call("pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"-k {folder} -c listen_addresses= -c fsync=off", "start")
    try:
        yield f"postgresql+psycopg://studio@/postgres?host={folder}"
    finally:
        call("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.system("promtool")` names the programs a test needs."""
    for marker in item.iter_markers("system"):
        for program in marker.args:
            if shutil.which(program) is None:
                if os.environ.get("STORYWRIGHT_REQUIRE_SYSTEM") == "1":
                    pytest.fail(f"{program} is not installed, and STORYWRIGHT_REQUIRE_SYSTEM=1 asks for it")
                pytest.skip(f"{program} is not installed")
