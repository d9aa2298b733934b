"""Flawed copies of stories, and what a judge is taught on them: which story is whole, and which panels are strange.

Knows nothing about captions to come, files or the training loop; all chance comes from the generator it is given.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from storywright.writer.judge import Judgement
from storywright.writer.losses import Truth
from storywright.writer.network import Glance, Stories, WriterModel

FLAWS = ("shuffled", "mixed", "broken look")
"""Panels in another order; panels of another story among them; a picture in which people look different."""


def loss_of(model: WriterModel, stories: Stories, truth: Truth, glance: Glance, generator: torch.Generator) -> Tensor:
    """Each story against a flawed copy of it: which is whole, and which panels come from elsewhere."""
    kinds = len(FLAWS) if model.config.fusion != "none" else len(FLAWS) - 1
    # The last kind is the hardest to see: it comes twice as often as the others.
    kind = torch.randint(0, kinds + 1, (len(stories.words),), generator=generator, device=generator.device)
    kind = kind.clamp(max=kinds - 1)
    copies, strange, changed = flawed_copies(model, stories, truth, glance, kind, generator)
    whole, flawed = model.judge(stories, glance), copies[changed].judged(model)
    target = torch.cat([torch.ones_like(whole.story), torch.zeros_like(flawed.story)])
    of_story = F.binary_cross_entropy_with_logits(torch.cat([whole.story, flawed.story]), target)
    # Which panels of a shuffled story stand in the wrong place cannot be said of each alone.
    apart = stories.there & (kind != FLAWS.index("shuffled")).to(changed.device).unsqueeze(1)
    there = torch.cat([stories.there, apart[changed]])
    target = torch.cat([torch.zeros_like(strange), strange[changed]])[there].to(whole.panels.dtype)
    of_panels = F.binary_cross_entropy_with_logits(torch.cat([whole.panels, flawed.panels])[there], target)
    tags = F.binary_cross_entropy_with_logits(whole.tags[stories.there], truth.tags[stories.there])
    return of_story + of_panels + tags


@dataclass(frozen=True, slots=True)
class Copies:
    """Stories whose panels were put together anew, as the judge reads them."""

    words: Tensor
    pieces: Tensor
    regions: Tensor
    seen: Tensor
    there: Tensor

    def __getitem__(self, rows: Tensor) -> "Copies":
        return Copies(self.words[rows], self.pieces[rows], self.regions[rows], self.seen[rows], self.there[rows])

    def judged(self, model: WriterModel) -> Judgement:
        """What the writer thinks of them."""
        found: Judgement = model.story_score(self.words, self.pieces, self.regions, self.seen, self.there)
        return found


def flawed_copies(
    model: WriterModel, stories: Stories, truth: Truth, glance: Glance, kind: Tensor, generator: torch.Generator
) -> tuple[Copies, Tensor, Tensor]:
    """A flawed copy of each story, which of its panels are strange or misplaced, and which copies differ."""
    there, at = stories.there.to(generator.device), truth.broken_at
    partner = alike(glance, stories.there).to(generator.device)
    words, pictures, changed = flawed(there, kind, partner, generator, None if at is None else at.to(there.device))
    own = torch.arange(there.numel(), device=there.device).view(there.shape)
    device, moved = glance.words.device, ((words != own) | (pictures != own)) & there
    words, pictures = words.to(device), pictures.to(device)
    regions, seen = glance.regions.flatten(0, 1), stories.seen.flatten()
    if truth.broken is not None:
        there_too = torch.ones(len(truth.broken), dtype=torch.bool, device=device)
        regions = torch.cat([regions, model.picture(truth.broken, there_too)])
        seen = torch.cat([seen, there_too])
    pieces = stories.words.flatten(0, 1)
    copies = Copies(glance.words.flatten(0, 1)[words], pieces[words], regions[pictures], seen[pictures], stories.there)
    return copies, moved.to(device), changed.to(device)


@torch.no_grad()
def alike(glance: Glance, there: Tensor) -> Tensor:
    """For each story the one of the batch that looks most like it: mixing these two is hard to notice."""
    looks = F.normalize((glance.regions.mean(2) * there.unsqueeze(-1)).sum(1), dim=-1)
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
