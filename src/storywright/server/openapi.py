"""The description of the API as programs read it: every operation says what its errors look like.

FastAPI describes what goes in and what comes out when all is well. Here is added that whatever else comes is a problem
document (RFC 9457), or under /v2 the inference protocol's own kind of error.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from storywright.server.routes.infer import Asked

_METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "What is wrong, in a sentence.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "example": {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no board 'b7'.",
    },
}
_ERROR: dict[str, Any] = {
    "type": "object",
    "title": "InferenceError",
    "required": ["error"],
    "properties": {"error": {"type": "string"}},
    "example": {"error": "There is no model 'painter': this server has illustrator."},
}
_EXAMPLES: dict[str, Any] = {
    "ManySaid": {"words": [{"key": "a-key", "board": "9f3a-1", "panel": "p01", "kind": "rating", "value": "4"}]},
    "MeWanted": {"remembers": True},
    "Settled": {"done": True},
}
"""Of the documents that do not show one themselves."""
_BOARD, _JOB = "$response.body#/boards/0/id", "$response.body#/id"
_LINKS: dict[tuple[str, str, str], list[tuple[str, str, str, dict[str, str]]]] = {
    ("post", "/api/v1/boards", "201"): [
        ("board", "get", "/api/v1/boards/{board_id}", {"board_id": _BOARD}),
        ("versions", "get", "/api/v1/boards/{board_id}/versions", {"board_id": _BOARD}),
        ("revise", "post", "/api/v1/boards/{board_id}/revisions", {"board_id": _BOARD, "header.if-match": "*"}),
        ("export", "post", "/api/v1/boards/{board_id}/exports", {"board_id": _BOARD}),
        (
            "picture",
            "get",
            "/api/v1/boards/{board_id}/panels/{panel}.png",
            {"board_id": _BOARD, "panel": "$response.body#/boards/0/panels/0/id"},
        ),
        (
            "draws",
            "post",
            "/api/v1/boards/{board_id}/panels/{panel}/draws",
            {"board_id": _BOARD, "panel": "$response.body#/boards/0/panels/0/id"},
        ),
    ],
    ("post", "/api/v1/boards", "202"): [("job", "get", "/api/v1/jobs/{job_id}", {"job_id": _JOB})],
    ("post", "/api/v1/videos", "202"): [
        ("job", "get", "/api/v1/jobs/{job_id}", {"job_id": _JOB}),
        ("cancel", "delete", "/api/v1/jobs/{job_id}", {"job_id": _JOB}),
    ],
    ("post", "/api/v1/manuscripts", "202"): [("job", "get", "/api/v1/jobs/{job_id}", {"job_id": _JOB})],
    ("post", "/api/v1/boards/{board_id}/exports", "202"): [
        ("job", "get", "/api/v1/jobs/{job_id}", {"job_id": _JOB}),
        ("events", "get", "/api/v1/jobs/{job_id}/events", {"job_id": _JOB}),
    ],
}
"""What can be done next with what an answer says."""
_TAGS = {
    "boards": "Briefs become boards; boards are looked at, revised, compared and exported.",
    "manuscripts": "Chapters, books and scripts become boards whose panels point at their sentences.",
    "jobs": "Whatever takes longer than a request: progress, results, an end before its time.",
    "images": "Single pictures, drawn while the request waits.",
    "videos": "Clips.",
    "feedback": "What people say about boards; acknowledged when it is on the disk.",
    "models": "Which models are served.",
    "documents": "What the documents look like.",
    "open inference protocol": "The illustrator for KServe's and Triton's clients.",
    "health": "For balancers, kubelets and Prometheus.",
}


def describe(app: FastAPI) -> None:
    """Let the app describe itself with its errors."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes,
                tags=[{"name": name, "description": line} for name, line in _TAGS.items()],
            )  # fmt: skip
            app.openapi_schema = _with_errors(document)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _with_errors(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= {"Problem": _PROBLEM, "InferenceError": _ERROR} | _of_the_protocol()
    for name, example in _EXAMPLES.items():
        schemas[name]["example"] = example
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = _error_of(path)
    for (method, path, status), links in _LINKS.items():
        document["paths"][path][method]["responses"][status]["links"] = {
            name: {"operationId": document["paths"][there][how]["operationId"], "parameters": parameters}
            for name, how, there, parameters in links
        }
    return document


def _of_the_protocol() -> dict[str, Any]:
    """The request of the inference protocol, which is read by hand because tensors may lie behind it."""
    request = Asked.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**request.pop("$defs"), "Asked": request}


def _error_of(path: str) -> dict[str, Any]:
    """What comes when something is wrong; Retry-After stands beside 429 and 503."""
    if path.startswith("/v2"):
        content = {"application/json": {"schema": {"$ref": "#/components/schemas/InferenceError"}}}
    else:
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    retry = {"description": "Seconds after which to try again, with 429 and 503.", "schema": {"type": "integer"}}
    return {"description": "What is wrong.", "content": content, "headers": {"Retry-After": retry}}
