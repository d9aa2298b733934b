"""What the writer is trained for: the next caption above all, and what helps it to read pictures and judge stories.

Knows nothing about files or the training loop; all chance comes from the generator it is given.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from storywright.writer.decoder import log_chance_of
from storywright.writer.network import Read, Stories, WriterModel


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """How much each part of the loss counts beside the caption, which counts 1."""

    smoothing: float = 0.05
    """Share of label smoothing in the caption's part."""
    alignment: float = 0.2
    """A caption finds its own picture among the batch's."""
    seen_words: float = 2.0
    """The picture says which words describe it."""
    foresight: float = 0.2
    """Tags, phase and picture of the next panel."""
    score: float = 0.3
    """Whole stories are told from flawed ones."""


_MOST_ALIGNED = 48


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of the stories of a batch beside the stories themselves."""

    tags: Tensor
    """(b, n, tags) as 0 and 1."""
    phase: Tensor
    """(b, n); -1 where unknown."""
    described: Tensor
    """(b, n, w): pieces that describe each picture, padded."""
    broken: Tensor | None = None
    """(b, …): a picture that breaks each story's looks."""
    broken_at: Tensor | None = None
    """(b): which panel it belongs to; -1 where there is none."""


def loss_of(
    model: WriterModel, stories: Stories, truth: Truth, weights: Weights, generator: torch.Generator
) -> dict[str, Tensor]:
    """The parts of the loss, each as it counts, by name; their sum is what is minimised."""
    read: Read = model(stories)
    parts = {"caption": caption_loss(model, stories, read, weights.smoothing)}
    if model.config.fusion != "none":
        parts["alignment"] = weights.alignment * _alignment(model, stories, read)
        parts["seen_words"] = weights.seen_words * _seen_words(model, stories, truth, read)
    parts["foresight"] = weights.foresight * _foresight(model, stories, truth, read)
    if stories.words.shape[1] > 1 and len(stories.words) > 1:
        parts["score"] = weights.score * _score(model, stories, truth, read, generator)
    return parts


def caption_loss(model: WriterModel, stories: Stories, read: Read, smoothing: float = 0.0) -> Tensor:
    """Mean negative log-likelihood of a piece of the captions."""
    inputs, targets = stories.words[..., :-1], stories.words[..., 1:]
    counted = model.is_word(targets) & stories.there.unsqueeze(-1)
    _, logits, writes, shares = model.foretell(stories, read, inputs)
    likelihood = log_chance_of(targets, logits, writes, shares, read.memory.pieces)
    if smoothing:
        even = logits.mean(-1) - logits.logsumexp(-1)
        likelihood = (1 - smoothing) * likelihood + smoothing * even
    return -(likelihood * counted).sum() / counted.sum().clamp(min=1)


def _alignment(model: WriterModel, stories: Stories, read: Read) -> Tensor:
    """Among the panels whose picture is there."""
    mask = model.is_word(stories.words)
    usable = stories.there & stories.seen & (mask.sum(-1) > 2)
    # Every caption meets every picture: the first panels of the batch are as good as all of them, and cheaper.
    usable &= usable.flatten().cumsum(0).view_as(usable) <= _MOST_ALIGNED
    if int(usable.sum()) < 2:
        return read.words.new_zeros(())
    loss: Tensor = model.alignment(read.words[usable], mask[usable], read.regions[usable])
    return loss


def _seen_words(model: WriterModel, stories: Stories, truth: Truth, read: Read) -> Tensor:
    usable = stories.there & stories.seen
    if not bool(usable.any()):
        return read.words.new_zeros(())
    logits = model.seen_words(read.regions[usable].mean(1))
    target = torch.zeros_like(logits).scatter_(1, truth.described[usable], 1.0)
    target[:, model.config.pad_id] = 0
    # A picture is described by few of all words: the mean over the words would leave almost nothing to learn.
    return F.binary_cross_entropy_with_logits(logits, target, reduction="sum") / target.sum().clamp(min=1) / 10


def _foresight(model: WriterModel, stories: Stories, truth: Truth, read: Read) -> Tensor:
    before, usable = read.context[:, :-1], stories.there
    tags = F.binary_cross_entropy_with_logits(model.foresight.tags(before)[usable], truth.tags[usable])
    own = F.binary_cross_entropy_with_logits(model.story_score.tags(read.panels)[usable], truth.tags[usable])
    phase = F.cross_entropy(
        model.foresight.phase(before).flatten(0, 1),
        torch.where(usable, truth.phase, -1).flatten(),
        ignore_index=-1,
        reduction="sum",
    ) / ((truth.phase >= 0) & usable).sum().clamp(min=1)
    return tags + own + phase + _next_picture(model, stories, read)


def _next_picture(model: WriterModel, stories: Stories, read: Read) -> Tensor:
    """The foreseen picture is nearer to the one that comes than to the batch's others."""
    usable = stories.there & stories.seen
    if int(usable.sum()) < 2:
        return read.words.new_zeros(())
    foreseen = F.normalize(model.foresight.picture(read.context[:, :-1])[usable], dim=-1)
    came = F.normalize(read.regions[usable].mean(1).detach(), dim=-1)
    return F.cross_entropy(10 * foreseen @ came.T, torch.arange(len(came), device=came.device))


def _score(model: WriterModel, stories: Stories, truth: Truth, read: Read, generator: torch.Generator) -> Tensor:
    """Each story against a flawed copy of it."""
    kinds = len(FLAWS) if model.config.fusion != "none" else len(FLAWS) - 1
    kind = torch.randint(0, kinds, (len(stories.words),), generator=generator, device=generator.device)
    panels, changed = flawed_panels(model, stories, truth, read, kind, generator)
    whole = model.story_score(read.panels, stories.there)
    broken = model.story_score(panels, stories.there)[changed]
    target = torch.cat([torch.ones_like(whole), torch.zeros_like(broken)])
    return F.binary_cross_entropy_with_logits(torch.cat([whole, broken]), target)


def flawed_panels(
    model: WriterModel, stories: Stories, truth: Truth, read: Read, kind: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """The panels of a flawed copy of each story, and which copies differ from their story."""  # (b, n, d), (b)
    there, at = stories.there.to(generator.device), truth.broken_at
    partner = alike(read, stories.there).to(generator.device)
    words, pictures, changed = flawed(there, kind, partner, generator, None if at is None else at.to(there.device))
    words, pictures = words.flatten().to(read.words.device), pictures.flatten().to(read.words.device)
    panels = read.panels.flatten(0, 1)[words]
    # Only where words meet a picture that is not theirs is there anything to compute.
    if len(strange := (words != pictures).nonzero().squeeze(1)):
        regions = read.regions.flatten(0, 1)
        if truth.broken is not None:
            there_too = torch.ones(len(truth.broken), dtype=torch.bool, device=truth.broken.device)
            regions = torch.cat([regions, model.picture(truth.broken, there_too)])
        source, mask = words[strange], model.is_word(stories.words).flatten(0, 1)
        fused = model.fusion(read.words.flatten(0, 1)[source], mask[source], regions[pictures[strange]])
        panels = panels.index_put((strange,), fused.panel.to(panels.dtype))
    return panels.unflatten(0, there.shape), changed.to(read.words.device)


FLAWS = ("shuffled", "mixed", "broken look")
"""Panels in another order; panels of another story among them; a picture in which people look different."""


@torch.no_grad()
def alike(read: Read, there: Tensor) -> Tensor:
    """For each story the one of the batch that looks most like it: mixing these two is hard to notice."""
    looks = F.normalize((read.regions.mean(2) * there.unsqueeze(-1)).sum(1), dim=-1)
    return (looks @ looks.T).fill_diagonal_(-2).argmax(1)


def flawed(
    there: Tensor, kind: Tensor, partner: Tensor, generator: torch.Generator, broken_at: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """For each panel of flawed copies, where in the batch its words and its picture come from; and which copies differ.

    The places count the panels of all stories one after another, and after them the pictures of broken looks.
    """  # (b, n), (b), (b) -> (b, n), (b, n), (b)
    b, n = there.shape
    own = torch.arange(b * n, device=there.device).view(b, n)
    words, pictures = own.clone(), own.clone()
    changed = torch.zeros(b, dtype=torch.bool, device=there.device)
    for story, flaw in enumerate(kind.tolist()):
        other = int(partner[story])
        count = int(there[story].sum())
        if FLAWS[flaw] == "shuffled" and count > 1:
            order = torch.randperm(count, generator=generator, device=there.device)
            if bool((order == torch.arange(count, device=there.device)).all()):
                order = order.roll(1)
            words[story, :count] = pictures[story, :count] = own[story, order]
            changed[story] = True
        elif FLAWS[flaw] == "broken look" and broken_at is not None and 0 <= int(broken_at[story]) < count:
            pictures[story, broken_at[story]] = b * n + story
            changed[story] = True
        elif FLAWS[flaw] != "shuffled":
            possible = min(count, int(there[other].sum()))
            # From one panel to half of the story: few are harder to notice.
            most = int(torch.randint(1, max(2, possible // 2 + 1), (), generator=generator, device=there.device))
            some = torch.randperm(possible, generator=generator, device=there.device)[:most]
            pictures[story, some] = own[other, some]
            if FLAWS[flaw] == "mixed":
                words[story, some] = own[other, some]
            changed[story] = possible > (1 if FLAWS[flaw] == "mixed" else 0)
    return words, pictures, changed
