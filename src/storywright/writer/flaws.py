"""Flawed copies of stories, and what a judge is taught on them: which story is whole, and which panels are strange.

Knows nothing about captions to come, files or the training loop; all chance comes from the generator it is given.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from storywright.writer.judge import Judgement
from storywright.writer.losses import Truth
from storywright.writer.network import Stories, WriterModel

FLAWS = ("shuffled", "mixed", "broken look")
"""Panels in another order; panels of another story among them; a picture in which people look different."""


def loss_of(model: WriterModel, stories: Stories, truth: Truth, generator: torch.Generator) -> Tensor:
    """Each story against a flawed copy of it: which is whole, and which panels come from elsewhere."""
    kinds = len(FLAWS) if model.config.fusion != "none" else len(FLAWS) - 1
    # The last kind is the hardest to see: it comes twice as often as the others.
    kind = torch.randint(0, kinds + 1, (len(stories.words),), generator=generator, device=generator.device)
    kind = kind.clamp(max=kinds - 1)
    whole, copies = flawed_copies(model, stories, truth, kind, generator)
    found, flawed = whole.judged(model), copies.judged(model)
    target = torch.cat([torch.ones_like(found.story), torch.zeros_like(flawed.story)])
    of_story = F.binary_cross_entropy_with_logits(torch.cat([found.story, flawed.story]), target)
    # Which panels of a shuffled story stand in the wrong place cannot be said of each alone.
    apart = copies.there & (kind != FLAWS.index("shuffled")).to(copies.there.device)[copies.rows].unsqueeze(1)
    there = torch.cat([stories.there, apart])
    target = torch.cat([whole.strange, copies.strange])[there].to(found.panels.dtype)
    of_panels = F.binary_cross_entropy_with_logits(torch.cat([found.panels, flawed.panels])[there], target)
    tags = F.binary_cross_entropy_with_logits(found.tags[stories.there], truth.tags[stories.there])
    return of_story + of_panels + tags


@dataclass(frozen=True, slots=True)
class Copies:
    """Stories, as they are or put together anew, as the judge reads them."""

    rows: Tensor
    """Which story of the batch each is a copy of."""
    pieces: Tensor
    shown: Tensor | None
    seen: Tensor
    there: Tensor
    strange: Tensor
    """(b, n): panels that come from elsewhere or stand at another place."""

    def judged(self, model: WriterModel) -> Judgement:
        """What the writer thinks of them."""
        found: Judgement = model.story_score(self.pieces, self.shown, self.seen, self.there)
        return found


def flawed_copies(
    model: WriterModel, stories: Stories, truth: Truth, kind: Tensor, generator: torch.Generator
) -> tuple[Copies, Copies]:
    """The stories, and a flawed copy of each that can have its kind of flaw."""
    there, at, device = stories.there.to(generator.device), truth.broken_at, stories.there.device
    partner = partners(stories.language.to(generator.device), generator)
    words, pictures, changed = flawed(there, kind, partner, generator, None if at is None else at.to(there.device))
    own = torch.arange(there.numel(), device=there.device).view(there.shape)
    strange = (((words != own) | (pictures != own)) & there).to(device)
    rows = changed.to(device).nonzero().flatten()
    words, pictures = words.to(device)[rows], pictures.to(device)[rows]
    shown, seen = None, stories.seen.flatten()
    if model.config.fusion != "none":
        shown = model.shown(stories.pictures, stories.seen)
    whole = Copies(
        torch.arange(len(there), device=device), stories.words, shown, stories.seen, stories.there,
        torch.zeros_like(stories.there),
    )  # fmt: skip
    if truth.broken is not None:
        there_too = torch.ones(len(truth.broken), dtype=torch.bool, device=device)
        seen = torch.cat([seen, there_too])
    if shown is not None:
        shown = shown.flatten(0, 1)
        if truth.broken is not None:
            shown = torch.cat([shown, model.shown(truth.broken, there_too)])
        shown = shown[pictures]
    pieces = stories.words.flatten(0, 1)[words]
    return whole, Copies(rows, pieces, shown, seen[pictures], stories.there[rows], strange[rows])


def partners(language: Tensor, generator: torch.Generator) -> Tensor:
    """For each story another of the batch, in the same language where there is one: a foreign word would tell all."""
    liking = torch.rand((len(language), len(language)), generator=generator, device=language.device)
    return (liking + (language[:, None] == language)).fill_diagonal_(-1).argmax(1)


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
            changed[story] = other != story and possible > (1 if FLAWS[flaw] == "mixed" else 0)
    return words, pictures, changed
