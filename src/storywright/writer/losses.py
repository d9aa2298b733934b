"""What the writer is taught when it learns to tell: the next caption above all, and what helps it to read pictures.

Knows nothing about files or the training loop; all chance comes from the generator it is given.
"""

from dataclasses import asdict, dataclass

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
    own_pieces: float = 0.0
    """Share of the pieces before the next one that are the writer's own and not the true ones (scheduled sampling)."""
    alignment: float = 0.2
    """A caption finds its own picture among the batch's."""
    seen_words: float = 2.0
    """The picture says which words describe it."""
    foresight: float = 0.2
    """Tags, phase and picture of the next panel."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value < 0 or (name in ("smoothing", "own_pieces") and value >= 1):
                raise ValueError(f"{name} must not be negative, and below 1 where it is a share, got {value:g}")


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
    caption = caption_loss(model, stories, read, weights.smoothing, weights.own_pieces, generator)
    parts = {"caption": caption}
    looks = model.config.fusion != "none"
    if looks and weights.alignment:
        parts["alignment"] = weights.alignment * _alignment(model, stories, read)
    if looks and weights.seen_words:
        parts["seen_words"] = weights.seen_words * _seen_words(model, stories, truth, read)
    if weights.foresight:
        parts["foresight"] = weights.foresight * _foresight(model, stories, truth, read)
    return parts


def caption_loss(
    model: WriterModel,
    stories: Stories,
    read: Read,
    smoothing: float = 0.0,
    own_pieces: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Mean negative log-likelihood of a piece of the captions."""
    inputs, targets = stories.words[..., :-1], stories.words[..., 1:]
    counted = model.is_word(targets) & stories.there.unsqueeze(-1)
    if own_pieces:
        inputs = _with_own_pieces(model, read, inputs, own_pieces, generator)
    hidden, writes, shares = model.foretell(read, inputs)
    # Half of the places are padding: the vocabulary is asked only for those that count.
    logits, pieces = model.logits(hidden[counted]), read.memory.pieces[:, None, None].expand_as(shares)[counted]
    likelihood = log_chance_of(targets[counted], logits, writes[counted], shares[counted], pieces)
    if smoothing:
        even = logits.mean(-1) - logits.logsumexp(-1)
        likelihood = (1 - smoothing) * likelihood + smoothing * even
    return -likelihood.mean()


@torch.no_grad()
def _with_own_pieces(
    model: WriterModel, read: Read, inputs: Tensor, share: float, generator: torch.Generator | None
) -> Tensor:
    """Scheduled sampling: some of the pieces before the next one are not the true ones but the writer's likeliest."""
    hidden, _, _ = model.foretell(read, inputs[..., :-1])
    chance = torch.rand(hidden.shape[:-1], generator=generator, device=inputs.device)
    replaced = (chance < share) & model.is_word(inputs[..., 1:])
    own = inputs.clone()
    own[..., 1:][replaced] = model.logits(hidden[replaced]).argmax(-1)
    return own


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


def seen_words(regions: Tensor, described: Tensor, weight: Tensor, bias: Tensor, pad_id: int) -> Tensor:
    """How badly pictures say which words describe them; each word is looked for in the region that shows it best."""
    # regions (n, r, d), described (n, w), weight (v, d), bias (v)
    words, place = described.unique(return_inverse=True)
    real = words != pad_id
    # Words that describe no picture of the batch teach little; leaving them out saves most of the time.
    logits = torch.einsum("nrd,vd->nrv", regions, weight[words]).amax(1) + bias[words]
    target = torch.zeros_like(logits).scatter_(1, place, 1.0)
    # A picture is described by few of all words: the mean over the words would leave almost nothing to learn.
    loss = F.binary_cross_entropy_with_logits(logits[:, real], target[:, real], reduction="sum")
    return loss / target[:, real].sum().clamp(min=1) / 10


def _seen_words(model: WriterModel, stories: Stories, truth: Truth, read: Read) -> Tensor:
    usable = stories.there & stories.seen
    if not bool(usable.any()):
        return read.words.new_zeros(())
    head = model.seen_words
    return seen_words(read.regions[usable], truth.described[usable], head.weight, head.bias, model.config.pad_id)


def _foresight(model: WriterModel, stories: Stories, truth: Truth, read: Read) -> Tensor:
    before, usable = read.context[:, :-1], stories.there
    tags = F.binary_cross_entropy_with_logits(model.foresight.tags(before)[usable], truth.tags[usable])
    phase = F.cross_entropy(
        model.foresight.phase(before).flatten(0, 1),
        torch.where(usable, truth.phase, -1).flatten(),
        ignore_index=-1,
        reduction="sum",
    ) / ((truth.phase >= 0) & usable).sum().clamp(min=1)
    return tags + phase + _next_picture(model, stories, read)


def _next_picture(model: WriterModel, stories: Stories, read: Read) -> Tensor:
    """The foreseen picture is nearer to the one that comes than to the batch's others."""
    usable = stories.there & stories.seen
    if int(usable.sum()) < 2:
        return read.words.new_zeros(())
    foreseen = F.normalize(model.foresight.picture(read.context[:, :-1])[usable], dim=-1)
    came = F.normalize(read.regions[usable].mean(1).detach(), dim=-1)
    return F.cross_entropy(10 * foreseen @ came.T, torch.arange(len(came), device=came.device))
