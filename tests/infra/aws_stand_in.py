"""moto's AWS on loopback, completed where a second plan of Terraform would otherwise see changes.

Runs in the environment of terraform/requirements.txt: `python aws_stand_in.py PORT`. What moto has no notion of (EKS
add-ons and access entries, who is told of a budget) is kept as it is sent and given back; what moto forgets is put
where it belongs. Nothing here knows what an add-on does.
"""

import functools
import io
import json
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.eks.models import EKSBackend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.rds.models import DBParameterGroup, RDSBackend
from werkzeug.serving import run_simple
from werkzeug.wrappers import Request, Response

_NOW = 1_800_000_000
_MADE = re.compile(r"/clusters(/(?P<cluster>[^/]+)/node-groups)?$")
_ADDON = re.compile(r"/clusters/(?P<cluster>[^/]+)/addons(/(?P<name>[^/]+))?$")
_POLICY = re.compile(
    r"/clusters/(?P<cluster>[^/]+)/access-entries/(?P<principal>.+?)/access-policies(/(?P<policy>.+))?$"
)
_ENTRY = re.compile(r"/clusters/(?P<cluster>[^/]+)/access-entries(/(?P<principal>.+))?$")
_FILES_POLICY = re.compile(r"/2015-02-01/file-systems/[^/]+/policy$")
_BUDGETS = "AWSBudgetServiceGateway."

Document = dict[str, Any]
_kept: dict[tuple[str, ...], Document] = {}


def main(port: int) -> None:
    """Serve until the process is ended."""
    remind_moto()
    moto = DomainDispatcherApplication(create_backend_app)

    def application(environ: dict, start_response: Callable) -> Iterable[bytes]:
        answer = _answer(Request(environ)) or moto
        return answer(environ, start_response)

    run_simple("127.0.0.1", port, application, threaded=True)


def remind_moto() -> None:
    """Have moto keep what it is told and make what AWS makes beside it."""
    _after(EKSBackend, "create_cluster", _complete_cluster)
    _after(EKSBackend, "delete_cluster", _take_security_group)
    _after(EKSBackend, "create_nodegroup", _complete_nodes)
    _after(EC2Backend, "create_launch_template", _keep_tags_of_what_is_started)
    _after(RDSBackend, "create_db_instance", _keep_insights)
    _after(DBParameterGroup, "update_parameters", _say_who_set_parameters)
    SecurityGroupRule.description = property(_description)


def _after(kind: type, name: str, complete: Callable[..., None]) -> None:
    act = getattr(kind, name)

    @functools.wraps(act)
    def acted(self: Any, *sent: Any, **named: Any) -> Any:
        made = act(self, *sent, **named)
        complete(self, made, *sent, **named)
        return made

    setattr(kind, name, acted)


def _complete_cluster(eks: EKSBackend, cluster: Any, **_: Any) -> None:
    """EKS makes a security group with a cluster, and says how it is entered and upgraded."""
    network, asked = cluster.resources_vpc_config, _kept["cluster", cluster.name]
    cluster.access_config, cluster.upgrade_policy = asked.get("accessConfig"), asked.get("upgradePolicy")
    ec2 = ec2_backends[eks.account_id][eks.region_name]
    vpc = ec2.get_subnet(network["subnetIds"][0]).vpc_id
    group = ec2.create_security_group(f"eks-cluster-sg-{cluster.name}", f"Made by EKS for {cluster.name}", vpc_id=vpc)
    network |= {"clusterSecurityGroupId": group.id, "vpcId": vpc}


def _take_security_group(eks: EKSBackend, cluster: Any, **_: Any) -> None:
    group = cluster.resources_vpc_config["clusterSecurityGroupId"]
    ec2_backends[eks.account_id][eks.region_name].delete_security_group(group_id=group)


def _complete_nodes(_eks: EKSBackend, nodes: Any, **_: Any) -> None:
    """moto forgets how nodes are replaced, and opens them to a key that nobody gave."""
    asked = _kept["nodes", nodes.nodegroup_name]
    nodes.update_config, nodes.remote_access = asked.get("updateConfig"), asked.get("remoteAccess")


def _description(rule: SecurityGroupRule) -> str | None:
    """moto looks for it beside addresses alone, and not beside another group."""
    return rule.ip_range.get("Description") or rule.source_group.get("Description")


def _keep_tags_of_what_is_started(_ec2: EC2Backend, template: Any, *_: Any) -> None:
    """The tags of a template itself are none that it gives to what is started from it."""
    data = template.versions[0].data
    tags = [tags for tags in data.get("TagSpecifications", []) if tags["ResourceType"] != "launch-template"]
    data["TagSpecifications"] = tags


def _keep_insights(_rds: RDSBackend, database: Any, asked: Document) -> None:
    database.performance_insights_enabled = asked.get("enable_performance_insights", False)
    database.performance_insights_kms_key_id = asked.get("performance_insights_kms_key_id")
    database.performance_insights_retention_period = asked.get("performance_insights_retention_period")


def _say_who_set_parameters(group: DBParameterGroup, _: None, *sent: Any) -> None:
    for parameter in group.parameters.values():
        parameter["Source"] = "user"


def _answer(request: Request) -> Response | None:
    """What is answered here; None is for moto."""
    target, path = request.headers.get("X-Amz-Target", ""), unquote(request.path)
    if target.startswith(_BUDGETS):
        return _budget(target.removeprefix(_BUDGETS), _read(request))
    if request.method == "POST" and (found := _MADE.match(path)):
        asked = _read(request)
        _kept["nodes" if found["cluster"] else "cluster", asked.get("nodegroupName") or asked["name"]] = asked
    if request.method == "DELETE" and _FILES_POLICY.match(path):
        return _json({})  # it goes with its file system
    for pattern, answers in ((_ADDON, _addon), (_POLICY, _policy), (_ENTRY, _entry)):
        if found := pattern.match(path):
            return answers(request.method, found.groupdict(), _read(request))
    return None


def _read(request: Request) -> Document:
    body = request.get_data()
    request.environ["wsgi.input"] = io.BytesIO(body)  # moto reads it again
    return json.loads(body or b"{}")


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
    """What moto does not answer: who is told, and the tags. A budget itself is moto's."""
    match action:
        case "CreateBudget":
            _kept["budget", sent["Budget"]["BudgetName"]] = {"tags": sent.get("ResourceTags", []), "told": []}
        case "CreateNotification":
            _kept["budget", sent["BudgetName"]]["told"].append(sent)
        case "DescribeSubscribersForNotification":
            told = _kept["budget", sent["BudgetName"]]["told"]
            found = next(one for one in told if one["Notification"] == sent["Notification"])
            return _json({"Subscribers": found["Subscribers"]})
        case "ListTagsForResource":
            return _json({"ResourceTags": _kept["budget", sent["ResourceARN"].split("/")[-1]]["tags"]})
    return None


def _one(method: str, key: tuple[str, ...], name: str, document: Document) -> Response:
    """Create, read or delete one document."""
    if method == "POST":
        _kept[key] = {**document, "clusterName": key[1], "status": "ACTIVE", "createdAt": _NOW, "modifiedAt": _NOW}
    found = _kept.pop(key, None) if method == "DELETE" else _kept.get(key)
    if found is None:
        missing = _json({"message": f"No {name} is called {key[-1]}"}, status=404)
        missing.headers["x-amzn-ErrorType"] = "ResourceNotFoundException"
        return missing
    return _json({name: found})


def _json(document: Document, status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, content_type="application/json")


if __name__ == "__main__":
    main(int(sys.argv[1]))
