"""A pipeline on a cluster: started, or set on a timetable, through Kubeflow Pipelines' own API.

Sends the file that `pipelines.compiling` makes. Knows nothing of how a cluster is set up.
"""

import contextlib
import io
import os
import tempfile
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storywright.errors import BadInput

if TYPE_CHECKING:
    from kfp import Client

_FORWARD = "kubectl --namespace kubeflow port-forward service/ml-pipeline-ui 8080:80"
_PATIENCE_SECONDS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What a cluster is asked to do."""

    pipeline: str
    """The name of the pipeline."""
    compiled: str
    """Its file."""
    parameters: dict[str, Any]
    """The values of each step."""
    experiment: str = "storywright"
    """The experiment that the run belongs to; made when it is not there."""
    run_name: str
    """What the run is called in the page."""
    caching: bool = True
    """Whether a task that ran before with the same inputs and image is left out."""
    cron: str = ""
    """When to run again and again, in six fields, such as `0 0 3 * * 1` for Mondays at three; empty: once, now."""

    def __post_init__(self) -> None:
        if self.cron and len(self.cron.split()) != 6:
            raise BadInput(
                f"The timetable {self.cron!r} needs six fields, seconds first: "
                "`0 0 3 * * 1` is every Monday at three o'clock."
            )


def submit(order: Order, host: str, namespace: str | None = None) -> str:
    """Start the run, or set its timetable; returns the address of its page.

    A token for the API is taken from KFP_TOKEN.
    """
    client = _client(host, namespace)
    with _refusals_named(host), tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        package = Path(folder) / f"{order.pipeline}.yaml"
        package.write_text(order.compiled, encoding="utf-8")
        experiment = client.create_experiment(order.experiment, namespace=namespace)
        what: dict[str, Any] = {
            "experiment_id": experiment.experiment_id,
            "job_name": order.run_name,
            "pipeline_package_path": str(package),
            "params": order.parameters,
            # What a pipeline says about single tasks stays: some of them must never come from the cache.
            "enable_caching": None if order.caching else False,
        }
        if order.cron:
            made = client.create_recurring_run(**what, cron_expression=order.cron, no_catchup=True, max_concurrency=1)
            return f"{host.rstrip('/')}/#/recurringrun/details/{made.recurring_run_id}"
        started = client.run_pipeline(**what)
        return f"{host.rstrip('/')}/#/runs/details/{started.run_id}"


def upload(name: str, compiled: str, version: str, host: str, namespace: str | None = None) -> str:
    """Put a pipeline into the cluster's list, or a new version of it; returns what was done, in words.

    Whoever starts it by its name, in the page or after an alert, starts the newest version.
    """
    client = _client(host, namespace)
    with _refusals_named(host), tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        package = Path(folder) / f"{name}.yaml"
        package.write_text(compiled, encoding="utf-8")
        known = client.get_pipeline_id(name)
        if known is None:
            made = client.upload_pipeline(str(package), pipeline_name=name, namespace=namespace)
            return f"{name} is new: {host.rstrip('/')}/#/pipelines/details/{made.pipeline_id}"
        found = client.list_pipeline_versions(known, page_size=100).pipeline_versions or []
        if version in {one.display_name for one in found}:
            return f"{name} has the version {version} already"
        client.upload_pipeline_version(str(package), pipeline_version_name=version, pipeline_id=known)
        return f"{name} has the version {version} now: {host.rstrip('/')}/#/pipelines/details/{known}"


def _client(host: str, namespace: str | None) -> "Client":
    if not host.startswith(("http://", "https://")):
        raise BadInput(f"--host {host!r} is not an address: give one such as http://127.0.0.1:8080.")
    _refuse_silence(host)
    from kfp import Client

    with warnings.catch_warnings(), _refusals_named(host):
        warnings.simplefilter("ignore", FutureWarning)
        return Client(host=host, existing_token=os.environ.get("KFP_TOKEN"), namespace=namespace or "kubeflow")


def _refuse_silence(host: str) -> None:
    """Ask once whether anybody is there: the client of Kubeflow would try for minutes."""
    request = urllib.request.Request(f"{host.rstrip('/')}/apis/v2beta1/healthz")
    if token := os.environ.get("KFP_TOKEN"):
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS):
            return
    except urllib.error.HTTPError as error:
        raise BadInput(_said(host, error.code, error.reason)) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise BadInput(
            f"No Kubeflow Pipelines answers at {host} ({reason}): start it, or bring its port here with "
            f"`{_FORWARD}` and give --host http://127.0.0.1:8080."
        ) from error


@contextlib.contextmanager
def _refusals_named(host: str) -> Iterator[None]:
    from kfp_server_api import ApiException

    try:
        yield
    except ApiException as error:
        raise BadInput(_said(host, error.status, error.reason, error.body)) from error


def _said(host: str, status: int | None, reason: str | None, body: str | bytes | None = None) -> str:
    text = body.decode(errors="replace") if isinstance(body, bytes) else body or ""
    if status in (401, 403):
        return f"{host} refuses the request ({status} {reason}): give a token of yours in KFP_TOKEN."
    if status == 404:
        return f"{host} is there, but it is no Kubeflow Pipelines (404 {reason}): give the address of its page."
    return f"{host} refuses the pipeline ({status} {reason}): {' '.join(text.split())[:500]}"
