"""Searches for a caption: greedy, beam, or drawn from the nucleus; never the same as one that was told.

Knows pieces and chances; knows nothing about what they mean.
"""

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from storywright.writer.config import WriterConfig
from storywright.writer.decoder import NOWHERE, Begun, log_chances
from storywright.writer.network import Read, WriterModel

Method = Literal["greedy", "beam", "nucleus"]
METHODS: tuple[Method, ...] = ("greedy", "beam", "nucleus")


@dataclass(frozen=True, kw_only=True, slots=True)
class Decoding:
    """How a caption is searched for."""

    method: Method = "beam"
    """The likeliest piece each time, the likeliest of several captions kept side by side, or chance."""
    beams: int = 4
    """How many captions are kept side by side."""
    length_penalty: float = 0.8
    """1 compares captions by their mean likelihood, so that long ones are not at a disadvantage; 0 by the sum."""
    temperature: float = 0.8
    """Above 1 chance dares more, below 1 less."""
    top_p: float = 0.9
    """Chance draws from the likeliest pieces that make up this much."""
    no_repeat: int = 4
    """No sequence of so many pieces comes twice in a caption; 0 allows it."""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, got {self.method!r}")
        if self.no_repeat < 0:
            raise ValueError(f"no_repeat must not be negative, got {self.no_repeat}")
        if self.beams < 1:
            raise ValueError(f"beams must be at least 1, got {self.beams}")
        if self.temperature <= 0 or not 0 < self.top_p <= 1:
            raise ValueError(
                f"temperature must be positive and top_p in (0, 1], got {self.temperature:g} and {self.top_p:g}"
            )


@dataclass(frozen=True, slots=True)
class Rules:
    """What a caption must not be."""

    told: frozenset[tuple[int, ...]] = frozenset()
    """Captions that must not come again, without their marks."""
    allowed: Tensor | None = None
    """(v): pieces that may be used; all when it is None."""
    no_repeat: int = 0
    """No sequence of so many pieces comes twice; 0 allows it."""


@dataclass(slots=True)
class Written:
    """A caption in pieces, without its marks."""

    pieces: list[int]
    log_chance: float
    """Sum over its pieces and its end."""
    order: float = field(default=0.0)
    """By what captions of one search are compared."""

    @property
    def sureness(self) -> float:
        """The mean chance of a piece, between 0 and 1."""
        return float(torch.tensor(self.log_chance / (len(self.pieces) + 1)).exp())


class Search:
    """Captions for one panel of one story that was read (a batch of one)."""

    def __init__(self, model: WriterModel, read: Read, panel: int, rules: Rules) -> None:
        self._model, self._rules = model, rules
        self._barred = _barred(model.config, rules.allowed)
        self._context = read.context[0, panel]
        mask = model.view(read.memory, torch.tensor([panel], device=model.device))[0, 0]
        self.memory = read.memory.known(mask)
        """What is known before the panel, and can be looked back at."""
        copied = self.memory.pieces[0] >= 0
        self._copied, self._key = self.memory.pieces[0, copied], model.copying.key(self.memory.vectors[0, copied])

    def written(self, decoding: Decoding, generator: torch.Generator, count: int = 1) -> list[Written]:
        """What the method finds, the best first; chance draws `count` captions."""
        if decoding.method == "nucleus":
            return self.by_chance(decoding, generator, count)
        return self.beam(1 if decoding.method == "greedy" else decoding.beams, decoding.length_penalty)

    @torch.inference_mode()
    def beam(self, beams: int, length_penalty: float) -> list[Written]:
        """The best captions, at most as many as beams."""
        alive, begun = [Written([], 0.0)], self._model.decoder.begun(self.memory)
        done: list[Written] = []
        for left in range(self._model.config.max_tokens - 2, -1, -1):
            chances = self._chances(alive, begun, last=left == 0)
            sums = chances + torch.tensor([one.log_chance for one in alive]).unsqueeze(1)
            values, places = sums.flatten().topk(min(2 * beams, sums.numel()))
            growing: list[Written] = []
            origins: list[int] = []
            for value, place in zip(values.tolist(), places.tolist(), strict=True):
                origin, piece = divmod(place, chances.shape[1])
                if value <= _NEVER:
                    continue
                before = alive[origin].pieces
                if piece == self._model.config.end_id:
                    done.append(Written(before, value, value / (len(before) + 1) ** length_penalty))
                elif len(growing) < beams:
                    growing.append(Written([*before, piece], value))
                    origins.append(origin)
            alive = growing
            done = sorted(done, key=lambda one: -one.order)[:beams]
            if not alive or (len(done) == beams and self._cannot_improve(alive, done, length_penalty)):
                break
            begun.keep(torch.tensor(origins, device=self._model.device))
        return done

    @torch.inference_mode()
    def by_chance(self, decoding: Decoding, generator: torch.Generator, count: int = 1) -> list[Written]:
        """Captions, each piece drawn from the nucleus; they are drawn side by side."""
        end, begun = self._model.config.end_id, self._model.decoder.begun(self.memory)
        alive = found = [Written([], 0.0) for _ in range(count)]
        for left in range(self._model.config.max_tokens - 2, -1, -1):
            chances = self._chances(alive, begun, last=left == 0)
            going: list[int] = []
            for row, one in enumerate(alive):
                piece = _drawn(chances[row] / decoding.temperature, decoding.top_p, generator)
                one.log_chance += float(chances[row, piece])
                if piece != end:
                    one.pieces.append(piece)
                    going.append(row)
            if not going:
                break
            alive = [alive[row] for row in going]
            begun.keep(torch.tensor(going, device=self._model.device))
        return found

    @torch.inference_mode()
    def looks(self, captions: list[list[int]]) -> Tensor:
        """How much the pieces of each caption looked at each place of the memory, as their mean."""  # (captions, m)
        model, longest = self._model, max(map(len, captions))
        rows = [
            [model.config.begin_id, *pieces, *[model.config.pad_id] * (longest - len(pieces))] for pieces in captions
        ]
        inputs = torch.tensor([rows], device=model.device)
        context, all_of_it = self._context.expand(1, len(rows), -1), self.memory.panel[:, None] < NOWHERE
        found: Tensor = model.decoder.looks(
            model.pieces(inputs), context, self.memory, all_of_it.expand(-1, len(rows), -1)
        )
        real = model.is_word(inputs).unsqueeze(-1)
        return ((found * real).sum(2) / real.sum(2))[0]

    def _chances(self, alive: list[Written], begun: Begun, last: bool) -> Tensor:
        """The logarithm of the chance of each next piece, by what the rules allow."""  # (captions, v)
        model, config = self._model, self._model.config
        latest = [one.pieces[-1] if one.pieces else config.begin_id for one in alive]
        embedded = model.pieces(torch.tensor([latest], device=model.device))
        hidden = model.decoder.after(embedded, self._context, begun)[0]
        writes, shares = model.copying.of_ready(hidden, self._key)
        chances = log_chances(model.logits(hidden), writes, shares, self._copied.expand(len(alive), -1)).cpu()
        ends = chances[:, config.end_id].clone()
        if last:
            # There is room for nothing but the end; whoever asked looks whether it was told before.
            chances[:] = -torch.inf
            chances[:, config.end_id] = ends
            return chances
        chances += self._barred
        for row, one in enumerate(alive):
            barred = _repeating(one.pieces, self._rules.no_repeat)
            if not one.pieces or tuple(one.pieces) in self._rules.told:
                barred.append(config.end_id)
            if barred:
                chances[row, barred] = -torch.inf
                if not bool(chances[row].isfinite().any()):
                    chances[row, config.end_id] = ends[row]
        return chances

    @staticmethod
    def _cannot_improve(alive: list[Written], done: list[Written], length_penalty: float) -> bool:
        best = max(one.log_chance / (len(one.pieces) + 1) ** length_penalty for one in alive)
        return best < done[-1].order


def _barred(config: WriterConfig, allowed: Tensor | None) -> Tensor:
    """What to add to the logarithms of all chances, so that no piece comes which never may."""  # (v)
    barred = torch.zeros(config.vocab_size)
    if allowed is not None:
        barred[~allowed] = -torch.inf
    barred[config.end_id] = 0.0
    barred[[config.pad_id, config.unknown_id, config.begin_id]] = -torch.inf
    return barred


def _repeating(pieces: list[int], length: int) -> list[int]:
    """The pieces that would make the last ones a sequence that was there before."""
    if not length or len(pieces) < length:
        return []
    last = pieces[len(pieces) - length + 1 :]
    return [pieces[at + length - 1] for at in range(len(pieces) - length + 1) if pieces[at : at + length - 1] == last]


_NEVER = -1e30


def _drawn(log_chances: Tensor, top_p: float, generator: torch.Generator) -> int:
    chances, order = log_chances.softmax(-1).sort(descending=True)
    within = chances.cumsum(0) - chances < top_p
    return int(order[torch.multinomial(chances * within, 1, generator=generator)])
