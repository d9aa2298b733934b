"""The writer as the studio knows it: it is shown the panels so far and proposes what the next one tells."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from transformers import PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

from storywright.critic.encoder import Critic, halved, quiet
from storywright.errors import BadInput
from storywright.writer import material, ordering
from storywright.writer.decoder import Memory
from storywright.writer.decoding import Decoding, Rules, Search, Written
from storywright.writer.network import Read, Stories, WriterModel
from storywright.writer.proposals import Ordered, Proposal, Told

__all__ = ["Ordered", "Proposal", "Told", "Writer", "opened", "save"]

_TRIES = 6
_SAME_START = 3
"""So many letters the forms of a name have in common at least."""
_DARING = 1.05  # how much hotter chance gets with each try, so that something new comes


class Writer:
    """An opened writer."""

    def __init__(
        self,
        model: WriterModel,
        tokenizer: PreTrainedTokenizerFast,
        critic: Critic | None = None,
        decoding: Decoding | None = None,
        vocabulary: Iterable[str] | None = None,
    ) -> None:
        if model.config.picture_encoder == "critic" and critic is None:
            raise BadInput("This writer looks at pictures through the critic: name the critic's folder as well.")
        self._model, self._tokenizer, self._critic = model.eval(), tokenizer, critic
        self._decoding = decoding or Decoding()
        self._vocabulary = None if vocabulary is None else frozenset(vocabulary)
        self._words = None if vocabulary is None else _pieces_of(tokenizer, self._vocabulary or ())
        self._names = _whole_names(tokenizer, model.config.names or [])
        self._names_by_start: dict[str, list[str]] = {}
        for name in self._names:
            self._names_by_start.setdefault(name[:_SAME_START], []).append(name)

    @classmethod
    def open(
        cls, folder: Path, critic_folder: Path | None = None, device: str = "cpu", decoding: Decoding | None = None
    ) -> "Writer":
        """Open a writer's folder."""
        model, tokenizer = opened(folder)
        needs = model.config.picture_encoder == "critic"
        critic = Critic.open(critic_folder, device=device) if needs and critic_folder else None
        return cls(_placed(model, device), tokenizer, critic, decoding)

    def with_decoding(self, decoding: Decoding) -> "Writer":
        """The same writer, searching in another way."""
        return Writer(self._model, self._tokenizer, self._critic, decoding, self._vocabulary)

    def held_to(self, vocabulary: Iterable[str]) -> "Writer":
        """The same writer, using these words alone beside marks and what the story and the brief say themselves.

        So that it tells only what can be drawn, give the words of what can be drawn and the small words around them.
        """
        return Writer(self._model, self._tokenizer, self._critic, self._decoding, vocabulary)

    @property
    def languages(self) -> tuple[str, ...]:
        """Which it writes."""
        return tuple(self._model.config.languages or [])

    def propose(
        self, story: Sequence[Told], *, brief: str = "", language: str = "en", count: int = 3, seed: int = 0
    ) -> list[Proposal]:
        """At most `count` different captions for the next panel, the surest first; none that was told already.

        The same story, brief, language and seed give the same proposals.
        """
        _, read, stories = self.read(story, brief=brief, language=language)
        panel = int(stories.there.sum())
        told_before = frozenset(tuple(self.pieces_of(told.caption)) for told in story)
        rules = Rules(told_before, self._allowed(story, brief), self._decoding.no_repeat)
        search = Search(self._model, read, panel, rules)
        found = self._found(search, {_plain(told.caption) for told in story}, count, seed)
        tags, phase = self._foreseen(read, panel)
        best = sorted(found.items(), key=lambda item: -item[1].sureness)
        looks = search.looks([one.pieces for _, one in best])
        return [
            Proposal(text, one.sureness, tags, phase, self._why(look, search.memory, len(story) - panel))
            for (text, one), look in zip(best, looks, strict=True)
        ]

    def read(
        self, story: Sequence[Told], *, brief: str = "", language: str = "en"
    ) -> tuple[WriterModel, Read, Stories]:
        """The network, what it makes of a story, and the story as it was given it: for those who look inside."""
        stories = self._stories(story, brief, language)
        with torch.inference_mode():
            return self._model, self._model(stories), stories

    def judge(self, story: Sequence[Told], language: str = "en") -> float:
        """The probability that these panels are one whole story in its order."""
        stories = self._stories(story, "", language)
        config = self._model.config
        with torch.inference_mode():
            logit = self._model.judge(stories).story
        return float(torch.sigmoid(logit * config.score_scale + config.score_bias))

    def ordered(self, story: Sequence[Told]) -> Ordered:
        """How whole a story of at least three panels is beside the same panels in other orders.

        The chance that `judge` gives can be believed of stories like those that were learnt from. Of words and pictures
        from elsewhere it is always low, whichever their order: so the orders are compared with one another.
        """
        parts = ordering.parts(len(story), self._model.config.max_panels)
        language = self.languages[0]  # the judge asks for none
        found = [ordering.compared(self._model, self._stories(story[a:b], "", language)) for a, b in parts]
        better = sum(one.better * len(one.strange) for one in found) / len(story)
        return Ordered(better, [strange for one in found for strange in one.strange])

    def _found(self, search: Search, told: set[str], count: int, seed: int) -> dict[str, Written]:
        """Different new captions; after what the method finds, chance is asked until there are enough."""
        generator = torch.Generator().manual_seed(seed)
        found: dict[str, Written] = {}
        waiting, decoding = search.written(self._decoding, generator, count), self._decoding
        for _ in range(_TRIES):
            for one in waiting:
                text = self._text(one.pieces)
                if len(found) < count and _plain(text) not in told:
                    told.add(_plain(text))
                    found[text] = one
            if len(found) == count:
                break
            waiting = search.by_chance(decoding, generator, count)
            decoding = replace(decoding, temperature=decoding.temperature * _DARING)
        return found

    def _allowed(self, story: Sequence[Told], brief: str) -> Tensor | None:
        """Which pieces may be used: the vocabulary's, and no name that neither the story nor the brief has told of."""
        said = " ".join([*(told.caption for told in story), brief])
        spoken = _words_in(said)
        alike = ((name, word) for word in spoken for name in self._names_by_start.get(word[:_SAME_START], ()))
        known = {name for name, word in alike if _same_name(name, word)}
        if self._words is None and not known:
            return None
        allowed = torch.full((self._model.config.vocab_size,), self._words is None)
        if self._words is not None:
            allowed[[*self._words, *_pieces_of(self._tokenizer, spoken)]] = True
        if known:
            allowed[[piece for name, piece in self._names.items() if name not in known]] = False
        return allowed

    def _stories(self, story: Sequence[Told], brief: str, language: str) -> Stories:
        config = self._model.config
        languages = config.languages or []
        if language not in languages:
            raise BadInput(f"The writer knows {' and '.join(languages)}, and not {language!r}: choose one of these.")
        latest = list(story)[-config.max_panels :]
        pieces = [self._tokenizer(told.caption)["input_ids"][: config.max_tokens] for told in latest] or [[]]
        padded = torch.nn.utils.rnn.pad_sequence(
            [torch.tensor(row or [config.pad_id]) for row in pieces], batch_first=True, padding_value=config.pad_id
        )
        words = material.pieces_of_brief(self._tokenizer, brief, config) or [config.pad_id]
        device = self._model.device
        return Stories(
            padded[None].to(device),
            self._pictures(latest)[None].to(device),
            torch.tensor([[told.picture is not None for told in latest] or [False]], device=device),
            torch.tensor([[True] * len(latest) or [False]], device=device),
            torch.tensor([words], device=device),
            torch.tensor([languages.index(language)], device=device),
        )

    def _pictures(self, story: list[Told]) -> Tensor:
        """Each panel's picture, or black where there is none."""
        config = self._model.config
        blank = Image.new("RGB", (config.picture_width, config.picture_height))
        pictures = [told.picture or blank for told in story] or [blank]
        if config.picture_encoder == "critic":
            assert self._critic is not None
            return torch.from_numpy(self._critic.of_pictures(pictures)[:, None])
        return torch.from_numpy(np.stack([material.scaled(picture, config) for picture in pictures]))

    def _foreseen(self, read: Read, panel: int) -> tuple[list[str], str]:
        """Tags that are likelier than not, the likeliest first, and the phase."""
        model, config = self._model, self._model.config
        with torch.inference_mode():
            chances = model.foresight.tags(read.context[0, panel]).sigmoid()
            phase = int(model.foresight.phase(read.context[0, panel]).argmax())
        likely = [
            (float(chances[number]), tag) for number, tag in enumerate(config.tags or []) if chances[number] > 0.5
        ]
        return [tag for _, tag in sorted(likely, reverse=True)], config.phases[phase] if config.phases else ""

    def _why(self, looks: Tensor, memory: Memory, first: int) -> str:
        """Name the panel that was looked at most, and where."""
        of_panel = {int(p): float(looks[memory.panel[0] == p].sum()) for p in memory.panel[0].unique() if p >= 0}
        brief = float(looks[(memory.panel[0] == -1) & (memory.pieces[0] >= 0)].sum())
        if not of_panel or max(of_panel.values()) < brief:
            return f"looked mostly at the brief ({brief:.0%})" if brief > 0 else "begins the story"
        best = max(of_panel, key=lambda panel: of_panel[panel])
        where = self._where(looks, memory, best)
        return f"looked back mostly at panel {first + best + 1} ({of_panel[best]:.0%}){where}"

    def _where(self, looks: Tensor, memory: Memory, panel: int) -> str:
        """The word, and the place in the picture, that were looked at most."""
        there = memory.panel[0] == panel
        words = looks * (there & (memory.pieces[0] >= 0))
        regions = looks * (there & (memory.region[0] >= 0))
        said = self._word_at(memory.pieces[0], int(words.argmax())) if float(words.sum()) > 0 else ""
        where = f": “{said}”" if said else ""
        if self._model.config.picture_encoder == "cnn" and float(regions.sum()) > 0:
            where += f" and the {self._place(int(memory.region[0, regions.argmax()]))} of its picture"
        return where

    def _word_at(self, pieces: Tensor, at: int) -> str:
        """The whole word that a piece belongs to."""
        names = self.spelt([max(int(p), 0) for p in pieces])
        begin = at
        while begin > 0 and names[begin].startswith("##"):
            begin -= 1
        end = begin + 1
        while end < len(names) and names[end].startswith("##"):
            end += 1
        return "".join(name.removeprefix("##") for name in names[begin:end])

    def _place(self, region: int) -> str:
        columns = self._model.picture.columns
        rows = self._model.picture.rows
        row, column = divmod(region, columns)
        down = ("top", "middle", "bottom")[min(3 * row // rows, 2)]
        across = ("left", "centre", "right")[min(3 * column // columns, 2)]
        return "centre" if (down, across) == ("middle", "centre") else f"{down} {across}"

    def pieces_of(self, text: str) -> list[int]:
        """The pieces of a text, without marks."""
        pieces: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return pieces

    def spelt(self, pieces: list[int]) -> list[str]:
        """How pieces are written; those that go on a word begin with two hashes."""
        return [str(name) for name in self._tokenizer.convert_ids_to_tokens(pieces)]

    def _text(self, pieces: list[int]) -> str:
        return str(self._tokenizer.decode(pieces, skip_special_tokens=True))


def save(model: WriterModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write a folder that `Writer.open` and `transformers` read: half precision on the disk, single when opened."""
    halved(model, folder)
    tokenizer.save_pretrained(folder)


def opened(folder: Path) -> tuple[WriterModel, PreTrainedTokenizerFast]:
    """The network and the tokenizer of a writer's folder."""
    if not (folder / "config.json").is_file():
        raise BadInput(f"{folder} holds no writer: train one with `python -m storywright.steps.train_writer`.")
    with quiet(transformers_logging):
        model = WriterModel.from_pretrained(folder, dtype=torch.float32)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    return model, tokenizer


def _placed(model: WriterModel, device: str) -> WriterModel:
    placed: Any = model
    moved: WriterModel = placed.to(device)
    return moved


def _pieces_of(tokenizer: PreTrainedTokenizerFast, words: Iterable[str]) -> list[int]:
    """The pieces of words as they are written, with a small and with a capital letter, and of all marks."""
    forms = sorted({form for word in words for form in (word, word.lower(), word[:1].upper() + word[1:])})
    spelt = {piece for row in tokenizer(forms, add_special_tokens=False)["input_ids"] for piece in row} if forms else ()
    marks = [piece for text, piece in tokenizer.get_vocab().items() if not any(map(str.isalnum, text))]
    return sorted({*spelt, *marks})


def _whole_names(tokenizer: PreTrainedTokenizerFast, names: Sequence[str]) -> dict[str, int]:
    """The names that are one piece, and which: others cannot be kept apart from the words that share their pieces."""
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    return {name: vocabulary[name] for name in names if name in vocabulary}


def _words_in(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", text))


def _same_name(one: str, other: str) -> bool:
    """Whether these are forms of one name: Russian ones differ in their ends."""
    stem = max(_SAME_START, min(len(one), len(other)) - 2)
    return one[:stem] == other[:stem] and abs(len(one) - len(other)) <= 3


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(".!… ")
