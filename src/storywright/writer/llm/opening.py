"""Opens a writer by its name: a folder with one trained here, or a language model.

factory/train_writer/writer              a writer that was trained here
transformers:NAME or a model's folder    a language model on this machine
endpoint:MODEL@https://host/v1           one behind an OpenAI-compatible endpoint; without the address, the one in
                                         STORYWRIGHT_LLM_URL. endpoint+pictures:… sends it the pictures as well
"""

import os
from collections.abc import Mapping
from pathlib import Path

from storywright.errors import BadInput
from storywright.writer.llm.endpoint import BASE_URL, Endpoint, EndpointModel
from storywright.writer.llm.local import Local, LocalModel, is_local
from storywright.writer.llm.writer import LanguageModelWriter
from storywright.writer.model import Writer
from storywright.writer.proposals import Proposes

ENDPOINTS = ("endpoint", "endpoint+pictures")


def open_writer(
    name: str, critic_folder: Path | None = None, device: str = "cpu", environment: Mapping[str, str] = os.environ
) -> Proposes:
    """The writer of this name."""
    kind, colon, rest = name.partition(":")
    if colon and kind in ENDPOINTS:
        return LanguageModelWriter(EndpointModel(_endpoint(kind, rest, environment), environment))
    if colon and kind == "transformers":
        return LanguageModelWriter(LocalModel(Local(model=rest, device=device)))
    if is_local(name):
        return LanguageModelWriter(LocalModel(Local(model=name, device=device)))
    if not Path(name).is_dir():
        raise BadInput(
            f"There is no writer {name!r}: name a writer's folder, transformers:NAME, or endpoint:MODEL@https://host/v1."
        )
    return Writer.open(Path(name), critic_folder, device=device)


def _endpoint(kind: str, rest: str, environment: Mapping[str, str]) -> Endpoint:
    model, _, url = rest.partition("@")
    url = url or environment.get(BASE_URL, "")
    if not model or not url:
        raise BadInput(
            f"{kind}:{rest} does not say {'which model' if not model else 'where it is'}: write {kind}:MODEL@https://host/v1"
            f"{'' if not model else f', or set {BASE_URL}'}."
        )
    return Endpoint(model=model, base_url=url, sees=kind == "endpoint+pictures")
