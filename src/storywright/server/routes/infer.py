"""The Open Inference Protocol for the illustrator, so that KServe's and Triton's clients can draw.

A request has the tensor `prompt` (BYTES) and may have `seed` and `negative`; steps, guidance, size, style and seed may
come as parameters. The answer has `image` (a PNG for each prompt) or `pixels` (UINT8), as asked for. Tensors come and
go as JSON, or behind it as in the protocol's extension for binary data. Errors are the protocol's: {"error": SENTENCE}.
"""

import base64
import binascii
import json
import re
import struct
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from storywright import __version__
from storywright.board import Style
from storywright.errors import BadInput
from storywright.server.callers import User
from storywright.server.drawing.ending import unless_gone
from storywright.server.drawing.work import Asker, Picture
from storywright.server.following import Crew
from storywright.server.problems import Missing
from storywright.server.recorded import png
from storywright.server.rules import allows
from storywright.server.service import Service, TheService

router = APIRouter(prefix="/v2", tags=["open inference protocol"])

MODEL = "illustrator"
MOST_PROMPTS = 16
_LENGTH = "inference-header-content-length"
_PIXELS_AT_MOST = 1024 * 1024
_LONGEST_WAIT_SECONDS = 60.0
_EXAMPLE: dict[str, Any] = {
    "id": "one",
    "inputs": [{"name": "prompt", "shape": [1], "datatype": "BYTES", "data": ["a woman holds a blue bottle"]}],
    "parameters": {"steps": 8, "seed": 7, "size": "192x108"},
    "outputs": [{"name": "image"}],
}


class Wishes(BaseModel):
    """How pictures are drawn: what is not given is as tuned."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    steps: int | None = Field(default=None, ge=1, le=50)
    guidance: float | None = Field(default=None, ge=0, le=20)
    seed: int = Field(default=7, ge=0, lt=2**31 - MOST_PROMPTS)
    """Of the first prompt; the next has the next. The tensor `seed` goes before it."""
    size: str | None = Field(default=None, pattern=r"^[0-9]{2,4}x[0-9]{2,4}$", examples=["192x108"])
    """Width and height in pixels."""
    style: Style | None = None
    negative: str = Field(default="", max_length=1_000)
    """What is not to be seen. The tensor `negative` goes before it."""
    timeout: int | None = Field(default=None, ge=1)
    """Microseconds after which a picture that was not begun is given up."""
    binary_data_output: bool = False
    """Whether all outputs come as binary data."""
    priority: int | None = None
    sequence_id: int | str | None = None
    sequence_start: bool | None = None
    sequence_end: bool | None = None


class Input(BaseModel):
    """A tensor that is sent."""

    model_config = ConfigDict(extra="forbid")

    name: Literal["prompt", "seed", "negative"]
    shape: list[Annotated[int, Field(ge=0, le=MOST_PROMPTS)]] = Field(min_length=1, max_length=2)
    datatype: Literal["BYTES", "INT64", "INT32", "UINT64", "UINT32"]
    parameters: dict[str, Any] = {}
    data: list[Any] | None = None


class Output(BaseModel):
    """A tensor that is wanted."""

    model_config = ConfigDict(extra="forbid")

    name: Literal["image", "pixels"]
    parameters: dict[str, Any] = {}


class Asked(BaseModel):
    """A request of the protocol."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(default="", max_length=128)
    inputs: list[Input] = Field(min_length=1, max_length=3)
    parameters: Wishes = Wishes()
    outputs: list[Output] = Field(default=[], max_length=2)


class Tensor(BaseModel):
    """A tensor that comes back."""

    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, Any] = {}
    data: list[Any] | None = None


class Answered(BaseModel):
    """An answer of the protocol."""

    model_name: str
    model_version: str
    id: str = ""
    outputs: list[Tensor]


class Metadata(BaseModel):
    """What a model takes and gives."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]


@router.get("")
async def server() -> dict[str, Any]:
    """What this server is."""
    return {"name": "storywright", "version": __version__, "extensions": ["binary_tensor_data"]}


@router.get("/health/live")
@allows("anybody")
async def live() -> dict[str, bool]:
    """The process answers."""
    return {"live": True}


@router.get("/health/ready")
@allows("anybody")
async def ready(service: TheService) -> JSONResponse:
    """Whether the models are open and were tried."""
    return JSONResponse({"ready": service.ready}, 200 if service.ready else 503)


@router.get("/models/{name}", response_model=Metadata)
@router.get("/models/{name}/versions/{version}", response_model=Metadata)
@allows(free=("version",))
async def metadata(name: str, service: TheService, version: str = "") -> dict[str, Any]:
    """What the model takes and gives."""
    crew = _crew(service, name, version)
    return {
        "name": MODEL,
        "versions": [_version(crew)],
        "platform": "storywright_diffusers",
        "inputs": [
            {"name": "prompt", "datatype": "BYTES", "shape": [-1]},
            {"name": "seed", "datatype": "INT64", "shape": [-1], "optional": True},
            {"name": "negative", "datatype": "BYTES", "shape": [-1], "optional": True},
        ],
        "outputs": [
            {"name": "image", "datatype": "BYTES", "shape": [-1]},
            {"name": "pixels", "datatype": "UINT8", "shape": [-1, -1, -1, 3]},
        ],
    }


@router.get("/models/{name}/ready")
@router.get("/models/{name}/versions/{version}/ready")
@allows(free=("version",))
async def model_ready(name: str, service: TheService, version: str = "") -> JSONResponse:
    """Whether the model can be asked."""
    if name != MODEL:
        raise Missing(f"There is no model {name!r}: this server has {MODEL}.")
    if service.ready:
        _crew(service, name, version)
    return JSONResponse({"name": MODEL, "ready": service.ready}, 200 if service.ready else 503)


_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Asked"}, "example": _EXAMPLE}},
    }
}


@router.post("/models/{name}/infer", response_model=Answered, openapi_extra=_BODY)
@router.post("/models/{name}/versions/{version}/infer", response_model=Answered, openapi_extra=_BODY)
@allows("editor", free=("version",), limited="drawing")
async def infer(
    name: str,
    request: Request,
    service: TheService,
    user: User,
    version: str = "",
    header_bytes: Annotated[str, Header(alias=_LENGTH, max_length=12)] = "",
) -> Response:
    """Draw the prompts."""
    crew = _crew(service, name, version, user)
    asked, behind = _read(await request.body(), header_bytes)
    pictures = _pictures(asked, _tensors(asked.inputs, behind), crew)
    asker = Asker(kind="image", user=user)
    seconds = min(_LONGEST_WAIT_SECONDS, (asked.parameters.timeout or 10**9) / 1e6)
    with service.desk.place("image", sum(one.effort for one in pictures)):
        drawn = await unless_gone(request, crew.room.order(*pictures, asker=asker, seconds=seconds))
    service.metrics.panels.inc(len(drawn))
    return await run_in_threadpool(_answer, asked, drawn, _version(crew))


def _crew(service: Service, name: str, version: str, user: str | None = None) -> Crew:
    if name != MODEL:
        raise Missing(f"There is no model {name!r}: this server has {MODEL}.")
    if not version:
        return service.following.crew if user is None else service.following.crew_for(user)
    crew = service.following.crew_of("" if version == "embedded" else version)
    if crew is None:
        crew = service.following.crew
        raise Missing(f"Version {version!r} of {MODEL} is not served: version {_version(crew)} is.")
    return crew


def _version(crew: Crew) -> str:
    return crew.version or "embedded"


def _read(body: bytes, header_bytes: str) -> tuple[Asked, bytes]:
    """The request, and the bytes of tensors behind it."""
    if header_bytes and (not header_bytes.isdecimal() or int(header_bytes) > len(body)):
        raise BadInput(f"Header {_LENGTH}: it is the number of bytes of the JSON, got {header_bytes!r}.")
    length = int(header_bytes) if header_bytes else len(body)
    try:
        return Asked.model_validate_json(body[:length]), body[length:]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadInput(f"{f'Field {where}: ' if where else ''}{first['msg']}.") from error


def _tensors(inputs: list[Input], behind: bytes) -> dict[str, list[Any]]:
    """The values of each tensor."""
    found: dict[str, list[Any]] = {}
    for tensor in inputs:
        count = int(np.prod(tensor.shape))
        size = tensor.parameters.get("binary_data_size")
        if tensor.name in found:
            raise BadInput(f"Input {tensor.name}: it was sent twice.")
        if (tensor.datatype == "BYTES") != (tensor.name != "seed"):
            raise BadInput(f"Input {tensor.name}: {tensor.datatype} is not its datatype.")
        if size is None:
            values = _flat(tensor.data or [])
        elif not isinstance(size, int) or not 0 <= size <= len(behind):
            raise BadInput(f"Input {tensor.name}: {size!r} bytes of binary data were announced, {len(behind)} came.")
        else:
            values, behind = _unpacked(tensor, behind[:size]), behind[size:]
        if len(values) != count:
            raise BadInput(f"Input {tensor.name}: its shape {tensor.shape} says {count} values, got {len(values)}.")
        found[tensor.name] = [_value(tensor, value) for value in values]
    return found


def _flat(data: list[Any]) -> list[Any]:
    return [one for row in data for one in (row if isinstance(row, list) else [row])]


def _unpacked(tensor: Input, content: bytes) -> list[Any]:
    if tensor.datatype != "BYTES":
        kind = np.dtype(tensor.datatype.lower()).newbyteorder("<")
        if len(content) % kind.itemsize:
            raise BadInput(f"Input {tensor.name}: {len(content)} bytes are no whole number of {tensor.datatype}.")
        return [int(one) for one in np.frombuffer(content, kind)]
    values, at = [], 0
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "little")
        if at + 4 + length > len(content):
            raise BadInput(f"Input {tensor.name}: its binary data ends within a value.")
        values.append(content[at + 4 : at + 4 + length])
        at += 4 + length
    return values


def _value(tensor: Input, value: Any) -> Any:
    if tensor.name == "seed":
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
            raise BadInput(f"Input seed: a seed is a whole number from 0 to {2**31 - 1}, got {str(value)[:50]}.")
        return value
    try:
        if isinstance(value, str) and tensor.parameters.get("content_type") == "base64":
            value = base64.b64decode(value, validate=True)
        text = value.decode() if isinstance(value, bytes) else value
    except (UnicodeDecodeError, binascii.Error) as error:
        raise BadInput(f"Input {tensor.name}: words are UTF-8 text.") from error
    if not isinstance(text, str) or len(text) > 1_000:
        raise BadInput(f"Input {tensor.name}: each value is a text of at most 1,000 characters.")
    return text


def _pictures(asked: Asked, tensors: dict[str, list[Any]], crew: Crew) -> list[Picture]:
    how, prompts = asked.parameters, tensors.get("prompt", [])
    if not prompts or not all(prompts):
        raise BadInput("Input prompt: say in each value what is seen.")
    if len(prompts) > MOST_PROMPTS:
        raise BadInput(f"Input prompt: at most {MOST_PROMPTS} pictures are drawn for a request, got {len(prompts)}.")
    seeds = tensors.get("seed") or [how.seed + number for number in range(len(prompts))]
    negatives = tensors.get("negative") or [how.negative]
    for name, values in (("seed", seeds), ("negative", negatives)):
        if len(values) not in (1, len(prompts)):
            raise BadInput(f"Input {name}: give one value, or one for each of the {len(prompts)} prompts.")
    return [
        Picture(
            prompt=prompt,
            size=_size(how.size, crew),
            steps=how.steps or crew.drawing.steps,
            guidance=crew.drawing.guidance if how.guidance is None else how.guidance,
            seed=seeds[at % len(seeds)],
            style=how.style,
            negative=negatives[at % len(negatives)],
        )
        for at, prompt in enumerate(prompts)
    ]


def _size(said: str | None, crew: Crew) -> tuple[int, int]:
    if said is None:
        return crew.models.native_size
    match = re.fullmatch(r"([0-9]{2,4})x([0-9]{2,4})", said)
    assert match
    width, height = int(match[1]), int(match[2])
    if width * height > _PIXELS_AT_MOST or min(width, height) < 16 or max(width, height) > 5 * min(width, height):
        raise BadInput(
            f"Parameter size: {said} cannot be drawn: a side has at least 16 pixels, both together at most "
            f"{_PIXELS_AT_MOST:,}, and the longer is at most five times the shorter."
        )
    return width, height


@dataclass(frozen=True, slots=True)
class _Packed:
    tensor: Tensor
    behind: bytes = b""


def _answer(asked: Asked, drawn: list[Image.Image], version: str) -> Response:
    wanted = asked.outputs or [Output(name="image")]
    packed = [_packed(one, drawn, _is_binary(one, asked)) for one in wanted]
    tensors = [one.tensor.model_dump(exclude_none=True) for one in packed]
    said: dict[str, Any] = {"model_name": MODEL, "model_version": version, "outputs": tensors}
    said |= {"id": asked.id} if asked.id else {}
    behind = b"".join(one.behind for one in packed)
    if not behind:
        return JSONResponse(said)
    header = json.dumps(said).encode()
    length = {_LENGTH: str(len(header))}
    return Response(header + behind, media_type="application/octet-stream", headers=length)


def _is_binary(output: Output, asked: Asked) -> bool:
    return bool(output.parameters.get("binary_data", asked.parameters.binary_data_output))


def _packed(output: Output, drawn: list[Image.Image], binary: bool) -> _Packed:
    if output.name == "pixels":
        pixels = np.stack([np.asarray(picture.convert("RGB")) for picture in drawn])
        how: dict[str, Any] = {"name": "pixels", "shape": list(pixels.shape), "datatype": "UINT8"}
        if not binary:
            return _Packed(Tensor(**how, data=pixels.reshape(-1).tolist()))
        return _Packed(Tensor(**how, parameters={"binary_data_size": pixels.nbytes}), pixels.tobytes())
    files = [png(picture) for picture in drawn]
    how = {"name": "image", "shape": [len(files)], "datatype": "BYTES"}
    if not binary:
        texts = [base64.b64encode(one).decode() for one in files]
        return _Packed(Tensor(**how, parameters={"content_type": "base64"}, data=texts))
    behind = b"".join(struct.pack("<I", len(one)) + one for one in files)
    return _Packed(Tensor(**how, parameters={"binary_data_size": len(behind)}), behind)
