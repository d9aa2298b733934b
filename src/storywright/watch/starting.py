"""How a retraining is started: as a program on this machine, or as a run of Kubeflow Pipelines through its API.

Either way one at a time. Knows nothing of alerts, and nothing of what a retraining does.
"""

import fcntl
import json
import os
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storywright.watch.receiver import NotStartedError

_API = "apis/v2beta1"
_PATIENCE_SECONDS = 20
_AT_WORK = {"RUNTIME_STATE_UNSPECIFIED", "PENDING", "RUNNING", "CANCELING", "PAUSED"}
_NAME = "retraining"


@dataclass(frozen=True, slots=True)
class Program:
    """A command that retrains, on this machine; it goes on when whoever started it ends."""

    command: Sequence[str]
    """The command and its words."""
    folder: Path
    """Where its log and its lock lie."""

    def at_work(self) -> str:
        """The program holds the lock for as long as it lives, also when the one that started it has ended."""
        with self._lock().open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                return lock.read() or _NAME
        return ""

    def start(self, reason: str) -> str:
        """Start the program with a log of its own."""
        log = self.folder / time.strftime(f"{_NAME}-%Y%m%d-%H%M%S.log")
        with self._lock().open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                started = self._started(log, reason, lock.fileno())
            except BlockingIOError as error:
                raise NotStartedError("Another one began at the same moment.") from error
            except OSError as error:
                raise NotStartedError(f"`{self.command[0]}` cannot be started: {error.strerror}.") from error
            lock.truncate(0)
            lock.write(f"process {started.pid}")
        return f"process {started.pid}, whose log is {log}"

    def _started(self, log: Path, reason: str, lock: int) -> "subprocess.Popen[bytes]":
        with log.open("a", encoding="utf-8") as out:
            print(reason, file=out, flush=True)
            return subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                pass_fds=[lock],
                start_new_session=True,
            )

    def _lock(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f".{_NAME}.lock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Kubeflow:
    """A pipeline that was uploaded to Kubeflow Pipelines; its newest version is started with its own values."""

    host: str
    """The address of the API, such as http://ml-pipeline.kubeflow:8888."""
    pipeline: str = f"{_NAME}-full"
    """The name under which it was uploaded."""
    experiment: str = "storywright"
    """The experiment that the run belongs to; made when it is not there."""
    namespace: str = ""
    """The namespace, where a cluster has many users."""

    def at_work(self) -> str:
        """The newest run of this experiment that has not ended and was started as a retraining, by whomever."""
        found = self._experiment()
        if not found:
            return ""
        asked = {"experiment_id": found, "sort_by": "created_at desc", "page_size": "100"}
        for run in self._ask("runs", asked).get("runs", []):
            named = str(run.get("display_name", "")).startswith(_NAME)
            if named and run.get("state", "RUNTIME_STATE_UNSPECIFIED") in _AT_WORK:
                return f"the run {run['display_name']!r}"
        return ""

    def start(self, reason: str) -> str:
        """Start a run of the pipeline's newest version."""
        pipeline = self._pipeline()
        asked = {"sort_by": "created_at desc", "page_size": "1"}
        versions = self._ask(f"pipelines/{pipeline}/versions", asked).get("pipeline_versions", [])
        if not versions:
            raise NotStartedError(f"The pipeline {self.pipeline!r} at {self.host} has no version: upload one.")
        run = {
            "display_name": time.strftime(f"{_NAME} %Y-%m-%d %H:%M, asked for by an alert", time.gmtime()),
            "description": reason,
            "experiment_id": self._experiment() or self._made_experiment(),
            "pipeline_version_reference": {
                "pipeline_id": pipeline,
                "pipeline_version_id": versions[0]["pipeline_version_id"],
            },
        }
        started = self._ask("runs", {}, run)
        return f"{self.host.rstrip('/')}/#/runs/details/{started['run_id']}"

    def _pipeline(self) -> str:
        asked = {"namespace": self.namespace} if self.namespace else {}
        found = self._ask(f"pipelines/names/{urllib.parse.quote(self.pipeline, safe='')}", asked, absent={})
        if "pipeline_id" not in found:
            raise NotStartedError(
                f"No pipeline at {self.host} is called {self.pipeline!r}: upload it from pipelines/compiled "
                "under this name, or give another with --pipeline."
            )
        return str(found["pipeline_id"])

    def _experiment(self) -> str:
        wanted = {"predicates": [{"operation": "EQUALS", "key": "display_name", "stringValue": self.experiment}]}
        asked = {"filter": json.dumps(wanted)} | ({"namespace": self.namespace} if self.namespace else {})
        for one in self._ask("experiments", asked).get("experiments", []):
            if one.get("display_name") == self.experiment:
                return str(one["experiment_id"])
        return ""

    def _made_experiment(self) -> str:
        wanted = {"display_name": self.experiment} | ({"namespace": self.namespace} if self.namespace else {})
        return str(self._ask("experiments", {}, wanted)["experiment_id"])

    def _ask(
        self, path: str, query: dict[str, str], body: dict[str, Any] | None = None, absent: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """One request; whatever goes wrong is a NotStartedError that says which setting to look at."""
        address = f"{self.host.rstrip('/')}/{_API}/{path}"
        request = urllib.request.Request(f"{address}?{urllib.parse.urlencode(query)}" if query else address)
        request.add_header("Accept", "application/json")
        if token := os.environ.get("KFP_TOKEN"):
            request.add_header("Authorization", f"Bearer {token}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as answer:
                return dict(json.loads(answer.read() or b"{}"))
        except urllib.error.HTTPError as error:
            if error.code == 404 and absent is not None:
                return absent
            hint = "give a token in KFP_TOKEN" if error.code in (401, 403) else "look at the log of ml-pipeline"
            raise NotStartedError(f"{address} answers {error.code} {error.reason}: {hint}.") from error
        except (OSError, ValueError, TypeError) as error:
            reason = getattr(error, "reason", error)
            raise NotStartedError(
                f"Kubeflow Pipelines at {self.host} does not answer as it should ({reason}): check --kfp-host."
            ) from error
