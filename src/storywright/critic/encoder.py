"""The critic's eye: pictures and words as vectors that lie close together when they say the same.

The network is a `transformers` CLIPModel, so a published one takes its place by its folder. Its text tower is also the
illustrator's text encoder. Pictures of any shape are squeezed into its square; words longer than its window are read in
windows whose vectors are averaged. Knows nothing about stories or scores.
"""

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from storywright import files
from storywright.errors import BadInput
from storywright.toonworld.sheet import sheet
from storywright.training import loop
from storywright.training.cache import encoded

START, END = "<|startoftext|>", "<|endoftext|>"
_AT_ONCE = 64
_ROWS_SHOWN, _NEAREST_SHOWN = 6, 4
_NEEDS = ("config.json", "model.safetensors", "tokenizer_config.json", "preprocessor_config.json")


class Rows(Protocol):
    """What is read of a corpus split; `storywright.corpus.reading.Panels` is one."""

    digest: str

    def __len__(self) -> int: ...

    def rows(self, indices: Any, columns: Any) -> dict[str, Any]:
        """The named columns of these rows; "picture" as uint8 (rows, height, width, 3)."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """How large the encoder is."""

    width: int = 192
    """Of the text tower's states, which the illustrator reads, and of the picture tower."""
    text_layers: int = 3
    picture_layers: int = 4
    picture_size: int = 112
    """The square that a picture is squeezed into."""
    patch: int = 14
    vocabulary: int = 4096
    window: int = 77
    """Tokens read at once, with the two marks."""


class Critic:
    """An opened encoder. Vectors have unit length, so a product is a cosine."""

    def __init__(self, model: Any, tokenizer: Any, mean: Sequence[float], std: Sequence[float]) -> None:
        self._model, self._tokenizer = model.eval(), tokenizer
        self._mean = torch.tensor(mean, device=model.device).view(3, 1, 1)
        self._std = torch.tensor(std, device=model.device).view(3, 1, 1)
        self.size: int = model.config.vision_config.image_size

    @classmethod
    def open(cls, folder: Path, device: str = "cpu") -> Self:
        """Open a CLIP folder; refuses one that is incomplete or not one."""
        model, tokenizer = opened(Path(folder))
        seen = CLIPImageProcessorPil.from_pretrained(folder, local_files_only=True)
        return cls(model.to(device), tokenizer, seen.image_mean, seen.image_std)

    @torch.inference_mode()
    def of_pictures(self, pictures: np.ndarray | Sequence[Image.Image]) -> np.ndarray:
        """Vectors of pictures, float32 (pictures, width)."""
        if len(pictures) == 0:
            return np.zeros((0, self._model.config.projection_dim), np.float32)
        found = [picture_vectors(self._model, pixels).float().cpu().numpy() for pixels in self._made_ready(pictures)]
        return np.concatenate(found)

    @property
    def region_shape(self) -> tuple[int, int]:
        """How many regions a picture has, and how many numbers the vector of one."""
        seen = self._model.config.vision_config
        return (seen.image_size // seen.patch_size) ** 2, seen.hidden_size

    @torch.inference_mode()
    def of_regions(self, pictures: np.ndarray | Sequence[Image.Image]) -> np.ndarray:
        """Vectors of each picture's regions, row by row, float32 (pictures, regions, numbers); not of unit length."""
        if len(pictures) == 0:
            return np.zeros((0, *self.region_shape), np.float32)
        found = [self._model.vision_model(pixel_values=pixels) for pixels in self._made_ready(pictures)]
        return np.concatenate([one.last_hidden_state[:, 1:].float().cpu().numpy() for one in found])

    @property
    def digest(self) -> str:
        """Changes with any weight of the network."""
        return weights_digest(self._model)

    def _made_ready(self, pictures: np.ndarray | Sequence[Image.Image]) -> Iterator[Tensor]:
        for first in range(0, len(pictures), _AT_ONCE):
            square = torch.from_numpy(squeezed(pictures[first : first + _AT_ONCE], self.size))
            yield _pixels(square.to(self._model.device), self._mean, self._std)

    @torch.inference_mode()
    def of_words(self, words: Sequence[str]) -> np.ndarray:
        """Vectors of texts, float32 (texts, width); a long one is read in windows."""
        window = self._model.config.text_config.max_position_embeddings
        pieces, owner = [], []
        for index, text in enumerate(words):
            for piece in windows(self._tokenizer, text, window):
                pieces.append(piece)
                owner.append(index)
        total = np.zeros((len(words), self._model.config.projection_dim), np.float32)
        for first in range(0, len(pieces), _AT_ONCE):
            ids = padded(pieces[first : first + _AT_ONCE], self._tokenizer.eos_token_id).to(self._model.device)
            np.add.at(total, owner[first : first + _AT_ONCE], text_vectors(self._model, ids).float().cpu().numpy())
        return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)

    def fit(self, words: Sequence[str], pictures: np.ndarray | Sequence[Image.Image]) -> np.ndarray:
        """How well each text fits the picture at the same place: cosines."""
        if len(words) != len(pictures):
            raise ValueError(f"{len(words)} texts for {len(pictures)} pictures")
        return np.einsum("nd,nd->n", self.of_words(words), self.of_pictures(pictures))


def opened(folder: Path) -> tuple[Any, Any]:
    """The network of a CLIP folder, in single precision, and its tokenizer."""
    for name in _NEEDS:
        if not (folder / name).is_file():
            raise BadInput(f"{folder} is not a critic: {name} is missing. Make one with the step train_critic.")
    try:
        with quiet(transformers_logging):
            model = CLIPModel.from_pretrained(folder, dtype=torch.float32, use_safetensors=True, local_files_only=True)
        return model, CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise BadInput(f"{folder} cannot be opened as a CLIP model ({error}): fetch or train it again.") from error


@contextlib.contextmanager
def quiet(*libraries: Any) -> Iterator[None]:
    """Keep the logging modules of `transformers` or `diffusers` from drawing bars and warning about the usual."""
    before = [(each, each.get_verbosity(), each.is_progress_bar_enabled()) for each in libraries]
    for each in libraries:
        each.set_verbosity_error()
        each.disable_progress_bar()
    try:
        yield
    finally:
        for each, verbosity, bars in before:
            each.set_verbosity(verbosity)
            if bars:
                each.enable_progress_bar()


def squeezed(pictures: np.ndarray | Sequence[Image.Image], size: int) -> np.ndarray:
    """Pictures as uint8 (pictures, 3, size, size), each squeezed into the square."""
    images = (p if isinstance(p, Image.Image) else Image.fromarray(p) for p in pictures)
    squares = [np.asarray(p.convert("RGB").resize((size, size), Image.Resampling.BICUBIC)) for p in images]
    return np.stack(squares).transpose(0, 3, 1, 2)


def windows(tokenizer: CLIPTokenizer, text: str, window: int) -> list[list[int]]:
    """The text's tokens in pieces that fit the window, each with the marks; cut at commas where that is possible."""
    tokens = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    comma = tokenizer.convert_tokens_to_ids(",</w>")
    start, end, room = tokenizer.bos_token_id, tokenizer.eos_token_id, window - 2
    pieces = []
    while len(tokens) > room:
        cut = next((i + 1 for i in range(room - 1, room // 2, -1) if tokens[i] == comma), room)
        pieces.append([start, *tokens[:cut], end])
        tokens = tokens[cut:]
    return [*pieces, [start, *tokens, end]]


def padded(pieces: Sequence[Sequence[int]], end: int, length: int | None = None) -> Tensor:
    """Token lists as one tensor, filled up with the end mark as CLIP's tokenizer does."""
    length = length or max(map(len, pieces))
    return torch.tensor([[*piece, *[end] * (length - len(piece))] for piece in pieces])


def picture_vectors(model: Any, pixels: Tensor) -> Tensor:
    """Unit vectors of pixels that are made ready: (pictures, 3, size, size) to (pictures, width)."""
    pooled = model.vision_model(pixel_values=pixels).pooler_output
    return F.normalize(model.visual_projection(pooled).float(), dim=-1)


def text_vectors(model: Any, ids: Tensor) -> Tensor:
    """Unit vectors of token rows: (texts, tokens) to (texts, width)."""
    pooled = model.text_model(input_ids=ids).pooler_output
    return F.normalize(model.text_projection(pooled).float(), dim=-1)


def new_tokenizer(texts: Sequence[str], vocabulary: int, window: int) -> CLIPTokenizer:
    """A CLIP tokenizer for these texts; it can spell any other text as well, byte by byte."""
    plain = CLIPTokenizer(vocab={START: 0, END: 1}, merges=[]).backend_tokenizer
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer, learner.pre_tokenizer = plain.normalizer, plain.pre_tokenizer
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    spelling = [*letters, *(f"{letter}</w>" for letter in letters)]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(spelling),
        end_of_word_suffix="</w>",
        special_tokens=[],
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    merges: Any = [tuple(pair) for pair in _merges(learner)][: vocabulary - len(spelling) - 2]
    words = dict.fromkeys([*spelling, *("".join(pair) for pair in merges)])
    vocab = {word: index for index, word in enumerate([*words, START, END])}
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=window)


def new_model(shape: Shape, tokenizer: CLIPTokenizer, seed: int) -> Any:
    """A CLIP model of this shape that has learnt nothing yet."""
    torch.manual_seed(seed)
    tower = {
        "hidden_size": shape.width,
        "intermediate_size": shape.width * 4,
        "num_attention_heads": shape.width // 32,
        "hidden_act": "gelu_pytorch_tanh",
    }
    text = tower | {
        "vocab_size": len(tokenizer),
        "num_hidden_layers": shape.text_layers,
        "max_position_embeddings": shape.window,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = tower | {
        "num_hidden_layers": shape.picture_layers,
        "image_size": shape.picture_size,
        "patch_size": shape.patch,
    }
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=shape.width, logit_scale_init_value=2.66)
    model = CLIPModel(config)
    nn.init.normal_(model.text_projection.weight, std=shape.width**-0.5)
    nn.init.normal_(model.visual_projection.weight, std=shape.width**-0.5)
    return model


def save(model: Any, tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Save as a CLIP folder: half precision on the disk, single when it is opened."""
    processor = CLIPImageProcessorPil(
        size={"height": model.config.vision_config.image_size, "width": model.config.vision_config.image_size},
        do_center_crop=False,
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
    )
    halved(model, folder)
    tokenizer.save_pretrained(folder)
    processor.save_pretrained(folder)


def halved(model: Any, folder: Path) -> None:
    """Save a `transformers` model in half precision with a config that opens it in single."""
    half = model.__class__(model.config)
    half.load_state_dict(model.state_dict())
    with quiet(transformers_logging):
        half.half().save_pretrained(folder)
    config = model.config
    config.dtype = torch.float32
    config.architectures = [model.__class__.__name__]
    config.save_pretrained(folder)


class Pairs:
    """The training of an encoder on a corpus: each picture finds its words in the batch, and the other way round."""

    name = "critic"

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        train: Rows,
        held_out: Rows,
        cache: Path,
        *,
        caption_share: float,
        next_token: float,
        num_held_out: int,
    ) -> None:
        self.model, self._tokenizer = model, tokenizer
        self.examples = len(train)
        self.digest = files.digest_of(
            [train.digest, held_out.digest, caption_share, next_token, num_held_out, weights_digest(model)]
        )
        self._caption_share, self._next_token = caption_share, next_token
        if not torch.cuda.is_available():
            model.set_attn_implementation("eager")  # 1.6 times as fast as fused attention for so few tokens on a CPU
        self._size: int = model.config.vision_config.image_size
        self._squares = _cached_squares(train, self._size, cache / "squares.npy")
        self._texts = _texts(train, np.arange(len(train)))
        self._held_out = held_out
        self._rows_held_out = np.linspace(0, len(held_out) - 1, min(num_held_out, len(held_out))).astype(int)

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """Squares as uint8 and the tokens of both texts of each row."""
        prompts, captions = ([self._texts[kind][row] for row in rows] for kind in ("prompt", "caption"))
        return {
            "pixels": torch.from_numpy(np.ascontiguousarray(self._squares[np.sort(rows)][_rank(rows)])),
            "prompts": self._ids(prompts),
            "captions": self._ids(captions),
        }

    def loss(self, model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        """The symmetric contrastive loss, some pairs with the caption in place of the prompt; and the next token's.

        The contrast alone teaches only the state at the end mark; the illustrator reads the states at all tokens.
        """
        chance = torch.rand(len(batch["pixels"]), 1, generator=generator, device=batch["pixels"].device)
        length = max(batch["prompts"].shape[1], batch["captions"].shape[1])
        prompts, captions = (_lengthened(batch[kind], length, self._tokenizer) for kind in ("prompts", "captions"))
        ids = torch.where(chance < self._caption_share, captions, prompts)
        found = model(input_ids=ids, pixel_values=_pixels(batch["pixels"], 0.5, 0.5))
        scores, truth = found.logits_per_image.float(), torch.arange(len(ids), device=ids.device)
        contrast = (F.cross_entropy(scores, truth) + F.cross_entropy(scores.T, truth)) / 2
        states = found.text_model_output.last_hidden_state
        return contrast + self._next_token * self._missed_tokens(states, ids)

    def validate(self, model: nn.Module) -> loop.Row:
        """Loss, and how often a picture's own words win: against one other text, and against all held out."""
        clip: Any = model
        rows = self._rows_held_out
        seen = self._held_out.rows(rows, ["picture", "prompt"])
        critic = Critic(clip, self._tokenizer, [0.5] * 3, [0.5] * 3)
        pictures, words = critic.of_pictures(seen["picture"]), critic.of_words(list(seen["prompt"]))
        cosines = pictures @ words.T
        own, truth = np.diagonal(cosines), np.arange(len(rows))
        other = cosines[truth, np.roll(truth, 1)]
        scores = torch.from_numpy(cosines) * clip.logit_scale.exp().cpu()
        loss = F.cross_entropy(scores, torch.from_numpy(truth)) + F.cross_entropy(scores.T, torch.from_numpy(truth))
        return {
            "loss": loss.item() / 2,
            "own_beats_other": float((own > other).mean()),
            "retrieval_at_1": float((cosines >= own[:, None]).sum(1).__eq__(1).mean()),
            "retrieval_of": len(rows),
        }

    def sheet(self, model: nn.Module) -> Image.Image:
        """Of some held-out pictures each with its words, and the pictures that fit these words best, its own named."""
        clip: Any = model
        seen = self._held_out.rows(self._rows_held_out, ["picture", "prompt", "caption"])
        words = [prompt or caption for prompt, caption in zip(seen["prompt"], seen["caption"], strict=True)]
        shown = np.linspace(0, len(words) - 1, min(_ROWS_SHOWN, len(words))).astype(int)
        critic = Critic(clip, self._tokenizer, [0.5] * 3, [0.5] * 3)
        cosines = critic.of_words([words[row] for row in shown]) @ critic.of_pictures(seen["picture"]).T
        pictures, told = [], []
        for row, fits in zip(shown, cosines, strict=True):
            nearest = np.argsort(-fits, kind="stable")[:_NEAREST_SHOWN]
            pictures += [seen["picture"][one] for one in (row, *nearest)]
            told += [words[row][:60], *(f"{fits[one]:.2f}{' its own' if one == row else ''}" for one in nearest)]
        return sheet(pictures, len(nearest) + 1, told)

    def _missed_tokens(self, states: Tensor, ids: Tensor) -> Tensor:
        end: int = self._tokenizer.eos_token_id
        before_end = (ids == end).cumsum(1) == 0
        scores = states[:, :-1][before_end[:, :-1]] @ self.model.text_model.embeddings.token_embedding.weight.T
        return F.cross_entropy(scores.float(), ids[:, 1:][before_end[:, :-1]])

    def _ids(self, texts: list[str]) -> Tensor:
        window: int = self.model.config.text_config.max_position_embeddings
        return padded([windows(self._tokenizer, text, window)[0] for text in texts], self._tokenizer.eos_token_id)


def weights_digest(model: nn.Module) -> str:
    """Changes with any weight of a model."""
    sums = [[name, float(t.double().sum()), float(t.double().square().sum())] for name, t in model.state_dict().items()]
    return files.digest_of(sums)


def _merges(learner: Tokenizer) -> list[list[str]]:
    found: list[Any] = json.loads(learner.to_str())["model"]["merges"]
    return [pair.split(" ") if isinstance(pair, str) else pair for pair in found]


def _pixels(squares: Tensor, mean: Tensor | float, std: Tensor | float) -> Tensor:
    return (squares.float() / 255 - mean) / std


def _lengthened(ids: Tensor, length: int, tokenizer: CLIPTokenizer) -> Tensor:
    return F.pad(ids, (0, length - ids.shape[1]), value=tokenizer.eos_token_id)


def _rank(rows: np.ndarray) -> np.ndarray:
    """Where each row is among the sorted ones: a memory-mapped file is read faster in order."""
    return np.argsort(np.argsort(rows, kind="stable"), kind="stable")


def _texts(rows: Rows, indices: np.ndarray) -> dict[str, list[str]]:
    found = rows.rows(indices, ["prompt", "caption"])
    prompts, captions = list(found["prompt"]), list(found["caption"])
    return {
        "prompt": [p or c for p, c in zip(prompts, captions, strict=True)],
        "caption": [c or p for p, c in zip(prompts, captions, strict=True)],
    }


def _cached_squares(rows: Rows, size: int, file: Path) -> np.ndarray:
    def encode(indices: np.ndarray) -> np.ndarray:
        return squeezed(rows.rows(indices, ["picture"])["picture"], size)

    return encoded(
        file,
        encode,
        count=len(rows),
        shape=(3, size, size),
        dtype=np.uint8,
        digest=rows.digest,
        doing="making pictures ready for the critic",
    )
