"""Writes an illustrator as three ONNX networks whose weights have eight bits, for `portable`.

A weight is kept as a whole number from -127 to 127 and a scale for each channel that it makes; what a network computes
stays in single precision. Knows nothing about drawing.
"""

import copy
import dataclasses
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from diffusers.models.attention_processor import AttnProcessor
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from storywright import files
from storywright.errors import BadInput
from storywright.illustrator import autoencoder, sealed
from storywright.illustrator.model import Illustrator
from storywright.illustrator.portable import ABOUT, About
from storywright.progress import track

_OPSET = 17
_SMALLEST = 1024  # entries; below it a weight of eight bits saves nothing


def export(illustrator: Illustrator, folder: Path, *, steps: int = 0, bits: int = 8) -> Path:
    """Write the networks, the tokenizer and what is needed to draw; `steps` takes the network taught to so many steps.

    `bits` 32 leaves the weights as they are.
    """
    if type(illustrator) is not Illustrator:
        raise BadInput("Only illustrators of ours are exported: published ones have exports of their own (optimum).")
    if steps and steps not in illustrator.few:
        known = ", ".join(map(str, illustrator.few)) or "none"
        raise BadInput(f"The illustrator was not taught to draw in {steps} steps ({known}): distil it first.")
    if folder.exists() and not (folder / ABOUT).is_file() and any(folder.iterdir()):
        raise BadInput(f"{folder} holds something else: name an empty folder, or one that does not exist.")
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    with files.full_disk_named(folder):
        for name, network, inputs, changing in track(_networks(illustrator, steps), "exporting"):
            _write(network, inputs, changing, part / f"{name}.onnx")
            if bits == 8:
                onnx.save(in_eight_bits(onnx.load(part / f"{name}.onnx")), part / f"{name}.onnx")
        illustrator.tokenizer.backend_tokenizer.save(str(part / "tokenizer.json"))
        files.write_json(part / ABOUT, dataclasses.asdict(_about(illustrator, steps)))
        sealed.seal(part)
        files.replace_folder(part, folder)
    return folder


def in_eight_bits(model: onnx.ModelProto) -> onnx.ModelProto:
    """The network with the weights of its products and convolutions in eight bits."""
    graph = model.graph
    weights = {each.name: each for each in graph.initializer}
    axes = {name: axis for node in graph.node for name, axis in _weight_of(node, weights)}
    for name, axis in axes.items():
        values = numpy_helper.to_array(weights[name])
        if values.size < _SMALLEST or values.dtype != np.float32:
            continue
        others = tuple(i for i in range(values.ndim) if i != axis)
        scales = np.maximum(np.abs(values).max(others), 1e-12).astype(np.float32) / 127
        shape = [-1 if i == axis else 1 for i in range(values.ndim)]
        whole = np.clip(np.round(values / scales.reshape(shape)), -127, 127).astype(np.int8)
        graph.initializer.remove(weights[name])
        graph.initializer.extend(
            [numpy_helper.from_array(whole, f"{name}.whole"), numpy_helper.from_array(scales, f"{name}.scales")]
        )
        node = helper.make_node("DequantizeLinear", [f"{name}.whole", f"{name}.scales"], [name], axis=axis)
        graph.node.insert(0, node)
    onnx.checker.check_model(model)
    return model


class _TextEncoder(nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> Tensor:
        states: Tensor = self.model(input_ids=ids).last_hidden_state
        return states


class _Unet(nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, latents: Tensor, time: Tensor, states: Tensor) -> Tensor:
        direction: Tensor = self.model(latents, time, states, return_dict=False)[0]
        return direction


class _Decoder(nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, latents: Tensor) -> Tensor:
        pixels: Tensor = self.model.decode(latents / self.model.config.scaling_factor, return_dict=False)[0]
        return pixels


def _networks(
    illustrator: Illustrator, steps: int
) -> list[tuple[str, nn.Module, dict[str, Tensor], dict[str, dict[int, str]]]]:
    """Each network with inputs to try it on, and which of their sides may change."""
    unet = copy.deepcopy(illustrator.unet_in(None, few=steps)).cpu()
    unet.set_attn_processor(AttnProcessor())
    encoder, decoder = (copy.deepcopy(each).cpu() for each in (illustrator.text_encoder, illustrator.autoencoder))
    window = encoder.config.max_position_embeddings
    latents = torch.zeros(1, *illustrator.latent_shape(illustrator.drawing.native_size))
    states = torch.zeros(1, window, encoder.config.hidden_size)
    picture = {2: "height", 3: "width"}
    return [
        (
            "text_encoder",
            _TextEncoder(encoder),
            {"ids": torch.zeros(2, window, dtype=torch.long)},
            {"ids": {0: "texts"}},
        ),
        (
            "unet",
            _Unet(unet),
            {"latents": latents, "time": torch.full((1,), 500.0), "states": states},
            {"latents": picture, "states": {1: "tokens"}},
        ),
        ("decoder", _Decoder(decoder), {"latents": latents}, {"latents": picture}),
    ]


def _write(network: nn.Module, inputs: dict[str, Tensor], changing: dict[str, dict[int, str]], path: Path) -> None:
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # the tracer's, about sides that are compared: those are tested
        torch.onnx.export(
            network.eval(),
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=["found"],
            dynamic_axes=changing,
            opset_version=_OPSET,
            dynamo=False,
        )


def _weight_of(node: Any, weights: dict[str, Any]) -> list[tuple[str, int]]:
    """The weight of a product or a convolution, with the axis of the channels that it makes."""
    if len(node.input) < 2 or node.input[1] not in weights:
        return []
    name = node.input[1]
    if weights[name].data_type != TensorProto.FLOAT:
        return []
    if node.op_type == "Conv":
        return [(name, 0)]
    if node.op_type == "MatMul" and len(weights[name].dims) == 2:
        return [(name, 1)]
    if node.op_type == "Gemm":
        turned = any(each.name == "transB" and each.i for each in node.attribute)
        return [(name, 0 if turned else 1)]
    return []


def _about(illustrator: Illustrator, steps: int) -> About:
    drawing, tokenizer = illustrator.drawing, illustrator.tokenizer
    return About(
        native_size=drawing.native_size,
        steps=steps or drawing.steps,
        guidance=1.0 if steps else drawing.guidance,
        styles=drawing.styles,
        channels=illustrator.latent_shape(drawing.native_size)[0],
        factor=autoencoder.FACTOR,
        window=illustrator.text_encoder.config.max_position_embeddings,
        start=tokenizer.bos_token_id,
        end=tokenizer.eos_token_id,
        noise_shift=illustrator.noise_shift,
        few=bool(steps),
    )
