"""What is hidden or changed of stories so that a writer does not learn them by heart.

All chance comes from the generator that is given; what is changed of a panel is changed of everything known of it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from storywright.writer.losses import Truth
from storywright.writer.material import truth_of
from storywright.writer.network import Stories

_OF_PANELS = ("words", "pictures", "seen", "tags", "phase", "described")


@dataclass(frozen=True, kw_only=True, slots=True)
class Augmentation:
    """How much of what is done."""

    picture_dropout: float = 0.1
    """Share of panels whose picture is hidden."""
    panel_dropout: float = 0.0
    """Share of panels that are hidden altogether, words and picture."""
    brief_dropout: float = 0.4
    """Share of stories that come without a brief."""
    brief_words: float = 0.4
    """Share of the telling words that a brief has when there is one."""
    picture_jitter: float = 0.1
    """How much brightness and contrast change; of what was seen before, how much it wavers."""
    paraphrase: float = 0.0
    """Share of stories that are told in other words, where the material has some."""
    order_noise: float = 0.0
    """Share of stories in which two neighbouring panels change places."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not 0 <= value < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, got {value:g}")


def augmented(
    batch: Mapping[str, Tensor], augmentation: Augmentation, pad_id: int, generator: torch.Generator
) -> tuple[Stories, Truth]:
    """The stories of a batch, and what is known of them, with parts hidden or changed."""
    batch = dict(batch)
    if augmentation.paraphrase and "retold" in batch:
        batch["words"] = _retold(batch, augmentation.paraphrase, generator)
    if augmentation.order_noise:
        _change_places(batch, augmentation.order_noise, generator)
    b, n = batch["there"].shape
    seen = batch["seen"] & (_chance(generator, b, n) >= augmentation.picture_dropout)
    words = batch["words"]
    if augmentation.panel_dropout:
        hidden = _chance(generator, b, n) < augmentation.panel_dropout
        seen, words = seen & ~hidden, words.masked_fill(hidden.unsqueeze(-1), pad_id)
    pictures = batch["pictures"]
    if augmentation.picture_jitter:
        # One change for all pictures of a story, as if the same hand had drawn it in another light.
        change = jittered if pictures.dtype == torch.uint8 else wavering
        pictures = change(pictures, augmentation.picture_jitter, generator)
    brief = _some_of_the_brief(batch, augmentation, pad_id, generator)
    return Stories(words, pictures, seen, batch["there"], brief, batch["language"]), truth_of(batch)


def jittered(pictures: Tensor, by: float, generator: torch.Generator) -> Tensor:
    """Pictures in another light: one change of brightness and contrast for each entry of the first dimension."""
    shape = (len(pictures), *[1] * (pictures.ndim - 1))
    brighter, steeper = ((_chance(generator, *shape) * 2 - 1) * by for _ in range(2))
    changed = (pictures.float() - 128) * (1 + steeper) + 128 * (1 + brighter)
    return changed.clamp(0, 255).to(torch.uint8)


def wavering(seen: Tensor, by: float, generator: torch.Generator) -> Tensor:
    """The same for what was seen of pictures, where there are no pixels: a noise in proportion to each vector."""
    noise = torch.randn(seen.shape, generator=generator, device=generator.device)
    return seen + by * seen.float().std(-1, keepdim=True) * noise


def _chance(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device)


def _some_of_the_brief(
    batch: Mapping[str, Tensor], augmentation: Augmentation, pad_id: int, generator: torch.Generator
) -> Tensor:
    b = len(batch["there"])
    keep = _chance(generator, b, int(batch["brief_word"].max()) + 1) < augmentation.brief_words
    keep &= _chance(generator, b, 1) >= augmentation.brief_dropout
    return batch["brief"].masked_fill(~keep.gather(1, batch["brief_word"]), pad_id)


def _retold(batch: Mapping[str, Tensor], share: float, generator: torch.Generator) -> Tensor:
    """Some stories in another of their wordings, from their first panel to their last."""
    retold, b = batch["retold"], len(batch["retold"])  # (b, wordings, n, t)
    which = (_chance(generator, b) * retold.shape[1]).long()
    other = _chance(generator, b) < share
    width = max(batch["words"].shape[-1], retold.shape[-1])
    words, chosen = (
        torch.nn.functional.pad(x, (0, width - x.shape[-1]))
        for x in (batch["words"], retold[torch.arange(b, device=which.device), which])
    )
    return torch.where(other[:, None, None], chosen, words)


def _change_places(batch: dict[str, Tensor], share: float, generator: torch.Generator) -> None:
    b, n = batch["there"].shape
    counts = batch["there"].sum(1)
    first = (_chance(generator, b) * (counts - 1).clamp(min=1)).long()
    changes = (_chance(generator, b) < share) & (counts > 1)
    order, rows = torch.arange(n, device=first.device).repeat(b, 1), torch.arange(b, device=first.device)[changes]
    order[rows, first[changes]], order[rows, first[changes] + 1] = first[changes] + 1, first[changes]
    for name in _OF_PANELS:
        batch[name] = batch[name][torch.arange(b, device=first.device)[:, None], order]
    if "broken_at" in batch:
        # The picture that breaks a story belongs to a place that may be another's now.
        batch["broken_at"] = batch["broken_at"].masked_fill(changes, -1)
