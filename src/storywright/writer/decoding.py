"""Searches for a caption: greedy, beam, or drawn from the nucleus; never the same as one that was told.

Knows pieces and chances; knows nothing about what they mean.
"""

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from storywright.writer.decoder import log_chances
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
        self._model, self._read, self._rules = model, read, rules
        self._context = read.context[:, panel]
        self._mask = model.view(read.memory, torch.tensor([panel], device=model.device))

    def written(self, decoding: Decoding, generator: torch.Generator) -> list[Written]:
        """What the method finds, the best first."""
        if decoding.method == "nucleus":
            return [self.by_chance(decoding, generator)]
        return self.beam(1 if decoding.method == "greedy" else decoding.beams, decoding.length_penalty)

    @torch.no_grad()
    def beam(self, beams: int, length_penalty: float) -> list[Written]:
        """The best captions, at most as many as beams."""
        alive = [Written([], 0.0)]
        done: list[Written] = []
        for left in range(self._model.config.max_tokens - 2, -1, -1):
            chances = self._chances(alive, last=left == 0)
            sums = chances + torch.tensor([one.log_chance for one in alive]).unsqueeze(1)
            values, places = sums.flatten().topk(min(2 * beams, sums.numel()))
            growing: list[Written] = []
            for value, place in zip(values.tolist(), places.tolist(), strict=True):
                origin, piece = divmod(place, chances.shape[1])
                if value <= _NEVER:
                    continue
                before = alive[origin].pieces
                if piece == self._model.config.end_id:
                    done.append(Written(before, value, value / (len(before) + 1) ** length_penalty))
                elif len(growing) < beams:
                    growing.append(Written([*before, piece], value))
            alive = growing
            done = sorted(done, key=lambda one: -one.order)[:beams]
            if not alive or (len(done) == beams and self._cannot_improve(alive, done, length_penalty)):
                break
        return done

    @torch.no_grad()
    def by_chance(self, decoding: Decoding, generator: torch.Generator) -> Written:
        """One caption, each piece drawn from the nucleus."""
        one = Written([], 0.0)
        for left in range(self._model.config.max_tokens - 2, -1, -1):
            chances = self._chances([one], last=left == 0)[0]
            piece = _drawn(chances / decoding.temperature, decoding.top_p, generator)
            one.log_chance += float(chances[piece])
            if piece == self._model.config.end_id:
                break
            one.pieces.append(piece)
        return one

    @torch.no_grad()
    def looks(self, pieces: list[int]) -> Tensor:
        """How much the pieces of a caption looked at each place of the memory, as their mean."""  # (m)
        model = self._model
        inputs = torch.tensor([[[model.config.begin_id, *pieces]]], device=model.device)
        found: Tensor = model.decoder.looks(
            model.pieces(inputs), self._context.unsqueeze(1), self._read.memory, self._mask
        )
        return found.mean((0, 1, 2))

    def _chances(self, alive: list[Written], last: bool) -> Tensor:
        """The logarithm of the chance of each next piece, by what the rules allow."""  # (captions, v)
        model, config, count = self._model, self._model.config, len(alive)
        inputs = torch.tensor([[[config.begin_id, *one.pieces] for one in alive]], device=model.device)
        context, mask = self._context.unsqueeze(1).expand(-1, count, -1), self._mask.expand(-1, count, -1)
        hidden = model.decoder(model.pieces(inputs), context, self._read.memory, mask)[:, :, -1:]
        writes, shares = model.copying(hidden, self._read.memory, mask)
        pieces = self._read.memory.pieces.expand(count, -1)
        chances = log_chances(model.logits(hidden)[0, :, 0], writes[0, :, 0], shares[0, :, 0], pieces).cpu()
        for marker in (config.pad_id, config.unknown_id, config.begin_id):
            chances[:, marker] = -torch.inf
        ends = chances[:, config.end_id].clone()
        if self._rules.allowed is not None:
            chances[:, ~self._rules.allowed] = -torch.inf
            chances[:, config.end_id] = ends
        for row, one in enumerate(alive):
            if last:
                # There is room for nothing but the end; whoever asked looks whether it was told before.
                chances[row, torch.arange(chances.shape[1]) != config.end_id] = -torch.inf
                continue
            if not one.pieces or tuple(one.pieces) in self._rules.told:
                chances[row, config.end_id] = -torch.inf
            chances[row, _repeating(one.pieces, self._rules.no_repeat)] = -torch.inf
            if not bool(chances[row].isfinite().any()):
                chances[row, config.end_id] = ends[row]
        return chances

    @staticmethod
    def _cannot_improve(alive: list[Written], done: list[Written], length_penalty: float) -> bool:
        best = max(one.log_chance / (len(one.pieces) + 1) ** length_penalty for one in alive)
        return best < done[-1].order


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
