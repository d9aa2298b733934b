"""A language model on this machine: any causal or vision-language model that `transformers` opens.

The answer's JSON is written along its schema: what is fixed is put there, and the model is asked only for what goes
between the quotation marks. So an answer is well-formed whatever the model is, and no token is spent on brackets.
Knows nothing about stories.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer
from transformers.utils import logging as transformers_logging

from storywright.critic.encoder import quiet
from storywright.errors import BadInput
from storywright.writer.llm.asking import PHASES, Request
from storywright.writer.llm.writer import Reply


@dataclass(frozen=True, kw_only=True, slots=True)
class Local:
    """Which model is opened, and how it writes."""

    model: str
    """A folder, or the name of a model that `transformers` knows or fetches."""
    device: str = "cpu"
    dtype: str = "auto"
    """auto keeps the model's own; or float32, bfloat16, float16."""
    temperature: float = 0.8
    top_p: float = 0.9
    caption_tokens: int = 48
    """Longest caption."""
    why_tokens: int = 32

    def __post_init__(self) -> None:
        if self.temperature <= 0 or not 0 < self.top_p <= 1:
            raise ValueError(
                f"temperature must be positive and top_p in (0, 1], got {self.temperature:g} and {self.top_p:g}"
            )
        if min(self.caption_tokens, self.why_tokens) < 1:
            raise ValueError("caption_tokens and why_tokens must be at least 1")


class LocalModel:
    """An opened model."""

    def __init__(self, local: Local) -> None:
        self._local, self.name = local, local.model
        try:
            with quiet(transformers_logging):
                shape = AutoConfig.from_pretrained(local.model)
                self.sees = getattr(shape, "vision_config", None) is not None
                kind: Any = AutoModelForImageTextToText if self.sees else AutoModelForCausalLM
                self._model = kind.from_pretrained(local.model, dtype=local.dtype).to(local.device).eval()
                reader: Any = AutoProcessor.from_pretrained(local.model) if self.sees else None
                self._processor: Any = reader
                self._tokenizer: Any = reader.tokenizer if reader else AutoTokenizer.from_pretrained(local.model)
        except (OSError, ValueError, KeyError, ImportError) as error:
            first = " ".join(str(error).split())[:200]
            raise BadInput(
                f"{local.model} cannot be opened as a language model ({first}): name a folder, or a model of "
                "Hugging Face's hub that can be reached."
            ) from error
        self._window = getattr(shape.get_text_config(), "max_position_embeddings", None) or 1 << 20
        self._spelling = _Spelling(self._tokenizer, shape.get_text_config().vocab_size)

    def answer(self, request: Request) -> Reply:
        """The answer, written along its schema."""
        room = request.count * (self._local.caption_tokens + self._local.why_tokens + 40)
        inputs = self._inputs(request)
        asked = int(inputs["input_ids"].shape[1])
        if asked + room > self._window:
            raise BadInput(
                f"{self.name} reads {self._window:,} tokens at once, and the story with its answer needs "
                f"{asked + room:,}: choose a model with a longer window, or fewer proposals."
            )
        page = _Page(self._model, self._tokenizer, self._spelling, self._local, inputs, request.seed)
        page.put('{"proposals": [')
        for number in range(request.count):
            page.put(', {"caption": "' if number else '{"caption": "')
            sureness = page.write(self._local.caption_tokens)
            page.put('", "phase": "')
            page.choose(PHASES)
            page.put('", "tags": ["')
            page.write(6)
            page.put('"], "why": "')
            page.write(self._local.why_tokens)
            page.put(f'", "sureness": {sureness:.4f}}}')
        page.put("]}", read=False)
        return Reply(page.text, asked + page.tokens, cut=False)

    def _inputs(self, request: Request) -> Any:
        messages: list[dict[str, Any]] = list(request.messages(self.sees))
        pictures = request.pictures() if self.sees else []
        if self.sees:
            shown = [{"type": "image"} for _ in pictures]
            messages = [
                {
                    **one,
                    "content": [*(shown if one["role"] == "user" else []), {"type": "text", "text": one["content"]}],
                }
                for one in messages
            ]
        source = self._processor if self.sees else self._tokenizer
        if getattr(source, "chat_template", None):
            text = source.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        else:
            marks = getattr(self._processor, "image_token", "") * len(pictures)
            text = marks + "\n\n".join(one["content"] for one in request.messages(self.sees)) + "\n\n"
        if self.sees:
            found = self._processor(text=text, images=pictures or None, return_tensors="pt")
        else:
            found = self._tokenizer(text, return_tensors="pt")
        return found.to(self._local.device)


class _Spelling:
    """Which tokens may stand inside a JSON string, and which one ends it."""

    def __init__(self, tokenizer: Any, size: int) -> None:
        special = set(tokenizer.all_special_ids)
        texts = [tokenizer.decode([number]) if number < len(tokenizer) else "" for number in range(size)]
        self.inside = torch.tensor([number not in special and _harmless(text) for number, text in enumerate(texts)])
        self.ends = torch.tensor([number not in special and text == '"' for number, text in enumerate(texts)])


def _harmless(text: str) -> bool:
    return bool(text) and not any(letter in '"\\\ufffd' or not letter.isprintable() for letter in text)


class _Page:
    """An answer in the making: what was put and written so far, which the model has read up to a point."""

    def __init__(self, model: Any, tokenizer: Any, spelling: _Spelling, local: Local, inputs: Any, seed: int) -> None:
        self._model, self._tokenizer, self._spelling, self._local = model, tokenizer, spelling, local
        self._generator = torch.Generator().manual_seed(seed)
        self.text, self.tokens = "", 0
        self._kept: Any = None
        self._next = self._read(**inputs)

    def put(self, text: str, read: bool = True) -> None:
        """What is fixed."""
        self.text += text
        if read:
            ids = self._tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
            self._next = self._read(input_ids=ids.to(self._model.device))

    def write(self, most: int) -> float:
        """The model's own words, up to the quotation mark; how sure it was of them, as the mean chance of a token."""
        ids: list[int] = []
        total = 0.0
        for number in range(most):
            chances = self._next.log_softmax(-1)
            allowed = self._spelling.inside | (self._spelling.ends if number else False)
            token = self._drawn(chances.masked_fill(~allowed, -torch.inf))
            if bool(self._spelling.ends[token]):
                break
            ids.append(token)
            total += float(chances[token])
            self._next = self._read(input_ids=torch.tensor([[token]], device=self._model.device))
        words = " ".join(self._tokenizer.decode(ids).split())
        self.text += json.dumps(words, ensure_ascii=False)[1:-1]
        return math.exp(total / max(len(ids), 1))

    def choose(self, words: tuple[str, ...]) -> None:
        """The likeliest of these by its first token; the rest of it follows by itself."""
        first = [self._tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in words]
        self.put(words[int(self._next[first].argmax())])

    @torch.inference_mode()
    def _read(self, **inputs: Any) -> Tensor:
        """Read on; what could come next."""
        if self._kept is None:
            given = inputs.pop("attention_mask", None)
            found = self._model(**inputs, attention_mask=given, use_cache=True)
        else:
            found = self._model(**inputs, past_key_values=self._kept, use_cache=True)
        self._kept = found.past_key_values
        self.tokens += int(inputs["input_ids"].shape[1]) if self.text else 0
        logits: Tensor = found.logits[0, -1].float().cpu()
        return logits

    def _drawn(self, log_chances: Tensor) -> int:
        """One token of the nucleus."""
        chances, order = (log_chances / self._local.temperature).softmax(-1).sort(descending=True)
        within = chances.cumsum(0) - chances < self._local.top_p
        return int(order[torch.multinomial(chances * within, 1, generator=self._generator)])


def is_local(name: str) -> bool:
    """Whether this folder holds a model of `transformers` that is not one of our writers."""
    config = Path(name) / "config.json"
    if not config.is_file():
        return False
    try:
        kind = json.loads(config.read_text(encoding="utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError):
        return False
    return isinstance(kind, str) and kind != "storywright-writer"
