"""The programs around the models: the studio's server, Prometheus, Alertmanager, and the receiver of alerts.

Each is the real program on a port of loopback, with its log in the working folder, and is ended with the demonstration.
The intervals of monitoring are seconds here in place of minutes; the rules are the repository's own.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import yaml

ROOT = Path(__file__).resolve().parents[2]


class Town:
    """What runs, and where."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = dict(zip(("studio", "prometheus", "alertmanager", "receiver"), _free_ports(4), strict=True))
        self.environment = os.environ | {
            "STORYWRIGHT_HOME": str(folder / "home"),
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}",
            "STORYWRIGHT_TRACKING": "off",
            "STORYWRIGHT_ROLLOUT": "50%, pictures 10, every 4",
            "HF_HUB_OFFLINE": "1",
            "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
        }
        self._running: list[subprocess.Popen[bytes]] = []

    def url(self, name: str) -> str:
        """The address of a program."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def open_studio(self) -> None:
        """The server, with the champion's models."""
        self._start("studio", [sys.executable, "-m", "storywright", "serve", "--port", str(self.ports["studio"])])
        until(lambda: self._answers("studio", "/readyz"), "the studio opens", 600)

    def open_watch(self) -> None:
        """Prometheus, Alertmanager, and the receiver that starts the retraining."""
        at = self.folder / "monitoring"
        at.mkdir(exist_ok=True)
        rules = []
        for path in sorted((ROOT / "monitoring/prometheus/rules").glob("*.yml")):
            text = re.sub(r"\bfor: \w+", "for: 5s", path.read_text(encoding="utf-8"))
            (at / path.name).write_text(text, encoding="utf-8")
            rules.append(str(at / path.name))
        (at / "prometheus.yml").write_text(yaml.safe_dump(self._prometheus(rules)), encoding="utf-8")
        (at / "alertmanager.yml").write_text(yaml.safe_dump(self._alertmanager()), encoding="utf-8")
        retrain = f"/usr/bin/env {sys.executable} -m pipelines run retraining"  # the pipelines are not in this folder
        receive = ["receive", "--port", str(self.ports["receiver"]), "--cool-down", "1", "--command", retrain]
        self._start("receiver", [sys.executable, "-m", "storywright", *receive])
        listen = f"127.0.0.1:{self.ports['alertmanager']}"
        self._start("alertmanager", [
            "prometheus-alertmanager", "--config.file", str(at / "alertmanager.yml"), "--storage.path",
            str(at / "silences"), "--web.listen-address", listen, "--cluster.listen-address", "",
        ])  # fmt: skip
        self._start("prometheus", [
            "prometheus", "--config.file", str(at / "prometheus.yml"), "--storage.tsdb.path", str(at / "series"),
            "--web.listen-address", f"127.0.0.1:{self.ports['prometheus']}",
        ])  # fmt: skip
        for name, path in (("receiver", "/healthz"), ("alertmanager", "/-/ready"), ("prometheus", "/-/ready")):
            until(lambda name=name, path=path: self._answers(name, path), f"{name} answers", 600)

    def run(self, *command: str) -> str:
        """A command of the project in the working folder; its words."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        with (self.folder / "commands.log").open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}\n")
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise SystemExit(f"`{' '.join(command)}` ended with {done.returncode}: {' '.join(said)}")
        return done.stdout

    def firing(self) -> list[str]:
        """The names of the alerts that fire in Prometheus."""
        found = httpx.get(f"{self.url('prometheus')}/api/v1/alerts", timeout=10).json()["data"]["alerts"]
        return sorted({one["labels"]["alertname"] for one in found if one["state"] == "firing"})

    def close(self) -> None:
        """End everything that was started, the last first."""
        for program in reversed(self._running):
            with contextlib.suppress(ProcessLookupError):
                program.send_signal(signal.SIGTERM)
        for program in reversed(self._running):
            try:
                program.wait(timeout=40)
            except subprocess.TimeoutExpired:
                program.kill()

    def _answers(self, name: str, path: str) -> bool:
        for program in self._running:
            if program.poll() is not None:
                raise SystemExit(f"{program.args[2]} ended by itself; its log is in {self.folder}.")  # type: ignore[index]
        return _answers(self.url(name) + path)

    def _start(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running.append(
                subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log)
            )

    def _prometheus(self, rules: list[str]) -> dict[str, object]:
        def target(name: str) -> dict[str, object]:
            return {"targets": [f"127.0.0.1:{self.ports[name]}"]}

        return {
            "global": {"scrape_interval": "2s", "evaluation_interval": "2s"},
            "rule_files": rules,
            "alerting": {"alertmanagers": [{"static_configs": [target("alertmanager")]}]},
            "scrape_configs": [{"job_name": "storywright", "static_configs": [target("studio")]}],
        }

    def _alertmanager(self) -> dict[str, object]:
        value = yaml.safe_load((ROOT / "monitoring/alertmanager/alertmanager.yml").read_text(encoding="utf-8"))
        value["route"] |= {"group_wait": "1s", "group_interval": "5s"}
        for receiver in value["receivers"]:
            for hook in receiver.get("webhook_configs", []):
                hook["url"] = hook["url"].replace("http://127.0.0.1:8100", self.url("receiver"))
        found: dict[str, object] = value
        return found


class SteadyClient(threading.Thread):
    """Somebody who asks the whole year long: for the models, and for a picture; what fails is counted."""

    def __init__(self, url: str) -> None:
        super().__init__(name="steady client", daemon=True)
        self._client, self._stopped = httpx.Client(base_url=url, timeout=120), threading.Event()
        self.asked = 0
        self.failures: list[str] = []
        self.by_version: dict[str, int] = {}
        self.hurried = False

    def run(self) -> None:
        """Ask, a little apart."""
        while not self._stopped.is_set():
            self._ask("GET", "/api/v1/models")
            wanted = {"prompt": "a woman holds a blue bottle in the park, day", "seed": self.asked % 500}
            answer = self._ask("POST", "/api/v1/images", json=wanted)
            if answer is not None:
                version = answer.headers.get("X-Storywright-Version", "")
                self.by_version[version] = self.by_version.get(version, 0) + 1
            self._stopped.wait(0.2 if self.hurried else 3.0)

    def stop(self) -> None:
        """Ask no more."""
        self._stopped.set()
        self.join(timeout=130)

    def _ask(self, method: str, path: str, **how: object) -> httpx.Response | None:
        self.asked += 1
        try:
            answer = self._client.request(method, path, **how)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            self.failures.append(f"{path}: {error!r}")
            return None
        if answer.status_code >= 400:
            self.failures.append(f"{path}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer


def until(true: Callable[[], object], what: str, seconds: float) -> None:
    """Wait for a state."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise SystemExit(
                f"After {seconds:.0f} s it is still not so that {what}; the logs are in the working folder."
            )
        time.sleep(0.3)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def _free_ports(count: int) -> list[int]:
    """Ports that are free together; taken so shortly before they are used that nobody else gets them."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports
