"""How KServe splits a cluster's requests between two versions, written into the InferenceService.

A revision of the service serves the version that STORYWRIGHT_VERSION names. KServe gives the newest revision
`canaryTrafficPercent` of the requests and the one before it the rest, until the field is taken away; with 0 it is gone
back to the one before. Only Knative splits requests: in KServe's Standard mode, as without KServe, every server brings
a new champion in by shares itself. Knows nothing of clusters: it is given the object as `kubectl get` prints it.
"""

import copy
from typing import Any

from storywright.errors import BadInput

PINNED = "STORYWRIGHT_VERSION"
"""The variable that makes a server serve this version and follow no alias."""
_MODE = "serving.kserve.io/deploymentMode"
_KNATIVE = ("Knative", "Serverless")
_FIELD = "canaryTrafficPercent"


def split(service: dict[str, Any], version: str, percent: int) -> dict[str, Any]:
    """The InferenceService with so many percent of the requests for a version; 100: all of them, 0: back again."""
    if service.get("kind") != "InferenceService":
        raise BadInput(
            f"This is {service.get('kind') or 'no object'} and not an InferenceService: give what `kubectl get "
            "inferenceservice studio --output json` prints."
        )
    mode = service.get("metadata", {}).get("annotations", {}).get(_MODE, _KNATIVE[0])
    if mode not in _KNATIVE:
        raise BadInput(
            f"This service runs in KServe's mode {mode}, which does not split requests: set STORYWRIGHT_ROLLOUT for "
            f"its servers, or run it with {_MODE}: {_KNATIVE[0]}."
        )
    changed = copy.deepcopy(service)
    changed.pop("status", None)
    predictor = changed["spec"]["predictor"]
    served = _variable(predictor)
    if percent == 0 and served.get("value") != version:
        raise BadInput(f"Version {version} is not the newest one there, {served.get('value') or 'the champion'} is.")
    if percent not in (0, 100) and served.get("value") == version and _FIELD not in predictor:
        raise BadInput(f"Version {version} has all requests already.")
    served["value"] = version
    predictor[_FIELD] = percent
    if percent == 100:
        del predictor[_FIELD]
    return changed


def _variable(predictor: dict[str, Any]) -> dict[str, Any]:
    """The entry of the server's environment that names the version."""
    [container] = [one for one in predictor["containers"] if one["name"] == "kserve-container"]
    environment: list[dict[str, Any]] = container.setdefault("env", [])
    for entry in environment:
        if entry["name"] == PINNED:
            return entry
    environment.append({"name": PINNED, "value": ""})
    return environment[-1]
