"""What a cluster's API is sent; the server here is a real one on loopback that speaks the paths of v2beta1."""

import email
import json
import re
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import kfp_server_api
import pytest

from storywright.errors import BadInput

PIPELINE = "pipelineInfo: {name: training}\nroot: {dag: {tasks: {promote: {cachingOptions: {}}}}}\n"
PIPELINE += "schemaVersion: 2.1.0\nsdkVersion: kfp-2.17.0\n"


class Cluster(ThreadingHTTPServer):
    """Answers as Kubeflow Pipelines does, and remembers what it was asked; refuses a body it does not know."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Api)
        self.experiments: list[dict[str, Any]] = []
        self.made: dict[str, list[kfp_server_api.V2beta1Run | kfp_server_api.V2beta1RecurringRun]] = {}
        self.pipelines: dict[str, dict[str, str]] = {}
        self.tokens: set[str | None] = set()
        self.wanted_token = ""
        self.host = f"http://127.0.0.1:{self.server_port}"


class Api(BaseHTTPRequestHandler):
    server: Cluster

    def do_GET(self) -> None:
        self.server.tokens.add(self.headers["Authorization"])
        if self.server.wanted_token and self.headers["Authorization"] != f"Bearer {self.server.wanted_token}":
            self._answer({"error": "who are you?"}, 401)
        elif self.path.startswith("/apis/v2beta1/healthz"):
            self._answer({"multi_user": False})
        elif self.path.startswith("/apis/v2beta1/experiments"):
            self._answer({"experiments": self.server.experiments})
        elif self.path.startswith("/apis/v2beta1/pipelines?"):
            asked = dict(urllib.parse.parse_qsl(self.path.partition("?")[2]))
            (wanted,) = json.loads(asked["filter"])["predicates"]
            found = [name for name in self.server.pipelines if name == wanted["stringValue"]]
            self._answer({"pipelines": [{"pipeline_id": f"p-{name}", "display_name": name} for name in found]})
        elif found := re.match(r"/apis/v2beta1/pipelines/p-([\w-]+)/versions", self.path):
            self._answer({"pipeline_versions": [{"display_name": one} for one in self.server.pipelines[found[1]]]})
        else:
            self._answer({"error": "no such page"}, 404)

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/apis/v2beta1/pipelines/upload"):
            self._take(content)
            return
        body = json.loads(content)
        kinds = {"runs": "V2beta1Run", "recurringruns": "V2beta1RecurringRun", "experiments": "V2beta1Experiment"}
        name = self.path.removeprefix("/apis/v2beta1/").partition("?")[0]
        if name not in kinds:
            self._answer({"error": "no such page"}, 404)
            return
        answer = type("Answer", (), {"data": json.dumps(body)})
        known = kfp_server_api.ApiClient().deserialize(answer, kinds[name])
        if name == "experiments":
            self.server.experiments.append(body | {"experiment_id": "e-1"})
            self._answer(self.server.experiments[-1])
        elif not known.runtime_config.parameters:
            self._answer({"error": "missing parameters", "code": 3}, 400)
        else:
            self.server.made.setdefault(name, []).append(known)
            self._answer(body | {"run_id": "r-1", "recurring_run_id": "rr-1"})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _take(self, content: bytes) -> None:
        """A file in a form: a new pipeline, whose first version is called as it is, or a version of one."""
        way, _, query = self.path.rpartition("/")[2].partition("?")
        asked = dict(urllib.parse.parse_qsl(query))
        whose = asked["name"] if way == "upload" else asked["pipelineid"].removeprefix("p-")
        message = email.message_from_bytes(f"Content-Type: {self.headers['Content-Type']}\n\n".encode() + content)
        (part,) = message.get_payload()
        self.server.pipelines.setdefault(whose, {})[asked["name"]] = part.get_payload(decode=True).decode()
        self._answer({"pipeline_id": f"p-{whose}", "display_name": asked["name"]})

    def _answer(self, value: dict[str, Any], status: int = 200) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.delenv("KFP_TOKEN", raising=False)
    with Cluster() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def order(**changes: Any) -> Any:
    from pipelines.submitting import Order

    values = {"pipeline": "training", "compiled": PIPELINE, "parameters": {"draw": {"seed": 3}}, "run_name": "one"}
    return Order(**values | changes)


def submit(given: Any, host: str) -> str:
    from pipelines import submitting

    return submitting.submit(given, host)


def test_a_run_is_started_in_its_experiment_with_its_values(in_root, cluster: Cluster) -> None:
    assert submit(order(), cluster.host) == f"{cluster.host}/#/runs/details/r-1"
    run = cluster.made["runs"][0]
    assert (run.display_name, run.experiment_id) == ("one", "e-1")
    assert run.runtime_config.parameters == {"draw": {"seed": 3}}
    assert run.pipeline_spec["pipelineInfo"]["name"] == "training"
    assert cluster.experiments[0]["display_name"] == "storywright"


def test_an_experiment_that_is_there_is_used(in_root, cluster: Cluster) -> None:
    submit(order(), cluster.host)
    submit(order(), cluster.host)
    assert len(cluster.experiments) == 1


def test_what_a_pipeline_says_about_caching_stays_unless_it_is_switched_off(in_root, cluster: Cluster) -> None:
    submit(order(), cluster.host)
    submit(order(compiled=PIPELINE.replace("{}}", "{enableCache: true}}"), caching=False), cluster.host)
    tasks = [run.pipeline_spec["root"]["dag"]["tasks"] for run in cluster.made["runs"]]
    assert [task["promote"]["cachingOptions"] for task in tasks] == [{}, {}]


def test_a_timetable_makes_a_recurring_run_that_does_not_catch_up(in_root, cluster: Cluster) -> None:
    assert submit(order(cron="0 0 3 * * 1"), cluster.host).endswith("/#/recurringrun/details/rr-1")
    made = cluster.made["recurringruns"][0]
    assert made.trigger.cron_schedule.cron == "0 0 3 * * 1"
    assert (made.mode, made.no_catchup, made.max_concurrency) == ("ENABLE", True, "1")


def test_a_timetable_with_five_fields_is_refused_with_an_example(in_root) -> None:
    with pytest.raises(BadInput, match="needs six fields, seconds first: `0 0 3"):
        order(cron="0 3 * * 1")


def test_a_token_is_sent(in_root, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster.wanted_token = "open sesame"
    with pytest.raises(BadInput, match=r"refuses the request \(401 .*KFP_TOKEN"):
        submit(order(), cluster.host)
    monkeypatch.setenv("KFP_TOKEN", "open sesame")
    submit(order(), cluster.host)
    assert len(cluster.made["runs"]) == 1


def test_a_pipeline_is_uploaded_once_and_then_its_versions(in_root, cluster: Cluster) -> None:
    from pipelines import submitting

    for commit, said in (("c0ffee", "is new: "), ("beef", "has the version beef now"), ("beef", "beef already")):
        text = PIPELINE + f"# {commit}\n"
        assert said in submitting.upload("retraining-full", text, commit, cluster.host)
    assert list(cluster.pipelines) == ["retraining-full"]
    assert list(cluster.pipelines["retraining-full"]) == ["retraining-full", "beef"]
    assert cluster.pipelines["retraining-full"]["beef"].rstrip().endswith("# beef")


def test_nobody_there_is_said_with_how_to_get_there(in_root) -> None:
    with pytest.raises(BadInput, match=r"No Kubeflow Pipelines answers at http://127\.0\.0\.1:9 .*port-forward"):
        submit(order(), "http://127.0.0.1:9")


def test_an_address_without_a_scheme_is_refused(in_root) -> None:
    with pytest.raises(BadInput, match="is not an address"):
        submit(order(), "cluster:8080")


def test_what_the_cluster_refuses_is_passed_on(in_root, cluster: Cluster) -> None:
    with pytest.raises(BadInput, match=r"refuses the pipeline \(400 .*missing parameters"):
        submit(order(parameters={}), cluster.host)
