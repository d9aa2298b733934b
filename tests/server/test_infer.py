"""The Open Inference Protocol, asked by Triton's own client and by hand."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from PIL import Image
from tritonclient.utils import InferenceServerException

from .conftest import Start, Studio

PROMPTS = ["a dog in the park", "a bus, night"]


@pytest.fixture
def client(studio: Studio) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(studio.url.removeprefix("http://")) as client:
        yield client


def words(prompts: list[str], *, binary: bool = True, name: str = "prompt") -> triton.InferInput:
    tensor = triton.InferInput(name, [len(prompts)], "BYTES")
    return tensor.set_data_from_numpy(np.array([prompt.encode() for prompt in prompts], object), binary_data=binary)


def test_tritons_client_finds_the_server_the_model_and_what_it_takes(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("illustrator")
    assert client.is_model_ready("illustrator", "embedded")
    assert client.get_server_metadata()["name"] == "storywright"
    metadata = client.get_model_metadata("illustrator")
    assert metadata["versions"] == ["embedded"]
    assert metadata["inputs"][0] == {"name": "prompt", "datatype": "BYTES", "shape": [-1]}
    assert {one["name"]: one["datatype"] for one in metadata["outputs"]} == {"image": "BYTES", "pixels": "UINT8"}


@pytest.mark.parametrize("binary", [True, False])
def test_tritons_client_gets_png_files_and_pixels_of_its_prompts(
    client: triton.InferenceServerClient, binary: bool
) -> None:
    seeds = triton.InferInput("seed", [2], "INT64").set_data_from_numpy(np.array([3, 4]), binary_data=binary)
    outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("image", "pixels")]
    answer = client.infer(
        "illustrator", [words(PROMPTS, binary=binary), seeds], outputs=outputs, request_id="one",
        parameters={"size": "96x54", "steps": 2},
    )  # fmt: skip
    assert answer.get_response()["id"] == "one"
    pixels = answer.as_numpy("pixels")
    assert (pixels.shape, pixels.dtype) == ((2, 54, 96, 3), np.uint8)
    for row, file in zip(pixels, answer.as_numpy("image"), strict=True):
        content = file if binary else base64.b64decode(file)
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), row)
    again = client.infer("illustrator", [words(PROMPTS[1:])], outputs=outputs, parameters={"size": "96x54", "seed": 4})
    assert np.array_equal(again.as_numpy("pixels")[0], pixels[1])


def test_what_a_client_gets_wrong_is_said_as_the_protocol_says_it(client: triton.InferenceServerClient) -> None:
    with pytest.raises(InferenceServerException, match="There is no model 'painter'"):
        client.infer("painter", [words(PROMPTS)])
    with pytest.raises(InferenceServerException, match="Version '7' of illustrator is not served"):
        client.infer("illustrator", [words(PROMPTS)], model_version="7")
    with pytest.raises(InferenceServerException, match=r"parameters\.steps"):
        client.infer("illustrator", [words(PROMPTS)], parameters={"steps": 99})
    with pytest.raises(InferenceServerException, match="at most five times"):
        client.infer("illustrator", [words(PROMPTS)], parameters={"size": "900x16"})


def prompt(*values: Any, shape: list[int] | None = None, **more: Any) -> dict[str, Any]:
    return {"name": "prompt", "datatype": "BYTES", "shape": shape or [len(values)], "data": list(values)} | more


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"inputs": []}, "inputs"),
        ({"inputs": [prompt("a dog", shape=[2])]}, "says 2 values, got 1"),
        ({"inputs": [prompt("a dog"), prompt("a dog")]}, "sent twice"),
        ({"inputs": [prompt("")]}, "what is seen"),
        ({"inputs": [prompt(7)]}, "a text"),
        ({"inputs": [prompt("a dog", datatype="INT64")]}, "not its datatype"),
        ({"inputs": [prompt("a dog", parameters={"binary_data_size": 9})]}, "9 bytes of binary data"),
        ({"inputs": [prompt("a dog")], "outputs": [{"name": "mask"}]}, "outputs.0.name"),
        ({"inputs": [prompt("a dog"), {"name": "seed", "datatype": "INT64", "shape": [1], "data": [-1]}]}, "a seed is"),
        ({"inputs": [prompt("a dog")], "parameters": {"colour": "red"}}, "colour"),
        ("no object", "Input should be"),
    ],
)
def test_a_request_that_cannot_be_drawn_is_a_400_with_an_error_in_a_sentence(
    studio: Studio, body: Any, said: str
) -> None:
    answer = studio.client.post("/v2/models/illustrator/infer", json=body)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()) == ["error"]
    assert said in answer.json()["error"]


def test_the_protocols_errors_are_its_own_everywhere(studio: Studio) -> None:
    for method, path, status in (("GET", "/v2/models/painter", 404), ("GET", "/v2/nothing", 404), ("PUT", "/v2", 405)):
        answer = studio.client.request(method, path)
        assert (answer.status_code, list(answer.json())) == (status, ["error"])
    header = {"Inference-Header-Content-Length": "999999"}
    assert studio.client.post("/v2/models/illustrator/infer", content=b"{}", headers=header).status_code == 400


def test_it_is_live_but_not_ready_while_no_models_can_be_opened(start: Start) -> None:
    from storywright.errors import BadInput

    def fails(*_: object) -> None:
        raise BadInput("no models")

    studio = start(opener=fails)
    assert studio.client.get("/v2/health/live").json() == {"live": True}
    assert studio.client.get("/v2/health/ready").status_code == 503
    assert studio.client.get("/v2/models/illustrator/ready").status_code == 503
    answer = studio.client.post("/v2/models/illustrator/infer", json={"inputs": [prompt("a dog")]})
    assert (answer.status_code, list(answer.json()), "retry-after" in answer.headers) == (503, ["error"], True)
