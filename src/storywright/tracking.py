"""What was run, kept in MLflow: a run for each step, nested under the run of its pipeline.

A step is recorded while it works and written in one batch when it has ended. One that takes longer than twenty seconds
is shown as running from then on, with its curves as they grow. Tracking never decides over a result: when MLflow
cannot be reached, the step says so in a sentence, and its record waits in a folder until
`python -m storywright.tracking` sends it.

Knows nothing of what a step does, and nothing of Kubeflow, whose variables it follows: MLFLOW_TRACKING_URI says where
to, MLFLOW_RUN_ID names the run above. STORYWRIGHT_TRACKING=off writes nothing at all; STORYWRIGHT_TRACKING=later
leaves the record of a short step to whoever started it, and spares the step the two seconds that loading MLflow takes.
"""

import contextlib
import csv
import dataclasses
import fcntl
import functools
import getpass
import json
import logging
import math
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from storywright import files
from storywright.errors import BadInput, needs_extra
from storywright.settings import FACTORY, Settings
from storywright.training import watching

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from PIL import Image

EXPERIMENT = "storywright"
"""The experiment of every run that has no run above it."""
UNSENT = FACTORY / "mlflow" / "unsent"
"""Where records wait that MLflow could not take."""

_FOLLOW_AFTER_SECONDS = 20.0
_FOLLOW_EVERY_SECONDS = 15.0
_BATCH = 1_000  # metrics in one request, MLflow's limit
_LONGEST_PARAMETER = 6_000
_KEPT = {".csv", ".css", ".gif", ".html", ".js", ".json", ".md", ".png", ".svg", ".txt", ".yaml"}
_LARGEST_KEPT_BYTES = 2 << 20
_MOST_KEPT = 200  # files of one output


@dataclasses.dataclass(kw_only=True, slots=True)
class Record:
    """One run: all that is written to MLflow about it."""

    name: str
    parent: str = ""
    """The id of the run above it; empty: it stands alone."""
    run_id: str = ""
    """Its own id, once MLflow knows it."""
    status: str = "RUNNING"
    started_ms: int = dataclasses.field(default_factory=lambda: int(time.time() * 1000))
    ended_ms: int = 0
    parameters: dict[str, str] = dataclasses.field(default_factory=dict)
    metrics: dict[str, float] = dataclasses.field(default_factory=dict)
    curves: list[tuple[str, float, int]] = dataclasses.field(default_factory=list)
    """(name, value, step) of every point not sent yet."""
    inputs: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    """The place and the digest of each input."""
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    artifacts: dict[str, str] = dataclasses.field(default_factory=dict)
    """File by its name in the run."""


class StepRun:
    """The run of one step; `finish` says what it made.

    It watches the trainings in it: their speed, memory and utilisation, and the sheets that they draw.
    """

    def __init__(self, record: Record, curves: Path | None) -> None:
        self.record, self._curves = record, curves
        self._seen = _Seen()
        self._watching = watching.watched_by(self._seen)
        self._follower = _Follower(record, curves, self._seen)

    def finish(self, outputs: Mapping[str, Path], digests: Mapping[str, str] | None = None) -> None:
        """Add what the step made: numbers, curves, small files and the digest of each output."""
        self._follower.stop()
        record = self.record
        if "metrics" in outputs:
            record.metrics |= _numbers(json.loads(outputs["metrics"].read_text(encoding="utf-8")))
        if "curves" in outputs:
            record.curves = _points(outputs["curves"])[self._follower.sent :]
        record.tags |= {f"output.{name}": digest for name, digest in (digests or {}).items()}
        for path in outputs.values():
            record.artifacts |= _small_files(path)

    def __enter__(self) -> "StepRun":
        self._watching.__enter__()
        self._follower.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._follower.stop()
        self._watching.__exit__(kind, error, trace)
        self.record.curves += self._seen.figures_since(self._follower.sent_seen)
        self.record.artifacts |= self._seen.sheets
        _close(self.record, error)
        _send_or_keep(self.record)
        self._seen.clear()


class Untracked(StepRun):
    """Stands in where tracking is off."""

    def __init__(self) -> None:
        super().__init__(Record(name=""), None)

    def finish(self, outputs: Mapping[str, Path], digests: Mapping[str, str] | None = None) -> None:
        """Write nothing."""

    def __enter__(self) -> "Untracked":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def step_run(
    step: str,
    config: Any,
    inputs: Mapping[str, Path],
    digests: Mapping[str, str] | None = None,
    *,
    code: str = "",
    curves: Path | None = None,
) -> StepRun:
    """The run of a step, as a context: `finish` it with the outputs; an error in it is kept as the reason it failed.

    `digests` are those of the inputs, `code` that of the modules the step uses, and `curves` is the file in which its
    curves grow while it works.
    """
    if _wanted() == "off":
        return Untracked()
    record = Record(name=step, parent=os.environ.get("MLFLOW_RUN_ID", ""), parameters=flat(config))
    known = digests or {}
    record.inputs = {name: (str(path), known.get(name, "unknown")) for name, path in inputs.items()}
    record.tags = _origin(f"storywright.steps.{step}") | ({"code.digest": code} if code else {})
    return StepRun(record, curves)


@contextlib.contextmanager
def pipeline_run(name: str, parameters: Mapping[str, Any]) -> Iterator[Record]:
    """The run of a pipeline; while it lasts, the runs of its steps are nested under it."""
    record = Record(name=name, parameters=flat(dict(parameters)), tags=_origin(f"pipelines.{name}"))
    if _wanted() == "off":
        yield record
        return
    try:
        _open_run(_client(), record)
    except Exception as error:  # noqa: BLE001 - whatever MLflow's trouble is, the pipeline goes on
        _tell(f"The run of {name} is not shown in MLflow: {_reason(error)}.")
    before = os.environ.get("MLFLOW_RUN_ID")
    if record.run_id:
        os.environ["MLFLOW_RUN_ID"] = record.run_id
    try:
        yield record
    except BaseException as error:
        _close(record, error)
        raise
    else:
        _close(record, None)
    finally:
        _restore("MLFLOW_RUN_ID", before)
        _send_or_keep(record)


def flat(values: Any, above: str = "") -> dict[str, str]:
    """Nested values as MLflow parameters: `optimizer.rate` → "0.001"."""
    if dataclasses.is_dataclass(values) and not isinstance(values, type):
        values = {field.name: getattr(values, field.name) for field in dataclasses.fields(values)}
    if isinstance(values, Mapping) and (values or not above):
        found: dict[str, str] = {}
        for name, value in values.items():
            found |= flat(value, f"{above}.{name}" if above else str(name))
        return found
    text = values if isinstance(values, str) else json.dumps(values, ensure_ascii=False, default=str)
    return {above: text[:_LONGEST_PARAMETER]}


def send_waiting() -> int:
    """Send the records that wait; returns how many were sent."""
    waiting = sorted(UNSENT.glob("*/record.json"))
    for path in waiting:
        record = _record_from(json.loads(path.read_text(encoding="utf-8")))
        try:
            _send(record)
        except Exception as error:
            raise BadInput(
                f"MLflow at {_uri()} does not take the record {path.parent.name}: {_reason(error)}. "
                "It waits on; start the server, or set MLFLOW_TRACKING_URI to one that runs."
            ) from error
        shutil.rmtree(path.parent)
    return len(waiting)


class _Seen:
    """What the trainings of a step show: figures under `training/`, and sheets as pictures in a folder of its own."""

    def __init__(self) -> None:
        self.sheets: dict[str, str] = {}
        """File by its name in the run."""
        self._points: list[tuple[str, float, int]] = []
        self._folder: Path | None = None

    def figures(self, step: int, values: Mapping[str, float]) -> None:
        """Keep figures of a step."""
        self._points += [(f"training/{name}", value, step) for name, value in values.items() if math.isfinite(value)]

    def sheet(self, step: int, name: str, picture: "Image.Image") -> None:
        """Keep a sheet of a step."""
        self._folder = self._folder or Path(tempfile.mkdtemp(prefix="storywright-sheets-"))
        label = f"{name.replace(' ', '-')}-{step:07d}.png"
        picture.save(self._folder / label)
        self.sheets[f"sheets/{label}"] = str(self._folder / label)

    def figures_since(self, count: int) -> list[tuple[str, float, int]]:
        """The figures after the first so many."""
        return self._points[count:]

    def clear(self) -> None:
        """Let go of the sheets."""
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


class _Follower(threading.Thread):
    """Shows a long step while it works: opens its run, then sends figures, curves and sheets as they come."""

    def __init__(self, record: Record, curves: Path | None, seen: _Seen) -> None:
        super().__init__(name="tracking", daemon=True)
        self.sent = self.sent_seen = 0
        self._seen, self._shown = seen, set[str]()
        self._record, self._curves, self._stopped = record, curves, threading.Event()

    def stop(self) -> None:
        """Let the batch in hand go out, and end."""
        self._stopped.set()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        if self._stopped.wait(_FOLLOW_AFTER_SECONDS):
            return
        try:
            client = _client()
            _open_run(client, self._record)
            while True:
                self._send_new(client)
                if self._stopped.wait(_FOLLOW_EVERY_SECONDS):
                    return
        except Exception:  # noqa: BLE001 - whatever it was, the end of the step sends everything or says why not
            return

    def _send_new(self, client: "MlflowClient") -> None:
        if self._curves and self._curves.exists():
            points = _points(self._curves)[self.sent :]
            _log_points(client, self._record.run_id, points)
            self.sent += len(points)
        points = self._seen.figures_since(self.sent_seen)
        _log_points(client, self._record.run_id, points)
        self.sent_seen += len(points)
        for name in sorted(set(self._seen.sheets) - self._shown):
            client.log_artifact(self._record.run_id, self._seen.sheets[name], "sheets")
            self._shown.add(name)


def _send_or_keep(record: Record) -> None:
    try:
        if _wanted() == "later" and not record.run_id:
            _keep(record)
        else:
            _send(record)
    except Exception as error:  # noqa: BLE001 - whatever MLflow's trouble is, the result of the step stands
        reason = _reason(error)
    else:
        return
    try:
        kept = _keep(record)
    except OSError as error:
        _tell(f"Step {record.name} was not tracked ({reason}), and its record could not be kept: {error}.")
        return
    _tell(
        f"{record.name} was not tracked: {reason}. Its record waits in {kept}; "
        "`python -m storywright.tracking` sends it when MLflow runs again."
    )


def _send(record: Record) -> None:
    client = _client()
    if not record.run_id:
        _open_run(client, record)
    from mlflow.entities import Metric

    now = record.ended_ms
    metrics = record.metrics | {"seconds": (record.ended_ms - record.started_ms) / 1000}
    client.log_batch(record.run_id, metrics=[Metric(name, value, now, 0) for name, value in metrics.items()])
    _log_points(client, record.run_id, record.curves)
    for name, value in record.tags.items():
        client.set_tag(record.run_id, name, value)
    for name, path in record.artifacts.items():
        folder = Path(name).parent.as_posix()
        client.log_artifact(record.run_id, path, None if folder == "." else folder)
    client.set_terminated(record.run_id, record.status, record.ended_ms)


def _open_run(client: "MlflowClient", record: Record) -> None:
    from mlflow.entities import Dataset, DatasetInput, Param
    from mlflow.exceptions import MlflowException

    experiment, tags = "", dict(record.tags)
    if record.parent:
        try:
            experiment = client.get_run(record.parent).info.experiment_id
            tags["mlflow.parentRunId"] = record.parent
        except MlflowException:  # the run above was made in another database, or deleted
            record.parent = ""
    made = client.create_run(
        experiment or _experiment(client), start_time=record.started_ms, tags=tags, run_name=record.name
    )
    client.log_batch(made.info.run_id, params=[Param(name, value) for name, value in record.parameters.items()])
    client.log_inputs(
        made.info.run_id,
        [
            DatasetInput(Dataset(name, digest[:36], "local", json.dumps({"uri": place})))
            for name, (place, digest) in record.inputs.items()
        ],
    )
    record.run_id = made.info.run_id


def _log_points(client: "MlflowClient", run_id: str, points: list[tuple[str, float, int]]) -> None:
    from mlflow.entities import Metric

    now = _now_ms()
    for first in range(0, len(points), _BATCH):
        batch = [Metric(name, value, now, step) for name, value, step in points[first : first + _BATCH]]
        client.log_batch(run_id, metrics=batch)


def _client() -> "MlflowClient":
    """A client of the tracking server or database that is set now."""
    return _client_of(_uri())


@functools.lru_cache(maxsize=1)
def _client_of(uri: str) -> "MlflowClient":
    """A client of this server or database; a database is made by one process while the others wait."""
    # MLflow would try for minutes to reach a server that is down.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    with needs_extra("train", "tracking"):
        from mlflow import MlflowClient
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)

    if not uri.startswith("sqlite:///"):
        return MlflowClient(tracking_uri=uri)
    folder = Path(uri.removeprefix("sqlite:///")).parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        client = MlflowClient(tracking_uri=uri)
        _experiment(client)
    return client


def _experiment(client: "MlflowClient") -> str:
    from mlflow.exceptions import MlflowException

    if found := client.get_experiment_by_name(EXPERIMENT):
        return str(found.experiment_id)
    uri = _uri()
    beside = Path(uri.removeprefix("sqlite:///")).parent / "artifacts"
    try:
        return client.create_experiment(EXPERIMENT, beside.as_uri() if uri.startswith("sqlite:///") else None)
    except MlflowException:  # on a server, another task can have been faster
        found = client.get_experiment_by_name(EXPERIMENT)
        if found is None:
            raise
        return str(found.experiment_id)


def _keep(record: Record) -> Path:
    """Put the record and its small files where they wait to be sent."""
    folder = UNSENT / f"{record.name}-{record.started_ms}-{os.getpid()}"
    kept = {}
    for name, path in record.artifacts.items():
        copy = folder / "files" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        kept[name] = str(copy)
    files.write_json(folder / "record.json", dataclasses.asdict(dataclasses.replace(record, artifacts=kept)))
    return folder


def _record_from(values: dict[str, Any]) -> Record:
    points = [(name, value, step) for name, value, step in values.pop("curves")]
    inputs = {name: (place, digest) for name, (place, digest) in values.pop("inputs").items()}
    return Record(**values, curves=points, inputs=inputs)


def _close(record: Record, error: BaseException | None) -> None:
    record.ended_ms = _now_ms()
    if error is None:
        record.status = "FINISHED"
        return
    record.status = "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
    record.tags["error"] = f"{type(error).__name__}: {error}"[:5_000]


def _numbers(metrics: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in metrics.items() if isinstance(value, (bool, int, float))}


def _points(curves: Path) -> list[tuple[str, float, int]]:
    """The points of a curves file, in its order; a line that is being written is left for the next time."""
    text = curves.read_text(encoding="utf-8")
    points = []
    for row in csv.DictReader(text[: text.rfind("\n") + 1].splitlines()):
        step = int(float(row.pop("step")))
        points += [(name, float(value), step) for name, value in row.items() if name and _is_number(value)]
    return points


def _is_number(text: str | None) -> bool:
    try:
        return bool(text) and math.isfinite(float(text or ""))
    except ValueError:
        return False


def _small_files(output: Path) -> dict[str, str]:
    """The files of an output that people look at, by their name in the run; weights stay where they are."""
    if output.is_file():
        return {output.name: str(output)} if _is_kept(output) else {}
    found = [path for path in sorted(output.rglob("*")) if path.is_file() and _is_kept(path)]
    return {f"{output.name}/{path.relative_to(output).as_posix()}": str(path) for path in found[:_MOST_KEPT]}


def _is_kept(path: Path) -> bool:
    return path.suffix in _KEPT and path.stat().st_size <= _LARGEST_KEPT_BYTES


def _origin(source: str) -> dict[str, str]:
    """Who ran what: the tags that MLflow shows with a run."""
    tags = {"mlflow.source.name": source, "mlflow.source.type": "LOCAL", "mlflow.user": _user()}
    commit, changed = _commit()
    if commit:
        tags |= {"mlflow.source.git.commit": commit, "code.changed": str(changed).lower()}
    return tags


def _commit() -> tuple[str, bool]:
    """The commit that the code is of, and whether it was changed since; an image is told by STORYWRIGHT_COMMIT."""
    if commit := os.environ.get("STORYWRIGHT_COMMIT"):
        return commit, False
    here = Path(__file__).parent
    try:
        asked = ["git", "-C", str(here), "rev-parse", "HEAD"]
        head = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
        asked = ["git", "-C", str(here), "status", "--porcelain", "--", "."]
        changes = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):  # installed from a wheel, or no git here
        return "", False
    return head, bool(changes)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user can have no name
        return str(os.getuid())


def _uri() -> str:
    return Settings.from_environment().tracking_uri


def _wanted() -> str:
    return os.environ.get("STORYWRIGHT_TRACKING", "").lower()


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr)  # noqa: T201


def _restore(variable: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = value


def _now_ms() -> int:
    return int(time.time() * 1000)


if __name__ == "__main__":
    try:
        _tell(f"{send_waiting()} records sent to {_uri()}.")
    except BadInput as error:
        _tell(str(error))
        raise SystemExit(2) from error
