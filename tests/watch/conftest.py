"""What watching is tested with: real servers with stand-ins for the models, and Kubeflow Pipelines' API on loopback.

The API is there as far as retrainings need it, and is held to what its client describes.
"""

import importlib.util
import json
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import kfp_server_api
import pytest


class Cluster(ThreadingHTTPServer):
    """Answers as Kubeflow Pipelines 2.17 does, and refuses a request that its description does not have."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Api)
        self.host = f"http://127.0.0.1:{self.server_port}"
        self.experiments: list[dict[str, Any]] = []
        self.runs: list[dict[str, Any]] = []
        self.pipelines = {"retraining-full": ["v-new", "v-old"]}
        self.wanted_token = ""
        self.breaks = False


class Api(BaseHTTPRequestHandler):
    server: Cluster

    def do_GET(self) -> None:
        path, _, query = self.path.removeprefix("/apis/v2beta1/").partition("?")
        asked = dict(urllib.parse.parse_qsl(query))
        if self._refused():
            return
        match path.split("/"):
            case ["runs"]:
                found = [r for r in self.server.runs if r["experiment_id"] == asked["experiment_id"]]
                self._answer({"runs": list(reversed(found))}, "V2beta1ListRunsResponse")
            case ["experiments"]:
                (wanted,) = json.loads(asked["filter"])["predicates"]
                assert (wanted["operation"], wanted["key"]) == ("EQUALS", "display_name")
                found = [e for e in self.server.experiments if e["display_name"] == wanted["stringValue"]]
                self._answer({"experiments": found} if found else {}, "V2beta1ListExperimentsResponse")
            case ["pipelines", "names", name] if name in self.server.pipelines:
                self._answer({"pipeline_id": f"p-{name}", "display_name": name}, "V2beta1Pipeline")
            case ["pipelines", pipeline, "versions"]:
                assert asked["sort_by"] == "created_at desc"
                known = self.server.pipelines[pipeline.removeprefix("p-")][: int(asked["page_size"])]
                versions = [{"pipeline_id": pipeline, "pipeline_version_id": one} for one in known]
                self._answer({"pipeline_versions": versions}, "V2beta1ListPipelineVersionsResponse")
            case _:
                self._answer({"code": 5, "message": "not found"}, "GoogleRpcStatus", 404)

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self._refused():
            return
        match self.path.removeprefix("/apis/v2beta1/"):
            case "runs":
                described(sent, "V2beta1Run")
                run = sent | {"run_id": f"r-{len(self.server.runs)}", "state": "PENDING"}
                self.server.runs.append(run)
                self._answer(run, "V2beta1Run")
            case "experiments":
                described(sent, "V2beta1Experiment")
                self.server.experiments.append(sent | {"experiment_id": f"e-{len(self.server.experiments)}"})
                self._answer(self.server.experiments[-1], "V2beta1Experiment")
            case _:
                self._answer({"code": 5, "message": "not found"}, "GoogleRpcStatus", 404)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _refused(self) -> bool:
        if self.server.wanted_token and self.headers["Authorization"] != f"Bearer {self.server.wanted_token}":
            self._answer({"code": 16, "message": "who are you?"}, "GoogleRpcStatus", 401)
            return True
        if self.server.breaks:
            self._answer({"code": 13, "message": "the database is away"}, "GoogleRpcStatus", 500)
            return True
        return False

    def _answer(self, value: dict[str, Any], kind: str, status: int = 200) -> None:
        described(value, kind)
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def described(value: Any, kind: str) -> None:
    """Refuse what is not of a kind of the API, as `kfp_server_api` has it: every name, every type, every fixed word."""
    if kind.startswith("list["):
        for one in value:
            described(one, kind[5:-1])
        return
    model = getattr(kfp_server_api, kind, None)
    if model is None or not hasattr(model, "attribute_map"):
        wanted = {"str": str, "bool": bool, "int": int, "dict(str, object)": dict, "datetime": str}.get(kind, object)
        assert isinstance(value, wanted), f"{value!r} is no {kind}"
        return
    if hasattr(model, "allowable_values"):
        assert value in model.allowable_values, f"{value!r} is no {kind}"
        return
    names = {json_name: name for name, json_name in model.attribute_map.items()}
    for name, inner in value.items():
        assert name in names, f"{kind} has no {name!r}"
        described(inner, model.openapi_types[names[name]])


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.delenv("KFP_TOKEN", raising=False)
    with Cluster() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def stand_ins() -> ModuleType:
    """What the server's own tests serve with."""
    path = Path(__file__).parents[1] / "server" / "conftest.py"
    spec = importlib.util.spec_from_file_location("stand_ins_of_the_server", path)
    assert spec and spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture
def start(own_environment: None, stand_ins: ModuleType) -> Iterator[Any]:
    """Starts servers; they are stopped when the test ends."""
    yield from stand_ins._starting()
