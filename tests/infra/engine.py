"""A Docker Engine of one's own: started in a scratch folder, ended and removed with everything it made.

    python tests/infra/engine.py COMMAND …    runs a command with DOCKER_HOST and DOCKER set

Needs root, and Debian's packages docker.io and debootstrap. The engine has no network but the host's and pulls nothing:
what takes the place of python:3.11-slim-bookworm is made from Debian's own Python. Where pip is set up with indexes
that lie in folders of this machine, builds read them over loopback. Where an engine answers already (DOCKER_HOST), that
one is used, and nothing of it is removed.
"""

import contextlib
import functools
import http.server
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

BASE = "python:3.11-slim-bookworm"
PROGRAMS = ("dockerd", "debootstrap")
_PACKAGES = "python3,python3-venv,python3-pip,python-is-python3,ca-certificates"
_START_SECONDS = 60
_STOP_SECONDS = 60
_FLAGS = (
    "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-masq=false", "--default-ulimit=nofile=20000:20000",
    "--log-level=warn",
)  # fmt: skip


def answers() -> bool:
    """Whether an engine can be asked as things are."""
    client = shutil.which("docker")
    return bool(client) and subprocess.run([client, "info"], check=False, capture_output=True).returncode == 0


@contextlib.contextmanager
def running(owner: int | None = None) -> Iterator[dict[str, str]]:
    """The variables by which programs find the engine and build with it; `owner` may ask it too."""
    if answers():
        yield {}
        return
    folder = Path(tempfile.mkdtemp(prefix="engine-"))
    address = folder / "docker.sock"
    # Debian's own client builds with BuildKit by itself; a newer one may stand before it in PATH and lack its plugin.
    environment = {"DOCKER_HOST": f"unix://{address}", "DOCKER": "/usr/bin/docker"}
    log = (folder / "log.txt").open("wb")
    engine = subprocess.Popen(
        ["dockerd", "--host", environment["DOCKER_HOST"], "--pidfile", folder / "docker.pid",
         "--data-root", folder / "data", "--exec-root", folder / "exec", *_FLAGS],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        _wait_for(engine, address, folder / "log.txt")
        folder.chmod(0o711)
        if owner is not None:
            os.chown(address, owner, -1)
        _bring_base(folder / "base", environment)
        with _indexes_over_loopback() as indexes:
            yield environment | indexes
    finally:
        _end(engine)
        log.close()
        _remove(folder)


def _wait_for(engine: subprocess.Popen[bytes], address: Path, log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and engine.poll() is None:
        with socket.socket(socket.AF_UNIX) as asking, contextlib.suppress(OSError):
            asking.connect(str(address))
            return
        time.sleep(0.2)
    raise RuntimeError(f"dockerd did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _bring_base(folder: Path, environment: dict[str, str]) -> None:
    """Import Debian with its own Python, under the name of the image that the Dockerfiles stand on."""
    subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", folder, _mirror()],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    pack = ["tar", "--create", "--directory", folder, "--one-file-system", "."]
    with subprocess.Popen(pack, stdout=subprocess.PIPE) as tar:
        subprocess.run(
            [environment["DOCKER"], "import", "-", BASE], stdin=tar.stdout, check=True, stdout=subprocess.DEVNULL,
            env=os.environ | environment,
        )  # fmt: skip
    shutil.rmtree(folder)


def _mirror() -> str:
    """Where apt has Debian from."""
    said = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(COMPONENT)", "Created-By: Packages"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    found = re.search(r"^(\S+) bookworm main$", said, re.MULTILINE)
    if not found:
        raise RuntimeError("apt knows no mirror of Debian bookworm: run `apt-get update` first.")
    return found[1]


@contextlib.contextmanager
def _indexes_over_loopback() -> Iterator[dict[str, str]]:
    """pip's variables for a build, in which folders of this machine are not to be seen."""
    said = subprocess.run([sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True)
    given = dict(re.findall(r"^(?:global|user|site|:env:)\.([\w-]+)='(.*)'$", said.stdout, re.MULTILINE))
    with contextlib.ExitStack() as stack:
        changed = {}
        for name in ("index-url", "extra-index-url", "find-links"):
            places = given.get(name, "").split()
            if any(_folder(place) for place in places):
                shown = [stack.enter_context(_served(_folder(place))) if _folder(place) else place for place in places]
                changed[f"PIP_{name.upper().replace('-', '_')}"] = " ".join(shown)
        yield changed | ({"PIP_TRUSTED_HOST": "127.0.0.1"} if changed else {})


def _folder(place: str) -> str:
    path = place.removeprefix("file://")
    return path if path.startswith("/") else ""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Hundreds of requests are no news."""


@contextlib.contextmanager
def _served(folder: str) -> Iterator[str]:
    """An index refers to files beside its own folder (../../files), so what holds both is served."""
    root = Path(folder).parent if Path(folder).name == "simple" else Path(folder)
    handler = functools.partial(_Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/{Path(folder).relative_to(root)}/".replace("/./", "/")
        finally:
            server.shutdown()


def _end(engine: subprocess.Popen[bytes]) -> None:
    """The engine ends its containers and its containerd when it is told to end."""
    engine.terminate()
    try:
        engine.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        engine.kill()
        engine.wait()


def _remove(folder: Path) -> None:
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    for mount in sorted((one for one in mounts if one.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False)
    shutil.rmtree(folder, ignore_errors=True)


def main(command: list[str]) -> int:
    """Run a command beside an engine of its own."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with running() as environment:
        return subprocess.run(command, check=False, env=os.environ | environment).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
