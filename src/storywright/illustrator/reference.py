"""A person from a picture: what the denoiser reads instead of words about somebody's looks.

A reader looks at a reference picture and gives the states that the text tower would give for the person's looks, said
in a fixed form: a token for each thing that there is to say. They stand at the end of the prompt's states, where
nothing is read otherwise. A denoiser learns to read them there from words alone. Knows nothing about sampling.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from storywright import files
from storywright.critic.encoder import padded, weights_digest
from storywright.illustrator import sealed
from storywright.toonworld.scene import BOTTOMS, COLOURS, HAIR_COLOURS, HAIR_LENGTHS, SKINS, TOPS, Person
from storywright.training import loop

NUM_TOKENS = 13
"""How many states say somebody's looks."""
UNSEEN = ","
"""Stands for what a person does not have, or what cannot be seen of them."""
_CONFIG, _WEIGHTS = "config.json", "model.safetensors"
_STRIDE = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """How large the reader is."""

    channels: tuple[int, ...] = (48, 96, 128, 192)
    """Of each level; the first is a quarter of the picture's width and height, each other half of the one before."""
    heads: int = 4


def looks(person: Person, seen: Sequence[str] | None = None) -> str:
    """Somebody's looks, a word or mark for each token; of `seen` attributes alone, where that is given."""

    def said(attribute: str, word: str) -> str:
        return (word or UNSEEN) if seen is None or attribute in seen else UNSEEN

    child, bald = person.age == "child", person.hair_length == "bald"
    who = ("girl" if child else "woman") if person.woman else ("boy" if child else "man")
    words = [
        said("age", "old" if person.age == "old" else ""),
        said("gender", who),
        said("skin", person.skin),
        "skin",
        said("hair_length", person.hair_length),
        said("hair_colour", "" if bald else person.hair_colour),
        "hair",
        said("glasses", "glasses" if person.glasses else ""),
        said("hat", {"cap": "cap", "sun hat": "hat"}.get(person.hat, "")),
        said("top_colour", person.top_colour),
        said("top", person.top),
        said("bottom_colour", "" if person.top == "dress" else person.bottom_colour),
        said("bottom", "" if person.top == "dress" else person.bottom),
    ]
    return " ".join(words)


def partly(words: str, random: Random, share: float = 0.15) -> str:
    """Looks of which something is not seen now and then, as in a reference picture."""
    return " ".join(UNSEEN if random.random() < share else word for word in words.split(" "))


def is_known_to(tokenizer: Any) -> bool:
    """Whether each word about looks is a single token, as it has to be to stand in its place."""
    words = {UNSEEN, "skin", "hair", "glasses", "hat", "old", "woman", "man", "girl", "boy", "cap"}
    words |= {*SKINS, *HAIR_LENGTHS, *HAIR_COLOURS, *COLOURS, *TOPS, *BOTTOMS}
    return all(len(tokenizer(word, add_special_tokens=False)["input_ids"]) == 1 for word in words)


@torch.inference_mode()
def states_of_looks(text_encoder: Any, tokenizer: Any, said: Sequence[str]) -> Tensor:
    """The text tower's states of somebody's looks, float32 (people, NUM_TOKENS, width)."""
    pieces = [tokenizer(words, add_special_tokens=False)["input_ids"] for words in said]
    marked = [[tokenizer.bos_token_id, *ids, tokenizer.eos_token_id] for ids in pieces]
    ids = padded(marked, tokenizer.eos_token_id, text_encoder.config.max_position_embeddings)
    states = text_encoder(input_ids=ids.to(text_encoder.device)).last_hidden_state.float()
    return states[:, 1 : NUM_TOKENS + 1]


def put_in(states: Tensor, of_looks: Tensor) -> Tensor:
    """States of prompts with looks at their end, in place of what a short prompt leaves there."""
    return torch.cat([states[:, : states.shape[1] - NUM_TOKENS], of_looks.to(states)], 1)


class Reader(nn.Module):
    """Pictures (n, 3, height, width) in -1..1 to states of looks, (n, NUM_TOKENS, width)."""

    def __init__(self, shape: Shape, width: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.shape, self.width, self.size = shape, width, size
        first, last = shape.channels[0], shape.channels[-1]
        levels: list[nn.Module] = [nn.Conv2d(3, first, 6, _STRIDE, 1), _Block(first)]
        for before, after in zip(shape.channels, shape.channels[1:], strict=False):
            levels += [nn.Conv2d(before, after, 3, 2, 1), _Block(after)]
        self.levels = nn.Sequential(*levels)
        scale = _STRIDE * 2 ** (len(shape.channels) - 1)
        self.places = nn.Parameter(torch.randn(-(-size[0] // scale) * -(-size[1] // scale), last) * 0.02)
        self.asked = nn.Parameter(torch.randn(NUM_TOKENS, last) * 0.02)
        self.look = nn.MultiheadAttention(last, shape.heads, batch_first=True)
        self.norm = nn.LayerNorm(last)
        self.deeper = nn.Sequential(nn.Linear(2 * last, 2 * last), nn.GELU(), nn.Linear(2 * last, width))

    def forward(self, pixels: Tensor) -> Tensor:
        """Each token asks the last map on its own."""
        seen = self.levels(pixels).flatten(2).transpose(1, 2) + self.places
        asked = self.asked.expand(len(pixels), -1, -1)
        found = self.norm(asked + self.look(asked, seen, seen, need_weights=False)[0])
        whole = seen.mean(1, keepdim=True).expand(-1, NUM_TOKENS, -1)
        states: Tensor = self.deeper(torch.cat([found, whole], -1))
        return states

    @torch.inference_mode()
    def read(self, pictures: Sequence[Image.Image]) -> Tensor:
        """The states for pictures of any size."""
        at_size = [np.asarray(_covering(picture.convert("RGB"), self.size)) for picture in pictures]
        states: Tensor = self(pixels_of(torch.from_numpy(np.stack(at_size)).to(self.asked.device)))
        return states


class Reading:
    """The training: pictures of people beside the states of their looks."""

    name = "reference reader"

    def __init__(
        self, model: nn.Module, pictures: np.ndarray, said: np.ndarray, known: Tensor, *, num_held_out: int, digest: str
    ) -> None:
        """`said` numbers each picture's looks in `known`, (looks, NUM_TOKENS, width). The last are held out."""
        self.model, self.examples = model, len(pictures) - num_held_out
        self._pictures, self._said, self._known = pictures, said, known
        self._scale = known.var((0, 1)).mean().item()
        self.digest = files.digest_of([digest, len(pictures), num_held_out, weights_digest(model)])

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """Pictures as uint8 and the states they should be read as."""
        ordered = np.sort(rows)
        return {
            "pictures": torch.from_numpy(self._pictures[ordered]),
            "states": self._known[torch.from_numpy(self._said[ordered])],
        }

    def loss(self, model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        """The squares by which the states are missed, of pictures a little blurred and noisy as drawn ones are."""
        pixels = pixels_of(batch["pictures"])
        blurred = F.interpolate(F.avg_pool2d(pixels, 2), pixels.shape[-2:], mode="bilinear")
        chance = torch.rand(len(pixels), 2, 1, 1, 1, generator=generator, device=pixels.device)
        noise = torch.randn(pixels.shape, generator=generator, device=pixels.device)
        spoilt = torch.lerp(pixels, blurred, chance[:, 0]) + 0.1 * chance[:, 1] * noise
        return (model(spoilt).float() - batch["states"]).square().mean() / self._scale

    @torch.no_grad()
    def validate(self, model: nn.Module) -> loop.Row:
        """The loss, and how often the nearest states of the same token are the right ones."""
        shown = slice(self.examples, len(self._pictures))
        pixels = pixels_of(torch.from_numpy(self._pictures[shown].copy()))
        read = torch.cat([model(part).float() for part in pixels.split(64)])
        right = self._known[torch.from_numpy(self._said[shown].copy())]
        sure = (F.cosine_similarity(read, right, dim=-1) > 0.9).float().mean()
        return {"loss": float((read - right).square().mean() / self._scale), "tokens_read": float(sure)}


def pixels_of(pictures: Tensor) -> Tensor:
    """uint8 (n, height, width, 3) to (n, 3, height, width) in -1..1."""
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1


def new(shape: Shape, width: int, size: tuple[int, int], seed: int) -> Reader:
    """A reader that has learnt nothing."""
    torch.manual_seed(seed)
    return Reader(shape, width, size)


def save(model: Reader, folder: Path) -> None:
    """Save in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    files.write_json(folder / _CONFIG, {**asdict(model.shape), "width": model.width, "size": model.size})
    save_file({name: value.half().contiguous() for name, value in model.state_dict().items()}, folder / _WEIGHTS)


def opened(folder: Path) -> Reader:
    """The reader of a folder, in single precision."""
    config = sealed.read_json(folder / _CONFIG)
    width, size = config.pop("width"), tuple(config.pop("size"))
    model = Reader(Shape(channels=tuple(config["channels"]), heads=config["heads"]), width, size)
    model.load_state_dict({name: value.float() for name, value in load_file(folder / _WEIGHTS).items()})
    return model.eval()


def _covering(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture, whole, on a ground of its edges' mean colour, so that nobody's head is cut off."""
    scale = min(size[0] / picture.width, size[1] / picture.height)
    inner = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    ground = Image.new("RGB", size, tuple(int(v) for v in np.asarray(picture.resize((1, 1)))[0, 0]))
    ground.paste(inner, ((size[0] - inner.width) // 2, (size[1] - inner.height) // 2))
    return ground


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.one = nn.Conv2d(channels, channels, 3, padding=1)
        self.two = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, seen: Tensor) -> Tensor:
        return seen + self.two(F.gelu(self.one(F.gelu(self.norm(seen)))))
