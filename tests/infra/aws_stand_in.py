"""moto's AWS on loopback, with what moto lacks: EKS add-ons and access entries, and who is told of a budget.

Runs in the environment of terraform/requirements.txt: `python aws_stand_in.py PORT`. What it adds keeps what it is
sent and gives it back, so that Terraform can create, read and delete; it knows nothing of what an add-on does.
"""

import io
import json
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
from werkzeug.wrappers import Request, Response

_NOW = 1_800_000_000
_ADDON = re.compile(r"/clusters/(?P<cluster>[^/]+)/addons(/(?P<name>[^/]+))?$")
_POLICY = re.compile(
    r"/clusters/(?P<cluster>[^/]+)/access-entries/(?P<principal>.+?)/access-policies(/(?P<policy>.+))?$"
)
_ENTRY = re.compile(r"/clusters/(?P<cluster>[^/]+)/access-entries(/(?P<principal>.+))?$")

_BUDGETS = "AWSBudgetServiceGateway."

Document = dict[str, Any]
_kept: dict[tuple[str, ...], Document] = {}


def main(port: int) -> None:
    """Serve until the process is ended."""
    moto = DomainDispatcherApplication(create_backend_app)

    def application(environ: dict, start_response: Callable) -> Iterable[bytes]:
        request = Request(environ)
        answer = _answer(request) or moto
        return answer(environ, start_response)

    run_simple("127.0.0.1", port, application, threaded=True)


def _answer(request: Request) -> Response | None:
    target = request.headers.get("X-Amz-Target", "")
    if target.startswith(_BUDGETS):
        body = request.get_data()
        request.environ["wsgi.input"] = io.BytesIO(body)  # moto reads it again
        return _budget(target.removeprefix(_BUDGETS), json.loads(body))
    path = unquote(request.path)
    for pattern, answers in ((_ADDON, _addon), (_POLICY, _policy), (_ENTRY, _entry)):
        if found := pattern.match(path):
            sent = json.loads(request.get_data() or b"{}")
            return answers(request.method, found.groupdict(), sent)
    return None


def _addon(method: str, where: dict[str, str], sent: Document) -> Response:
    key = ("addon", where["cluster"], where["name"] or str(sent["addonName"]))
    return _one(method, key, "addon", {"addonVersion": "v1.0.0-eksbuild.1", **sent, "addonArn": "/".join(key)})


def _entry(method: str, where: dict[str, str], sent: Document) -> Response:
    key = ("entry", where["cluster"], where["principal"] or str(sent["principalArn"]))
    document = {"type": "STANDARD", "kubernetesGroups": [], "username": key[2], **sent, "accessEntryArn": "/".join(key)}
    return _one(method, key, "accessEntry", document)


def _policy(method: str, where: dict[str, str], sent: Document) -> Response:
    key = ("policy", where["cluster"], where["principal"])
    if method == "GET":
        policies = [document for kept, document in _kept.items() if kept[:3] == key]
        return _json({"clusterName": key[1], "principalArn": key[2], "associatedAccessPolicies": policies})
    key = (*key, where["policy"] or str(sent["policyArn"]))
    return _one(method, key, "associatedAccessPolicy", sent)


def _budget(action: str, sent: Document) -> Response | None:
    """What moto does not answer; a budget itself is moto's."""
    if action == "CreateBudget":
        _kept["budget", sent["Budget"]["BudgetName"]] = sent
    if action == "DescribeSubscribersForNotification":
        told = _kept["budget", sent["BudgetName"]]["NotificationsWithSubscribers"]
        return _json(next(one for one in told if one["Notification"] == sent["Notification"]))
    if action == "ListTagsForResource":
        return _json({"ResourceTags": _kept["budget", sent["ResourceARN"].split("/")[-1]].get("ResourceTags", [])})
    return None


def _one(method: str, key: tuple[str, ...], name: str, document: Document) -> Response:
    """Create, read or delete one document."""
    if method == "POST":
        _kept[key] = {**document, "clusterName": key[1], "status": "ACTIVE", "createdAt": _NOW, "modifiedAt": _NOW}
    found = _kept.pop(key, None) if method == "DELETE" else _kept.get(key)
    if found is None:
        return _missing("ResourceNotFoundException", f"No {name} is called {key[-1]}", status=404)
    return _json({name: found})


def _missing(kind: str, message: str, status: int) -> Response:
    answer = _json({"__type": kind, "message": message}, status=status)
    answer.headers["x-amzn-ErrorType"] = kind
    return answer


def _json(document: Document, status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, content_type="application/json")


if __name__ == "__main__":
    main(int(sys.argv[1]))
