"""Stories of a corpus as the tensors that the writer reads: one mapped array of small pictures, and pieces of words.

Works on any corpus of panels, drawn or real: it asks for pictures, captions and a language, and takes prompts, tags
and phases where they are there.
"""

import copy
import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import PreTrainedTokenizerFast

from storywright.corpus.reading import Panels
from storywright.critic.encoder import Critic, weights_digest
from storywright.training import cache
from storywright.writer.config import WriterConfig
from storywright.writer.losses import Truth
from storywright.writer.network import Stories, WriterModel

_COLUMNS = ("caption", "prompt", "language", "tags", "phase")
_MAX_DESCRIBING = 64  # pieces of a prompt
_MAX_BRIEF_WORDS = 12
_SELDOM, _USUAL = 0.003, 0.6
"""What describes a smaller or a larger share of the pictures does not tell them apart."""
_OFTEN = 0.2
"""A word in so many of the stories tells nothing about one of them."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The columns of a split that are text."""

    caption: list[str]
    prompt: list[str]
    language: list[str]
    tags: list[list[str]]
    phase: list[str]


@dataclass(frozen=True, slots=True)
class BrokenLooks:
    """For each story one picture that breaks it."""

    place: np.ndarray
    """(stories): the panel whose picture it takes; -1 where a story has none."""
    pictures: np.ndarray
    """(stories, …): as the writer looks at them."""

    @classmethod
    def none_of(cls, pictures: np.ndarray) -> "BrokenLooks":
        """Where there are none, beside these pictures."""
        return cls(np.zeros(0, np.int64), np.asarray(pictures[:0]))


class Material:
    """The stories of one split, ready for a writer of this configuration.

    `retold` holds the captions of all rows in other wordings, where there are some.
    """

    def __init__(
        self,
        panels: Panels,
        config: WriterConfig,
        tokenizer: PreTrainedTokenizerFast,
        pictures: np.ndarray,
        broken: BrokenLooks | None = None,
        stories: Sequence[range] | None = None,
        retold: Sequence[Sequence[str]] = (),
    ) -> None:
        self.texts = texts_of(panels)
        self.stories = stories_in(panels, config) if stories is None else list(stories)
        self.panels_digest = panels.digest
        self.pictures, self.broken = pictures, broken or BrokenLooks.none_of(pictures)
        self._config = config
        self._pieces = [_cut(ids, config) for ids in tokenizer(self.texts.caption)["input_ids"]]
        self._retold = [[_cut(ids, config) for ids in tokenizer(list(captions))["input_ids"]] for captions in retold]
        self._described = described_by(self.texts, tokenizer)
        self._briefs = self._brief_words(tokenizer)

    def __len__(self) -> int:
        return len(self.stories)

    def batch(self, numbers: np.ndarray) -> dict[str, torch.Tensor]:
        """The tensors of `Stories` and `Truth` for these stories, and which word of the brief each piece belongs to."""
        chosen = [self.stories[number] for number in numbers]
        most = max(map(len, chosen))
        rows = np.array([[*rows, *([rows[0]] * (most - len(rows)))] for rows in chosen])
        there = np.array([[at < len(rows) for at in range(most)] for rows in chosen])
        flat = rows.ravel().tolist()
        described = padded([self._described[row] for row in flat], self._config.pad_id)
        brief, brief_word = self._brief_of(numbers)
        arrays = {
            "words": self._words(self._pieces, rows, there),
            "pictures": np.asarray(self.pictures[rows.ravel()]).reshape(*rows.shape, *self.pictures.shape[1:]),
            "seen": there,
            "there": there,
            "brief": brief,
            "brief_word": brief_word,
            "language": np.array([self._language(rows[0]) for rows in chosen]),
            "tags": self._tags(flat).reshape(*rows.shape, -1),
            "phase": np.array([self._phase(row) for row in flat]).reshape(rows.shape),
            "described": described.reshape(*rows.shape, -1),
        }
        if self._retold:
            tellings = [self._words(pieces, rows, there) for pieces in self._retold]
            longest = max(words.shape[-1] for words in tellings)
            room = [((0, 0), (0, 0), (0, longest - words.shape[-1])) for words in tellings]
            filled = [np.pad(*both, constant_values=self._config.pad_id) for both in zip(tellings, room, strict=True)]
            arrays["retold"] = np.stack(filled, 1)
        if len(self.broken.place):
            arrays["broken"] = np.asarray(self.broken.pictures[np.asarray(numbers)])
            arrays["broken_at"] = self.broken.place[np.asarray(numbers)]
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def seen_as(self, pictures: np.ndarray, broken: BrokenLooks) -> "Material":
        """The same stories, their pictures seen in another way."""
        other = copy.copy(self)
        other.pictures, other.broken = pictures, broken
        return other

    def _words(self, pieces: list[list[int]], rows: np.ndarray, there: np.ndarray) -> np.ndarray:
        words = padded([pieces[row] for row in rows.ravel()], self._config.pad_id)
        words[~there.ravel()] = self._config.pad_id
        return words.reshape(*rows.shape, -1)

    def _tags(self, rows: list[int]) -> np.ndarray:
        known = {tag: number for number, tag in enumerate(self._config.tags or [])}
        marked = np.zeros((len(rows), max(len(known), 1)), np.float32)
        for at, row in enumerate(rows):
            for tag in self.texts.tags[row] or []:
                if tag in known:
                    marked[at, known[tag]] = 1
        return marked

    def _phase(self, row: int) -> int:
        phases = self._config.phases or []
        return phases.index(self.texts.phase[row]) if self.texts.phase[row] in phases else -1

    def _language(self, row: int) -> int:
        languages = self._config.languages or []
        return languages.index(self.texts.language[row]) if self.texts.language[row] in languages else 0

    def _brief_words(self, tokenizer: PreTrainedTokenizerFast) -> list[list[list[int]]]:
        """For each story the pieces of the words that a brief for it could have had."""
        told = [
            list(dict.fromkeys(w for row in rows for w in telling(self.texts.caption[row]))) for rows in self.stories
        ]
        usual = Counter(word for words in told for word in words)
        rare = [[w for w in words if usual[w] <= max(2, _OFTEN * len(told))][:_MAX_BRIEF_WORDS] for words in told]
        different = sorted({word for words in rare for word in words})
        pieces = dict(zip(different, _pieces(tokenizer, different), strict=True))
        return [[pieces[word] for word in words] for words in rare]

    def _brief_of(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        briefs = [self._briefs[number] for number in numbers]
        flat = [[piece for word in words for piece in word][: self._config.max_brief] for words in briefs]
        word = [[at for at, word in enumerate(words) for _ in word][: self._config.max_brief] for words in briefs]
        return padded(flat, self._config.pad_id), padded(word, 0)


def without_brief(batch: Mapping[str, torch.Tensor], pad_id: int) -> Stories:
    """Stories as a reader meets them: a brief made of their own captions would give them away."""
    brief = torch.full_like(batch["brief"][:, :1], pad_id)
    return Stories(batch["words"], batch["pictures"], batch["seen"], batch["there"], brief, batch["language"])


def truth_of(batch: Mapping[str, torch.Tensor]) -> Truth:
    """What is known beside them."""
    return Truth(batch["tags"], batch["phase"], batch["described"], batch.get("broken"), batch.get("broken_at"))


def stories_in(panels: Panels, config: WriterConfig) -> list[range]:
    """The rows of the stories of a split: what has one panel alone is no story."""
    return [rows[: config.max_panels] for rows in panels.stories if len(rows) > 1]


def texts_of(panels: Panels) -> Texts:
    """The text columns of a split."""
    columns = panels.rows(range(len(panels)), _COLUMNS)
    return Texts(**columns)


def described_by(texts: Texts, tokenizer: PreTrainedTokenizerFast) -> list[list[int]]:
    """The pieces that describe each picture: its prompt's, or its caption's where it has none."""
    described = [prompt or caption for prompt, caption in zip(texts.prompt, texts.caption, strict=True)]
    pieces: list[list[int]] = tokenizer(described, add_special_tokens=False)["input_ids"]
    return [row[:_MAX_DESCRIBING] for row in pieces]


def looked_at(network: WriterModel, pictures: np.ndarray, file: Path, digest: str) -> np.ndarray:
    """What the writer's own eye makes of each of these pictures, kept in `file`: for an eye that learns no more."""
    picture = network.picture

    @torch.no_grad()
    def encode(rows: np.ndarray) -> np.ndarray:
        looked: np.ndarray = picture.looked(torch.from_numpy(np.asarray(pictures[rows]))).half().numpy()
        return looked

    return cache.encoded(
        file,
        encode,
        count=len(pictures),
        shape=(picture.rows * picture.columns, network.config.width),
        dtype=np.float16,
        digest=f"{digest} {weights_digest(picture.look)}",
        doing="keeping what is seen in the pictures",
    )


def shown_in(network: WriterModel, pictures: np.ndarray, file: Path, digest: str) -> np.ndarray:
    """How surely each description is one of each of these pictures, kept in `file`: for those who learn to judge."""
    shape = (network.describes.out_features,)
    if not len(pictures):
        return np.zeros((0, *shape), np.float16)

    @torch.no_grad()
    def encode(rows: np.ndarray) -> np.ndarray:
        some = torch.from_numpy(np.asarray(pictures[rows]))
        shown: np.ndarray = network.shown(some, torch.ones(len(some), dtype=torch.bool)).half().numpy()
        return shown

    return cache.encoded(
        file,
        encode,
        count=len(pictures),
        shape=shape,
        dtype=np.float16,
        digest=f"{digest} {weights_digest(network.picture)} {weights_digest(network.describes)}",
        doing="reading what describes the pictures",
    )


def small_pictures(panels: Panels, config: WriterConfig, file: Path, critic: Critic | None = None) -> np.ndarray:
    """Each panel's picture as the writer looks at it, kept in `file`."""

    def encode(rows: np.ndarray) -> np.ndarray:
        pictures = panels.rows(rows, ["picture"])["picture"]
        return encoded_pictures([Image.fromarray(picture) for picture in pictures], config, critic)

    shape, dtype = picture_shape(config)
    return cache.encoded(
        file,
        encode,
        count=len(panels),
        shape=shape,
        dtype=dtype,
        digest=panels.digest,
        doing="looking at the pictures",
    )


def picture_shape(config: WriterConfig) -> tuple[tuple[int, ...], type[np.generic]]:
    """Shape and type of one picture as the writer looks at it."""
    if config.picture_encoder == "critic":
        return (config.critic_regions, config.critic_width), np.float32
    return (config.picture_height, config.picture_width, 3), np.uint8


def encoded_pictures(pictures: Sequence[Image.Image], config: WriterConfig, critic: Critic | None) -> np.ndarray:
    """Pictures scaled for the writer's own network, or as the critic's vectors."""
    if config.picture_encoder == "critic":
        assert critic is not None, "a writer that looks through the critic needs one"
        return critic.of_pictures(pictures)[:, None]
    return np.stack([scaled(picture, config) for picture in pictures])


def scaled(picture: Image.Image, config: WriterConfig) -> np.ndarray:
    """A picture in the size that the writer's own network looks at."""  # (h, w, 3) uint8
    return np.asarray(
        picture.convert("RGB").resize((config.picture_width, config.picture_height), Image.Resampling.BOX)
    )


def telling(text: str) -> list[str]:
    """The words of a text that say what it is about: names, and words of four letters or more."""
    return [word for word in re.findall(r"[^\W_]+(?:-[^\W_]+)*", text) if len(word) > 3 or word[0].isupper()]


def pieces_of_brief(tokenizer: PreTrainedTokenizerFast, text: str, config: WriterConfig) -> list[int]:
    """A brief as the writer reads it."""
    words = dict.fromkeys(telling(text))
    return [piece for word in _pieces(tokenizer, list(words)) for piece in word][: config.max_brief]


def descriptions_in(texts: Texts, most: int) -> list[str]:
    """The most frequent words and pairs of words of the pictures' prompts; none that nearly all or hardly any have."""
    counts = Counter(one for prompt in texts.prompt for one in described_as(prompt))
    few, many = max(3, _SELDOM * len(texts.prompt)), _USUAL * len(texts.prompt)
    telling = [(-count, one) for one, count in counts.items() if few <= count <= many]
    return [one for _, one in sorted(telling)[:most]]


def described_as(prompt: str) -> set[str]:
    """The words of a prompt, and the pairs of words that follow each other between two marks."""
    found: set[str] = set()
    for part in re.split(r"[^\w\s'-]", prompt.lower()):
        words = re.findall(r"[^\W_]+(?:['-][^\W_]+)*", part)
        found.update(words, map(" ".join, itertools.pairwise(words)))
    return found


def names_in(texts: Sequence[str], least: int = 3) -> list[str]:
    """Words that are written with a capital where no sentence begins, so many times at least, and never without."""
    inside: Counter[str] = Counter()
    small: set[str] = set()
    for text in texts:
        for match in re.finditer(r"[^\W\d_]+(?:-[^\W\d_]+)*", text):
            word = match.group()
            if word[0].islower():
                small.add(word)
            elif not re.search(r"(^|[.!?…:]\W*|[“„«\"(]\s*)$", text[: match.start()]):
                inside[word] += 1
    return sorted(word for word, count in inside.items() if count >= least and word.lower() not in small)


def frequent(values: Sequence[str], most: int) -> list[str]:
    """The most frequent different values, in an order of their own."""
    counts = Counter(value for value in values if value)
    return sorted(value for value, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most])


def _pieces(tokenizer: PreTrainedTokenizerFast, words: list[str]) -> list[list[int]]:
    if not words:
        return []
    ids: list[list[int]] = tokenizer(words, add_special_tokens=False)["input_ids"]
    return ids


def _cut(pieces: list[int], config: WriterConfig) -> list[int]:
    """At most as many pieces as the writer takes; a caption that was cut has no end."""
    return pieces[: config.max_tokens]


def padded(lists: Sequence[Sequence[int]], filler: int) -> np.ndarray:
    """Lists of different lengths as the rows of one array."""
    longest = max(1, *map(len, lists))
    array = np.full((len(lists), longest), filler, np.int64)
    for row, values in zip(array, lists, strict=True):
        row[: len(values)] = values
    return array
