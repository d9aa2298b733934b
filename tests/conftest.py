"""What all tests share: system programs that may be missing, and an environment of the test's own."""

import os
import shutil
import signal

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


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.system("promtool")` names the programs a test needs."""
    for marker in item.iter_markers("system"):
        for program in marker.args:
            if shutil.which(program) is None:
                if os.environ.get("STORYWRIGHT_REQUIRE_SYSTEM") == "1":
                    pytest.fail(f"{program} is not installed, and STORYWRIGHT_REQUIRE_SYSTEM=1 asks for it")
                pytest.skip(f"{program} is not installed")
